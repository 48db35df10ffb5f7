"""Boundaries where data are corrected: events taken out, events that come late, cuts made again or out of order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from pvtracker.signals import boundary_chart
from pvtracker.signals.boundaries import drawn, steps
from pvtracker.signals.boundary_design import Design, Look
from pvtracker.signals.boundary_settings import design_of

SPRT = design_of("maxsprt", {"planned": 60, "alpha": 0.05, "part": 0.5}, fixed_before=True)
TOXICITY = design_of("toxicity", {"planned": 40, "alpha": 0.1, "risk": 0.1}, fixed_before=True)
BAYES = design_of("beta_binomial", {"planned": 40, "threshold": 0.95, "risk": 0.3}, fixed_before=True)
OF_COUNTS = (SPRT, TOXICITY, BAYES)


def look(month: int, n_arm: int, n_ref: int = 0, N: int = 100) -> Look:
    return Look(date(2026, month, 28), n_arm, N, n_ref, N)


@pytest.mark.parametrize(
    ("one", "before", "after"),
    [
        (SPRT, look(1, 10), look(2, 8, 1)),  # one event is taken out
        (SPRT, look(1, 10), look(2, 8, 2)),  # as many events
        (SPRT, look(1, 10), look(1, 8, 1)),  # the same cut-off date, made again
        (TOXICITY, look(1, 4, N=6), look(2, 2, N=6)),
        (TOXICITY, look(1, 4, N=6), look(2, 2, N=5)),
        (BAYES, look(1, 5, N=6), look(2, 2, N=6)),
    ],
)
def test_a_later_cut_takes_back_no_crossing(one: Design, before: Look, after: Look) -> None:
    first, second, _ = steps([before, after], one)
    assert first.look is before and first.crosses and second.look is after and not second.crosses
    assert first == steps([before], one)[0] and drawn([before, after], one).dropped == 0


def test_a_cut_that_is_made_again_with_late_reports_is_judged() -> None:
    """14 of 16 crosses alone; so it does after the cut of March, which had 12 of 15, was looked at."""
    march, february = look(3, 12, 3), look(2, 14, 2)
    first, second, end = steps([march, february], SPRT)
    assert (first.look, first.crosses) == (march, False)
    assert (second.look, second.at, second.bound, second.crosses) == (february, 16, 14, True)
    assert end.look is None and end.at == 60


def test_two_looks_that_counted_the_same_are_two() -> None:
    same = [look(1, 10), look(1, 10)]
    found = steps(same, SPRT)
    assert same[0] != same[1] and [step.look for step in found] == [*same, None]
    spending = design_of("pocock", {"measure": "events", "planned": 40, "alpha": 0.025}, fixed_before=True)
    found = steps(same, spending)
    assert [step.look for step in found] == [same[0], None], "its error was spent at the first"


@pytest.mark.parametrize("one", OF_COUNTS, ids=lambda one: one.kind)
def test_each_look_is_judged_as_if_it_were_alone(one: Design) -> None:
    """Whatever order, whatever the others: 40 sets of six looks drawn at random, beyond the end too."""
    random = np.random.default_rng(8)
    for _ in range(40):
        sizes = random.integers(1, one.planned + 20, 6).tolist()
        looks = []
        for month, n in enumerate(sizes, 1):
            cases = int(random.integers(0, n + 1))
            looks.append(look(month, cases, n - cases) if one is SPRT else look(month, cases, N=n))
        found = [step for step in steps(looks, one) if step.look]
        assert found == [steps([each], one)[0] for each in looks]


def test_a_look_with_nobody_on_one_side_takes_nothing_back_and_says_nothing() -> None:
    empty = Look(date(2026, 2, 28), 12, 100, 0, 0)
    found = drawn([look(1, 10), empty], SPRT)
    assert [step.look for step in found.steps][1:] == [None] and found.steps[0].crosses and found.dropped == 1
    with pytest.raises(ValueError, match="nobody of the reference"):
        steps([empty], SPRT)


def test_the_path_is_drawn_in_the_order_of_looking_and_the_boundary_along_its_axis() -> None:
    spec: dict[str, Any] = boundary_chart.path_chart(drawn([look(3, 12, 3), look(2, 9, 2)], SPRT), "OZ1")
    lines: dict[str, list[float]] = {"Path": [], "Boundary": []}
    for one in sorted(spec["data"]["values"], key=lambda value: value["place"]):
        lines[one["line"]].append(one["at"])
    assert lines == {"Path": [15, 11], "Boundary": [11, 15, 60]}
    assert spec["layer"][0]["encoding"]["order"]["field"] == "place"


def bounds_of(one: Design) -> np.ndarray:
    """By number, up to 30 beyond the end, how many cross."""
    counted = [Look(date(2026, 1, 1), 0, n, n, n) for n in range(1, one.planned + 31)]
    found = [steps([each], one)[0].bound for each in counted]
    return np.array([np.inf, *(np.inf if bound is None else bound for bound in found)])


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("one", [SPRT, TOXICITY], ids=lambda one: one.kind)
def test_the_error_is_kept_where_events_come_late_and_one_in_ten_is_taken_out(
    one: Design, every: int
) -> None:
    """8,000 trials without any difference, or of the acceptable risk: each event is known four steps late on average,
    in another order than it came, and one in ten is taken out again, whatever its arm; looked at after every step, or
    every fifth."""
    random, trials, needed = np.random.default_rng(11), 8000, bounds_of(one)
    each = 67 if one is SPRT else 40  # steps: events of both arms, or participants of the arm
    chance = 0.5 if one is SPRT else one.risk / 0.9
    of_arm = random.random((trials, each)) < chance
    known = np.arange(each) + random.exponential(4, (trials, each))
    out = np.where(
        random.random((trials, each)) < 0.1, known + random.exponential(10, (trials, each)), np.inf
    )
    crossed, at_last = np.zeros(trials, dtype=bool), np.zeros(trials, dtype=bool)
    for step in range(every, each + 40, every):
        there = (known <= step) & (out > step)
        cases = (there & of_arm).sum(axis=1)
        n = there.sum(axis=1) if one is SPRT else np.full(trials, min(step, each))
        at_last = cases >= needed[n]
        crossed |= at_last
    assert 0 < at_last.mean() < crossed.mean() <= one.alpha


def test_dates_do_not_order_what_was_looked_at() -> None:
    day = date(2026, 6, 30)
    looks = [Look(day - timedelta(days=n), 3 + n, 100, n, 100) for n in range(4)]
    assert [step.look for step in steps(looks, SPRT)] == [*looks, None]
