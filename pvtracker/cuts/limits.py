"""Results reported as below or above a limit of the method, such as “<50” and “>5000”: pure functions."""

from __future__ import annotations

import pandas as pd

NUMBER = r"(\d+(?:\.\d+)?)\s*$"
BELOW = rf"^\s*<\s*{NUMBER}"
AT_LEAST = rf"^\s*(?:>\s*=?|≥)\s*{NUMBER}"
LARGEST_SPREAD = 0.02  # between the quartiles of a conversion factor, as share of it: values are rounded


def with_limits(measured: pd.DataFrame) -> pd.DataFrame:
    """Measurements with `below` and `at_least`: True for a result reported as below, or above, a limit, which then is
    the value, in `unit`. Where a limit cannot be brought to the unit of the values it stays a text without a value."""
    bare = measured[measured["value"].isna()]
    told = bare["value_text"].fillna("").astype(str)
    below, at_least = (told.str.extract(pattern)[0].astype(float) for pattern in (BELOW, AT_LEAST))
    limits = bare.assign(limit=below.fillna(at_least))
    limits = _in_unit_of_values(measured, limits[limits["limit"].notna()])
    known = limits[limits["limit"].notna()]
    unit = measured["unit"].copy()
    unit.loc[known.index] = known["unit"]
    return measured.assign(
        value=measured["value"].fillna(known["limit"]),
        unit=unit,
        below=measured.index.isin(known.index.intersection(below.index[below.notna()])),
        at_least=measured.index.isin(known.index.intersection(at_least.index[at_least.notna()])),
    )


def _in_unit_of_values(measured: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """`limits` with `limit` and `unit` of the values: the text is as reported, the values are converted already."""
    unit, reported = (limits[name].fillna("").astype(str) for name in ("unit", "unit_text"))
    limits = limits.assign(unit=unit, unit_text=reported)
    other = limits[(reported != "") & (reported != unit)]
    numbers = measured[measured["value"].notna() & measured["analyte"].isin(other["analyte"])]
    for rows in other.groupby(["analyte", "unit_text", "unit"]).indices.values():
        chosen = other.index[rows]
        analyte, as_reported, of_value = (
            str(other.at[chosen[0], name]) for name in ("analyte", "unit_text", "unit")
        )
        same = (numbers["analyte"] == analyte) & (numbers["unit_text"].fillna("") == as_reported)
        same &= (numbers["unit"].fillna("") == of_value) if of_value else numbers["unit"].fillna("") != ""
        factor, to = _factor(numbers[same])
        if factor is None and of_value:
            limits.loc[chosen, "limit"] = float("nan")
        else:  # without values to go by it is in the unit in which it was reported
            limits.loc[chosen, "limit"] *= factor or 1.0
            limits.loc[chosen, "unit"] = to or as_reported
    return limits


def _factor(numbers: pd.DataFrame) -> tuple[float | None, str]:
    """What the values reported in one unit were multiplied with, and the unit that most of them then have."""
    ratio = numbers["value"] / pd.to_numeric(numbers["value_text"], errors="coerce")
    usable = ratio.notna() & (ratio > 0) & (ratio < float("inf"))
    units = numbers.loc[usable, "unit"].value_counts()
    if not len(units):
        return None, ""
    to = str(min(units.index, key=lambda one: (-units[one], one)))
    first, middle, third = ratio[usable & (numbers["unit"] == to)].quantile([0.25, 0.5, 0.75])
    return (float(middle), to) if third - first <= LARGEST_SPREAD * middle else (None, "")
