"""Share with the event over time while death competes with it.

Method, sources, SAVVY's warning and differences between programs: docs/methods/aalen-johansen.md.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.event_times import (
    Risk,
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
from pvtracker.stats.kaplan_meier import NO_EVENT_YET, NONE_LEFT, NONE_OBSERVED, event_free, limits
from pvtracker.stats.results import FloatArray, IntArray
from pvtracker.stats.survival_results import Incidence

Interval = Literal["complement", "log-log", "plain"]
Variance = Literal["delta", "aalen"]


def aalen_johansen(
    time: ArrayLike,
    event: ArrayLike,
    *,
    arm: Labels | None = None,
    at: ArrayLike | None = None,
    interval: Interval = "complement",
    variance: Variance = "delta",
    confidence_level: float = 0.95,
) -> Incidence:
    """Aalen and Johansen's cumulative incidence of the event with death as competing event, variance and limits.

    time: from the start to the first of event, death and end of observation, ≥ 0, shape (N,) or one number for all.
    event: 1 had the event, 2 died before it, 0 was censored. arm: label of each participant. at: rows at these times
    (rising) rather than at all times of the arm.

    variance: "delta" (delta method, multinomial at each time; Greenwood's where nobody dies) or "aalen" (Aalen's, of
    the counting process, with its correction for ties). interval: log(-log) of the share without the event
    ("complement"; Kaplan–Meier's where nobody dies), of the share itself ("log-log"), or "plain", cut to [0, 1].

    No event yet: limits of Clopper and Pearson from those still followed and alive, and a warning. Beyond the last time
    of an arm the estimate is nan unless all had event or death. ValueError for values that cannot be.

    Source: Aalen & Johansen (1978) Scand J Statist 5:141-150; variances: docs/methods/aalen-johansen.md.
    """
    for name, value, known in (("interval", interval, Interval), ("variance", variance, Variance)):
        if value not in get_args(known):
            raise ValueError(f"{name} must be one of {', '.join(get_args(known))}, got {value!r}")
    z = normal_quantile(confidence_level)
    end, what = event_times(time, event)
    moments = None if at is None else rising("at", at)
    columns: list[list[np.ndarray]] = []
    for arm_name, own_time, own_event in each_arm(end, what, arm):
        table = risk(own_time, own_event)
        curve = competing(table)
        spread = delta_variance(table, curve) if variance == "delta" else _aalen_variance(table, curve)
        when, up_to, at_risk = rows_at(table, moments)
        estimate, spread, alive = (
            step(values, up_to, start)
            for values, start in ((curve.incidence, 0.0), (spread, 0.0), (curve.free, 1.0))
        )
        dead, without_deaths = step(curve.dead, up_to, 0.0), step(curve.one_minus_km, up_to, 0.0)
        warning = no_warning(len(when))
        warning[estimate == 0] = NO_EVENT_YET
        spread[estimate == 1] = np.nan
        warning[(estimate > 0) & ~(spread > 0)] = NONE_LEFT
        unknown = (when > table.time[-1]) & (alive > 0)
        warning[unknown] = NONE_OBSERVED
        for values in (estimate, spread, dead, without_deaths):
            values[unknown] = np.nan
        low, high = _limits(estimate, spread, z, interval)
        none = estimate == 0
        died_now = np.append(table.deaths, 0)[np.searchsorted(table.time, when)] * np.isin(when, table.time)
        low[none], high[none] = 0.0, 1 - zero_events_limit((at_risk - died_now)[none], confidence_level)
        counted = (since_row_before(each, up_to) for each in (table.events, table.deaths, table.censored))
        names = np.full(len(when), arm_name, dtype=object)
        columns.append(
            [names, when, at_risk, *counted, estimate, spread, low, high, dead, without_deaths, warning]
        )
    return Incidence(*[*stacked(columns, 13), interval, variance, confidence_level])


@dataclass(frozen=True, slots=True)
class Competing:
    """After each distinct time: without event or death, with the event, dead before it; `before`: the first just
    before the time. Shapes (times,)."""

    free: FloatArray
    before: FloatArray
    incidence: FloatArray
    dead: FloatArray
    one_minus_km: FloatArray


def competing(table: Risk) -> Competing:
    """The three shares after each distinct time of one arm."""
    free = event_free(table.at_risk, table.events + table.deaths)[0]
    before = np.concatenate([[1.0], free[:-1]])
    dead = np.cumsum(before * table.deaths / table.at_risk)
    incidence = np.cumsum(before * table.events / table.at_risk)
    incidence = np.where(dead == 0, 1 - free, incidence)  # the same but for rounding: 1 is reached exactly
    one_minus_km = 1 - event_free(table.at_risk, table.events)[0]
    return Competing(free, before, incidence, dead, one_minus_km)


def delta_variance(table: Risk, curve: Competing) -> FloatArray:
    """Of the incidence after each time t: sum over times s ≤ t of Var(g₁ events + g₂ deaths) / at_risk², where events
    and deaths are multinomial, g₂ = -(F(t) - F(s)) / (1 - q), g₁ = g₂ + S(s-), and q is the share who fail at s."""
    share = table.events / table.at_risk
    fails = (table.events + table.deaths) / table.at_risk  # 1 exactly where all fail
    survives = np.where(fails < 1, 1 - fails, 1.0)  # where all fail F(t) - F(s) is 0, and so is g₂
    # Var = [g₂² q (1 - q) + 2 g₂ S(s-) e (1 - q) + S(s-)² e (1 - e)] / at_risk, e the share with the event
    square = fails / survives / table.at_risk
    cross = -curve.before * share / table.at_risk
    own = curve.before**2 * share * (1 - share) / table.at_risk
    return _quadratic(curve.incidence, square, cross, own)


def _aalen_variance(table: Risk, curve: Competing) -> FloatArray:
    """The same sum with independent counts of events and deaths, each with variance d (n - d) / (n - 1)."""
    n = table.at_risk.astype(float)
    free = np.where(curve.free > 0, curve.free, np.inf)

    def scaled(failures: IntArray) -> FloatArray:
        ties = np.where(failures > 1, (n - failures) / np.maximum(n - 1, 1), 1.0)
        return np.asarray(curve.before**2 * ties * failures / n**2)

    event, death = scaled(table.events), scaled(table.deaths)
    return _quadratic(curve.incidence, (event + death) / free**2, -event / free, event)


def _quadratic(incidence: FloatArray, square: FloatArray, cross: FloatArray, own: FloatArray) -> FloatArray:
    """Sum over s ≤ t of square · (F(t) - F(s))² + 2 cross · (F(t) - F(s)) + own, for each t."""
    constant = np.cumsum(square * incidence**2 - 2 * cross * incidence + own)
    linear = np.cumsum(cross - square * incidence)
    value = incidence**2 * np.cumsum(square) + 2 * incidence * linear + constant
    return np.asarray(np.maximum(value, 0.0))


def _limits(
    estimate: FloatArray, variance: FloatArray, z: float, interval: Interval
) -> tuple[FloatArray, FloatArray]:
    usable = (variance > 0) & (estimate > 0) & (estimate < 1)
    spread = np.where(usable, variance, np.nan)
    if interval == "complement":
        low, high = limits(1 - estimate, spread, z, "log-log")
        return 1 - high, 1 - low
    return limits(estimate, spread, z, interval)
