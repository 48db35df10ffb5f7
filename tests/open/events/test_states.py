"""The life of an event: every state, every step, every role, held against the table; and locks by two people."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from pvtracker.accounts.models import Account, Signature
from pvtracker.accounts.roles import ROLES, study_roles
from pvtracker.audit.context import Actor, acting
from pvtracker.coding.models import Term
from pvtracker.events import states
from pvtracker.events.actions import capture, importing, locks
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.enums import EventState
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, DataQuery, EventLock, UnlockRequest
from pvtracker.events.states import PERMISSION, TRANSITIONS, Step
from pvtracker.formats.records import EventRecord
from tests.acting import as_test
from tests.open.signing import PASSWORD, sign, with_passwords
from tests.open.world import SOMEONE, World, make_terms
from tests.signed import sign_at

pytestmark = pytest.mark.django_db
TERM_FIELDS = (
    "lowest_level_term",
    "preferred_term",
    "high_level_term",
    "high_level_group_term",
    "system_organ_class",
)
OPEN_ROLES = tuple(study_roles("open"))


@pytest.fixture
def world(two_sites: World) -> World:
    """Everybody: one person per open role, each of whom sees the participant where the role sees any."""
    make_terms(two_sites)
    for role in OPEN_ROLES:
        two_sites.person(role, role, "01" if ROLES[role].scope == "site" else None)
    return with_passwords(two_sites)


def by(world: World, role: str) -> Actor:
    return world.people[role].actor(role)


def lock(world: World, event: AdverseEvent) -> EventLock:
    return locks.lock_event(event=event, reason="reviewed", by=by(world, "study_administrator"))


def in_state(world: World, state: EventState) -> AdverseEvent:
    """An event that came to this state as people bring it there."""
    event = world.record(onset="2026" if state is EventState.QUERIED else "2026-03-05")
    if state in {EventState.SIGNED, EventState.LOCKED}:
        assert sign(world, event, world.client("alice")).status_code == 302
    if state is EventState.LOCKED:
        lock(world, event)
    if state is EventState.VOIDED:
        capture.void_event(event=event, version=1, reason="twice", by=by(world, "investigator"))
    assert states.state_of(read(event)) is state
    return read(event)


def read(event: AdverseEvent) -> AdverseEvent:
    return AdverseEvent.objects.select_related("study", "participant__site").get(pk=event.pk)


def try_step(world: World, event: AdverseEvent, step: Step, role: str, signed_in: Client) -> None:
    """Take the step through its page, as this person would, who has signed in and done nothing since."""
    client = Client()
    client.cookies.update(signed_in.cookies)
    here = world.url(f"adverse-events/{event.id}/")
    version = str(event.version)
    if step is Step.AMEND:
        said = world.posted(
            verbatim="Other words", submission_key=None, version=version, reason="typed wrongly"
        )
        client.post(f"{here}edit/", said)
    elif step is Step.CODE:
        term = Term.objects.get(release__study_id=world.study.id, lowest_level_term="Migraine")
        posted = {"version": version, "words": "Migraine", "term": str(term.id)}
        client.post(world.url(f"coding/{event.id}/"), posted)
    elif step is Step.OPINION:
        causality = {f"causality_{world.interventions['Infusion'].id}": "unlikely"}
        client.post(f"{here}opinion/", {"version": version, "reason": "read", **causality})
    elif step is Step.ANSWER:
        query = DataQuery.objects.filter(event=event, state="open").first()
        if query is not None:
            client.post(world.url(f"queries/{query.id}/answer/"), {"answer": "not known better"})
    elif step is Step.SIGN:
        posted = {
            "meaning": "authorship",
            "username": world.people[role].username,
            "password": PASSWORD,
        }
        page = client.get(f"{here}sign/")
        if page.status_code == 200:
            sign_at(client, f"{here}sign/", **posted)
        else:
            client.post(f"{here}sign/", {**posted, "shown": "0" * 64})
    elif step is Step.LOCK:
        client.post(f"{here}lock/", {"reason": "reviewed"})
    elif step is Step.UNLOCK:
        client.post(f"{here}unlock/", {"decision": "approve", "reason": "agreed"})
    elif step is Step.VOID:
        client.post(f"{here}void/", {"version": version, "reason": "twice"})


def traces(event: AdverseEvent) -> tuple[Any, ...]:
    """What a step leaves behind."""
    return (
        read(event).version,
        Signature.objects.filter(object_id=event.id).count(),
        EventLock.objects.filter(event=event, opened_at=None).count(),
        DataQuery.objects.filter(event=event, state="open").count(),
    )


@pytest.mark.parametrize("state", list(TRANSITIONS))
def test_every_step_from_every_state_by_every_role(world: World, state: EventState) -> None:
    event = in_state(world, state)
    if state is EventState.LOCKED:
        locks.ask_to_open(event=event, reason="a mistake", by=by(world, "study_administrator"))
    signed_in = {role: world.client(role) for role in OPEN_ROLES}
    seen = 0
    for step in Step:
        for role in OPEN_ROLES:
            before = traces(event)
            answerable = step is not Step.ANSWER or before[3]
            point = transaction.savepoint()
            try_step(world, event, step, role, signed_in[role])
            done = traces(event) != before
            allowed = PERMISSION[step] in ROLES[role].permissions and states.permitted(state, step)
            assert done == bool(allowed and answerable), f"{role}, {step.value} from {state.value}"
            if done and step in TRANSITIONS[state]:
                after = states.state_of(read(event))
                assert after is TRANSITIONS[state][step], f"{step.value} from {state.value} leads to {after}"
            transaction.savepoint_rollback(point)
            seen += 1
    assert seen == len(Step) * len(OPEN_ROLES)


def test_a_refusal_says_why_and_what_to_do(world: World) -> None:
    event = in_state(world, EventState.LOCKED)
    answers = {
        step: world.client(role)
        .post(world.url(f"adverse-events/{event.id}/{tail}/"), posted)
        .content.decode()
        for step, role, tail, posted in (
            ("void", "investigator", "void", {"version": "1", "reason": "twice"}),
            ("amend", "coordinator", "edit", world.posted(version="1", reason="x", verbatim="Kept words")),
        )
    }
    assert all("The event is locked. Ask for the lock to be opened" in page for page in answers.values())
    assert "Kept words" in answers["amend"]  # what was typed stays


def test_nobody_opens_the_lock_that_they_asked_to_open(world: World) -> None:
    event = in_state(world, EventState.LOCKED)
    locks.ask_to_open(event=event, reason="a mistake", by=by(world, "study_administrator"))
    with pytest.raises(EventRefused, match="You asked for this yourself"):
        locks.decide_to_open(event=event, approve=True, comment="", by=by(world, "study_administrator"))
    second_account = world.person("other", "medical_monitor")
    with as_test():
        Account.objects.filter(id=second_account.id).update(person=world.people["study_administrator"].person)
    with pytest.raises(EventRefused, match="You asked for this yourself"):
        locks.decide_to_open(
            event=event, approve=True, comment="", by=second_account.actor("medical_monitor")
        )
    with pytest.raises(IntegrityError, match="unlock_decided_by_another_person"), transaction.atomic():
        acting(by=SOMEONE, reason="past the application", source="test")
        UnlockRequest.objects.update(
            decision="approved",
            decided_by=str(world.people["study_administrator"].id),
            decided_at="2026-03-01T00:00Z",
        )
    assert states.is_locked(event)


def test_a_lock_is_opened_by_two_people_and_both_stay_in_its_history(world: World) -> None:
    event = in_state(world, EventState.LOCKED)
    url = world.url(f"adverse-events/{event.id}/unlock/")
    assert world.client("study_administrator").post(url, {"reason": "wrong onset"}).status_code == 302
    assert world.client("medical_monitor").post(url, {"decision": "refuse", "reason": ""}).status_code == 409
    answer = world.client("medical_monitor").post(url, {"decision": "approve", "reason": "agreed"})
    assert answer.status_code == 302 and not states.is_locked(event)
    page = world.client("alice").get(world.url(f"adverse-events/{event.id}/history/")).content.decode()
    for part in ("wrong onset", "agreed", "Study_Administrator", "Medical_Monitor", "opened"):
        assert part in page, part
    assert states.state_of(read(event)) is EventState.SIGNED


def test_events_are_locked_up_to_a_day_all_or_none(world: World) -> None:
    early, late = world.record(onset="2026-03-05"), world.record(verbatim="Fever", onset="2026-03-06")
    administrator = by(world, "study_administrator")
    asked: dict[str, Any] = {"study": world.study, "participant": None, "reason": "before the cut"}
    with pytest.raises(EventRefused, match="Of 1 events up to 2026-03-05, 1 are not signed"):
        locks.lock_events(up_to=date(2026, 3, 5), by=administrator, **asked)
    alice = world.client("alice")
    sign(world, early, alice)
    assert locks.lock_events(up_to=date(2026, 3, 5), by=administrator, **asked) == 1
    assert states.is_locked(early) and not states.is_locked(late)
    with pytest.raises(EventRefused, match="No event up to 2026-03-05 is left to lock"):
        locks.lock_events(up_to=date(2026, 3, 5), by=administrator, **asked)
    sign(world, late, alice, username=None)
    posted = {"participant": "P1", "up_to": "2026-03-31", "reason": "before the cut"}
    answer = world.client("study_administrator").post(world.url("locks/"), posted)
    assert answer.status_code == 302 and states.is_locked(late)
    assert EventLock.objects.get(event=late).scope == "participant"


def delivered(world: World, **said: Any) -> EventRecord:
    plain: dict[str, Any] = {
        "row": 1,
        "participant": f"{world.study.code}-P1",
        "source_id": "AE-1",
        "verbatim": "Nausea",
        **dict.fromkeys(TERM_FIELDS, ""),
        "ongoing": False,
        "severity_reported": "",
        "criteria": (),
        "assessments": (),
        "onset": "2026-03-05",
        "end": "2026-03-07",
        "grade": 1,
        "serious": False,
        "outcome": "recovered",
    }
    return EventRecord(**(plain | said))


def deliver(world: World, record: EventRecord) -> Any:
    return importing.import_events(
        study=world.study, records=[record], release=None, by=SOMEONE, source="file", reason="delivered again"
    )


def test_a_file_changes_nothing_of_a_locked_event_and_what_it_says_is_not_lost(world: World) -> None:
    deliver(world, delivered(world))
    event = read(AdverseEvent.objects.get())
    for query in DataQuery.objects.filter(event=event, state="open"):
        world.client("alice").post(world.url(f"queries/{query.id}/answer/"), {"answer": "as it is"})
    assert sign(world, event, world.client("alice")).status_code == 302
    lock(world, event)
    before = AdverseEvent.objects.values().get()
    tally = deliver(world, delivered(world, outcome="fatal", serious=True))
    assert [refused.rule for refused in tally.refused] == ["event-locked"]
    assert AdverseEvent.objects.values().get() == before and AdverseEventVersion.objects.count() == 1
    query = DataQuery.objects.get(rule="event-locked")
    assert "Serious: no → yes" in query.message and "Outcome: Recovered → Fatal" in query.message
    assert tally.queries["event-locked"] == 1
    assert not deliver(world, delivered(world, outcome="fatal", serious=True)).queries
    deliver(world, delivered(world, outcome="unknown"))
    query.refresh_from_db()
    assert "Outcome: Recovered → Unknown" in query.message
    assert DataQuery.objects.filter(rule="event-locked").count() == 1


@pytest.mark.parametrize("state", list(TRANSITIONS))
def test_the_state_that_is_shown_is_the_one_that_is_enforced(world: World, state: EventState) -> None:
    event = in_state(world, state)
    alice = world.client("alice")
    for tail in (f"adverse-events/{event.id}/", "adverse-events/?voided=1"):
        page = alice.get(world.url(tail)).content.decode()
        assert re.search(rf"</svg>\s*{state.value}</span>", page), tail
