"""Simulated trials of the founding trial's size, with a planted harm and without one."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from pvtracker.cuts.data import CutData
from pvtracker.ops.simulation import simulate
from pvtracker.ops.simulation.types import SimulatedTrial
from pvtracker.signals.screen import screen
from tests.pure.signals.pilot import partial
from tests.small_cut import cut

TERM = "Pyrexia"
SEEDS = (1, 2, 3)
ADJUSTED = ("fisher", "dfdr_2004", "dfdr_2012")  # what holds the share of false findings


def records(trial: SimulatedTrial) -> dict[str, list[dict[str, Any]]]:
    """What a trial recorded as the rows of a cut, past the database: freezing has tests of its own."""
    taken = trial.open
    code = {one.name: one.code for one in taken.protocol.interventions}
    return {
        "participants": [
            {
                "subject": one.participant,
                "screen_failure": one.screen_failure,
                **partial(one.started_on, "started_on"),
                **partial(one.ended_on, "ended_on"),
            }
            for one in taken.participants
        ],
        "exposures": [
            {
                "subject": one.participant,
                "source_id": one.source_id,
                "intervention": code[one.intervention],
                **partial(one.start[:10], "start"),
                **partial(one.end[:10], "end"),
            }
            for one in taken.exposures
        ],
        "adverse_events": [
            {
                "subject": one.participant,
                "number": number,
                "preferred_term": one.preferred_term,
                "system_organ_class": one.system_organ_class,
                **partial(one.onset[:10], "onset"),
                "grade": one.grade,
                "serious": one.serious,
                "criteria": "|".join(one.criteria),
            }
            for number, one in enumerate(taken.events)
        ],
        "assessments": [
            {
                "subject": one.participant,
                "number": number,
                "intervention": said.intervention,
                "assessor": said.assessor,
                "causality": said.causality,
            }
            for number, one in enumerate(taken.events)
            for said in one.assessments
        ],
    }


def interventions(trial: SimulatedTrial) -> list[dict[str, Any]]:
    found = trial.open.protocol.interventions
    return [{"code": one.code, "name": one.name, "kind": one.kind} for one in found]


def joined(trial: SimulatedTrial) -> CutData:
    """A trial as a cut with its arms."""
    stated: dict[str, Any] = {
        "date": "2026-06-30",
        "settings": {"emergent_window_days": None, "analysis_arm": "actual"},
        "protocol": {
            "arms": [
                {"code": arm.code, "name": arm.name, "is_reference": arm.reference}
                for arm in trial.open.protocol.arms
            ],
            "interventions": interventions(trial),
        },
    }
    return cut(
        stated=stated,
        **records(trial),
        arms=[
            {
                "subject": one.participant,
                "planned_code": one.planned_code,
                "planned": one.planned,
                "actual_code": one.actual_code,
                "actual": one.actual,
            }
            for one in trial.closed.allocations
        ],
    )


@cache
def flagged(seed: int, ratio: float) -> set[tuple[str, str, str, str]]:
    """Level, term, selection and method of each flag in the run on such a trial."""
    trial = simulate(study="PLANTED", seed=seed, effects={TERM: ratio} if ratio != 1 else {})
    run = screen(joined(trial), analysis_arm="actual")
    assert {row.N_arm + row.N_ref for row in run.rows} == {74}
    return {(row.level, row.term, row.selection, row.method) for row in run.rows if row.flag}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_planted_harm_is_found_by_every_method(seed: int) -> None:
    found = {
        method
        for level, term, selection, method in flagged(seed, 4.0)
        if (level, term, selection) == ("PT", TERM, "all")
    }
    assert found >= {*ADJUSTED, "rd_mn", "rr_koopman", "or_conditional", "fisher_midp", "eair_ratio"}


def test_false_findings_are_no_more_than_the_share_that_the_method_allows() -> None:
    """Not none: at a false discovery rate of 0.1 a trial without any harm has one now and then (seed 3: dfdr_2004)."""
    assert sum(any(method == "fisher" for *_, method in flagged(seed, 1.0)) for seed in SEEDS) <= 1
    beside = [
        {term for level, term, _, method in flagged(seed, 4.0) if (level, method) == ("PT", "fisher")}
        - {TERM}
        for seed in SEEDS
    ]
    assert sum(map(bool, beside)) <= 1
