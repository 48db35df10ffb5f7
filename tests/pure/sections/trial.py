"""The simulated trial as a data cut in memory, open and joined, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from typing import Any

from pvtracker.cuts.columns import OPEN_DATASETS, schema
from pvtracker.cuts.data import CutData, frame_of
from pvtracker.lib.partial_dates import parse
from pvtracker.ops.simulation import OpenTrial, SimulatedTrial, simulate

CUT_DATE = date(2025, 6, 30)
DATES = {
    "participants": ("consented_on", "started_on", "ended_on", "died_on"),
    "exposures": ("start", "end"),
    "visits": ("start", "end"),
    "dispositions": ("start",),
    "adverse_events": ("onset", "end", "aware_on"),
    "measurements": ("taken_on",),
    "history": ("start", "end"),
    "medications": ("start", "end"),
}


@cache
def trial(seed: int = 10, participants: int = 74, arms: int = 2) -> SimulatedTrial:
    return simulate(study="OZ1-SIM", seed=seed, participants=participants, arms=arms)


@cache
def closed_cut(seed: int = 10, participants: int = 74, arms: int = 2) -> CutData:
    """The joined cut: with the arms."""
    made = trial(seed, participants, arms)
    allocations = [
        {
            "subject": row.participant,
            "planned_code": row.planned_code,
            "planned": row.planned,
            "actual_code": row.actual_code,
            "actual": row.actual,
        }
        for row in made.closed.allocations
    ]
    cut = cut_of(made.open)
    return replace(cut, frames={**cut.frames, "arms": frame_of("arms", allocations)})


@cache
def open_cut(seed: int = 10, participants: int = 74, arms: int = 2) -> CutData:
    """The cut as the open room freezes it: without any arm."""
    return cut_of(trial(seed, participants, arms).open)


def cut_of(half: OpenTrial) -> CutData:
    """An open cut of the open half of a trial."""
    codes = {intervention.name: intervention.code for intervention in half.protocol.interventions}
    rows: dict[str, list[dict[str, Any]]] = {
        "participants": [_plain(r, "participants", participant=r.participant) for r in half.participants],
        "exposures": [_plain(r, "exposures", intervention=codes[r.intervention]) for r in half.exposures],
        "visits": [_plain(r, "visits") for r in half.visits],
        "dispositions": [_plain(r, "dispositions") for r in half.dispositions],
        "measurements": [_plain(r, "measurements") for r in half.measurements],
        "history": [_plain(r, "history") for r in half.histories],
        "medications": [_plain(r, "medications") for r in half.medications],
        "adverse_events": [],
        "assessments": [],
    }
    for event in half.events:
        number = int(event.source_id.removeprefix("AE-"))
        rows["adverse_events"].append(
            _plain(
                event, "adverse_events", number=number, criteria="|".join(event.criteria),
                scale=half.protocol.severity_scale, state="submitted", version=1,
            )
        )  # fmt: skip
        rows["assessments"] += [
            {
                **asdict(judged),
                "subject": event.participant,
                "number": number,
                "intervention": codes[judged.intervention],
            }
            for judged in event.assessments
        ]
    frames = {name: frame_of(name, _known(name, rows[name])) for name in OPEN_DATASETS}
    return CutData(
        cut_id="3f0e6f0a-5a0e-4c58-9f0e-2b8f3f1c9d77",
        sha256="9b1c5f7d" * 8,
        manifest=_manifest(half),
        frames=frames,
    )


def altered(cut: CutData, **frames: Any) -> CutData:
    """The cut with other frames in the place of some."""
    return replace(cut, frames={**cut.frames, **frames})


def without(cut: CutData, *datasets: str) -> CutData:
    """The cut with some datasets empty."""
    return altered(cut, **{name: cut.frame(name).iloc[:0] for name in datasets})


def _plain(record: Any, dataset: str, **added: Any) -> dict[str, Any]:
    row = {**asdict(record), "subject": record.participant, **added}
    for name in DATES[dataset]:
        day = parse(row[name])
        row[f"{name}_earliest"] = day.earliest if day else None
        row[f"{name}_latest"] = day.latest if day else None
    return row


def _known(dataset: str, rows: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    names = schema(dataset).names
    return [{name: row.get(name) for name in names} for row in rows]


def _manifest(half: OpenTrial) -> dict[str, Any]:
    protocol = half.protocol
    return {
        "date": CUT_DATE.isoformat(),
        "rule": "Everything up to the cut-off date.",
        "code_version": "0.1.0+test",
        "study": {
            "code": protocol.study,
            "title": protocol.title,
            "simulated": True,
            "planned_participants": protocol.planned_participants,
        },
        "settings": {
            "analysis_arm": "actual",
            "emergent_window_days": None,
            "severity_scale": protocol.severity_scale,
            "revealing_analytes": list(protocol.revealing_analytes),
        },
        "protocol": {
            "arms": [{"code": a.code, "name": a.name, "is_reference": a.reference} for a in protocol.arms],
            "interventions": [
                {"code": i.code, "name": i.name, "kind": i.kind} for i in protocol.interventions
            ],
            "sites": [
                {"code": s.code, "country": s.country, "time_zone": s.time_zone} for s in protocol.sites
            ],
        },
        "dictionaries": [
            {"dictionary": "local", "number": "1", "origin": "simulated", "made_from_data": False}
        ],
    }


def without_arms(cut: CutData) -> CutData:
    """A joined cut as the open room knows it."""
    return replace(cut, frames={name: cut.frames[name] for name in OPEN_DATASETS})
