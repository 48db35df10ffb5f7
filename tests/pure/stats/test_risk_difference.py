import numpy as np
import pytest
from hypothesis import assume, given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import risk_difference_mn
from pvtracker.stats.risk_difference import constrained_reference_risk
from tests.pure.stats.against import Against
from tests.pure.stats.oracles import score_of_difference
from tests.pure.stats.tables import every_table, one_table


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Newcombe RG (1998) Stat Med 17:873-890, Table II, rows of Miettinen and Nurminen; each was also
        # found again by inverting the statistic numerically.
        ((56, 70, 48, 80), 0.0528, 0.3382),
        ((9, 10, 3, 10), 0.1700, 0.8406),
        ((6, 7, 2, 7), 0.0342, 0.8534),
        ((5, 56, 0, 29), -0.0326, 0.1933),
        ((0, 10, 0, 20), -0.1658, 0.2844),
        ((0, 10, 0, 10), -0.2879, 0.2879),
        ((10, 10, 0, 20), 0.7156, 1.0),
        ((10, 10, 0, 10), 0.6636, 1.0),
        # Ritland 2007 in Fagerland, Lydersen & Laake (2017), as in the R package contingencytables
        ((0, 16, 15, 72), -0.3164, -0.0056),
    ],
)
def test_limits_of_published_tables(
    table: tuple[int, int, int, int], low: float, high: float, against: Against
) -> None:
    x, a, y, b = table
    found = risk_difference_mn(*table)
    assert found.estimate[0] == pytest.approx(x / a - y / b, abs=1e-15)
    ritland = table == (0, 16, 15, 72)
    source = (
        "Fagerland, Lydersen & Laake (2017), chapter 4" if ritland else "Newcombe (1998) 17:873-890, Table II"
    )
    limits = [found.low[0], found.high[0]]
    against("risk_difference_mn", source, "published", limits, [low, high], within=5.1e-5)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
def test_the_score_statistic_at_the_limits_of_many_tables(confidence_level: float, against: Against) -> None:
    rng = np.random.default_rng(19850101)
    N_arm, N_ref = rng.integers(1, 61, 25), rng.integers(1, 61, 25)
    n_arm, n_ref = rng.integers(0, N_arm + 1), rng.integers(0, N_ref + 1)
    found = risk_difference_mn(n_arm, N_arm, n_ref, N_ref, confidence_level=confidence_level)
    tables = np.column_stack((n_arm, N_arm, n_ref, N_ref)).tolist()
    at_limits = [
        score_of_difference(limit, *table)
        for table, limits in zip(tables, zip(found.low, found.high, strict=True), strict=True)
        for limit in limits
        if abs(limit) < 1
    ]
    quantile = scipy_stats.chi2.ppf(confidence_level, 1)
    source = "the statistic at the limits, risks found by search"
    against("risk_difference_mn", source, "brute force", at_limits, quantile, within=1e-5)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
@given(table=one_table())
@settings(max_examples=25, deadline=None)
def test_the_score_statistic_at_each_limit_is_the_quantile(
    confidence_level: float, table: tuple[int, int, int, int]
) -> None:
    found = risk_difference_mn(*table, confidence_level=confidence_level)
    quantile = scipy_stats.chi2.ppf(confidence_level, 1)
    for limit in (found.low[0], found.high[0]):
        if abs(limit) < 1:
            assert score_of_difference(limit, *table) == pytest.approx(quantile, rel=1e-5)
    assert found.confidence_level == confidence_level


@pytest.mark.parametrize(("N_arm", "N_ref"), [(3, 3), (5, 2), (1, 4)])
def test_nothing_outside_the_limits_is_accepted_and_nothing_inside_refused(N_arm: int, N_ref: int) -> None:
    n_arm, n_ref = every_table(N_arm, N_ref)
    found = risk_difference_mn(n_arm, N_arm, n_ref, N_ref)
    quantile = scipy_stats.chi2.ppf(0.95, 1)
    for i, (x, y) in enumerate(zip(n_arm.tolist(), n_ref.tolist(), strict=True)):
        for difference in np.linspace(-0.995, 0.995, 29):
            accepted = score_of_difference(difference, x, N_arm, y, N_ref) <= quantile
            assert accepted == (found.low[i] <= difference <= found.high[i])


def test_every_small_table_has_ordered_limits_within_minus_one_and_one() -> None:
    for N_arm, N_ref in [(1, 1), (2, 7), (9, 9)]:
        n_arm, n_ref = every_table(N_arm, N_ref)
        found = risk_difference_mn(n_arm, N_arm, n_ref, N_ref)
        assert ((found.low >= -1) & (found.low <= found.estimate)).all()
        assert ((found.high <= 1) & (found.high >= found.estimate)).all()
        assert (found.low < found.high).all()


@given(table=one_table(), wide=one_table())
@settings(max_examples=60, deadline=None)
def test_swapping_arms_or_outcomes_turns_the_interval_round(
    table: tuple[int, int, int, int], wide: tuple[int, int, int, int]
) -> None:
    x, a, y, b = table
    found = risk_difference_mn([x, wide[0]], [a, wide[1]], [y, wide[2]], [b, wide[3]])
    for other in (risk_difference_mn(y, b, x, a), risk_difference_mn(a - x, a, b - y, b)):
        assert other.low[0] == pytest.approx(-found.high[0], abs=1e-11)
        assert other.high[0] == pytest.approx(-found.low[0], abs=1e-11)


@given(table=one_table())
@settings(max_examples=40, deadline=None)
def test_more_confidence_or_fewer_participants_widen_the_interval(table: tuple[int, int, int, int]) -> None:
    assume(sum(table[::2]) > 0)
    x, a, y, b = table
    found = risk_difference_mn(*table)
    sure = risk_difference_mn(*table, confidence_level=0.99)
    tenfold = risk_difference_mn(10 * x, 10 * a, 10 * y, 10 * b)
    assert sure.low[0] <= found.low[0] <= tenfold.low[0] + 1e-12
    assert tenfold.high[0] - 1e-12 <= found.high[0] <= sure.high[0]


def test_rare_events_in_large_arms_keep_their_digits() -> None:
    """Where the cubic has two roots close together the closed form alone loses half its digits."""
    a = b = np.array([20_000_000.0])
    x, y, d = np.array([3.0]), np.array([1.0]), np.array([1e-7])
    p = constrained_reference_risk(x, a, y, b, d)
    score = x / (p + d) - (a - x) / (1 - p - d) + y / p - (b - y) / (1 - p)
    assert abs(score[0]) < 1e-6 * (a[0] + b[0])
    found = risk_difference_mn(3, 20_000_000, 1, 20_000_000)
    assert score_of_difference(found.high[0], 3, 20_000_000, 1, 20_000_000) == pytest.approx(
        3.8414588, rel=1e-4
    )


def test_an_empty_arm_has_no_difference_and_says_so_beside_the_others() -> None:
    found = risk_difference_mn([0, 3, 2], [0, 10, 10], [1, 0, 2], [10, 0, 10])
    for values in (found.estimate, found.low, found.high):
        assert np.isnan(values).tolist() == [True, True, False]
    assert found.warning[0] == "empty arm: no participant in the arm"
    assert found.warning[1] == "empty arm: no participant in the reference arm"
    assert found.warning[2] is None


@pytest.mark.parametrize("confidence_level", [0.0, 1.0, 95, float("nan")])
def test_a_confidence_level_outside_nought_and_one_is_refused(confidence_level: float) -> None:
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got"):
        risk_difference_mn(1, 10, 1, 10, confidence_level=confidence_level)
