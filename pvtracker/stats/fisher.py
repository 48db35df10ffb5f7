"""Fisher's exact test of two proportions, and its mid-p version.

Method, sources and differences between programs: docs/methods/fisher.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.inputs import empty_arm_warning, tables
from pvtracker.stats.results import FloatArray, IntArray, PValues
from pvtracker.stats.two_sided import essential, two_sided


def fisher(n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike) -> PValues:
    """Fisher's exact two-sided p: the probability, given the margins, of tables no more likely than the
    observed.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (n,) or one number for all.
    N_arm, N_ref: participants of the arm and of the reference, the denominators, ≥ n_arm, n_ref.

    No event at all gives p = 1; an empty arm gives nan and a warning. ValueError for counts that cannot be.

    Source: Fisher RA (1935) J R Stat Soc 98:39-82; the two-sided rule is Irwin's (1935) Metron 12:83-94, as
    in R's fisher.test and SciPy's fisher_exact.
    """
    return _both(n_arm, N_arm, n_ref, N_ref)[0]


def fisher_midp(n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike) -> PValues:
    """Fisher's two-sided p with tables exactly as likely as the observed counted by half.

    Arguments, edge cases and errors as for `fisher`. Less conservative; the size may slightly exceed the
    level.

    Source: Lancaster HO (1961) JASA 56:223-234; Fagerland, Lydersen & Laake (2017) Statistical Analysis of
    Contingency Tables, section 4.4 (Fisher mid-P test, Fisher-Irwin).
    """
    return _both(n_arm, N_arm, n_ref, N_ref)[1]


def _both(n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike) -> tuple[PValues, PValues]:
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    warning = empty_arm_warning(a, b)
    p, mid_p = np.full(len(x), np.nan), np.full(len(x), np.nan)
    usable = (a > 0) & (b > 0)
    if usable.any():
        p[usable], mid_p[usable] = _conditional(x[usable], a[usable], y[usable], b[usable])
    return PValues(p=p, warning=warning), PValues(p=mid_p, warning=warning.copy())


def _conditional(x: IntArray, a: IntArray, y: IntArray, b: IntArray) -> tuple[FloatArray, FloatArray]:
    margins, row = np.unique(np.stack([a, b, x + y], axis=1), axis=0, return_inverse=True)
    arm, ref, events = margins[:, 0], margins[:, 1], margins[:, 2]

    def log_ratio(rows: IntArray, k: IntArray) -> FloatArray:
        return hypergeometric_log_ratio(arm[rows, None], ref[rows, None], events[rows, None], k)

    # Given the margins, the count is a sum of as many independent trials as the smallest margin (Vatutin &
    # Mikhailov 1982, Theory Probab Appl 27:734-743).
    smallest_margin = np.minimum(np.minimum(arm, ref), np.minimum(events, arm + ref - events))
    first, last = essential(*support(arm, ref, events), events * (arm / (arm + ref)), smallest_margin)
    return two_sided(first, last, log_ratio, row.reshape(-1), x)


def support(arm: IntArray, ref: IntArray, events: IntArray) -> tuple[IntArray, IntArray]:
    """Fewest and most participants with the event that the arm can have, given the margins."""
    return np.maximum(0, events - ref), np.minimum(arm, events)


def hypergeometric_log_ratio(arm: IntArray, ref: IntArray, events: IntArray, k: IntArray) -> FloatArray:
    """log(P(k + 1) / P(k)) of the events in the arm, given the margins and an odds ratio of one."""
    up = (arm - k).astype(np.float64) * (events - k)
    down = (k + 1).astype(np.float64) * (ref - events + k + 1)
    ratio: FloatArray = np.log(up / down)
    return ratio
