"""Signing the current version of an adverse event, or of several in one act."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.actions import ContentChanged, SigningRefused, sign
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor, action
from pvtracker.audit.models import Operation
from pvtracker.events import states
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.versions import lock_participant, outbox_row
from pvtracker.events.models import AdverseEvent
from pvtracker.events.signing import bundle_of, subject_of, written_body
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Study


@action
def sign_event(
    *, event: AdverseEvent, shown: str, meaning: str, proof: Proof, by: Actor, source: str = "form"
) -> Signature:
    """Sign the event as it stands, when that is what was shown. Nobody amends it meanwhile: its writers wait.

    Raises `SigningRefused` when the event's state does not allow it or the content differs from `shown`.
    """
    lock_participant(event.participant)
    current = AdverseEvent.objects.select_related("participant__site", "study", "term__release").get(
        pk=event.pk
    )
    subject = subject_of(current)
    if shown == subject.sha256:  # what was changed meanwhile is told as such, whatever state it has now
        try:
            states.check(current, states.Step.SIGN)
        except EventRefused as refusal:
            raise SigningRefused(str(refusal)) from refusal
        if subject.record != written_body(current):
            raise SigningRefused(
                "The event's rows and its last version say different things, so it cannot be signed. "
                "Tell the system administrator."
            )
    made = sign(subject=subject, shown=shown, meaning=meaning, proof=proof, by=by, source=source)
    outbox_row(current, Operation.SIGNED, at=made.signed_at, signature_id=made.id).save(force_insert=True)
    return made


@action
def sign_events(
    *,
    study: Study,
    events: Collection[uuid.UUID],
    shown: str,
    meaning: str,
    proof: Proof,
    by: Actor,
    source: str = "form",
) -> list[Signature]:
    """Sign several events in one act: each signature is bound to the hash and the version of its own event.

    `shown` is the hash over what was shown of all of them. All or none: one event that was changed meanwhile, or that
    its state does not let be signed, refuses.
    """
    people = Participant.objects.filter(adverse_events__in=events, study=study)
    keys = list(people.order_by("id").values_list("id", flat=True).distinct())
    list(Participant.objects.select_for_update(of=("self",)).filter(id__in=keys).order_by("id"))
    found = _in_order(study, events)
    subjects: Sequence[Subject] = [subject_of(event) for event in found]
    if not subjects or len(found) != len(set(events)):
        raise SigningRefused("Choose the events to sign again. Nothing was signed.")
    if bundle_of(study.id, subjects).sha256 != shown:
        raise ContentChanged(
            "One of these events was changed after this page was shown, so none was signed. Read them again, then sign."
        )
    made = []
    for event, subject in zip(found, subjects, strict=True):
        try:
            made.append(
                sign_event(
                    event=event, shown=subject.sha256, meaning=meaning, proof=proof, by=by, source=source
                )
            )
        except SigningRefused as refusal:
            raise SigningRefused(
                f"{str(event).capitalize()}: {refusal} None of them was signed."
            ) from refusal
    return made


def _in_order(study: Study, events: Collection[uuid.UUID]) -> list[AdverseEvent]:
    chosen = AdverseEvent.objects.filter(study=study, pk__in=events)
    return list(
        chosen.select_related("participant__site", "study", "term__release").order_by(
            "participant__code", "number", "id"
        )
    )
