"""Incidence rates per year of follow-up: one rate, ratio and difference of two.

Method, sources and differences between programs: docs/methods/incidence-rate.md, rate-ratio.md, rate-ratio-midp.md,
rate-difference.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    expit,
    gammainccinv,
    gammaincinv,
    ndtri,
)

from pvtracker.stats.inputs import counts, follow_up, level, no_warning, same_length
from pvtracker.stats.results import BoolArray, FloatArray, IntArray, Interval, RateRatio, TextArray
from pvtracker.stats.roots import bracketed_roots
from pvtracker.stats.two_sided import essential, two_sided

Limits = Callable[[IntArray, IntArray, FloatArray, float], tuple[FloatArray, FloatArray]]
POfEqualRates = Callable[[IntArray, IntArray, FloatArray], FloatArray]

NO_EVENT = "no event in either arm: the ratio does not exist, its limits are 0 and infinity"


def rate_ratio_exact(
    events_arm: ArrayLike,
    years_arm: ArrayLike,
    events_ref: ArrayLike,
    years_ref: ArrayLike,
    *,
    confidence_level: float = 0.95,
) -> RateRatio:
    """Rate in the arm divided by rate in the reference, exact conditional limits and two-sided p.

    events_arm, events_ref: events, whole numbers ≥ 0, shape (n,) or one number for all. With follow-up
    counted to the first event these are participants, and the ratio is the exposure-adjusted incidence rate
    ratio. years_arm, years_ref: follow-up, ≥ 0, in any unit of time as long as it is the same.

    Given the total of events, those of the arm are binomial with odds ratio · years_arm / years_ref; the
    limits are Clopper-Pearson's, put on that scale. p is the probability, at a ratio of one, of splits no
    more likely than the observed one (not twice a tail: it may disagree with the limits by a hair). No
    event in the arm: estimate and lower limit 0. None in the reference: estimate and upper limit infinity.
    None in either: estimate nan, limits 0 and infinity, p = 1, and a warning. No follow-up time gives nan
    and a warning. ValueError for values that cannot be.

    Source: Przyborowski & Wilenski (1940) Biometrika 31:313-323; limits as in R's poisson.test.
    """
    confidence_level = level("confidence_level", confidence_level)
    arms = _Arms.of(events_arm, years_arm, events_ref, years_ref, without_event=NO_EVENT)
    return arms.ratio(_limits, _p_of_equal_rates, confidence_level)


def rate_ratio_midp(
    events_arm: ArrayLike,
    years_arm: ArrayLike,
    events_ref: ArrayLike,
    years_ref: ArrayLike,
    *,
    confidence_level: float = 0.95,
) -> RateRatio:
    """As `rate_ratio_exact`, with the observed split taken by half in either tail: narrower limits, whose coverage is
    close to the confidence level but not guaranteed.

    p is twice the smaller of the two tails, at most 1, so that it agrees with the limits. Arguments, edge cases and
    errors as for `rate_ratio_exact`.

    Source: Lancaster HO (1961) JASA 56:223-234 (mid-p), applied to both tails of the binomial split.
    """
    confidence_level = level("confidence_level", confidence_level)
    arms = _Arms.of(events_arm, years_arm, events_ref, years_ref, without_event=NO_EVENT)
    return arms.ratio(_midp_limits, _midp_of_equal_rates, confidence_level)


def rate_difference_mn(
    events_arm: ArrayLike,
    years_arm: ArrayLike,
    events_ref: ArrayLike,
    years_ref: ArrayLike,
    *,
    confidence_level: float = 0.95,
) -> Interval:
    """Rate in the arm minus rate in the reference, events per year of follow-up, with Miettinen-Nurminen score limits.

    Arguments and errors as for `rate_ratio_exact`. The limits are the differences d at which (estimate − d)² / V(d)
    equals the chi-squared quantile; V(d) = λ + d over years_arm plus λ over years_ref, λ the most likely rate of the
    reference when the rates differ by d. No event in either arm: 0, with limits on both sides. No follow-up time gives
    nan and a warning.

    Source: Miettinen & Nurminen (1985) Stat Med 4:213-226, the part on rates with person-time as denominator.
    """
    confidence_level = level("confidence_level", confidence_level)
    arms = _Arms.of(events_arm, years_arm, events_ref, years_ref, without_event=None)
    estimate, low, high = (np.full(len(arms.x), np.nan) for _ in range(3))
    usable = arms.usable
    if usable.any():
        x, y, t, u = (each[usable].astype(np.float64) for each in (arms.x, arms.y, arms.t, arms.u))
        estimate[usable] = x / t - y / u
        low[usable], high[usable] = _score_limits(x, t, y, u, float(ndtri((1 + confidence_level) / 2)) ** 2)
    return Interval(estimate, low, high, confidence_level, arms.warning)


def incidence_rate_exact(events: ArrayLike, years: ArrayLike, *, confidence_level: float = 0.95) -> Interval:
    """Events per year of follow-up, with Garwood's two-sided exact Poisson limits.

    events: whole numbers ≥ 0, shape (n,) or one number for all; years: follow-up, ≥ 0. No event gives a
    lower limit of 0. No follow-up time gives nan and a warning. ValueError for values that cannot be.

    Source: Garwood F (1936) Biometrika 28:437-442.
    """
    confidence_level = level("confidence_level", confidence_level)
    x, t = counts("events", events), follow_up("years", years)
    size = same_length(events=x, years=t)
    x, t = np.broadcast_to(x, size), np.broadcast_to(t, size)
    warning = no_warning(size)
    _warn_of_no_time(warning, x, t, "the arm")
    time = np.where(t > 0, t, np.nan)
    tail = (1 - confidence_level) / 2
    low = np.where(x > 0, gammaincinv(np.maximum(x, 1), tail), 0.0) / time
    high = gammainccinv(x + 1.0, tail) / time
    return Interval(x / time, low, high, confidence_level, warning)


@dataclass(frozen=True, slots=True)
class _Arms:
    """Events x, y and follow-up t, u of arm and reference, shape (n,), checked."""

    x: IntArray
    t: FloatArray
    y: IntArray
    u: FloatArray
    warning: TextArray

    @classmethod
    def of(
        cls,
        events_arm: ArrayLike,
        years_arm: ArrayLike,
        events_ref: ArrayLike,
        years_ref: ArrayLike,
        *,
        without_event: str | None,
    ) -> _Arms:
        x, y = counts("events_arm", events_arm), counts("events_ref", events_ref)
        t, u = follow_up("years_arm", years_arm), follow_up("years_ref", years_ref)
        size = same_length(events_arm=x, years_arm=t, events_ref=y, years_ref=u)
        x, y = np.broadcast_to(x, size), np.broadcast_to(y, size)
        t, u = np.broadcast_to(t, size), np.broadcast_to(u, size)
        warning = no_warning(size)
        warning[x + y == 0] = without_event
        _warn_of_no_time(warning, y, u, "the reference arm")
        _warn_of_no_time(warning, x, t, "the arm")
        return cls(x, t, y, u, warning)

    @property
    def usable(self) -> BoolArray:
        return (self.t > 0) & (self.u > 0)

    def ratio(self, limits: Limits, p_of_equal_rates: POfEqualRates, confidence_level: float) -> RateRatio:
        estimate, low, high, p = (np.full(len(self.x), np.nan) for _ in range(4))
        usable = self.usable
        if usable.any():
            x, y, relative = self.x[usable], self.y[usable], self.u[usable] / self.t[usable]
            with np.errstate(divide="ignore", invalid="ignore"):
                estimate[usable] = x / y.astype(np.float64) * relative
            low[usable], high[usable] = limits(x, y, relative, (1 - confidence_level) / 2)
            p[usable] = p_of_equal_rates(x, y, relative)
        return RateRatio(estimate, low, high, p, confidence_level, self.warning)


def _warn_of_no_time(warning: TextArray, events: IntArray, time: FloatArray, arm: str) -> None:
    warning[(time == 0) & (events == 0)] = f"no follow-up time in {arm}"
    warning[(time == 0) & (events > 0)] = f"events but no follow-up time in {arm}"


def _limits(x: IntArray, y: IntArray, relative: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    # Share and complement are found apart: 1 − share would lose its digits where the share is close to one.
    some_x, some_y = np.maximum(x, 1), np.maximum(y, 1)
    low = betaincinv(some_x, y + 1.0, tail) / betainccinv(y + 1.0, some_x, tail)
    high = betainccinv(x + 1.0, some_y, tail) / betaincinv(some_y, x + 1.0, tail)
    return np.where(x > 0, low * relative, 0.0), np.where(y > 0, high * relative, np.inf)


def _p_of_equal_rates(x: IntArray, y: IntArray, relative: FloatArray) -> FloatArray:
    total, log_odds = x + y, -np.log(relative)

    def log_ratio(rows: IntArray, k: IntArray) -> FloatArray:
        ratio: FloatArray = np.log((total[rows, None] - k) / (k + 1.0)) + log_odds[rows, None]
        return ratio

    first, last = essential(np.zeros_like(total), total, total / (1 + relative), total)
    return two_sided(first, last, log_ratio, np.arange(len(total)), x)[0]


def _midp_limits(
    x: IntArray, y: IntArray, relative: FloatArray, tail: float
) -> tuple[FloatArray, FloatArray]:
    total = x + y
    low, high = np.zeros(len(x)), np.full(len(x), np.inf)
    with np.errstate(divide="ignore"):
        # all in one arm: the half of one power is the tail, (2 tail)^(1 / total)
        log_share = np.log(2 * tail) / total
    odds_of_all = 1 / np.expm1(-log_share)
    only_arm, only_ref = (y == 0) & (x > 0), (x == 0) & (y > 0)
    low[only_arm] = odds_of_all[only_arm]
    high[only_ref] = 1 / odds_of_all[only_ref]
    both = (x > 0) & (y > 0)
    if both.any():
        xs, ys = x[both], y[both]
        wide = [np.log(limit) for limit in _limits(xs, ys, np.ones(len(xs)), tail)]
        low[both] = np.exp(bracketed_roots(lambda eta: tail - _half_tails(xs, ys, eta)[0], wide[1], wide[0]))
        high[both] = np.exp(bracketed_roots(lambda eta: tail - _half_tails(xs, ys, eta)[1], wide[0], wide[1]))
    return low * relative, high * relative


def _midp_of_equal_rates(x: IntArray, y: IntArray, relative: FloatArray) -> FloatArray:
    upper, lower = _half_tails(x, y, -np.log(relative))
    p: FloatArray = np.minimum(1.0, 2 * np.minimum(upper, lower))
    return p


def _half_tails(x: IntArray, y: IntArray, log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """P(K > x) + P(K = x) / 2 and P(K < x) + P(K = x) / 2 of the binomial split at these log odds."""

    def at_least(k: IntArray, rest: IntArray, eta: FloatArray) -> FloatArray:
        """P(K ≥ k) of k + rest, from the smaller of share and complement."""
        some_k, some_rest = np.maximum(k, 1), np.maximum(rest, 0) + 1.0
        chance = np.where(
            eta < 0, betainc(some_k, some_rest, expit(eta)), betaincc(some_rest, some_k, expit(-eta))
        )
        return np.where(k <= 0, 1.0, np.where(rest < 0, 0.0, chance))

    upper = (at_least(x, y, log_odds) + at_least(x + 1, y - 1, log_odds)) / 2
    lower = (at_least(y, x, -log_odds) + at_least(y + 1, x - 1, -log_odds)) / 2
    return upper, lower


def _score_limits(
    x: FloatArray, t: FloatArray, y: FloatArray, u: FloatArray, z_squared: float
) -> tuple[FloatArray, FloatArray]:
    # Lower and upper limits are sought in one run, as for the risk difference. A rate is at most all events over all
    # time plus the size of the difference: that bounds V, and with it how far a limit can lie.
    estimate = x / t - y / u
    factor = z_squared * (1 / t + 1 / u)
    reach = (factor + np.sqrt(factor**2 + 4 * factor * ((x + y) / (t + u) + np.abs(estimate)))) / 2
    x2, t2, y2, u2, inside = (np.tile(each, 2) for each in (x, t, y, u, estimate))
    outside = inside + 1.01 * np.concatenate((-reach, reach))

    def excess(d: FloatArray) -> FloatArray:
        arm, ref = constrained_rates(x2, t2, y2, u2, d)
        value: FloatArray = (inside - d) ** 2 - z_squared * (arm / t2 + ref / u2)
        return value

    low, high = np.split(bracketed_roots(excess, inside, outside, absolute=0.0), 2)
    return low, high


def constrained_rates(
    x: FloatArray, t: FloatArray, y: FloatArray, u: FloatArray, d: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The most likely rates of arm and reference that differ by d, shape (n,).

    The lower of the two solves (t + u) λ² + ((t + u) |d| − x − y) λ − events of its arm · |d| = 0: the positive root,
    without taking like numbers from each other.
    """
    time, size = t + u, np.abs(d)
    events = np.where(d >= 0, y, x)  # of the arm with the lower rate
    middle = x + y - time * size
    root = np.sqrt(middle**2 + 4 * time * events * size)
    with np.errstate(divide="ignore", invalid="ignore"):
        smaller = np.where(middle > 0, (middle + root) / (2 * time), 2 * events * size / (root - middle))
    smaller = np.where((middle <= 0) & (root - middle == 0), 0.0, smaller)
    return np.where(d >= 0, smaller + size, smaller), np.where(d >= 0, smaller, smaller + size)
