"""What the open half must not tell: the same people with the arms exchanged look the same."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pvtracker.formats.records import EventRecord
from pvtracker.ops.simulation import SimulatedTrial, simulate
from pvtracker.ops.simulation.randomisation import randomisation_list
from pvtracker.ops.simulation.trial import assemble

CLINICALLY_AFFECTED = {"CD4", "HIVRNA"}


def with_list(order: tuple[int, ...], effects: Mapping[str, float]) -> SimulatedTrial:
    return assemble(study="SIM", participants=74, arms=2, seed=3, effects=effects, order=order, blocks=(74,))


def both_ways(effects: Mapping[str, float]) -> tuple[SimulatedTrial, SimulatedTrial]:
    order, _ = randomisation_list(participants=74, arms=2, seed=3)
    return with_list(order, effects), with_list(tuple(1 - arm for arm in order), effects)


def without_numbers(events: tuple[EventRecord, ...]) -> list[EventRecord]:
    return [replace(event, row=0, source_id="") for event in events]


def test_exchanging_the_arms_leaves_everything_open_but_cd4_and_viral_load_as_it_was() -> None:
    one, other = both_ways({})
    assert {a.participant for a in one.closed.allocations if a.planned_code == "OZ1"} == {
        a.participant for a in other.closed.allocations if a.planned_code == "PLACEBO"
    }
    for kind in (
        "protocol",
        "participants",
        "visits",
        "exposures",
        "dispositions",
        "histories",
        "medications",
    ):
        assert getattr(one.open, kind) == getattr(other.open, kind)
    assert one.open.events == other.open.events
    changed = set()
    for mine, yours in zip(one.open.measurements, other.open.measurements, strict=True):
        if mine != yours:
            changed.add(mine.analyte)
            assert mine == replace(yours, value=mine.value, value_text=mine.value_text)
    assert changed == CLINICALLY_AFFECTED


def test_with_a_planted_effect_only_the_events_of_that_term_change() -> None:
    one, other = both_ways({"Pyrexia": 3.0})
    assert one.open.visits == other.open.visits and one.open.exposures == other.open.exposures
    mine, yours = without_numbers(one.open.events), without_numbers(other.open.events)
    fevers = [[e for e in events if e.preferred_term == "Pyrexia"] for events in (mine, yours)]
    others = [[e for e in events if e.preferred_term != "Pyrexia"] for events in (mine, yours)]
    assert others[0] == others[1]
    assert fevers[0] != fevers[1]


def test_a_planted_effect_leaves_no_gap_in_the_numbers_of_events() -> None:
    numbers: dict[str, list[str]] = {}
    for event in simulate(study="SIM", effects={"Pyrexia": 5.0, "Headache": 0.2}).open.events:
        numbers.setdefault(event.participant, []).append(event.source_id)
    assert all(ids == [f"AE-{n}" for n in range(1, len(ids) + 1)] for ids in numbers.values())


def test_a_planted_effect_is_found_at_about_its_size() -> None:
    trial = simulate(
        study="SIM", participants=600, seed=11, effects={"Nasopharyngitis": 2.0, "Diarrhoea": 0.5}
    )
    arm_of = {a.participant: a.actual_code for a in trial.closed.allocations}
    randomised = {d.participant: d.start for d in trial.open.dispositions if d.term == "RANDOMIZED"}
    people = {one.participant: one for one in trial.open.participants}

    def ratio(term: str) -> float:
        events = {"OZ1": 0, "PLACEBO": 0}
        for event in trial.open.events:
            arm = arm_of.get(event.participant)
            if arm and event.preferred_term == term and event.onset > randomised[event.participant]:
                events[arm] += 1
        return events["OZ1"] / events["PLACEBO"]

    counts = [list(arm_of.values()).count(arm) for arm in ("OZ1", "PLACEBO")]
    assert counts[0] == pytest.approx(counts[1], rel=0.02) and len(people) > 600
    assert ratio("Nasopharyngitis") == pytest.approx(2.0, rel=0.2)
    assert ratio("Diarrhoea") == pytest.approx(0.5, rel=0.25)
    assert ratio("Headache") == pytest.approx(1.0, rel=0.2)


def test_the_open_half_holds_no_word_that_tells_an_arm() -> None:
    trial = simulate(study="SIM", seed=8, effects={"Pyrexia": 2.0})
    half = repr(replace(trial.open, protocol=replace(trial.open.protocol, arms=(), revealing_analytes=())))
    words = (
        "OZ1",
        "placebo",
        "Placebo",
        "PLACEBO",
        "Unmodified",
        "transduced",
        "block",
        "seed",
        "NOT DETECTED",
    )
    assert [word for word in words if word in half] == []
    assert {m.source_id.split("-")[0] for m in trial.open.measurements} == {"LB", "VS"}
