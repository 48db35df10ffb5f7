"""The reports of this room: the list, making one, reading it as a page and as PDF."""

from __future__ import annotations

import re
import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.audit.enums import AccessKind
from pvtracker.jobs.actions import enqueue
from pvtracker.reports import queries
from pvtracker.reports.actions import request_for
from pvtracker.reports.forms import MakeForm
from pvtracker.reports.models import ReportRecord
from pvtracker.reports.signing import manifestations_of
from pvtracker.reports.storage import StorageError
from pvtracker.studies.looking import look
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission

READ = Permission.READ_CLOSED_REPORTS if settings.ROOM == "closed" else Permission.READ_OPEN_REPORTS
SIGN = Permission.SIGN_CLOSED_REPORTS if settings.ROOM == "closed" else Permission.SIGN_OPEN_REPORTS
MAKE = Permission.MAKE_CLOSED_REPORTS if settings.ROOM == "closed" else Permission.MAKE_OPEN_REPORTS


@require_http_methods(["GET", "HEAD", "POST"])
def reports(request: HttpRequest, code: str) -> HttpResponse:
    """Every report of the study in this room, the newest first; POST queues the making of one."""
    study = study_page(request, code, MAKE if request.method == "POST" else READ)
    form = None
    if has_permission(request.user, MAKE, study=study):
        form = MakeForm(request.POST or None, study=study)
    if request.method == "POST" and form is not None and form.is_valid():
        chosen = {"analysis_arm": "", **form.cleaned_data}
        asked = request_for(
            study=study,
            audience=settings.ROOM,
            cut_id=uuid.UUID(str(chosen["cut"])),
            analysis_arm=chosen["analysis_arm"],
        )
        job = enqueue(
            task="reports.make",
            study_id=study.id,
            parameters=chosen,
            by=actor_for(request.user, MAKE, study),
            unique_key=asked.unique_key,
        )
        return redirect("job", job.id)
    context = {"reports": queries.reports_of(study), "form": form}
    return render(request, "reports/list.html", context, status=422 if request.method == "POST" else 200)


@require_safe
def report(request: HttpRequest, code: str, report_id: uuid.UUID) -> HttpResponse:
    """One report as a page: the content that the PDF prints."""
    study = study_page(request, code, READ)
    record = queries.report_for(study, report_id)
    ask = look(request, study, READ, object_kind="report", object_id=str(record.id), detail=named(record))
    if ask:
        return ask
    try:
        content = queries.content_of(record)
    except StorageError as fault:
        raise Http404(str(fault)) from fault
    context = {
        "record": record,
        "report": content,
        "signatures": manifestations_of(record),
        "may_sign": has_permission(request.user, SIGN, study=study),
    }
    return render(request, "reports/detail.html", context)


@require_safe
def report_pdf(request: HttpRequest, code: str, report_id: uuid.UUID) -> HttpResponse:
    """The PDF; its name says study, audience and cut-off date and nothing else."""
    study = study_page(request, code, READ)
    record = queries.report_for(study, report_id)
    ask = look(
        request,
        study,
        READ,
        kind=AccessKind.EXPORT,
        object_kind="report",
        object_id=str(record.id),
        detail=f"PDF, {named(record)}",
    )
    if ask:
        return ask
    try:
        content = queries.pdf_of(record)
    except StorageError as fault:
        raise Http404(str(fault)) from fault
    name = file_name(record)
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def file_name(record: ReportRecord, *more: str) -> str:
    """Study, audience and cut-off date, and nothing else."""
    parts = (re.sub(r"[^A-Za-z0-9.-]+", "-", record.study.code), record.audience, str(record.cut.date), *more)
    return "_".join(parts) + ".pdf"


def named(record: ReportRecord) -> str:
    """The report in a record of access: audience, cut-off date and, in the closed room, by which arm."""
    arm = f", by {record.analysis_arm} arm" if record.analysis_arm else ""
    return f"{record.audience} report of {record.cut.date}{arm}"
