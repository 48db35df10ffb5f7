"""A draft of somebody who no longer records at its site: taken over by somebody who does. The original stays."""

from __future__ import annotations

from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, action
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.holding import REASON_REFUSED, held_fields, lexicon_of
from pvtracker.events.models import Draft
from pvtracker.events.queries import writers_at

REASON_LIMIT = 300
# A form sent by two people is two forms: the key that makes one event of one form is not handed over.
NOT_HANDED_OVER = {"submission_key"}


@action
def hand_over_draft(
    *, draft: Draft, to: Account, reason: str, by: Actor, with_held: bool = False, source: str = "form"
) -> Draft:
    """A copy of the draft as the draft of somebody who records at its site; the original says to whom it went.

    Fields whose text may tell an arm are left out, unless somebody who may release such texts has read them
    (`with_held`).
    """
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("participant__site", "study")
        .get(id=draft.id)
    )
    words = lexicon_of(draft.study)
    text = " ".join(reason.split())
    if not text:
        raise EventRefused("Say why the draft is taken over.")
    if len(text) > REASON_LIMIT:
        raise EventRefused(f"The reason has more than {REASON_LIMIT} characters; say it shorter.")
    if found := words.found(text):
        raise EventRefused(REASON_REFUSED.format(words=", ".join(found)))
    if draft.handed_at is not None:
        raise EventRefused(f"{draft.handed_by} has handed this draft over already.")
    if not writers_at(draft.study, draft.participant.site).filter(id=to.id).exists():
        raise EventRefused(f"{to.full_name} does not record events at site {draft.participant.site.code}.")
    if Draft.objects.filter(
        account=to, participant=draft.participant, event=draft.event, handed_at=None
    ).exists():
        raise EventRefused(
            f"{to.full_name} has a draft of their own there. It has to be submitted or discarded first."
        )
    left_out = NOT_HANDED_OVER | (set() if with_held else held_fields(draft.body, words))
    now = timezone.now()
    copy = Draft.objects.create(
        study=draft.study,
        account=to,
        participant=draft.participant,
        event=draft.event,
        body={name: texts for name, texts in draft.body.items() if name not in left_out},
        saved_at=now,
    )
    draft.handed_at, draft.handed_to_id, draft.handed_by, draft.handed_reason = now, to.id, by.name, text
    draft.save(update_fields=["handed_at", "handed_to", "handed_by", "handed_reason"])
    return copy
