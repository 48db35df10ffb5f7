"""Cuts as the open room leaves them in its storage, written here from plain rows: no open database is near."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa

from pvtracker.allocation.actions import store_allocations, store_treatments
from pvtracker.audit.context import Actor
from pvtracker.cuts import manifest as manifests
from pvtracker.cuts.columns import OPEN_DATASETS, schema
from pvtracker.cuts.data import to_parquet
from pvtracker.formats.records import AllocationRecord, TreatmentRecord
from pvtracker.lib.canonical import sha256_hex
from pvtracker.studies.models import Study
from tests.small_cut import ARMS, day, event, person, treated

BY = Actor.process("test")
STUDY_ID = "0e0c4a52-5c0f-4b57-9d6e-3f0c4d4b7a11"
_made: dict[tuple[str, str], bytes] = {}
PEOPLE = {"S-1": "LOW", "S-2": "LOW", "S-3": "PBO", "S-4": "PBO", "S-5": ""}  # S-5 is a screen failure


def participant_id(subject: str, study_id: str = STUDY_ID) -> str:
    """The open room's id of a participant of the cut."""
    return str(uuid.uuid5(uuid.UUID(study_id), subject))


def measured(subject: str, analyte: str, value: float, on: str, number: int) -> dict[str, Any]:
    """A liver test with its limits; their codes stand for their names."""
    low, high, unit = {"ALT": (5.0, 40.0, "U/L"), "BILI": (3.0, 20.0, "umol/L")}[analyte]
    return {
        "subject": subject,
        "source_id": f"LB-{number}",
        "domain": "LB",
        "category": "CHEMISTRY",
        "analyte": analyte,
        "name": f"{analyte} in blood",
        "value_text": f"{value:g}",
        "unit_text": unit,
        "value": value,
        "unit": unit,
        "low": low,
        "high": high,
        "visit": "Screening" if on < "2026" else "Week 2",
        "not_done": False,
        **day("taken_on", on),
    }


def rows(study_id: str = STUDY_ID) -> dict[str, list[dict[str, Any]]]:
    """Five participants, four treated; a headache in each of two on the low dose and in one on placebo. Liver tests of
    all four: S-1, on the low dose, meets Hy's law after two weeks.
    """
    before, after = "2025-12-30", "2026-01-15"
    tests = [
        *[("ALT", 20.0, before), ("BILI", 10.0, before)],
        *[("ALT", 24.0, after), ("BILI", 9.0, after)],
    ]
    return {
        "participants": [
            person(subject, screen_failure=not arm, died=False, participant=participant_id(subject, study_id))
            for subject, arm in PEOPLE.items()
        ],
        "visits": [
            {"subject": subject, "source_id": f"SV-{number}", "name": name, "planned_day": planned}
            for subject, arm in PEOPLE.items()
            if arm
            for number, (name, planned) in enumerate((("Screening", -2), ("Week 2", 15)))
        ],
        "measurements": [
            measured(subject, analyte, 10 * value if (subject, on) == ("S-1", after) else value, on, number)
            for subject, arm in PEOPLE.items()
            if arm
            for number, (analyte, value, on) in enumerate(tests)
        ],
        "exposures": [treated(subject) for subject, arm in PEOPLE.items() if arm],
        "adverse_events": [
            event(subject, 1, day("onset", "2026-01-09")) for subject in ("S-1", "S-2", "S-3")
        ],
    }


def stated(cut_id: uuid.UUID, **said: Any) -> dict[str, Any]:
    return {
        "format": manifests.FORMAT,
        "id": str(cut_id),
        "made_at": said.pop("made_at", "2026-07-01T08:00:00+00:00"),
        "date": "2026-06-30",
        "rule": "as entered",
        "code_version": "test",
        "study": {
            "id": STUDY_ID,
            "code": "JOIN",
            "title": "A trial of three arms",
            "sponsor": "",
            "simulated": True,
            "planned_participants": None,
        },
        "settings": {
            "analysis_arm": "planned",
            "emergent_window_days": None,
            "severity_scale": "mild-moderate-severe",
            "revealing_analytes": [],
        },
        "protocol": {
            "arms": [
                {"code": code, "name": name, "is_reference": reference} for code, name, reference in ARMS
            ],
            "versions": [{"number": "1.0", "approved_on": None}],
            "interventions": [{"code": "DRUG", "name": "Study drug", "kind": "product"}],
            "sites": [{"code": "01", "country": "USA", "time_zone": "UTC"}],
        },
        "dictionaries": [],
        **said,
    }


def put_cut(
    open_storage: Path,
    cut_id: uuid.UUID | None = None,
    *,
    given: dict[str, list[dict[str, Any]]] | None = None,
    **said: Any,
) -> Path:
    """A whole cut in the open storage, of `given` rows or those above; `said` replaces parts of its manifest."""
    cut_id = cut_id or uuid.uuid4()
    folder = open_storage / "cuts" / str(cut_id)
    folder.mkdir(parents=True)
    manifest = stated(cut_id, **said)
    given = rows(manifest["study"]["id"]) if given is None else given
    manifest["datasets"] = {}
    for name in OPEN_DATASETS:
        content = _parquet(name, given.get(name, []))
        (folder / f"{name}.parquet").write_bytes(content)
        manifest["datasets"][name] = {"rows": len(given.get(name, [])), "sha256": sha256_hex(content)}
    manifest["sha256"] = manifests.hash_of(manifest)
    (folder / manifests.NAME).write_text(json.dumps(manifest))
    return folder


def _parquet(name: str, given: list[dict[str, Any]]) -> bytes:
    """The file of a dataset. Most tests ask for the same rows, and most datasets of a cut have none."""
    key = name, repr(given)
    if key not in _made:
        _made[key] = to_parquet(pa.Table.from_pylist(given, schema=schema(name)))
    return _made[key]


def allocate(study: Study, people: dict[str, str] | None = None) -> None:
    """The closed half of the import: who is in which arm, and what was in each exposure."""
    names = {code: name for code, name, _ in ARMS}
    given = {subject: arm for subject, arm in (people or PEOPLE).items() if arm}
    store_allocations(
        study=study,
        records=[
            AllocationRecord(1, subject, arm, names[arm], arm, names[arm]) for subject, arm in given.items()
        ],
        by=BY,
        source="test",
    )
    store_treatments(
        study=study,
        records=[
            TreatmentRecord(1, subject, "EX-1", f"drug of {arm}", 5.0, "mg", "2026-01-01", "2026-12-01")
            for subject, arm in given.items()
        ],
        by=BY,
        source="test",
    )
