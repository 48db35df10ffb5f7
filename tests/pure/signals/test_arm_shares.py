"""Arms that are not shared as a plan takes it: the chance by SciPy, and which way the boundary errs."""

from __future__ import annotations

import pytest
from scipy import stats as scipy_stats

from pvtracker.signals.arm_shares import UNLIKELY, against, chance_of
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


def test_more_of_the_arm_crosses_too_easily_and_fewer_too_rarely() -> None:
    assert "crosses too easily, beyond the error" in told(52, 22) and "70.3" in told(52, 22)
    assert "crosses too rarely" in told(22, 52) and "too easily" not in told(22, 52)
    assert told(38, 36) == "" == told(0, 0)
    assert "crosses too rarely" in told(38, 36, part=2.0)


def test_it_is_told_where_chance_has_less_than_one_in_a_hundred() -> None:
    assert UNLIKELY == 0.01
    for drug in range(75):
        law = scipy_stats.binom(74, 0.5)
        chance = min(1, 2 * min(law.cdf(drug), law.sf(drug - 1)))
        assert bool(told(drug, 74 - drug)) is bool(chance < 0.01)
