"""Tests over strata, and exact limits of the common odds ratio."""

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import (
    breslow_day,
    cmh,
    cmh_exact,
    cmh_exact_midp,
    fisher,
    fisher_midp,
    odds_ratio_conditional,
    odds_ratio_mh,
    odds_ratio_midp,
    odds_ratio_stratified_exact,
)
from tests.pure.stats.against import Against
from tests.pure.stats.strata import ADMISSIONS, DOLL_HILL, RABBITS, SPARSE, Strata, drawn_strata, some_strata
from tests.pure.stats.tables import one_table


def ways_of_each_sum(strata: Strata) -> dict[int, int]:
    """Σ n_arm → number of ways, by enumeration of all tables with these margins."""
    rows = [t for t in zip(*strata, strict=True) if t[1] and t[3]]
    fixed = sum(x for x, a, y, b in zip(*strata, strict=True) if not (a and b))
    ranges = [range(max(0, x + y - b), min(a, x + y) + 1) for x, a, y, b in rows]
    found: dict[int, int] = {}
    for counts in product(*ranges):
        ways = 1
        for k, (x, a, y, b) in zip(counts, rows, strict=True):
            ways *= comb(a, k) * comb(b, x + y - k)
        found[sum(counts) + fixed] = found.get(sum(counts) + fixed, 0) + ways
    return found


@pytest.mark.parametrize("strata", drawn_strata(40, 7))
def test_exact_p_equals_enumeration_of_all_tables(strata: Strata, against: Against) -> None:
    if not any(a and b for _, a, _, b in zip(*strata, strict=True)):
        return
    ways = ways_of_each_sum(strata)
    own, total = ways[sum(strata[0])], sum(ways.values())
    less, equal = (
        sum(w for w in ways.values() if keep(w)) for keep in (lambda w: w < own, lambda w: w == own)
    )
    source = "all tables with the margins, in whole numbers"
    expected = Fraction(less + equal, total), Fraction(2 * less + equal, 2 * total)
    against("cmh_exact", source, "brute force", cmh_exact(*strata).p, float(expected[0]), within=1e-12)
    mid = cmh_exact_midp(*strata).p
    against("cmh_exact_midp", source, "brute force", mid, float(expected[1]), within=1e-12)


@pytest.mark.parametrize("mid_p", [False, True])
@pytest.mark.parametrize("strata", drawn_strata(25, 6))
def test_tails_at_the_limits_and_mean_at_the_estimate_are_right_over_all_tables(
    mid_p: bool, strata: Strata, against: Against
) -> None:
    found = odds_ratio_stratified_exact(*strata, mid_p=mid_p, confidence_level=0.9)
    if np.isnan(found.estimate[0]):
        return
    ways, observed = ways_of_each_sum(strata), sum(strata[0])
    sums = np.array(sorted(ways))
    log_ways = np.log([float(ways[s]) for s in sums])
    share = np.where(sums == observed, 0.5 if mid_p else 1.0, 1.0)

    def chance(odds: float) -> np.ndarray:
        log_p = log_ways + (sums - observed) * np.log(odds)
        p = np.exp(log_p - log_p.max())
        return np.asarray(p / p.sum())

    source = "all tables with the margins: tails at the limits"
    if found.low[0] > 0:
        tail = (chance(found.low[0]) * share)[sums >= observed].sum()
        against("odds_ratio_stratified_exact", source, "brute force", tail, 0.05, within=1e-9)
    if found.high[0] < np.inf:
        tail = (chance(found.high[0]) * share)[sums <= observed].sum()
        against("odds_ratio_stratified_exact", source, "brute force", tail, 0.05, within=1e-9)
    if 0 < found.estimate[0] < np.inf:
        assert chance(found.estimate[0]) @ sums == pytest.approx(observed, abs=1e-8)


def test_exact_figures_of_r(against: Against) -> None:
    # R 4.2: mantelhaen.test(x, exact = TRUE); R stops its root finder at about four digits of ψ or 1/ψ
    source = "R, mantelhaen.test(exact = TRUE)"
    for strata, p, estimate, low, high in (
        (RABBITS, 0.0399449035812672, 10.36102, 1.077401, 529.8374),
        (ADMISSIONS, 0.227762527, 0.905076194, 0.769714041, 1.063416993),
        (DOLL_HILL, 6.72129177e-07, 4.22064704, 2.27573092, 8.14816553),
        (SPARSE, 0.2131100918, 0.3816703843, 0.0627032217, 1.6723655591),
    ):
        against("cmh_exact", source, "program", cmh_exact(*strata).p, p, within=1e-9)
        found = odds_ratio_stratified_exact(*strata)
        ours = [found.estimate[0], found.low[0], 1 / found.high[0]]
        theirs = [estimate, low, 1 / high]
        against("odds_ratio_stratified_exact", source, "program", ours, theirs, within=2.5e-4)


def test_asymptotic_figures_of_r(against: Against) -> None:
    # R 4.2: mantelhaen.test(x, correct = …)$statistic
    expected = {(True, 0): 3.92857142857143, (False, 0): 5.65714285714286, (False, 1): 2.046750931}
    for (continuity, which), statistic in expected.items():
        found = cmh(*(RABBITS, SPARSE)[which], continuity=continuity)
        against("cmh", "R, mantelhaen.test", "program", found.statistic, statistic, within=1e-9)
    p = cmh(*RABBITS).p
    against("cmh", "R, mantelhaen.test", "program", p, 0.0173844203520662, within=1e-12)


def test_statistics_of_doll_and_hill_and_of_statsmodels(against: Against) -> None:
    # R package contingencytables, tests/testthat/test-ch10.R
    source = "Doll & Hill 1950 in Fagerland, Lydersen & Laake 2017, by R contingencytables"
    found = breslow_day(*DOLL_HILL)
    against("breslow_day", source, "published", found.p, 0.02292, within=5.1e-6)
    against("breslow_day", source, "published", found.statistic, 5.175, within=5.1e-4)
    against("cmh", source, "published", cmh(*DOLL_HILL).statistic, 24.920, within=5.1e-4)
    # statsmodels 0.15.0: StratifiedTable.test_equal_odds(adjust=…)
    for tarone, statistic in ((True, 5.174645927340469), (False, 5.2154753640095715)):
        plain = breslow_day(*DOLL_HILL, tarone=tarone).statistic
        against("breslow_day", "statsmodels, StratifiedTable", "program", plain, statistic, within=1e-9)
    # the admissions, from the other side of the tables: 5 degrees of freedom
    men, women = ADMISSIONS[0], [89, 17, 202, 131, 94, 24]
    other = breslow_day(men, [825, 560, 325, 417, 191, 373], women, [108, 25, 593, 375, 393, 341])
    against(
        "breslow_day",
        "statsmodels, StratifiedTable",
        "program",
        other.statistic,
        18.82550125205323,
        within=1e-9,
    )
    assert other.degrees.tolist() == [5]


@given(table=one_table(40))
@settings(max_examples=25, deadline=None)
def test_one_stratum_is_fisher_s_test_and_the_conditional_odds_ratio(
    table: tuple[int, int, int, int],
) -> None:
    one = [[value] for value in table]
    assert cmh_exact(*one).p[0] == pytest.approx(fisher(*table).p[0], rel=1e-9)
    assert cmh_exact_midp(*one).p[0] == pytest.approx(fisher_midp(*table).p[0], rel=1e-9)
    for mid_p, alone in ((False, odds_ratio_conditional), (True, odds_ratio_midp)):
        found, expected = odds_ratio_stratified_exact(*one, mid_p=mid_p), alone(*table)
        for name in ("estimate", "low", "high"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-8)


def test_expected_counts_have_the_common_odds_ratio() -> None:
    """Breslow-Day's statistic built from expected counts found by bisection."""
    x, a, y, b = (np.array(each, dtype=float) for each in SPARSE)
    odds = odds_ratio_mh(*SPARSE).estimate[0]
    statistic = apart = spread = 0.0
    for k in range(3):  # the last stratum has no event
        m, low, high = x[k] + y[k], 0.0, x[k] + y[k]
        for _ in range(80):
            e = (low + high) / 2
            low, high = (e, high) if e * (b[k] - m + e) < odds * (a[k] - e) * (m - e) else (low, e)
        variance = 1 / (1 / e + 1 / (a[k] - e) + 1 / (m - e) + 1 / (b[k] - m + e))
        statistic, apart, spread = statistic + (x[k] - e) ** 2 / variance, apart + x[k] - e, spread + variance
    found = breslow_day(*SPARSE)
    assert found.statistic[0] == pytest.approx(statistic - apart**2 / spread, rel=1e-9)
    assert found.degrees[0] == 2
    assert found.p[0] == pytest.approx(scipy_stats.chi2.sf(found.statistic[0], 2), rel=1e-9)


@given(strata=some_strata())
@settings(max_examples=25, deadline=None)
def test_order_and_empty_strata_change_nothing_and_names_of_arms_do_not_matter(strata: Strata) -> None:
    x, a, y, b = strata
    for test in (cmh, cmh_exact, cmh_exact_midp, breslow_day):
        p = test(*strata).p
        for other in (
            [list(reversed(each)) for each in strata],
            [[*each, extra] for each, extra in zip(strata, (0, 0, 2, 7), strict=True)],
            [[*each, extra] for each, extra in zip(strata, (0, 5, 0, 7), strict=True)]
            if any(i and j for i, j in zip(a, b, strict=True))
            else strata,
            (y, b, x, a),
        ):
            np.testing.assert_allclose(test(*other).p, p, rtol=1e-7, atol=1e-12)


def test_many_terms_at_once_and_wide_supports() -> None:
    x, a, y, b = (np.array(each) for each in SPARSE)
    several = cmh_exact(np.stack([x, y * 0, x]), a, np.stack([y, y * 0, y]), b)
    assert several.p[0] == several.p[2] == cmh_exact(*SPARSE).p[0]
    assert several.p[1] == 1
    # a frequent term of a large trial: near the normal distribution
    wide = ([3_000, 2_400], [20_000, 15_000], [3_150, 2_380], [20_000, 15_000])
    assert cmh_exact_midp(*wide).p[0] == pytest.approx(cmh(*wide).p[0], rel=2e-3)
    exact, asymptotic = odds_ratio_stratified_exact(*wide), odds_ratio_mh(*wide)
    assert exact.low[0] == pytest.approx(asymptotic.low[0], rel=2e-3)
    assert exact.estimate[0] == pytest.approx(asymptotic.estimate[0], rel=1e-4)
    # so far out that float64 sees nothing of it
    assert cmh_exact([2_000, 1], [2_000, 5], [0, 1], [2_000, 5]).p[0] < 1e-300


def test_what_tells_nothing_says_so() -> None:
    none, empty = ([0, 0], [20, 15], [0, 0], [18, 16]), ([0, 0], [0, 15], [0, 0], [18, 0])
    assert cmh_exact(*none).p[0] == 1
    assert np.isnan(cmh(*none).p[0]) and "no stratum has both an event" in str(cmh(*none).warning[0])
    limits = odds_ratio_stratified_exact(*none)
    assert (limits.low[0], limits.high[0]) == (0, np.inf) and "one table only" in str(limits.warning[0])
    for test in (cmh, cmh_exact, cmh_exact_midp, breslow_day):
        found = test(*empty)
        assert np.isnan(found.p[0]) and found.warning[0] == "no stratum has participants in both arms"
    assert np.isnan(odds_ratio_stratified_exact(*empty).low[0])
    one = breslow_day([3, 0], [20, 15], [1, 0], [18, 16])
    assert np.isnan(one.p[0]) and "fewer than two strata" in str(one.warning[0])
    infinite = breslow_day([3, 2], [20, 15], [0, 0], [18, 16])
    assert np.isnan(infinite.p[0]) and "0 or infinite" in str(infinite.warning[0])
    all_in_arm = odds_ratio_stratified_exact([3, 2], [20, 15], [0, 0], [18, 16])
    assert all_in_arm.estimate[0] == all_in_arm.high[0] == np.inf and all_in_arm.low[0] > 0


def test_wrong_input_is_refused() -> None:
    for test in (cmh, cmh_exact, cmh_exact_midp, breslow_day, odds_ratio_stratified_exact):
        with pytest.raises(ValueError, match="n_ref must be ≥ 0, got -1"):
            test([1, 1], [4, 4], [0, -1], [4, 4])
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 1"):
        odds_ratio_stratified_exact([1], [4], [0], [4], confidence_level=1)
