"""Boundaries that nothing could cross: refused with the plan, told where one was signed; against what is computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pvtracker import stats
from pvtracker.signals.boundaries import steps
from pvtracker.signals.boundary_beforehand import beforehand
from pvtracker.signals.boundary_design import Look, against_reference
from pvtracker.signals.boundary_reach import never_by_arm, never_crossed
from pvtracker.signals.boundary_settings import (
    PlannedBoundary,
    check_planned,
    design_of,
    from_plain,
    to_plain,
)
from pvtracker.signals.plan import PlanRefused, check, check_arms
from tests.pure.signals.test_plan import PLAN


def boundary(kind: str, **settings: Any) -> PlannedBoundary:
    return PlannedBoundary("PT", "all", "Headache", design_of(kind, settings, fixed_before=True))


@pytest.mark.parametrize("alpha", [0.001, 0.025, 0.05, 0.25])
@pytest.mark.parametrize("chance", [0.05, 0.3, 0.5, 2 / 3, 0.9])
def test_it_is_told_just_where_no_bound_can_be_computed(alpha: float, chance: float) -> None:
    """Of every number up to 70: MaxSPRT has no critical value, the toxicity boundary no number that stops."""
    for planned in (*range(1, 14), 22, 66, 70):
        if chance**planned == pytest.approx(alpha, abs=1e-12):
            continue  # a tie, which rounding decides
        sprt = design_of("maxsprt", {"planned": planned, "alpha": alpha, "part": chance})
        try:
            stats.maxsprt_binomial_boundary(planned, probability=chance, alpha=alpha)
            assert not never_crossed(sprt)
        except ValueError:
            assert never_crossed(sprt)["planned"].startswith(f"With {planned} planned nothing can cross")
        toxicity = design_of("toxicity", {"planned": planned, "alpha": alpha, "risk": chance})
        rule = stats.toxicity_boundary(planned, risk=chance, alpha=alpha)
        assert bool(never_crossed(toxicity)) == (rule.events > rule.participants).all()


@pytest.mark.parametrize(
    ("threshold", "prior"), [(0.95, (0.5, 0.5)), (0.999, (1.0, 9.0)), (0.9, (0.01, 30.0))]
)
def test_so_it_is_of_beta_binomial_stopping(threshold: float, prior: tuple[float, float]) -> None:
    names = dict(zip(("prior_events", "prior_free"), prior, strict=True))
    told = set()
    for planned in range(1, 40):
        one = design_of("beta_binomial", {"planned": planned, "threshold": threshold, "risk": 0.4, **names})
        rule = stats.beta_binomial_boundary(planned, threshold=threshold, risk=0.4, prior=prior)
        assert bool(never_crossed(one)) == (rule.events > rule.participants).all()
        told |= {bool(never_crossed(one))}
    assert told == {False, True}
    weaker = never_crossed(replace(one, planned=1, threshold=0.999, prior_free=900.0))["planned"]
    assert "below the threshold of 0.999" in weaker and "a weaker prior" in weaker


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        (
            "maxsprt",
            {"planned": 8, "alpha": 0.025, "part": 2 / 3},
            "With 8 planned nothing can cross: all of them are of an arm with 66.7 % of the participants with a "
            "probability of 0.039, above the error of 0.025. Plan at least 10, or allow more error.",
        ),
        (
            "toxicity",
            {"planned": 3, "alpha": 0.01, "risk": 0.3},
            "With 3 planned nothing can cross: at a risk of 30 % all of them have the event with a probability of "
            "0.027, above the error of 0.01. Plan at least 4, or allow more error.",
        ),
        (
            "beta_binomial",
            {"planned": 1, "threshold": 0.999, "risk": 0.5},
            "With the event in all 1 planned the posterior probability is 0.8183, below the threshold of 0.999: "
            "nothing can cross. Plan at least 8, or write a lower threshold, or a weaker prior.",
        ),
    ],
)
def test_a_plan_with_one_is_refused_with_the_fewest_that_would_do(
    kind: str, settings: dict[str, Any], said: str
) -> None:
    one = boundary(kind, **settings)
    with pytest.raises(PlanRefused) as refusal:
        check(replace(PLAN, boundaries=(one,)))
    assert refusal.value.faults == {"boundaries-0-planned": said}
    fewest = int(said.split("at least ")[1].split(",")[0])
    assert not check_planned(replace(one, design=replace(one.design, planned=fewest)))[1]
    assert check_planned(replace(one, design=replace(one.design, planned=fewest - 1)))[1]


def test_of_an_allocation_each_arm_is_held_against_its_own_share() -> None:
    one = boundary("maxsprt", planned=8, alpha=0.025, allocation={"A": 2.0, "P": 1.0})
    plan = check(replace(PLAN, boundaries=(one,)))
    with pytest.raises(PlanRefused, match="Boundary of Headache: A: With 8 planned nothing can cross"):
        check_arms(plan, ["A", "P"], "P")
    check_arms(plan, ["A", "P"], "A")  # of P, a third
    check_arms(plan, ["A", "P"], "")
    assert never_by_arm(one.design, ["A", "P"], "P").keys() == {"planned"}


def test_what_was_signed_before_is_told_and_raises_nothing() -> None:
    """Whatever a plan says of a boundary, its page can be shown; stored as it was signed."""
    for kind, settings, arms in (
        ("maxsprt", {"planned": 8, "alpha": 0.025, "allocation": {"A": 2.0, "P": 1.0}}, ["A"]),
        ("maxsprt", {"planned": 4, "alpha": 0.05, "part": 0.5}, ["A", "B"]),
        ("toxicity", {"planned": 3, "alpha": 0.01, "risk": 0.3}, ["A"]),
    ):
        stored = from_plain(to_plain(boundary(kind, **settings)))
        told = beforehand(stored.design, arms, "P")
        assert told.lines == () and "nothing can cross" in told.note
    found = beforehand(
        boundary("maxsprt", planned=5, alpha=0.025, allocation={"A": 1.0, "P": 3.0}).design, ["A"], "P"
    )
    [(arm, does)] = found.lines  # it has bounds, and half the participants would have none
    own = stats.maxsprt_binomial_boundary(5, probability=0.25, alpha=0.025)
    assert arm == "A, 25.0 %" and does[0][1] == pytest.approx(own.error)
    assert found.note == "Exact, looked at after every event"


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        ({"allocation": {"A": 2.0, "B": 2.0, "P": 1.0}}, "73.5 %"),
        ({"part": 2 / 3}, "73.5 %"),
    ],
)
def test_a_pool_that_has_no_bound_where_its_arms_have_is_told_on_the_plan(
    settings: dict[str, Any], most: str
) -> None:
    one = boundary("maxsprt", planned=12, alpha=0.025, **settings)
    plan = check(replace(PLAN, boundaries=(one,)))
    check_arms(plan, ["A", "B", "P"], "P")
    told = beforehand(one.design, ["A", "B"], "P")
    assert told.lines and f"A pool of arms with more than {most} of the participants" in told.note
    pool = against_reference(one.design, ["A", "B"], "P")
    with pytest.raises(ValueError, match="no critical value keeps the error"):
        steps([Look(date(2026, 1, 1), 3, 80, 0, 20)], pool)
    assert "pool" not in beforehand(replace(one.design, planned=40), ["A", "B"], "P").note
