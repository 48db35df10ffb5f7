"""Texts of delivered rows that may tell an arm: kept with a question, released into their row by a person who may."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.utils import timezone

from pvtracker.audit import looks
from pvtracker.audit.context import Actor, action
from pvtracker.audit.enums import AccessKind
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.holding import RULE, label_of, lexicon_of
from pvtracker.events.models import DataQuery, HeldState, HeldText, QueryState
from pvtracker.events.text import one_line
from pvtracker.participants.holding import DOMAINS, HELD, MODELS, Taken, Watch
from pvtracker.participants.models import Measurement, Participant
from pvtracker.studies.models import Study

ASKED = "The {what} may tell who received what and is held for review; the row is stored. Wait until it is released."


def watch_over(study: Study, *, by: Actor, source: str, reason: str) -> Watch:
    """What the rows of a delivery are held against; what is taken out of them is kept with the same transaction."""

    def keep(model: type[Model], changed: Sequence[tuple[uuid.UUID, str]], taken: Sequence[Taken]) -> None:
        keep_row_texts(
            study=study, model=model, changed=changed, taken=taken, by=by, source=source, reason=reason
        )

    return Watch(lexicon_of(study), keep)


@action
def keep_row_texts(
    *,
    study: Study,
    model: type[Model],
    changed: Sequence[tuple[uuid.UUID, str]],
    taken: Sequence[Taken],
    by: Actor,
    source: str,
    reason: str = "",
) -> None:
    """Keep what was taken out of rows now, and end the holding of texts whose row was delivered anew."""
    now = timezone.now()
    domains = ["LB", "VS"] if model is Measurement else [DOMAINS[model]]
    anew = set(changed)
    standing = HeldText.objects.filter(study=study, domain__in=domains, state=HeldState.HELD)
    gone = [text for text in standing if (text.participant_id, text.source_id) in anew] if anew else []
    for text in gone:
        text.state, text.decided_at, text.decided_by = HeldState.REWRITTEN, now, by.name[:120]
    HeldText.objects.bulk_update(gone, ["state", "decided_at", "decided_by"])
    close_questions(gone)
    kept = [
        HeldText(
            study=study,
            participant_id=one.participant,
            domain=one.domain,
            source_id=one.source_id,
            field=one.field,
            text=one.text,
            words=", ".join(one.words)[:300],
            held_at=now,
            held_from=by.id[:80],
        )
        for one in taken
    ]
    HeldText.objects.bulk_create(kept)
    DataQuery.objects.bulk_create(
        [
            DataQuery(
                study=study,
                participant_id=one.participant,
                domain=text.domain,
                source_id=text.source_id,
                rule=RULE,
                field=text.field[:40],
                message=ASKED.format(what=label_of(text)),
                opened_at=now,
            )
            for one, text in zip(taken, kept, strict=True)
        ]
    )
    if kept:
        looks.record(
            kind=AccessKind.ARM_WORD,
            by=by,
            study_id=study.id,
            object_kind="delivered_rows",
            object_id=source[:80],
            detail=f"{len(kept)} texts of {', '.join(domains)} are held",
        )


def put_into_row(held: HeldText, text: str) -> None:
    """Write a released text into its row. Inside an action only; `EventRefused` where it does not fit."""
    model = MODELS[held.domain]
    rows = model._default_manager.select_for_update(of=("self",))
    if model is Participant:
        row = rows.get(pk=held.participant_id)
    else:
        row = rows.get(participant_id=held.participant_id, source_id=held.source_id)
    if getattr(row, held.field) != HELD:
        raise EventRefused("The row was delivered anew meanwhile; nothing was changed.")
    stored = one_line(text)
    column: Any = model._meta.get_field(held.field)
    limit = column.max_length
    if len(stored) > limit:
        raise EventRefused(f"The text has {len(stored)} characters; at most {limit} fit.")
    if not stored and not column.blank:
        raise EventRefused("The text is empty. Leave at least what happened.")
    setattr(row, held.field, stored)
    row.save(update_fields=[held.field])


def close_questions(texts: Sequence[HeldText]) -> None:
    """What was asked about these texts is settled. Inside an action only."""
    for text in texts:
        DataQuery.objects.filter(
            participant=text.participant,
            event=None,
            domain=text.domain,
            source_id=text.source_id,
            rule=RULE,
            field=text.field[:40],
        ).exclude(state=QueryState.CLOSED).update(state=QueryState.CLOSED, closed_at=timezone.now())
