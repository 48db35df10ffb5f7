"""A small SDTM delivery of five participants, with the flaws that real ones have, for import tests of both rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.pure.formats.files import csv_text, xpt_bytes

Rows = list[dict[str, Any]]

# Words that tell an arm; no other text of the delivery contains them.
ARM_WORDS = ("Zyxoline", "Dummy", "ZYX", "DUM")
# Clinical words that the tests of logs type into forms and files; no log may hold one.
TYPED_WORDS = ("Quixotic rash", "Brandywine narrative", "quagmire")
ARMS = {"DUM": "Dummy placebo", "ZYX": "Zyxoline"}


def delivery() -> dict[str, Rows]:
    """Domain → rows. A fresh copy each time, for tests to damage."""
    return {
        "dm": [
            _person("S-01", "01", "ZYX", "ZYX"),
            _person("S-02", "01", "DUM", "DUM"),
            _person("S-03", "02", "ZYX", "DUM"),
            _person("S-04", "02", "DUM", "DUM"),
            _person("S-05", "02", "Scrnfail", "Scrnfail"),
        ],
        "ex": [
            _dose("S-01", "ZYX", 54.0),
            _dose("S-02", "DUM", 0.0),
            _dose("S-03", "DUM", 0.0),
            _dose("S-04", "DUM", 0.0),
        ],
        "ae": [
            _event("S-01", 2, "Headache", "2026-03-05"),
            _event("S-01", 1, "Nausea", "2026-03-04"),
            _event("S-01", 3, "HEADACHE", "2026-03-05"),  # the words of number 2, and its onset
            _event("S-02", 1, "Stroke", "2026-04-01", AEOUT="FATAL", AEENDTC="2026-04-02"),  # and AESER = N
            _event("S-03", 1, "Rash", "2026-03"),
            _event("S-04", 10, "Fever", "2026-05-01"),
        ],
        "ds": [
            _ended("S-01", "COMPLETED"),
            _ended("S-02", "DEATH"),
            _ended("S-03", "COMPLETED"),
        ],
        "lb": [
            _result("S-01", 1, "ALT", 31.0),
            _result("S-01", 2, "GENE", 12.0),
            _result("S-02", 1, "ALT", 25.0),
        ],
    }


def write(folder: Path, rows: dict[str, Rows] | None = None) -> Path:
    """Write DM, EX and AE as transport files, the rest as CSV; returns the folder."""
    folder.mkdir(exist_ok=True)
    for domain, content in (rows or delivery()).items():
        if domain in {"dm", "ex", "ae"}:
            path = folder / f"{domain}.xpt"
            path.write_bytes(xpt_bytes(folder.parent, content, name=domain.upper()))
        else:
            (folder / f"{domain}.csv").write_text(csv_text(content))
    return folder


def _person(subject: str, site: str, planned: str, actual: str) -> dict[str, Any]:
    names = {**ARMS, "Scrnfail": "Screen Failure"}
    return {
        "DOMAIN": "DM",
        "USUBJID": subject,
        "SUBJID": subject[2:],
        "SITEID": site,
        "COUNTRY": "USA",
        "AGE": 60.0,
        "AGEU": "YEARS",
        "SEX": "F",
        "RFICDTC": "2026-02-01",
        "RFSTDTC": "2026-03-01",
        "ARMCD": planned,
        "ARM": names[planned],
        "ACTARMCD": actual,
        "ACTARM": names[actual],
    }


def _dose(subject: str, arm: str, dose: float) -> dict[str, Any]:
    return {
        "DOMAIN": "EX",
        "USUBJID": subject,
        "EXSEQ": 1.0,
        "EXTRT": ARMS[arm],
        "EXDOSE": dose,
        "EXDOSU": "mg",
        "EXSTDTC": "2026-03-01",
        "EXENDTC": "2026-06-01",
    }


def _event(subject: str, number: int, verbatim: str, onset: str, **changes: str) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "DOMAIN": "AE",
        "USUBJID": subject,
        "AESEQ": float(number),
        "AETERM": verbatim,
        "AELLT": verbatim.upper(),
        "AEDECOD": verbatim.upper(),
        "AEBODSYS": "A system",
        "AESTDTC": onset,
        "AEENDTC": "",
        "AESEV": "MILD",
        "AESER": "N",
        "AEREL": "POSSIBLE",
        "AEOUT": "NOT RECOVERED/NOT RESOLVED",
    }
    return plain | changes


def _ended(subject: str, how: str) -> dict[str, Any]:
    return {
        "DOMAIN": "DS",
        "USUBJID": subject,
        "DSSEQ": 1,
        "DSCAT": "DISPOSITION EVENT",
        "DSTERM": how.capitalize(),
        "DSDECOD": how,
        "DSSTDTC": "2026-06-02",
    }


def _result(subject: str, number: int, analyte: str, value: float) -> dict[str, Any]:
    return {
        "DOMAIN": "LB",
        "USUBJID": subject,
        "LBSEQ": number,
        "LBTESTCD": analyte,
        "LBTEST": analyte.capitalize(),
        "LBORRES": str(value),
        "LBSTRESN": value,
        "LBDTC": "2026-03-10",
    }
