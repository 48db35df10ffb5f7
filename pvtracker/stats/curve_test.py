"""What the log-rank test and Gray's test have in common: strata, and the statistic of scores with their variance."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from pvtracker.stats.event_times import EVENT, event_times, groups
from pvtracker.stats.inputs import Labels
from pvtracker.stats.results import FloatArray, IntArray
from pvtracker.stats.survival_results import CurveTest

Scores = Callable[[FloatArray, IntArray, IntArray, int], tuple[FloatArray, FloatArray]]
ONE_ARM = "only one arm: there is nothing to compare"
NO_EVENT = "no event: there is nothing to compare"
NEVER_TOGETHER = "no event while two arms were at risk, or all had it at once: there is nothing to compare"
FEWER = "some arms were never at risk together when an event came: fewer degrees of freedom"


def curve_test(
    time: ArrayLike, event: ArrayLike, arm: Labels, stratum: Labels | None, scores: Scores
) -> CurveTest:
    """Scores (observed - expected of each arm) and their variance added over the strata, and their chi-square.

    scores: of one stratum's times, events, arms as numbers, and how many arms there are.
    """
    end, what = event_times(time, event)
    names, index = groups("arm", arm, len(end))
    strata = groups("stratum", stratum, len(end))[1]
    score, variance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for number in range(strata.max(initial=-1) + 1):
        members = strata == number
        found = scores(end[members], what[members], index[members], len(names))
        score, variance = score + found[0], variance + found[1]
    participants = np.bincount(index, minlength=len(names))
    observed = np.bincount(index[what == EVENT], minlength=len(names))
    chi_square, freedom = _chi_square(score, variance)
    warning = None
    if len(names) < 2:
        warning = ONE_ARM
    elif not observed.any():
        warning = NO_EVENT
    elif freedom == 0:
        warning = NEVER_TOGETHER
    elif freedom < len(names) - 1:
        warning = FEWER
    p = float(chdtrc(freedom, chi_square)) if freedom else np.nan
    return CurveTest(names, participants, observed, observed - score, chi_square, freedom, p, warning)


def _chi_square(score: FloatArray, variance: FloatArray) -> tuple[float, int]:
    """score' V⁻ score on the space in which V is not null, and the dimension of that space. The scores of arms that
    were ever at risk together add up to 0, so no more than the other arms can say is lost."""
    if not variance.any():
        return np.nan, 0
    values, vectors = np.linalg.eigh(variance)
    some = values > 1e-10 * values[-1]
    along = vectors[:, some].T @ score
    return float(np.sum(along**2 / values[some])), int(some.sum())


def by_arm(place: IntArray, index: IntArray, chosen: np.ndarray, distinct: int, arms: int) -> FloatArray:
    """How many of the chosen participants are at each distinct time in each arm, shape (distinct, arms)."""
    flat = np.bincount(place[chosen] * arms + index[chosen], minlength=distinct * arms)
    return flat.reshape(distinct, arms).astype(float)


def at_risk(everybody: FloatArray) -> FloatArray:
    """Who leaves at each distinct time, as who is at risk just before it."""
    return everybody[::-1].cumsum(axis=0)[::-1]
