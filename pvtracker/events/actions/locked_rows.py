"""A delivery that says something else about a locked event: the event stays as it is, the delivery is not lost."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pvtracker.events.actions.questions import DOMAIN, MESSAGE_LIMIT, query_row
from pvtracker.events.models import AdverseEvent, DataQuery, QueryState
from pvtracker.events.rules import Finding
from pvtracker.events.snapshots import Body, differences

RULE = "event-locked"


def ask_about_delivery(event: AdverseEvent, before: Body, delivered: Body, *, at: datetime) -> Counter[str]:
    """Open a query that says, field by field, what the file says otherwise; returns how many were opened, by rule.

    The same difference is not asked twice; another one takes the open query's place. Inside an action only.
    """
    changes = differences(before, delivered)
    if not changes:
        return Counter()
    said = "; ".join(
        f"{change.label}: {change.before or 'empty'} → {change.after or 'empty'}" for change in changes
    )
    message = f"A file says something else about this locked event. {said}"[:MESSAGE_LIMIT]
    standing = DataQuery.objects.filter(event=event, domain=DOMAIN, rule=RULE)
    if standing.exclude(state=QueryState.CLOSED).filter(message=message).exists():
        return Counter()
    if standing.filter(state=QueryState.OPEN).update(message=message):
        return Counter()
    remedy = "Have the lock opened and amend the event, or answer why it stays."
    query_row(event, Finding(RULE, "event", message, remedy, "query"), at=at).save(force_insert=True)
    return Counter({RULE: 1})
