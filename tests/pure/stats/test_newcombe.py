import numpy as np
import pytest
from hypothesis import given, settings

from pvtracker.stats import risk_difference_agresti_caffo, risk_difference_newcombe
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table, one_table


def test_limits_of_newcombe_s_table(against: Against) -> None:
    # Newcombe RG (1998) Stat Med 17:873-890, Table II, method 10. Each figure was found again from Wilson's limits by
    # the definition, so a misprint of ours would show.
    published = {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (6, 7, 2, 7): (0.0582, 0.8062),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (0, 10, 0, 20): (-0.1611, 0.2775),
        (0, 10, 0, 10): (-0.2775, 0.2775),
        (10, 10, 0, 20): (0.6791, 1.0),
        (10, 10, 0, 10): (0.6075, 1.0),
    }
    found = risk_difference_newcombe(*np.array(list(published)).T)
    limits = np.stack([found.low, found.high], axis=1)
    source = "Newcombe 1998, Table II, method 10"
    against("risk_difference_newcombe", source, "published", limits, list(published.values()), within=5.1e-5)


def test_limits_of_perondi_s_trial(against: Against) -> None:
    # R package contingencytables, tests/testthat/test-ch4.R: Newcombe_hybrid_score_CI_2x2, AgrestiCaffo_CI_2x2
    source = "Perondi 2004 in Fagerland, Lydersen & Laake 2017, by R contingencytables"
    newcombe, caffo = risk_difference_newcombe(7, 34, 1, 34), risk_difference_agresti_caffo(7, 34, 1, 34)
    against(
        "risk_difference_newcombe",
        source,
        "published",
        [newcombe.estimate[0], newcombe.low[0], newcombe.high[0]],
        [0.1765, 0.0189, 0.3404],
        within=5.1e-5,
    )
    against(
        "risk_difference_agresti_caffo",
        source,
        "published",
        [caffo.estimate[0], caffo.low[0], caffo.high[0]],
        [0.1765, 0.0116, 0.3217],
        within=5.1e-5,
    )


def test_the_limits_are_built_from_wilson_s_by_the_definition() -> None:
    """Wilson's limits solve |p̂ − p| = z √(p (1 − p) / n): here by the roots of that quadratic."""
    z = 1.6448536269514722  # two-sided 90 %
    for x, a, y, b in [(3, 17, 9, 41), (0, 5, 2, 9), (12, 12, 4, 30)]:
        (l1, u1), (l0, u0) = (
            sorted(np.roots([1 + z**2 / n, -2 * k / n - z**2 / n, (k / n) ** 2]).real)
            for k, n in ((x, a), (y, b))
        )
        found = risk_difference_newcombe(x, a, y, b, confidence_level=0.9)
        d = x / a - y / b
        assert found.low[0] == pytest.approx(d - np.sqrt((x / a - l1) ** 2 + (u0 - y / b) ** 2), abs=1e-7)
        assert found.high[0] == pytest.approx(d + np.sqrt((u1 - x / a) ** 2 + (y / b - l0) ** 2), abs=1e-7)
        assert found.confidence_level == 0.9


def test_more_confidence_widens_agresti_and_caffo_s_limits_by_the_quantile() -> None:
    wide, narrow = (risk_difference_agresti_caffo(9, 40, 3, 38, confidence_level=c) for c in (0.99, 0.9))
    ratio = (wide.high[0] - wide.low[0]) / (narrow.high[0] - narrow.low[0])
    assert ratio == pytest.approx(2.5758293035489 / 1.6448536269515, rel=1e-9)


@pytest.mark.parametrize("method", [risk_difference_newcombe, risk_difference_agresti_caffo])
def test_every_small_table_has_ordered_limits_within_minus_one_and_one(method) -> None:  # type: ignore[no-untyped-def]
    for N_arm, N_ref in [(1, 1), (2, 7), (9, 9)]:
        found = method(*_with_totals(N_arm, N_ref))
        assert ((found.low >= -1) & (found.high <= 1) & (found.low < found.high)).all()


def _with_totals(N_arm: int, N_ref: int) -> tuple[object, ...]:
    n_arm, n_ref = every_table(N_arm, N_ref)
    return n_arm, N_arm, n_ref, N_ref


@pytest.mark.parametrize("method", [risk_difference_newcombe, risk_difference_agresti_caffo])
@given(table=one_table(), wide=one_table(500))
@settings(max_examples=30, deadline=None)
def test_swapping_arms_or_outcomes_turns_the_interval_round(  # type: ignore[no-untyped-def]
    method, table: tuple[int, int, int, int], wide: tuple[int, int, int, int]
) -> None:
    x, a, y, b = table
    found = method([x, wide[0]], [a, wide[1]], [y, wide[2]], [b, wide[3]])
    for other in (method(y, b, x, a), method(a - x, a, b - y, b)):
        assert other.low[0] == pytest.approx(-found.high[0], abs=1e-12)
        assert other.high[0] == pytest.approx(-found.low[0], abs=1e-12)


@pytest.mark.parametrize("method", [risk_difference_newcombe, risk_difference_agresti_caffo])
def test_an_empty_arm_has_no_difference_and_says_so_beside_the_others(method) -> None:  # type: ignore[no-untyped-def]
    found = method([0, 3, 2], [0, 10, 10], [1, 0, 2], [10, 0, 10])
    for values in (found.estimate, found.low, found.high):
        assert np.isnan(values).tolist() == [True, True, False]
    assert found.warning.tolist() == [
        "empty arm: no participant in the arm",
        "empty arm: no participant in the reference arm",
        None,
    ]
    with pytest.raises(ValueError, match="n_arm must be ≤ N_arm, got 5"):
        method(5, 4, 0, 4)
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 95"):
        method(1, 4, 0, 4, confidence_level=95)
