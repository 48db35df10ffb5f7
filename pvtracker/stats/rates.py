"""Incidence rates per year of follow-up: one rate, and the ratio of two, with exact limits.

Method, sources and differences between programs: docs/methods/rate-ratio.md, docs/methods/incidence-rate.md.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainccinv, betaincinv, gammainccinv, gammaincinv

from pvtracker.stats.inputs import counts, follow_up, level, no_warning, same_length
from pvtracker.stats.results import FloatArray, IntArray, Interval, RateRatio, TextArray
from pvtracker.stats.two_sided import essential, two_sided

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
    x, y = counts("events_arm", events_arm), counts("events_ref", events_ref)
    t, u = follow_up("years_arm", years_arm), follow_up("years_ref", years_ref)
    size = same_length(events_arm=x, years_arm=t, events_ref=y, years_ref=u)
    x, y = np.broadcast_to(x, size), np.broadcast_to(y, size)
    t, u = np.broadcast_to(t, size), np.broadcast_to(u, size)
    warning = no_warning(size)
    warning[x + y == 0] = NO_EVENT
    _warn_of_no_time(warning, y, u, "the reference arm")
    _warn_of_no_time(warning, x, t, "the arm")
    estimate, low, high, p = (np.full(size, np.nan) for _ in range(4))
    usable = (t > 0) & (u > 0)
    if usable.any():
        x, y, relative = x[usable], y[usable], u[usable] / t[usable]
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate[usable] = x / y.astype(np.float64) * relative
        low[usable], high[usable] = _limits(x, y, relative, (1 - confidence_level) / 2)
        p[usable] = _p_of_equal_rates(x, y, relative)
    return RateRatio(estimate, low, high, p, confidence_level, warning)


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
