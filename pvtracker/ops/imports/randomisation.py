"""The randomisation list of a real study as a CSV file, for the closed room."""

from __future__ import annotations

from pathlib import Path

from pvtracker.allocation.actions.randomisation import ListPlace
from pvtracker.formats.csv_table import read_table
from pvtracker.formats.tables import ColumnChoice, StructuralFault
from pvtracker.ops.imports.report import ImportRefused

NEEDED = ("BLOCK", "POSITION", "ARMCD", "SUBJECT")
STRATUM = "STRATUM"  # may be absent: one list for everybody


def read_list(path: Path) -> list[ListPlace]:
    """Every line of the list; ImportRefused with row and rule when one cannot be read. No message tells an arm."""
    try:
        table = read_table(path, ColumnChoice(only=frozenset((*NEEDED, STRATUM))))
    except (StructuralFault, OSError) as fault:
        raise ImportRefused(f"The randomisation list cannot be read: {fault}") from fault
    names = {column.name for column in table.columns}
    if missing := [name for name in NEEDED if name not in names]:
        raise ImportRefused(f"The randomisation list has no column {missing[0]}.")
    if table.refused:
        raise ImportRefused(f"Row {table.refused[0].row} of the list: {table.refused[0].message}")
    strata = table.values.get(STRATUM) or [""] * len(table.row_numbers)
    columns = (table.values[name] for name in NEEDED)
    return [
        ListPlace(
            stratum=str(stratum).strip(),
            block=_number(block, row, "BLOCK"),
            position=_number(position, row, "POSITION"),
            arm_code=_present(arm, row, "ARMCD"),
            subject=str(subject).strip(),
        )
        for row, stratum, block, position, arm, subject in zip(
            table.row_numbers, strata, *columns, strict=True
        )
    ]


def _number(value: object, row: int, column: str) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 6):
        raise ImportRefused(f"Row {row}: {column} must be a whole number from 0 to 999999.")
    return int(text)


def _present(value: object, row: int, column: str) -> str:
    text = str(value).strip()
    if not text:
        raise ImportRefused(f"Row {row}: {column} is empty; every place of the list has an arm.")
    return text
