"""Rows of LB and VS, for whichever room their analyte belongs to."""

from __future__ import annotations

from pvtracker.formats.records import MeasurementRecord
from pvtracker.formats.sdtm.rows import Row


def measurement(row: Row, domain: str) -> MeasurementRecord:
    """One row of `domain` (LB or VS): the original result as reported, the number the standard one."""
    return MeasurementRecord(
        row=row.number,
        participant=row.needed("USUBJID"),
        source_id=row.source_id(domain),
        domain=domain,
        category=row.text(f"{domain}CAT"),
        analyte=row.needed(f"{domain}TESTCD"),
        name=row.text(f"{domain}TEST"),
        value_text=row.text(f"{domain}ORRES") or row.text(f"{domain}STRESC"),
        unit_text=row.text(f"{domain}ORRESU"),
        value=row.number_of(f"{domain}STRESN"),
        unit=row.text(f"{domain}STRESU"),
        low=row.number_of(f"{domain}STNRLO"),
        high=row.number_of(f"{domain}STNRHI"),
        visit=row.text("VISIT"),
        taken_on=row.date(f"{domain}DTC"),
        not_done=row.code(f"{domain}STAT") == "NOT DONE",
    )


def is_revealing(row: Row, domain: str, analytes: frozenset[str]) -> bool:
    """Is the row's analyte declared to tell the arm. Codes are compared without regard to case."""
    return bool(analytes) and row.code(f"{domain}TESTCD") in {analyte.upper() for analyte in analytes}
