"""Data queries: raised and settled by the rules, answered by people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pvtracker.audit.context import Actor, action
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.models import AdverseEvent, DataQuery, QueryState
from pvtracker.events.rules import Finding
from pvtracker.events.text import one_line

DOMAIN = "AE"
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


def ask(event: AdverseEvent, findings: Iterable[Finding], *, at: datetime) -> None:
    """Make the event's queries agree with the findings: new ones are opened, those whose cause is gone are
    closed.

    A query that was answered stays answered while its cause remains: the rule does not ask the same thing
    twice. Inside an action only; version 1 has no earlier queries, so it costs one query.
    """
    found = {(finding.rule, finding.field): finding for finding in findings}
    standing: list[DataQuery] = []
    if event.version > 1:
        standing = list(DataQuery.objects.filter(event=event, domain=DOMAIN).exclude(state=QueryState.CLOSED))
    gone = [query.id for query in standing if (query.rule, query.field) not in found]
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
    current = DataQuery.objects.select_for_update(of=("self",)).get(pk=query.pk)
    if current.state != QueryState.OPEN:
        raise EventRefused(
            f"The query is {current.get_state_display().lower()} already; nothing was changed."
        )
    current.state = QueryState.ANSWERED
    current.answer = text
    current.save(update_fields=["state", "answer"])
    return current
