"""Barnard's and Boschloo's tests."""

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, logsumexp

from pvtracker.stats import barnard, boschloo, fisher
from pvtracker.stats.results import FloatArray
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table, one_table

RISKS = np.sin(np.linspace(0, np.pi / 2, 4001)) ** 2


def score(x: int, a: int, y: int, b: int) -> Fraction:
    """Minus z²: the more extreme, the smaller."""
    m = x + y
    return Fraction(0) if m in (0, a + b) else -Fraction((x * b - y * a) ** 2, m * (a + b - m))


def fisher_two_sided(x: int, a: int, y: int, b: int) -> Fraction:
    ways = {k: comb(a, k) * comb(b, x + y - k) for k in range(max(0, x + y - b), min(a, x + y) + 1)}
    return Fraction(sum(w for w in ways.values() if w <= ways[x]), comb(a + b, x + y))


def fisher_more(x: int, a: int, y: int, b: int) -> Fraction:
    m = x + y
    return Fraction(sum(comb(a, k) * comb(b, m - k) for k in range(x, min(a, m) + 1)), comb(a + b, m))


def fisher_fewer(x: int, a: int, y: int, b: int) -> Fraction:
    return fisher_more(y, b, x, a)


@cache
def _binomial(size: int) -> FloatArray:
    return np.asarray(scipy_stats.binom.pmf(np.arange(size + 1)[:, None], size, RISKS))


def enumerated(statistic, N_arm: int, N_ref: int) -> FloatArray:  # type: ignore[no-untyped-def]
    """p of every table: ordered in whole-number arithmetic, so that ties are ties, the supremum on a dense grid."""
    pairs = [(int(x), int(y)) for x, y in zip(*every_table(N_arm, N_ref), strict=True)]
    values = [statistic(x, N_arm, y, N_ref) for x, y in pairs]
    arm, ref = _binomial(N_arm), _binomial(N_ref)
    return np.array(
        [
            sum(arm[x] * ref[y] for (x, y), value in zip(pairs, values, strict=True) if value <= own).max()
            for own in values
        ]
    )


@pytest.mark.parametrize(("N_arm", "N_ref"), [(1, 1), (5, 5), (4, 9), (7, 3), (8, 8)])
def test_p_of_every_small_table_equals_enumeration_over_a_dense_grid(
    N_arm: int, N_ref: int, against: Against
) -> None:
    n_arm, n_ref = every_table(N_arm, N_ref)
    tables = (n_arm, N_arm, n_ref, N_ref)
    source = "all tables of small arms ordered in whole numbers, 4,001 risks"
    against(
        "barnard", source, "brute force", barnard(*tables).p, enumerated(score, N_arm, N_ref), within=1e-6
    )
    expected = enumerated(fisher_two_sided, N_arm, N_ref)
    against("boschloo", source, "brute force", boschloo(*tables).p, expected, within=1e-6)
    more, fewer = enumerated(fisher_more, N_arm, N_ref), enumerated(fisher_fewer, N_arm, N_ref)
    against(
        "boschloo",
        source,
        "brute force",
        boschloo(*tables, two_sided="central").p,
        np.minimum(1, 2 * np.minimum(more, fewer)),
        within=1e-6,
    )


def test_the_supremum_is_never_below_a_dense_grid_s_greatest_value() -> None:
    """The bound is proved for 1e-8: no value of the curve may lie above p by more."""
    for N_arm, N_ref in [(6, 6), (5, 11), (9, 2)]:
        n_arm, n_ref = every_table(N_arm, N_ref)
        missed = enumerated(score, N_arm, N_ref) - barnard(n_arm, N_arm, n_ref, N_ref).p
        assert missed.max() <= 1e-8 + 1e-12


@pytest.mark.parametrize(
    ("table", "scipy", "true"),
    [((1, 7, 7, 7), 0.001093389, 0.001831055), ((1, 10, 8, 10), 0.001817747, 0.002576828)],
)
def test_tables_as_extreme_as_the_observed_count_where_scipy_loses_them(
    table: tuple[int, int, int, int], scipy: float, true: float
) -> None:
    """SciPy compares |z| as rounded and so drops tables whose |z| equals the observed: its p is too small."""
    x, a, y, b = table
    tied = [(k, j) for k in range(a + 1) for j in range(b + 1) if score(k, a, j, b) == score(x, a, y, b)]
    assert len(tied) == 4  # arms swapped, outcomes swapped, both
    assert enumerated(score, a, b)[x * (b + 1) + y] == pytest.approx(true, abs=1e-8)
    assert barnard(*table).p[0] == pytest.approx(true, abs=1e-8)
    # scipy.stats.barnard_exact([[x, y], [a - x, b - y]], n=64).pvalue, SciPy 1.17.1
    assert scipy < 0.75 * true


def test_a_very_small_p_keeps_its_digits() -> None:
    """Below the proved tolerance: the curve's top by SciPy's search, in logarithms."""
    for x, a, y, b in ((60, 150, 20, 150), (50, 150, 1, 150), (25, 40, 30, 300)):
        own = score(x, a, y, b)
        region = [[k, j] for k in range(a + 1) for j in range(b + 1) if score(k, a, j, b) <= own]
        k, j = np.array(region, dtype=float).T
        ways = gammaln(a + 1) - gammaln(k + 1) - gammaln(a - k + 1)
        ways += gammaln(b + 1) - gammaln(j + 1) - gammaln(b - j + 1)

        def minus_log(
            angle: float, ways: FloatArray = ways, m: FloatArray = k + j, total: int = a + b
        ) -> float:
            log_risk, log_other = 2 * np.log(np.sin(angle)), 2 * np.log(np.cos(angle))
            return -float(logsumexp(ways + m * log_risk + (total - m) * log_other))

        start = min(np.linspace(0.02, np.pi / 2 - 0.02, 80), key=minus_log)
        top = minimize_scalar(
            minus_log, bounds=(start - 0.02, start + 0.02), method="bounded", options={"xatol": 1e-9}
        )
        expected = np.exp(-top.fun)
        assert expected < 1e-6
        assert barnard(x, a, y, b).p[0] == pytest.approx(expected, rel=1e-9, abs=0)


def test_published_p_values(against: Against) -> None:
    # Berger & Boos (1994) JASA 89:1012-1016: 14 of 47 against 48 of 283; R exact2x2 quotes both in test_Exact.R
    source = "Berger & Boos 1994, example"
    against("barnard", source, "published", barnard(14, 47, 48, 283).p, 0.061, within=5.1e-4)
    adjusted = barnard(14, 47, 48, 283, berger_boos=0.001).p
    against("barnard", "R Exact and exact2x2", "program", adjusted, 0.0378, within=5.1e-5)
    # R package contingencytables, tests/testthat/test-ch4.R: Suissa-Shuster with gamma = 0.0001
    tea = barnard(3, 4, 1, 4, berger_boos=1e-4).p
    against("barnard", "tea tasting, by R contingencytables", "published", tea, 0.28916, within=5.1e-6)


def test_p_values_of_sas_and_statxact(against: Against) -> None:
    # R package exact2x2, inst/slowTests/test_SAS.R and test_StatXact.R
    sas = barnard([10, 4], [35, 12], [24, 9], [61, 11]).p
    against("barnard", "SAS, by R exact2x2", "program", sas, [0.4063, 0.0215], within=5.1e-5)
    minlike, central = (boschloo(10, 35, 24, 61, two_sided=how).p[0] for how in ("minlike", "central"))
    # StatXact's one-sided 0.1513, rounded, doubled
    against("boschloo", "StatXact 11, by R exact2x2", "program", minlike, 0.3381, within=5.1e-5)
    against("boschloo", "StatXact 11, by R exact2x2", "program", central / 2, 0.1513, within=5.1e-5)


def test_central_boschloo_equals_scipy(against: Against) -> None:
    """SciPy's two-sided p is twice the smaller one-sided one."""
    tables = [(3, 20, 9, 25), (0, 38, 6, 36), (12, 60, 4, 55), (7, 34, 1, 34), (2, 90, 5, 40)]
    expected = [
        min(
            1.0,
            scipy_stats.boschloo_exact([[x, y], [a - x, b - y]], n=32).pvalue,
        )
        for x, a, y, b in tables
    ]
    found = boschloo(*np.array(tables).T, two_sided="central").p
    against("boschloo", "SciPy, boschloo_exact (central)", "program", found, expected, within=1e-7)


def test_berger_and_boos_seek_within_the_exact_interval_of_the_pooled_risk() -> None:
    gamma, (x, a, y, b) = 0.05, (6, 20, 13, 19)
    m, total = x + y, a + b
    low, high = scipy_stats.binomtest(m, total).proportion_ci(1 - gamma)
    risks = np.linspace(low, high, 20_001)
    for test, statistic in ((barnard, score), (boschloo, fisher_two_sided)):
        own = statistic(x, a, y, b)
        region = np.array([[statistic(k, a, j, b) <= own for j in range(b + 1)] for k in range(a + 1)])
        arm = scipy_stats.binom.pmf(np.arange(a + 1)[:, None], a, risks)
        ref = scipy_stats.binom.pmf(np.arange(b + 1)[:, None], b, risks)
        expected = np.einsum("kr,jr,kj->r", arm, ref, region).max() + gamma
        assert test(x, a, y, b, berger_boos=gamma).p[0] == pytest.approx(expected, abs=1e-7)
    assert barnard(0, 20, 0, 19, berger_boos=gamma).p[0] == 1


@given(table=one_table(40), other=one_table(15))
@settings(max_examples=25, deadline=None)
def test_names_of_arms_and_of_outcomes_do_not_matter(
    table: tuple[int, int, int, int], other: tuple[int, int, int, int]
) -> None:
    x, a, y, b = table
    for test in (barnard, boschloo):
        p, beside = test([x, other[0]], [a, other[1]], [y, other[2]], [b, other[3]]).p
        assert test(y, b, x, a).p[0] == pytest.approx(p, abs=1e-8)
        assert test(a - x, a, b - y, b).p[0] == pytest.approx(p, abs=1e-8)
        assert test(*other).p[0] == pytest.approx(beside, abs=1e-8)
    assert boschloo(*table).p[0] <= fisher(*table).p[0] + 1e-12


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=15, deadline=None)
def test_the_size_stays_within_the_level_at_every_risk(N_arm: int, N_ref: int, level: float) -> None:
    n_arm, n_ref = every_table(N_arm, N_ref)
    chance = _binomial(N_arm)[n_arm] * _binomial(N_ref)[n_ref]
    for test in (barnard, boschloo):
        rejected = test(n_arm, N_arm, n_ref, N_ref).p <= level
        assert (chance[rejected].sum(axis=0) <= level + 1e-7).all()


def test_a_large_arm_is_enumerated_and_a_larger_one_is_not() -> None:
    found = boschloo([60, 3], [1_000, 2_001], [30, 3], [1_000, 40])
    assert 0 < found.p[0] < fisher(60, 1_000, 30, 1_000).p[0]
    assert np.isnan(found.p[1])
    assert found.warning[0] is None
    assert found.warning[1] is not None and "more than 2,000 participants" in found.warning[1]


def test_nothing_and_everything_are_no_evidence_and_an_empty_arm_gives_no_p() -> None:
    for test in (barnard, boschloo):
        found = test([0, 5, 0, 3], [38, 5, 0, 10], [0, 9, 1, 0], [36, 9, 10, 0])
        assert found.p[:2].tolist() == [1, 1]
        assert np.isnan(found.p[2:]).all()
        assert found.warning.tolist() == [
            None,
            None,
            "empty arm: no participant in the arm",
            "empty arm: no participant in the reference arm",
        ]
        assert test([], [], [], []).p.shape == (0,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"two_sided": "both"}, "two_sided must be minlike or central, got both"),
        ({"berger_boos": 1.0}, r"berger_boos must lie in \[0, 1\), got 1.0"),
        ({"berger_boos": -0.1}, r"berger_boos must lie in \[0, 1\), got -0.1"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        boschloo(1, 4, 0, 4, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_arm must be ≤ N_arm, got 5"):
        barnard(5, 4, 0, 4)
