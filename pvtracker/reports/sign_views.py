"""Signing a report, and its signature sheet."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.page import signing_page
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.enums import AccessKind
from pvtracker.reports import queries
from pvtracker.reports.actions import sign_report
from pvtracker.reports.pdf import RenderError, render_pdf
from pvtracker.reports.signing import manifestations_of, sheet_of, subject_of
from pvtracker.reports.views import READ, SIGN, file_name, named
from pvtracker.studies.looking import look
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for


@require_http_methods(["GET", "HEAD", "POST"])
def report_sign(request: HttpRequest, code: str, report_id: uuid.UUID) -> HttpResponse:
    """The hashes that are signed, and below them the form."""
    study = study_page(request, code, SIGN)
    record = queries.report_for(study, report_id)
    by = actor_for(request.user, SIGN, study)

    def context(subject: Subject) -> dict[str, Any]:
        return {"record": record}

    def sign(shown: str, meaning: str, proof: Proof) -> Signature:
        return sign_report(record=record, shown=shown, meaning=meaning, proof=proof, by=by)

    return signing_page(
        request,
        load=lambda: subject_of(record),
        sign=sign,
        by=by,
        template="reports/sign.html",
        context=context,
        done=reverse("report", args=[study.code, record.id]),
    )


@require_safe
def report_signatures(request: HttpRequest, code: str, report_id: uuid.UUID) -> HttpResponse:
    """The signature sheet as PDF, made now from the signatures as they stand now."""
    study = study_page(request, code, READ)
    record = queries.report_for(study, report_id)
    ask = look(
        request,
        study,
        READ,
        kind=AccessKind.EXPORT,
        object_kind="report",
        object_id=str(record.id),
        detail=f"signature sheet, {named(record)}",
    )
    if ask:
        return ask
    try:
        sheet = render_pdf(sheet_of(record, manifestations_of(record), simulated=study.simulated))
    except RenderError as fault:
        raise Http404(str(fault)) from fault
    name = file_name(record, "signatures")
    return HttpResponse(
        sheet,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
