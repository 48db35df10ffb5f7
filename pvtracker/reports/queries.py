"""Reading the reports of this room."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404

from pvtracker.cuts import queries as cut_queries
from pvtracker.cuts.models import Cut, CutState
from pvtracker.reports import storage
from pvtracker.reports.blocks import Report
from pvtracker.reports.frozen import from_json
from pvtracker.reports.models import ReportRecord
from pvtracker.studies.models import Study


def usable_cuts(study: Study) -> QuerySet[Cut]:
    """The cuts of which a report can be made in this room, the latest first: in the closed room those with arms."""
    if settings.ROOM == "closed":
        from pvtracker.cuts.closed import joined_cuts  # exists in the closed room only

        return joined_cuts(study)
    return cut_queries.cuts_of(study).filter(state=CutState.READY)


def reports_of(study: Study) -> QuerySet[ReportRecord]:
    """The reports of a study that were made in this room, the newest first."""
    return (
        ReportRecord.objects.filter(study=study, audience=settings.ROOM)
        .select_related("cut", "study")
        .order_by("-made_at", "-id")
    )


def report_for(study: Study, report_id: uuid.UUID) -> ReportRecord:
    """One report of a study; Http404 when there is none in this room."""
    record = reports_of(study).filter(id=report_id).first()
    if record is None:
        raise Http404("No such report.")
    return record


def content_of(record: ReportRecord) -> Report:
    """The report as it was frozen; StorageError when its file is missing or altered."""
    return from_json(storage.read(record.id, storage.CONTENT, sha256=record.content_sha256))


def pdf_of(record: ReportRecord) -> bytes:
    """The PDF as it was made; StorageError when its file is missing or altered."""
    return storage.read(record.id, storage.PDF, sha256=record.pdf_sha256)
