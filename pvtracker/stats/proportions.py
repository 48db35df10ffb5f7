"""Exact limits of one risk.

Method, sources and differences between programs: docs/methods/proportion.md.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainccinv, betaincinv

from pvtracker.stats.inputs import EMPTY_ARM, counts, level, no_warning, refuse, same_length
from pvtracker.stats.results import FloatArray, Interval


def proportion_clopper_pearson(n: ArrayLike, N: ArrayLike, *, confidence_level: float = 0.95) -> Interval:
    """Share of N participants with an event, n of them, with Clopper and Pearson's two-sided exact limits.

    n, N: whole numbers, 0 ≤ n ≤ N, shape (n,) or one number for all. Nobody with the event gives a lower
    limit of 0, everybody an upper limit of 1; each error probability stays (1 − confidence_level) / 2. An
    empty arm gives nan and a warning. ValueError for counts that cannot be, or a level outside (0, 1).

    Source: Clopper & Pearson (1934) Biometrika 26:404-413.
    """
    confidence_level = level("confidence_level", confidence_level)
    events, size = counts("n", n), counts("N", N)
    length = same_length(n=events, N=size)
    events, size = np.broadcast_to(events, length), np.broadcast_to(size, length)
    refuse("n", "must be ≤ N", events, events > size)
    warning = no_warning(length)
    warning[size == 0] = EMPTY_ARM
    tail = (1 - confidence_level) / 2
    with np.errstate(invalid="ignore"):
        estimate = np.where(size > 0, events / np.maximum(size, 1), np.nan)
        low = np.where(events > 0, betaincinv(np.maximum(events, 1), size - events + 1.0, tail), 0.0)
        high = np.where(events < size, betainccinv(events + 1.0, np.maximum(size - events, 1), tail), 1.0)
    low, high = np.where(size > 0, low, np.nan), np.where(size > 0, high, np.nan)
    return Interval(estimate, low, high, confidence_level, warning)


def upper_limit_for_zero(N: ArrayLike, *, confidence_level: float = 0.95) -> FloatArray:
    """The largest risk that agrees with no event among N participants: one-sided exact upper limit, shape
    (n,).

    1 − (1 − confidence_level) ** (1 / N); about 3 / N at 95 percent ("rule of three"). N = 0 gives 1: any
    risk agrees. ValueError for counts that cannot be, or a level outside (0, 1).

    N: participants, none of whom had the event, whole numbers ≥ 0, shape (n,) or one number for all.

    Source: Clopper & Pearson (1934), n = 0; Hanley & Lippman-Hand (1983) JAMA 249:1743-1745.
    """
    confidence_level = level("confidence_level", confidence_level)
    size = np.atleast_1d(counts("N", N)).astype(np.float64)
    with np.errstate(divide="ignore"):
        limit: FloatArray = -np.expm1(np.log1p(-confidence_level) / size)
    return limit
