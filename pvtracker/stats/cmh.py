"""Tests of association over strata, asymptotic and exact, and of homogeneity of the odds ratios.

Method, sources and differences between programs: docs/methods/cmh.md and docs/methods/breslow-day.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from pvtracker.stats.fisher import hypergeometric_log_ratio, support
from pvtracker.stats.inputs import level, no_warning, stratified_tables
from pvtracker.stats.odds_ratio import NO_CONTRAST, conditional_limits
from pvtracker.stats.results import ChiSquared, FloatArray, IntArray, Interval, PValues, TextArray
from pvtracker.stats.stratified import NO_STRATUM
from pvtracker.stats.two_sided import LOG_TIE, batches

NO_INFORMATION = "no stratum has both an event and a participant without one in both arms together"
ONE_STRATUM = "fewer than two strata tell of the odds ratio: there is nothing to compare"
NO_COMMON = "the common odds ratio is 0 or infinite: no table is expected under it"


def cmh(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, continuity: bool = False
) -> ChiSquared:
    """Cochran-Mantel-Haenszel test of no association in any stratum, chi-squared with one degree of freedom.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (strata,) for one term or (n, strata).
    N_arm, N_ref: participants of the arm and of the reference, the same shapes; (strata,) holds for all terms.
    continuity: subtract 1/2 from |Σ (n_arm − expected)|, not below zero.

    Strata whose margins allow one table only add nothing; a term with no other gives nan and a warning. ValueError for
    counts that cannot be.

    Source: Mantel N, Haenszel W (1959) J Natl Cancer Inst 22:719-748, variance with N − 1.
    """
    x, a, y, b = stratified_tables(n_arm, N_arm, n_ref, N_ref)
    total, events = a + b, (x + y).astype(np.float64)
    size = np.maximum(total, 2)
    expected = events * a / size
    variance = (events * (size - events) * a * b / (size**2 * (size - 1.0))).sum(axis=1)
    apart = np.abs(np.where((a > 0) & (b > 0), x - expected, 0.0).sum(axis=1))
    if continuity:
        apart = np.maximum(apart - 0.5, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(variance > 0, apart**2 / variance, np.nan)
    warning = _warned(a, b)
    warning[(variance == 0) & (warning == None)] = NO_INFORMATION  # noqa: E711  # of an array
    return ChiSquared(statistic, np.ones(len(x), dtype=np.int64), chdtrc(1.0, statistic), warning)


def cmh_exact(n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike) -> PValues:
    """Exact two-sided p of no association: the conditional probability of sums Σ n_arm no more likely than the
    observed.

    Arguments and errors as for `cmh`. Given the margins of every stratum the sum is distributed as a sum of independent
    hypergeometric counts. One stratum: Fisher's test. No event at all gives p = 1.

    Source: Birch MW (1964) J R Stat Soc B 26:313-324 (the conditional distribution); the two-sided rule is that of R's
    mantelhaen.test(exact = TRUE).
    """
    return _exact(n_arm, N_arm, n_ref, N_ref)[0]


def cmh_exact_midp(n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike) -> PValues:
    """As `cmh_exact`, with sums exactly as likely as the observed counted by half.

    Source: Lancaster HO (1961) JASA 56:223-234, applied to the conditional distribution.
    """
    return _exact(n_arm, N_arm, n_ref, N_ref)[1]


def odds_ratio_stratified_exact(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    *,
    mid_p: bool = False,
    confidence_level: float = 0.95,
) -> Interval:
    """Common odds ratio: conditional maximum likelihood, exact limits from both tails of the conditional distribution.

    Arguments as for `cmh`. mid_p: the observed sum is taken by half in either tail. The smallest sum the margins allow
    gives estimate and lower limit 0, the largest infinity. Margins that allow one sum only give nan with limits 0 and
    infinity, no stratum with both arms gives nan; both warn. ValueError for counts that cannot be or a level outside
    (0, 1).

    Source: Gart JJ (1970) Biometrika 57:471-475 (the limits); as in R's mantelhaen.test(exact = TRUE).
    """
    confidence_level = level("confidence_level", confidence_level)
    x, a, y, b = stratified_tables(n_arm, N_arm, n_ref, N_ref)
    warning = _warned(a, b)
    some = (warning == None).astype(bool)  # noqa: E711  # of an array
    estimate = np.full(len(x), np.nan)
    low, high = np.where(some, 0.0, np.nan), np.where(some, np.inf, np.nan)
    sums = [_Sum.of(x[row], a[row], y[row], b[row], tilted=True) for row in range(len(x))]
    usable = np.array(
        [row for row in np.flatnonzero(some) if sums[row].most > sums[row].fewest], dtype=np.int64
    )
    for row in np.setdiff1d(np.flatnonzero(some), usable):
        warning[row] = NO_CONTRAST
    widths = np.array([len(sums[row].log_p) for row in usable], dtype=np.int64)
    for rows, width in batches(widths):
        chosen = [sums[row] for row in usable[rows]]
        log_p, above = np.full((len(rows), width), -np.inf), np.zeros((len(rows), width), dtype=np.int64)
        for at, one in enumerate(chosen):
            log_p[at, : len(one.log_p)] = one.log_p
            above[at] = one.first + np.arange(width) - one.observed
        solved = conditional_limits(
            log_p,
            above,
            np.array([one.log_odds for one in chosen]),
            np.array([one.spread for one in chosen]),
            (1 - confidence_level) / 2,
            0.5 if mid_p else 1.0,
            np.array([one.observed == one.fewest for one in chosen]),
            np.array([one.observed == one.most for one in chosen]),
        )
        with np.errstate(over="ignore"):
            estimate[usable[rows]], low[usable[rows]], high[usable[rows]] = np.exp(solved).T
    return Interval(estimate, low, high, confidence_level, warning)


def breslow_day(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, tarone: bool = True
) -> ChiSquared:
    """Breslow-Day test that the odds ratio is the same in all strata, with Tarone's correction.

    Arguments and errors as for `cmh`. Expected counts are those of each stratum's margins at the Mantel-Haenszel odds
    ratio. tarone: subtract (Σ (n_arm − expected))² / Σ variance, which makes the statistic asymptotically chi-squared.

    Strata whose margins allow one table only are left out; the degrees of freedom are the others less one. Fewer than
    two of them, or a Mantel-Haenszel odds ratio of 0 or infinity, give nan and a warning.

    Source: Breslow NE, Day NE (1980) Statistical Methods in Cancer Research I, section 4.4; Tarone RE (1985) Biometrika
    72:91-95.
    """
    x, a, y, b = (each.astype(np.float64) for each in stratified_tables(n_arm, N_arm, n_ref, N_ref))
    warning = _warned(a, b)
    events, total = x + y, np.maximum(a + b, 1.0)
    telling = (a > 0) & (b > 0) & (events > 0) & (events < a + b)
    above, below = (np.where(telling, each / total, 0.0).sum(axis=1) for each in (x * (b - y), y * (a - x)))
    degrees = telling.sum(axis=1) - 1
    warning[(degrees < 1) & (warning == None)] = ONE_STRATUM  # noqa: E711  # of an array
    warning[((above == 0) | (below == 0)) & (warning == None)] = NO_COMMON  # noqa: E711
    usable = (warning == None).astype(bool)  # noqa: E711
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = _expected(events, a, b, (above / below)[:, None])
        cells = 1 / expected + 1 / (a - expected) + 1 / (events - expected) + 1 / (b - events + expected)
        apart, variance = np.where(telling, x - expected, 0.0), np.where(telling, 1 / cells, 0.0)
        statistic = np.where(telling, apart**2 / variance, 0.0).sum(axis=1)
        if tarone:
            statistic = statistic - apart.sum(axis=1) ** 2 / variance.sum(axis=1)
    statistic = np.where(usable, np.maximum(statistic, 0.0), np.nan)
    p = np.where(usable, chdtrc(np.maximum(degrees, 1), statistic), np.nan)
    return ChiSquared(statistic, np.maximum(degrees, 0), p, warning)


def _expected(events: FloatArray, a: FloatArray, b: FloatArray, odds: FloatArray) -> FloatArray:
    """The count of the arm that has that odds ratio, given the margins: the root of
    (1 − ψ) e² + (b − m + ψ (a + m)) e − ψ a m = 0 between the least and the most possible, written so that nothing
    cancels."""
    half = b - events + odds * (a + events)
    discriminant = np.maximum(half**2 + 4 * (1 - odds) * odds * a * events, 0.0)
    root: FloatArray = 2 * odds * a * events / (half + np.sqrt(discriminant))
    return root


def _warned(a: IntArray | FloatArray, b: IntArray | FloatArray) -> TextArray:
    warning = no_warning(len(a))
    warning[~((a > 0) & (b > 0)).any(axis=1)] = NO_STRATUM
    return warning


def _exact(n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike) -> tuple[PValues, PValues]:
    x, a, y, b = stratified_tables(n_arm, N_arm, n_ref, N_ref)
    warning = _warned(a, b)
    p, mid_p = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for row in np.flatnonzero(warning == None):  # noqa: E711  # of an array
        one = _Sum.of(x[row], a[row], y[row], b[row], tilted=False)
        likely = one.log_p[one.observed - one.first]
        chance = np.exp(one.log_p)
        less = np.sort(chance[one.log_p < likely - LOG_TIE]).sum()
        as_likely = np.sort(chance[one.log_p <= likely + LOG_TIE]).sum()
        p[row] = min(1.0, as_likely / chance.sum())
        mid_p[row] = min(1.0, (as_likely + less) / 2 / chance.sum())
    return PValues(p=p, warning=warning), PValues(p=mid_p, warning=warning.copy())


@dataclass(frozen=True, slots=True)
class _Sum:
    """The distribution of Σ n_arm given all margins, at an odds ratio of one, over the sums first, first + 1, …"""

    observed: int
    fewest: int
    most: int
    first: int
    log_p: FloatArray  # up to a constant
    log_odds: float  # near the estimate
    spread: float  # standard error there, roughly

    @classmethod
    def of(cls, x: IntArray, a: IntArray, y: IntArray, b: IntArray, *, tilted: bool) -> _Sum:
        """tilted: convolve at an odds ratio near the estimate, so that what matters there does not vanish."""
        fewest, most = support(a, b, x + y)
        telling = np.flatnonzero(most > fewest)
        certain = int(fewest.sum() - fewest[telling].sum())
        observed, first, chance = int(x.sum()), certain, np.ones(1)
        xs, as_, ys, bs = (each[telling] + 0.0 for each in (x, a, y, b))
        # Halves keep the logarithm finite where a sum of products is zero.
        up, down = ((xs * (bs - ys) + 0.5) / (as_ + bs)).sum(), ((ys * (as_ - xs) + 0.5) / (as_ + bs)).sum()
        log_odds = float(np.log(up / down)) if len(telling) else 0.0
        information = 0.0
        for k in telling:
            counts = np.arange(fewest[k], most[k] + 1)
            steps = hypergeometric_log_ratio(a[k], b[k], x[k] + y[k], counts[:-1])
            log_p = np.concatenate([[0.0], np.cumsum(steps + (log_odds if tilted else 0.0))])
            own = np.exp(log_p - log_p.max())
            own /= own.sum()
            kept = np.flatnonzero(own)  # the rest is below 1e-300
            own, begin = own[kept[0] : kept[-1] + 1], int(counts[kept[0]])
            where = np.arange(len(own))
            information += float(own @ where**2 - (own @ where) ** 2)
            chance, first = np.convolve(chance, own), first + begin
        # An observed sum outside what float64 sees has probability zero: it is kept as such.
        before, after = max(0, first - observed), max(0, observed - first - len(chance) + 1)
        chance, first = np.pad(chance, (before, after)), first - before
        with np.errstate(divide="ignore"):
            log_p = np.log(chance)
        if tilted:
            log_p = log_p - log_odds * (first + np.arange(len(chance)) - observed)
        spread = 1 / np.sqrt(max(information, 1e-3))
        return cls(observed, int(fewest.sum()), int(most.sum()), first, log_p, log_odds, spread)
