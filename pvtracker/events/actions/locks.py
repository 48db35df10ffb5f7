"""Locking events, and opening a lock by two people. A lock is never deleted: it is opened, and stays as history."""

from __future__ import annotations

from datetime import date

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from pvtracker.accounts.queries import same_human
from pvtracker.accounts.roles import Permission
from pvtracker.audit.context import Actor, action
from pvtracker.events import states
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.versions import lock_participant
from pvtracker.events.enums import EventState, LockScope
from pvtracker.events.holding import REASON_REFUSED, lexicon_entered
from pvtracker.events.models import AdverseEvent, Decision, EventLock, UnlockRequest
from pvtracker.events.queries import with_query_count
from pvtracker.events.text import one_line
from pvtracker.participants.models import Participant
from pvtracker.studies.actions import tell_awaited
from pvtracker.studies.models import Study

REASON_LIMIT = 500


@action
def lock_event(*, event: AdverseEvent, reason: str, by: Actor, source: str = "form") -> EventLock:
    """Nobody changes the event from now on. It is signed in its current version and nothing is asked about it."""
    text = _given(reason)
    lock_participant(event.participant)
    current = AdverseEvent.objects.get(pk=event.pk)
    states.check(current, states.Step.LOCK)
    return _lock(current, scope=LockScope.EVENT, up_to=None, reason=text, by=by)


@action
def lock_events(
    *,
    study: Study,
    participant: Participant | None,
    up_to: date,
    reason: str,
    by: Actor,
    source: str = "form",
) -> int:
    """Lock every event of a participant, or (None) of the study, with an earliest possible onset up to a day; those
    of unknown onset too. Returns how many were locked now.

    All or none: one event that is not signed, or that has an open query, refuses. An event that is recorded later is
    not locked: a late report is never lost.
    """
    text = _given(reason)
    people = Participant.objects.filter(study=study)
    if participant is not None:
        people = people.filter(pk=participant.pk)
    list(people.select_for_update(of=("self",)).order_by("id").values_list("id", flat=True))
    read = [(event, states.listed(event)) for event in _in_scope(study, participant, up_to)]
    found = [event for event, state in read if state is not EventState.LOCKED]
    unsigned = sum(state is EventState.SUBMITTED for _, state in read)
    queried = sum(state is EventState.QUERIED for _, state in read)
    if unsigned or queried:
        raise EventRefused(
            f"Of {len(found)} events up to {up_to}, {unsigned} are not signed in their current version and {queried} "
            "have open queries. Nothing was locked. Have them signed and answered first."
        )
    if not found:
        raise EventRefused(f"No event up to {up_to} is left to lock.")
    scope = LockScope.PARTICIPANT if participant is not None else LockScope.STUDY
    for event in found:
        _lock(event, scope=scope, up_to=up_to, reason=text, by=by)
    return len(found)


@action
def ask_to_open(*, event: AdverseEvent, reason: str, by: Actor, source: str = "form") -> UnlockRequest:
    """Ask that the event's lock is opened. Somebody else decides."""
    text = _given(reason)
    lock = _standing(event)
    if lock.requests.filter(decision=Decision.WAITING).exists():
        raise EventRefused("Somebody asked for this already; a second person has yet to decide.")
    asked = UnlockRequest.objects.create(
        study_id=lock.study_id, lock=lock, reason=text, requested_by=by.id, requested_by_name=by.name
    )
    tell_awaited(study=event.study, permission=Permission.APPROVE_UNLOCK, by=by)
    return asked


@action
def decide_to_open(
    *, event: AdverseEvent, approve: bool, comment: str, by: Actor, source: str = "form"
) -> UnlockRequest:
    """Open the lock, or leave it. Nobody decides on their own request."""
    lock = _standing(event)
    request = lock.requests.select_for_update().filter(decision=Decision.WAITING).first()
    if request is None:
        raise EventRefused("Nobody asks for this lock to be opened; a request with its reason comes first.")
    if same_human(request.requested_by, by.id):
        raise EventRefused("You asked for this yourself. A second person decides.")
    if not approve:
        _given(comment)
    request.decision = Decision.APPROVED if approve else Decision.REFUSED
    request.decided_by, request.decided_by_name = by.id, by.name
    request.decided_at = timezone.now()
    request.comment = one_line(comment)[:REASON_LIMIT]
    request.save()
    if approve:
        lock.opened_at = request.decided_at
        lock.save(update_fields=["opened_at"])
    return request


def _in_scope(study: Study, participant: Participant | None, up_to: date) -> QuerySet[AdverseEvent]:
    events = with_query_count(AdverseEvent.objects.filter(study=study)).exclude(state=EventState.VOIDED)
    if participant is not None:
        events = events.filter(participant=participant)
    early = Q(onset_earliest__lte=up_to) | Q(onset_earliest=None)
    return events.filter(early).order_by(F("participant_id"), F("number"))


def _standing(event: AdverseEvent) -> EventLock:
    lock_participant(event.participant)
    lock = EventLock.objects.filter(event=event, opened_at=None).first()
    if lock is None:
        raise EventRefused("The event is not locked.")
    return lock


def _lock(event: AdverseEvent, *, scope: LockScope, up_to: date | None, reason: str, by: Actor) -> EventLock:
    return EventLock.objects.create(
        study_id=event.study_id,
        event=event,
        version=event.version,
        scope=scope,
        up_to=up_to,
        reason=reason,
        locked_by=by.id,
        locked_by_name=by.name,
    )


def _given(reason: str) -> str:
    text = one_line(reason)
    if not text:
        raise EventRefused("A reason is missing. Say in a few words why.")
    if len(text) > REASON_LIMIT:
        raise EventRefused(f"The reason has {len(text)} characters; at most {REASON_LIMIT} fit.")
    if found := lexicon_entered().found(text):
        raise EventRefused(REASON_REFUSED.format(words=", ".join(found)))
    return text
