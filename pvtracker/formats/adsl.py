"""The population flags of a delivered ADSL: who is in which analysis set, as whoever delivers it says.

ADSL holds the treatments of everybody. Of it the participant and these flags are made into values, and no other column;
they are compared with the sets by the study's own definitions, and none is taken over. A column that is called a flag
may hold anything, an arm too: a value other than Y, N and none never leaves this module, in no table, message or fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pvtracker.formats import manifest
from pvtracker.formats.folder import Reader, missing, read_one, stem_of, suffix_of, without_twins
from pvtracker.formats.sdtm.columns import ADSL_COLUMNS, SET_FLAGS
from pvtracker.formats.sdtm.rows import Collected, Row, collect
from pvtracker.formats.tables import Column, Refused, StructuralFault, Table, Values

NAME = "ADSL"
LEFT = (
    f"Of ADSL, USUBJID and {', '.join(SET_FLAGS)} are read. Deliver a row for each participant with those of the flags "
    "that there are, or leave ADSL out. Nothing was compared; what was asked before stands."
)
NO_FLAG = "?"  # whatever stands in a flag that is neither Y nor N nor empty


@dataclass(frozen=True, slots=True)
class Delivered:
    """One row of ADSL. `flags`: Y, N, '' or `NO_FLAG`, of the columns that the file has."""

    row: int
    participant: str
    flags: Mapping[str, str]


def read_adsl(folder: Path, readers: Mapping[str, Reader]) -> tuple[Table | StructuralFault, ...]:
    """The file of ADSL in a folder, of which only the flags are read; a fault where it cannot be, or stands twice."""
    declared = manifest.read_manifest(folder)
    found: list[Table | StructuralFault] = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        reader = readers.get(suffix_of(path.name))
        if reader is not None and stem_of(path.name) == NAME:
            found.append(read_one(path, reader=reader, choice=ADSL_COLUMNS, declared=declared.get(path.name)))
    there = {path.name for path in folder.iterdir()}
    lost = [missing(name) for name in sorted(declared) if stem_of(name) == NAME and name not in there]
    return tuple(_named(entry) for entry in (*without_twins(found), *lost))


def _named(entry: Table | StructuralFault) -> Table | StructuralFault:
    """Under its own name (the first two letters are those of every analysis dataset), and without a value that is no
    flag."""
    if isinstance(entry, StructuralFault):
        return entry.at(source_file=entry.source_file, domain=NAME)
    return replace(
        entry,
        domain=NAME,
        columns=tuple(Column(column.name, "", "text") for column in entry.columns),
        values={name: _flags(cells) if name in SET_FLAGS else cells for name, cells in entry.values.items()},
        refused=tuple(_unquoted(row) for row in entry.refused),
    )


def _flags(cells: Values) -> list[str]:
    said = ("" if cell is None else str(cell).strip().upper() for cell in cells)
    return [flag if flag in ("", "Y", "N") else NO_FLAG for flag in said]


def _unquoted(row: Refused) -> Refused:
    """The same refusal; a message about a column quotes what stands there."""
    message = f"{row.column} is not of the type that the file declares." if row.column else row.message
    return replace(row, domain=NAME, message=message)


def delivered_flags(files: tuple[Table | StructuralFault, ...]) -> Collected[Delivered]:
    """One record for each participant. Rows of one participant that agree are one; where they do not, none is taken.

    A fault: no row that can be read, and no column of those that are.
    """
    found = collect(NAME, files, required=("USUBJID",), build=_row, key=lambda one: (str(one.row),))
    tables = [table for table in files if isinstance(table, Table)]
    if found.faults or not tables:
        return found
    fault = _nothing_to_compare(tables, found)
    if fault is not None:
        empty = replace(found.count, records=0, refused=0)
        return replace(found, records=(), refused=(), faults=(fault,), count=empty)
    records, doubled = _once_each(found.records, tables[0].source_file)
    refused = (*found.refused, *doubled)
    return replace(
        found,
        records=records,
        refused=refused,
        count=replace(found.count, records=len(records), refused=len(refused)),
    )


def _nothing_to_compare(tables: list[Table], found: Collected[Delivered]) -> StructuralFault | None:
    said = ""
    if not any(name in table.values for table in tables for name in SET_FLAGS):
        said = "ADSL has no population flag."
    elif not found.count.rows:
        said = "ADSL has no rows."
    elif not found.records:
        first = found.refused[0]
        said = f"No row of ADSL can be read; row {first.row}: {first.message}"
    if not said:
        return None
    fault = StructuralFault(f"{said} {LEFT}", rule="adsl-empty")
    return fault.at(source_file=tables[0].source_file, domain=NAME)


def _once_each(
    records: tuple[Delivered, ...], source_file: str
) -> tuple[tuple[Delivered, ...], tuple[Refused, ...]]:
    """The first of the rows of each participant, and the refused ones: the others, or all where they contradict."""
    rows: dict[str, list[Delivered]] = {}
    for record in records:
        rows.setdefault(record.participant, []).append(record)
    kept, refused = [], []
    for some in rows.values():
        alike = all(one.flags == some[0].flags for one in some)
        numbers = " and ".join(str(one.row) for one in some)
        if alike:
            kept.append(some[0])
            message = f"The participant of row {some[0].row} stands here again, with the same flags."
        else:
            message = (
                f"Rows {numbers} are of one participant, with different flags: none is taken. Deliver one."
            )
        refused += [
            Refused(NAME, one.row, "repeated-row", message, source_file)
            for one in (some[1:] if alike else some)
        ]
    return tuple(kept), tuple(refused)


def _row(row: Row) -> Delivered:
    flags = {name: row.text(name) for name in SET_FLAGS if name in row.values}
    return Delivered(row.number, row.needed("USUBJID"), flags)
