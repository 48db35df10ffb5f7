"""Change over time: the least-squares line of each participant, and the mean slopes of arms compared.

Definitions, sources and differences between programs: docs/methods/slopes.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.inputs import Labels, level, no_warning, refuse
from pvtracker.stats.laboratory_results import ParticipantSlopes, SlopeDifference
from pvtracker.stats.results import FloatArray, IntArray, TextArray
from pvtracker.stats.two_samples import Moments, moments, welch
from pvtracker.stats.values import labels, long_numbers, same_size

ONE_TIME = "no slope: fewer than two values at different times"
TWO_VALUES = "no standard error: a line through two values"
FEW_SLOPES = "no interval: fewer than two participants with a slope in the arm or in the reference"
ROUNDING = (
    1e-12  # a rise below this share of the participant's largest value is none, and no spread of slopes
)
NO_SPREAD = "no interval: the slopes of both arms have no spread"


def participant_slopes(participant: Labels, time: ArrayLike, value: ArrayLike) -> ParticipantSlopes:
    """The least-squares line through the values of each participant: slope, its standard error, value at time 0.

    participant, time, value: one entry for each value, shape (values,); an entry with nan in time or value is left out.
    Two values at different times make a slope, three make a standard error; otherwise nan and a warning. The slope is
    in units of value per unit of time. ValueError for what cannot be.

    Source: derived from the definition of least squares; as a summary of serial measurements: Matthews et al. (1990)
    BMJ 300:230-235.
    """
    who, number, t, y = _values(participant, time, value)
    return _lines(who, number, t, y)


def slope_difference(
    participant: Labels,
    time: ArrayLike,
    value: ArrayLike,
    arm: Labels,
    *,
    reference: str,
    confidence_level: float = 0.95,
) -> SlopeDifference:
    """Mean slope of each arm's participants, and its difference to the reference's with Welch's interval and p.

    Values as for `participant_slopes`; arm: the participant's arm, at each value. Each participant's slope counts
    alike, however many values it rests on; who has none is not counted. One row for each arm, the reference without a
    difference. ValueError for a participant in two arms, a reference that is no arm, or what cannot be.

    reference: label of the arm with which the others are compared.

    Source: Matthews et al. (1990) BMJ 300:230-235 (summary measures); Welch BL (1947) Biometrika 34:28-35.
    """
    confidence_level = level("confidence_level", confidence_level)
    who, number, t, y = _values(participant, time, value)
    groups = labels("arm", arm)
    people = labels("participant", participant)
    groups, people = same_size(arm=groups, participant=people)
    arm_of = _one_arm(people, groups)
    lines = _lines(who, number, t, y)
    slopes: dict[str, FloatArray] = {}
    rounding: dict[str, float] = {}
    of_each = _rounding(number, t, y, len(who))
    own = np.array([arm_of[person] for person in who.tolist()], dtype=object)
    for name in dict.fromkeys(groups.tolist()):
        chosen = lines.slope[own == name]
        slopes[name] = chosen[~np.isnan(chosen)]
        rounding[name] = float(of_each[(own == name) & ~np.isnan(lines.slope)].max(initial=0.0))
    if reference not in slopes:
        raise ValueError(f"reference must be one of the arms {', '.join(slopes)}, got {reference!r}")
    return _compared(slopes, rounding, reference, confidence_level)


def _values(
    participant: Labels, time: ArrayLike, value: ArrayLike
) -> tuple[TextArray, IntArray, FloatArray, FloatArray]:
    """All participants, and of each value that is known: number of the participant, time, value."""
    people, t, y = same_size(
        participant=labels("participant", participant),
        time=long_numbers("time", time),
        value=long_numbers("value", value),
    )
    for name, array in (("time", t), ("value", y)):
        refuse(name, "must be finite or nan", array, np.isinf(array))
    places = {name: place for place, name in enumerate(dict.fromkeys(people.tolist()))}
    number = np.array([places[name] for name in people.tolist()], dtype=np.int64)
    known = ~(np.isnan(t) | np.isnan(y))
    return np.array(list(places), dtype=object), number[known], t[known], y[known]


def _lines(who: TextArray, number: IntArray, t: FloatArray, y: FloatArray) -> ParticipantSlopes:
    size = len(who)

    def sums(weights: FloatArray) -> FloatArray:
        total: FloatArray = np.bincount(number, weights=weights, minlength=size).astype(np.float64)
        return total

    n = np.bincount(number, minlength=size).astype(np.int64)
    some = np.maximum(n, 1)
    mean_t, mean_y = sums(t) / some, sums(y) / some
    dt, dy = t - mean_t[number], y - mean_y[number]
    square = sums(dt * dt)
    first = np.full(size, np.inf)
    last = np.full(size, -np.inf)
    np.minimum.at(first, number, t)
    np.maximum.at(last, number, t)
    line = (n >= 2) & (first < last)
    divisor = np.where(line, square, 1.0)
    slope = np.where(line, sums(dt * dy) / divisor, np.nan)
    slope[line & (np.abs(slope) <= _rounding(number, t, y, size))] = 0.0
    left = sums((dy - np.nan_to_num(slope)[number] * dt) ** 2)
    error = np.where(line & (n >= 3), np.sqrt(left / np.maximum(n - 2, 1) / divisor), np.nan)
    warning = no_warning(size)
    warning[line & (n < 3)] = TWO_VALUES
    warning[~line] = ONE_TIME
    return ParticipantSlopes(who, n, slope, mean_y - slope * mean_t, error, warning)


def _rounding(number: IntArray, t: FloatArray, y: FloatArray, size: int) -> FloatArray:
    """A slope below this is level, but for rounding of the values."""
    first, last, largest = np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size)
    np.minimum.at(first, number, t)
    np.maximum.at(last, number, t)
    np.maximum.at(largest, number, np.abs(y))
    return np.where(last > first, ROUNDING * largest / np.where(last > first, last - first, 1.0), 0.0)


def _one_arm(people: TextArray, groups: TextArray) -> dict[str, str]:
    arm_of: dict[str, str] = {}
    for person, group in zip(people.tolist(), groups.tolist(), strict=True):
        if arm_of.setdefault(person, group) != group:
            raise ValueError(
                f"participant {person!r} must be in one arm, got {arm_of[person]!r} and {group!r}"
            )
    return arm_of


def _compared(
    slopes: dict[str, FloatArray], rounding: dict[str, float], reference: str, confidence_level: float
) -> SlopeDifference:
    arms = list(slopes)
    every = [slopes[name] for name in arms]
    group = np.repeat(np.arange(len(arms)), [len(one) for one in every])
    by_arm = moments(group, np.concatenate(every), len(arms))
    by_arm.sd[by_arm.sd <= np.array([rounding[name] for name in arms])] = 0.0
    place = arms.index(reference)
    other = np.arange(len(arms)) != place
    ref = Moments(*(np.full(len(arms), of[place]) for of in (by_arm.n, by_arm.mean, by_arm.sd)))
    found = welch(by_arm, ref, confidence_level)
    still = (by_arm.sd == 0) & (ref.sd == 0)
    none = ~other | still
    warning = no_warning(len(arms))
    warning[other & ((by_arm.n < 2) | (ref.n < 2))] = FEW_SLOPES
    warning[other & still] = NO_SPREAD
    low, high, p, degrees = (
        np.where(none, np.nan, one) for one in (found.low, found.high, found.p, found.degrees)
    )
    return SlopeDifference(
        arm=np.array(arms, dtype=object),
        participants=by_arm.n.astype(np.int64),
        mean=by_arm.mean,
        sd=by_arm.sd,
        difference=np.where(other, found.difference, np.nan),
        low=low,
        high=high,
        p=p,
        degrees=degrees,
        confidence_level=confidence_level,
        warning=warning,
    )
