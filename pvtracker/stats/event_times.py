"""Times to the first event: checks of what is given, and how many are at risk and have the event at each time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from pvtracker.stats.inputs import Labels, counts, level, numbers, refuse, same_length
from pvtracker.stats.results import FloatArray, IntArray, TextArray

CENSORED, EVENT, DEATH = 0, 1, 2
LONGEST = 1e12  # in any unit: squares of times stay finite
ALL = "all"  # the arm where none is named


@dataclass(frozen=True, slots=True)
class Risk:
    """At each distinct time of one arm, rising: at risk just before it, and what happened at it; shapes (times,)."""

    time: FloatArray
    at_risk: IntArray
    events: IntArray
    deaths: IntArray
    censored: IntArray


def event_times(time: ArrayLike, event: ArrayLike) -> tuple[FloatArray, IntArray]:
    """Time to the event or to the end of observation, and which it was, both of shape (N,)."""
    end, what = times("time", time), counts("event", _whole(event))
    refuse("event", "must be 0 (censored), 1 (event) or 2 (death)", what, what > DEATH)
    size = same_length(time=end, event=what)
    return np.broadcast_to(end, size), np.broadcast_to(what, size)


def times(name: str, value: ArrayLike) -> FloatArray:
    """The value as times from the start, scalar or shape (n,)."""
    array = numbers(name, value)
    refuse(name, "must be finite", array, ~np.isfinite(array))
    refuse(name, "must be ≥ 0", array, array < 0)
    refuse(name, f"must be ≤ {LONGEST:g}", array, array > LONGEST)
    return array


def groups(name: str, value: Labels | None, size: int) -> tuple[TextArray, IntArray]:
    """Names of the groups in their order, and that of each participant as a number from 0, shape (size,)."""
    if value is None:
        return np.array([ALL], dtype=object), np.zeros(size, dtype=np.int64)
    labels = np.asarray(value)
    if labels.ndim == 0:
        labels = np.broadcast_to(labels, size)
    if labels.shape != (size,):
        raise ValueError(f"{name} must label every participant, got shape {labels.shape} for {size}")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(f"{name} must label every participant, got nan")
    if labels.dtype.kind == "O":
        labels = labels.astype(str)
    names, index = np.unique(labels, return_inverse=True)
    return np.array([str(one) for one in names], dtype=object), index.reshape(-1).astype(np.int64)


def _whole(value: ArrayLike) -> np.ndarray:
    """True and false as 1 and 0; anything else as it is."""
    array = np.asarray(value)
    return array.astype(np.int64) if array.dtype.kind == "b" else array


def in_two_arms(in_arm: ArrayLike, size: int) -> IntArray:
    """1 for a participant of the arm, 0 for one of the reference, shape (size,)."""
    arm = counts("in_arm", _whole(in_arm))
    refuse("in_arm", "must be 0 or 1", arm, arm > 1)
    if arm.ndim == 1 and len(arm) != size:
        raise ValueError(f"in_arm must name the arm of every participant, got {len(arm)} for {size}")
    return np.broadcast_to(arm, size)


def risk(time: FloatArray, event: IntArray) -> Risk:
    """The table of one arm. A participant is at risk up to and including the own time."""
    distinct, place = np.unique(time, return_inverse=True)
    events, deaths, censored = (
        np.bincount(place[event == what], minlength=len(distinct)) for what in (EVENT, DEATH, CENSORED)
    )
    left = events + deaths + censored
    at_risk = left[::-1].cumsum()[::-1]
    return Risk(distinct, at_risk, events, deaths, censored)


def each_arm(
    time: FloatArray, event: IntArray, arm: Labels | None
) -> Iterator[tuple[str, FloatArray, IntArray]]:
    """Name, times and events of each arm, in the order of the names."""
    names, index = groups("arm", arm, len(time))
    order = np.argsort(index, kind="stable")
    ends = np.cumsum(np.bincount(index, minlength=len(names)))
    for name, members in zip(names, np.split(order, ends[:-1]), strict=True):
        if len(members):
            yield name, time[members], event[members]


def normal_quantile(confidence_level: float) -> float:
    """How many standard errors a two-sided interval reaches to each side."""
    return float(-ndtri((1 - level("confidence_level", confidence_level)) / 2))


def zero_events_limit(followed: IntArray, confidence_level: float) -> FloatArray:
    """Lower limit of the share without the event where none of those followed so long had it: Clopper and Pearson's,
    (α/2)^(1/n)."""
    n = np.asarray(followed, dtype=np.float64)
    return np.where(n > 0, ((1 - confidence_level) / 2) ** (1 / np.maximum(n, 1.0)), 0.0)


def rows_at(table: Risk, at: FloatArray | None) -> tuple[FloatArray, IntArray, IntArray]:
    """Times of the rows; for each the number of distinct times up to and including it; participants at risk."""
    if at is None:
        return table.time, np.arange(1, len(table.time) + 1), table.at_risk
    up_to = np.searchsorted(table.time, at, side="right")
    before = np.searchsorted(table.time, at, side="left")
    return at, up_to, np.append(table.at_risk, 0)[before]


def step(values: FloatArray, up_to: IntArray, start: float) -> FloatArray:
    """Value of a step function after that many of its steps; `start` before the first."""
    return np.concatenate([[start], values])[up_to]


def since_row_before(each: IntArray, up_to: IntArray) -> IntArray:
    """What was counted at each distinct time, summed from row to row."""
    total = np.concatenate([[0], each.cumsum()])[up_to]
    return np.diff(total, prepend=0)


def stacked(arms: Sequence[Sequence[np.ndarray]], columns: int) -> list[Any]:
    """The columns of all arms, one under the other."""
    return [
        np.concatenate([arm[column] for arm in arms]) if arms else np.array([]) for column in range(columns)
    ]


def rising(name: str, at: ArrayLike) -> FloatArray:
    """Times in rising order, shape (n,); a number is a list of one."""
    array = np.atleast_1d(times(name, at))
    if (np.diff(array) <= 0).any():
        raise ValueError(f"{name} must rise, got {array[1:][np.diff(array) <= 0][0]:g} after a time as late")
    return array
