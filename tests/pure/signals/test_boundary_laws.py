"""How boundaries are computed from counts that are no free walk: the error by exact recursion, old plans as signed."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson

from pvtracker import stats
from pvtracker.signals.boundaries import drawn, steps
from pvtracker.signals.boundary_design import Design, Look
from pvtracker.signals.boundary_sequential import without_replacement
from pvtracker.signals.boundary_settings import BEFORE, from_plain, in_words, to_plain

SIX = [100, 200, 300, 400, 500, 600]
LOOKS = (  # planned; events at each look; participants at each
    (600, SIX, [700] * 6),
    (900, [300, 600, 800, 900], [1000] * 4),
    (600, [10, 520, 600], [1800] * 3),
    (600, SIX, [150, 280, 400, 520, 640, 700]),
    (600, SIX, [400, *[700] * 5]),
)


def plain(kind: str, **settings: Any) -> dict[str, Any]:
    return {"level": "PT", "selection": "all", "term": "Headache", "kind": kind, "settings": settings}


def by_events(kind: str, planned: int, **law: Any) -> Design:
    settings = {"measure": "events", "planned": planned, "alpha": 0.025, **law}
    if kind == "haybittle_peto":
        settings["interim_z"] = 3.0
    return from_plain(plain(kind, **settings)).design


def bounds(design: Design, events: list[int], sizes: list[tuple[int, int]]) -> list[float]:
    looks = [
        Look(date.fromordinal(740_000 + n), d // 2, a, d - d // 2, b)
        for n, (d, (a, b)) in enumerate(zip(events, sizes, strict=True))
    ]
    return [np.inf if step.bound is None else step.bound for step in steps(looks, design) if step.look]


def error(events: list[int], sizes: list[tuple[int, int]], z: list[float]) -> float:
    """Exact, whatever the rates were in time: the arm's count is hypergeometric."""
    n_arm, n_ref = zip(*sizes, strict=True)
    return stats.group_sequential_events_crossing(n_arm, n_ref, events, z, ratio=1.0).total


@pytest.mark.parametrize("part", [0.5, 2 / 3, 0.25])
@pytest.mark.parametrize(("planned", "events", "participants"), LOOKS)
@pytest.mark.parametrize("kind", ["obrien_fleming", "pocock", "haybittle_peto"])
def test_the_error_by_events_is_kept_where_many_participants_have_had_it(
    kind: str, planned: int, events: list[int], participants: list[int], part: float
) -> None:
    """And where they came one after the other, five times between two looks, not all with the look before."""
    sizes = [(round(N * part), N - round(N * part)) for N in participants]
    z = bounds(by_events(kind, planned, depletion=True), events, sizes)
    assert 0 < error(events, sizes, z) <= 0.025
    at, each, of_each = pairwise([0, *events]), pairwise([participants[0], *participants]), []
    for (d, later), (N, more), bound in zip(at, each, z, strict=True):
        of_each += [
            (d + (later - d) * n // 5, round(N + (more - N) * n / 5), bound if n == 5 else np.inf)
            for n in range(1, 6)
        ]
    between, there, none = (list(side) for side in zip(*of_each, strict=True))
    assert error(between, [(round(N * part), N - round(N * part)) for N in there], none) <= 0.025


def test_a_plan_that_was_signed_before_keeps_its_bounds_though_they_keep_less() -> None:
    """Its error is 1.22 α: what it says is what was signed, and a bound that was judged stays."""
    sizes = [(350, 350)] * 6
    z = bounds(by_events("obrien_fleming", 600), SIX, sizes)
    signed = stats.group_sequential_boundary(np.array(SIX) / 600, alpha=0.025).z
    assert z == pytest.approx(signed) and error(SIX, sizes, z) == pytest.approx(1.221 * 0.025, abs=2e-5)
    now = bounds(by_events("obrien_fleming", 600, depletion=True), SIX, sizes)
    assert now[0] == pytest.approx(z[0]) and all(a > b for a, b in zip(now[1:], z[1:], strict=True))


@pytest.mark.parametrize(
    ("one", "law"),
    [
        (plain("pocock", measure="events", planned=40, alpha=0.025), {"depletion": True}),
        (plain("pocock", measure="participants", planned=40, alpha=0.025), {}),
        (
            plain("cmaxsprt", planned=12, alpha=0.05, history_events=6, history_years=50.0),
            {"history_law": "next_event"},
        ),
    ],
)
def test_what_was_stored_keeps_its_bytes_and_its_meaning(one: dict[str, Any], law: dict[str, Any]) -> None:
    stored = from_plain(one)
    assert to_plain(stored) == one
    assert {name: getattr(stored.design, name) for name in BEFORE} == BEFORE
    new = from_plain({**one, "settings": {**one["settings"], **law}})
    assert to_plain(new)["settings"] == {**one["settings"], **law}
    assert len(in_words(new.design)) == len(in_words(stored.design)) + len(law)
    assert (new.design == stored.design) == (not law)


def test_looks_hang_together_as_draws_without_replacement() -> None:
    """√[d₁ (N − d₂) / (d₂ (N − d₁))] where N stands; where it changes, information grows at least as the events."""
    d, N = np.array([100.0, 350.0, 600.0]), 700
    found = without_replacement(d, [N] * 3)
    assert found == pytest.approx(N * d / (N - d))
    random = np.random.default_rng(2)
    for _ in range(300):
        events = np.cumsum(random.integers(1, 200, 6)).astype(float)
        participants = random.integers(1, 1500, 6).tolist()
        grown = without_replacement(events, participants)
        assert np.isfinite(grown).all()
        assert (np.diff(grown) / grown[1:] >= np.diff(events) / events[1:] * (1 - 1e-9)).all()


def test_the_correlation_of_simulated_trials_is_that() -> None:
    """60,000 trials of 60 participants, half of them in the arm, looked at after 15 and 45 events."""
    order = np.random.default_rng(6).permuted(np.tile(np.repeat([1.0, 0.0], 30), (60_000, 1)), axis=1)
    first, second = (order[:, :d].sum(axis=1) for d in (15, 45))
    hang = without_replacement(np.array([15.0, 45.0]), [60, 60])
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(np.sqrt(hang[0] / hang[1]), abs=0.01)
    assert np.sqrt(15 / 45) > np.sqrt(hang[0] / hang[1]) + 0.2


def crossing(needed: list[int], times: list[float]) -> float:
    """Probability that events at a rate of one come to so many by one of these times: followed from time to time."""
    state = np.array([1.0])
    for cases, step in zip(needed, np.diff(times, prepend=0.0), strict=True):
        state = np.convolve(state, poisson.pmf(np.arange(cases), step))[:cases]
    return float(1 - state.sum())


def test_a_history_of_fixed_person_years_keeps_the_error() -> None:
    """8 events are expected in it, and it had any other number by chance: exact, over all of them. Taken to have ended
    between two events it does not."""
    crossed, expected = dict.fromkeys(("between", "next_event"), 0.0), 8
    for history in range(1, 24):
        for law in crossed:
            settings = {"planned": 5, "alpha": 0.05, "history_events": history, "history_years": 100.0}
            one = from_plain(plain("cmaxsprt", **settings, history_law=law)).design
            found = stats.cmaxsprt_boundary(history, cases=5, alpha=0.05, history=one.history_law)
            needed, times = found.cases.tolist(), (found.limit * expected).tolist()
            crossed[law] += float(poisson.pmf(history, expected)) * crossing(needed, times)
            if history == expected:
                for cases, limit in zip(needed, found.limit.tolist(), strict=True):
                    years = [100 * limit * late for late in (0.999, 1.001)]
                    looks = [Look(date(2026, 1, 1), cases, 99, 0, 99, each) for each in years]
                    assert [step.crosses for step in steps(looks, one)] == [True, False]
    assert crossed["next_event"] <= 0.05 < 0.056 < crossed["between"]


@pytest.mark.parametrize("history", [1, 6, 40])
def test_so_does_one_that_ended_by_any_of_its_laws(history: int) -> None:
    settings = {"planned": 12, "alpha": 0.05, "history_events": history, "history_years": 50.0}
    design = from_plain(plain("cmaxsprt", **settings, history_law="next_event")).design
    told = drawn([Look(date(2026, 1, 1), 3, 60, 1, 60, 20.0)], design)
    critical = stats.cmaxsprt_boundary(history, cases=12, alpha=0.05, history="next_event").critical
    by_law = [
        stats.cmaxsprt_power(critical, history, cases=12, history=law)
        for law in ("last_event", "between", "next_event")
    ]
    assert by_law == sorted(by_law) and by_law[-1] == pytest.approx(0.05, abs=1e-9) == told.does[0][1]
