"""Difference of two risks with closed-form limits: Newcombe's hybrid score, and Agresti and Caffo's.

Method, sources and differences between programs: docs/methods/risk-difference-newcombe.md.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from pvtracker.stats.inputs import empty_arm_warning, level, tables
from pvtracker.stats.results import FloatArray, Interval


def risk_difference_newcombe(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Risk in the arm minus risk in the reference, with Newcombe's hybrid score limits (his method 10).

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (n,) or one number for all.
    N_arm, N_ref: participants of the arm and of the reference, the denominators.

    Each limit lies from the estimate by the root of the summed squares of the distances between the two
    risks and their Wilson score limits on that side; no continuity correction. Never outside [-1, 1]. An
    empty arm gives nan and a warning. ValueError for counts that cannot be, or a confidence level outside
    (0, 1).

    Source: Newcombe RG (1998) Stat Med 17:873-890, method 10.
    """
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    z = float(ndtri((1 + confidence_level) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        arm, ref = x / a, y / b
        arm_low, arm_high = _wilson(arm, a.astype(np.float64), z)
        ref_low, ref_high = _wilson(ref, b.astype(np.float64), z)
        low = arm - ref - np.hypot(arm - arm_low, ref_high - ref)
        high = arm - ref + np.hypot(arm_high - arm, ref - ref_low)
        nowhere = np.where((a == 0) | (b == 0), np.nan, 0.0)
    return Interval(
        arm - ref + nowhere, low + nowhere, high + nowhere, confidence_level, empty_arm_warning(a, b)
    )


def risk_difference_agresti_caffo(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Risk in the arm minus risk in the reference, with Agresti and Caffo's limits: Wald's, after one
    participant with and one without the event were added to each arm.

    Arguments, edge cases and errors as for `risk_difference_newcombe`. The estimate is that of the counts as
    they are; limits beyond -1 or 1 are cut there.

    Source: Agresti A, Caffo B (2000) Am Stat 54:280-288.
    """
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    z = float(ndtri((1 + confidence_level) / 2))
    arm, ref = (x + 1) / (a + 2), (y + 1) / (b + 2)
    half = z * np.sqrt(arm * (1 - arm) / (a + 2) + ref * (1 - ref) / (b + 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where((a == 0) | (b == 0), np.nan, x / a - y / b)
    nowhere = np.where(np.isnan(estimate), np.nan, 0.0)
    low, high = np.maximum(arm - ref - half, -1.0), np.minimum(arm - ref + half, 1.0)
    return Interval(estimate, low + nowhere, high + nowhere, confidence_level, empty_arm_warning(a, b))


def _wilson(share: FloatArray, size: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Wilson's (1927) score limits of one risk: nobody gives a lower limit of exactly 0, everybody an upper
    one of 1."""
    centre = 2 * size * share + z**2
    half = z * np.sqrt(z**2 + 4 * size * share * (1 - share))
    low, high = (centre - half) / (2 * (size + z**2)), (centre + half) / (2 * (size + z**2))
    return np.where(share == 0, 0.0, low), np.where(share == 1, 1.0, high)
