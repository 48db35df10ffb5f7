"""Adverse events, their versions, queries and drafts, as one person may see them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.events.enums import EventState
from pvtracker.events.models import (
    AdverseEvent,
    AdverseEventVersion,
    Assessment,
    DataQuery,
    Decision,
    Draft,
    EventLock,
    QueryState,
    UnlockRequest,
)
from pvtracker.events.signing import signatures, with_signature
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Intervention, Membership, Site, Study
from pvtracker.studies.queries import sites_for
from pvtracker.studies.rules import running

WRITERS = [key for key, role in ROLES.items() if Permission.RECORD_EVENTS in role.permissions]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What the log is narrowed to; '' and 0 narrow nothing."""

    text: str = ""
    serious: str = ""  # yes, no
    grade: int = 0  # this grade and above
    site: str = ""
    queried: bool = False  # with an open query
    voided: bool = False  # void events too
    to_sign: bool = False  # not signed in the current version


def events_of(account: Any, study: Study) -> QuerySet[AdverseEvent]:
    """The events of the sites that the person may read, with participant, site, coded term and
    `query_count`.
    """
    sites = sites_for(account, Permission.READ_PARTICIPANTS, study)
    return with_query_count(AdverseEvent.objects.filter(study=study, participant__site__in=sites))


def events_of_participant(participant: Participant) -> QuerySet[AdverseEvent]:
    """The participant's events in the order of their numbers, void ones too."""
    return with_query_count(AdverseEvent.objects.filter(participant=participant)).order_by("number")


def with_query_count(events: QuerySet[AdverseEvent]) -> QuerySet[AdverseEvent]:
    """Each event with its number of open queries, `is_locked`, `is_signed`, `was_signed`, and what a list shows."""
    asked = (
        DataQuery.objects.filter(event=OuterRef("pk"), state=QueryState.OPEN)
        .order_by()
        .values("event")
        .annotate(n=Count("id"))
        .values("n")
    )
    shown = events.select_related("participant__site", "term")
    locks = EventLock.objects.filter(event=OuterRef("pk"), opened_at=None)
    counted = shown.annotate(query_count=Coalesce(Subquery(asked), 0), is_locked=Exists(locks))
    return with_signature(counted)


def narrowed(events: QuerySet[AdverseEvent], by: LogFilter) -> QuerySet[AdverseEvent]:
    """The events that meet the filter, newest onset first, unknown onsets last."""
    if not by.voided:
        events = events.exclude(state=EventState.VOIDED)
    if by.text:
        events = events.filter(
            Q(verbatim__icontains=by.text)
            | Q(term__preferred_term__icontains=by.text)
            | Q(term__high_level_term__icontains=by.text)
            | Q(term__high_level_group_term__icontains=by.text)
            | Q(term__system_organ_class__icontains=by.text)
            | Q(participant__code__icontains=by.text)
        )
    if by.serious:
        events = events.filter(serious=by.serious == "yes")
    if by.grade:
        events = events.filter(grade__gte=by.grade)
    if by.site:
        events = events.filter(participant__site__code=by.site)
    if by.to_sign:
        events = events.exclude(Exists(signatures(of_version=True))).exclude(state=EventState.VOIDED)
    if by.queried:
        asked = DataQuery.objects.filter(event=OuterRef("pk"), state=QueryState.OPEN)
        events = events.filter(Exists(asked))
    return events.order_by(F("onset_earliest").desc(nulls_last=True), "participant__code", "number")


def events_to_code(account: Any, study: Study) -> QuerySet[AdverseEvent]:
    """The events without a coded term that the person may code, the first recorded first; void ones are not coded."""
    sites = sites_for(account, Permission.CODE_EVENTS, study)
    events = with_query_count(AdverseEvent.objects.filter(study=study, participant__site__in=sites))
    return (
        events.filter(term=None)
        .exclude(state=EventState.VOIDED)
        .order_by("recorded_at", "participant__code", "number")
    )


def event_for(account: Any, study: Study, event_id: uuid.UUID) -> AdverseEvent:
    """One event, when the person may read it. Unknown and forbidden are the same answer: 404."""
    event = (
        events_of(account, study)
        .select_related("participant__site", "term__release")
        .filter(pk=event_id)
        .first()
    )
    if event is None:
        raise Http404("No such adverse event.")
    event.study = event.participant.study = study
    return event


def assessments_of(event: AdverseEvent) -> list[Assessment]:
    """Every judgement on the event, with its intervention."""
    return list(Assessment.objects.filter(event=event).select_related("intervention"))


def interventions_of(study: Study) -> list[Intervention]:
    """The study's interventions in the order of the protocol."""
    return list(Intervention.objects.filter(study=study).order_by("ordinal", "code"))


def versions_of(event: AdverseEvent) -> list[AdverseEventVersion]:
    """Every version, oldest first."""
    return list(AdverseEventVersion.objects.filter(event=event).order_by("version"))


def questions_on(event: AdverseEvent) -> list[DataQuery]:
    """The event's queries, open ones first."""
    order = {QueryState.OPEN: 0, QueryState.ANSWERED: 1, QueryState.CLOSED: 2}
    rows = DataQuery.objects.filter(event=event).order_by("opened_at", "rule")
    return sorted(rows, key=lambda query: order[QueryState(query.state)])


def questions_of(account: Any, study: Study) -> QuerySet[DataQuery]:
    """The data queries of the sites that the person may read, with participant and event."""
    sites = sites_for(account, Permission.READ_PARTICIPANTS, study)
    rows = DataQuery.objects.filter(study=study, participant__site__in=sites)
    return rows.select_related("participant__site").prefetch_related(
        Prefetch("event", AdverseEvent.objects.select_related("term"))
    )


def question_for(account: Any, study: Study, query_id: uuid.UUID) -> DataQuery:
    """One data query, when the person may read it; else 404."""
    query = questions_of(account, study).filter(pk=query_id).first()
    if query is None:
        raise Http404("No such query.")
    return query


def lock_on(event: AdverseEvent) -> EventLock | None:
    """The lock that stands on the event."""
    return EventLock.objects.filter(event=event, opened_at=None).first()


def locks_of(event: AdverseEvent) -> list[EventLock]:
    """Every lock of the event, the newest first, with what was asked and decided."""
    return list(
        EventLock.objects.filter(event=event).prefetch_related("requests").order_by("-locked_at", "id")
    )


def request_on(lock: EventLock | None) -> UnlockRequest | None:
    """The request that waits for a second person."""
    return lock.requests.filter(decision=Decision.WAITING).first() if lock else None


def requests_of(account: Any, study: Study) -> QuerySet[UnlockRequest]:
    """Every request to open a lock at the sites that the person may read, waiting ones first, then the newest."""
    sites = sites_for(account, Permission.READ_PARTICIPANTS, study)
    rows = UnlockRequest.objects.filter(study=study, lock__event__participant__site__in=sites)
    return rows.select_related("lock__event__participant").order_by(
        Case(When(decision=Decision.WAITING, then=0), default=1), "-requested_at"
    )


def draft_of(account: Any, participant: Participant, event: AdverseEvent | None) -> Draft | None:
    """What the person was typing for this participant and event."""
    if not isinstance(account, Account):
        return None
    own = Draft.objects.filter(account=account, participant=participant, event=event, handed_at=None)
    return own.first()


def drafts_left(account: Any, study: Study) -> QuerySet[Draft]:
    """Drafts of people who no longer record at the participant's site, at the sites of the person who asks; not those
    that somebody went on with.
    """
    today = timezone.localdate()
    sites = sites_for(account, Permission.HAND_OVER_DRAFTS, study)
    writing = Membership.objects.filter(
        running(today),
        Q(site=None) | Q(site=OuterRef("participant__site")),
        study=study,
        account=OuterRef("account"),
        role__in=WRITERS,
        starts_on__lte=today,
    )
    left = Draft.objects.filter(~Exists(writing) | Q(account__is_active=False), study=study, handed_at=None)
    return (
        left.filter(participant__site__in=sites)
        .select_related("account", "participant__site", "event")
        .order_by("saved_at", "id")
    )


def writers_at(study: Study, site: Site) -> QuerySet[Account]:
    """The active people who record events at a site today."""
    today = timezone.localdate()
    held = Membership.objects.filter(
        running(today), Q(site=None) | Q(site=site), study=study, role__in=WRITERS, starts_on__lte=today
    )
    return Account.objects.filter(is_active=True, id__in=held.values("account_id")).order_by(
        "full_name", "id"
    )


def is_recorded(submission_key: uuid.UUID) -> bool:
    """Whether a form with this key was submitted already."""
    return AdverseEvent.objects.filter(pk=submission_key).exists()
