"""Arms that are not shared as a plan takes it: the chance by SciPy, and which way the boundary errs."""

from __future__ import annotations

import pytest
from scipy import stats as scipy_stats

from pvtracker import stats
from pvtracker.signals.arm_shares import TOO_MUCH, UNLIKELY, against, chance_of
from pvtracker.signals.boundaries import sprt_error
from pvtracker.signals.boundary_settings import PlannedBoundary, design_of

SIDES = {"Drug": ("Drug",)}


def told(drug: int, reference: int, *, part: float = 1.0) -> str:
    settings = {"planned": 60, "alpha": 0.025, "allocation": {"Drug": part, "Placebo": 1.0}}
    one = PlannedBoundary("PT", "all", "Headache", design_of("maxsprt", settings, fixed_before=True))
    return " ".join(against([one], SIDES, "Placebo", {"Drug": drug, "Placebo": reference}))


@pytest.mark.parametrize(
    ("of_arm", "both", "part"), [(38, 74, 2 / 3), (0, 9, 0.5), (9, 9, 0.5), (60, 100, 0.5)]
)
def test_the_chance_is_twice_the_smaller_tail(of_arm: int, both: int, part: float) -> None:
    law = scipy_stats.binom(both, part)
    assert chance_of(of_arm, both, part) == pytest.approx(
        min(1, 2 * min(law.cdf(of_arm), law.sf(of_arm - 1)))
    )


def crossing(actual: float, *, planned: int = 60, alpha: float = 0.025, part: float = 0.5) -> float:
    """Event by event: the chance that the arm has, at any of them, as many as the boundary asks for."""
    needed = stats.maxsprt_binomial_boundary(planned, probability=part, alpha=alpha)
    cases = dict(zip(needed.limit.astype(int).tolist(), needed.cases.tolist(), strict=True))
    left, crossed = {0: 1.0}, 0.0
    for n in range(1, planned + 1):
        after: dict[int, float] = {}
        for had, chance in left.items():
            for more, share in ((1, actual), (0, 1 - actual)):
                after[had + more] = after.get(had + more, 0.0) + chance * share
        crossed += sum(chance for had, chance in after.items() if had >= cases[n])
        left = {had: chance for had, chance in after.items() if had < cases[n]}
    return crossed


def test_the_error_at_the_shares_that_are_is_that_of_events_one_by_one() -> None:
    for actual in (0.3, 0.5, 0.6, 47 / 74):
        assert sprt_error(60, 0.5, 0.025, actual) == pytest.approx(crossing(actual), abs=1e-9)
    assert (sprt_error(60, 0.5, 0.025, 0.0), sprt_error(60, 0.5, 0.025, 1.0)) == (0.0, 1.0)


def test_more_of_the_arm_crosses_too_easily_and_fewer_too_rarely() -> None:
    assert "crosses too easily: with probability" in told(52, 22) and "70.3" in told(52, 22)
    assert "crosses too rarely" in told(22, 52) and "too easily" not in told(22, 52)
    assert told(38, 36) == "" == told(0, 0)
    assert "crosses too rarely" in told(38, 36, part=2.0)


def test_a_share_that_chance_may_give_is_told_where_it_costs_the_error() -> None:
    """47 against 27 has p 0.027, and the boundary is crossed in a third of the trials where nothing differs."""
    assert chance_of(47, 74, 0.5) > UNLIKELY
    error = crossing(47 / 74)
    assert error > 0.2 and f"with probability {error:.3f} where nothing differs, planned with 0.025" in told(
        47, 27
    )


def test_it_is_told_where_chance_is_small_or_the_error_great() -> None:
    assert (UNLIKELY, TOO_MUCH) == (0.01, 1.5)
    for drug in range(20, 60):
        law = scipy_stats.binom(74, 0.5)
        chance = min(1, 2 * min(law.cdf(drug), law.sf(drug - 1)))
        assert bool(told(drug, 74 - drug)) is bool(chance < 0.01 or crossing(drug / 74) > 1.5 * 0.025)
