"""Signing several adverse events in one act: choose, read every word of each, give the password once."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from pvtracker.accounts.models import Signature
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.signing.page import signing_page
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.events import queries
from pvtracker.events.actions.signing import sign_events
from pvtracker.events.enums import EventState
from pvtracker.events.models import AdverseEvent
from pvtracker.events.sign_views import said_by
from pvtracker.events.signing import bundle_of, subject_of
from pvtracker.events.states import listed
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, intervention_names, sites_for

MOST = 25  # events in one act: each is to be read


@require_http_methods(["GET", "HEAD", "POST"])
def events_sign(request: HttpRequest, code: str) -> HttpResponse:
    """The events that wait for a signature; those chosen (`?event=`) word by word, and below them the form."""
    study = study_page(request, code, Permission.SIGN_EVENTS)
    waiting = _waiting(request, study)
    if not request.GET.getlist("event"):
        return render(
            request,
            "events/sign_choose.html",
            {
                "events": waiting[:MOST],
                "count": len(waiting),
                "most": MOST,
                "none_chosen": "chosen" in request.GET,
            },
        )
    chosen = _chosen(request, study)
    by = actor_for(request.user, Permission.SIGN_EVENTS, study)
    names = intervention_names(study)

    def read() -> list[tuple[AdverseEvent, Subject]]:
        found = queries.events_of(request.user, study).filter(pk__in=chosen)
        found = found.order_by("participant__code", "number", "id")
        return [(event, subject_of(event)) for event in found.select_related("study", "term__release")]

    def context(subject: Subject) -> dict[str, Any]:
        rows = [{"event": event, "subject": one, "said": said_by(one, names)} for event, one in read()]
        return {"rows": rows, "count": len(rows)}

    def sign(shown: str, meaning: str, proof: Proof) -> Signature:
        made = sign_events(study=study, events=chosen, shown=shown, meaning=meaning, proof=proof, by=by)
        messages.success(request, f"{len(made)} events are signed, each as it was shown.")
        return made[-1]

    return signing_page(
        request,
        load=lambda: bundle_of(study.id, [subject for _, subject in read()]),
        sign=sign,
        by=by,
        template="events/sign_many.html",
        context=context,
        done=f"{reverse('events', args=[study.code])}?{urlencode({'to_sign': '1'})}",
    )


def _waiting(request: HttpRequest, study: Study) -> list[AdverseEvent]:
    """What this person may sign now: submitted, nothing asked, not signed in its version."""
    sites = sites_for(request.user, Permission.SIGN_EVENTS, study)
    found = queries.events_of(request.user, study).filter(participant__site__in=sites)
    narrowed = queries.narrowed(found, queries.LogFilter(to_sign=True))
    ordered = narrowed.order_by("participant__code", "number", "id")
    return [event for event in ordered if listed(event) is EventState.SUBMITTED]


def _chosen(request: HttpRequest, study: Study) -> list[uuid.UUID]:
    """The ids in the address: of this person's sites, no more than can be read; else as for none."""
    try:
        ids = {uuid.UUID(text) for text in request.GET.getlist("event")}
    except ValueError as fault:
        raise Http404("No such event.") from fault
    sites = sites_for(request.user, Permission.SIGN_EVENTS, study)
    found = queries.events_of(request.user, study).filter(pk__in=ids, participant__site__in=sites)
    if len(ids) > MOST or found.exclude(state=EventState.VOIDED).count() != len(ids):
        raise Http404("No such event.")
    return sorted(ids)
