"""What the rows of a file are held against, and what becomes of them."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Model
from django.utils import timezone

from pvtracker.audit.context import Actor
from pvtracker.coding.actions import TermKey
from pvtracker.coding.models import Release, Term
from pvtracker.events.actions.delivered_terms import terms_of
from pvtracker.events.details import (
    Known,
    known_of,
    participant_facts,
)
from pvtracker.events.enums import EventState
from pvtracker.events.holding import lexicon_of
from pvtracker.events.models import (
    AdverseEvent,
    EventLock,
)
from pvtracker.events.rules import ParticipantFacts
from pvtracker.formats.records import EventRecord
from pvtracker.lib.arm_words import Lexicon
from pvtracker.lib.tally import RefusedRow
from pvtracker.participants.models import Exposure, Participant
from pvtracker.studies.models import Intervention, Study


@dataclass(slots=True)
class Standing:
    """What is known of one participant while the rows of a file go by."""

    participant: Participant
    facts: ParticipantFacts
    last_number: int = 0
    events: list[Known] = field(default_factory=list)  # voided ones left out


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that the rows are held against."""

    study: Study
    by: Actor
    source: str
    reason: str
    now: datetime
    interventions: dict[str, Intervention]  # by blinded name
    terms: dict[TermKey, Term]
    people: dict[str, Standing]  # by subject identifier
    known: dict[tuple[uuid.UUID, str], tuple[uuid.UUID, str, str]]  # participant, source id → id, hash, state
    words: Lexicon


@dataclass(slots=True)
class Written:
    """What is to be copied into the tables, and what was counted."""

    rows: dict[type[Model], list[Model]] = field(default_factory=lambda: defaultdict(list))
    queries: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedRow] = field(default_factory=list)
    held: list[tuple[uuid.UUID, str]] = field(default_factory=list)  # events and fields whose text is held
    stored: int = 0
    changed: int = 0
    unchanged: int = 0


def context_of(
    study: Study,
    records: Sequence[EventRecord],
    release: Release | None,
    *,
    by: Actor,
    source: str,
    reason: str,
) -> Context:
    """The study, its people and what stands already, read and locked for this import."""
    now = timezone.now()
    subjects = {record.participant for record in records}
    # held until commit, as by a form: numbers are given by one writer at a time
    participants = list(
        Participant.objects.select_for_update(of=("self",))
        .filter(study=study, subject__in=subjects)
        .select_related("site")
        .order_by("id")
    )
    exposures: dict[uuid.UUID, list[Exposure]] = defaultdict(list)
    for exposure in Exposure.objects.filter(participant__in=participants).select_related("intervention"):
        exposures[exposure.participant_id].append(exposure)
    people = {
        person.subject: Standing(
            person,
            participant_facts(person, exposures[person.id], window_days=study.emergent_window_days, now=now),
        )
        for person in participants
    }
    by_id = {standing.participant.id: standing for standing in people.values()}
    known: dict[tuple[uuid.UUID, str], tuple[uuid.UUID, str, str]] = {}
    locks = EventLock.objects.filter(event__participant__in=participants, opened_at=None)
    locked = set(locks.values_list("event_id", flat=True))
    for event in AdverseEvent.objects.filter(participant__in=participants):
        standing = by_id[event.participant_id]
        standing.last_number = max(standing.last_number, event.number)
        if event.state != EventState.VOIDED:
            standing.events.append(known_of(event))
        if event.source_id:
            state = EventState.LOCKED if event.id in locked else event.state
            known[event.participant_id, event.source_id] = (event.id, event.source_hash, state)
    return Context(
        study=study,
        by=by,
        source=source,
        reason=reason,
        now=now,
        interventions={item.name: item for item in Intervention.objects.filter(study=study)},
        terms=terms_of(release),
        people=people,
        known=known,
        words=lexicon_of(study),
    )
