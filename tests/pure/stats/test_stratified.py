"""Mantel-Haenszel difference, ratio and odds ratio, and the stratified Miettinen-Nurminen limits."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import (
    odds_ratio_mh,
    risk_difference_mh,
    risk_difference_mn,
    risk_difference_mn_stratified,
    risk_ratio_mh,
)
from tests.pure.stats.against import Against
from tests.pure.stats.oracles import RiskOfArm, most_likely_reference_risk
from tests.pure.stats.strata import ADMISSIONS, DOLL_HILL, RABBITS, SPARSE, Strata, some_strata
from tests.pure.stats.tables import one_table

METHODS = [risk_difference_mh, risk_ratio_mh, odds_ratio_mh, risk_difference_mn_stratified]


def three(found) -> list[float]:  # type: ignore[no-untyped-def]
    return [float(found.estimate[0]), float(found.low[0]), float(found.high[0])]


def test_difference_and_ratio_of_doll_and_hill(against: Against) -> None:
    # R package contingencytables, tests/testthat/test-ch10.R
    source = "Doll & Hill 1950 in Fagerland, Lydersen & Laake 2017, by R contingencytables"
    difference = risk_difference_mh(*DOLL_HILL, variance="greenland-robins")
    against(
        "risk_difference_mh", source, "published", three(difference), [0.3294, 0.2281, 0.4307], within=5.1e-5
    )
    ratio = risk_ratio_mh(*DOLL_HILL)
    against("risk_ratio_mh", source, "published", three(ratio), [2.4751, 1.5831, 3.8698], within=2.1e-5)
    assert odds_ratio_mh(*DOLL_HILL).estimate[0] == pytest.approx(4.5239, abs=5.1e-5)


def test_odds_ratio_of_r(against: Against) -> None:
    # R 4.2: mantelhaen.test(x)[c("estimate", "conf.int")] of the three arrays
    source = "R, mantelhaen.test"
    against(
        "odds_ratio_mh",
        source,
        "program",
        three(odds_ratio_mh(*DOLL_HILL)),
        [4.52391476, 2.41710055, 8.46708871],
        within=1e-8,
    )
    against(
        "odds_ratio_mh",
        source,
        "program",
        three(odds_ratio_mh(*RABBITS)),
        [7, 1.02671268846167, 47.7251333802226],
        within=1e-12,
    )
    sparse = [0.388435318, 0.100797209, 1.496886643]
    against("odds_ratio_mh", source, "program", three(odds_ratio_mh(*SPARSE)), sparse, within=1e-9)


def test_odds_and_risk_ratio_of_statsmodels(against: Against) -> None:
    # statsmodels 0.15.0: StratifiedTable of [[n_arm, N_arm - n_arm], [n_ref, N_ref - n_ref]]; by department of the
    # admitted men and women: men 512 of 825, women 89 of 108 admitted, and so on
    men, women = ADMISSIONS[0], [89, 17, 202, 131, 94, 24]
    applied = [825, 560, 325, 417, 191, 373], [108, 25, 593, 375, 393, 341]
    found = odds_ratio_mh(men, applied[0], women, applied[1])
    expected = [0.9046968282586231, 0.7719073617593505, 1.0603297644366558]
    against("odds_ratio_mh", "statsmodels, StratifiedTable", "program", three(found), expected, within=1e-12)
    ratio = risk_ratio_mh(men, applied[0], women, applied[1]).estimate
    against(
        "risk_ratio_mh", "statsmodels, StratifiedTable", "program", ratio, 0.944905022595929, within=1e-12
    )
    # the same association when rows and columns are exchanged
    np.testing.assert_allclose(three(odds_ratio_mh(*ADMISSIONS)), expected, rtol=1e-12)


def test_stratified_score_limits_of_sas(against: Against) -> None:
    # R package metalite.ae, test-independent-testing-rate_compare.R: SAS macro %rate0compare, weight "cmh"
    found = risk_difference_mn_stratified([24, 23, 23], [39, 39, 38], [16, 16, 17], [40, 39, 40])
    against(
        "risk_difference_mn_stratified",
        "SAS macro %rate0compare, by R metalite.ae",
        "program",
        three(found),
        [0.19181363786, 0.063399769229, 0.31396078455],
        within=1e-6,
    )


@pytest.mark.parametrize("weights", ["mantel-haenszel", "equal"])
@given(strata=some_strata())
@settings(max_examples=12, deadline=None)
def test_the_stratified_score_statistic_at_each_limit_is_the_quantile(weights: str, strata: Strata) -> None:
    found = risk_difference_mn_stratified(*strata, weights=weights, confidence_level=0.9)
    kept = [t for t in zip(*strata, strict=True) if t[1] and t[3]]
    if not kept:
        assert np.isnan(found.estimate[0])
        return
    weight = np.array([a * b / (a + b) if weights == "mantel-haenszel" else 1.0 for _, a, _, b in kept])
    weight /= weight.sum()
    differences = np.array([x / a - y / b for x, a, y, b in kept])
    for limit in (found.low[0], found.high[0]):
        if abs(limit) > 1 - 1e-9:
            continue
        variance = 0.0
        arm_of = RiskOfArm(difference=limit)
        for w, (x, a, y, b) in zip(weight, kept, strict=True):
            p = most_likely_reference_risk(x, a, y, b, arm_of, max(0.0, -limit), min(1.0, 1 - limit))
            own = arm_of(p) * (1 - arm_of(p)) / a + p * (1 - p) / b
            variance += w**2 * own * (a + b) / (a + b - 1)
        statistic = (weight @ differences - limit) ** 2 / variance
        assert statistic == pytest.approx(scipy_stats.chi2.ppf(0.9, 1), rel=1e-4)


@given(table=one_table())
@settings(max_examples=30, deadline=None)
def test_one_stratum_is_the_unstratified_interval(table: tuple[int, int, int, int]) -> None:
    alone, found = risk_difference_mn(*table), risk_difference_mn_stratified(*([value] for value in table))
    np.testing.assert_allclose(three(found), three(alone), atol=1e-10)


def test_sato_s_variance_is_unbiased_when_the_difference_is_common() -> None:
    """The mean over all tables of δ̂ΣP + ΣQ, with δ known, is w² (p₁q₁/a + p₀q₀/b): by enumeration."""
    a, b, difference = 4, 3, 0.2
    ref = 0.35
    arm = ref + difference
    mean = 0.0
    for x, y in product(range(a + 1), range(b + 1)):
        chance = scipy_stats.binom.pmf(x, a, arm) * scipy_stats.binom.pmf(y, b, ref)
        p = (a**2 * y - b**2 * x + a * b * (b - a) / 2) / (a + b) ** 2
        q = (x * (b - y) + y * (a - x)) / (2 * (a + b))
        mean += chance * (difference * p + q)
        found = risk_difference_mh([x], [a], [y], [b], confidence_level=0.5)
        if not np.isnan(found.low[0]) and found.low[0] > -1 and found.high[0] < 1:
            half = scipy_stats.norm.ppf(0.75) * np.sqrt((x / a - y / b) * p + q) / (a * b / (a + b))
            assert found.high[0] - found.estimate[0] == pytest.approx(half, rel=1e-9)
    weight = a * b / (a + b)
    assert mean == pytest.approx(weight**2 * (arm * (1 - arm) / a + ref * (1 - ref) / b), rel=1e-12)


def test_both_variances_of_the_difference_agree_in_large_strata() -> None:
    strata = ([3000, 1200], [10_000, 6_000], [2500, 1000], [9_000, 7_000])
    sato, other = (risk_difference_mh(*strata, variance=v) for v in ("sato", "greenland-robins"))
    assert sato.high[0] - sato.low[0] == pytest.approx(other.high[0] - other.low[0], rel=2e-3)
    assert sato.low[0] != other.low[0]


@given(strata=some_strata())
@settings(max_examples=15, deadline=None)
def test_order_of_strata_empty_strata_and_company_change_nothing_and_swapping_mirrors(strata: Strata) -> None:
    for method in METHODS:
        found = three(method(*strata))
        reordered = [list(reversed(each)) for each in strata]
        np.testing.assert_allclose(three(method(*reordered)), found, rtol=1e-9, atol=1e-10)
        more = [[*each, extra] for each, extra in zip(strata, (0, 0, 2, 7), strict=True)]
        np.testing.assert_allclose(three(method(*more)), found, rtol=1e-9, atol=1e-10)
        both = method(*([each, each] for each in strata))
        np.testing.assert_allclose(both.estimate[0], found[0], rtol=1e-12)
        x, a, y, b = strata
        estimate, low, high = three(method(y, b, x, a))
        if method in (risk_ratio_mh, odds_ratio_mh):
            with np.errstate(divide="ignore"):
                np.testing.assert_allclose(1 / np.array(found)[[0, 2, 1]], [estimate, low, high], rtol=1e-9)
        else:
            np.testing.assert_allclose([-found[0], -found[2], -found[1]], [estimate, low, high], atol=1e-9)


def test_shapes_and_confidence_levels() -> None:
    """One term as (strata,), several as (n, strata), denominators once for all."""
    x, a, y, b = (np.array(each) for each in SPARSE)
    several = risk_difference_mh(np.stack([x, x * 2]), a, np.stack([y, y]), b)
    assert several.estimate.shape == (2,)
    assert three(risk_difference_mh(x, a, y, b)) == [several.estimate[0], several.low[0], several.high[0]]
    for method in METHODS:
        wide, narrow = method(*SPARSE, confidence_level=0.99), method(*SPARSE, confidence_level=0.8)
        assert wide.low[0] < narrow.low[0] < narrow.estimate[0] < narrow.high[0] < wide.high[0]
        assert wide.confidence_level == 0.99


def test_zero_cells_are_data_and_what_does_not_exist_is_told() -> None:
    none = ([0, 0], [20, 15], [0, 0], [18, 16])
    score = risk_difference_mn_stratified(*none)
    assert score.low[0] < 0 < score.high[0] and score.warning[0] is None
    difference = risk_difference_mh(*none)
    assert difference.estimate[0] == 0 and np.isnan(difference.low[0])
    assert difference.warning[0] is not None and "variance is zero" in difference.warning[0]
    for method in (risk_ratio_mh, odds_ratio_mh):
        nothing, only_arm = method(*none), method([2, 1], [20, 15], [0, 0], [18, 16])
        assert np.isnan(nothing.estimate[0]) and only_arm.estimate[0] == np.inf
        assert np.isnan(only_arm.low[0]) and only_arm.warning[0] is not None
    for method in METHODS:
        empty = method([0, 0], [0, 15], [0, 0], [18, 0])
        assert np.isnan(three(empty)).all()
        assert empty.warning[0] == "no stratum has participants in both arms"
    everyone = risk_difference_mn_stratified([5, 6], [5, 6], [0, 0], [4, 3])
    assert (everyone.estimate[0], everyone.high[0]) == (1, 1)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="n_arm must be ≤ N_arm, got 5"):
        odds_ratio_mh([1, 5], [4, 4], [0, 0], [4, 4])
    with pytest.raises(ValueError, match="arguments must have the same terms and strata, got"):
        risk_ratio_mh([1, 1], [4, 4], [0, 0, 0], [4, 4, 4])
    with pytest.raises(ValueError, match=r"must be a number or have shape \(strata,\) or \(n, strata\)"):
        risk_ratio_mh([[[1]]], 4, 0, 4)
    with pytest.raises(ValueError, match="variance must be sato or greenland-robins, got wald"):
        risk_difference_mh([1], [4], [0], [4], variance="wald")
    with pytest.raises(ValueError, match="weights must be mantel-haenszel or equal, got x"):
        risk_difference_mn_stratified([1], [4], [0], [4], weights="x")
    for method in METHODS:
        with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 2"):
            method([1], [4], [0], [4], confidence_level=2)
