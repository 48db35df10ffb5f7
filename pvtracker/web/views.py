"""The shell of both rooms."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from pvtracker.jobs import queries as job_queries
from pvtracker.studies import queries
from pvtracker.web import component_samples


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "web/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    http_method_names = ["post", "options"]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The studies of the person who signed in; with one study only, straight to it."""
    memberships = queries.memberships_of(request.user)
    codes = {membership.study.code for membership in memberships}
    if len(codes) == 1 and "all" not in request.GET:
        return redirect("participants" if settings.ROOM == "open" else "signals", codes.pop())
    return render(request, "web/home.html", {"memberships": memberships})


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """The live page of the visual language."""
    return render(request, "web/components.html", {**component_samples.samples(), "term_search_url": ""})


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
    study = queries.study_by_id(request.user, found.study_id)
    if study is None:
        raise Http404
    request.study = study  # type: ignore[attr-defined]  # read by web.context.room
    template = "web/_job.html" if request.headers.get("HX-Request") else "web/job.html"
    context = {
        "job": found,
        "title": job_queries.title(found),
        "next": job_queries.next_page(found, study.code),
    }
    return render(request, template, context)
