"""The page on which an investigator signs an adverse event."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from pvtracker.accounts.models import Signature
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.signing.page import signing_page
from pvtracker.accounts.signing.record import Subject
from pvtracker.accounts.signing.series import Proof
from pvtracker.events import queries
from pvtracker.events.actions.signing import sign_event
from pvtracker.events.display import shown
from pvtracker.events.models import AdverseEvent
from pvtracker.events.signing import subject_of
from pvtracker.events.snapshots import in_words
from pvtracker.events.views import open_study, require
from pvtracker.studies.queries import actor_for, intervention_names


@require_http_methods(["GET", "HEAD", "POST"])
def event_sign(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Everything that is signed, word by word, and below it the form."""
    study = open_study(request, code)
    event = queries.event_for(request.user, study, event_id)
    require(request, Permission.SIGN_EVENTS, event)
    if event.state == "voided":
        return redirect("event", study.code, event.id)
    by = actor_for(request.user, Permission.SIGN_EVENTS, study)
    names = intervention_names(study)

    def read() -> AdverseEvent:
        return queries.event_for(request.user, study, event_id)

    def context(subject: Subject) -> dict[str, Any]:
        return {"event": read(), "said": said_by(subject, names)}

    def sign(shown_hash: str, meaning: str, proof: Proof) -> Signature:
        return sign_event(event=event, shown=shown_hash, meaning=meaning, proof=proof, by=by)

    return signing_page(
        request,
        load=lambda: subject_of(read()),
        sign=sign,
        by=by,
        template="events/sign.html",
        context=context,
        done=reverse("event", args=[study.code, event.id]),
    )


def said_by(subject: Subject, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every word that is signed, as a reader sees it; an intervention by its name and the code that is signed."""
    said = in_words(subject.record, {code: f"{name} ({code})" for code, name in names.items()}).items()
    return [{"label": label, "value": shown(text)} for label, text in said if text]
