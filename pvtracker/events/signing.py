"""An adverse event as a record that is signed: its current version, held against the rows as they stand."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.queries import Change, Manifestation, manifestations, signatures_of
from pvtracker.accounts.signing.record import Subject
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment
from pvtracker.events.snapshots import Body, body_of

KIND = "adverse_event"
# Of the participant and the study, not of the event: they stand as they were written with the version.
NOT_OWN = frozenset({"study", "subject", "site"})


def subject_of(event: AdverseEvent) -> Subject:
    """The event as it stands in its rows, with the fields that its current version has.

    A field that pvtracker learned after the version was written is not part of what was signed.
    """
    written = written_body(event)
    assessments = Assessment.objects.filter(event=event).select_related("intervention")
    return Subject(
        kind=KIND,
        object_id=event.id,
        study_id=event.study_id,
        version=event.version,
        record=_like(written, _own(body_of(event, assessments), written)),
    )


def bundle_of(study_id: uuid.UUID, subjects: Sequence[Subject]) -> Subject:
    """What is shown when several events are signed in one act: their hashes in order. It is never signed itself."""
    return Subject(
        kind=KIND,
        object_id=study_id,
        study_id=study_id,
        version=1,
        record={"events": [[str(one.object_id), one.version, one.sha256] for one in subjects]},
    )


def written_body(event: AdverseEvent) -> Body:
    """What the current version says, as it was written."""
    body: Body = AdverseEventVersion.objects.get(event=event, version=event.version).body
    return body


def manifestations_of(event: AdverseEvent) -> list[Manifestation]:
    """The event's signatures, newest first, verified now; one query while there are none."""
    signatures = signatures_of(KIND, event.id)
    if not signatures:
        return []
    return manifestations(signatures, subject_of(event), changes=lambda: _changes(event))


def with_signature(events: QuerySet[AdverseEvent]) -> QuerySet[AdverseEvent]:
    """Each event with `is_signed` (its current version) and `was_signed` (any version), by version numbers alone."""
    return events.annotate(
        is_signed=Exists(signatures(of_version=True)), was_signed=Exists(signatures(of_version=False))
    )


def signatures(*, of_version: bool) -> QuerySet[Signature]:
    """For a subquery under events: the signatures of an event, or only those of its current version."""
    given = Signature.objects.filter(kind=KIND, object_id=OuterRef("pk"))
    return given.filter(version=OuterRef("version")) if of_version else given


def _changes(event: AdverseEvent) -> list[Change]:
    rows = AdverseEventVersion.objects.filter(event=event).order_by("version")
    return [Change(row.version, row.actor_name, row.recorded_at) for row in rows.defer("body")]


def _own(body: Body, written: Body) -> Body:
    return {key: written[key] if key in NOT_OWN and key in written else value for key, value in body.items()}


def _like(shape: Any, value: Any) -> Any:
    """`value` without the keys that `shape` does not have."""
    if isinstance(shape, dict) and isinstance(value, dict):
        return {key: _like(shape[key], item) for key, item in value.items() if key in shape}
    if isinstance(shape, list) and isinstance(value, list) and len(shape) == len(value):
        return [_like(part, item) for part, item in zip(shape, value, strict=True)]
    return value
