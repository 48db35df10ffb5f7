"""Share without the event over time, and how many are at risk.

Method, sources and differences between programs: docs/methods/kaplan-meier.md.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.event_times import (
    each_arm,
    event_times,
    normal_quantile,
    rising,
    risk,
    rows_at,
    since_row_before,
    stacked,
    step,
    zero_events_limit,
)
from pvtracker.stats.inputs import Labels, no_warning
from pvtracker.stats.results import FloatArray
from pvtracker.stats.survival_results import AtRisk, EventFree

Interval = Literal["log-log", "plain"]
NO_EVENT_YET = "no event up to this time: the limits are exact, from those still followed"
NONE_LEFT = "all who were at risk had the event: the variance does not exist"
NONE_OBSERVED = "nobody is observed so long: the estimate is not known"


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    arm: Labels | None = None,
    at: ArrayLike | None = None,
    interval: Interval = "log-log",
    confidence_level: float = 0.95,
) -> EventFree:
    """Kaplan and Meier's share of participants without the event, with Greenwood's variance and limits.

    time: from the start to the event or to the end of observation, ≥ 0, shape (N,) or one number for all. event: 1 had
    the event, 0 was censored, 2 died before; a death is taken as censoring here. arm: label of each participant.
    at: rows at these times (rising) rather than at all times of the arm. interval: limits on the scale log(-log) or
    plain, cut to [0, 1].

    Who is censored at a time is at risk of an event at that time. No event yet: limits of Clopper and
    Pearson from those still followed, and a warning. Beyond the last time of an arm the estimate is nan unless it has
    reached 0. ValueError for values that cannot be.

    Source: Kaplan & Meier (1958) J Am Stat Assoc 53:457-481; Greenwood (1926); limits: Kalbfleisch & Prentice.
    """
    if interval not in get_args(Interval):
        raise ValueError(f"interval must be one of {', '.join(get_args(Interval))}, got {interval!r}")
    z = normal_quantile(confidence_level)
    end, what = event_times(time, event)
    moments = None if at is None else rising("at", at)
    columns: list[list[np.ndarray]] = []
    for name, own_time, own_event in each_arm(end, what, arm):
        table = risk(own_time, own_event)
        share, relative = event_free(table.at_risk, table.events)
        when, up_to, at_risk = rows_at(table, moments)
        estimate, spread = step(share, up_to, 1.0), step(relative, up_to, 0.0)
        warning = no_warning(len(when))
        warning[estimate == 1] = NO_EVENT_YET
        warning[estimate == 0] = NONE_LEFT
        unknown = (when > table.time[-1]) & (estimate > 0)
        warning[unknown], estimate[unknown] = NONE_OBSERVED, np.nan
        with np.errstate(invalid="ignore"):
            variance = estimate**2 * spread
        low, high = limits(estimate, variance, z, interval)
        none = estimate == 1
        low[none], high[none] = zero_events_limit(at_risk[none], confidence_level), 1.0
        counted = (since_row_before(each, up_to) for each in (table.events, table.censored + table.deaths))
        names = np.full(len(when), name, dtype=object)
        columns.append([names, when, at_risk, *counted, estimate, variance, low, high, warning])
    return EventFree(*[*stacked(columns, 10), interval, confidence_level])


def participants_at_risk(
    time: ArrayLike, event: ArrayLike, at: ArrayLike, *, arm: Labels | None = None
) -> AtRisk:
    """Participants still at risk just before each time, and events, deaths and censorings up to and including it.

    time, event, arm: as for `kaplan_meier`. at: times, rising, shape (n,) or one number. Who is censored or has the
    event at a time is at risk just before it, and counted as censored or as event there. ValueError for values that
    cannot be.

    Derived from the definition.
    """
    end, what = event_times(time, event)
    moments = rising("at", at)
    columns: list[list[np.ndarray]] = []
    for name, own_time, own_event in each_arm(end, what, arm):
        at_risk = len(own_time) - np.searchsorted(np.sort(own_time), moments, side="left")
        events, deaths, censored = (
            np.searchsorted(np.sort(own_time[own_event == kind]), moments, side="right") for kind in (1, 2, 0)
        )
        names = np.full(len(moments), name, dtype=object)
        columns.append([names, moments, at_risk, events, deaths, censored])
    return AtRisk(*stacked(columns, 6))


def event_free(at_risk: np.ndarray, failures: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Share left after each time, and Greenwood's sum: the variance is share² times it (inf where all failed)."""
    left = at_risk - failures
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.where(failures > 0, failures / (at_risk * left.astype(float)), 0.0)
    return np.cumprod(left / at_risk), np.cumsum(term)


def limits(
    estimate: FloatArray, variance: FloatArray, z: float, interval: Interval
) -> tuple[FloatArray, FloatArray]:
    """Limits of a share, nan where the variance is 0 or does not exist."""
    usable = variance > 0
    low, high = np.full((2, len(estimate)), np.nan)
    share, reach = estimate[usable], z * np.sqrt(variance[usable])
    if interval == "plain":
        low[usable], high[usable] = np.maximum(share - reach, 0), np.minimum(share + reach, 1)
    else:
        factor = np.exp(reach / (share * -np.log(share)))
        low[usable], high[usable] = share**factor, share ** (1 / factor)
    return low, high
