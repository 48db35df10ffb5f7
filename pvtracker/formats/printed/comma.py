"""The table as CSV: first the table, then after an empty line the notes and what it rests on."""

from __future__ import annotations

from pvtracker.formats.printed.table import Printed, cell_of
from pvtracker.lib.csv_out import csv_bytes


def write_csv(table: Printed) -> bytes:
    """No cell is run as a formula (`lib.csv_out`)."""
    rows: list[tuple[object, ...]] = [
        tuple(cell_of(text, numeric=numeric) for text, numeric in zip(row, table.numeric, strict=True))
        for row in table.rows
    ]
    return csv_bytes(
        table.columns, [*rows, (), (table.title,), *((note,) for note in table.notes), *table.facts]
    )
