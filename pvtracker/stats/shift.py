"""Shift from baseline to worst value, and worst grade, by arm: participants are counted, each once.

Definitions and differences between programs: docs/methods/shift-table.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.inputs import Labels, refuse
from pvtracker.stats.laboratory_results import ShiftTable, WorstGrades
from pvtracker.stats.results import FloatArray, TextArray
from pvtracker.stats.values import labels, long_numbers, same_size

MISSING = "missing"
LOW, NORMAL, HIGH, BOTH = "low", "normal", "high", "low and high"
RANGE = (LOW, NORMAL, HIGH, BOTH)  # the order of the categories by reference range
NO_ARM = "arm must not be empty: leave out participants without an arm"


def range_category(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> TextArray:
    """Each value against its limits of normal: low, normal or high; '' without value, or without any limit.

    value, low, high: shape (n,) or one number for all, nan for none. A value at a limit is normal; with one limit only,
    what is not beyond it is normal. ValueError for limits in the wrong order.
    """
    x, lower, upper = same_size(
        value=long_numbers("value", value), low=long_numbers("low", low), high=long_numbers("high", high)
    )
    refuse("low", "must be ≤ high", lower, lower > upper)
    category = np.full(len(x), "", dtype=object)
    known = ~np.isnan(x) & ~(np.isnan(lower) & np.isnan(upper))
    category[known] = NORMAL
    category[known & (x < lower)] = LOW
    category[known & (x > upper)] = HIGH
    return category


def worst_category(participant: Labels, category: Labels) -> dict[str, str]:
    """The worst range category of each participant over their values: low or high where one value was, "low and high"
    where there were both, else normal; '' where no value has a category.

    participant, category: one entry for each value, as from `range_category`. Who comes first stands first.
    """
    people, found = same_size(
        participant=labels("participant", participant), category=labels("category", category)
    )
    met: dict[str, set[str]] = {}
    for person, one in zip(people.tolist(), found.tolist(), strict=True):
        met.setdefault(person, set()).add(one)
    return {person: _worst(seen) for person, seen in met.items()}


def _worst(seen: set[str]) -> str:
    if LOW in seen and HIGH in seen:
        return BOTH
    return next((one for one in (LOW, HIGH, NORMAL) if one in seen), "")


def shift_table(
    baseline: Labels, worst: Labels, arm: Labels, *, categories: Labels | None = None
) -> ShiftTable:
    """Participants by category at baseline and worst category after it, in each arm.

    baseline, worst, arm: labels of each participant, shape (participants,) or one for all; '' for a category that is
    missing, which becomes the category "missing" of its own. Every pair of categories is a row, with 0 where nobody
    has it. categories: all categories, in order; without them those that occur: low, normal, high, "low and high"
    first, grades by number, others by alphabet. A participant counts once. ValueError for an arm that is '', or a
    category that is not among `categories`.

    Source: derived from the definition.
    """
    before, after, group = same_size(
        baseline=labels("baseline", baseline), worst=labels("worst", worst), arm=labels("arm", arm)
    )
    if (group == "").any():
        raise ValueError(NO_ARM)
    before, after = (np.where(one == "", MISSING, one) for one in (before, after))
    occurring = {*before.tolist(), *after.tolist()} - {MISSING}
    order = sorted(occurring, key=_place) if categories is None else labels("categories", categories).tolist()
    if occurring - set(order):
        raise ValueError(
            f"categories must hold every category, {sorted(occurring - set(order))[0]!r} is not there"
        )
    every = [*(one for one in order if one != MISSING), MISSING]
    arms = list(dict.fromkeys(group.tolist()))
    places = {name: place for place, name in enumerate(every)}
    counted = np.zeros((len(arms), len(every), len(every)), dtype=np.int64)
    where = tuple(
        np.array([known[one] for one in given.tolist()], dtype=np.int64)
        for given, known in (
            (group, {name: place for place, name in enumerate(arms)}),
            (before, places),
            (after, places),
        )
    )
    np.add.at(counted, where, 1)
    shape = counted.shape
    of_baseline = counted.sum(axis=2, keepdims=True)
    return ShiftTable(
        arm=_spread(arms, (len(arms), 1, 1), shape),
        baseline=_spread(every, (1, len(every), 1), shape),
        worst=_spread(every, (1, 1, len(every)), shape),
        participants=counted.reshape(-1),
        measured=np.broadcast_to(counted[:, :, :-1].sum(axis=2, keepdims=True), shape).reshape(-1),
        of_baseline=np.broadcast_to(of_baseline, shape).reshape(-1),
        total=np.broadcast_to(of_baseline.sum(axis=1, keepdims=True), shape).reshape(-1),
    )


def _place(category: str) -> tuple[int, float, str]:
    if category in RANGE:
        return (0, float(RANGE.index(category)), "")
    try:
        return (1, float(category), "")
    except ValueError:
        return (2, 0.0, category)


def _spread(names: list[str], inner: tuple[int, ...], shape: tuple[int, ...]) -> TextArray:
    return np.broadcast_to(np.array(names, dtype=object).reshape(inner), shape).reshape(-1)


def worst_grades(grade: ArrayLike, arm: Labels, *, highest: int = 4) -> WorstGrades:
    """Participants by worst grade in each arm, and how many had a grade or a higher one.

    grade: of each participant the worst grade after baseline, whole numbers from 0 (no grade) to `highest`, nan where
    nothing was measured; shape (participants,). arm: arm of each participant. Every grade is a row. ValueError for
    what cannot be.

    highest: highest grade of the scale.

    Source: derived from the definition. Compare arms with `risk_difference_mn` or `fisher`: at_least of measured.
    """
    worst, group = same_size(grade=long_numbers("grade", grade), arm=labels("arm", arm))
    if (group == "").any():
        raise ValueError(NO_ARM)
    if highest < 1:
        raise ValueError(f"highest must be ≥ 1, got {highest}")
    refuse("grade", "must be whole numbers", worst, ~np.isnan(worst) & (worst != np.floor(worst)))
    refuse("grade", f"must lie from 0 to {highest}", worst, (worst < 0) | (worst > highest))
    arms = list(dict.fromkeys(group.tolist()))
    grades = np.arange(highest + 1)
    counted = np.array([_by_grade(worst[group == name], highest) for name in arms], dtype=np.int64)
    counted = counted.reshape(len(arms), highest + 1)
    measured = counted.sum(axis=1, keepdims=True)
    shape = counted.shape
    total = np.array([int((group == name).sum()) for name in arms], dtype=np.int64).reshape(-1, 1)
    return WorstGrades(
        arm=_spread(arms, (len(arms), 1), shape),
        grade=np.broadcast_to(grades, shape).reshape(-1).astype(np.int64),
        participants=counted.reshape(-1),
        at_least=np.cumsum(counted[:, ::-1], axis=1)[:, ::-1].reshape(-1),
        measured=np.broadcast_to(measured, shape).reshape(-1),
        total=np.broadcast_to(total, shape).reshape(-1),
    )


def _by_grade(worst: FloatArray, highest: int) -> np.ndarray:
    return np.bincount(worst[~np.isnan(worst)].astype(np.int64), minlength=highest + 1)
