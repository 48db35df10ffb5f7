"""Difference of two risks with the score limits of Miettinen and Nurminen.

Method, sources and differences between programs: docs/methods/risk-difference.md.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from pvtracker.stats.inputs import empty_arm_warning, level, tables
from pvtracker.stats.results import FloatArray, Interval
from pvtracker.stats.roots import bracketed_roots


def risk_difference_mn(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Risk in the arm minus risk in the reference, as a fraction, with Miettinen-Nurminen score limits.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (n,) or one number for all.
    N_arm, N_ref: participants of the arm and of the reference, the denominators.

    The limits are the differences d at which (estimate − d)² / V(d) equals the chi-squared quantile; V(d)
    is the variance at the most likely pair of risks that differ by d, times N / (N − 1) with N = N_arm +
    N_ref. Zero cells need no correction; 0 v 0 gives limits on both sides of zero. An empty arm gives nan
    and a warning. ValueError for counts that cannot be, or a confidence level outside (0, 1).

    Source: Miettinen & Nurminen (1985) Stat Med 4:213-226, section on the rate difference and appendix.
    """
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    estimate, low, high = (np.full(len(x), np.nan) for _ in range(3))
    usable = (a > 0) & (b > 0)
    if usable.any():
        xs, as_, ys, bs = (each[usable].astype(np.float64) for each in (x, a, y, b))
        estimate[usable] = xs / as_ - ys / bs
        quantile = float(ndtri((1 + confidence_level) / 2))
        low[usable], high[usable] = score_limits(xs, as_, ys, bs, np.full(len(xs), quantile))
    return Interval(estimate, low, high, confidence_level, empty_arm_warning(a, b))


def score_limits(
    x: FloatArray, a: FloatArray, y: FloatArray, b: FloatArray, quantile: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The differences at which the statistic is that normal quantile, below and above the estimate, shapes (n,)."""
    estimate = x / a - y / b
    # Lower and upper limits are sought in one run: -1 lies outside every lower limit, +1 outside every upper
    # one; an estimate of -1 or +1 is its own limit.
    x2, a2, y2, b2, inside = (np.tile(each, 2) for each in (x, a, y, b, estimate))
    outside = np.repeat([-1.0, 1.0], len(x))
    inflation = np.tile(quantile, 2) ** 2 * (a2 + b2) / (a2 + b2 - 1)

    def excess(d: FloatArray) -> FloatArray:
        risk_ref = constrained_reference_risk(x2, a2, y2, b2, d)
        risk_arm = risk_ref + d
        variance = risk_arm * (1 - risk_arm) / a2 + risk_ref * (1 - risk_ref) / b2
        value: FloatArray = (inside - d) ** 2 - inflation * variance
        return value

    low, high = np.split(bracketed_roots(excess, inside, outside), 2)
    return low, high


def constrained_reference_risk(
    x: FloatArray, a: FloatArray, y: FloatArray, b: FloatArray, d: FloatArray
) -> FloatArray:
    """The most likely risk p of the reference when the arm's risk is p + d, shape (n,).

    The middle root of the likelihood equation, a cubic in p (in closed form, appendix of the source),
    brought to full precision by a Newton step, because the closed form loses digits where two roots lie
    close (rare events).
    """
    total, events = a + b, x + y
    c2 = (a + 2 * b) * d - total - events
    c1 = (b * d - total - 2 * y) * d + events
    c0 = y * d * (1 - d)
    third = c2 / (3 * total)
    q = third**3 - c1 * c2 / (6 * total**2) + c0 / (2 * total)
    u = np.copysign(np.sqrt(np.maximum(third**2 - c1 / (3 * total), 0)), q)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(u == 0, 1.0, q / u**3)
    angle = (np.pi + np.arccos(np.clip(cosine, -1, 1))) / 3
    lowest, highest = np.maximum(0.0, -d), np.minimum(1.0, 1 - d)
    p: FloatArray = np.clip(2 * u * np.cos(angle) - third, lowest, highest)

    arm, ref = x - a * (p + d), y - b * p
    slope = (1 - 2 * p) * arm - a * p * (1 - p) + (1 - 2 * (p + d)) * ref - b * (p + d) * (1 - p - d)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = (p * (1 - p) * arm + (p + d) * (1 - p - d) * ref) / slope
    # Where two roots meet the slope is zero or nan and the closed form stands.
    polished = np.where(np.abs(step) < 1e-6, p - step, p)
    return np.clip(polished, lowest, highest)
