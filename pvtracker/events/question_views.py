"""Data queries: the list, and the answer."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.events import queries
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.actions.questions import answer_query
from pvtracker.events.models import QueryState
from pvtracker.events.views import open_study
from pvtracker.participants.queries import sites_of
from pvtracker.studies.queries import actor_for, has_permission, sites_for

PER_PAGE = 50

# A total order by what is asked: ids are random, and would make every installation's page another one.
ORDER = (
    "participant__code",
    "opened_at",
    F("event__number").asc(nulls_first=True),
    "source_id",
    "rule",
    "field",
    "id",
)


@require_safe
def data_queries(request: HttpRequest, code: str) -> HttpResponse:
    """What the rules ask about stored values, at the person's sites."""
    study = open_study(request, code)
    state = request.GET.get("state", QueryState.OPEN)
    state = state if state in [*QueryState.values, "all"] else QueryState.OPEN
    rule, site = request.GET.get("rule", "").replace("\0", ""), request.GET.get("site", "").replace("\0", "")
    everything = queries.questions_of(request.user, study)
    rules = list(everything.order_by("rule").values_list("rule", flat=True).distinct())
    found = everything if state == "all" else everything.filter(state=state)
    if rule:
        found = found.filter(rule=rule)
    if site:
        found = found.filter(participant__site__code=site)
    recording = set(
        sites_for(request.user, Permission.RECORD_EVENTS, study).values_list("id", flat=True)
        if has_permission(request.user, Permission.RECORD_EVENTS, study=study)
        else []
    )
    page = Paginator(found.order_by(*ORDER), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(query, query.participant.site_id in recording) for query in page],
        "state": state,
        "states": [*QueryState.choices, ("all", "All")],
        "rule": rule,
        "rules": rules,
        "site": site,
        "sites": sites_of(request.user, study),
    }
    return render(request, "events/data_queries.html", context)


@require_POST
def data_query_answer(request: HttpRequest, code: str, query_id: uuid.UUID) -> HttpResponse:
    """Answer one query, then back to where the answer was written."""
    study = open_study(request, code)
    query = queries.question_for(request.user, study, query_id)
    if not has_permission(request.user, Permission.RECORD_EVENTS, study=study, site=query.participant.site):
        raise PermissionDenied
    try:
        answer_query(
            query=query,
            answer=request.POST.get("answer", "").replace("\0", ""),
            by=actor_for(request.user, Permission.RECORD_EVENTS, study),
        )
        messages.success(request, "The query is answered.")
    except EventRefused as refusal:
        messages.error(request, str(refusal))
    back = request.POST.get("next", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return HttpResponseRedirect(back)  # redirect() would take other words for names of pages
    return redirect("data_queries", study.code)
