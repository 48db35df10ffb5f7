import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import proportion_clopper_pearson, upper_limit_for_zero
from tests.pure.stats.against import Against


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
@pytest.mark.parametrize("N", [1, 7, 38])
def test_limits_of_every_count_equal_scipy(confidence_level: float, N: int, against: Against) -> None:
    found = proportion_clopper_pearson(np.arange(N + 1), N, confidence_level=confidence_level)
    expected = [scipy_stats.binomtest(n, N).proportion_ci(confidence_level) for n in range(N + 1)]
    np.testing.assert_allclose(found.low, [interval.low for interval in expected], rtol=1e-9)
    np.testing.assert_allclose(found.high, [interval.high for interval in expected], rtol=1e-9)
    limits = [(interval.low, interval.high) for interval in expected]
    both = np.column_stack((found.low, found.high))
    against("proportion_clopper_pearson", "SciPy, binomtest", "program", both, limits, within=1e-9)
    np.testing.assert_allclose(found.estimate, np.arange(N + 1) / N)
    assert found.confidence_level == confidence_level


def test_an_empty_arm_has_no_share_and_says_so() -> None:
    found = proportion_clopper_pearson([0, 0], [0, 10])
    for values in (found.estimate, found.low, found.high):
        assert np.isnan(values).tolist() == [True, False]
    assert found.warning.tolist() == ["empty arm: no participant in the arm", None]


def test_no_event_among_38_still_allows_a_risk_of_7_6_percent() -> None:
    """The founding trial: zero of 38 leaves a one-sided 95 % upper limit of 7.6 %."""
    assert upper_limit_for_zero(38)[0] == pytest.approx(0.076, abs=5e-4)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8])
def test_the_upper_limit_equals_scipys_two_sided_one_of_half_the_error(
    confidence_level: float, against: Against
) -> None:
    N = [1, 2, 38, 500]
    expected = [scipy_stats.binomtest(0, n).proportion_ci(2 * confidence_level - 1).high for n in N]
    found = upper_limit_for_zero(N, confidence_level=confidence_level)
    against("upper_limit_for_zero", "SciPy, binomtest(0, N)", "program", found, expected, within=1e-9)


def test_no_event_is_as_probable_as_agreed_at_the_upper_limit() -> None:
    N = np.array([1, 2, 38, 300, 1_000_000])
    limit = upper_limit_for_zero(N, confidence_level=0.99)
    np.testing.assert_allclose((1 - limit) ** N, 0.01, rtol=1e-9)
    two_sided = proportion_clopper_pearson(np.zeros(5, dtype=int), N, confidence_level=0.98)
    np.testing.assert_allclose(limit, two_sided.high, rtol=1e-9)


def test_nobody_observed_rules_nothing_out() -> None:
    assert upper_limit_for_zero([0]).tolist() == [1.0]


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="n must be ≤ N, got 3"):
        proportion_clopper_pearson([1, 3], 2)
    with pytest.raises(ValueError, match="N must be ≥ 0, got -1"):
        upper_limit_for_zero(-1)
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 2"):
        upper_limit_for_zero(1, confidence_level=2)
