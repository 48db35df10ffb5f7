"""The population flags of a delivered ADSL: who is in which analysis set, as whoever delivers it says.

ADSL holds the treatments of everybody. Of it the participant and these flags are made into values, and no other column;
they are compared with the sets by the study's own definitions, and none is taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pvtracker.formats import manifest
from pvtracker.formats.folder import Reader, read_one, stem_of, suffix_of, without_twins
from pvtracker.formats.sdtm.columns import ADSL_COLUMNS, SET_FLAGS
from pvtracker.formats.sdtm.rows import Collected, Row, collect
from pvtracker.formats.tables import StructuralFault, Table

NAME = "ADSL"


@dataclass(frozen=True, slots=True)
class Delivered:
    """One row of ADSL. `flags` as delivered, in capitals, of the columns that the file has."""

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
    """Under its own name: the first two letters are those of every analysis dataset."""
    if isinstance(entry, Table):
        return replace(entry, domain=NAME)
    return entry.at(source_file=entry.source_file, domain=NAME)


def delivered_flags(files: tuple[Table | StructuralFault, ...]) -> Collected[Delivered]:
    """One record for each participant; a participant that stands twice is refused the second time."""
    return collect(NAME, files, required=("USUBJID",), build=_row, key=lambda record: (record.participant,))


def _row(row: Row) -> Delivered:
    flags = {name: row.code(name) for name in SET_FLAGS if name in row.values}
    return Delivered(row.number, row.needed("USUBJID"), flags)
