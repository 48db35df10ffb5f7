"""A small joined cut in plain rows, for tests of what stands on a cut; no database and no file."""

from __future__ import annotations

from datetime import date
from typing import Any

from pvtracker.cuts.columns import CLOSED_DATASETS, OPEN_DATASETS
from pvtracker.cuts.data import CutData, frame_of

ARMS = (("PBO", "Placebo", True), ("LOW", "Low dose", False), ("HIGH", "High dose", False))


def day(name: str, first: str, last: str = "") -> dict[str, Any]:
    """A date that may lie between two days; '' is unknown."""
    if not first:
        return {name: "", f"{name}_earliest": None, f"{name}_latest": None}
    return {
        name: first,
        f"{name}_earliest": date.fromisoformat(first),
        f"{name}_latest": date.fromisoformat(last or first),
    }


def event(subject: str, number: int, onset: dict[str, Any], **said: Any) -> dict[str, Any]:
    """An adverse event: a headache unless something else is said."""
    plain = {
        "preferred_term": "Headache",
        "system_organ_class": "Nervous system disorders",
        "grade": 1,
        "serious": False,
        "criteria": "",
        "state": "submitted",
        "version": 1,
    }
    return {"subject": subject, "number": number, **onset, **plain, **said}


def treated(subject: str, start: str = "2026-01-01", **said: Any) -> dict[str, Any]:
    return {"subject": subject, "source_id": "EX-1", "intervention": "DRUG", **day("start", start), **said}


def allocated(subject: str, planned: str, actual: str = "") -> dict[str, Any]:
    names = {code: name for code, name, _ in ARMS}
    actual = actual or planned
    return {
        "subject": subject,
        "planned_code": planned,
        "planned": names.get(planned, planned),
        "actual_code": actual,
        "actual": names.get(actual, actual),
    }


def person(subject: str, **said: Any) -> dict[str, Any]:
    return {"subject": subject, **day("started_on", "2026-01-01"), **day("ended_on", "2026-03-31"), **said}


def manifest(**said: Any) -> dict[str, Any]:
    """What the manifest says that counting needs."""
    arms = [{"code": code, "name": name, "is_reference": reference} for code, name, reference in ARMS]
    return {
        "date": "2026-06-30",
        "settings": {"emergent_window_days": said.pop("window", None), "analysis_arm": "actual"},
        "protocol": {
            "arms": said.pop("arms", arms),
            "interventions": [
                {"code": "DRUG", "name": "Study drug", "kind": "product"},
                {"code": "ART", "name": "Background therapy", "kind": "background"},
            ],
        },
        **said,
    }


def cut(*, stated: dict[str, Any] | None = None, **rows: list[dict[str, Any]]) -> CutData:
    """A cut with these rows by dataset; the others are empty."""
    frames = {name: frame_of(name, rows.get(name, [])) for name in (*OPEN_DATASETS, *CLOSED_DATASETS)}
    return CutData(cut_id="small", sha256="0" * 64, manifest=stated or manifest(), frames=frames)
