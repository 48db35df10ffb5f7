"""Hundreds of thousands of simulated events by COPY: rows, versions and outbox as an import writes them, no
questions.

For benchmarks only. The rules are not asked, because the simulator makes no contradictions and asking costs
more than storing; an import of real data goes through `events.actions.importing`.
"""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from psycopg.types.json import Jsonb

from pvtracker.audit.bulk import copy_rows
from pvtracker.audit.context import Actor, action
from pvtracker.audit.models import Operation, Outbox
from pvtracker.coding.models import Release
from pvtracker.events.actions.delivered_terms import terms_of
from pvtracker.events.actions.import_context import Context
from pvtracker.events.actions.importing import fill
from pvtracker.events.actions.versions import KIND
from pvtracker.events.enums import EventState
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment
from pvtracker.events.snapshots import body_of
from pvtracker.formats.records import EventRecord
from pvtracker.lib.arm_words import lexicon
from pvtracker.lib.content_hash import content_hash
from pvtracker.lib.tally import Tally
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Intervention, Study

BATCH = 20_000  # events whose rows are held in memory at once

EVENT_FIELDS = tuple(AdverseEvent._meta.concrete_fields)
ASSESSMENT_FIELDS = (
    "study",
    "event",
    "intervention",
    "assessor",
    "causality",
    "causality_reported",
    "action_taken",
    "action_reported",
)
VERSION_FIELDS = (
    "study",
    "event",
    "version",
    "operation",
    "body",
    "reason",
    "actor",
    "actor_name",
    "role",
    "source",
    "recorded_at",
)
OUTBOX_FIELDS = ("study_id", "kind", "object_id", "version", "operation", "recorded_at", "numbered")


@action
def copy_simulated_events(
    *,
    study: Study,
    records: Iterable[EventRecord],
    release: Release,
    by: Actor,
    source: str,
    reason: str = "",
) -> Tally:
    """Store the events of a simulated study, numbered within each participant in the order in which they
    come.

    Records must name stored participants, interventions of the study and terms of the release. When the
    study has events already, nothing is stored: each record counts as unchanged, or as changed where it is
    not among them. Raises ValueError for a study that is not simulated.
    """
    if not study.simulated:
        raise ValueError(f"Study {study.code} is not simulated; import its events.")
    standing = _hashes(study)
    if standing:
        found = Counter(standing.get((r.participant, r.source_id)) == content_hash(r) for r in records)
        return Tally(unchanged=found[True], changed=found[False])
    context = Context(
        study=study,
        by=by,
        source=source,
        reason=reason,
        now=timezone.now(),
        interventions={item.name: item for item in Intervention.objects.filter(study=study)},
        terms=terms_of(release),
        people={},
        known={},
        words=lexicon((), ()),  # our own simulated texts name no arm
    )
    people = {p.subject: p for p in Participant.objects.filter(study=study).select_related("site")}
    numbers: dict[str, int] = {}
    stored = 0
    waiting = iter(records)
    while batch := list(itertools.islice(waiting, BATCH)):
        _copy(batch, context, people, numbers)
        stored += len(batch)
    return Tally(stored=stored)


def _copy(
    batch: list[EventRecord], context: Context, people: dict[str, Participant], numbers: dict[str, int]
) -> None:
    """Four COPYs for one batch; one model object is filled again and again, which is most of the speed."""
    study_id, now, by = context.study.id, context.now, context.by
    event = AdverseEvent(
        study=context.study, scale=context.study.severity_scale, state=EventState.SUBMITTED.value, version=1
    )
    events: list[list[Any]] = []
    assessments: list[tuple[Any, ...]] = []
    versions: list[tuple[Any, ...]] = []
    outbox: list[tuple[Any, ...]] = []
    created = Operation.CREATED.value
    for record in batch:
        numbers[record.participant] = numbers.get(record.participant, 0) + 1
        event.id = uuid.uuid4()
        event.participant = people[record.participant]
        event.number = numbers[record.participant]
        event.source_id = record.source_id
        fill(event, record, content_hash(record), context)
        judged = [
            Assessment(
                intervention=context.interventions[one.intervention],
                assessor=one.assessor,
                causality=one.causality,
                causality_reported=one.causality_reported,
                action_taken=one.action_taken,
                action_reported=one.action_reported,
            )
            for one in record.assessments
        ]
        events.append([getattr(event, field.attname) for field in EVENT_FIELDS])
        assessments += [
            (
                study_id,
                event.id,
                one.intervention_id,
                one.assessor,
                one.causality,
                one.causality_reported,
                one.action_taken,
                one.action_reported,
            )
            for one in judged
        ]
        body = Jsonb(body_of(event, judged))
        versions.append(
            (
                study_id,
                event.id,
                1,
                created,
                body,
                context.reason,
                by.id,
                by.name,
                by.role,
                context.source,
                now,
            )
        )
        outbox.append((study_id, KIND, event.id, 1, created, now, False))
    copy_rows(AdverseEvent, [field.name for field in EVENT_FIELDS], events)
    copy_rows(Assessment, ASSESSMENT_FIELDS, assessments)
    copy_rows(AdverseEventVersion, VERSION_FIELDS, versions)
    copy_rows(Outbox, OUTBOX_FIELDS, outbox)


def _hashes(study: Study) -> dict[tuple[str, str], str]:
    rows = AdverseEvent.objects.filter(study=study).values_list(
        "participant__subject", "source_id", "source_hash"
    )
    return {(subject, source_id): digest for subject, source_id, digest in rows.iterator(chunk_size=10_000)}
