"""Participants as one person may see them: those of the sites of the person's memberships, and no others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404

from pvtracker.accounts.roles import Permission
from pvtracker.participants.models import Disposition, Exposure, Measurement, Participant
from pvtracker.studies.models import Site, Study
from pvtracker.studies.queries import sites_for

# What the list may be sorted by: name in the address, column.
SORTS = {
    "code": "code",
    "site": "site__code",
    "events": "event_count",
    "serious": "serious_count",
    "queries": "query_count",
}
# Shown beside the events where a study measures them: CDISC test codes of the CD4 count and of HIV-1 RNA.
PREFERRED_ANALYTES = ("CD4", "HIVRNA")
# A result below the limit of detection, as reported: “<50”.
BELOW_LIMIT = r"^<\s*[0-9]+(\.[0-9]+)?$"


def participants_of(
    account: Any, study: Study, permission: Permission = Permission.READ_PARTICIPANTS
) -> QuerySet[Participant]:
    """The participants of the sites at which the person has the permission, with their site."""
    sites = sites_for(account, permission, study)
    return Participant.objects.filter(study=study, site__in=sites).select_related("site")


def participant_for(account: Any, study: Study, participant_id: uuid.UUID) -> Participant:
    """One participant, when the person may read it. Unknown and forbidden are the same answer: 404."""
    participant = participants_of(account, study).filter(pk=participant_id).first()
    if participant is None:
        raise Http404("No such participant.")
    participant.study = study
    return participant


def listing(participants: QuerySet[Participant], *, text: str, site: str, sort: str) -> QuerySet[Participant]:
    """The list page's rows: each with `event_count`, `serious_count`, `query_count` and `last_disposition`.

    Void events count nowhere. `sort` is a key of `SORTS`, with a leading ``-`` for the other direction.
    """
    events = _count("adverse_events", ~Q(adverse_events__state="voided"))
    serious = _count("adverse_events", ~Q(adverse_events__state="voided") & Q(adverse_events__serious=True))
    open_queries = _count("queries", Q(queries__state="open"))
    last = Disposition.objects.filter(participant=OuterRef("pk"), category="DISPOSITION EVENT")
    rows = participants.annotate(
        event_count=Coalesce(Subquery(events), 0),
        serious_count=Coalesce(Subquery(serious), 0),
        query_count=Coalesce(Subquery(open_queries), 0),
        last_disposition=Subquery(last.order_by("-start_latest", "-id").values("term")[:1]),
    )
    if text:
        rows = rows.filter(Q(code__icontains=text) | Q(subject__icontains=text))
    if site:
        rows = rows.filter(site__code=site)
    column = SORTS.get(sort.removeprefix("-"), "code")
    return rows.order_by(f"-{column}" if sort.startswith("-") else column, "code")


def _count(relation: str, condition: Q) -> QuerySet[Participant, Any]:
    """How many related rows meet the condition, as a subquery: joins of several relations would multiply."""
    return (
        Participant.objects.filter(condition, pk=OuterRef("pk"))
        .order_by()
        .values("pk")
        .annotate(n=Count(relation))
        .values("n")
    )


def status_of(participant: Participant, last_disposition: str | None) -> str:
    """Where the participant stands, in a few words; the disposition is as delivered by the study."""
    if participant.screen_failure:
        return "Screen failure"
    if participant.died:
        return "Died"
    if last_disposition:
        return last_disposition.capitalize()
    return "On study" if participant.started_on else "In screening"


def listed_status(row: Participant) -> str:
    """The status of a row of `listing`, without a query of its own."""
    return status_of(row, getattr(row, "last_disposition", None))


def disposition_of(participant: Participant) -> str | None:
    """The latest disposition event of one participant."""
    rows = Disposition.objects.filter(participant=participant, category="DISPOSITION EVENT")
    return rows.order_by("-start_latest", "-id").values_list("term", flat=True).first()


def sites_of(account: Any, study: Study) -> Sequence[Site]:
    """The sites whose participants the person may read."""
    return list(sites_for(account, Permission.READ_PARTICIPANTS, study))


def exposures_of(participant: Participant) -> list[Exposure]:
    """What was given, oldest first, with the intervention."""
    rows = Exposure.objects.filter(participant=participant).select_related("intervention")
    return list(rows.order_by("start_earliest", "id"))


def courses_of(participant: Participant, *, most: int = 2) -> dict[str, list[Measurement]]:
    """The measurements to show over time, by analyte: CD4 count and viral load, else what was measured most.

    A result below the limit of detection has no value; its text holds the limit, in the standard unit.
    """
    below_limit = Q(value__isnull=True, value_text__regex=BELOW_LIMIT, unit_text=F("unit"))
    measured = Measurement.objects.filter(
        Q(value__isnull=False) | below_limit,
        participant=participant,
        taken_on_earliest__isnull=False,
        not_done=False,
    )
    counts = dict(
        measured.order_by().values_list("analyte").annotate(n=Count("id")).values_list("analyte", "n")
    )
    chosen = [code for code in PREFERRED_ANALYTES if code in counts]
    if not chosen:
        chosen = sorted(counts, key=lambda code: (-counts[code], code))[:most]
    rows = measured.filter(analyte__in=chosen).order_by("taken_on_earliest", "id")
    courses: dict[str, list[Measurement]] = {code: [] for code in chosen}
    for row in rows:
        courses[row.analyte].append(row)
    return courses
