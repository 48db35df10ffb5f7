"""A bulk-simulated trial as the frames of a joined cut, so that the screen can be measured without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pvtracker.cuts.columns import schema
from pvtracker.cuts.data import CutData, read_frame, to_parquet
from pvtracker.ops.simulation import simulate_bulk, words
from pvtracker.ops.simulation.bulk import BulkTrial


def trial(*, participants: int, arms: int, terms: int, events_per_participant: float) -> CutData:
    """The frames that screening and reports read, of a seeded simulated trial."""
    made = simulate_bulk(
        study="BENCH",
        participants=participants,
        arms=arms,
        terms=terms,
        events_per_participant=events_per_participant,
    )
    return CutData(cut_id="bench", sha256="", manifest=_manifest(made), frames=_frames(made))


def _manifest(made: BulkTrial) -> dict[str, Any]:
    codes = made.closed.arm_codes
    arms = [{"code": c, "name": c, "is_reference": i == made.closed.reference} for i, c in enumerate(codes)]
    last = np.datetime_as_string(np.max(made.open.participants.ended))
    return {
        "date": str(date.fromisoformat(str(last))),
        "study": {"code": "BENCH", "title": "Benchmark", "simulated": True},
        "protocol": {
            "arms": arms,
            "interventions": [{"code": "I", "name": "Infusion", "kind": "product"}],
            "sites": [],
        },
        "settings": {"analysis_arm": "actual", "emergent_window_days": None, "severity_scale": "daids-2.1"},
    }


def _frames(made: BulkTrial) -> dict[str, pd.DataFrame]:
    people, events, terms = made.open.participants, made.open.events, made.open.dictionary
    who = people.participant[events.participant]
    causality = np.append(np.array(words.CAUSALITIES, dtype=object), "")[events.causality]
    arm_codes = np.array(made.closed.arm_codes, dtype=object)[made.closed.arm]
    return {
        "participants": _filled(
            "participants",
            subject=people.participant,
            age=people.age,
            sex=people.sex,
            screen_failure=np.zeros(len(people.participant), dtype=bool),
            **_day("started_on", people.started),
            **_day("ended_on", people.ended),
            last_contact=people.ended,
        ),
        "exposures": _filled(
            "exposures",
            subject=people.participant,
            intervention=np.full(len(people.participant), "I", dtype=object),
            **_day("start", people.started),
            **_day("end", people.started),
        ),
        "adverse_events": _filled(
            "adverse_events",
            subject=who,
            number=events.number,
            preferred_term=terms.preferred_term[events.term],
            high_level_term=terms.high_level_term[events.term],
            high_level_group_term=terms.high_level_group_term[events.term],
            system_organ_class=terms.system_organ_class[events.term],
            **_day("onset", events.onset),
            **_day("end", events.end),
            ongoing=events.ongoing,
            grade=events.grade,
            serious=events.serious,
        ),
        "assessments": _filled(
            "assessments",
            subject=who,
            number=events.number,
            intervention=np.full(len(who), "I", dtype=object),
            assessor=np.full(len(who), "investigator", dtype=object),
            causality=causality,
        ),
        "arms": _filled(
            "arms",
            subject=people.participant,
            planned_code=arm_codes,
            planned=arm_codes,
            actual_code=arm_codes,
            actual=arm_codes,
        ),
    }


def _day(name: str, days: np.ndarray[Any, Any]) -> Mapping[str, Any]:
    return {f"{name}_earliest": days, f"{name}_latest": days}


def _filled(dataset: str, **columns: Any) -> pd.DataFrame:
    """A frame with every column of the dataset; text that is not given is empty, anything else missing."""
    fields = schema(dataset)
    size = len(next(iter(columns.values())))

    def array(field: pa.Field) -> pa.Array:
        if field.name in columns:
            return pa.array(pd.Series(columns[field.name]), type=field.type, from_pandas=True)
        return (
            pa.repeat(pa.scalar("", pa.string()), size)
            if field.type == pa.string()
            else pa.nulls(size, field.type)
        )

    table = pa.Table.from_arrays([array(field) for field in fields], schema=fields)
    return read_frame(to_parquet(table), dataset=dataset)
