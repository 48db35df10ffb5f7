"""The feed page: is everything numbered, who reads, what went out last."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.feeds import queries
from pvtracker.studies.queries import has_permission, study_for


@require_safe
def feed(request: HttpRequest, code: str) -> HttpResponse:
    study = study_for(request.user, code, Permission.READ_FEED_STATUS)
    request.study = study  # type: ignore[attr-defined]  # read by web.context.room
    may_manage = has_permission(request.user, Permission.MANAGE_MEMBERS, study=study)
    return render(request, "feeds/feed.html", {"status": queries.status(study), "may_manage": may_manage})
