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
from pvtracker.formats.folder import Reader, read_one, stem_of, suffix_of, without_twins
from pvtracker.formats.sdtm.columns import ADSL_COLUMNS, SET_FLAGS
from pvtracker.formats.sdtm.rows import Collected, Row, collect
from pvtracker.formats.tables import Column, Refused, StructuralFault, Table, Values

NAME = "ADSL"
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
    return tuple(_named(entry) for entry in without_twins(found))


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
    """One record for each participant; a participant that stands twice is refused the second time."""
    return collect(NAME, files, required=("USUBJID",), build=_row, key=lambda record: (record.participant,))


def _row(row: Row) -> Delivered:
    flags = {name: row.code(name) for name in SET_FLAGS if name in row.values}
    return Delivered(row.number, row.needed("USUBJID"), flags)
