"""The feed page: is everything numbered, who reads, what went out last."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.feeds import queries
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import has_permission


@require_safe
def feed(request: HttpRequest, code: str) -> HttpResponse:
    study = study_page(request, code, Permission.READ_FEED_STATUS)
    may_manage = has_permission(request.user, Permission.MANAGE_MEMBERS, study=study)
    return render(request, "feeds/feed.html", {"status": queries.status(study), "may_manage": may_manage})
