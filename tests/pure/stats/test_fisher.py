from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import fisher, fisher_midp
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table, one_table

FAGERLAND = "Fagerland, Lydersen & Laake (2017), chapter 4"


def enumerated(x: int, a: int, y: int, b: int) -> tuple[Fraction, Fraction]:
    """p and mid-p in whole-number arithmetic: no rounding, so ties are ties."""
    events = x + y
    ways = {k: comb(a, k) * comb(b, events - k) for k in range(max(0, events - b), min(a, events) + 1)}
    less = sum(way for way in ways.values() if way < ways[x])
    equal = sum(way for way in ways.values() if way == ways[x])
    return Fraction(less + equal, comb(a + b, events)), Fraction(2 * less + equal, 2 * comb(a + b, events))


@pytest.mark.parametrize(("N_arm", "N_ref"), [(1, 1), (5, 5), (4, 9), (12, 7)])
def test_p_and_mid_p_of_every_small_table_equal_exact_enumeration(
    N_arm: int, N_ref: int, against: Against
) -> None:
    n_arm, n_ref = every_table(N_arm, N_ref)
    exact = [enumerated(int(x), N_arm, int(y), N_ref) for x, y in zip(n_arm, n_ref, strict=True)]
    for method, expected in (
        (fisher, [float(p) for p, _ in exact]),
        (fisher_midp, [float(mid) for _, mid in exact]),
    ):
        found = method(n_arm, N_arm, n_ref, N_ref).p
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        against(
            method.__name__,
            "all tables with the margins, in fractions",
            "brute force",
            found,
            expected,
            within=1e-12,
        )


@pytest.mark.parametrize(
    ("size", "most", "tolerance"), [(150, 150, 1e-11), (20_000, 80, 1e-11), (3_000, 3_000, 1e-9)]
)
def test_p_equals_scipy(size: int, most: int, tolerance: float, against: Against) -> None:
    rng = np.random.default_rng(20090101)
    n_arm, n_ref = rng.integers(0, most + 1, 60), rng.integers(0, most + 1, 60)
    expected = [
        scipy_stats.fisher_exact([[x, size - x], [y, size - y]])[1] for x, y in zip(n_arm, n_ref, strict=True)
    ]
    found = fisher(n_arm, size, n_ref, size).p
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-300)
    against("fisher", "SciPy, fisher_exact", "program", found, expected, within=tolerance)


@pytest.mark.parametrize(
    ("table", "mid_p"),
    [
        # Fagerland, Lydersen & Laake (2017) Statistical Analysis of Contingency Tables, chapter 4: Fisher
        # mid-P test (Fisher-Irwin); figures as in the tests of the authors' R package contingencytables.
        ((3, 4, 1, 4), 0.25714),  # a lady tasting tea: 1 + 1 + (16 + 16) / 2 of 70
        ((7, 34, 1, 34), 0.02966),  # Perondi 2004
        ((9, 13, 4, 14), 0.03914),  # Lampasona 2013
        ((0, 16, 15, 72), 0.04466),  # Ritland 2007
        ((745, 748, 127, 129), 0.09193),
    ],
)
def test_mid_p_of_published_tables(table: tuple[int, int, int, int], mid_p: float, against: Against) -> None:
    against("fisher_midp", FAGERLAND, "published", fisher_midp(*table).p, mid_p, within=5e-6)


def test_p_of_the_published_table_of_ritland(against: Against) -> None:
    against("fisher", FAGERLAND, "published", fisher(0, 16, 15, 72).p, 0.06287, within=5e-6)


def test_the_founding_trial_needs_six_against_none() -> None:
    """38 against 36: p < 0.05 needs 6 v 0, 8 v 1, 9 v 2 or 14 v 5 participants, and one fewer is not
    enough."""
    enough = fisher([6, 8, 9, 14], 38, [0, 1, 2, 5], 36).p
    one_fewer = fisher([5, 7, 8, 13], 38, [0, 1, 2, 5], 36).p
    assert (enough < 0.05).all()
    assert (one_fewer >= 0.05).all()


def test_a_very_small_p_keeps_its_digits() -> None:
    p = fisher(150, 150, 0, 150).p[0]
    assert p == pytest.approx(2 / comb(300, 150), rel=1e-12)


def test_the_largest_counts_need_neither_much_time_nor_memory() -> None:
    half = 2**29
    p = fisher([half, half, half + 20_000, 2**30], 2**30, [half, half + 20_000, half, 0], 2**30).p
    assert p[0] == 1
    assert p[1] == pytest.approx(p[2], rel=1e-9)
    # The normal distribution with the hypergeometric variance and a continuity correction is very good here.
    events, N = 2 * half + 20_000, 2**31
    deviation = np.sqrt(events * 0.5 * 0.5 * (N - events) / (N - 1))
    assert p[1] == pytest.approx(2 * scipy_stats.norm.sf((10_000 - 0.5) / deviation), rel=1e-4)
    assert p[3] < 1e-300


def test_no_event_at_all_is_no_evidence() -> None:
    result = fisher([0, 0], [38, 5], [0, 0], [36, 9])
    assert result.p.tolist() == [1.0, 1.0]
    assert fisher_midp(0, 38, 0, 36).p.tolist() == [0.5]  # the only table counts by half


def test_an_empty_arm_has_no_p_and_says_so_beside_the_others() -> None:
    result = fisher([0, 3, 2], [0, 10, 10], [1, 0, 2], [10, 0, 10])
    assert np.isnan(result.p).tolist() == [True, True, False]
    assert result.warning[0] == "empty arm: no participant in the arm"
    assert result.warning[1] == "empty arm: no participant in the reference arm"
    assert result.warning[2] is None


def test_no_tables_give_no_p_values() -> None:
    assert fisher([], [], [], []).p.shape == (0,)


@given(one_table())
@settings(max_examples=60, deadline=None)
def test_names_of_arms_and_of_outcomes_do_not_matter(table: tuple[int, int, int, int]) -> None:
    x, a, y, b = table
    for test in (fisher, fisher_midp):
        p = test(x, a, y, b).p[0]
        assert test(y, b, x, a).p[0] == pytest.approx(p, rel=1e-10)
        assert test(a - x, a, b - y, b).p[0] == pytest.approx(p, rel=1e-10)
    assert 0 < fisher_midp(x, a, y, b).p[0] < fisher(x, a, y, b).p[0] <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 4, 0, 4), "n_arm must be ≤ N_arm, got 5"),
        ((1, 4, 5, 4), "n_ref must be ≤ N_ref, got 5"),
        ((-1, 4, 0, 4), "n_arm must be ≥ 0, got -1"),
        ((1.5, 4, 0, 4), "n_arm must be whole numbers, got 1.5"),
        ((1, float("nan"), 0, 4), "N_arm must be finite, got nan"),
        ((1, 4, 0, 2**31), "N_ref must be ≤ 1073741824, got 2147483648"),
        (("1", 4, 0, 4), "n_arm must hold whole numbers"),
        (([[1]], 4, 0, 4), r"n_arm must be a number or have shape \(n,\), got shape \(1, 1\)"),
        (([1, 2], 4, [0, 0, 0], 4), "arguments must have the same length"),
    ],
)
def test_counts_that_cannot_be_are_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fisher(*arguments)
