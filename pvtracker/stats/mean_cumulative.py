"""Mean cumulative number of events of a participant, and its difference between two arms, with robust variance.

Method, sources and differences between programs: docs/methods/mean-cumulative.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from pvtracker.stats.inputs import EMPTY_ARM, EMPTY_REFERENCE, counts, follow_up, level, no_warning, refuse
from pvtracker.stats.results import FloatArray, IntArray, MeanCumulative, MeanCumulativeDifference

NOBODY_LEFT = "nobody of one of the arms is followed so long"
NO_VARIANCE = (
    "all who were followed so far had the same number of events: the variance is 0, the limits are too narrow"
)
NO_VARIANCE_IN_ARM = (
    "in one of the arms all had the same number of events so far: its variance is 0, the limits are "
    "too narrow"
)
ROUNDING = 1e-12
MOST_CELLS = 2_000_000  # of participants by times held at once


def mean_cumulative(
    end: ArrayLike, event_participant: ArrayLike, event_time: ArrayLike, *, confidence_level: float = 0.95
) -> MeanCumulative:
    """Expected number of events of a participant up to each time, at every time at which an event came.

    end: follow-up of each participant, shape (N,), in any unit, those without events included. event_participant,
    event_time: position in `end` (from 0) and time of each event, shape (n,), in (0, its participant's end].
    M(t) is the sum over times ≤ t of events ÷ participants still followed (end ≥ the time). The variance sums over
    participants the square of what each adds, and so holds however events of a participant depend on each other.
    Limits are M ± z · standard error, not below 0; a variance of 0 is warned of. ValueError for values that cannot be.

    Source: Nelson (1988) J Qual Technol 20:24-35 (M); Lawless & Nadeau (1995) Technometrics 37:158-168 (variance).
    """
    confidence_level = level("confidence_level", confidence_level)
    ends, who, when = _checked(end, event_participant, event_time)
    times = np.unique(when)
    curve = _Curve.of(ends, who, when, times)
    z = float(ndtri((1 + confidence_level) / 2))
    low, high = np.maximum(curve.mean - z * curve.error, 0.0), curve.mean + z * curve.error
    warning = no_warning(len(times))
    warning[curve.error <= ROUNDING] = NO_VARIANCE
    return MeanCumulative(
        times, curve.at_risk, curve.events, curve.mean, curve.error, low, high, confidence_level, warning
    )


def mean_cumulative_difference(
    end: ArrayLike,
    in_arm: ArrayLike,
    event_participant: ArrayLike,
    event_time: ArrayLike,
    *,
    at: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> MeanCumulativeDifference:
    """Mean cumulative events of a participant in the arm minus those in the reference, with limits.

    in_arm: 1 for each participant of the arm, 0 for each of the reference, shape (N,); the others as for
    `mean_cumulative`. at: times, shape (m,); None: every time at which an event came. The variances of the
    arms add; limits are the difference ± z · standard error. Beyond the longest follow-up of an arm: nan and a warning.

    Source: as for `mean_cumulative`; the difference derived from the independence of the arms.
    """
    confidence_level = level("confidence_level", confidence_level)
    ends, who, when = _checked(end, event_participant, event_time)
    arm = counts("in_arm", in_arm)
    if arm.shape != ends.shape:
        raise ValueError(f"in_arm must have the shape of end, {ends.shape}, got {arm.shape}")
    refuse("in_arm", "must be 0 or 1", arm, arm > 1)
    times = np.unique(when) if at is None else np.atleast_1d(follow_up("at", at))
    curves = []
    for side in (1, 0):
        position = np.cumsum(arm == side) - 1
        its = arm[who] == side
        curves.append(_Curve.of(ends[arm == side], position[who[its]], when[its], times))
    known = (curves[0].at_risk > 0) & (curves[1].at_risk > 0)
    means = [np.where(known, curve.mean, np.nan) for curve in curves]
    error = np.where(known, np.hypot(curves[0].error, curves[1].error), np.nan)
    warning = no_warning(len(times))
    warning[(curves[0].error <= ROUNDING) | (curves[1].error <= ROUNDING)] = NO_VARIANCE_IN_ARM
    warning[~known] = NOBODY_LEFT
    for side, text in ((1, EMPTY_ARM), (0, EMPTY_REFERENCE)):
        if not (arm == side).any():
            warning[:] = text
    difference = means[0] - means[1]
    reach = float(ndtri((1 + confidence_level) / 2)) * error
    return MeanCumulativeDifference(
        times,
        means[0],
        means[1],
        difference,
        error,
        difference - reach,
        difference + reach,
        confidence_level,
        warning,
    )


@dataclass(frozen=True, slots=True)
class _Curve:
    """One group at these times, each shape (m,)."""

    at_risk: IntArray
    events: IntArray
    mean: FloatArray
    error: FloatArray

    @classmethod
    def of(cls, ends: FloatArray, who: IntArray, when: FloatArray, times: FloatArray) -> _Curve:
        """The sums run over all event times of the group; they are read at `times`, shape (m,), in any order."""
        steps = np.unique(when)
        at_risk = len(ends) - np.searchsorted(np.sort(ends), steps)
        step = np.searchsorted(steps, when)
        events = np.bincount(step, minlength=len(steps))
        share = events / np.maximum(at_risk, 1)
        mean = np.concatenate(([0.0], np.cumsum(share)))
        # What a participant adds up to a time: own events ÷ at risk there, less the expected while followed. The square
        # of a difference of two running sums, in blocks of participants.
        expected = np.concatenate(([0.0], np.cumsum(share / np.maximum(at_risk, 1))))
        last = np.searchsorted(steps, ends, side="right")
        variance = np.zeros(len(steps) + 1)
        block = max(1, MOST_CELLS // (len(steps) + 1))
        order = np.argsort(who, kind="stable")
        for begin in range(0, len(ends), block):
            size = min(block, len(ends) - begin)
            first, after = np.searchsorted(who[order], [begin, begin + size])
            mine = order[first:after]
            added = np.zeros((size, len(steps) + 1))
            np.add.at(added, (who[mine] - begin, step[mine] + 1), 1 / at_risk[step[mine]])
            added = np.cumsum(added, axis=1)
            until = np.minimum(np.arange(len(steps) + 1), last[begin : begin + size, None])
            variance += np.sum((added - expected[until]) ** 2, axis=0)
        read = np.searchsorted(steps, times, side="right")
        came = np.searchsorted(np.sort(when), times, side="right") - np.searchsorted(np.sort(when), times)
        left = len(ends) - np.searchsorted(np.sort(ends), times)
        return cls(left, came, mean[read], np.sqrt(variance[read]))


def _checked(
    end: ArrayLike, event_participant: ArrayLike, event_time: ArrayLike
) -> tuple[FloatArray, IntArray, FloatArray]:
    ends, who = follow_up("end", end), counts("event_participant", event_participant)
    when = follow_up("event_time", event_time)
    if ends.ndim != 1 or who.ndim != 1 or who.shape != when.shape:
        raise ValueError(
            f"end must have shape (N,), event_participant and event_time shape (n,), got {ends.shape}, {who.shape} "
            f"and {when.shape}"
        )
    refuse("event_participant", "must be a position in end", who, who >= len(ends))
    refuse("event_time", "must be > 0", when, when <= 0)
    refuse("event_time", "must not be after the end of its participant", when, when > ends[who])
    return ends, who, when
