"""Maximised sequential probability ratio test: has an event been too frequent at any time so far?

Method, sources and when not to use it: docs/methods/maxsprt.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import lambertw, pdtr, xlogy

from pvtracker.stats.brent import brentq
from pvtracker.stats.inputs import counts, follow_up, level, numbers, same_length
from pvtracker.stats.results import FloatArray, IntArray, MaxSprt, MaxSprtPerformance

LONGEST = 2000.0  # expected events: more would take minutes
HIGHEST = 60.0  # no critical value of a level above 1e-20 is higher
NEGLIGIBLE = 1e-18


def maxsprt_poisson_ratio(cases: ArrayLike, expected: ArrayLike) -> FloatArray:
    """Log-likelihood ratio c ln(c/μ) − (c − μ) where c > μ, else 0, shape (n,); the statistic of the Poisson MaxSPRT.

    cases: events seen, expected: events expected under the null, both up to the same day.
    """
    c, mu = counts("cases", cases), follow_up("expected", expected)
    size = same_length(cases=c, expected=mu)
    c, mu = np.broadcast_to(c, size), np.broadcast_to(mu, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = xlogy(c, c / mu) - (c - mu)
    result: FloatArray = np.where(c > mu, ratio, 0.0)
    return result


def maxsprt_poisson_boundary(
    expected: float,
    *,
    alpha: float = 0.05,
    minimum_cases: int = 1,
    first_look: float = 0.0,
    looks: ArrayLike | None = None,
) -> MaxSprt:
    """The critical value of the Poisson MaxSPRT: the smallest with an error of at most alpha over the surveillance.

    expected: length of the surveillance in events expected under the null. Looked at whenever an event comes, from
    `first_look` on (in expected events); or at `looks` only (expected events up to each, increasing, the last being
    `expected`). minimum_cases: no signal with fewer. `cases` and `limit` of the result: a signal when that many cases
    have come while no more than `limit` are expected (`looks`: at the look with that many expected).
    ValueError where no critical value keeps alpha, and for values that cannot be.

    first_look: events expected before which it is not looked at. looks: events expected up to each look,
    increasing; none: looked at whenever an event comes.

    Source: Kulldorff et al. (2011) Sequential Analysis 30:58-78; minimum cases and late start: Kulldorff & Silva (2017)
    REVSTAT 15:373-394.
    """
    plan = _Plan(expected, minimum_cases, first_look, looks)
    critical = critical_value(
        lambda value: 1 - _walk(*plan.checks(value), 1.0)[0].sum(), level("alpha", alpha)
    )
    limit, cases = plan.checks(critical)
    crossed = _walk(limit, cases, 1.0)[1]
    return MaxSprt(critical, float(crossed.sum()), cases, limit)


def maxsprt_poisson_performance(
    critical: float,
    expected: float,
    *,
    relative_risk: float = 1.0,
    minimum_cases: int = 1,
    first_look: float = 0.0,
    looks: ArrayLike | None = None,
) -> MaxSprtPerformance:
    """Probability of a signal, mean time to it, and mean length of the surveillance, at a true relative risk.

    Times are in events expected under the null. Other arguments as for `maxsprt_poisson_boundary`.

    critical: value of the log-likelihood ratio from which there is a signal. relative_risk: true relative risk, 1
    for none.
    """
    if not 0 < critical <= HIGHEST:
        raise ValueError(f"critical must lie in (0, {HIGHEST:g}], got {critical}")
    if not 0 < relative_risk <= 1000:
        raise ValueError(f"relative_risk must lie in (0, 1000], got {relative_risk}")
    plan = _Plan(expected, minimum_cases, first_look, looks)
    limit, cases = plan.checks(critical)
    left, crossed, had = _walk(limit, cases, relative_risk)
    power = float(crossed.sum())
    if looks is not None:
        length = float(crossed @ limit + left.sum() * limit[-1])
    else:
        # Events come at the rate relative_risk, so the mean time after the first look is what comes in it divided by
        # the rate (Wald's identity); a signal then comes with the very event that reaches the limit.
        late = plan.first_look > 0
        came = float(crossed[int(late) :] @ cases[int(late) :] + left @ np.arange(len(left)))
        length = plan.first_look + (came - (had if late else 0.0)) / relative_risk
    time = (length - float(left.sum()) * plan.expected) / power if power else np.nan
    return MaxSprtPerformance(power, float(time), length)


class _Plan:
    """When it is looked at, checked."""

    def __init__(
        self, expected: float, minimum_cases: int, first_look: float, looks: ArrayLike | None
    ) -> None:
        if not 0 < expected <= LONGEST:
            raise ValueError(f"expected must lie in (0, {LONGEST:g}], got {expected}")
        if not 0 <= first_look < expected:
            raise ValueError(f"first_look must lie in [0, {expected}), got {first_look}")
        if not (1 <= minimum_cases <= 10_000 and minimum_cases == int(minimum_cases)):
            raise ValueError(f"minimum_cases must be a whole number from 1 to 10000, got {minimum_cases}")
        self.expected, self.minimum, self.first_look = float(expected), int(minimum_cases), float(first_look)
        self.looks: FloatArray | None = None
        if looks is not None:
            self.looks = np.atleast_1d(numbers("looks", looks))
            fine = self.looks.size and (np.diff(self.looks, prepend=0.0) > 0).all()
            if not fine or self.looks[-1] != expected or first_look:
                raise ValueError(
                    f"looks must increase from above 0 to expected, without first_look, got {self.looks.tolist()}"
                )

    def checks(self, critical: float) -> tuple[FloatArray, IntArray]:
        """Times in expected events, and how many cases by then are a signal."""
        most = int(self.expected * np.e + 20 * np.sqrt(self.expected) + critical * 3 + 50) + self.minimum
        c = np.arange(1, most + 1)
        # c cases are a signal while no more than mu are expected: the ratio's equation solved for mu < c
        mu = -c * np.real(lambertw(-np.exp(-1 - critical / c)))

        def needed(time: FloatArray) -> IntArray:
            first = np.searchsorted(mu, time * (1 - 1e-13)) + 1
            return np.maximum(first, self.minimum).astype(np.int64)

        if self.looks is not None:
            return self.looks, needed(self.looks)
        start, end = np.array([self.first_look]), np.array([self.expected])
        inside = (c >= self.minimum) & (mu > self.first_look) & (mu < self.expected)
        if self.first_look:
            times = np.concatenate([start, mu[inside], end])
            return times, np.concatenate([needed(start), c[inside], needed(end)])
        return np.concatenate([mu[inside], end]), np.concatenate([c[inside], needed(end)])


def _walk(limit: FloatArray, cases: IntArray, rate: float) -> tuple[FloatArray, FloatArray, float]:
    """Follow the number of events from check to check, where `cases` by the time `limit` are a signal. Probabilities of
    the counts at the end without one, of a signal at each check, and the mean count after the first check without one.
    """
    state, crossed, had = np.array([1.0]), np.zeros(len(limit)), 0.0
    for check, (step, needed) in enumerate(zip(np.diff(limit, prepend=0.0) * rate, cases, strict=True)):
        whole = float(state.sum())
        state = np.convolve(state, poisson(float(step)))[:needed]
        crossed[check] = max(whole - float(state.sum()), 0.0)
        if check == 0:
            had = float(state @ np.arange(len(state)))
    return state, crossed, had


def poisson(mean: float) -> FloatArray:
    """Probabilities of 0, 1, … events, as far as they are not negligible."""
    most = int(mean + 12 * np.sqrt(mean) + 25)
    upper = pdtr(np.arange(most + 1), mean)
    chance: FloatArray = np.diff(upper, prepend=0.0)
    return chance


def critical_value(error: Callable[[float], float], alpha: float) -> float:
    """The smallest critical value with error ≤ alpha; where the error jumps, just beyond the jump."""
    low, high = 1e-9, HIGHEST
    if error(high) > alpha:
        raise ValueError(f"no critical value keeps the error at or below {alpha}")
    if error(low) <= alpha:
        raise ValueError(f"the surveillance is too short to spend {alpha}: any critical value keeps it")
    found = brentq(lambda value: error(value) - alpha, low, high, xtol=1e-11, rtol=1e-14)
    step = 1e-11
    while error(found) > alpha:
        found, step = found + step, step * 2
    return found
