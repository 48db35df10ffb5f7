"""Conditional MaxSPRT: the rate under the null is known from few historical events only.

Method, sources and when not to use it: docs/methods/maxsprt.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exp1, gammaln, xlogy

from pvtracker.stats.inputs import counts, follow_up, level, refuse, same_length
from pvtracker.stats.maxsprt import HIGHEST, critical_value
from pvtracker.stats.results import FloatArray, IntArray, MaxSprt

History = Literal["between", "last_event", "next_event"]
NODES = 60  # of the integral over the historical follow-up: 100 give the same nine digits from five events on
MOST_CASES, MOST_HISTORY = 500, 10_000
FIRST_BAND = 200.0  # cases to be expected up to which one path is followed for all rates; then by octaves


def cmaxsprt_ratio(cases: ArrayLike, time: ArrayLike, *, historical_cases: int) -> FloatArray:
    """Log-likelihood ratio of the conditional MaxSPRT, shape (n,); 0 where there is no excess.

    cases: events seen so far; time: follow-up so far ÷ historical follow-up, > 0; historical_cases: events in the
    history. c ln(c (1 + τ)/(c + k)) + k ln(k (1 + τ)/(τ (c + k))) where k/τ > c.
    """
    k, tau = counts("cases", cases), follow_up("time", time)
    size = same_length(cases=k, time=tau)
    k, tau = np.broadcast_to(k, size), np.broadcast_to(tau, size)
    refuse("time", "must be > 0", tau, tau <= 0)
    return _ratio(k, tau, _history(historical_cases))


def cmaxsprt_boundary(
    historical_cases: int,
    *,
    cases: int | None = None,
    time: float | None = None,
    alpha: float = 0.05,
    minimum_cases: int = 1,
    first_look: float = 0.0,
    history: History = "between",
) -> MaxSprt:
    """The critical value of the conditional MaxSPRT for Poisson counts, looked at whenever an event comes.

    The surveillance ends with so many `cases`, or after so much `time` (follow-up ÷ historical follow-up): one of them
    is named. first_look: no signal before this time. history: it ended with its last event ("last_event": its follow-up
    is a gamma variable of that many events), just before the next ("next_event"), or at any moment "between" them
    (default). `cases` and `limit` of the result: so many cases are a signal up to that time. ValueError where no
    critical value keeps alpha, and for values that cannot be.

    historical_cases: events in the history. cases: events at which the surveillance ends. time: follow-up ÷
    historical follow-up at which it ends. minimum_cases: no signal with fewer.

    Source: Li & Kulldorff (2010) Stat Med 29:284-295; the exact recursion is derived from the definition.
    """
    plan = _Plan(historical_cases, cases, time, minimum_cases, first_look, history)
    critical = critical_value(lambda value: plan.crossing(value, 1.0), level("alpha", alpha))
    needed, limit = plan.checks(critical)
    return MaxSprt(critical, plan.crossing(critical, 1.0), needed, limit)


def cmaxsprt_power(
    critical: float,
    historical_cases: int,
    *,
    relative_risk: float = 1.0,
    cases: int | None = None,
    time: float | None = None,
    minimum_cases: int = 1,
    first_look: float = 0.0,
    history: History = "between",
) -> float:
    """Probability of a signal at a true relative risk: 1 gives the error. Arguments as for `cmaxsprt_boundary`.

    critical: value of the log-likelihood ratio from which there is a signal. relative_risk: true relative risk, 1
    for none.
    """
    if not 0 < critical <= HIGHEST:
        raise ValueError(f"critical must lie in (0, {HIGHEST:g}], got {critical}")
    if not 0 < relative_risk <= 1000:
        raise ValueError(f"relative_risk must lie in (0, 1000], got {relative_risk}")
    return _Plan(historical_cases, cases, time, minimum_cases, first_look, history).crossing(
        critical, relative_risk
    )


class _Plan:
    """The length of the surveillance, checked."""

    def __init__(
        self,
        historical_cases: int,
        cases: int | None,
        time: float | None,
        minimum: int,
        first_look: float,
        history: History,
    ) -> None:
        self.history = _history(historical_cases)
        if history not in get_args(History):
            raise ValueError(f"history must be one of {', '.join(get_args(History))}, got {history!r}")
        self.ended = history
        if (cases is None) == (time is None):
            raise ValueError("name the cases or the time at which the surveillance ends, one of them")
        if cases is not None and not (1 <= cases <= MOST_CASES and cases == int(cases)):
            raise ValueError(f"cases must be a whole number from 1 to {MOST_CASES}, got {cases}")
        if time is not None and not 0 < time * self.history <= MOST_CASES / 2:
            raise ValueError(f"time must be > 0 and expect at most {MOST_CASES // 2} events, got {time}")
        if not (1 <= minimum <= MOST_CASES and minimum == int(minimum)):
            raise ValueError(f"minimum_cases must be a whole number from 1 to {MOST_CASES}, got {minimum}")
        if not 0 <= first_look < (np.inf if time is None else time):
            raise ValueError(f"first_look must be ≥ 0 and before the end, got {first_look}")
        self.cases, self.time, self.minimum, self.first_look = cases, time, int(minimum), float(first_look)

    def checks(self, critical: float) -> tuple[IntArray, FloatArray]:
        """How many cases are a signal up to which times."""
        if self.cases is not None:
            k = np.arange(1, self.cases + 1)
        else:
            expected = self.history * float(self.time or 0.0)
            spread = np.sqrt(expected * (1 + float(self.time or 0.0)))
            k = np.arange(1, int(3 * expected + 30 * spread + 5 * critical + 60) + self.minimum)
        tau = _times(k, critical, self.history)
        inside = (k >= self.minimum) & (tau > self.first_look)
        if self.time is not None:
            inside &= tau < self.time
        needed, limit = [k[inside]], [tau[inside]]
        for end, place in ((self.first_look, 0), (self.time, 2)):
            if end:
                first = max(int(np.searchsorted(tau, end * (1 - 1e-13))) + 1, self.minimum)
                needed.insert(place, np.array([first]))
                limit.insert(place, np.array([end]))
        return np.concatenate(needed).astype(np.int64), np.concatenate(limit)

    def crossing(self, critical: float, relative_risk: float) -> float:
        """Probability of a signal: for each historical follow-up that of a Poisson path, averaged over its law."""
        follow_up, share = _follow_up_law(self.history, self.ended)
        return float(share @ (1 - _without_signal(follow_up * relative_risk, *self.checks(critical))))


def _without_signal(rates: FloatArray, needed: IntArray, limit: FloatArray) -> FloatArray:
    """Probability that a Poisson path of each rate makes no signal, shape (rates,).

    One path is followed for many rates: two of them differ in the probability of j cases by the end, by whichever way,
    by the factor (u/v)^j e^(−(u − v) end). Rates are so near the one that is followed that no term which counts is lost
    below the smallest number.
    """
    end, found = float(limit[-1]), np.zeros(len(rates))
    low, high, most = 0.0, FIRST_BAND, int(needed[-1])
    while low < 4 * most + 800:  # with more cases than that to be expected, none stays without a signal
        those = (rates * end > low) & (rates * end <= high)
        if those.any():
            followed = (high / 2 if low == 0 else np.sqrt(low * high)) / end
            state = np.array([1.0])
            for step, cases in zip(np.diff(limit, prepend=0.0) * followed, needed, strict=True):
                state = np.convolve(state, _some_cases(float(step), int(cases)))[:cases]
            j = np.flatnonzero(state)
            apart = np.log(rates[those] / followed)[:, None] * j - (rates[those, None] - followed) * end
            found[those] = np.exp(apart + np.log(state[j])).sum(axis=1)
        low, high = high, 2 * high
    return found


def _some_cases(mean: float, most: int) -> FloatArray:
    """Poisson probabilities of 0 to most − 1 cases, as far as they are numbers at all: the smallest may count."""
    j = np.arange(most)
    chance: FloatArray = np.exp(xlogy(j, mean) - mean - gammaln(j + 1))
    return chance[: int(np.flatnonzero(chance)[-1]) + 1] if chance[0] > 0 else chance


@lru_cache(maxsize=32)
def _follow_up_law(c: int, history: History) -> tuple[FloatArray, FloatArray]:
    """Values of the historical follow-up at a rate of one event, with their probabilities."""
    unit, weight = np.polynomial.legendre.leggauss(NODES)
    unit, weight = (unit + 1) / 2, weight / 2

    def gamma(shape: int, at: FloatArray) -> FloatArray:
        density: FloatArray = np.exp(xlogy(shape - 1, at) - at - gammaln(shape))
        return density

    reach = 9 * np.sqrt(c) + 20
    low = max(0.0, c - 9 * np.sqrt(c))
    v = low + (c + reach - low) * unit
    if history == "between":
        # c events, then a uniform part of the wait for the next, whose density is the exponential integral:
        # v − s⁴ of the first, which takes the singularity at s = 0 away
        s = unit[:, None] * v**0.25
        density = (gamma(c, v - s**4) * exp1(s**4) * 4 * s**3 * v**0.25 * weight[:, None]).sum(axis=0)
    else:
        density = gamma(c + (history == "next_event"), v)
    share = density * weight
    return v, share / share.sum()


def _ratio(k: IntArray, tau: FloatArray, c: int) -> FloatArray:
    ratio = xlogy(c, c * (1 + tau) / (c + k)) + xlogy(k, k * (1 + tau) / (tau * (c + k)))
    result: FloatArray = np.where(k > c * tau, ratio, 0.0)
    return result


def _times(k: IntArray, critical: float, c: int) -> FloatArray:
    """Up to which time k cases have at least the critical ratio: it falls with time until k/τ = c; by halving."""
    low, high = np.full(len(k), -745.0), np.log(k / c)  # logarithms of time
    for _ in range(70):
        middle = (low + high) / 2
        beyond = _ratio(k, np.exp(middle), c) >= critical
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    time: FloatArray = np.exp(low)
    return time


def _history(historical_cases: int) -> int:
    if not (1 <= historical_cases <= MOST_HISTORY and historical_cases == int(historical_cases)):
        raise ValueError(
            f"historical_cases must be a whole number from 1 to {MOST_HISTORY}, got {historical_cases}"
        )
    return int(historical_cases)
