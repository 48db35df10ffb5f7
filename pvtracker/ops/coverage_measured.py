"""How often the limits of mean levels and of slopes hold them, where participants have straight courses of their own
and visits are missed by chance: simulated from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pvtracker import stats
from pvtracker.ops.coverage_simulated import Family, lines, one_by_one, simulated
from pvtracker.stats.results import FloatArray, IntArray

WEEKS = (4, 12, 24, 36, 48, 100)
LEVEL, SLOPE = (
    (500.0, 150.0),
    (-1.0, 1.0),
)  # CD4 counts at the start, and cells a week: mean, standard deviation
NOISE = 60.0  # standard deviation of a count about the participant's line
MISSED = 0.1  # of the visits
WINDOW = (40.0, 100.0)
WEEK = 48


@dataclass(frozen=True, slots=True)
class Case:
    words: str
    effect: float  # cells a week, of the arm


@dataclass(frozen=True, slots=True)
class Trial:
    """One row for each visit that was made."""

    participant: IntArray
    week: FloatArray
    value: FloatArray
    in_arm: IntArray


def draw(rng: np.random.Generator, case: Case, N_arm: int, N_ref: int) -> Trial:
    in_arm = np.repeat([1, 0], [N_arm, N_ref])
    start, slope = rng.normal(*LEVEL, len(in_arm)), rng.normal(*SLOPE, len(in_arm)) + case.effect * in_arm
    value = start[:, None] + np.outer(slope, WEEKS) + rng.normal(0, NOISE, (len(in_arm), len(WEEKS)))
    participant, visit = np.nonzero(rng.random(value.shape) >= MISSED)
    return Trial(
        participant, np.array(WEEKS, dtype=float)[visit], value[participant, visit], in_arm[participant]
    )


def _slope(one: Trial) -> tuple[FloatArray, FloatArray]:
    arm = np.where(one.in_arm == 1, "arm", "reference")
    found = stats.slope_difference(one.participant, one.week, one.value, arm, reference="reference")
    return found.low[found.arm == "arm"][0], found.high[found.arm == "arm"][0]


def _area(row: int) -> Callable[[Trial], tuple[float, float]]:
    """Limits only: one split is enough for the p that nobody reads here."""

    def function(one: Trial) -> tuple[float, float]:
        found = stats.time_weighted_area(
            one.participant,
            one.week,
            one.value,
            one.in_arm,
            start=WINDOW[0],
            end=WINDOW[1],
            test="permutation",
            replicates=1,
        ).by
        return found.low[row], found.high[row]

    return function


def _week(low: str, high: str) -> Callable[[Trial], tuple[float, float]]:
    def function(one: Trial) -> tuple[float, float]:
        found = stats.mean_by_week(one.participant, one.week, one.value, one.in_arm)
        at = WEEKS.index(WEEK)
        return getattr(found, low)[at], getattr(found, high)[at]

    return function


def _mean(case: Case, week: float) -> float:
    return LEVEL[0] + (SLOPE[0] + case.effect) * week


MIDDLE = (WINDOW[0] + WINDOW[1]) / 2

FAMILY = Family(
    seed=19900230,
    trials=(2000, 1000),
    cases=(Case("no difference", 0.0), Case("0.5 cells a week more in the arm", 0.5)),
    draw=draw,
    methods={
        "slope_difference": one_by_one(lambda case: case.effect, _slope),
        "time_weighted_area, of the arm": one_by_one(lambda case: _mean(case, MIDDLE), _area(0)),
        "time_weighted_area, difference": one_by_one(lambda case: case.effect * MIDDLE, _area(2)),
        "mean_by_week, of the arm": one_by_one(lambda case: _mean(case, WEEK), _week("low_arm", "high_arm")),
        "mean_by_week, difference": one_by_one(lambda case: case.effect * WEEK, _week("low", "high")),
    },
)


def measured_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    return [
        "## Slopes, areas and means of measurements",
        "",
        f"{simulated(FAMILY)}: CD4 counts in weeks {', '.join(map(str, WEEKS))} about a line of each participant "
        f"(at the start {LEVEL[0]:g}, standard deviation {LEVEL[1]:g}; {SLOPE[0]:g} cells a week, standard deviation "
        f"{SLOPE[1]:g}), standard deviation of a count {NOISE:g}; {100 * MISSED:g} % of the visits are missed by "
        f"chance. The area is that of weeks {WINDOW[0]:g} to {WINDOW[1]:g}, the mean that of week {WEEK}.",
        "",
        *lines(FAMILY),
    ]
