"""The boundary of Haybittle and Peto, of screen and calculator alike: against rpact and multivariate normals."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.signals.boundary_design import Design, Look
from pvtracker.signals.boundary_sequential import group_sequential, z_bounds
from pvtracker.stats import group_sequential_crossing, haybittle_peto_boundary
from tests.pure.stats.against import Against
from tests.pure.stats.test_group_sequential import inside

# getDesignGroupSequential(typeOfDesign = "HP", informationRates, alpha, sided, constantBoundsHP, tolerance = 1e-10):
# the last of $criticalValues. Where looks are many or close rpact has fewer digits: 0.2, 0.9, 1 and ten looks differ by
# 1e-6 from ours, whose errors the multivariate normal below confirms.
NORMAL = "SciPy multivariate_normal.cdf"
RPACT: list[tuple[list[float], float, int, float, float]] = [
    ([0.25, 0.5, 0.75, 1], 0.025, 1, 3, 1.9827513716),
    ([0.3, 0.5, 1], 0.05, 2, 3, 1.9796659629),
    ([0.1, 0.2, 0.4, 0.8, 1], 0.025, 1, 2.8, 2.0549742323),
    ([0.5, 1], 0.05, 1, 2.2, 1.7090559508),
    ([0.2, 0.9, 1], 0.01, 1, 3.29, 2.3416559274),
    ([0.25, 0.5, 0.75, 1], 0.05, 2, 2.6, 2.0767263706),
    ([1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1], 0.1, 2, 3, 1.6597170387),
    ([k / 10 for k in range(1, 11)], 0.05, 1, 3, 1.6700676416),
]


def within(t: list[float]) -> float:
    return 1e-6 if min(np.diff(t, prepend=0)) <= 0.1 else 5e-9


@pytest.mark.parametrize(("t", "alpha", "sides", "fixed", "last"), RPACT)
@pytest.mark.parametrize("overspent", ["refuse", "spend the rest"])
def test_boundaries_of_rpact(
    t: list[float], alpha: float, sides: int, fixed: float, last: float, overspent: Any, against: Against
) -> None:
    """None of them overspends, so it is the same what is done then."""
    found = haybittle_peto_boundary(t, alpha=alpha, sides=sides, interim_z=fixed, overspent=overspent)
    source = "R rpact 3.3.4 getDesignGroupSequential"
    against("haybittle_peto_boundary", source, "program", found.z[-1], last, within=within(t))
    assert (found.z[:-1] == fixed).all() and found.sides == sides
    assert found.spent[-1] == pytest.approx(alpha)
    if sides == 1 and len(t) <= 4:
        by_normal = beyond(np.array(t), found.z)
        against("haybittle_peto_boundary", NORMAL, "program", alpha, by_normal, within=1e-7)
    np.testing.assert_allclose(found.p_nominal, sides * scipy_stats.norm.sf(found.z), rtol=1e-10)


def test_the_screen_has_rpacts_bounds() -> None:
    """Four even looks at 80 planned participants, as a run holds them; and the bounds of any other looks."""
    looks = [Look(date(2026, n, 1), 1, 10 * n, 1, 10 * n) for n in (1, 2, 3, 4)]
    found = group_sequential(looks, Design("haybittle_peto", planned=80, alpha=0.025, fixed=True))
    bounds = [step.bound for step in found.steps]
    assert bounds == [3.0, 3.0, 3.0, pytest.approx(1.982751372, abs=1e-8)]
    for t, alpha, sides, fixed, last in RPACT:
        design = Design("haybittle_peto", planned=1000, alpha=alpha / sides, interim_z=fixed)
        z = z_bounds(np.array(t), 1000 * np.array(t), design)
        # rpact's second side takes from the first what crossed below before: next to nothing
        assert z.tolist() == pytest.approx([*[fixed] * (len(t) - 1), last], abs=3e-6 if sides == 1 else 1e-4)


def beyond(t: np.ndarray, z: np.ndarray) -> float:
    """Probability that a bound is exceeded."""
    return 1 - inside(t, z)


@pytest.mark.parametrize(
    ("t", "alpha", "fixed", "bears"),
    [
        ([0.2, 0.4, 0.6, 0.8, 1.0], 0.002, 3.0, 1),
        ([0.1, 0.5, 1.0], 0.002, 2.9, 1),
        ([0.25, 0.5, 0.75, 1.0], 0.02, 2.2, 1),
        ([0.5, 0.7, 1.0], 0.001, 3.0, 0),
        ([0.3, 0.6, 0.9, 1.0], 0.015, 2.4, 2),
    ],
)
def test_a_look_that_would_overspend_spends_the_rest_and_no_later_one_can_cross(
    t: list[float], alpha: float, fixed: float, bears: int, against: Against
) -> None:
    """So many looks bear the fixed bound; the bound after them makes the error alpha, by a multivariate normal."""
    times = np.array(t)
    before = [beyond(times[: n + 1], np.repeat(fixed, n + 1)) for n in range(bears + 1)]
    assert before[bears] > alpha and (not bears or before[bears - 1] < alpha)
    found = haybittle_peto_boundary(t, alpha=alpha, interim_z=fixed, overspent="spend the rest")
    assert found.z[:bears].tolist() == [fixed] * bears
    assert found.z[bears + 1 :].tolist() == [np.inf] * (len(t) - bears - 1)
    so_far = beyond(times[: bears + 1], found.z[: bears + 1])
    against("haybittle_peto_boundary", NORMAL, "program", alpha, so_far, within=1e-7)
    assert found.spent[bears:].tolist() == pytest.approx([alpha] * (len(t) - bears))
    if bears:
        assert group_sequential_crossing(t, found.z).total == pytest.approx(alpha)
    with pytest.raises(ValueError, match=f"the looks at z = {fixed} spend"):
        haybittle_peto_boundary(t, alpha=alpha, interim_z=fixed)
    for looks in range(bears + 1, len(t)):  # what was held is not taken back: in units of what is in now
        held = np.array(t[: looks + 1]) / t[looks]
        again = haybittle_peto_boundary(held, alpha=alpha, interim_z=fixed, overspent="spend the rest")
        assert again.z.tolist() == pytest.approx(found.z[: looks + 1].tolist(), abs=1e-9)


def test_paths_that_are_drawn_cross_as_often() -> None:
    t = np.array([0.2, 0.5, 0.8, 1.0])
    steps = np.random.default_rng(5).normal(0, np.sqrt(np.diff(t, prepend=0)), (400_000, 4))
    value = np.cumsum(steps, axis=1) / np.sqrt(t)
    for alpha, fixed in ((0.025, 2.7), (0.025, 2.2)):
        z = haybittle_peto_boundary(t, alpha=alpha, interim_z=fixed, overspent="spend the rest").z
        seen = (value >= z).any(axis=1).mean()
        assert seen == pytest.approx(alpha, abs=4 * np.sqrt(alpha / 400_000))


def test_two_sides_spend_the_rest_of_both() -> None:
    found = haybittle_peto_boundary(
        [0.5, 1.0], alpha=0.002, interim_z=3.0, sides=2, overspent="spend the rest"
    )
    assert found.z.tolist() == [pytest.approx(scipy_stats.norm.isf(0.001)), np.inf]


def test_one_look_is_no_more_than_its_test() -> None:
    assert haybittle_peto_boundary([1.0], alpha=0.05).z.tolist() == pytest.approx([1.6448536269514722])


@pytest.mark.parametrize(
    ("t", "options", "said"),
    [
        ([0.5], {}, "the last look must be at all the information, fraction 1, got 0.5"),
        ([0.5, 1], {"interim_z": 1.0}, "the looks at z = 1.0 spend 0.1587, more than"),
        ([0.5, 1], {"interim_z": 0.0}, "interim_z must lie in (0, 10), got 0.0"),
        ([0.5, 1], {"overspent": "rest"}, "overspent must be one of refuse, spend the rest, got 'rest'"),
    ],
)
def test_what_cannot_be_is_refused(t: list[float], options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        haybittle_peto_boundary(t, **options)
