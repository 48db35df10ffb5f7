"""Drafts: what a person is typing, kept as typed and held to no clinical rule."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, action
from pvtracker.events.models import AdverseEvent, Draft
from pvtracker.participants.models import Participant

# A draft keeps this many characters of each field: as many as a narrative may have.
FIELD_LIMIT = 100_000


def is_cut(texts: Iterable[str]) -> bool:
    """Whether some text fills its whole place, so that its end may be lost; the page says so."""
    return any(len(text) >= FIELD_LIMIT for text in texts)


@action
def save_draft(
    *,
    participant: Participant,
    event: AdverseEvent | None,
    account: Account,
    body: dict[str, list[str]],
    by: Actor,
    source: str = "form",
) -> Draft:
    """Keep the fields of the form for this person, participant and event (None: a new one); the last one
    wins.

    Names and texts are kept as typed, but for NUL characters, which PostgreSQL cannot store, and what exceeds
    `FIELD_LIMIT`.
    """
    kept = {
        name.replace("\0", ""): [text.replace("\0", "")[:FIELD_LIMIT] for text in texts]
        for name, texts in body.items()
    }
    draft, _ = Draft.objects.update_or_create(
        account=account,
        participant=participant,
        event=event,
        handed_at=None,
        defaults={"study_id": participant.study_id, "body": kept, "saved_at": timezone.now()},
    )
    return draft


@action
def discard_draft(
    *, participant: Participant, event: AdverseEvent | None, account: Account, by: Actor, source: str = "form"
) -> None:
    """Forget the draft, because it was submitted or is not wanted."""
    Draft.objects.filter(account=account, participant=participant, event=event, handed_at=None).delete()
