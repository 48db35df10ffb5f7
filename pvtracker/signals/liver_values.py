"""Liver tests as multiples of their upper limit of normal: what eDISH and the search for cases both rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts import laboratory
from pvtracker.cuts.data import CutData
from pvtracker.cuts.limits import with_limits
from pvtracker.stats.liver import LIVER_TESTS

# Of the rule, for `edish` and `hys_law_cases`.
LIMITS: dict[str, Any] = {
    "transaminase": 3.0,
    "bilirubin": 2.0,
    "alkaline_phosphatase": 2.0,
    "window_days": 30.0,
}
ROUNDED = 9  # decimals of a multiple, so that 0.9 ÷ 0.3 is 3


@dataclass(frozen=True, slots=True)
class LiverValues:
    """`values`: one row per value of a treated participant that makes a multiple, by participant and day, with
    `participant` (row number in the analysis set), `subject`, `arm`, `analyte`, `day` (days since first exposure, nan
    unless the date is a whole one), `times`, `at_least`, `when`, `is_baseline`, `taken_on`.

    `unlimited`: for each row number the values after first exposure that make none, because no upper limit came with
    them or they are not above 0. `undated`: those that make one, and make no pair because their day is not known; those
    certainly taken before first exposure are not counted.
    """

    values: pd.DataFrame
    unlimited: dict[int, int]
    undated: dict[int, int]

    @property
    def after(self) -> pd.DataFrame:
        """Those taken after the day of first exposure."""
        return self.values[self.values["when"] == laboratory.AFTER]

    def of(self, row: int) -> LiverValues:
        """Those of one participant."""
        counted = ({row: of.get(row, 0)} for of in (self.unlimited, self.undated))
        return LiverValues(self.values[self.values["participant"] == row], *counted)

    def columns(self, name: str) -> tuple[Any, ...]:
        """Arguments of `edish` and `hys_law_cases`, the participants called by the column `name`."""
        after = self.after
        return (
            after[name].astype(str).to_numpy(dtype=object),
            after["analyte"].to_numpy(dtype=object),
            after["day"].to_numpy(dtype=float),
            after["times"].to_numpy(dtype=float),
        )


def liver_values(data: CutData, people: pd.DataFrame) -> LiverValues:
    """Of the participants of `people` (as from `derive.analysis_set`), in an arm or not. A multiple has no unit, so
    values in every unit count. A result at a limit of the method stands at it."""
    measured = data.measurements
    measured = laboratory.done(measured[measured["analyte"].isin(LIVER_TESTS)])
    measured = with_limits(measured)
    frame = laboratory.set_against(measured[measured["value"].notna()], people)
    frame = frame.assign(day=frame["day"].where(frame["whole"]), is_baseline=laboratory.at_baseline(frame))
    high = frame["high"].to_numpy(dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        times = np.round(frame["value"].to_numpy(dtype=float) / np.where(high > 0, high, np.nan), ROUNDED)
    frame = frame.assign(times=times).sort_values(["subject", "day"], kind="stable")
    makes_one = (frame["times"] > 0) & np.isfinite(frame["times"])
    return LiverValues(
        frame[makes_one].reset_index(drop=True),
        _each(frame[~makes_one & (frame["when"] == laboratory.AFTER)]),
        _each(frame[makes_one & frame["day"].isna() & (frame["when"] != laboratory.BEFORE)]),
    )


def _each(frame: pd.DataFrame) -> dict[int, int]:
    rows, counted = np.unique(frame["participant"].to_numpy(dtype=np.int64), return_counts=True)
    return dict(zip(rows.tolist(), counted.tolist(), strict=True))
