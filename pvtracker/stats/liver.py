"""Liver tests of a trial: eDISH, and who meets the laboratory part of Hy's law.

Definitions, sources and differences between programs: docs/methods/edish.md.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.inputs import Labels, no_warning, refuse
from pvtracker.stats.laboratory_results import Edish, HysLawCases
from pvtracker.stats.results import BoolArray, FloatArray, IntArray, TextArray
from pvtracker.stats.values import labels, long_numbers, same_size

TRANSAMINASES = ("ALT", "AST")
BILIRUBIN = "BILI"
ALKALINE_PHOSPHATASE = "ALP"
LIVER_TESTS = (*TRANSAMINASES, BILIRUBIN, ALKALINE_PHOSPHATASE)
# By the two peaks: transaminase reached its limit or not, bilirubin exceeded its own or not.
QUADRANTS = {
    (True, True): "Hy’s law quadrant",
    (True, False): "Temple’s corollary",
    (False, True): "hyperbilirubinaemia",
    (False, False): "below both",
}
NOT_BOTH = "no peak: transaminase and bilirubin were not both measured"
NO_ALP = "alkaline phosphatase was not measured within the window up to the rise of the transaminase"

Order = Literal["after", "either"]


def edish(
    participant: Labels,
    analyte: Labels,
    day: ArrayLike,
    times_uln: ArrayLike,
    *,
    transaminase: float = 3.0,
    bilirubin: float = 2.0,
    alkaline_phosphatase: float | None = 2.0,
    window_days: float = 30.0,
    order: Order = "after",
) -> Edish:
    """Peak of ALT or AST and peak of total bilirubin of each participant, as multiples of the upper limit of normal.

    One entry for each value after first exposure, shape (values,): participant; analyte ALT, AST, BILI (total
    bilirubin) or ALP; day, nan when unknown; times_uln = value ÷ upper limit of normal, > 0 or nan.

    The quadrant is that of the peaks: transaminase ≥ `transaminase` and bilirubin > `bilirubin` is Hy's law quadrant,
    the first alone Temple's corollary, the second alone hyperbilirubinaemia. `case`, the options: see `hys_law_cases`.
    Without a value of both kinds there is no quadrant, and a warning. ValueError for what cannot be.

    participant: label of the participant. analyte: ALT, AST, BILI (total bilirubin) or ALP. day: day of the value, nan
    when unknown. times_uln: value ÷ upper limit of normal, > 0 or nan.

    Source: FDA (2009) Guidance for Industry, Drug-Induced Liver Injury: Premarketing Clinical Evaluation; Watkins et
    al. (2011) Drug Saf 34:243-252.
    """
    data = _data(participant, analyte, day, times_uln)
    _check(transaminase, bilirubin, alkaline_phosphatase, window_days, order)
    who = data.who
    at, at_day = _peaks(data, np.isin(data.analyte, TRANSAMINASES))
    bili, bili_day = _peaks(data, data.analyte == BILIRUBIN)
    alp, _ = _peaks(data, data.analyte == ALKALINE_PHOSPHATASE)
    both = ~(np.isnan(at) | np.isnan(bili))
    warning = no_warning(len(who))
    warning[~both] = NOT_BOTH
    quadrant = np.full(len(who), "", dtype=object)
    quadrant[both] = [
        QUADRANTS[bool(high), bool(jaundiced)]
        for high, jaundiced in zip(at[both] >= transaminase, bili[both] > bilirubin, strict=True)
    ]
    cases = _cases(data, transaminase, bilirubin, alkaline_phosphatase, window_days, order)
    case = np.isin(np.arange(len(who)), list(cases))
    return Edish(who, at, at_day, bili, bili_day, alp, quadrant, case, warning)


def hys_law_cases(
    participant: Labels,
    analyte: Labels,
    day: ArrayLike,
    times_uln: ArrayLike,
    *,
    transaminase: float = 3.0,
    bilirubin: float = 2.0,
    alkaline_phosphatase: float | None = 2.0,
    window_days: float = 30.0,
    order: Order = "after",
) -> HysLawCases:
    """Participants with ALT or AST ≥ 3 times and total bilirubin > 2 times the upper limit of normal within a window.

    Values as for `edish`. A pair counts when bilirubin is above `bilirubin` on the day on which a transaminase is at
    or above `transaminase`, or up to `window_days` later (`order` "after"), or as long before, too ("either"); unless
    that day's alkaline phosphatase is at or above `alkaline_phosphatase` (none: not asked), the last one measured in
    the window up to that day; where none was, the pair counts, with a warning. The first pair is told. Values of
    unknown day make no pair. That no other cause explains it, the third part of Hy's law, is for a physician.

    transaminase: multiple of the upper limit that ALT or AST reaches. bilirubin: multiple that total bilirubin
    exceeds. alkaline_phosphatase: multiple from which a pair does not count; none: not asked. window_days: days
    from the transaminase to the bilirubin at most. order: bilirubin on or "after" the day of the transaminase, or
    "either" way.

    Source: FDA (2009) Guidance for Industry, Drug-Induced Liver Injury: Premarketing Clinical Evaluation. The window
    and the reading of "initial" alkaline phosphatase are ours.
    """
    data = _data(participant, analyte, day, times_uln)
    _check(transaminase, bilirubin, alkaline_phosphatase, window_days, order)
    found = _cases(data, transaminase, bilirubin, alkaline_phosphatase, window_days, order)
    rows = np.array([found[index] for index in sorted(found)], dtype=float).reshape(-1, 5)
    warning = no_warning(len(rows))
    if alkaline_phosphatase is not None:
        warning[np.isnan(rows[:, 4])] = NO_ALP
    at_day, at, bili_day, bili, alp = rows.T
    return HysLawCases(data.who[sorted(found)], at_day, at, bili_day, bili, alp, warning)


@dataclass(frozen=True, slots=True)
class _Data:
    """The values, with participants by number in the order in which they come first."""

    who: TextArray
    number: IntArray
    analyte: TextArray
    day: FloatArray
    times: FloatArray


def _data(participant: Labels, analyte: Labels, day: ArrayLike, times_uln: ArrayLike) -> _Data:
    people, tests = labels("participant", participant), labels("analyte", analyte)
    days, times = long_numbers("day", day), long_numbers("times_uln", times_uln)
    people, tests, days, times = same_size(participant=people, analyte=tests, day=days, times_uln=times)
    unknown = sorted(set(tests.tolist()) - set(LIVER_TESTS))
    if unknown:
        raise ValueError(f"analyte must be one of {', '.join(LIVER_TESTS)}, got {unknown[0]!r}")
    refuse("day", "must be finite or nan", days, np.isinf(days))
    refuse("times_uln", "must be > 0 and finite, or nan", times, (times <= 0) | np.isinf(times))
    places = {name: place for place, name in enumerate(dict.fromkeys(people.tolist()))}
    number = np.array([places[name] for name in people.tolist()], dtype=np.int64)
    return _Data(np.array(list(places), dtype=object), number, tests, days, times)


def _check(
    transaminase: float, bilirubin: float, alkaline_phosphatase: float | None, window_days: float, order: str
) -> None:
    limits = {
        "transaminase": transaminase,
        "bilirubin": bilirubin,
        "alkaline_phosphatase": 1.0 if alkaline_phosphatase is None else alkaline_phosphatase,
    }
    for name, value in limits.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be > 0 and finite, got {value}")
    if not window_days >= 0:
        raise ValueError(f"window_days must be ≥ 0, got {window_days}")
    if order not in ("after", "either"):
        raise ValueError(f"order must be after or either, got {order!r}")


def _peaks(data: _Data, chosen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """The highest of the chosen values of each participant, and the first day on which it was reached."""
    peak, when = np.full(len(data.who), np.nan), np.full(len(data.who), np.nan)
    rows = np.flatnonzero(chosen & ~np.isnan(data.times))
    order = rows[np.lexsort((data.day[rows], -data.times[rows], data.number[rows]))]
    first = order[np.flatnonzero(np.diff(data.number[order], prepend=-1))]
    peak[data.number[first]], when[data.number[first]] = data.times[first], data.day[first]
    return peak, when


def _cases(
    data: _Data,
    transaminase: float,
    bilirubin: float,
    alkaline_phosphatase: float | None,
    window: float,
    order: str,
) -> dict[int, tuple[float, float, float, float, float]]:
    """By participant's number the first pair: day and height of the transaminase, of bilirubin, and alkaline
    phosphatase. Few values are that high: the loops are short."""
    known = ~(np.isnan(data.day) | np.isnan(data.times))
    high = known & np.isin(data.analyte, TRANSAMINASES) & (data.times >= transaminase)
    jaundiced = known & (data.analyte == BILIRUBIN) & (data.times > bilirubin)
    both = np.intersect1d(data.number[high], data.number[jaundiced])
    result = {}
    for person in both.tolist():
        own = data.number == person
        alp = own & known & (data.analyte == ALKALINE_PHOSPHATASE)
        for row in _by_day(data, own & high):
            start = data.day[row]
            level = _latest(data, alp, start - window, start)
            if alkaline_phosphatase is not None and level >= alkaline_phosphatase:
                continue
            since = data.day - start
            near = own & jaundiced & (since <= window) & (since >= (0 if order == "after" else -window))
            pairs = _by_day(data, near)
            if len(pairs):
                first = pairs[0]
                result[person] = (start, data.times[row], data.day[first], data.times[first], level)
                break
    return result


def _by_day(data: _Data, chosen: BoolArray) -> IntArray:
    """The chosen values by day, the highest of a day first."""
    rows = np.flatnonzero(chosen)
    return rows[np.lexsort((-data.times[rows], data.day[rows]))]


def _latest(data: _Data, chosen: BoolArray, start: float, end: float) -> float:
    """The last of the chosen values between two days, the highest of that day; nan when there is none."""
    rows = np.flatnonzero(chosen & (data.day >= start) & (data.day <= end))
    if not len(rows):
        return float("nan")
    return float(data.times[rows[data.day[rows] == data.day[rows].max()]].max())
