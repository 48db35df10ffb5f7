"""Laboratory values and vital signs of a cut, set against first exposure: pure functions of a cut, as `derive` is.

The rules are the sentences of `DEFINITIONS`, which are printed with every result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pvtracker.cuts.data import CutData
from pvtracker.cuts.limits import with_limits
from pvtracker.lib.partial_dates import PartialDateError, parse

DATASETS = ("measurements", "visits", "revealing_measurements")  # what this module reads, besides derive's
BEFORE, AFTER = "before", "after"
# Test codes of CDISC terminology and of the simulator.
CD4 = ("CD4", "CD4LY", "CD4CELL")
VIRAL_LOAD = ("HIVRNA", "HIVVLD", "HIV1RNA", "HIVVL")

DEFINITIONS = {
    "baseline": "The last day with a value on or before the day of first exposure; of several values on that day, "
    "their mean. A value of the day of first exposure counts as taken before.",
    "after baseline": "Every value taken after the day of first exposure, up to the cut-off date, planned or not. A "
    "value whose date is unknown, or may lie on either side of first exposure, is neither before nor after.",
    "unit": "An analyte is counted in the unit that most of its values have; values in another unit are left out.",
    "below or above a limit": "A result such as “<50” counts as 50, one such as “>5000” as 5000, which it is at least. "
    "A limit reported in another unit than the values is converted as the analyte’s other values were; where there are "
    "none to go by, it is left out. Any other result without a number is left out; how many there are is told.",
    "limits of normal": "Those that came with the value.",
    "week": "That of the visit’s planned day, where the day that the protocol calls day 1 begins week 0. Values at "
    "visits without one are in no week.",
}


@dataclass(frozen=True, slots=True)
class Analyte:
    """What is measured: code, name, unit of most values, LB or VS; `closed` where it tells the arm."""

    code: str
    name: str
    unit: str
    domain: str
    category: str
    closed: bool = False


def weeks_of_visits(visits: pd.DataFrame) -> dict[str, int]:
    """The week of each visit by its planned day (most frequent first) or, where none is planned, by its name.

    Day 1 is the first day of week 0; there is no day 0.
    """
    planned = visits[visits["planned_day"].notna()]
    days = planned.groupby("name")["planned_day"].agg(lambda days: days.mode().min())
    weeks = {str(name): _week(int(day)) for name, day in days.items()}
    for name in visits["name"].unique():
        told = re.fullmatch(r"(?i)week\s+(\d+)", name)
        if name not in weeks and told:
            weeks[name] = int(told[1])
    return weeks


def _week(day: int) -> int:
    return int(np.floor((day - 1 if day > 0 else day) / 7 + 0.5))


def done(measured: pd.DataFrame) -> pd.DataFrame:
    """Measurements that were done."""
    return measured[~measured["not_done"].fillna(False).astype(bool)]


def few_for(data: CutData, subject: str) -> CutData:
    """The cut with the measurements of one participant, and, where a result of theirs has no number, those of others of
    that analyte, by which a limit is brought to the unit of the values. The unit is that of the cut: see `units`."""
    opened = data.measurements
    own = opened["subject"] == subject
    odd = opened.loc[own & opened["value"].isna(), "analyte"].unique()
    frames = {**data.frames, "measurements": opened[own | opened["analyte"].isin(odd)]}
    if "revealing_measurements" in frames:
        closed = frames["revealing_measurements"]
        frames["revealing_measurements"] = closed[closed["subject"] == subject]
    return replace(data, frames=frames)


def units(data: CutData) -> dict[str, str]:
    """The unit of each analyte in the cut."""
    few = data.measurements[["analyte", "unit", "unit_text", "value", "value_text", "not_done"]]
    return _units(_all_values(replace(data, frames={**data.frames, "measurements": few}), ""))


def set_against(measured: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The measurements of the treated, with `participant` (row number in `people`), `arm`, `when` (before, after, or
    ''), `day` (days since first exposure; of a value that is certainly after, though its date is partial, the first
    possible day; else nan when unknown) and `whole`, whether the date is a whole one."""
    position = pd.Series(np.arange(len(people)), index=people["subject"])
    measured = measured.assign(participant=measured["subject"].map(position))
    measured = measured[measured["participant"].notna()]
    number = measured["participant"].to_numpy(dtype=np.int64)
    first = pd.Series(people["first_exposure"].to_numpy()[number], index=measured.index)
    before = (measured["taken_on_latest"] <= first).to_numpy()
    after = (measured["taken_on_earliest"] > first).to_numpy()
    whole = measured["taken_on_earliest"] == measured["taken_on_latest"]
    return measured.assign(
        participant=number,
        arm=people["arm"].to_numpy()[number],
        when=np.where(before, BEFORE, np.where(after, AFTER, "")),
        day=(measured["taken_on_earliest"] - first).dt.days.where(whole | after).astype("float64"),
        whole=whole.astype(bool),
    )


def at_baseline(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which values of `set_against` are the baseline of their participant and analyte."""
    latest = frame["taken_on_latest"].where(frame["when"] == BEFORE)
    last = latest.groupby([frame["participant"], frame["analyte"]]).transform("max")
    return (frame["when"] == BEFORE) & (latest == last)


def values(
    data: CutData,
    people: pd.DataFrame,
    *,
    analyte: str = "",
    texts: bool = False,
    unit_of: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Every value of the treated participants who have an arm, of one analyte or of all.

    `people`: as from `derive.analysis_set`. One row per value: `participant` (row number in `people`), `subject`,
    `arm`, `analyte`, `closed`, `value`, `text` (as reported), `below` and `at_least` (as from `with_limits`), `unit`,
    `low`, `high` (nan where none), `day` (days since first exposure, 0 on that day; nan when unknown), `week` (nan at
    an unplanned visit), `visit`, `taken_on`, `when` (before, after, or ''), `is_baseline`. Values in another unit than
    most are not there: see `left_out`. With `texts` also results without a number, such as NOT DETECTED; they have no
    `value`. `unit_of`: the unit of each analyte, where `data` is less than the cut.
    """
    measured = _all_values(data, analyte, texts=texts, unit_of=unit_of)
    measured = measured[measured["unit"] == measured["analyte"].map(unit_of or _units(measured))]
    frame = set_against(measured, people)
    frame = frame[frame["arm"] >= 0].reset_index(drop=True)
    week = frame["visit"].map(weeks_of_visits(data.visits)).astype("float64")
    frame = frame.assign(week=week, is_baseline=at_baseline(frame))
    told: pd.DataFrame = frame.assign(text=frame["value_text"].fillna(""))[COLUMNS]
    return told


COLUMNS = [
    *("participant", "subject", "arm", "analyte", "closed", "value", "text", "below", "at_least"),
    *("unit", "low", "high"),
    *("day", "week", "visit", "taken_on", "when", "is_baseline"),
]


def analytes(data: CutData, *, unit_of: Mapping[str, str] | None = None) -> list[Analyte]:
    """What has a number in the cut: by domain, category and name, those that tell the arm last."""
    measured = _all_values(data, "", unit_of=unit_of)
    unit_of = unit_of or _units(measured)
    first = measured.drop_duplicates("analyte")
    found = [
        Analyte(
            code=str(row.analyte),
            name=str(row.name_ or row.analyte),
            unit=unit_of[str(row.analyte)],
            domain=str(row.domain or ""),
            category=str(row.category or ""),
            closed=bool(row.closed),
        )
        for row in first.rename(columns={"name": "name_"}).itertuples()
    ]
    return sorted(found, key=lambda one: (one.closed, one.domain, one.category, one.name, one.code))


def left_out(data: CutData, analyte: str) -> int:
    """How many values of the analyte are in another unit than most."""
    measured = _all_values(data, analyte)
    return int((measured["unit"] != measured["analyte"].map(_units(measured))).sum())


def without_number(data: CutData, *analytes: str) -> int:
    """How many results of the analytes (of all, where none is named) have no number and no limit to stand at."""
    each = [_all_values(data, code, texts=True)["value"] for code in analytes or ("",)]
    return int(sum(value.isna().sum() for value in each))


def baselines(frame: pd.DataFrame) -> pd.DataFrame:
    """Value and limits at baseline by `participant` and `analyte`, from `values`."""
    of = frame[frame["is_baseline"]].groupby(["participant", "analyte"], sort=True)
    return of.agg(value=("value", "mean"), low=("low", "first"), high=("high", "first"))


def _all_values(
    data: CutData, analyte: str, *, texts: bool = False, unit_of: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Open and closed measurements that have a number (or, with `texts`, any result), in one shape."""
    opened = data.measurements
    if analyte:
        opened = opened[opened["analyte"] == analyte]
    opened = done(opened).assign(closed=False)
    parts = [opened]
    if "revealing_measurements" in data.frames:
        parts.append(_revealing(data, analyte))
    filled = [part for part in parts if len(part)]
    together = with_limits(pd.concat(filled, ignore_index=True) if filled else opened)
    told = together["value"].notna()
    if texts:
        told |= together["value_text"].fillna("").str.strip() != ""
    together = together[told].assign(unit=together["unit"].fillna(""))
    # a result without a number often comes without a unit
    bare = (together["unit"] == "") & (together["below"] | together["at_least"] | together["value"].isna())
    return together.assign(
        unit=together["unit"].where(~bare, together["analyte"].map(unit_of or _units(together)))
    )


def _units(measured: pd.DataFrame) -> dict[str, str]:
    """The unit of most numbers of each analyte (of results at a limit, where there are no others); the first in the
    alphabet among equals."""
    weighed = measured.assign(number=measured["value"].notna() & ~measured["below"] & ~measured["at_least"])
    counted = weighed.groupby(["analyte", "unit"], sort=True).agg(
        numbers=("number", "sum"), rows=("number", "size")
    )
    counted = counted.reset_index().sort_values(
        ["numbers", "rows", "unit"], ascending=[False, False, True], kind="stable"
    )
    first = counted.drop_duplicates("analyte")
    return dict(zip(first["analyte"], first["unit"], strict=True))


def _revealing(data: CutData, analyte: str) -> pd.DataFrame:
    """The closed room's own measurements in the open ones' columns; their days are partial dates as text."""
    closed = data.frame("revealing_measurements")
    if analyte:
        closed = closed[closed["analyte"] == analyte]
    days = {text: _days(text) for text in closed["taken_on"].fillna("").unique()}
    known = closed["taken_on"].fillna("")
    return closed.assign(
        closed=True,
        domain="LB",
        unit_text="",
        category="",
        low=np.nan,
        high=np.nan,
        taken_on_earliest=pd.to_datetime(known.map(lambda text: days[text][0])),
        taken_on_latest=pd.to_datetime(known.map(lambda text: days[text][1])),
    )


def _days(text: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    try:
        partial = parse(text)
    except PartialDateError:
        return None, None
    return (None, None) if partial is None else (pd.Timestamp(partial.earliest), pd.Timestamp(partial.latest))
