"""Events per year within each period of the trial, in two arms, with exact limits and ratios.

Method, sources and differences between programs: docs/methods/hazard-by-period.md.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.event_times import EVENT, LONGEST, event_times, in_two_arms
from pvtracker.stats.inputs import Labels, refuse
from pvtracker.stats.rates import incidence_rate_exact, rate_ratio_exact
from pvtracker.stats.results import BoolArray, FloatArray, TextArray
from pvtracker.stats.survival_results import PeriodHazards

SHORTEST_YEAR, LONGEST_YEAR = 1e-6, 1e6


def hazard_by_period(
    time: ArrayLike,
    event: ArrayLike,
    in_arm: ArrayLike,
    starts: ArrayLike,
    *,
    period: Labels | None = None,
    units_per_year: float = 1.0,
    confidence_level: float = 0.95,
) -> PeriodHazards:
    """First events per year within each period, by arm with exact limits, and the exact ratio of each period.

    time: from the start to the event or to the end of observation, ≥ 0, shape (N,) or one number for all. event: 1 had
    the event, 0 was censored, 2 died before. in_arm: 1 for participants of the arm, 0 for the reference. starts: when
    each period begins, rising, shape (periods,), or (N, periods) where the participants' own times differ (nan: never
    began it). period: names of the periods. units_per_year: 365.25 where times are days.

    A period lasts until the next one begins, the last one for ever; time before the first is in none. An event at the
    very start of a period belongs to it. Rates are constant within a period and free between them (piecewise
    exponential). A period without follow-up in an arm: nan and a warning. ValueError for values that cannot be.

    Source: limits as in `incidence_rate_exact` and `rate_ratio_exact`; the splitting is derived from the definition.
    """
    end, what = event_times(time, event)
    arm = in_two_arms(in_arm, len(end))
    if not SHORTEST_YEAR <= units_per_year <= LONGEST_YEAR:
        raise ValueError(
            f"units_per_year must lie between {SHORTEST_YEAR:g} and {LONGEST_YEAR:g}, got {units_per_year}"
        )
    begin, until = _spans(starts, len(end))
    names = _names(period, begin, own=np.ndim(starts) == 2)
    inside = (end[:, None] >= begin) & (end[:, None] < until)
    came = inside & (what == EVENT)[:, None]
    with np.errstate(invalid="ignore"):
        spent = np.minimum(end[:, None], until) - begin
    spent = np.where(np.isnan(spent), 0.0, np.maximum(spent, 0.0)) / units_per_year
    columns: list[Any] = [names]
    counted: list[FloatArray] = []
    for one in (1, 0):
        members = arm == one
        entered = ((spent > 0) | came)[members].sum(axis=0)
        events, years = came[members].sum(axis=0), spent[members].sum(axis=0)
        rate = incidence_rate_exact(events, years, confidence_level=confidence_level)
        columns += [entered, events, years, rate.estimate, rate.low, rate.high]
        counted += [events, years]
    ratio = rate_ratio_exact(*counted, confidence_level=confidence_level)
    columns += [ratio.estimate, ratio.low, ratio.high, ratio.p, ratio.warning, confidence_level]
    return PeriodHazards(*columns)


def _spans(starts: ArrayLike, people: int) -> tuple[FloatArray, FloatArray]:
    """When each period begins and ends, shape (people or 1, periods)."""
    array = np.asarray(starts)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"starts must hold numbers, got {array.dtype} values")
    begin = np.atleast_2d(array.astype(float))
    if begin.ndim > 2 or (array.ndim == 2 and len(array) != people):
        raise ValueError(f"starts must have shape (periods,) or ({people}, periods), got {array.shape}")
    missing: BoolArray = np.isnan(begin)
    if array.ndim < 2:
        refuse("starts", "must not be nan for all participants", begin, missing)
    refuse("starts", "must be ≥ 0", begin, begin < 0)
    refuse("starts", f"must be ≤ {LONGEST:g}", begin, begin > LONGEST)
    # The next start that is there: the smallest of all later ones, since they rise.
    later = np.where(missing, np.inf, begin)
    least = np.minimum.accumulate(later[:, ::-1], axis=1)[:, ::-1]
    until = np.hstack([least[:, 1:], np.full((len(begin), 1), np.inf)])
    refuse("starts", "must rise", begin, ~missing & (begin >= until))
    return begin, until


def _names(period: Labels | None, begin: FloatArray, *, own: bool) -> TextArray:
    periods = begin.shape[1]
    if period is None:
        return np.array(
            [f"{n + 1}" if own else f"from {begin[0, n]:g}" for n in range(periods)], dtype=object
        )
    labels = np.atleast_1d(np.asarray(period))
    if labels.shape != (periods,):
        raise ValueError(f"period must name each of the {periods} periods, got shape {labels.shape}")
    return np.array([str(one) for one in labels], dtype=object)
