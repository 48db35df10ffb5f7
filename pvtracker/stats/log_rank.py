"""The log-rank test of two arms or more, stratified if wished.

Method, sources and differences between programs: docs/methods/log-rank.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.curve_test import at_risk, by_arm, curve_test
from pvtracker.stats.event_times import EVENT
from pvtracker.stats.inputs import Labels
from pvtracker.stats.results import FloatArray, IntArray
from pvtracker.stats.survival_results import CurveTest


def log_rank(time: ArrayLike, event: ArrayLike, arm: Labels, *, stratum: Labels | None = None) -> CurveTest:
    """Log-rank test that the hazard of the event is the same in all arms; p from chi-square, two-sided for two arms.

    time: from the start to the event or to the end of observation, ≥ 0, shape (N,) or one number for all. event: 1 had
    the event, 0 was censored, 2 died before; a death is taken as censoring: what is compared is the hazard among the
    living. arm, stratum: labels of each participant; events are compared within strata, then added.

    The variance is hypergeometric, so ties are exact. Fewer than two arms, no event, or none while two arms are at
    risk: nan and a warning. ValueError for values that cannot be.

    Source: Mantel (1966) Cancer Chemother Rep 50:163-170; Peto & Peto (1972) J R Stat Soc A 135:185-207.
    """
    return curve_test(time, event, arm, stratum, _scores)


def _scores(time: FloatArray, event: IntArray, index: IntArray, arms: int) -> tuple[FloatArray, FloatArray]:
    """Observed - expected of each arm, and the covariance, in one stratum."""
    distinct, place = np.unique(time, return_inverse=True)
    events = by_arm(place, index, event == EVENT, len(distinct), arms)
    exposed = at_risk(by_arm(place, index, np.full(len(time), True), len(distinct), arms))
    come = events.sum(axis=1) > 0
    events, exposed = events[come], exposed[come]
    died, n = events.sum(axis=1), exposed.sum(axis=1)
    share = exposed / n[:, None]
    weight = died * (n - died) / np.maximum(n - 1, 1)
    variance = np.diag(weight @ share) - (share * weight[:, None]).T @ share
    return (events - share * died[:, None]).sum(axis=0), variance
