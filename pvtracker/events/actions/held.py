"""Texts that may tell an arm: kept, released by a person who may, or written anew by the site."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

from pvtracker.accounts.queries import same_human
from pvtracker.audit import looks
from pvtracker.audit.context import Actor, action
from pvtracker.audit.enums import AccessKind
from pvtracker.audit.models import Operation
from pvtracker.events import states
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.fitting import JUDGEMENT_LIMITS, LIMITS
from pvtracker.events.actions.held_rows import close_questions, put_into_row
from pvtracker.events.actions.versions import write_version
from pvtracker.events.enums import EventState
from pvtracker.events.holding import LABELS, RULE, lexicon_of
from pvtracker.events.models import (
    AdverseEvent,
    ArmWord,
    Assessment,
    DataQuery,
    HeldState,
    HeldText,
    QueryState,
)
from pvtracker.events.rules import NARRATIVE_LIMIT
from pvtracker.events.text import many_lines, one_line
from pvtracker.participants.holding import HELD
from pvtracker.studies.models import Study

log = logging.getLogger(__name__)


def settle(event: AdverseEvent, held: Sequence[HeldText], *, by: Actor, at: datetime) -> list[str]:
    """Keep what is held now, close what was written anew; returns the fields that are held. Inside an action only."""
    fresh = {text.field for text in held}
    still: list[str] = []
    for text in HeldText.objects.filter(event=event, state=HeldState.HELD) if event.version > 1 else ():
        if text.field in fresh or _stands(event, text.field) != HELD:
            text.state, text.decided_at, text.decided_by = HeldState.REWRITTEN, at, by.name[:120]
            text.save(update_fields=["state", "decided_at", "decided_by"])
        else:
            still.append(text.field)
    HeldText.objects.bulk_create(held)
    return [*still, *fresh]


def note_attempts(*, study_id: uuid.UUID, fields: Sequence[tuple[uuid.UUID, str]], by: Actor) -> None:
    """Record that a text may tell an arm: which event and field, never the text. The event is stored in any case."""
    for event_id, field in fields:
        try:
            looks.record(
                kind=AccessKind.ARM_WORD,
                by=by,
                study_id=study_id,
                object_kind="adverse_event",
                object_id=str(event_id),
                detail=field,
            )
        except looks.NotRecorded:
            log.error("held text of event %s is not in the access records", event_id)


@action
def release_text(
    *, held: HeldText, text: str, reason: str, by: Actor, source: str = "form"
) -> AdverseEvent | None:
    """Put a text back, as it was written or with the telling words taken out: into its event as a new version, or
    into its delivered row.

    Raises `EventRefused` when it was decided already, when the person wrote it, or when the event is void.
    """
    if not reason.strip():
        raise EventRefused("A reason is missing. Say in a few words why the text may be read by everybody.")
    if lexicon_of(held.study).found(reason):
        raise EventRefused("The reason itself may tell who received what. Say it without naming an arm.")
    event = held.event_id and (
        AdverseEvent.objects.select_for_update(of=("self",))
        .select_related("participant__site", "study", "term__release")
        .get(pk=held.event_id)
    )
    current = HeldText.objects.select_for_update(of=("self",)).get(pk=held.pk)
    if current.state != HeldState.HELD:
        raise EventRefused(
            f"The text was {current.get_state_display().lower()} already; nothing was changed."
        )
    if same_human(current.held_from, by.id):
        raise EventRefused("Who wrote the text does not release it. Ask another person who may.")
    if not event:
        put_into_row(current, text)
        _decide(current, reason=reason, by=by, at=timezone.now())
        close_questions([current])
        return None
    if event.state == EventState.VOIDED:
        raise EventRefused("The event is void; its text stays held.")
    states.check_writable(event)
    assessments = list(Assessment.objects.filter(event=event).select_related("intervention"))
    _put(event, assessments, current.field, text)
    now = timezone.now()
    event.version += 1
    event.save(force_update=True)
    Assessment.objects.bulk_update(assessments, ["causality_reported", "action_reported"])
    _decide(current, reason=reason, by=by, at=now)
    DataQuery.objects.filter(event=event, rule=RULE, field=current.field[:40]).exclude(
        state=QueryState.CLOSED
    ).update(state=QueryState.CLOSED, closed_at=now)
    write_version(event, assessments, Operation.AMENDED, by=by, source=source, reason=reason, at=now)
    return event


@action
def put_arm_words(
    *, study: Study, words: Iterable[str], by: Actor, reason: str, source: str = "form"
) -> list[str]:
    """Set the product names that tell an arm in this study; returns them. Texts that are stored already stay."""
    wanted = sorted({one_line(word)[:120] for word in words} - {""})
    ArmWord.objects.filter(study=study).exclude(word__in=wanted).delete()
    known = set(ArmWord.objects.filter(study=study).values_list("word", flat=True))
    ArmWord.objects.bulk_create([ArmWord(study=study, word=word) for word in wanted if word not in known])
    return wanted


def _decide(held: HeldText, *, reason: str, by: Actor, at: datetime) -> None:
    held.state, held.decided_at, held.decided_by = HeldState.RELEASED, at, by.name[:120]
    held.reason = reason[:500]
    held.save(update_fields=["state", "decided_at", "decided_by", "reason"])


def _stands(event: AdverseEvent, field: str) -> str:
    """What the event says in this field now."""
    name, _, code = field.partition(":")
    if not code:
        return str(getattr(event, name))
    row = Assessment.objects.filter(event=event, intervention__code=code, assessor="investigator").first()
    return str(getattr(row, name)) if row else ""


def _put(event: AdverseEvent, assessments: list[Assessment], field: str, text: str) -> None:
    name, _, code = field.partition(":")
    if code:
        for row in assessments:
            if row.intervention.code == code and getattr(row, name) == HELD:
                setattr(row, name, one_line(text)[: JUDGEMENT_LIMITS[name][1]])
        return
    stored = many_lines(text) if name == "narrative" else one_line(text)
    longest = LIMITS[name][1] if name in LIMITS else NARRATIVE_LIMIT
    if name == "verbatim" and not stored:
        raise EventRefused("The description is empty. Leave at least what happened.")
    if len(stored) > longest:
        raise EventRefused(f"The {LABELS[name]} has {len(stored)} characters; at most {longest} fit.")
    setattr(event, name, stored)
