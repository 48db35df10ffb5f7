from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import Interval, risk_ratio_koopman, risk_ratio_mn
from tests.pure.stats.against import Against
from tests.pure.stats.oracles import pearson_at_ratio
from tests.pure.stats.tables import every_table, one_table


@pytest.mark.parametrize(
    ("method", "table", "low", "high"),
    [
        # Koopman (1984) Biometrics 40:513-517, example: 36 of 40 against 16 of 80, ratio 4.5
        (risk_ratio_koopman, (36, 40, 16, 80), 2.94, 7.15),
        # Perondi 2004 in Fagerland, Lydersen & Laake (2017), as in the R package contingencytables
        (risk_ratio_koopman, (7, 34, 1, 34), 1.2209, 42.5757),
        (risk_ratio_mn, (7, 34, 1, 34), 1.2086, 43.0330),
    ],
)
def test_limits_of_published_tables(
    method: Callable[..., Interval],
    table: tuple[int, int, int, int],
    low: float,
    high: float,
    against: Against,
) -> None:
    found = method(*table)
    assert found.estimate[0] == pytest.approx((table[0] / table[1]) / (table[2] / table[3]))
    old = table == (36, 40, 16, 80)
    source = "Koopman (1984)" if old else "Fagerland, Lydersen & Laake (2017), chapter 4"
    against(method.__name__, source, "published", found.low, low, within=2e-3 if old else 5e-5)
    against(method.__name__, source, "published", found.high, high, within=1e-3 if old else 5e-6)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
def test_pearsons_statistic_at_the_limits_of_many_tables(confidence_level: float, against: Against) -> None:
    rng = np.random.default_rng(19840101)
    N_arm, N_ref = rng.integers(1, 61, 25), rng.integers(1, 61, 25)
    n_arm, n_ref = rng.integers(0, N_arm + 1), rng.integers(0, N_ref + 1)
    tables = np.column_stack((n_arm, N_arm, n_ref, N_ref)).tolist()
    N, quantile = N_arm + N_ref, scipy_stats.chi2.ppf(confidence_level, 1)
    for method, factor in ((risk_ratio_koopman, np.ones(25)), (risk_ratio_mn, N / (N - 1))):
        found = method(n_arm, N_arm, n_ref, N_ref, confidence_level=confidence_level)
        at_limits, expected = [], []
        for i, table in enumerate(tables):
            for limit in (found.low[i], found.high[i]):
                if 0 < limit < np.inf:
                    at_limits.append(pearson_at_ratio(limit, *table))
                    expected.append(quantile * factor[i])
        source = "Pearson's statistic at the limits, risks found by search"
        against(method.__name__, source, "brute force", at_limits, expected, within=1e-5)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
@given(table=one_table())
@settings(max_examples=25, deadline=None)
def test_pearsons_statistic_at_each_limit_is_the_quantile(
    confidence_level: float, table: tuple[int, int, int, int]
) -> None:
    quantile = scipy_stats.chi2.ppf(confidence_level, 1)
    N = table[1] + table[3]
    for method, factor in ((risk_ratio_koopman, 1.0), (risk_ratio_mn, N / (N - 1))):
        found = method(*table, confidence_level=confidence_level)
        for limit in (found.low[0], found.high[0]):
            if 0 < limit < np.inf:
                assert pearson_at_ratio(limit, *table) == pytest.approx(quantile * factor, rel=1e-5)
        assert found.confidence_level == confidence_level


@pytest.mark.parametrize(("N_arm", "N_ref"), [(3, 3), (5, 2), (1, 4)])
def test_nothing_outside_the_limits_is_accepted_and_nothing_inside_refused(N_arm: int, N_ref: int) -> None:
    n_arm, n_ref = every_table(N_arm, N_ref)
    found = risk_ratio_koopman(n_arm, N_arm, n_ref, N_ref)
    for i, (x, y) in enumerate(zip(n_arm.tolist(), n_ref.tolist(), strict=True)):
        for ratio in np.exp(np.linspace(-5.03, 5.01, 29)) if x + y else ():
            accepted = pearson_at_ratio(ratio, x, N_arm, y, N_ref) <= 3.841458821
            assert accepted == (found.low[i] <= ratio <= found.high[i])


def test_no_event_in_the_arm_leaves_an_upper_limit() -> None:
    found = risk_ratio_koopman(0, 38, 5, 36)
    assert found.estimate[0] == found.low[0] == 0
    assert pearson_at_ratio(found.high[0], 0, 38, 5, 36) == pytest.approx(3.841458821, rel=1e-6)
    assert found.warning[0] is None


def test_no_event_in_the_reference_leaves_a_lower_limit() -> None:
    found = risk_ratio_koopman(5, 38, 0, 36)
    assert found.estimate[0] == found.high[0] == np.inf
    assert pearson_at_ratio(found.low[0], 5, 38, 0, 36) == pytest.approx(3.841458821, rel=1e-6)


def test_no_event_in_either_arm_tells_nothing_and_says_so() -> None:
    found = risk_ratio_koopman(0, 38, 0, 36)
    assert np.isnan(found.estimate[0])
    assert (found.low[0], found.high[0]) == (0, np.inf)
    assert (
        found.warning[0] == "no event in either arm: the ratio does not exist, its limits are 0 and infinity"
    )


def test_everyone_with_the_event_in_both_arms_gives_limits_about_one() -> None:
    found = risk_ratio_koopman(10, 10, 20, 20)
    assert found.low[0] < found.estimate[0] == 1 < found.high[0]
    assert pearson_at_ratio(found.low[0], 10, 10, 20, 20) == pytest.approx(3.841458821, rel=1e-5)


def test_an_empty_arm_has_no_ratio_and_says_so_beside_the_others() -> None:
    found = risk_ratio_koopman([0, 3, 2], [0, 10, 10], [1, 0, 2], [10, 0, 10])
    for values in (found.estimate, found.low, found.high):
        assert np.isnan(values).tolist() == [True, True, False]
    assert found.warning.tolist() == [
        "empty arm: no participant in the arm",
        "empty arm: no participant in the reference arm",
        None,
    ]


@given(table=one_table(), wide=one_table())
@settings(max_examples=60, deadline=None)
def test_swapping_arms_inverts_the_interval_and_company_changes_nothing(
    table: tuple[int, int, int, int], wide: tuple[int, int, int, int]
) -> None:
    x, a, y, b = table
    found = risk_ratio_koopman([x, wide[0]], [a, wide[1]], [y, wide[2]], [b, wide[3]])
    other = risk_ratio_koopman(y, b, x, a)
    with np.errstate(divide="ignore"):
        assert other.low[0] == pytest.approx(1 / found.high[0], rel=1e-10)
        assert 1 / other.high[0] == pytest.approx(found.low[0], rel=1e-10)


@given(table=one_table())
@settings(max_examples=40, deadline=None)
def test_more_confidence_widens_the_interval_about_the_estimate(table: tuple[int, int, int, int]) -> None:
    found, sure = risk_ratio_koopman(*table), risk_ratio_koopman(*table, confidence_level=0.99)
    corrected = risk_ratio_mn(*table)
    for wider in (sure, corrected):
        assert wider.low[0] <= found.low[0] < found.high[0] <= wider.high[0]
    if table[0] + table[2]:
        assert found.low[0] <= found.estimate[0] <= found.high[0]


def test_the_largest_counts_do_not_break_the_search() -> None:
    found = risk_ratio_koopman([2**30, 1], 2**30, [1, 2**30], 2**30)
    assert (found.low < found.estimate).all()
    assert (found.estimate < found.high).all()
    np.testing.assert_allclose(found.low[0] * found.high[1], 1, rtol=1e-9)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="n_arm must be ≤ N_arm, got 11"):
        risk_ratio_koopman(11, 10, 1, 10)
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 1"):
        risk_ratio_mn(1, 10, 1, 10, confidence_level=1)
