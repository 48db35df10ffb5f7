"""What every change of an event leaves behind: a version that is never written again, and a notice in the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from pvtracker.audit.context import Actor
from pvtracker.audit.models import Operation, Outbox
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment
from pvtracker.events.snapshots import body_of
from pvtracker.participants.models import Participant

KIND = "adverse_event"  # of the outbox


def write_version(
    event: AdverseEvent,
    assessments: Iterable[Assessment],
    operation: Operation,
    *,
    by: Actor,
    source: str,
    reason: str,
    at: datetime,
) -> None:
    """The version row and its outbox row. Inside an action only."""
    version_row(event, assessments, operation, by=by, source=source, reason=reason, at=at).save(
        force_insert=True
    )
    outbox_row(event, operation, at=at).save(force_insert=True)


def version_row(
    event: AdverseEvent,
    assessments: Iterable[Assessment],
    operation: Operation,
    *,
    by: Actor,
    source: str,
    reason: str,
    at: datetime,
) -> AdverseEventVersion:
    """What the event says now, as a version not yet saved; an import saves many at once."""
    return AdverseEventVersion(
        study_id=event.study_id,
        event=event,
        version=event.version,
        operation=operation,
        body=body_of(event, assessments),
        reason=reason,
        actor=by.id,
        actor_name=by.name,
        role=by.role,
        source=source,
        recorded_at=at,
    )


def outbox_row(
    event: AdverseEvent, operation: Operation, *, at: datetime, signature_id: uuid.UUID | None = None
) -> Outbox:
    """The notice of this version, or of a signature under it, for readers outside; not yet saved."""
    return Outbox(
        study_id=event.study_id,
        kind=KIND,
        object_id=event.id,
        version=event.version,
        operation=operation,
        signature_id=signature_id,
        recorded_at=at,
    )


def lock_participant(participant: Participant) -> Participant:
    """The participant's row, held until commit: numbers are given and duplicates looked for one writer at a
    time.
    """
    return (
        Participant.objects.select_for_update(of=("self",))
        .select_related("site", "study")
        .get(pk=participant.pk)
    )
