"""Recording, amending, assessing and voiding an adverse event.

Each action writes, in one transaction: the current row, its assessments, a version that is never written
again, an outbox row for the feed, and the queries that the rules raise or settle.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, action
from pvtracker.audit.models import Operation
from pvtracker.coding.models import Term
from pvtracker.events.actions.errors import OTHERS_FORM, EventRefused, refusing_a_taken_key
from pvtracker.events.actions.held import note_attempts, settle
from pvtracker.events.actions.questions import ask, ask_about_deaths
from pvtracker.events.actions.reading import current_event, others_of, reason_given, usable_term
from pvtracker.events.actions.versions import lock_participant, write_version
from pvtracker.events.details import (
    EventDetails,
    Judgement,
    Known,
    facts_of,
    participant_facts,
    trio,
    with_delivered,
    without_stale_term,
)
from pvtracker.events.enums import Assessor, EventState
from pvtracker.events.holding import lexicon_of, questions, quiet, take_out
from pvtracker.events.models import AdverseEvent, Assessment, Draft
from pvtracker.events.rules import DUPLICATE, EventFacts, Finding, examine, refusals
from pvtracker.events.snapshots import body_of, content
from pvtracker.participants.models import Exposure, Participant
from pvtracker.studies.models import Intervention


@action
def record_event(
    *,
    participant: Participant,
    details: EventDetails,
    submission_key: uuid.UUID,
    by: Actor,
    source: str = "form",
    reason: str = "",
    separate: bool = False,
    account: Account | None = None,
) -> AdverseEvent:
    """Store a new event as version 1 and give it the participant's next number.

    `submission_key` becomes the event's id: sending the same key again returns the event stored first.
    `separate` says that the writer has seen the events that this one resembles and means another one.
    `account` is whose draft of a new event ends with it. Raises `EventRefused` with its findings when a rule
    refuses; findings that are questions are stored as data queries.
    """
    locked = lock_participant(participant)
    before = AdverseEvent.objects.filter(pk=submission_key).first()
    if before is not None:
        if before.participant_id != locked.id:
            raise EventRefused(OTHERS_FORM)
        return before
    interventions = _interventions(locked.study_id)
    known, last = others_of(locked)
    term = usable_term(details.term, study_id=locked.study_id)
    facts = _facts(
        locked,
        details,
        interventions=interventions,
        others=known,
        scale=locked.study.severity_scale,
        term=term,
    )
    findings = _not_refused(facts, separate=separate)
    now = timezone.now()
    event = AdverseEvent(
        id=submission_key,
        study=locked.study,
        participant=locked,
        number=last + 1,
        scale=locked.study.severity_scale,
        recorded_at=now,
    )
    _write_details(event, facts, term)
    words = lexicon_of(locked.study, interventions.values())
    assessments = _assessments(event, details.judgements, interventions)
    held = take_out(event, assessments, words, by=by, at=now)
    with refusing_a_taken_key():
        event.save(force_insert=True)
    assessments = Assessment.objects.bulk_create(assessments)
    fields = settle(event, held, by=by, at=now)
    note_attempts(study_id=event.study_id, fields=[(event.id, text.field) for text in held], by=by)
    write_version(event, assessments, Operation.CREATED, by=by, source=source, reason=reason, at=now)
    ask(event, [*quiet(findings, words), *questions(fields)], at=now)
    ask_about_deaths([locked], at=now)
    if account is not None:
        Draft.objects.filter(account=account, participant=locked, event=None, handed_at=None).delete()
    return event


@action
def amend_event(
    *,
    event: AdverseEvent,
    version: int,
    details: EventDetails,
    reason: str,
    by: Actor,
    source: str = "form",
    account: Account | None = None,
) -> AdverseEvent:
    """Replace what the event says by `details`, as a new version. The sponsor's opinions stay as they are.

    Other words than before are to be coded again: the term of the old words is not kept for them.

    `version` is the version that the writer read. Raises `VersionConflict` when it is no longer the current
    one, `EventRefused` when a rule refuses, the reason is missing, nothing was changed, or the event is void.
    """
    interventions = _interventions(event.study_id)
    words = lexicon_of(event.study, interventions.values())
    reason_given(reason, words)
    participant = lock_participant(event.participant)
    current = current_event(event, version=version)
    before = list(Assessment.objects.filter(event=current).select_related("intervention"))
    body_before = content(body_of(current, before))
    details = with_delivered(without_stale_term(current, details), current, before)
    known, _ = others_of(participant, apart_from=current.id)
    term = usable_term(details.term, study_id=current.study_id)
    facts = _facts(
        participant, details, interventions=interventions, others=known, scale=current.scale, term=term
    )
    findings = _not_refused(facts, separate=True)
    _write_details(current, facts, term)
    said = _assessments(current, details.judgements, interventions, standing=before)
    now = timezone.now()
    held = take_out(current, said, words, by=by, at=now)
    opinions = [a for a in before if a.assessor == Assessor.SPONSOR]
    body_after = content(body_of(current, [*said, *opinions]))
    if body_after == body_before and not held:
        raise EventRefused("Nothing was changed, so no new version was made.")
    current.version += 1
    current.save(force_update=True)
    _store(said)
    fields = settle(current, held, by=by, at=now)
    note_attempts(study_id=current.study_id, fields=[(current.id, text.field) for text in held], by=by)
    write_version(current, [*said, *opinions], Operation.AMENDED, by=by, source=source, reason=reason, at=now)
    ask(
        current,
        [*quiet(findings, words), *questions(fields)],
        at=now,
        changed={name for name in body_after if body_after[name] != body_before[name]},
    )
    ask_about_deaths([participant], at=now)
    if account is not None:
        Draft.objects.filter(account=account, event=current, handed_at=None).delete()
    return current


@action
def assess_as_sponsor(
    *,
    event: AdverseEvent,
    version: int,
    opinions: tuple[Judgement, ...],
    reason: str,
    by: Actor,
    source: str = "form",
) -> AdverseEvent:
    """Add or change the sponsor's own opinion on causality, beside the investigator's, which no one else
    changes.

    EU CTR 536/2014, Annex III: the sponsor does not downgrade the investigator's causality; both are
    reported.
    """
    reason_given(reason, lexicon_of(event.study))
    participant = lock_participant(event.participant)
    current = current_event(event, version=version)
    current.participant = participant
    interventions = _interventions(event.study_id)
    before = list(Assessment.objects.filter(event=current).select_related("intervention"))
    body_before = content(body_of(current, before))
    said = _assessments(current, opinions, interventions, standing=before, assessor=Assessor.SPONSOR)
    kept = [a for a in before if a.assessor == Assessor.INVESTIGATOR]
    if content(body_of(current, [*said, *kept])) == body_before:
        raise EventRefused("Nothing was changed, so no new version was made.")
    current.version += 1
    current.save(force_update=True, update_fields=["version"])
    _store(said)
    everything = [*said, *kept]
    write_version(
        current, everything, Operation.AMENDED, by=by, source=source, reason=reason, at=timezone.now()
    )
    return current


@action
def void_event(
    *, event: AdverseEvent, version: int, reason: str, by: Actor, source: str = "form"
) -> AdverseEvent:
    """Declare that the event should not have been recorded. It stays readable, counts nowhere, and cannot be
    amended.
    """
    reason_given(reason, lexicon_of(event.study))
    participant = lock_participant(event.participant)
    current = current_event(event, version=version)
    current.participant = participant
    assessments = list(Assessment.objects.filter(event=current).select_related("intervention"))
    current.state = EventState.VOIDED
    current.version += 1
    current.save(force_update=True, update_fields=["state", "version"])
    now = timezone.now()
    write_version(current, assessments, Operation.VOIDED, by=by, source=source, reason=reason, at=now)
    ask(current, [], at=now)
    ask_about_deaths([participant], at=now)
    return current


def _interventions(study_id: uuid.UUID) -> dict[uuid.UUID, Intervention]:
    return {i.id: i for i in Intervention.objects.filter(study_id=study_id).order_by("ordinal", "code")}


def _facts(
    participant: Participant,
    details: EventDetails,
    *,
    interventions: dict[uuid.UUID, Intervention],
    others: list[Known],
    scale: str,
    term: Term | None,
) -> EventFacts:
    exposures = Exposure.objects.filter(participant=participant).select_related("intervention")
    return facts_of(
        details,
        scale=scale,
        participant=participant_facts(
            participant, exposures, window_days=participant.study.emergent_window_days
        ),
        interventions=interventions.values(),
        others=others,
        term=term,
    )


def _not_refused(facts: EventFacts, *, separate: bool) -> list[Finding]:
    """The findings, when none refuses. A possible duplicate refuses until the writer says it is another
    event.
    """
    findings = examine(facts)
    refused = refusals(findings)
    if not separate:
        refused += [finding for finding in findings if finding.rule == DUPLICATE]
    if refused:
        raise EventRefused(" ".join(finding.sentence for finding in refused), tuple(refused))
    return findings


def _write_details(event: AdverseEvent, facts: EventFacts, term: Term | None) -> None:
    """Set the event's columns to what was said, in stored form."""
    event.verbatim = facts.verbatim
    event.term = term
    for name, day in (("onset", facts.onset), ("end", facts.end), ("aware_on", facts.aware_on)):
        for column, value in trio(name, day).items():
            setattr(event, column, value)
    event.ongoing = facts.ongoing
    event.grade = facts.grade
    event.severity_reported = facts.severity_reported
    event.serious = facts.serious
    event.criteria = sorted(facts.criteria)
    event.outcome = facts.outcome
    event.outcome_reported = facts.outcome_reported
    event.narrative = facts.narrative


def _assessments(
    event: AdverseEvent,
    judgements: Iterable[Judgement],
    interventions: dict[uuid.UUID, Intervention],
    *,
    standing: Iterable[Assessment] = (),
    assessor: Assessor = Assessor.INVESTIGATOR,
) -> list[Assessment]:
    """The assessor's judgements as rows: those that stand with what is said now, and new ones where something
    is said.
    """
    rows = {a.intervention_id: a for a in standing if a.assessor == assessor}
    for judgement in judgements:
        intervention = interventions.get(judgement.intervention)
        if intervention is None:
            raise EventRefused("One of the interventions does not belong to this study. Open the form again.")
        row = rows.get(intervention.id)
        if row is None:
            if not (judgement.causality or judgement.action_taken):
                continue
            row = Assessment(
                study_id=event.study_id, event=event, intervention=intervention, assessor=assessor
            )
            rows[intervention.id] = row
        if row.causality != judgement.causality:
            row.causality_reported = ""  # as delivered belonged to the judgement that is replaced
        if row.action_taken != judgement.action_taken:
            row.action_reported = ""
        row.causality, row.action_taken = judgement.causality, judgement.action_taken
    return list(rows.values())


def _store(assessments: list[Assessment]) -> None:
    """Insert new judgements and update standing ones, in one statement each."""
    fields = ["causality", "causality_reported", "action_taken", "action_reported"]
    Assessment.objects.bulk_create([a for a in assessments if a._state.adding])
    Assessment.objects.bulk_update([a for a in assessments if not a._state.adding], fields)
