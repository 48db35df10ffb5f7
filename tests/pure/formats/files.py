"""Small files of every format for the reader tests, written by other code than the readers."""

import json
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyreadstat

EVENTS: list[dict[str, Any]] = [
    {"DOMAIN": "AE", "USUBJID": "S-01", "AESEQ": 1.0, "AETERM": "Headache", "AESTDTC": "2026-03-05"},
    {"DOMAIN": "AE", "USUBJID": "S-01", "AESEQ": 2.0, "AETERM": "Céphalée – sévère", "AESTDTC": "2026-03"},
    {"DOMAIN": "AE", "USUBJID": "S-02", "AESEQ": 1.0, "AETERM": "Nausea", "AESTDTC": ""},
    {"DOMAIN": "AE", "USUBJID": "S-03", "AESEQ": None, "AETERM": 'Rash, "itchy"', "AESTDTC": "2026"},
]


def xpt_bytes(
    folder: Path, rows: list[dict[str, Any]], *, name: str = "AE", version: Literal[5, 8] = 5
) -> bytes:
    """A SAS transport file as pyreadstat's writer (ReadStat) makes it."""
    path = folder / f"written-{name}-{version}.xpt"
    pyreadstat.write_xport(pd.DataFrame(rows), path, table_name=name, file_format_version=version)
    return path.read_bytes()


def csv_text(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    text: str = pd.DataFrame(rows).to_csv(index=False, sep=delimiter, lineterminator="\r\n")
    return text


def json_document(rows: list[dict[str, Any]], *, name: str = "AE") -> dict[str, Any]:
    """A Dataset-JSON 1.1 document with the types of the first row."""
    kinds = {column: "string" if isinstance(cell, str) else "double" for column, cell in rows[0].items()}
    return {
        "datasetJSONCreationDateTime": "2026-03-05T10:30:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": f"IG.{name}",
        "records": len(rows),
        "name": name,
        "label": "Rows for a test",
        "columns": [
            {"itemOID": f"IT.{name}.{column}", "name": column, "label": column, "dataType": kind}
            for column, kind in kinds.items()
        ],
        "rows": [list(row.values()) for row in rows],
    }


def json_bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
