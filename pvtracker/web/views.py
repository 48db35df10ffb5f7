"""The shell of both rooms."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import has_system_permission, waiting_for_administrators
from pvtracker.accounts.roles import Permission
from pvtracker.jobs import queries as job_queries
from pvtracker.studies import queries
from pvtracker.studies.pages import of_page
from pvtracker.web import component_samples
from pvtracker.web.context import navigation


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The studies of the person who signed in; with one study only, straight to its first page for this person."""
    memberships = queries.memberships_of(request.user)
    rows = [(one, next((page.url for page in navigation(request, one.study)), "")) for one in memberships]
    ways = {way for _, way in rows}
    if len(ways) == 1 and "" not in ways and "all" not in request.GET:
        return redirect(ways.pop())
    context: dict[str, Any] = {"rows": rows}
    if isinstance(request.user, Account) and has_system_permission(request.user, Permission.MANAGE_ACCOUNTS):
        context |= {"queue": waiting_for_administrators(request.user), "administers": True}
    return render(request, "web/home.html", context)


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """The live page of the visual language."""
    return render(request, "web/components.html", {**component_samples.samples(), "term_search_url": ""})


@login_not_required
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """Who is signed in here, and for how many seconds if nothing is done. A POST is something done: "I stay"."""
    if not isinstance(request.user, Account):
        return JsonResponse({"signed_in": False}, status=401)
    return JsonResponse(
        {
            "signed_in": True,
            "account": str(request.user.id),
            "name": request.user.full_name,
            "seconds": getattr(request, "session_left", 0),
            "csrf": get_token(request),
        }
    )


@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when the process answers and reaches its database; says nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return JsonResponse({"status": "ok"})


@require_safe
def job(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Progress of one background job of a study that the person works in."""
    found = job_queries.find(job_id)
    if found is None or found.study_id is None:
        raise Http404
    study = of_page(request, queries.study_by_id(request.user, found.study_id))
    template = "web/_job.html" if request.headers.get("HX-Request") else "web/job.html"
    context = {
        "job": found,
        "title": job_queries.title(found),
        "next": job_queries.next_page(found, study.code),
    }
    return render(request, template, context)
