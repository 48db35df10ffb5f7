"""Conditional odds ratio with exact limits, and with mid-p limits.

Method, sources and differences between programs: docs/methods/odds-ratio.md.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.fisher import hypergeometric_log_ratio, support
from pvtracker.stats.inputs import empty_arm_warning, level, tables
from pvtracker.stats.results import BoolArray, FloatArray, IntArray, Interval
from pvtracker.stats.roots import bracketed_roots, outside_of
from pvtracker.stats.two_sided import batches, log_weights

NO_CONTRAST = "the margins allow one table only: the odds ratio does not exist, its limits are 0 and infinity"

# Probability left out at each end of the window of counts that is summed; far below float64 rounding of the
# rest
LEFT_OUT = 1e-18
PRECISION = 1e-12  # of the log odds ratio


def odds_ratio_conditional(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Odds in the arm divided by odds in the reference: conditional maximum likelihood, exact limits.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (n,) or one number for all.
    N_arm, N_ref: participants of the arm and of the reference, the denominators.

    Given the margins, the events in the arm follow Fisher's noncentral hypergeometric distribution. The
    estimate is the odds ratio whose mean is the observed count; the limits are those at which the observed
    count or more (lower limit), or that count or fewer (upper), has probability (1 − confidence_level) / 2.
    The fewest events the margins allow give estimate and lower limit 0, the most give infinity. Margins
    that allow one table only (no event, or everyone) give nan with limits 0 and infinity, an empty arm
    gives nan; both warn. ValueError for counts that cannot be, or a confidence level outside (0, 1).

    Source: Cornfield J (1956) Proc Third Berkeley Symp 4:135-148; as in R's fisher.test and SciPy's
    odds_ratio.
    """
    return _conditional(n_arm, N_arm, n_ref, N_ref, confidence_level, observed=1.0)


def odds_ratio_midp(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """As `odds_ratio_conditional`, with the observed count taken by half in either tail: narrower limits,
    whose coverage is close to the confidence level but not guaranteed.

    Source: Lancaster HO (1961) JASA 56:223-234 (mid-p), applied to both tails of Cornfield's limits; Fagerland,
    Lydersen & Laake (2017) Statistical Analysis of Contingency Tables, chapter 4 (Cornfield mid-P interval).
    """
    return _conditional(n_arm, N_arm, n_ref, N_ref, confidence_level, observed=0.5)


def _conditional(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    confidence_level: float,
    *,
    observed: float,
) -> Interval:
    """observed: the part of the observed count's probability that each tail takes."""
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    fewest, most = support(a, b, x + y)
    both_arms, contrast = (a > 0) & (b > 0), most > fewest
    warning = empty_arm_warning(a, b)
    warning[both_arms & ~contrast] = NO_CONTRAST
    estimate = np.full(len(x), np.nan)
    low = np.where(both_arms, 0.0, np.nan)
    high = np.where(both_arms, np.inf, np.nan)
    usable = both_arms & contrast
    if usable.any():
        columns = np.stack([x[usable], a[usable], y[usable], b[usable]], axis=1)
        distinct, place = np.unique(columns, axis=0, return_inverse=True)
        solved = _solve(distinct, (1 - confidence_level) / 2, observed)[place.reshape(-1)]
        estimate[usable], low[usable], high[usable] = solved.T
    return Interval(estimate, low, high, confidence_level, warning)


def _solve(distinct: IntArray, tail: float, observed: float) -> FloatArray:
    """Estimate, low and high of each table (n_arm, N_arm, n_ref, N_ref), shapes (r, 4) -> (r, 3)."""
    x, a, y, b = distinct.T
    fewest, most = support(a, b, x + y)
    first, last = _window(distinct, tail)
    start = np.log((x + 0.5) * (b - y + 0.5) / ((y + 0.5) * (a - x + 0.5)))
    spread = np.sqrt(1 / (x + 0.5) + 1 / (a - x + 0.5) + 1 / (y + 0.5) + 1 / (b - y + 0.5))

    def log_ratio(rows: IntArray, k: IntArray) -> FloatArray:
        return hypergeometric_log_ratio(a[rows, None], b[rows, None], (x + y)[rows, None], k)

    solved = np.empty((len(distinct), 3))
    for rows, width in batches(last - first + 1):
        log_p = log_weights(rows, first[rows], last[rows], width, log_ratio)
        above = first[rows, None] + np.arange(width) - x[rows, None]
        no_lower, no_upper = x[rows] == fewest[rows], x[rows] == most[rows]
        roots = conditional_limits(
            log_p, above, start[rows], spread[rows], tail, observed, no_lower, no_upper
        )
        with np.errstate(over="ignore"):
            solved[rows] = np.exp(roots)
    return solved


def _window(distinct: IntArray, tail: float) -> tuple[IntArray, IntArray]:
    """Counts that matter at the estimate and at both limits.

    The count is distributed as a sum of independent yes/no trials (Vatutin & Mikhailov 1982), as many as
    the smallest margin m, so by Hoeffding's inequality it lies within sqrt(m/2 · log(2/q)) of its mean but
    for probability q. The mean at a limit therefore lies near the observed count, and so does all that
    matters there.
    """
    x, a, y, b = distinct.T
    margin = np.minimum(np.minimum(a, b), np.minimum(x + y, a + b - x - y))
    reach = np.sqrt(margin / 2) * (np.sqrt(np.log(2 / tail)) + np.sqrt(np.log(2 / LEFT_OUT)))
    fewest, most = support(a, b, x + y)
    half = np.ceil(reach).astype(np.int64) + 2
    return np.maximum(fewest, x - half), np.minimum(most, x + half)


def conditional_limits(
    log_p: FloatArray,
    above: IntArray,
    start: FloatArray,
    spread: FloatArray,
    tail: float,
    observed: float,
    no_lower: BoolArray,
    no_upper: BoolArray,
) -> FloatArray:
    """Log estimate and log limits, shape (r, 3). above: count minus observed count, like log_p of shape (r,
    w)."""

    def probabilities(log_odds: FloatArray) -> FloatArray:
        tilted = log_p + log_odds[:, None] * above
        tilted -= tilted.max(axis=1, keepdims=True)
        np.exp(tilted, out=tilted)
        tilted /= tilted.sum(axis=1, keepdims=True)
        return tilted

    def mean_above_observed(log_odds: FloatArray) -> FloatArray:
        mean: FloatArray = np.einsum("ij,ij->i", probabilities(log_odds), above)
        return mean

    def log_tail(log_odds: FloatArray, counted: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            value: FloatArray = np.log(np.einsum("ij,ij->i", probabilities(log_odds), counted)) - np.log(tail)
        return value

    at_least = (above > 0) + observed * (above == 0)
    at_most = (above < 0) + observed * (above == 0)
    estimate = _increasing_root(mean_above_observed, start, spread, ~(no_lower | no_upper))
    low = _increasing_root(lambda odds: log_tail(odds, at_least), start - 2 * spread, spread, ~no_lower)
    high = _increasing_root(lambda odds: -log_tail(odds, at_most), start + 2 * spread, spread, ~no_upper)
    estimate = np.where(no_lower, -np.inf, np.where(no_upper, np.inf, estimate))
    return np.stack([estimate, np.where(no_lower, -np.inf, low), np.where(no_upper, np.inf, high)], axis=1)


def _increasing_root(
    function: Callable[[FloatArray], FloatArray], start: FloatArray, step: FloatArray, sought: BoolArray
) -> FloatArray:
    up, down = np.ones(len(start)), -np.ones(len(start))
    outside = outside_of(function, start, up, sought, first_step=step)
    inside = outside_of(lambda at: -function(at), start, down, sought, first_step=step)
    return bracketed_roots(function, inside, outside, relative=PRECISION, absolute=PRECISION)
