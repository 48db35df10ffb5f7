"""MaxSPRT for the share of events that fall in one arm: no rate need be known beforehand.

Method, sources and when not to use it: docs/methods/maxsprt.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from pvtracker.stats.inputs import counts, level, refuse, same_length
from pvtracker.stats.results import FloatArray, IntArray, MaxSprt, MaxSprtPerformance

MOST = 1000  # events
ROUNDING = 1e-10


def maxsprt_binomial_ratio(cases: ArrayLike, events: ArrayLike, *, probability: float) -> FloatArray:
    """Log-likelihood ratio c ln(c/(n p)) + (n − c) ln((n − c)/(n (1 − p))) where c/n > p, else 0, shape (n,).

    cases: events in the arm; events: events of both arms; probability: that an event falls in the arm under the null,
    the arm's share of the participants or of the time at risk.
    """
    p = level("probability", probability)
    c, n = counts("cases", cases), counts("events", events)
    size = same_length(cases=c, events=n)
    c, n = np.broadcast_to(c, size), np.broadcast_to(n, size)
    refuse("cases", "must be ≤ events", c, c > n)
    return _ratio(c, n, p)


def maxsprt_binomial_boundary(
    events: int,
    *,
    probability: float,
    alpha: float = 0.05,
    minimum_cases: int = 1,
    looks: ArrayLike | None = None,
) -> MaxSprt:
    """The critical value of the binomial MaxSPRT: the smallest with an error of at most alpha over so many events.

    events: events of both arms, at most 1,000, at which the surveillance ends. Looked at after every event, or at
    `looks` only (events up to each, increasing, the last being `events`). `cases` and `limit` of the result: after
    `limit` events so many cases are a signal; more than `limit` where none is. ValueError where no critical value
    keeps alpha.

    probability: that an event falls in the arm under the null. minimum_cases: no signal with fewer in the arm.
    looks: events of both arms up to each look, increasing; none: looked at after every event.

    Source: Kulldorff et al. (2011) Sequential Analysis 30:58-78.
    """
    alpha, p = level("alpha", alpha), level("probability", probability)
    n, minimum = _looks(events, looks), _minimum(minimum_cases)
    ratios = _all_ratios(n, p, minimum)
    values = np.unique(ratios[ratios > 0])
    # The error falls as the critical value grows, and only at the ratios themselves: halve among them.
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if _walk(n, _needed(ratios, n, float(values[middle])), p)[1].sum() <= alpha + 1e-15:
            high = middle
        else:
            low = middle + 1
    if low == len(values):
        raise ValueError(f"no critical value keeps the error at or below {alpha} over {n[-1]} events")
    critical = float(values[low])
    needed = _needed(ratios, n, critical)
    return MaxSprt(critical, float(_walk(n, needed, p)[1].sum()), needed, n.astype(np.float64))


def maxsprt_binomial_performance(
    critical: float,
    events: int,
    *,
    probability: float,
    relative_risk: float = 1.0,
    minimum_cases: int = 1,
    looks: ArrayLike | None = None,
) -> MaxSprtPerformance:
    """Probability of a signal, mean time to it and mean length of the surveillance, in events, at a true relative risk.

    An event then falls in the arm with probability RR p / (1 − p + RR p). Other arguments as for
    `maxsprt_binomial_boundary`.

    critical: value of the log-likelihood ratio from which there is a signal. relative_risk: true relative risk, 1
    for none.
    """
    p = level("probability", probability)
    if not critical > 0:
        raise ValueError(f"critical must be > 0, got {critical}")
    if not 0 < relative_risk <= 1000:
        raise ValueError(f"relative_risk must lie in (0, 1000], got {relative_risk}")
    n = _looks(events, looks)
    needed = _needed(_all_ratios(n, p, _minimum(minimum_cases)), n, critical)
    left, crossed = _walk(n, needed, relative_risk * p / (1 - p + relative_risk * p))
    power, spent = float(crossed.sum()), float(crossed @ n)
    return MaxSprtPerformance(
        power, spent / power if power else np.nan, spent + float(left.sum()) * float(n[-1])
    )


def _ratio(c: IntArray, n: IntArray, p: float) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = xlogy(c, c / (n * p)) + xlogy(n - c, (n - c) / (n * (1 - p)))
    result: FloatArray = np.where(c > n * p * (1 + 1e-14), np.nan_to_num(ratio), 0.0)
    return result


def _all_ratios(n: IntArray, p: float, minimum: int) -> FloatArray:
    """Of every count at every look, (looks, events + 1); 0 where it can be no signal."""
    c = np.arange(int(n[-1]) + 1)
    possible = (c <= n[:, None]) & (c >= minimum)
    ratios: FloatArray = np.where(possible, _ratio(np.minimum(c, n[:, None]), n[:, None], p), 0.0)
    return ratios


def _needed(ratios: FloatArray, n: IntArray, critical: float) -> IntArray:
    """The fewest cases that are a signal at each look; one more than its events where none is."""
    beyond = ratios >= critical - ROUNDING
    found: IntArray = np.where(beyond.any(axis=1), beyond.argmax(axis=1), n + 1)
    return found


def _walk(n: IntArray, needed: IntArray, p: float) -> tuple[FloatArray, FloatArray]:
    """Probabilities of the counts at the end without a signal, and of a signal at each look."""
    state, crossed, before = np.array([1.0]), np.zeros(len(n)), 0
    for look, (events, cases) in enumerate(zip(n.tolist(), needed.tolist(), strict=True)):
        for _ in range(events - before):
            state = np.append(state * (1 - p), 0.0) + np.append(0.0, state * p)
        before = events
        crossed[look] = float(state[cases:].sum())
        state = state.copy()
        state[cases:] = 0.0
    return state, crossed


def _looks(events: int, looks: ArrayLike | None) -> IntArray:
    if not (1 <= events <= MOST and events == int(events)):
        raise ValueError(f"events must be a whole number from 1 to {MOST}, got {events}")
    if looks is None:
        return np.arange(1, int(events) + 1)
    n = np.atleast_1d(counts("looks", looks))
    if not (n.size and (np.diff(n, prepend=0) > 0).all() and n[-1] == events):
        raise ValueError(f"looks must increase from above 0 to events, got {n.tolist()}")
    return n


def _minimum(minimum_cases: int) -> int:
    if not (1 <= minimum_cases <= MOST and minimum_cases == int(minimum_cases)):
        raise ValueError(f"minimum_cases must be a whole number from 1 to {MOST}, got {minimum_cases}")
    return int(minimum_cases)
