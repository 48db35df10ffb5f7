"""Data queries: raised and settled by the rules, answered by people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from pvtracker.audit.context import Actor, action
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.enums import EventState, Outcome
from pvtracker.events.holding import QUIET, REASON_REFUSED, RULE, lexicon_of
from pvtracker.events.models import AdverseEvent, DataQuery, QueryState
from pvtracker.events.rules import Finding
from pvtracker.events.text import one_line
from pvtracker.formats.records import ParticipantRecord, Problem
from pvtracker.lib.arm_words import Lexicon
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Study

DOMAIN = "AE"
PARTICIPANTS = "DM"
DEATHS = "DD"
DEATH_RULE = "death-needs-fatal-event"
# Questions about a value as it was delivered: they stay until that field is changed, or answered.
DELIVERED = frozenset(
    {
        "criterion-understood",
        "date-readable",
        "event-locked",
        "sequence-given",
        "sequence-once",
        "serious-understood",
        "term-not-in-release",
        "text-characters",
        "too-long",
        "verbatim-given",
        "verbatim-length",
    }
)
ANSWER_LIMIT = 500
MESSAGE_LIMIT = 500


def query_row(event: AdverseEvent, finding: Finding, *, at: datetime) -> DataQuery:
    """One finding as an open query, not yet saved; an import saves many at once."""
    return DataQuery(
        study_id=event.study_id,
        participant_id=event.participant_id,
        event=event,
        domain=DOMAIN,
        source_id=event.source_id,
        rule=finding.rule,
        field=finding.field,
        message=finding.sentence[:MESSAGE_LIMIT],
        opened_at=at,
    )


def ask(
    event: AdverseEvent,
    findings: Iterable[Finding],
    *,
    at: datetime,
    changed: Collection[str] | None = None,
) -> None:
    """Make the event's queries agree with the findings: new ones are opened, those whose cause is gone are
    closed.

    A query that was answered stays answered while its cause remains: the rule does not ask the same thing
    twice. `changed` names the fields that a person changed: what is asked about the delivered value of another
    one stays. None: everything was said anew. Inside an action only; version 1 has no earlier queries, so it
    costs one query.
    """
    found = {(finding.rule, finding.field): finding for finding in findings}
    standing: list[DataQuery] = []
    if event.version > 1:
        standing = list(DataQuery.objects.filter(event=event, domain=DOMAIN).exclude(state=QueryState.CLOSED))
    gone = [
        query.id
        for query in standing
        if (query.rule, query.field) not in found
        and (changed is None or query.rule not in DELIVERED or query.field in changed)
    ]
    if gone:
        DataQuery.objects.filter(id__in=gone).update(state=QueryState.CLOSED, closed_at=at)
    known = {(query.rule, query.field): query for query in standing}
    DataQuery.objects.bulk_create(
        [query_row(event, f, at=at) for key, f in found.items() if key not in known]
    )
    reworded = []
    for key, query in known.items():
        sentence = found[key].sentence[:MESSAGE_LIMIT] if key in found else query.message
        if query.state == QueryState.OPEN and sentence != query.message:
            query.message = sentence
            reworded.append(query)
    if reworded:
        DataQuery.objects.bulk_update(reworded, ["message"])


def ask_about_term(
    event: AdverseEvent, before: Iterable[Finding], after: Iterable[Finding], *, at: datetime
) -> None:
    """Open what only the new term makes the rules ask, close what only the old one did, leave everything else alone.

    A delivered term that no dictionary had is answered by the new one. Inside an action only.
    """
    was = {(finding.rule, finding.field) for finding in before} | {("term-not-in-release", "term")}
    found = {(finding.rule, finding.field): finding for finding in after}
    standing = DataQuery.objects.filter(event=event, domain=DOMAIN).exclude(state=QueryState.CLOSED)
    known = {(query.rule, query.field): query.id for query in standing}
    gone = [query_id for key, query_id in known.items() if key in was and key not in found]
    DataQuery.objects.filter(id__in=gone).update(state=QueryState.CLOSED, closed_at=at)
    DataQuery.objects.bulk_create(
        [query_row(event, f, at=at) for key, f in found.items() if key not in was and key not in known]
    )


def ask_about_deaths(people: Iterable[Participant], *, at: datetime) -> Counter[str]:
    """Ask where a participant is recorded as dead and no event is fatal (CORE FB0609), and no longer when one is.

    Returns what was opened, by rule. Inside an action only; costs nothing for the living.
    """
    dead = {person.id: person for person in people if person.died}
    if not dead:
        return Counter()
    fatal = AdverseEvent.objects.filter(participant__in=dead, outcome=Outcome.FATAL)
    explained = set(fatal.exclude(state=EventState.VOIDED).values_list("participant_id", flat=True))
    standing = DataQuery.objects.filter(participant__in=dead, domain=DEATHS).exclude(state=QueryState.CLOSED)
    asked = set(standing.values_list("participant_id", flat=True))
    standing.filter(participant__in=explained).update(state=QueryState.CLOSED, closed_at=at)
    new = [
        DataQuery(
            study_id=person.study_id,
            participant=person,
            domain=DEATHS,
            rule=DEATH_RULE,
            field="died",
            message="The participant is recorded as dead, but no adverse event is fatal. Record the event that "
            "caused the death, or correct its outcome.",
            opened_at=at,
        )
        for person in dead.values()
        if person.id not in explained | asked
    ]
    DataQuery.objects.bulk_create(new)
    return Counter(query.rule for query in new)


@action
def ask_about_participants(
    *,
    study: Study,
    records: Iterable[ParticipantRecord] | Mapping[str, Sequence[Problem]],
    by: Actor,
    source: str = "form",
    reason: str = "",
    domain: str = PARTICIPANTS,
    fields: Collection[str] | None = None,
) -> Counter[str]:
    """Make the queries about delivered participants agree with their problems, which a `domain` of the delivery tells;
    returns how many were opened, by rule. `records`: rows of DM, or problems by subject.

    A query that stands open or answered is not asked again while its cause remains. `fields`: those that were
    delivered, a query about another one stays as it is; None: all of them. Participants that are not stored have none.
    """
    words = lexicon_of(study)
    told: dict[str, Sequence[Problem]] = (
        dict(records)
        if isinstance(records, Mapping)
        else {record.participant: record.problems for record in records}
    )
    people = dict(Participant.objects.filter(study=study, subject__in=told).values_list("subject", "id"))
    standing = {
        (query.participant_id, query.rule, query.field): query
        for query in DataQuery.objects.filter(study=study, domain=domain, participant__in=people.values())
        .exclude(state=QueryState.CLOSED)
        .exclude(rule=RULE)  # about a text that is held: it ends with its release
    }
    if fields is not None:
        standing = {key: query for key, query in standing.items() if query.field in fields}
    found = {
        (people[subject], problem.rule, problem.field): problem
        for subject, problems in told.items()
        for problem in problems
        if subject in people
    }
    now = timezone.now()
    gone = [query.id for key, query in standing.items() if key not in found]
    if gone:
        DataQuery.objects.filter(id__in=gone).update(state=QueryState.CLOSED, closed_at=now)
    new = [
        DataQuery(
            study=study,
            participant_id=key[0],
            domain=domain,
            rule=problem.rule,
            field=problem.field,
            message=_said(problem, words),
            opened_at=now,
        )
        for key, problem in found.items()
        if key not in standing
    ]
    DataQuery.objects.bulk_create(new)
    for key, query in standing.items():
        message = _said(found[key], words) if key in found else query.message
        if query.state == QueryState.OPEN and query.message != message:
            query.message = message
            query.save(update_fields=["message"])
    return Counter(query.rule for query in new)


def _said(problem: Problem, words: Lexicon) -> str:
    """What is asked, without a quotation that may tell an arm."""
    return QUIET if words.found(problem.message) else problem.message[:MESSAGE_LIMIT]


@action
def answer_query(*, query: DataQuery, answer: str, by: Actor, source: str = "form") -> DataQuery:
    """Answer an open query: the value stands as it is, and why. Raises `EventRefused` without an answer or
    when closed.
    """
    text = one_line(answer)
    if not text:
        raise EventRefused("The answer is empty. Say why the value is right, or correct the event instead.")
    if len(text) > ANSWER_LIMIT:
        raise EventRefused(f"The answer has {len(text)} characters; at most {ANSWER_LIMIT} fit.")
    if found := lexicon_of(query.study).found(text):
        raise EventRefused(REASON_REFUSED.format(words=", ".join(found)))
    current = DataQuery.objects.select_for_update(of=("self",)).get(pk=query.pk)
    if current.state != QueryState.OPEN:
        raise EventRefused(
            f"The query is {current.get_state_display().lower()} already; nothing was changed."
        )
    current.state = QueryState.ANSWERED
    current.answer = text
    current.save(update_fields=["state", "answer"])
    return current
