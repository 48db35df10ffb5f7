"""Pure readers and writers of the formats that data come and go in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pvtracker.formats import csv_table, dataset_json, xpt
from pvtracker.formats.folder import DomainFiles, Ignored, Reader, expect_rows, read_folder
from pvtracker.formats.tables import ALL_COLUMNS, ColumnChoice, Refused, StructuralFault, Table

# A new format is one module and one line here; each also reads its file packed as .gz.
READERS: Mapping[str, Reader] = {
    ".xpt": xpt.read_table,
    ".json": dataset_json.read_table,
    ".ndjson": dataset_json.read_lines,
    ".csv": csv_table.read_table,
}

SDTM_DOMAINS = ("DM", "SV", "EX", "DS", "AE", "LB", "VS", "MH", "CM")  # in load order


def read_domain_files(
    folder: Path, *, domains: Iterable[str] = SDTM_DOMAINS, choice: ColumnChoice = ALL_COLUMNS
) -> DomainFiles:
    """Read the SDTM domains in `folder`, each file once, only the columns of `choice`.

    Split domains (lbch, lbhe, lbur) come together under the domain that their DOMAIN column names, else the
    first two letters of the dataset. A file that cannot be trusted stands there as its StructuralFault. A
    `manifest.json` or `manifest.csv` is checked. Supplemental qualifiers, trial design and domains not asked
    for are named in `ignored`. Raises StructuralFault where the folder itself or its manifest cannot be read.
    """
    if not folder.is_dir():
        raise StructuralFault(f"There is no folder {folder.name}.", rule="no-folder")
    return read_folder(folder, readers=READERS, domains=domains, choice=choice)


__all__ = [
    "ALL_COLUMNS",
    "READERS",
    "SDTM_DOMAINS",
    "ColumnChoice",
    "DomainFiles",
    "Ignored",
    "Refused",
    "StructuralFault",
    "Table",
    "expect_rows",
    "read_domain_files",
]
