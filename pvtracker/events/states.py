"""The life of an adverse event as a table: which step is open from which state, and who takes it.

Only `submitted` and `voided` are stored with the event. The rest follows from what stands beside it (an open query, a
signature of the current version, a lock that was not opened), so that two places cannot disagree.
"""

from __future__ import annotations

from enum import StrEnum

from pvtracker.accounts.models import Signature
from pvtracker.accounts.roles import Permission
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.enums import EventState
from pvtracker.events.models import AdverseEvent, DataQuery, EventLock, QueryState

KIND = "adverse_event"  # of a signature


class Step(StrEnum):
    """What people do with an event that is recorded."""

    AMEND = "amend"
    CODE = "code"
    OPINION = "give the sponsor's opinion"
    ANSWER = "answer a query"
    SIGN = "sign"
    LOCK = "lock"
    UNLOCK = "unlock"
    VOID = "void"


PERMISSION: dict[Step, Permission] = {
    Step.AMEND: Permission.RECORD_EVENTS,
    Step.CODE: Permission.CODE_EVENTS,
    Step.OPINION: Permission.ASSESS_AS_SPONSOR,
    Step.ANSWER: Permission.RECORD_EVENTS,
    Step.SIGN: Permission.SIGN_EVENTS,
    Step.LOCK: Permission.LOCK_EVENTS,
    Step.UNLOCK: Permission.APPROVE_UNLOCK,  # asked for with LOCK_EVENTS, by another person
    Step.VOID: Permission.VOID_EVENTS,
}
# From a state, by a step, to a state. What is not here is refused. Amending may raise or settle queries by itself:
# the event is then queried or submitted as the rules find. The last answer leads back to signed where the version is.
TRANSITIONS: dict[EventState, dict[Step, EventState]] = {
    EventState.SUBMITTED: {
        Step.AMEND: EventState.SUBMITTED,
        Step.CODE: EventState.SUBMITTED,
        Step.OPINION: EventState.SUBMITTED,
        Step.SIGN: EventState.SIGNED,
        Step.VOID: EventState.VOIDED,
    },
    EventState.QUERIED: {
        Step.AMEND: EventState.SUBMITTED,
        Step.CODE: EventState.QUERIED,
        Step.OPINION: EventState.QUERIED,
        Step.ANSWER: EventState.SUBMITTED,
        Step.VOID: EventState.VOIDED,
    },
    EventState.SIGNED: {
        Step.AMEND: EventState.SUBMITTED,
        Step.CODE: EventState.SUBMITTED,
        Step.OPINION: EventState.SUBMITTED,
        Step.SIGN: EventState.SIGNED,  # another person, or another meaning
        Step.LOCK: EventState.LOCKED,
        Step.VOID: EventState.VOIDED,
    },
    EventState.LOCKED: {
        Step.ANSWER: EventState.LOCKED,
        Step.UNLOCK: EventState.SIGNED,
    },
    EventState.VOIDED: {},
}
REFUSED: dict[tuple[EventState, Step], str] = {
    (EventState.QUERIED, Step.SIGN): "The event has open queries. Answer them or amend the event, then sign.",
    (EventState.QUERIED, Step.LOCK): "The event has open queries. They are answered before it is locked.",
    (
        EventState.SUBMITTED,
        Step.LOCK,
    ): "The event is not signed in its current version. Have it signed, then lock it.",
    (EventState.LOCKED, Step.LOCK): "The event is locked already.",
}


def permitted(state: EventState, step: Step) -> bool:
    """Is the step open from this state?"""
    return step in TRANSITIONS[state]


def state_of(event: AdverseEvent) -> EventState:
    """The event's state now, from its row and what stands beside it."""
    return derived(
        stored=event.state,
        locked=is_locked(event),
        queried=DataQuery.objects.filter(event=event, state=QueryState.OPEN).exists(),
        signed=Signature.objects.filter(kind=KIND, object_id=event.id, version=event.version).exists(),
    )


def derived(*, stored: str, locked: bool, queried: bool, signed: bool) -> EventState:
    """The one word for an event: what keeps people from changing it first, then what is left to do."""
    if stored == EventState.VOIDED:
        return EventState.VOIDED
    if locked:
        return EventState.LOCKED
    if queried:
        return EventState.QUERIED
    return EventState.SIGNED if signed else EventState.SUBMITTED


def listed(event: AdverseEvent) -> EventState:
    """The state of an event that was read with `queries.with_query_count`, without asking the database again."""
    return derived(
        stored=event.state,
        locked=getattr(event, "is_locked", False),
        queried=bool(getattr(event, "query_count", 0)),
        signed=getattr(event, "is_signed", False),
    )


def check(event: AdverseEvent, step: Step) -> EventState:
    """The event's state, when the step is open from it; `EventRefused` with the reason and the remedy otherwise."""
    state = state_of(event)
    if not permitted(state, step):
        raise EventRefused(sentence(state, step))
    return state


def is_locked(event: AdverseEvent) -> bool:
    """Does a lock stand that nobody opened?"""
    return EventLock.objects.filter(event=event, opened_at=None).exists()


def check_writable(event: AdverseEvent) -> None:
    """Refuse any change of an event that is void or locked; every other state may be amended or voided."""
    if event.state == EventState.VOIDED:
        raise EventRefused(sentence(EventState.VOIDED, Step.AMEND))
    if is_locked(event):
        raise EventRefused(sentence(EventState.LOCKED, Step.AMEND))


def sentence(state: EventState, step: Step) -> str:
    """Why the step is not open from this state."""
    if (state, step) in REFUSED:
        return REFUSED[state, step]
    if state is EventState.VOIDED:
        return "The event is void. Record a new one instead."
    if state is EventState.LOCKED:
        return "The event is locked. Ask for the lock to be opened, with a reason; a second person decides."
    return f"From the state {state.label.lower()} nobody can {step.value} an event."
