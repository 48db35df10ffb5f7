"""Closed room: a screening that jobs do, with its progress; cancelling, resuming; the rows of a run as a file."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.audit.enums import AccessKind
from pvtracker.jobs import queries as job_queries
from pvtracker.jobs.actions import Refused
from pvtracker.signals import inference, orders, queries, storage
from pvtracker.signals.actions import orders as actions
from pvtracker.signals.actions.orders import OrderRefused
from pvtracker.signals.models import ScreeningOrder
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission

READ, RUN = Permission.READ_SIGNALS, Permission.RUN_SIGNALS
PARQUET = "application/vnd.apache.parquet"
PARQUET_HIDDEN = (
    "All rows as Parquet hold inferential output, which is hidden as you chose. Show it, then take them out."
)


@require_safe
def signal_order(request: HttpRequest, code: str, order_id: uuid.UUID) -> HttpResponse:
    """How far the screening is: its pieces, and the run when it is done. No result is shown here."""
    study = study_page(request, code, READ)
    order = _order(study, order_id)
    job = job_queries.find(order.job_id)
    standing = orders.standing_of(order, job)
    try:
        pieces = orders.pieces_with_states(order, job)
        problem = ""
    except Refused as refusal:
        pieces, problem = [], str(refusal)
    may_run = has_permission(request.user, RUN, study=study)
    context: dict[str, Any] = {
        "order": order,
        "job": job,
        "standing": standing,
        "facts": orders.facts(order),
        "departures": orders.departures_of(order),
        "pieces": pieces,
        "problem": problem or (job.error if job and standing == "failed" else ""),
        "done": sum(piece["state"] == "finished" for piece in pieces),
        "may_cancel": may_run and standing in ("queued", "running"),
        "may_resume": may_run and standing in ("cancelled", "failed"),
    }
    template = "signals/_order.html" if request.headers.get("HX-Request") else "signals/order.html"
    return render(request, template, context)


@require_POST
def signal_order_cancel(request: HttpRequest, code: str, order_id: uuid.UUID) -> HttpResponse:
    """Stop it; finished pieces stay."""
    return _changed(request, code, order_id, actions.cancel, "Cancelled. What was finished is kept.")


@require_POST
def signal_order_resume(request: HttpRequest, code: str, order_id: uuid.UUID) -> HttpResponse:
    """Go on from the finished pieces."""
    return _changed(request, code, order_id, actions.resume, "It goes on from what was finished.")


def _changed(
    request: HttpRequest, code: str, order_id: uuid.UUID, act: Callable[..., object], done: str
) -> HttpResponse:
    """The order's page again, with what was done or why not."""
    study = study_page(request, code, RUN)
    order = _order(study, order_id)
    try:
        act(order=order, by=actor_for(request.user, RUN, study))
        messages.success(request, done)
    except OrderRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("signal_order", study.code, order.id)


@require_safe
def signal_run_parquet(request: HttpRequest, code: str, run_id: uuid.UUID) -> HttpResponse:
    """The rows of a run as Parquet, as they were stored with it."""
    study = study_page(request, code, READ)
    run = queries.run_for(study, run_id)
    if not run.parquet_sha256:
        raise Http404("This run was made before its rows were kept as Parquet.")
    if not inference.is_shown(request):
        messages.error(request, PARQUET_HIDDEN)
        return redirect("signal_run", study.code, run.id)
    ask = look(
        request,
        study,
        READ,
        kind=AccessKind.EXPORT,
        object_kind="screening run",
        object_id=str(run.id),
        detail="all rows as Parquet",
    )
    if ask:
        return ask
    try:
        content = storage.read(run.id, storage.RESULTS, sha256=run.parquet_sha256)
    except storage.StorageError as fault:
        raise Http404(str(fault)) from fault
    name = f"{re.sub(r'[^A-Za-z0-9.-]+', '-', study.code)}_signals_{run.cut.date}_{run.sha256[:8]}.parquet"
    return HttpResponse(
        content,
        content_type=PARQUET,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _order(study: Study, order_id: uuid.UUID) -> ScreeningOrder:
    found = orders.orders_of(study).filter(id=order_id).first()
    if found is None:
        raise Http404("No such screening.")
    return found
