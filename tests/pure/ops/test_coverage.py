"""How often limits hold: enumeration against simulation and by hand, and the page against the code."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.ops import coverage, coverage_courses
from pvtracker.stats import rate_difference_mn, rate_ratio_exact, risk_difference_mn, risk_ratio_koopman
from tests.shared import ROOT

PAGE = ROOT / "docs" / "reference" / "coverage.md"


def test_the_weights_are_those_of_two_binomials_and_nearly_all() -> None:
    x, y, weight = coverage.tables(38, 36, 0.15, 0.05)
    expected = scipy_stats.binom.pmf(x, 38, 0.15) * scipy_stats.binom.pmf(y, 36, 0.05)
    np.testing.assert_allclose(weight, expected, rtol=1e-9)
    assert 1 - 1e-10 < weight.sum() <= 1 + 1e-12
    x, y, weight = coverage.tables(500, 500, 0.02, 0.5)
    assert len(x) < 100_000 and weight.sum() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize(
    ("method", "function", "true"),
    [("rd_mn", risk_difference_mn, 0.1), ("rr_koopman", risk_ratio_koopman, 3.0)],
)
def test_coverage_equals_that_of_simulated_trials(method: str, function: object, true: float) -> None:
    rng = np.random.default_rng(11)
    x, y = rng.binomial(38, 0.15, 40_000), rng.binomial(36, 0.05, 40_000)
    found = function(x, 38, y, 36)  # type: ignore[operator]
    exact = coverage.coverage(method, 38, 36, 0.15, 0.05)
    error = 4 * np.sqrt(0.05 / 40_000)
    assert np.mean(true < found.low) == pytest.approx(exact.below, abs=error)
    assert np.mean(true > found.high) == pytest.approx(exact.above, abs=error)
    assert exact.holds + exact.below + exact.above == pytest.approx(1)


def test_the_size_of_fishers_test_equals_a_sum_over_all_tables() -> None:
    expected = sum(
        scipy_stats.binom.pmf(x, 12, 0.3) * scipy_stats.binom.pmf(y, 9, 0.3)
        for x in range(13)
        for y in range(10)
        if scipy_stats.fisher_exact([[x, 12 - x], [y, 9 - y]])[1] <= 0.05
    )
    assert coverage.size("fisher", 12, 9, 0.3) == pytest.approx(expected, abs=1e-9)


def test_a_finding_is_false_where_nothing_is_harmed_and_found_where_all_is() -> None:
    none = coverage.discovery(38, 36, 0, trials=50, seed=1)
    for one in none.values():
        assert one.false_share == one.any_false and np.isnan(one.found)
    everything = coverage.discovery(500, 500, coverage.SYSTEMS, trials=5, seed=1)
    for one in everything.values():
        assert one.any_false == 0 and one.found > 0.8


@pytest.mark.parametrize("method", [name for name, (_, _, slow) in coverage.LIMITS.items() if not slow])
def test_the_page_has_what_the_code_computes_of_limits(method: str) -> None:
    assert coverage.limits_line(method, 38, 36) in PAGE.read_text()


@pytest.mark.parametrize("test", ["fisher", "fisher_midp", "boschloo"])
def test_the_page_has_what_the_code_computes_of_tests(test: str) -> None:
    assert coverage.size_line(test, 38, 36) in PAGE.read_text()


def test_the_page_has_what_the_code_computes_of_findings() -> None:
    page = PAGE.read_text()
    for words, harmed in coverage.HARMED.items():
        for line in coverage.discovery_lines(38, 36, words, harmed):
            assert line in page


def test_counts_are_poisson_and_nearly_all() -> None:
    x, y, weight = coverage.counts(3.5, 60.0)
    np.testing.assert_allclose(
        weight, scipy_stats.poisson.pmf(x, 3.5) * scipy_stats.poisson.pmf(y, 60), rtol=1e-9
    )
    assert 1 - 1e-10 < weight.sum() <= 1 + 1e-12


def test_coverage_of_rates_equals_that_of_simulated_trials() -> None:
    """True ratio 3, difference 0.1 a year."""
    rng = np.random.default_rng(12)
    years_arm, years_ref = 38 * coverage.YEARS_EACH, 36 * coverage.YEARS_EACH
    x, y = rng.poisson(0.15 * years_arm, 40_000), rng.poisson(0.05 * years_ref, 40_000)
    error = 4 * np.sqrt(0.05 / 40_000)
    for method, function, true in (
        ("rate_ratio_exact", rate_ratio_exact, 3.0),
        ("rate_difference_mn", rate_difference_mn, 0.1),
    ):
        found = function(x, years_arm, y, years_ref)  # type: ignore[operator]
        exact = coverage.rate_coverage(method, 38, 36, 0.15, 0.05)
        assert np.mean(true < found.low) == pytest.approx(exact.below, abs=error)
        assert np.mean(true > found.high) == pytest.approx(exact.above, abs=error)


@pytest.mark.parametrize("method", ["rate_ratio_exact", "rate_difference_mn"])
def test_the_page_has_what_the_code_computes_of_rates(method: str) -> None:
    page = PAGE.read_text()
    assert coverage.rate_limits_line(method, 38, 36) in page
    if method in coverage.RATE_TESTS:
        assert coverage.rate_size_line(method, 38, 36) in page


def test_the_page_says_what_was_simulated_of_courses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words and numbers are those of the code; a few trials agree with the shares that it tells."""
    page = PAGE.read_text()
    few = coverage_courses.held(0.9, trials=60, seed=3)
    for method, one in few.items():
        name = method if method == "mean_by_week" else f"mmrm, {method}"
        line = next(
            line for line in page.splitlines() if line.startswith("| a difference") and f"`{name}`" in line
        )
        told = [float(cell.split("(")[0]) / 100 for cell in line.split("|")[3:9]]
        np.testing.assert_allclose(one.holds, told, atol=4 * np.sqrt(0.05 * 0.95 / 60))
        assert one.refused == 0
    monkeypatch.setattr(coverage_courses, "held", lambda effect: {})
    assert "\n".join(coverage_courses.lines()) in page
