"""How often limits hold: enumeration against simulation and by hand, and the page against the code."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.ops import coverage, coverage_courses, coverage_findings
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
    [("risk_difference_mn", risk_difference_mn, 0.1), ("risk_ratio_koopman", risk_ratio_koopman, 3.0)],
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


def test_the_border_of_tables_gives_what_all_tables_do() -> None:
    """Where limits are dear only tables at the border are asked: the same to what is left out."""
    for method, arms in (("risk_difference_newcombe", (38, 36)), ("risk_difference_exact", (12, 9))):
        every = coverage.coverage(method, *arms, 0.15, 0.05)
        some = coverage.border_coverage(method, *arms, 0.15, 0.05)
        assert some.below == pytest.approx(every.below, abs=1e-9)
        assert some.above == pytest.approx(every.above, abs=1e-9) and every.above > 0


def test_the_border_of_columns() -> None:
    """Found from any guess, at both ends too."""
    true = np.array([0, 2, 5, 3])
    for guess in range(6):
        found = coverage.border(lambda row, column: column < true[row], np.full(4, guess), 5)
        np.testing.assert_array_equal(found, true)


@pytest.mark.parametrize("test", ["boschloo", "barnard"])
def test_the_order_of_tables_gives_what_all_tables_do(test: str) -> None:
    x, y, _ = coverage.tables(20, 23, 0.3, 0.3)
    p = coverage.TESTS[test][0](x, 20, y, 23).p
    for alpha in (0.01, 0.05):
        assert 0 < np.sum(p <= alpha) < len(p)
        np.testing.assert_array_equal(coverage.ordered_rejected(test, x, 20, y, 23, alpha), p <= alpha)


def test_limits_of_one_arm_hold_as_often_as_a_sum_says() -> None:
    k = np.arange(39)
    limits = [scipy_stats.binomtest(int(n), 38).proportion_ci() for n in k]
    holds = [limit.low <= 0.1 <= limit.high for limit in limits]
    expected = scipy_stats.binom.pmf(k, 38, 0.1)[holds].sum()
    assert coverage.one_arm_coverage("proportion_clopper_pearson", 38, 0.1).holds == pytest.approx(expected)
    assert coverage.one_arm_coverage("incidence_rate_exact", 38, 0.1).holds > 0.95


def test_a_finding_is_false_where_nothing_is_harmed_and_found_where_all_is() -> None:
    none = coverage_findings.discovery(38, 36, 0, trials=50, seed=1)
    for one in none.values():
        assert one.false_share == one.any_false and np.isnan(one.found)
    everything = coverage_findings.discovery(500, 500, coverage_findings.SYSTEMS, trials=5, seed=1)
    for one in everything.values():
        assert one.any_false == 0 and one.found > 0.8


def test_findings_are_counted() -> None:
    """Three trials of four terms, the first two harmed."""
    flags = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 0, 1, 1]], dtype=bool)
    one = coverage_findings.told(flags, np.array([True, True, False, False]))
    assert one.false_share == pytest.approx((1 / 3 + 0 + 2 / 3) / 3)
    assert one.standard_error == pytest.approx(np.std([1 / 3, 0, 2 / 3]) / np.sqrt(3))
    assert one.any_false == pytest.approx(2 / 3) and one.found == pytest.approx(3 / 6)


def test_a_harmed_system_is_seen_by_the_scan_above_and_below() -> None:
    """With all systems harmed no node is false; without harm all findings are."""
    everything = coverage_findings.scan(500, 500, coverage_findings.SYSTEMS, "participants", trials=3)
    assert everything.any_false == 0 and everything.found > 0.8
    none = coverage_findings.scan(38, 36, 0, "events_unconditional", trials=40)
    assert none.false_share == none.any_false > 0 and np.isnan(none.found)


SMALL, LARGE = (38, 36), (500, 500)
HEADS = {
    "limits": "### Limits, ",
    "tests": "### Tests, ",
    "rates": "### Limits of rates, ",
    "rate tests": "### p ≤ 5 %",
}


def cell(head: str, size: tuple[int, int], name: str, column: int) -> str:
    """What the page has in a table of exact figures."""
    part = next(
        part
        for part in PAGE.read_text().split("\n\n### ")
        if f"### {part}".startswith(HEADS[head]) and f"{size[0]} against {size[1]}" in part.splitlines()[0]
    )
    row = next(line for line in part.splitlines() if line.startswith(f"| `{name}` |"))
    return row.split("|")[2 + column].strip()


@pytest.mark.parametrize("method", [name for name, (_, _, dear) in coverage.LIMITS.items() if not dear])
def test_the_page_has_what_the_code_computes_of_limits(method: str) -> None:
    """All risks in the small trial, one in the large."""
    assert coverage.limits_line(method, *SMALL) in PAGE.read_text()
    one = coverage.percents(coverage.coverage(method, *LARGE, *coverage.RISKS[0]))
    assert one == cell("limits", LARGE, method, 0)


def test_the_exact_limits_hold_in_the_large_trial() -> None:
    """Guaranteed: each side errs in 2.5 % at most. What they are of one table is told on the page."""
    for column in range(len(coverage.RISKS)):
        holds, below, above = (
            float(word.strip("(,)"))
            for word in cell("limits", LARGE, "risk_difference_exact", column).split()
        )
        assert holds >= 95 and below <= 2.5 and above <= 2.5
        assert holds + below + above == pytest.approx(100, abs=0.16)
    assert coverage.example_of_exact_limits() in PAGE.read_text()
    one = coverage.percents(coverage.coverage("risk_difference_exact", *SMALL, *coverage.RISKS[0]))
    assert one == cell("limits", SMALL, "risk_difference_exact", 0)


@pytest.mark.parametrize("test", list(coverage.TESTS))
def test_the_page_has_what_the_code_computes_of_tests(test: str) -> None:
    """All risks in the small trial, one in the large; of the unconditional tests one in either."""
    if test in coverage.ORDERED:
        size = coverage.size(test, *SMALL, coverage.NULLS[1])
        assert f"{100 * size:.2f}" == cell("tests", SMALL, test, 1)
    else:
        assert coverage.size_line(test, *SMALL) in PAGE.read_text()
    size = coverage.size(test, *LARGE, coverage.NULLS[0])
    assert f"{100 * size:.2f}" == cell("tests", LARGE, test, 0)


def test_the_page_has_what_the_code_computes_of_findings() -> None:
    page = PAGE.read_text()
    for size in (SMALL, LARGE):
        for words, harmed in coverage_findings.HARMED.items():
            for line in coverage_findings.discovery_lines(*size, words, harmed):
                assert line in page


def test_the_page_has_what_the_code_computes_of_scans() -> None:
    """One line of the small trial whole; of the large the first fifty trials, within four standard errors."""
    rows = [
        line.split("|") for line in PAGE.read_text().splitlines() if "| `tree_scan`, participants |" in line
    ]
    assert [row[1].split()[0] for row in rows] == ["38", "38", "500", "500"]
    small = coverage_findings.scan(*SMALL, 0, "participants")
    assert f"{100 * small.any_false:.1f}" == rows[0][5].strip()
    assert small.any_false <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / coverage_findings.SCANS)
    large = coverage_findings.scan(*LARGE, 1, "participants", trials=50)
    assert 100 * large.found == pytest.approx(float(rows[3][6]), abs=4 * 100 * 0.5 / np.sqrt(50))


@pytest.mark.parametrize("method", list(coverage.ONE_ARM))
def test_the_page_has_what_the_code_computes_of_one_arm(method: str) -> None:
    for N in (*SMALL, LARGE[0]):
        assert coverage.one_arm_line(method, N) in PAGE.read_text()


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


@pytest.mark.parametrize("method", ["rate_ratio_exact", "rate_ratio_midp", "rate_difference_mn"])
def test_the_page_has_what_the_code_computes_of_rates(method: str) -> None:
    """All rates in the small trial (not of mid-p, which takes long), one in the large."""
    page = PAGE.read_text()
    one = coverage.percents(coverage.rate_coverage(method, *LARGE, *coverage.RATES[0]))
    assert one == cell("rates", LARGE, method, 0)
    if method == "rate_ratio_midp":
        return
    assert coverage.rate_limits_line(method, *SMALL) in page
    if method in coverage.RATE_TESTS:
        assert coverage.rate_size_line(method, *SMALL) in page
        size = coverage.rate_size(method, *LARGE, coverage.RATE_NULLS[0])
        assert f"{100 * size:.2f}" == cell("rate tests", LARGE, method, 0)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_page_says_what_was_simulated_of_courses(size: tuple[int, int]) -> None:
    """The first trial is the page's; a few trials agree with the shares that it tells."""
    page = PAGE.read_text().splitlines()
    for words, effect in coverage_courses.EFFECTS.items():
        for method, one in coverage_courses.held(effect, *size, trials=15).items():
            row = next(
                line
                for line in page
                if line.startswith(f"| {coverage_courses.begin(*size, words, method)} |")
            )
            assert row.endswith(f"| 0 | {coverage_courses.first_trial(one)} |")
            told = np.array([float(each.split("(")[0]) / 100 for each in row.split("|")[4:10]])
            assert (np.abs(one.holds - told) < 4 * np.sqrt(0.06 * 0.94 / 15)).all()


def test_the_page_has_the_words_about_courses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage_courses, "held", lambda *_, **__: {})
    page = PAGE.read_text()
    *words, empty, last = coverage_courses.course_lines()
    assert "\n".join(words) in page and empty == "" and last in page
