"""Repeated measurements of participants: checks of what is given, and the scale on which they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.event_times import groups, in_two_arms
from pvtracker.stats.inputs import Labels, counts, numbers, refuse
from pvtracker.stats.results import FloatArray, IntArray, TextArray

Scale = Literal["as measured", "log10"]
BelowAs = Literal["limit", "half", "root half"]
PART_OF_LIMIT: dict[str, float] = {"limit": 1.0, "half": 0.5, "root half": 0.5**0.5}
LARGEST = 1e12  # of a value or a time: squares stay finite


@dataclass(frozen=True, slots=True)
class Rows:
    """The values that are there, shape (rows,): whose, when, how much, in which arm. Values are on the scale asked for.

    `participants`: their names, in order; `who` is a position in it. `arm_of`: 1 for each participant of the arm.
    """

    participants: TextArray
    arm_of: IntArray
    who: IntArray
    when: FloatArray
    value: FloatArray
    below: IntArray
    given: IntArray  # position of each row in the arguments

    def at(self, which: np.ndarray) -> Rows:
        """Some of the rows, all participants."""
        return Rows(
            self.participants,
            self.arm_of,
            self.who[which],
            self.when[which],
            self.value[which],
            self.below[which],
            self.given[which],
        )


def one_of(name: str, value: str, words: Any) -> None:
    if value not in get_args(words):
        raise ValueError(f"{name} must be {' or '.join(get_args(words))}, got {value!r}")


def rows(
    participant: Labels,
    when: ArrayLike,
    value: ArrayLike,
    in_arm: ArrayLike,
    *,
    name: str,
    scale: Scale,
    below: ArrayLike,
    below_as: BelowAs,
) -> Rows:
    """What was given, without the rows whose value is nan. `name` is what the times are called."""
    one_of("scale", scale, Scale)
    one_of("below_as", below_as, BelowAs)
    measured, times = _limited("value", value), _limited(name, when)
    if measured.ndim != 1 or measured.shape != times.shape:
        raise ValueError(
            f"{name} and value must have one shape (n,), got shapes {times.shape} and {measured.shape}"
        )
    size = len(measured)
    refuse(name, "must be a number", times, np.isnan(times))
    names, who = groups("participant", participant, size)
    arm = in_two_arms(in_arm, size)
    under = np.broadcast_to(zero_or_one("below", below, size), size)
    arm_of = np.zeros(len(names), dtype=np.int64)
    arm_of[who] = arm
    if (arm_of[who] != arm).any():
        raise ValueError(
            f"in_arm must be the same in all rows of a participant, {names[who[arm_of[who] != arm][0]]} has both"
        )
    there = ~np.isnan(measured)
    return Rows(
        names,
        arm_of,
        who[there],
        times[there],
        on_scale(measured, under, scale, below_as)[there],
        under[there],
        np.flatnonzero(there),
    )


def on_scale(
    value: FloatArray, below: IntArray, scale: Scale, below_as: BelowAs, *, name: str = "value"
) -> FloatArray:
    """Values to be compared: those below their limit replaced, then the logarithm where it is asked for."""
    put = np.where(below == 1, PART_OF_LIMIT[below_as], 1.0) * value
    if scale == "as measured":
        return put
    refuse(name, "must be > 0 on the scale log10", value, value <= 0)
    return np.log10(put)


def zero_or_one(name: str, value: ArrayLike, size: int) -> IntArray:
    array = np.asarray(value)
    found = counts(name, array.astype(np.int64) if array.dtype.kind == "b" else array)
    refuse(name, "must be 0 or 1", found, found > 1)
    if found.ndim == 1 and len(found) != size:
        raise ValueError(f"{name} must be given for every value, got {len(found)} for {size}")
    return found


def once_each(of: Rows, name: str) -> None:
    """ValueError where a participant has two values at one time."""
    order = np.lexsort((of.when, of.who))
    again = (np.diff(of.who[order]) == 0) & (np.diff(of.when[order]) == 0)
    if again.any():
        row = order[1:][again][0]
        raise ValueError(
            f"value must be given once for a participant and {name}, {of.participants[of.who[row]]} has two in {name} "
            f"{of.when[row]:g}"
        )


def _limited(name: str, value: ArrayLike) -> FloatArray:
    array = numbers(name, value)
    refuse(name, f"must lie within ±{LARGEST:g}", array, np.abs(array) > LARGEST)
    return array
