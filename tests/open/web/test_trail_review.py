"""The review of the history: seeded anomalies are found, each once and under its name, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from pvtracker.events.actions.capture import amend_event
from pvtracker.web.review import Finding, findings
from pvtracker.web.trail import Entry
from tests.open.world import World, make_world

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
KEYS = count(1)
EVENT, JUDGEMENT = "events_adverseevent", "events_assessment"


def entry(table: str, *, days: float = 0, event: str | None = None, by: str = "alice", **told: Any) -> Entry:
    """An entry so many days after the start; unless told otherwise a change by a person on a page."""
    number = next(KEYS)
    plain: dict[str, Any] = {
        "id": number, "at": START + timedelta(days=days), "actor": by, "actor_name": by.title(), "role": "investigator",
        "source": "form", "reason": "seen again", "request_id": f"r{number}", "participant": None, "event": event,
        "table": table, "key": event or str(number), "operation": "update", "old": {"grade": 1}, "new": {"grade": 3},
        "seq": None,
    }  # fmt: skip
    return Entry(**(plain | told))


def recorded(event: str, *, aware: str, days: float, **told: Any) -> Entry:
    new = {"aware_on_latest": aware, "grade": 1}
    return entry(EVENT, event=event, days=days, operation="insert", old={}, new=new, **told)


def seen(found: list[Finding]) -> list[tuple[str, str | None]]:
    return sorted((one.kind, one.first.event or one.first.actor) for one in found)


def test_ten_of_ten_seeded_anomalies_are_found_and_nothing_else() -> None:
    dull = {"old": {"narrative": "a"}, "new": {"narrative": "b"}}
    of_judgement = {"old": {"causality": "possible"}, "new": {"causality": "not_related"}}
    innocent = [
        recorded("in time", aware="2026-02-20", days=0),
        recorded("imported late", aware="2020-01-01", days=0, source="sha256:abc", role="process"),
        recorded("no date", aware="", days=0),
        entry(EVENT, event="soon", days=2),
        entry(EVENT, event="signed only", days=120, old={"version": 1}, new={"version": 2}),
        entry("events_eventlock", event="locked", days=3, operation="insert", old={}, new={}),
        entry("cuts_cut", days=10, operation="insert", old={}, new={}),
        entry(EVENT, event="new since the cut", days=12),
        entry(EVENT, event="only words", days=12, **dull),
        *(entry(EVENT, event=f"busy {n}", days=20 + n, by="carl", **dull) for n in range(40)),
        *(
            entry(EVENT, event=f"file {n}", days=21, by="process:import", role="process", **dull)
            for n in range(40)
        ),
        *(entry("events_draft", event=f"draft {n}", days=22, by="dora", **dull) for n in range(40)),
    ]
    seeded = [
        recorded("late 1", aware="2026-01-15", days=0),
        recorded("late 2", aware="2025-06-01", days=1),
        entry(EVENT, event="late 3", days=100, **dull),
        entry(EVENT, event="locked", days=4, **dull),
        entry(
            JUDGEMENT, event="locked", days=5, key="7", old={"action_taken": ""}, new={"action_taken": "none"}
        ),
        entry(EVENT, event="cut 1", days=12),
        entry(EVENT, event="cut 2", days=13, old={"serious": True}, new={"serious": False}),
        entry(JUDGEMENT, event="cut 3", days=14, key="8", **of_judgement),
        *(entry(EVENT, event=f"many {n}", days=30 + n / 1000, by="erin", **dull) for n in range(20)),
        *(entry("participants_visit", key=f"v{n}", days=40 + n / 2000, by="finn", **dull) for n in range(90)),
    ]
    first = {(e.table, e.key): START for e in (*innocent, *seeded)}
    first[EVENT, "new since the cut"] = START + timedelta(days=11)
    in_order = sorted([*innocent, *seeded], key=lambda one: one.at)
    numbered = [Entry(**{**{n: getattr(e, n) for n in e.__slots__}, "id": i}) for i, e in enumerate(in_order)]
    assert seen(findings(numbered, first)) == [
        ("after_cut", "cut 1"), ("after_cut", "cut 2"), ("after_cut", "cut 3"),
        ("after_lock", "locked"), ("after_lock", "locked"),
        ("late", "late 1"), ("late", "late 2"), ("late", "late 3"),
        ("mass", "finn"), ("mass", "many 0"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_page_shows_what_the_database_recorded(world: World) -> None:
    late = world.record(onset="2026-03-05", aware_on="2026-03-06", end="2026-03-07")
    by = world.people["alice"].actor("investigator")
    for grade in (2, 3):
        late = amend_event(
            event=late, version=late.version, details=world.details(grade=grade), reason="read again", by=by
        )
    shown = world.client("ada").get(world.url("history/review/")).content.decode()
    assert "Late: 1" in shown and "After a lock: 0" in shown and "Many at once: 0" in shown
    assert "adverse event 1 of P1" in shown and "Alice (Investigator)" in shown
    assert f"?event={late.id}" in shown, "each finding leads to the history of its event"
    assert world.url("history/review/") in world.client("ada").get(world.url("history/")).content.decode()
    assert world.client("alice").get(world.url("history/review/")).status_code == 404


@pytest.fixture
def world() -> World:
    world = make_world("REVIEW")
    world.person("ada", "auditor_open")
    return world
