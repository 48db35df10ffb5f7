"""Time-weighted area under a participant's measurements within a window, and the difference of two arms.

Method, sources and differences between programs: docs/methods/time-weighted-area.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.course_results import AreaRows, TimeWeightedArea
from pvtracker.stats.inputs import EMPTY_ARM, EMPTY_REFERENCE, Labels, level
from pvtracker.stats.measured import LARGEST, BelowAs, Rows, Scale, one_of, rows
from pvtracker.stats.results import FloatArray, IntArray
from pvtracker.stats.two_samples import Moments, moments, permutation_p, rank_p, welch

Edges = Literal["interpolate", "inside", "hold"]
Test = Literal["wilcoxon", "permutation"]
NONE_COMPARED = "no participant of one of the arms covers enough of the window: nothing is compared"
ONE = "a single participant of one of the arms is compared: no limits"
NO_SPREAD = "all levels of an arm are the same: its limits have no width"
ROUNDING = 1e-12  # a level below this share of the participant's largest value is 0
MOST_REPLICATES = 1_000_000
TESTS: dict[str, Callable[..., tuple[float, str]]] = {"wilcoxon": rank_p, "permutation": permutation_p}


def time_weighted_area(
    participant: Labels,
    day: ArrayLike,
    value: ArrayLike,
    in_arm: ArrayLike,
    *,
    start: float,
    end: float,
    edges: Edges = "interpolate",
    least_coverage: float = 0.5,
    test: Test = "wilcoxon",
    scale: Scale = "as measured",
    below: ArrayLike = 0,
    below_as: BelowAs = "limit",
    replicates: int = 9999,
    seed: int = 1,
    confidence_level: float = 0.95,
) -> TimeWeightedArea:
    """Mean level of each participant from `start` to `end`, area by trapezia ÷ time covered, and arm - reference.

    participant, day, value, in_arm: one row for each measurement, shape (n,), days (or weeks, as start and end) on
    which it was made; in_arm 1 for the arm, 0 for the reference; nan for a value that is missing. Values of one
    participant and day are averaged. scale, below, below_as: as for `mean_by_week`.

    edges: what stands at the edges of the window. "interpolate": the straight line between the measurements before and
    after the edge, nothing beyond the first and the last; "inside": measurements within the window alone; "hold": as
    "interpolate", and the first and last of those within the window hold to the edges where nothing was measured
    beyond. A participant of whose window a smaller share than `least_coverage` lies between measurements is left out of
    the comparison, and counted.

    Welch's limits of the difference of mean levels. test "wilcoxon": rank sum with midranks; "permutation": difference
    of means; p is the share of splits into arms of these sizes that are as extreme, two-sided: of all, or of random
    `replicates` (p_method says which). ValueError for values that cannot be.

    start, end: where the window starts and ends, in the unit of `day`. least_coverage: share of the window, in [0,
    1], that has to lie between measurements.

    Source: derived from the definition; Welch (1947) Biometrika 34:28-35; Wilcoxon (1945) Biometrics Bull 1:80-83.
    """
    confidence_level = level("confidence_level", confidence_level)
    one_of("edges", edges, Edges)
    one_of("test", test, Test)
    if not -LARGEST <= start < end <= LARGEST:
        raise ValueError(f"start must lie before end, got {start} and {end}")
    if not 0 <= least_coverage <= 1:
        raise ValueError(f"least_coverage must lie in [0, 1], got {least_coverage}")
    if not 1 <= replicates <= MOST_REPLICATES:
        raise ValueError(f"replicates must lie in 1 … {MOST_REPLICATES}, got {replicates}")
    given = rows(participant, day, value, in_arm, name="day", scale=scale, below=below, below_as=below_as)
    covered, between, area = _areas(*_averaged(given), len(given.participants), start, end, edges)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_level = np.where(covered > 0, area / covered, np.nan)
    largest = np.zeros(len(given.participants))
    np.maximum.at(largest, given.who, np.abs(given.value))
    mean_level[np.abs(mean_level) <= ROUNDING * largest] = 0.0  # above and below zero alike, but for rounding
    measured = between / (end - start)
    compared = (covered > 0) & (measured >= least_coverage)
    arm = 1 - given.arm_of  # the arm first, as in the rows of the result
    within = moments(arm[compared], mean_level[compared], 2)
    welched = welch(*_each(within), confidence_level)
    low, high = within.limits(confidence_level)
    left_out = np.bincount(arm[~compared], minlength=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        coverage = np.bincount(arm[compared], measured[compared], minlength=2) / within.n
    p, p_method = float("nan"), "none"
    if within.n.all():
        p, p_method = TESTS[test](
            mean_level[compared], given.arm_of[compared], replicates=replicates, seed=seed
        )
    by = AreaRows(
        np.array(["arm", "reference", "difference"], dtype=object),
        np.append(within.n, within.n.sum()),
        np.append(left_out, left_out.sum()),
        np.append(coverage, measured[compared].mean() if compared.any() else np.nan),
        np.append(within.mean, welched.difference),
        np.append(within.sd, np.nan),
        np.append(low, welched.low),
        np.append(high, welched.high),
    )
    return TimeWeightedArea(
        given.participants, given.arm_of, covered, measured, area, mean_level, compared, by,
        float(welched.degrees[0]), float(welched.p[0]), p, p_method, _warning(given.arm_of, within),
        scale, edges, test, confidence_level,
    )  # fmt: skip


def _averaged(given: Rows) -> tuple[IntArray, FloatArray, FloatArray]:
    """Whose, when and how much, by participant and day; values of one day averaged."""
    order = np.lexsort((given.when, given.who))
    who, when, value = given.who[order], given.when[order], given.value[order]
    first = np.ones(len(who), dtype=bool)
    first[1:] = (np.diff(who) != 0) | (np.diff(when) != 0)
    place = np.cumsum(first) - 1
    mean = np.bincount(place, value) / np.bincount(place) if len(place) else value
    return who[first], when[first], mean


def _areas(
    who: IntArray, when: FloatArray, value: FloatArray, size: int, start: float, end: float, edges: Edges
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Time covered, time between measurements, and area of each participant, shape (participants,)."""
    if edges == "inside":
        within = (when >= start) & (when <= end)
        who, when, value = who[within], when[within], value[within]
    pair = np.flatnonzero(np.diff(who) == 0)
    begin, stop = when[pair], when[pair + 1]
    from_, to = np.maximum(begin, start), np.minimum(stop, end)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = (value[pair + 1] - value[pair]) / (stop - begin)
    length = np.maximum(to - from_, 0.0)
    middle = value[pair] + slope * ((from_ + to) / 2 - begin)
    between, area = np.zeros(size), np.zeros(size)
    np.add.at(between, who[pair], length)
    np.add.at(area, who[pair], np.where(length > 0, length * middle, 0.0))
    covered = between.copy()
    if edges == "hold":
        inside = np.flatnonzero((when >= start) & (when <= end))
        position = np.unique(who[inside], return_index=True)[1]
        last = inside[np.append(position[1:], len(inside)) - 1]
        for row, is_edge, time in (
            (inside[position], _first(who), when - start),
            (last, _last(who), end - when),
        ):
            held = row[is_edge[row]]  # nothing was measured beyond
            np.add.at(covered, who[held], time[held])
            np.add.at(area, who[held], time[held] * value[held])
    return covered, between, area


def _first(who: IntArray) -> np.ndarray:
    return np.append(True, np.diff(who) != 0)[: len(who)]


def _last(who: IntArray) -> np.ndarray:
    return np.append(np.diff(who) != 0, True)[-len(who) :] if len(who) else np.zeros(0, dtype=bool)


def _each(within: Moments) -> tuple[Moments, Moments]:
    one, two = (Moments(within.n[[k]], within.mean[[k]], within.sd[[k]]) for k in (0, 1))
    return one, two


def _warning(arm_of: IntArray, within: Moments) -> str | None:
    if not (arm_of == 1).any():
        return EMPTY_ARM
    if not (arm_of == 0).any():
        return EMPTY_REFERENCE
    if not within.n.all():
        return NONE_COMPARED
    if (within.n == 1).any():
        return ONE
    return NO_SPREAD if (within.sd == 0).any() else None
