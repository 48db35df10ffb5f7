"""Which measurements the report follows over time, and their values with those below the limit of detection."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pvtracker.cuts.data import CutData
from pvtracker.cuts.laboratory import CD4, VIRAL_LOAD
from pvtracker.cuts.limits import with_limits

UNITS = {"cells/uL": "cells/µl", "copies/mL": "copies/ml"}


@dataclass(frozen=True, slots=True)
class Analyte:
    """A measurement to follow: its code, how it is called, its unit, and whether it is drawn on a log scale."""

    code: str
    label: str
    unit: str  # as it is printed
    delivered_unit: str
    log: bool


def analytes(data: CutData) -> tuple[Analyte, ...]:
    """CD4 count and viral load; in a study with neither the two analytes with the most numeric values."""
    measured = data.measurements
    numeric = measured[measured["value"].notna()]
    counted = numeric["analyte"].value_counts()
    followed = [(code, "CD4 count", False) for code in CD4 if code in counted][:1]
    followed += [(code, "Viral load", True) for code in VIRAL_LOAD if code in counted][:1]
    if not followed:
        most = sorted(counted.index, key=lambda code: (-counted[code], code))[:2]
        followed = [(code, _name(numeric, code), False) for code in most]
    return tuple(_analyte(numeric, code, label, log) for code, label, log in followed)


def values_of(data: CutData, analyte: Analyte) -> pd.DataFrame:
    """The measurements of an analyte in its unit: `subject`, `source_id`, `visit`, `taken_on_earliest`,
    `taken_on_latest`, `value`, and `below` or `at_least` for a result reported as below, or above, a limit, which then
    is the value.
    """
    measured = data.measurements
    measured = measured[
        (measured["analyte"] == analyte.code) & ~measured["not_done"].fillna(False).astype(bool)
    ]
    measured = with_limits(measured)
    limit = measured["below"] | measured["at_least"]
    in_unit = (measured["unit"] == analyte.delivered_unit) | (
        limit & measured["unit"].isin(["", analyte.delivered_unit])
    )
    chosen = measured[measured["value"].notna() & in_unit]
    days = ["taken_on_earliest", "taken_on_latest"]
    return chosen[["subject", "source_id", "visit", *days, "value", "below", "at_least"]]


def _analyte(numeric: pd.DataFrame, code: str, label: str, log: bool) -> Analyte:
    unit = _most_frequent(numeric.loc[numeric["analyte"] == code, "unit"].fillna(""))
    return Analyte(code=code, label=label, unit=UNITS.get(unit, unit), delivered_unit=unit, log=log)


def _name(numeric: pd.DataFrame, code: str) -> str:
    return _most_frequent(numeric.loc[numeric["analyte"] == code, "name"].fillna("")) or code


def _most_frequent(texts: pd.Series[str]) -> str:
    counted = texts.value_counts()
    return str(min(counted.index, key=lambda text: (-counted[text], text)))
