"""Common difference, ratio and odds ratio of two risks over strata: Mantel-Haenszel, and Miettinen-Nurminen limits.

Method, sources and differences between programs: docs/methods/stratified.md.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from pvtracker.stats.inputs import level, no_warning, stratified_tables
from pvtracker.stats.results import FloatArray, Interval, TextArray
from pvtracker.stats.risk_difference import constrained_reference_risk
from pvtracker.stats.roots import bracketed_roots

NO_STRATUM = "no stratum has participants in both arms"
NO_VARIANCE = "the variance is zero and gives no limits; the stratified Miettinen–Nurminen limits exist"
NO_LOG_LIMITS = (
    "a sum of zero: the limits on the log scale do not exist; the exact limits of the odds ratio do"
)


def risk_difference_mh(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    *,
    variance: Literal["sato", "greenland-robins"] = "sato",
    confidence_level: float = 0.95,
) -> Interval:
    """Mantel-Haenszel risk difference: mean of the strata's differences with weights N_arm N_ref / N.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (strata,) for one term or (n, strata).
    N_arm, N_ref: participants of the arm and of the reference, the same shapes; (strata,) holds for all terms.
    variance: "sato", consistent for few large and for many small strata, or "greenland-robins".

    Limits by the normal distribution, cut at -1 and 1. Strata without participants in one arm carry no information; a
    term without any other stratum gives nan and a warning. A variance of zero (no event, or everyone) gives limits of
    nan and a warning. ValueError for counts that cannot be, a level outside (0, 1) or another variance.

    Source: Sato T (1989) Biometrics 45:1323-1324; Greenland S, Robins JM (1985) Biometrics 41:55-68.
    """
    confidence_level = level("confidence_level", confidence_level)
    if variance not in ("sato", "greenland-robins"):
        raise ValueError(f"variance must be sato or greenland-robins, got {variance}")
    x, a, y, b, total, warning = _informative(n_arm, N_arm, n_ref, N_ref)
    weight = a * b / total
    with np.errstate(invalid="ignore"):
        estimate = ((x * b - y * a) / total).sum(axis=1) / weight.sum(axis=1)
        if variance == "sato":
            p = (a**2 * y - b**2 * x + a * b * (b - a) / 2) / total**2
            q = (x * (b - y) + y * (a - x)) / (2 * total)
            spread = estimate * p.sum(axis=1) + q.sum(axis=1)
        else:
            spread = (x * (a - x) * _over(b**2, a) + y * (b - y) * _over(a**2, b)) / total**2
            spread = spread.sum(axis=1)
        deviation = np.sqrt(np.maximum(spread, 0)) / weight.sum(axis=1)
    # Rounding leaves some 1e-16 where the variance is zero.
    deviation = np.where(deviation < 1e-9 / np.sqrt(np.maximum(weight.sum(axis=1), 1)), np.nan, deviation)
    warning[np.isnan(deviation) & ~np.isnan(estimate)] = NO_VARIANCE
    half = float(ndtri((1 + confidence_level) / 2)) * deviation
    low, high = np.maximum(estimate - half, -1.0), np.minimum(estimate + half, 1.0)
    return Interval(estimate, low, high, confidence_level, warning)


def risk_ratio_mh(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Mantel-Haenszel risk ratio: Σ n_arm N_ref / N over Σ n_ref N_arm / N, with Greenland and Robins' log variance.

    Arguments, strata without information and errors as for `risk_difference_mh`. No event in the arm gives 0, none in
    the reference infinity, none at all nan; then the limits are nan, with a warning.

    Source: Greenland S, Robins JM (1985) Biometrics 41:55-68.
    """
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b, total, warning = _informative(n_arm, N_arm, n_ref, N_ref)
    above, below = (x * b / total).sum(axis=1), (y * a / total).sum(axis=1)
    spread = (((x + y) * a * b - x * y * total) / total**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = spread / (above * below)
    return _log_limits(above, below, variance, confidence_level, warning)


def odds_ratio_mh(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Mantel-Haenszel odds ratio with Robins, Breslow and Greenland's log variance.

    Arguments, edge cases and errors as for `risk_ratio_mh`. The exact limits are `odds_ratio_stratified_exact`.

    Source: Mantel N, Haenszel W (1959) J Natl Cancer Inst 22:719-748; Robins J, Breslow N, Greenland S (1986)
    Biometrics 42:311-323.
    """
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b, total, warning = _informative(n_arm, N_arm, n_ref, N_ref)
    agree, disagree = (x + b - y) / total, (y + a - x) / total
    each_above, each_below = x * (b - y) / total, y * (a - x) / total
    above, below = each_above.sum(axis=1), each_below.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (
            (agree * each_above).sum(axis=1) / (2 * above**2)
            + (agree * each_below + disagree * each_above).sum(axis=1) / (2 * above * below)
            + (disagree * each_below).sum(axis=1) / (2 * below**2)
        )
    return _log_limits(above, below, variance, confidence_level, warning)


def risk_difference_mn_stratified(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    *,
    weights: Literal["mantel-haenszel", "equal"] = "mantel-haenszel",
    confidence_level: float = 0.95,
) -> Interval:
    """Weighted mean of the strata's risk differences with Miettinen-Nurminen score limits.

    Arguments and errors as for `risk_difference_mh`. weights: "mantel-haenszel", N_arm N_ref / N, or "equal"; not
    Miettinen and Nurminen's own iterated ones.

    The limits are the differences d at which (Σ w (estimate − d))² / Σ w² V(d) equals the chi-squared quantile, V(d)
    being each stratum's variance at its most likely pair of risks that differ by d, times N / (N − 1). Zero cells need
    no correction; no event at all gives limits on both sides of zero.

    Source: Miettinen & Nurminen (1985) Stat Med 4:213-226, section on stratified comparison.
    """
    confidence_level = level("confidence_level", confidence_level)
    if weights not in ("mantel-haenszel", "equal"):
        raise ValueError(f"weights must be mantel-haenszel or equal, got {weights}")
    x, a, y, b, total, warning = _informative(n_arm, N_arm, n_ref, N_ref)
    counted = (a > 0) & (b > 0)
    weight = np.where(counted, a * b / total if weights == "mantel-haenszel" else 1.0, 0.0)
    estimate, low, high = (np.full(len(x), np.nan) for _ in range(3))
    usable = counted.any(axis=1)
    if usable.any():
        x, a, y, b, total, weight = (each[usable] for each in (x, a, y, b, total, weight))
        # Strata without weight are given a harmless table.
        filled = weight > 0
        a, b = np.where(filled, a, 1.0), np.where(filled, b, 1.0)
        x, y, total = np.where(filled, x, 0.0), np.where(filled, y, 0.0), np.where(filled, total, 2.0)
        weight = weight / weight.sum(axis=1, keepdims=True)
        estimate[usable] = (weight * (x / a - y / b)).sum(axis=1)
        quantile = float(ndtri((1 + confidence_level) / 2)) ** 2
        low[usable], high[usable] = _score_limits(x, a, y, b, weight, quantile * total / (total - 1))
    return Interval(estimate, low, high, confidence_level, warning)


def _score_limits(
    x: FloatArray, a: FloatArray, y: FloatArray, b: FloatArray, weight: FloatArray, inflation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    x2, a2, y2, b2, weight2, inflation2 = (np.tile(each, (2, 1)) for each in (x, a, y, b, weight, inflation))
    inside = (weight2 * (x2 / a2 - y2 / b2)).sum(axis=1)
    outside = np.repeat([-1.0, 1.0], len(x))

    def excess(d: FloatArray) -> FloatArray:
        every = np.broadcast_to(d[:, None], x2.shape)
        ref = constrained_reference_risk(*(each.ravel() for each in (x2, a2, y2, b2, every))).reshape(
            x2.shape
        )
        arm = ref + every
        variance = arm * (1 - arm) / a2 + ref * (1 - ref) / b2
        value: FloatArray = (inside - d) ** 2 - (weight2**2 * inflation2 * variance).sum(axis=1)
        return value

    # An estimate of −1 or 1 is its own limit; rounding may carry a weighted mean beyond.
    inside = np.clip(inside, -1.0, 1.0)
    low, high = np.split(bracketed_roots(excess, inside, outside), 2)
    return low, high


def _informative(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, TextArray]:
    """The tables, nought in strata without participants in both arms, their totals, and warnings where no stratum is
    left."""
    x, a, y, b = (each.astype(np.float64) for each in stratified_tables(n_arm, N_arm, n_ref, N_ref))
    both = (a > 0) & (b > 0)
    x, a, y, b = (np.where(both, each, 0.0) for each in (x, a, y, b))
    warning = no_warning(len(x))
    warning[~both.any(axis=1)] = NO_STRATUM
    return x, a, y, b, np.maximum(a + b, 1.0), warning


def _log_limits(
    above: FloatArray, below: FloatArray, variance: FloatArray, confidence_level: float, warning: TextArray
) -> Interval:
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = above / below
        half = float(ndtri((1 + confidence_level) / 2)) * np.sqrt(variance)
        exist = (above > 0) & (below > 0)
        low = np.where(exist, estimate * np.exp(-half), np.nan)
        high = np.where(exist, estimate * np.exp(half), np.nan)
    for row in np.flatnonzero(~exist):
        warning[row] = warning[row] or NO_LOG_LIMITS
    return Interval(estimate, low, high, confidence_level, warning)


def _over(up: FloatArray, down: FloatArray) -> FloatArray:
    """Nought over nought is nought: a stratum that is left out."""
    quotient: FloatArray = up / np.where(down > 0, down, 1.0)
    return quotient
