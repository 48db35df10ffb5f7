"""Gray's test of cumulative incidences while death competes.

Method, sources and differences between programs: docs/methods/gray.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.curve_test import at_risk, by_arm, curve_test
from pvtracker.stats.event_times import DEATH, EVENT
from pvtracker.stats.inputs import Labels
from pvtracker.stats.results import FloatArray, IntArray
from pvtracker.stats.survival_results import CurveTest


def gray(time: ArrayLike, event: ArrayLike, arm: Labels, *, stratum: Labels | None = None) -> CurveTest:
    """Gray's test (rho = 0) that the cumulative incidence of the event is the same in all arms, death competing.

    time: from the start to the first of event, death and end of observation, ≥ 0, shape (N,) or one number for all.
    event: 1 had the event, 2 died before it, 0 was censored. arm, stratum: labels of each participant; scores are
    added over strata.

    As the log-rank test, but who died stays at risk, so that the subdistribution hazard is compared; where nobody dies
    the score is the log-rank test's. Fewer than two arms, no event, or none while two arms are at risk: nan and a
    warning. ValueError for values that cannot be.

    Source: Gray (1988) Ann Statist 16:1141-1154.
    """
    return curve_test(time, event, arm, stratum, _scores)


def _scores(time: FloatArray, event: IntArray, index: IntArray, arms: int) -> tuple[FloatArray, FloatArray]:
    """Observed - expected of each arm, and the estimated covariance, in one stratum.

    The score is a sum of martingales: one event of arm k at time s moves the score of arm i by
    a_ik(s) + (1 - (1 - F(s)) / S_k(s)) · (c_ik(end) - c_ik(s)), a death by -(1 - F(s)) / S_k(s) · the same difference;
    the variance is the sum of the squares times the variance of the counts under the null.
    """
    distinct, place = np.unique(time, return_inverse=True)
    everybody, events, deaths = (
        by_arm(place, index, chosen, len(distinct), arms)
        for chosen in (np.full(len(time), True), event == EVENT, event == DEATH)
    )
    n = at_risk(everybody)
    some = n > 0
    n_or_1 = np.where(some, n, 1.0)
    free = np.cumprod(1 - (events + deaths) / n_or_1, axis=0)
    before = np.vstack([np.ones(arms), free[:-1]])
    own = np.cumsum(before * events / n_or_1, axis=0)
    own_before = np.vstack([np.zeros(arms), own[:-1]])
    # Those at risk as if nobody had died or been censored (size), and those of them without the event (modified).
    size = np.where(some, n / np.where(some, before, 1.0), 0.0)
    modified = size * (1 - own_before)
    come, total = events.sum(axis=1), size.sum(axis=1)
    pooled = np.cumsum(come / total)
    pooled_before = np.concatenate([[0.0], pooled[:-1]])
    score = (
        events - come[:, None] * modified / np.maximum(modified.sum(axis=1), np.finfo(float).tiny)[:, None]
    )

    # a[s, i, k] and the running sum c, symmetric in i and k
    a = size[:, :, None] * (np.eye(arms) - size[:, None, :] / total[:, None, None])
    left = np.where(pooled_before != 1, 1 - pooled_before, np.inf)
    c = np.cumsum(a * (come / (total * left))[:, None, None], axis=0)
    rest = c[-1] - c
    ratio = np.where(free > 0, (1 - pooled)[:, None] / np.where(free > 0, free, 1.0), 0.0)
    expected = total[:, None] * before
    ties = np.where(
        come[:, None] > 1, 1 - (come[:, None] - 1) / np.where(expected > 1, expected - 1, np.inf), 1.0
    )
    of_event = np.where(some, ties * before * (come / total)[:, None] / n_or_1, 0.0)
    ties = np.where(deaths > 1, 1 - (deaths - 1) / np.maximum(n - 1, 1), 1.0)
    of_death = np.where(some, ties * before**2 * deaths / n_or_1**2, 0.0)
    moved = a + (1 - ratio)[:, None, :] * rest
    variance = np.einsum("sik,sjk,sk->ij", moved, moved, of_event)
    moved = ratio[:, None, :] * rest
    variance += np.einsum("sik,sjk,sk->ij", moved, moved, of_death)
    return score.sum(axis=0), variance
