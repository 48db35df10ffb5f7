"""What a reviewer of the audit trail looks at first: changes that are late, after a lock, many at once, or after a cut.

Nothing here says that something is wrong. Each rule picks entries that somebody should have a reason for (EMA guideline
on computerised systems, 6.2.2); the reason that was given stands beside them.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from pvtracker.web.trail import Entry, read_entries

LATE_RECORD = datetime.timedelta(days=30)  # from what is known of the event to its first record
LATE_CHANGE = datetime.timedelta(days=90)  # from the first record to a change
MASS = 20  # records changed by one person ...
MASS_WITHIN = datetime.timedelta(hours=1)
EVENT, JUDGEMENT, LOCK, CUT = "events_adverseevent", "events_assessment", "events_eventlock", "cuts_cut"
OF_EVENTS = frozenset({EVENT, JUDGEMENT})
# Values on which an analysis rests. In the closed room, the arms.
WEIGHTY = {
    EVENT: frozenset({"grade", "serious", "criteria", "outcome"}),
    JUDGEMENT: frozenset({"causality"}),
    "allocation_allocation": frozenset({"planned_code", "planned", "actual_code", "actual"}),
    "allocation_treatment": frozenset({"treatment", "dose", "start", "end"}),
}
# What follows from a change and says nothing of its own.
FOLLOWS = frozenset({"version", "recorded_at", "source_hash"})
UNWATCHED = ("audit_", "events_draft", "events_dataquery", "events_heldtext", "jobs_", "accounts_")
First = dict[tuple[str, str], datetime.datetime]  # by table and key: when a record was first there
KINDS = {
    "late": (
        "Late",
        f"Recorded by a form more than {LATE_RECORD.days} days after the site was aware, or changed more than "
        f"{LATE_CHANGE.days} days after the first record.",
    ),
    "after_lock": ("After a lock", "Changed although the event had been locked once."),
    "mass": (
        "Many at once",
        f"{MASS} or more records changed by one person within {MASS_WITHIN.seconds // 3600} hour.",
    ),
    "after_cut": (
        "After a cut",
        "Grade, seriousness, outcome or relatedness (in the closed room: an arm or a treatment) changed after a cut "
        "that had the record.",
    ),
}


@dataclass(slots=True)
class Finding:
    """One act that a rule picked, with the entries that it left."""

    kind: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def first(self) -> Entry:
        return self.entries[0]


def review(study_id: uuid.UUID) -> dict[str, list[Finding]]:
    """The findings of the study that was entered, by kind, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.table_name, e.row_key, min(e.at) from audit.entry e where e.study_id = %s and "
            "(e.table_name, e.row_key) in (select u.table_name, u.row_key from audit.entry u where u.study_id = %s "
            "and u.operation = 'update' and u.table_name = any(%s)) group by 1, 2",
            [study_id, study_id, list(WEIGHTY)],
        )
        first = {(table, key): at for table, key, at in cursor.fetchall()}
    condition = (
        "e.study_id = %s and (e.operation in ('update', 'delete') or e.table_name = any(%s) or "
        "(e.table_name = %s and e.operation = 'insert' and e.source = 'form'))"
    )
    found = findings(read_entries(condition, [study_id, [LOCK, CUT], EVENT]), first)
    by_kind: dict[str, list[Finding]] = {kind: [] for kind in KINDS}
    for finding in found:
        by_kind[finding.kind].insert(0, finding)
    return by_kind


def findings(entries: Iterable[Entry], first: First) -> list[Finding]:
    """What the rules pick from entries, oldest first; `first` tells when a record was first there."""
    listed = sorted(entries, key=lambda entry: entry.id)
    picked: dict[tuple[Any, ...], Finding] = {}

    def pick(kind: str, entry: Entry) -> None:
        act = entry.request_id or entry.at.isoformat()
        picked.setdefault((kind, entry.actor, entry.event or entry.key, act), Finding(kind)).entries.append(
            entry
        )

    locked: set[str] = set()
    cuts: list[datetime.datetime] = []
    for entry in listed:
        if entry.table == CUT and entry.operation != "update":
            cuts.append(entry.at)
        if entry.table == LOCK and entry.operation == "insert" and entry.event:
            locked.add(entry.event)
        if _recorded_late(entry) or _changed_late(entry, first):
            pick("late", entry)
        if entry.operation != "update" or not _said(entry):
            continue
        if entry.table in OF_EVENTS and entry.event in locked:
            pick("after_lock", entry)
        if _said(entry) & WEIGHTY.get(entry.table, frozenset()):
            there_since = first.get((entry.table, entry.key), entry.at)
            if any(there_since <= cut < entry.at for cut in cuts):
                pick("after_cut", entry)
    return [*picked.values(), *_bursts(listed)]


def _said(entry: Entry) -> set[str]:
    """The columns of a change that say something of their own."""
    return {
        column
        for column in {*entry.old, *entry.new} - FOLLOWS
        if entry.old.get(column) != entry.new.get(column)
    }


def _recorded_late(entry: Entry) -> bool:
    if entry.table != EVENT or entry.operation != "insert" or entry.source != "form":
        return False
    known = entry.new.get("aware_on_latest") or entry.new.get("onset_latest")
    if not known:
        return False
    return entry.at.date() - datetime.date.fromisoformat(known) > LATE_RECORD


def _changed_late(entry: Entry, first: First) -> bool:
    if entry.table not in WEIGHTY or entry.operation != "update" or not _said(entry):
        return False
    return entry.at - first.get((entry.table, entry.key), entry.at) > LATE_CHANGE


def _bursts(entries: list[Entry]) -> Iterator[Finding]:
    """Runs of changes by one person with many records within the time; a longer run is one finding."""
    by_person: dict[str, list[Entry]] = {}
    for entry in entries:
        people = entry.role not in {"process", "job"} and not entry.actor.startswith("process:")
        if people and entry.operation in {"update", "delete"} and not entry.table.startswith(UNWATCHED):
            by_person.setdefault(entry.actor, []).append(entry)
    for changes in by_person.values():
        run: list[Entry] = []
        for entry in changes:
            if run and entry.at - run[-1].at > MASS_WITHIN:
                yield from _burst(run)
                run = []
            run.append(entry)
        yield from _burst(run)


def _burst(run: list[Entry]) -> Iterator[Finding]:
    """A run counts when any window of the time holds so many records."""
    start = 0
    for end, entry in enumerate(run):
        while entry.at - run[start].at > MASS_WITHIN:
            start += 1
        if len({(one.table, one.key) for one in run[start : end + 1]}) >= MASS:
            yield Finding("mass", run)
            return
