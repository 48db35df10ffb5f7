"""What a boundary of a plan does, told before the first look: against simulated trials, and what is drawn then."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from pvtracker.signals.boundaries import drawn
from pvtracker.signals.boundary_beforehand import beforehand
from pvtracker.signals.boundary_design import RATIOS, Design, Look
from pvtracker.signals.boundary_settings import design_of

ALLOCATION = {"Low": 2.0, "High": 1.0, "Placebo": 1.0}


def fixed(kind: str, **settings: Any) -> Design:
    return design_of(kind, settings, fixed_before=True)


def test_maxsprt_tells_of_each_arm_by_its_own_share() -> None:
    """20,000 simulated trials of 60 events, 2 : 1 : 1, at each true ratio: those that cross, and the mean events."""
    told = beforehand(
        fixed("maxsprt", planned=60, alpha=0.05, allocation=ALLOCATION), ["Low", "High"], "Placebo"
    )
    assert [arm for arm, _ in told.lines] == ["Low, 66.7 %", "High, 50.0 %"]
    chance = np.random.default_rng(3).random((20_000, 60))
    for (_, does), share in zip(told.lines, (2 / 3, 1 / 2), strict=True):
        design = fixed("maxsprt", planned=60, alpha=0.05, part=share)
        looks = [Look(date.fromordinal(740_000 + n), 0, 40, n, 20) for n in range(1, 61)]
        needed = [np.inf if step.bound is None else step.bound for step in drawn(looks, design).steps]
        assert [truth for truth, _, _ in does] == list(RATIOS)
        for ratio, crosses, mean in does:
            of_arm = np.cumsum(chance < ratio * share / (1 - share + ratio * share), axis=1)
            beyond = of_arm >= needed
            ended = np.where(beyond.any(axis=1), beyond.argmax(axis=1) + 1, 60)
            assert crosses == pytest.approx(beyond.any(axis=1).mean(), abs=4 * np.sqrt(0.25 / 20_000))
            assert mean == pytest.approx(ended.mean(), abs=4 * ended.std() / np.sqrt(20_000))
        assert does[0][1] <= 0.05
    nobody = beforehand(
        fixed("maxsprt", planned=60, alpha=0.05, allocation=ALLOCATION), ["Middle"], "Placebo"
    )
    assert nobody.lines == () and nobody.note.endswith("nothing can be told")


@pytest.mark.parametrize("kind", ["obrien_fleming", "pocock", "haybittle_peto"])
def test_group_sequential_ones_tell_by_the_expected_z_at_the_planned_looks(kind: str) -> None:
    design = fixed(kind, planned=90, alpha=0.025, looks=3)
    told = beforehand(design, [], "")
    [(_, does)] = told.lines
    information = np.array([30.0, 60.0, 90.0])
    looks = [Look(date(2026, n, 1), 0, 15 * n, 0, 15 * n) for n in (1, 2, 3)]
    z = np.array([step.bound for step in drawn(looks, design).steps])
    assert ", ".join(f"{one:.2f}" for one in z) in told.note and "3 looks, evenly spaced" in told.note
    steps = np.random.default_rng(9).normal(size=(100_000, 3)) * np.sqrt(30)
    for drift, crosses, share in does:
        path = np.cumsum(steps + drift * 30 / np.sqrt(90), axis=1) / np.sqrt(information)
        beyond = path >= z
        used = np.where(beyond.any(axis=1), beyond.argmax(axis=1) + 1, 3) / 3
        assert crosses == pytest.approx(beyond.any(axis=1).mean(), abs=4 * np.sqrt(0.25 / 100_000))
        assert share == pytest.approx(used.mean(), abs=0.005)
    assert does[0][:2] == (0.0, pytest.approx(0.025, abs=1e-6))
    alone = beforehand(fixed(kind, planned=90, alpha=0.025), [], "")
    assert "does not say how many looks" in alone.note and alone.lines[0][1][0][1] == pytest.approx(0.025)


@pytest.mark.parametrize(
    "design",
    [
        fixed("toxicity", planned=30, alpha=0.1, risk=0.2),
        fixed("beta_binomial", planned=30, threshold=0.95, risk=0.2),
        fixed("cmaxsprt", planned=12, alpha=0.05, history_events=6, history_years=50.0),
    ],
    ids=lambda one: one.kind,
)
def test_it_is_what_is_drawn_where_it_was_looked_at_after_everyone(design: Design) -> None:
    looks = [Look(date.fromordinal(740_000 + n), 0, n, 0, n, float(n)) for n in range(1, 31)]
    [(_, does)] = beforehand(design, [], "").lines
    for found, expected in zip(does, drawn(looks, design).does, strict=True):
        assert found == pytest.approx(expected)
    assert does[-1][1] > 2 * does[0][1]


def test_a_large_beta_binomial_rule_is_told_at_fewer_looks() -> None:
    told = beforehand(fixed("beta_binomial", planned=900, threshold=0.95, risk=0.3), [], "")
    assert told.note.endswith("looked at after every 3 participants")
