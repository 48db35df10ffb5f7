"""Liver tests of a joined cut: eDISH by arm, and possible cases of Hy's law. No database and no page here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts import laboratory
from pvtracker.signals.laboratory import Laboratory
from pvtracker.stats import edish, hys_law_cases
from pvtracker.stats.laboratory_results import Edish, HysLawCases
from pvtracker.stats.liver import LIVER_TESTS, QUADRANTS, TRANSAMINASES

TRANSAMINASE_LIMIT, BILIRUBIN_LIMIT, ALP_LIMIT, WINDOW_DAYS = 3.0, 2.0, 2.0, 30.0
ROUNDED = 9  # decimals of a multiple, so that 0.9 ÷ 0.3 is 3
RULE = (
    f"ALT or AST of {TRANSAMINASE_LIMIT:g} × the upper limit of normal (ULN) or more, and total bilirubin above "
    f"{BILIRUBIN_LIMIT:g} × ULN on that day or up to {WINDOW_DAYS:g} days later, unless alkaline phosphatase was "
    f"{ALP_LIMIT:g} × ULN or more at the rise. Values after the day of first exposure. Whether anything else "
    "explains it is for a physician."
)


@dataclass(frozen=True, slots=True)
class Liver:
    """Peaks and cases. `row` numbers the participants of `lab.people` as `peaks` has them, `case_row` as `cases`."""

    peaks: Edish
    row: list[int]
    cases: HysLawCases
    case_row: list[int]
    baseline: dict[int, float]  # highest ALT or AST at baseline as multiple of its limit, by row
    at_least: int  # values after first exposure that are reported as above a limit, and counted at it
    without_limit: int  # values after first exposure without an upper limit of normal: not counted


def multiples(lab: Laboratory) -> pd.DataFrame:
    """The liver tests with an upper limit: as `Laboratory.values`, with `times`, the multiple of it."""
    values = lab.values[lab.values["analyte"].isin(LIVER_TESTS)]
    values = values[(values["high"] > 0) & (values["value"] > 0)]
    return values.assign(times=np.round(values["value"] / values["high"], ROUNDED))


def liver(lab: Laboratory) -> Liver:
    """Of everybody with a liver test after first exposure."""
    tests = multiples(lab)
    after = tests[tests["when"] == laboratory.AFTER]
    columns = (
        after["participant"].astype(str).to_numpy(),
        after["analyte"].to_numpy(),
        after["day"].to_numpy(dtype=float),
        after["times"].to_numpy(dtype=float),
    )
    options: dict[str, Any] = {
        "transaminase": TRANSAMINASE_LIMIT,
        "bilirubin": BILIRUBIN_LIMIT,
        "alkaline_phosphatase": ALP_LIMIT,
        "window_days": WINDOW_DAYS,
    }
    peaks, cases = edish(*columns, **options), hys_law_cases(*columns, **options)
    start = tests[tests["is_baseline"] & tests["analyte"].isin(TRANSAMINASES)]
    highest = start.groupby("participant")["times"].max()
    every = lab.values[lab.values["analyte"].isin(LIVER_TESTS) & (lab.values["when"] == laboratory.AFTER)]
    return Liver(
        peaks=peaks,
        row=[int(name) for name in peaks.participant],
        cases=cases,
        case_row=[int(name) for name in cases.participant],
        baseline=dict(zip(highest.index.astype(int).tolist(), highest.tolist(), strict=True)),
        at_least=int(after["at_least"].sum()),
        without_limit=len(every) - len(after),
    )


def quadrants_by_arm(lab: Laboratory, found: Liver) -> list[tuple[str, list[int], list[int]]]:
    """Each quadrant with participants of each arm, and how many have a place in the picture at all."""
    arm = lab.people["arm"].to_numpy()[found.row] if found.row else np.array([], dtype=np.int64)
    placed = np.array([quadrant != "" for quadrant in found.peaks.quadrant], dtype=bool)
    arms = range(len(lab.arms.names))
    drawn = [int((placed & (arm == one)).sum()) for one in arms]
    result = []
    for name in QUADRANTS.values():
        inside = np.array([quadrant == name for quadrant in found.peaks.quadrant], dtype=bool)
        result.append((name, [int((inside & (arm == one)).sum()) for one in arms], drawn))
    return result
