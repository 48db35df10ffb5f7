"""Signing the current version of an adverse event."""

from __future__ import annotations

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.actions import SigningRefused, sign
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor, action
from pvtracker.audit.models import Operation
from pvtracker.events import states
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.versions import lock_participant, outbox_row
from pvtracker.events.models import AdverseEvent
from pvtracker.events.signing import subject_of, written_body


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
