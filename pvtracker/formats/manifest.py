"""What a delivery says about itself: rows and sha256 per file, in `manifest.json` or `manifest.csv`.

JSON: ``{"files": [{"file": "ae.xpt", "rows": 1191, "sha256": "…"}]}``. CSV: a header ``file,rows,sha256``.
Either number may be left out. A transport file that was cut between two records shows no damage by itself;
this is what catches it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvtracker.formats import csv_table, dataset_json
from pvtracker.formats.source import read_source
from pvtracker.formats.tables import StructuralFault, Table, quoted

NAMES = ("manifest.json", "manifest.csv")

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the manifest says of one file; None where it says nothing."""

    rows: int | None
    sha256: str | None


def read_manifest(folder: Path) -> Mapping[str, Declared]:
    """File name → what is declared; empty without a manifest. Raises StructuralFault if it is unreadable."""
    found = [folder / name for name in NAMES if (folder / name).exists()]
    if not found:
        return {}
    if len(found) > 1:
        raise StructuralFault("There are a manifest.json and a manifest.csv; keep one.", rule="manifest")
    path = found[0]
    try:
        rows = _json_rows(path) if path.suffix == ".json" else _csv_rows(path)
        declared = [(str(row["file"]).strip(), _declared(row)) for row in rows]
    except StructuralFault as fault:
        raise fault.at(source_file=path.name, domain="") from fault
    except (KeyError, TypeError, ValueError) as error:
        message = "An entry needs `file`, and `rows` (a whole number), `sha256` (64 hex digits) or both."
        raise StructuralFault(message, rule="manifest", source_file=path.name) from error
    names = [name for name, _ in declared]
    if len(set(names)) < len(names):
        raise StructuralFault("A file is listed twice.", rule="manifest", source_file=path.name)
    return dict(declared)


def check_against(table: Table, declared: Declared) -> None:
    """Raise StructuralFault where the table is not what the manifest declares."""
    if declared.rows is not None and table.row_count != declared.rows:
        raise StructuralFault(
            f"The file has {table.row_count:,} rows, the manifest says {declared.rows:,}.", rule="row-count"
        )
    if declared.sha256 is not None and table.sha256 != declared.sha256:
        raise StructuralFault(
            f"The file's sha256 is {table.sha256[:12]}…, the manifest says {quoted(declared.sha256[:12])}….",
            rule="sha256",
        )


def _json_rows(path: Path) -> list[dict[str, Any]]:
    document = dataset_json.parse_document(read_source(path).content)
    rows = document["files"]
    if not isinstance(rows, list):
        raise TypeError
    return rows


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    table = csv_table.read_table(path)
    if table.refused:
        raise StructuralFault(table.refused[0].message, rule="manifest")
    names = {column.name: column.name.lower() for column in table.columns}
    return [
        {lower: table.values[name][index] for name, lower in names.items()}
        for index in range(len(table.row_numbers))
    ]


def _declared(row: dict[str, Any]) -> Declared:
    rows, sha256 = row.get("rows"), row.get("sha256")
    count = None if rows in (None, "") else int(str(rows))
    digest = str(sha256).strip().lower() if sha256 else None
    if (count is not None and count < 0) or (digest is not None and _SHA256.fullmatch(digest) is None):
        raise ValueError
    return Declared(rows=count, sha256=digest)
