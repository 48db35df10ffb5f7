"""What pooled counts tell of the rate under treatment, when nobody knows who is treated: an exact mixture posterior.

Method, sources and when not to use it: docs/methods/blinded-rate.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc, gammainc, gammaincc, gammaln, logsumexp

from pvtracker.stats.brent import brentq
from pvtracker.stats.inputs import counts, follow_up, level, no_warning, numbers, refuse, same_length
from pvtracker.stats.results import BlindedRate, FloatArray

NO_TIME = "events without any follow-up time"
MOST_EVENTS = 1_000_000  # one component of the mixture for each event
LEAST, MOST = 1e-9, 1e9  # of rates, years and ratios, in whatever unit: beyond, float64 loses the mixture


def blinded_rate(
    events: ArrayLike,
    years: ArrayLike,
    background_rate: ArrayLike,
    *,
    background_years: float = 100.0,
    treated_share: float = 0.5,
    treated_years: float = 1.0,
    margin: float = 2.0,
    confidence_level: float = 0.95,
) -> BlindedRate:
    """The rate under treatment, given pooled events, pooled follow-up and an expected background.

    events: pooled events of all arms, whole numbers ≥ 0, shape (n,) or one number; counted to the first event they are
    participants. years: pooled follow-up, ≥ 0. background_rate: events expected per year without treatment, > 0.
    background_years: how many years of follow-up that expectation is worth, > 0: the background is gamma with shape
    rate · years. treated_share: the active arms' share of all follow-up, by the protocol's ratio, in (0, 1).
    treated_years: the rate under treatment is gamma with the background's mean, worth so many years, > 0. margin: the
    ratio of interest, treatment ÷ background, > 0.

    Returns, of each element: `expected` pooled events under the background alone; `p_exceeds`, the predictive
    probability of as many pooled events or more if treatment added nothing (small: an early warning); the posterior
    mean of the `rate` under treatment with equal-tailed limits `low`, `high`; `ratio`, the posterior median of
    treatment ÷ background; `p_margin`, the posterior probability that this ratio is above `margin`. Exact: given the
    total, the treated events are a finite mixture. No follow-up: events > 0 give nan and a warning. ValueError for
    values that cannot be.

    Source: Schnell & Ball (2016) Ther Innov Regul Sci 50:833-838 treat the blinded exposure-time problem by simulation;
    the mixture is derived on the page.
    """
    x, years_ = counts("events", events), follow_up("years", years)
    rate = expected_rate(background_rate, years_)
    refuse("events", f"must be ≤ {MOST_EVENTS}", x, x > MOST_EVENTS)
    share = level("treated_share", treated_share)
    confidence_level = level("confidence_level", confidence_level)
    within(background_years=background_years, treated_years=treated_years, margin=margin)
    size = same_length(events=x, years=years_, background_rate=rate)
    x, t, r = np.broadcast_to(x, size), np.broadcast_to(years_, size), np.broadcast_to(rate, size)
    warning = no_warning(size)
    warning[(t == 0) & (x > 0)] = NO_TIME
    exceeds, mean, low, high, ratio, beyond = told = np.full((6, size), np.nan)
    for i in range(size):
        if warning[i] is None:
            told[:, i] = _one(
                int(x[i]),
                float(t[i]),
                float(r[i]),
                (background_years, treated_years, share, margin, (1 - confidence_level) / 2),
            )
    return BlindedRate(r * t, exceeds, mean, low, high, ratio, beyond, margin, confidence_level, warning)


def expected_rate(background_rate: ArrayLike, years: FloatArray) -> FloatArray:
    """The rates as numbers; ValueError for a rate or a follow-up that the mixture cannot hold."""
    rate = numbers("background_rate", background_rate)
    held = (rate >= LEAST) & (rate <= MOST)
    refuse("background_rate", f"must lie between {LEAST:g} and {MOST:g}", rate, ~held)
    held = (years == 0) | ((years >= LEAST) & (years <= MOST))
    refuse("years", f"must be 0, or between {LEAST:g} and {MOST:g}", years, ~held)
    return rate


def within(**given: float) -> None:
    """ValueError for a number, by its name, that the mixture cannot hold."""
    for name, value in given.items():
        if not LEAST <= value <= MOST:
            raise ValueError(f"{name} must lie between {LEAST:g} and {MOST:g}, got {value}")


def _one(
    events: int, years: float, rate: float, given: tuple[float, float, float, float, float]
) -> FloatArray:
    """p_exceeds, rate, low, high, ratio, p_margin of one total."""
    background_years, treated_years, share, margin, tail = given
    split = Mixture.of(
        events,
        years,
        rate,
        background_years=background_years,
        treated_years=treated_years,
        treated_share=share,
    )
    weight, a_1, b_1 = split.weight, split.a_1, split.b_1

    def below(value: float) -> float:
        return float(weight @ gammainc(a_1, b_1 * value))

    def above(value: float) -> float:
        return float(weight @ gammaincc(a_1, b_1 * value))

    mean = float(weight @ a_1) / b_1
    return np.array(
        [
            p_as_many(events, rate * background_years, years, background_years),
            mean,
            _root(lambda value: below(value) - tail, mean),
            _root(lambda value: tail - above(value), mean),
            _root(lambda ratio: 0.5 - split.above_ratio(ratio), mean / rate),
            split.above_ratio(margin),
        ]
    )


@dataclass(frozen=True, slots=True)
class Mixture:
    """Both rates given one total: over the splits of the events, each with its weight, two gamma distributions with
    shapes `a_1` (treatment) and `a_0` (background) and rates `b_1`, `b_0`. Splits without weight are left out."""

    weight: FloatArray
    a_1: FloatArray
    a_0: FloatArray
    b_1: float
    b_0: float

    @classmethod
    def of(
        cls,
        events: int,
        years: float,
        rate: float,
        *,
        background_years: float,
        treated_years: float,
        treated_share: float,
    ) -> Mixture:
        treated = np.arange(events + 1, dtype=np.float64)
        shape_1, years_1 = rate * treated_years, treated_share * years
        shape_0, years_0 = rate * background_years, (1 - treated_share) * years
        log_weight = _log_negative_binomial(treated, shape_1, treated_years, years_1)
        log_weight += _log_negative_binomial(events - treated, shape_0, background_years, years_0)
        weight = np.exp(log_weight - logsumexp(log_weight))
        seen = weight > 0
        return cls(
            weight[seen],
            shape_1 + treated[seen],
            shape_0 + (events - treated)[seen],
            treated_years + years_1,
            background_years + years_0,
        )

    def above_ratio(self, ratio: float) -> float:
        """P(treatment ÷ background > ratio): given the split both rates are gamma, so that their share is beta."""
        scaled = ratio * self.b_1 / self.b_0
        return float(self.weight @ betaincc(self.a_1, self.a_0, scaled / (1 + scaled)))


def p_as_many(events: int, shape: float, years: float, prior_years: float) -> float:
    """P(as many events or more in `years`) when the rate is gamma: of the negative binomial, as a beta distribution."""
    return float(betainc(events, shape, years / (prior_years + years))) if events else 1.0


def _log_negative_binomial(count: FloatArray, shape: float, prior_years: float, years: float) -> FloatArray:
    """log P(count) when the rate is gamma with this shape, worth prior_years; where years is 0 only 0 is possible."""
    if years == 0:
        return np.where(count == 0, 0.0, -np.inf)
    told: FloatArray = (
        gammaln(count + shape)
        - gammaln(shape)
        - gammaln(count + 1)
        - shape * np.log1p(years / prior_years)
        - count * np.log1p(prior_years / years)
    )
    return told


def _root(rising: Callable[[float], float], start: float) -> float:
    """Where a rising function is zero, sought on the logarithm: rates may be very small. 0 where it underflows."""
    low, high = np.log(start), np.log(start)
    while rising(float(np.exp(low))) > 0:
        low -= 2.0
        if low < -700:
            return 0.0
    while rising(float(np.exp(high))) < 0:
        high += 2.0
        if high > 700:
            return float("inf")
    if low == high:
        return float(np.exp(low))
    return float(np.exp(brentq(lambda log: rising(float(np.exp(log))), low, high, xtol=1e-14, rtol=1e-14)))
