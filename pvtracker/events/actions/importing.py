"""Adverse events from a file: everything that can be read is stored, and what the rules find becomes queries.

A row is known by its participant and `source_id`, its content by a hash. The same row again changes
nothing; other content is a new version. Each event, its version, its queries and its outbox row are written
in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from pvtracker.audit.bulk import copy_objects
from pvtracker.audit.context import Actor, action
from pvtracker.audit.models import Operation, Outbox
from pvtracker.coding.models import Release
from pvtracker.events.actions.delivered_terms import term_path
from pvtracker.events.actions.fitting import fitted, sequence_of
from pvtracker.events.actions.held import note_attempts, settle
from pvtracker.events.actions.import_context import Context, Standing, Written, context_of
from pvtracker.events.actions.locked_rows import ask_about_delivery
from pvtracker.events.actions.questions import ask, ask_about_deaths, query_row
from pvtracker.events.actions.versions import outbox_row, version_row
from pvtracker.events.details import (
    EventDetails,
    Judgement,
    facts_of,
    known_of,
    trio,
)
from pvtracker.events.enums import Assessor, EventState
from pvtracker.events.holding import questions, quiet, take_out
from pvtracker.events.models import (
    AdverseEvent,
    AdverseEventVersion,
    Assessment,
    DataQuery,
    HeldText,
    QueryState,
)
from pvtracker.events.rules import Finding, examine, read_date
from pvtracker.events.snapshots import body_of
from pvtracker.events.text import many_lines, one_line, without_control_characters
from pvtracker.formats.records import AssessmentRecord, EventRecord
from pvtracker.lib.content_hash import content_hash
from pvtracker.lib.tally import RefusedRow, Tally
from pvtracker.participants.actions import unknown_participant
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Study

CLOSED_TO_IMPORT = {
    EventState.VOIDED: "This event was voided here; another content for it is not taken from a file.",
    EventState.LOCKED: "This event is locked here; another content for it is not taken from a file.",
}
JUDGED = ("causality", "causality_reported", "action_taken", "action_reported")


@action
def import_events(
    *,
    study: Study,
    records: Iterable[EventRecord],
    release: Release | None,
    by: Actor,
    source: str,
    reason: str,
) -> Tally:
    """Store adverse events; new ones are numbered within their participant by the order of their source ids.

    `release` holds the coded terms of the records; an event whose term is not in it stays uncoded, and a
    query says so. `reason` stands in the history of events that say something else than before. An event
    that a person corrected here keeps the correction for as long as the file says what it said; a voided or
    locked one is never touched.
    """
    in_order = sorted(records, key=lambda record: (record.participant, sequence_of(record.source_id)))
    context = context_of(study, in_order, release, by=by, source=source, reason=reason)
    written = Written()
    for record in in_order:
        _take(record, context, written)
    for model in (AdverseEvent, Assessment, AdverseEventVersion, DataQuery, Outbox, HeldText):
        if written.rows[model]:
            copy_objects(model, written.rows[model])
    died = list(Participant.objects.filter(study=study, died=True))
    written.queries.update(ask_about_deaths(died, at=context.now))
    note_attempts(study_id=study.id, fields=written.held, by=by)
    return Tally(
        stored=written.stored,
        changed=written.changed,
        unchanged=written.unchanged,
        refused=tuple(sorted(written.refused, key=lambda row: row.row)),
        queries=dict(sorted(written.queries.items())),
    )


def _take(record: EventRecord, context: Context, written: Written) -> None:
    """Decide what becomes of one row."""
    standing = context.people.get(record.participant)
    if standing is None:
        written.refused.append(unknown_participant(record.row))
        return
    refusal = _refusal(record, context)
    if refusal is not None:
        written.refused.append(refusal)
        return
    digest = content_hash(record)
    record = fitted(record)
    before = context.known.get((standing.participant.id, record.source_id))
    if before is None:
        _record(record, standing, digest, context, written)
        written.stored += 1
    elif before[1] == digest:
        written.unchanged += 1
    elif before[2] in CLOSED_TO_IMPORT:
        message = CLOSED_TO_IMPORT[EventState(before[2])]
        written.refused.append(RefusedRow(row=record.row, rule=f"event-{before[2]}", message=message))
        if before[2] == EventState.LOCKED:
            _ask_of_locked(before[0], record, standing, digest, context, written)
    else:
        _amend(before[0], record, standing, digest, context, written)
        written.changed += 1


def _record(record: EventRecord, standing: Standing, digest: str, context: Context, written: Written) -> None:
    standing.last_number += 1
    event = AdverseEvent(
        study=context.study,
        participant=standing.participant,
        number=standing.last_number,
        scale=context.study.severity_scale,
        state=EventState.SUBMITTED.value,
        version=1,
        source_id=record.source_id,
    )
    fill(event, record, digest, context)
    assessments = [_assessment(event, judged, context) for judged in record.assessments]
    findings = quiet(_findings(event, record, standing, context), context.words)
    held = take_out(event, assessments, context.words, by=context.by, at=context.now)
    written.rows[HeldText] += held
    written.held += [(event.id, text.field) for text in held]
    findings += questions(text.field for text in held)
    standing.events.append(known_of(event))
    written.rows[AdverseEvent].append(event)
    written.rows[Assessment] += assessments
    _leave_version(event, assessments, Operation.CREATED, context, written)
    written.rows[DataQuery] += [query_row(event, finding, at=context.now) for finding in findings]
    written.queries.update(finding.rule for finding in findings)


def _amend(
    event_id: uuid.UUID,
    record: EventRecord,
    standing: Standing,
    digest: str,
    context: Context,
    written: Written,
) -> None:
    """Write the new content as the next version; queries whose ground is gone are closed, new ones opened."""
    event = AdverseEvent.objects.select_for_update().get(id=event_id)
    event.study, event.participant = context.study, standing.participant
    fill(event, record, digest, context)
    event.version += 1
    said = {(judged.intervention, judged.assessor): judged for judged in record.assessments}
    for kept in Assessment.objects.filter(event=event, assessor=Assessor.INVESTIGATOR).select_related(
        "intervention"
    ):
        if (kept.intervention.name, kept.assessor) not in said:
            kept.causality = kept.causality_reported = kept.action_taken = kept.action_reported = ""
            kept.save(update_fields=[*JUDGED])
    for judged in said.values():
        Assessment.objects.update_or_create(
            event=event,
            intervention=context.interventions[judged.intervention],
            assessor=judged.assessor,
            defaults={"study": context.study} | {name: getattr(judged, name) for name in JUDGED},
        )
    assessments = list(Assessment.objects.filter(event=event).select_related("intervention"))
    findings = quiet(_findings(event, record, standing, context), context.words)
    held = take_out(event, assessments, context.words, by=context.by, at=context.now)
    event.save()
    Assessment.objects.bulk_update(assessments, [*JUDGED])
    findings += questions(settle(event, held, by=context.by, at=context.now))
    written.held += [(event.id, text.field) for text in held]
    standing.events = [known for known in standing.events if known.number != event.number] + [known_of(event)]
    _leave_version(event, assessments, Operation.AMENDED, context, written)
    asked = DataQuery.objects.filter(event=event).exclude(state=QueryState.CLOSED)
    standing_queries = set(asked.values_list("rule", "field"))
    ask(event, findings, at=context.now)
    written.queries.update(f.rule for f in findings if (f.rule, f.field) not in standing_queries)


def _ask_of_locked(
    event_id: uuid.UUID,
    record: EventRecord,
    standing: Standing,
    digest: str,
    context: Context,
    written: Written,
) -> None:
    """Nothing of a locked event is changed; what the file says otherwise is kept as a query."""
    event = AdverseEvent.objects.select_related("term__release").get(id=event_id)
    event.study, event.participant = context.study, standing.participant
    stored = list(Assessment.objects.filter(event=event).select_related("intervention"))
    before = body_of(event, stored)
    fill(event, record, digest, context)
    delivered = [_assessment(event, judged, context) for judged in record.assessments]
    opinions = [a for a in stored if a.assessor != Assessor.INVESTIGATOR]
    written.queries.update(
        ask_about_delivery(event, before, body_of(event, [*delivered, *opinions]), at=context.now)
    )


def fill(event: AdverseEvent, record: EventRecord, digest: str, context: Context) -> None:
    """Set what the row says. Control characters are left out; a query tells of them."""
    event.verbatim = without_control_characters(one_line(record.verbatim))
    event.term = context.terms.get(term_path(record).key)
    for name, text in (("onset", record.onset), ("end", record.end), ("aware_on", record.aware_on)):
        for column, value in trio(name, read_date(text)).items():
            setattr(event, column, value)
    event.ongoing = record.ongoing
    event.phase = record.phase
    event.grade = record.grade
    event.severity_reported = record.severity_reported
    event.serious = record.serious
    event.criteria = sorted(record.criteria)
    event.outcome = record.outcome
    event.outcome_reported = record.outcome_reported
    event.narrative = without_control_characters(many_lines(record.narrative), lines=True)
    event.source_hash = digest
    event.recorded_at = context.now


def _assessment(event: AdverseEvent, judged: AssessmentRecord, context: Context) -> Assessment:
    return Assessment(
        study=context.study,
        event=event,
        intervention=context.interventions[judged.intervention],
        assessor=judged.assessor,
        **{name: getattr(judged, name) for name in JUDGED},
    )


def _leave_version(
    event: AdverseEvent,
    assessments: Sequence[Assessment],
    operation: Operation,
    context: Context,
    written: Written,
) -> None:
    version = version_row(
        event,
        assessments,
        operation,
        by=context.by,
        source=context.source,
        reason=context.reason,
        at=context.now,
    )
    written.rows[AdverseEventVersion].append(version)
    written.rows[Outbox].append(outbox_row(event, operation, at=context.now))


def _findings(
    event: AdverseEvent, record: EventRecord, standing: Standing, context: Context
) -> list[Finding]:
    """What the reader and the rules find in the row; only events with a lower number count as its doubles."""
    details = EventDetails(
        verbatim=record.verbatim,
        term=event.term_id,
        onset=record.onset,
        end=record.end,
        ongoing=record.ongoing,
        aware_on=record.aware_on,
        grade=record.grade,
        severity_reported=record.severity_reported,
        serious=record.serious,
        criteria=frozenset(record.criteria),
        outcome=record.outcome,
        outcome_reported=record.outcome_reported,
        narrative=record.narrative,
        judgements=tuple(
            Judgement(
                context.interventions[judged.intervention].id,
                **{name: getattr(judged, name) for name in JUDGED},
            )
            for judged in record.assessments
            if judged.assessor == Assessor.INVESTIGATOR
        ),
    )
    problems = [Finding(p.rule, p.field, p.message, "", "query") for p in record.problems]
    asked = {(problem.rule, problem.field) for problem in problems}
    doubtful = {f"{problem.field}-given" for problem in problems}  # what was delivered badly is not missing
    found = examine(
        facts_of(
            details,
            scale=event.scale,
            participant=standing.facts,
            interventions=context.interventions.values(),
            others=(known for known in standing.events if known.number < event.number),
            term=event.term,
        )
    )
    findings = problems + [f for f in found if f.rule not in doubtful and (f.rule, f.field) not in asked]
    if record.preferred_term and event.term is None:
        message = "The coded term that was delivered is not in the study's dictionary release."
        findings.append(Finding("term-not-in-release", "term", message, "Code the event here.", "query"))
    return findings


def _refusal(record: EventRecord, context: Context) -> RefusedRow | None:
    if not without_control_characters(one_line(record.verbatim)):
        return RefusedRow(row=record.row, rule="missing", message="The description of the event is empty.")
    if any(judged.intervention not in context.interventions for judged in record.assessments):
        message = "A judgement names an intervention that is not one of the study's."
        return RefusedRow(row=record.row, rule="unknown-intervention", message=message)
    return None
