import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats
from scipy.special import gammaln

from pvtracker.stats import odds_ratio_conditional
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table, one_table


def by_scipy(x: int, a: int, y: int, b: int, confidence_level: float = 0.95) -> tuple[float, float, float]:
    result = scipy_stats.contingency.odds_ratio([[x, a - x], [y, b - y]], kind="conditional")
    interval = result.confidence_interval(confidence_level)
    return float(result.statistic), float(interval.low), float(interval.high)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
@given(table=one_table(25))
@settings(max_examples=15, deadline=None)
def test_estimate_and_limits_equal_scipy(confidence_level: float, table: tuple[int, int, int, int]) -> None:
    found = odds_ratio_conditional(*table, confidence_level=confidence_level)
    with np.errstate(all="ignore"):
        expected = by_scipy(*table, confidence_level=confidence_level)
    np.testing.assert_allclose([found.estimate[0], found.low[0], found.high[0]], expected, rtol=1e-7)
    assert found.confidence_level == confidence_level


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
def test_estimate_and_limits_of_many_tables_equal_scipy(confidence_level: float, against: Against) -> None:
    rng = np.random.default_rng(19350101)
    N_arm, N_ref = rng.integers(1, 40, 20), rng.integers(1, 40, 20)
    n_arm, n_ref = rng.integers(0, N_arm + 1), rng.integers(0, N_ref + 1)
    found = odds_ratio_conditional(n_arm, N_arm, n_ref, N_ref, confidence_level=confidence_level)
    with np.errstate(all="ignore"):
        expected = [
            by_scipy(*table, confidence_level=confidence_level)
            for table in np.column_stack((n_arm, N_arm, n_ref, N_ref)).tolist()
        ]
    ours = np.column_stack((found.estimate, found.low, found.high))
    against("odds_ratio_conditional", "SciPy, contingency.odds_ratio", "program", ours, expected, within=1e-7)


def test_a_lady_tasting_tea(against: Against) -> None:
    """Fisher (1935) The Design of Experiments, chapter II: three of four cups told right; by hand from 1 16
    36 16 1."""
    found = odds_ratio_conditional(3, 4, 1, 4)

    def tea(odds_ratio: float) -> np.ndarray:
        weights = np.array([1, 16, 36, 16, 1]) * odds_ratio ** np.arange(5)
        return np.asarray(weights / weights.sum())

    assert tea(found.estimate[0]) @ np.arange(5) == pytest.approx(3, abs=1e-11)
    tails = [tea(found.low[0])[3:].sum(), tea(found.high[0])[:4].sum()]
    source = "Fisher (1935), chapter II: the tails at the limits, by hand"
    against("odds_ratio_conditional", source, "brute force", tails, 0.025, within=2.5e-12)


@pytest.mark.parametrize(("N_arm", "N_ref"), [(4, 6), (7, 3)])
def test_tails_at_the_limits_hold_the_error_probability(N_arm: int, N_ref: int) -> None:
    """SciPy's noncentral hypergeometric distribution, put to the limits of every table, gives back 2.5
    percent."""
    n_arm, n_ref = every_table(N_arm, N_ref)
    found = odds_ratio_conditional(n_arm, N_arm, n_ref, N_ref)
    for i, (x, y) in enumerate(zip(n_arm.tolist(), n_ref.tolist(), strict=True)):
        margins = (N_arm + N_ref, x + y, N_arm)
        if found.low[i] > 0:
            tail = scipy_stats.nchypergeom_fisher.sf(x - 1, *margins, found.low[i])
            assert tail == pytest.approx(0.025, rel=1e-8)
        if found.high[i] < np.inf:
            tail = scipy_stats.nchypergeom_fisher.cdf(x, *margins, found.high[i])
            assert tail == pytest.approx(0.025, rel=1e-8)


def test_wide_supports_are_cut_without_loss() -> None:
    """Only counts near the observed one are summed; the tails over the whole support still hold 2.5
    percent."""
    N, x, y = 100_000, 520, 480
    found = odds_ratio_conditional(x, N, y, N)
    count = np.arange(x + y + 1)
    log_ways = sum(-gammaln(k + 1.0) for k in (count, N - count, x + y - count, N - x - y + count))

    def chances(odds_ratio: float) -> np.ndarray:
        log_weight = log_ways + count * np.log(odds_ratio)
        weight = np.exp(log_weight - log_weight.max())
        return np.asarray(weight / weight.sum())

    assert chances(found.low[0])[x:].sum() == pytest.approx(0.025, rel=1e-8)
    assert chances(found.high[0])[: x + 1].sum() == pytest.approx(0.025, rel=1e-8)
    assert chances(found.estimate[0]) @ count == pytest.approx(x, rel=1e-9)


def test_fewest_and_most_possible_events_open_the_interval_to_one_side() -> None:
    found = odds_ratio_conditional([0, 6], [38, 38], [6, 0], [36, 36])
    assert found.estimate.tolist() == [0, np.inf]
    assert found.low[0] == 0
    assert found.high[1] == np.inf
    assert 0 < found.high[0] < 1 < found.low[1]  # 6 v 0 is significant, as in the founding trial


@pytest.mark.parametrize("table", [(0, 38, 0, 36), (5, 5, 9, 9)])
def test_margins_that_allow_one_table_only_tell_nothing_and_say_so(table: tuple[int, int, int, int]) -> None:
    found = odds_ratio_conditional(*table)
    assert np.isnan(found.estimate[0])
    assert (found.low[0], found.high[0]) == (0, np.inf)
    assert found.warning[0] == (
        "the margins allow one table only: the odds ratio does not exist, its limits are 0 and infinity"
    )


def test_an_empty_arm_has_no_odds_ratio_and_says_so_beside_the_others() -> None:
    found = odds_ratio_conditional([0, 3, 2], [0, 10, 10], [1, 0, 2], [10, 0, 10])
    for values in (found.estimate, found.low, found.high):
        assert np.isnan(values).tolist() == [True, True, False]
    assert found.warning.tolist() == [
        "empty arm: no participant in the arm",
        "empty arm: no participant in the reference arm",
        None,
    ]


@given(table=one_table(), wide=one_table(200))
@settings(max_examples=40, deadline=None)
def test_swapping_arms_or_outcomes_inverts_the_interval_and_company_changes_nothing(
    table: tuple[int, int, int, int], wide: tuple[int, int, int, int]
) -> None:
    x, a, y, b = table
    found = odds_ratio_conditional([x, wide[0]], [a, wide[1]], [y, wide[2]], [b, wide[3]])
    for other in (odds_ratio_conditional(y, b, x, a), odds_ratio_conditional(a - x, a, b - y, b)):
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(other.estimate[0], 1 / found.estimate[0], rtol=1e-9)
            np.testing.assert_allclose(other.low[0], 1 / found.high[0], rtol=1e-9)
            np.testing.assert_allclose(1 / other.high[0], found.low[0], rtol=1e-9)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="n_ref must be ≥ 0, got -1"):
        odds_ratio_conditional(1, 10, -1, 10)
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 0"):
        odds_ratio_conditional(1, 10, 1, 10, confidence_level=0)
