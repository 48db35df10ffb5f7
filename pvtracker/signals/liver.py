"""Liver tests of a joined cut: eDISH by arm, and possible cases of Hy's law. No database and no page here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pvtracker.cuts.data import CutData
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.liver_values import LIMITS, liver_values
from pvtracker.stats import edish, hys_law_cases
from pvtracker.stats.laboratory_results import Edish, HysLawCases
from pvtracker.stats.liver import QUADRANTS, TRANSAMINASES

TRANSAMINASE_LIMIT, BILIRUBIN_LIMIT, ALP_LIMIT, WINDOW_DAYS = LIMITS.values()
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
    unlimited: int  # values after first exposure that make no multiple: not counted
    undated: int  # values that make no pair, as their day is not known


def liver(data: CutData, lab: Laboratory) -> Liver:
    """Of everybody in an arm with a liver test after first exposure; of `lab` arms and participants alone are used."""
    found = liver_values(data, lab.people)
    arm = lab.people["arm"].to_numpy()
    placed = replace(found, values=found.values[found.values["arm"] >= 0])
    columns = placed.columns("participant")
    peaks, cases = edish(*columns, **LIMITS), hys_law_cases(*columns, **LIMITS)
    tests = placed.values
    start = tests[tests["is_baseline"] & tests["analyte"].isin(TRANSAMINASES)]
    highest = start.groupby("participant")["times"].max()
    return Liver(
        peaks=peaks,
        row=[int(name) for name in peaks.participant],
        cases=cases,
        case_row=[int(name) for name in cases.participant],
        baseline=dict(zip(highest.index.astype(int).tolist(), highest.tolist(), strict=True)),
        at_least=int(placed.after["at_least"].sum()),
        unlimited=sum(n for row, n in found.unlimited.items() if arm[row] >= 0),
        undated=sum(n for row, n in found.undated.items() if arm[row] >= 0),
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
