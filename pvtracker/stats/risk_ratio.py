"""Ratio of two risks with score limits: Koopman's, and Miettinen and Nurminen's.

Method, sources and differences between programs: docs/methods/risk-ratio.md.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from pvtracker.stats.inputs import empty_arm_warning, level, tables
from pvtracker.stats.results import FloatArray, Interval
from pvtracker.stats.roots import bracketed_roots, outside_of

NO_EVENT = "no event in either arm: the ratio does not exist, its limits are 0 and infinity"

# log(ratio) of the bracket's inner end where the estimate is 0 or infinite: beyond any ratio of counts
# below 2**30
FAR = 80.0


def risk_ratio_koopman(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Risk in the arm divided by risk in the reference, with Koopman's score limits.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (n,) or one number for all.
    N_arm, N_ref: participants of the arm and of the reference, the denominators.

    The limits are the ratios r at which Pearson's chi-squared statistic, at the most likely pair of risks
    with that ratio, equals the chi-squared quantile. No N / (N − 1) factor: that is `risk_ratio_mn`. No
    event in the arm: estimate and lower limit 0. None in the reference: estimate and upper limit infinity.
    None in either: estimate nan, limits 0 and infinity, and a warning. An empty arm gives nan and a
    warning. ValueError for counts that cannot be, or a confidence level outside (0, 1).

    Source: Koopman PAR (1984) Biometrics 40:513-517.
    """
    return _ratio(n_arm, N_arm, n_ref, N_ref, confidence_level, bias_corrected=False)


def risk_ratio_mn(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """As `risk_ratio_koopman`, with the variance multiplied by N / (N − 1), N = N_arm + N_ref: slightly
    wider.

    Source: Miettinen & Nurminen (1985) Stat Med 4:213-226, section on the rate ratio.
    """
    return _ratio(n_arm, N_arm, n_ref, N_ref, confidence_level, bias_corrected=True)


def _ratio(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    confidence_level: float,
    *,
    bias_corrected: bool,
) -> Interval:
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    warning = empty_arm_warning(a, b)
    both_arms, events = (a > 0) & (b > 0), x + y > 0
    warning[both_arms & ~events] = NO_EVENT
    estimate = np.full(len(x), np.nan)
    low = np.where(both_arms, 0.0, np.nan)
    high = np.where(both_arms, np.inf, np.nan)
    usable = both_arms & events
    if usable.any():
        xs, as_, ys, bs = (each[usable].astype(np.float64) for each in (x, a, y, b))
        quantile = float(ndtri((1 + confidence_level) / 2)) ** 2
        inflation = quantile * (as_ + bs) / (as_ + bs - 1) if bias_corrected else np.full(len(xs), quantile)
        with np.errstate(divide="ignore"):
            estimate[usable] = (xs / as_) / (ys / bs)
        low[usable], high[usable] = _score_limits(xs, as_, ys, bs, estimate[usable], inflation)
    return Interval(estimate, low, high, confidence_level, warning)


def _score_limits(
    x: FloatArray, a: FloatArray, y: FloatArray, b: FloatArray, estimate: FloatArray, inflation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    with np.errstate(divide="ignore"):
        centre = np.clip(np.log(estimate), -FAR, FAR)
    # Lower limits are sought below log(estimate), upper ones above, in one run on the log scale.
    x2, a2, y2, b2, inflation2, inside = (np.tile(each, 2) for each in (x, a, y, b, inflation, centre))
    direction = np.repeat([-1.0, 1.0], len(x))

    def excess(log_ratio: FloatArray) -> FloatArray:
        ratio = np.exp(log_ratio)
        risk_ref = constrained_reference_risk(x2, a2, y2, b2, ratio)
        risk_arm = np.minimum(ratio * risk_ref, 1.0)
        variance = risk_arm * (1 - risk_arm) / a2 + ratio**2 * risk_ref * (1 - risk_ref) / b2
        value: FloatArray = ((x2 / a2 - ratio * y2 / b2) ** 2 - inflation2 * variance) / ratio
        return value

    sought = np.concatenate([x > 0, y > 0])  # the others are 0 and infinity
    log_limit = bracketed_roots(excess, inside, outside_of(excess, inside, direction, sought))
    low, high = np.split(np.exp(log_limit), 2)
    return np.where(x > 0, low, 0.0), np.where(y > 0, high, np.inf)


def constrained_reference_risk(
    x: FloatArray, a: FloatArray, y: FloatArray, b: FloatArray, ratio: FloatArray
) -> FloatArray:
    """The most likely risk p of the reference when the arm's risk is ratio · p, shape (n,).

    The smaller root of ratio·(a + b) p² − (ratio·(a + y) + x + b) p + x + y = 0 (the likelihood equation),
    written so that nothing cancels.
    """
    half = ratio * (a + y) + x + b
    discriminant = np.maximum(half**2 - 4 * ratio * (a + b) * (x + y), 0)
    p: FloatArray = 2 * (x + y) / (half + np.sqrt(discriminant))
    return np.minimum(p, 1.0)
