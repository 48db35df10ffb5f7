"""Recording and amending an adverse event, and the draft that is kept meanwhile."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import Permission
from pvtracker.audit import looks
from pvtracker.audit.context import Actor
from pvtracker.audit.enums import AccessKind
from pvtracker.coding import queries as coding_queries
from pvtracker.coding.models import Term
from pvtracker.coding.scales import SCALES
from pvtracker.events import queries, states
from pvtracker.events.actions import capture, drafts
from pvtracker.events.actions.errors import OTHERS_FORM, EventRefused, VersionConflict
from pvtracker.events.enums import Assessor
from pvtracker.events.forms import EventForm, as_drafted, as_typed
from pvtracker.events.models import AdverseEvent, Draft
from pvtracker.events.rules import NARRATIVE_LIMIT
from pvtracker.events.snapshots import differences
from pvtracker.events.views import as_shown, open_study, require
from pvtracker.participants.models import Participant
from pvtracker.participants.queries import participant_for
from pvtracker.studies.models import Study
from pvtracker.studies.queries import actor_for, has_permission, intervention_names

# Of the posted form, what is no answer of the person.
NOT_DRAFTED = {"csrfmiddlewaretoken", "save"}


@require_http_methods(["GET", "HEAD", "POST"])
def event_new(request: HttpRequest, code: str, participant_id: uuid.UUID) -> HttpResponse:
    """Record an event of one participant. Opened again, the form holds what was typed before."""
    study = open_study(request, code)
    participant = participant_for(request.user, study, participant_id)
    account, by = _writer(request, study, participant)
    form = _form(request, study, participant)
    draft = None
    if request.method == "POST":
        if form.is_valid() and form.cleaned_data["submission_key"] is None:
            form.add_error(None, "The form lost its key. Save once more; nothing that you typed is lost.")
            _put(request, form, "submission_key", str(uuid.uuid4()))
        elif form.is_valid():
            try:
                event = capture.record_event(
                    participant=participant,
                    details=form.details(),
                    submission_key=form.cleaned_data["submission_key"],
                    separate=form.cleaned_data["separate"],
                    by=by,
                    account=account,
                )
                messages.success(request, f"Adverse event {event.number} of {participant.code} is recorded.")
                return redirect("event", study.code, event.id)
            except EventRefused as refusal:
                if str(refusal) == OTHERS_FORM:
                    _note_tampering(by, study, "submission_key", participant.id)
                    raise Http404("No such form of this participant.") from refusal
                _show_refusal(form, refusal)
    else:
        draft = queries.draft_of(account, participant, None)
        form.initial = {"submission_key": uuid.uuid4(), **_from_draft(form, draft)}
    return _page(request, study, participant, form, draft=draft)


@require_http_methods(["GET", "HEAD", "POST"])
def event_edit(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Amend an event, with a reason. Another person's change meanwhile is shown, and nothing typed is
    lost.
    """
    study = open_study(request, code)
    event = queries.event_for(request.user, study, event_id)
    require(request, Permission.RECORD_EVENTS, event)
    state = states.listed(event)
    if request.method != "POST" and not states.permitted(
        state, states.Step.AMEND
    ):  # a POST keeps what was typed
        messages.error(request, states.sentence(state, states.Step.AMEND))
        return redirect("event", study.code, event.id)
    account, by = _writer(request, study, event.participant)
    form = _form(request, study, event.participant, event)
    draft, meanwhile, status = None, [], 200
    if request.method == "POST":
        if form.is_valid():
            try:
                capture.amend_event(
                    event=event,
                    version=form.cleaned_data["version"],
                    details=form.details(),
                    reason=form.cleaned_data["reason"],
                    by=by,
                    account=account,
                )
                messages.success(request, f"Adverse event {event.number} is amended.")
                return redirect("event", study.code, event.id)
            except EventRefused as refusal:
                _show_refusal(form, refusal)
            except VersionConflict as conflict:
                if conflict.read > conflict.current:  # a version that never was: not read, but made up
                    _note_tampering(by, study, "version", event.id)
                    status = 412
                form.add_error(None, str(conflict))
                meanwhile = _meanwhile(event, conflict)
                # saving again is then a decision, not an accident
                _put(request, form, "version", str(conflict.current))
    else:
        draft = queries.draft_of(account, event.participant, event)
        form.initial = {**as_typed(event), **_from_draft(form, draft)}
    page = _page(request, study, event.participant, form, event=event, draft=draft, meanwhile=meanwhile)
    page.status_code = status
    return page


@require_POST
def event_draft(
    request: HttpRequest, code: str, participant_id: uuid.UUID, event_id: uuid.UUID | None = None
) -> HttpResponse:
    """Keep what is typed. Scripts get 204 with the time; the button gets the form back. `discard` forgets
    it.
    """
    study = open_study(request, code)
    participant = participant_for(request.user, study, participant_id)
    account, by = _writer(request, study, participant)
    event = queries.event_for(request.user, study, event_id) if event_id else None
    if event is not None and event.participant_id != participant.id:
        _note_tampering(by, study, "participant", event.id)
        raise PermissionDenied
    back = (
        redirect("event_edit", study.code, event.id)
        if event
        else redirect("event_new", study.code, participant.id)
    )
    if request.POST.get("save") == "discard":
        drafts.discard_draft(participant=participant, event=event, account=account, by=by)
        messages.info(request, "The draft is discarded.")
        return back
    body = {
        name: [str(text) for text in request.POST.getlist(name)]
        for name in request.POST
        if name not in NOT_DRAFTED
    }
    draft = drafts.save_draft(participant=participant, event=event, account=account, body=body, by=by)
    if request.headers.get("X-Requested-With") == "draft":
        return HttpResponse(status=204, headers={"X-Draft-Saved": draft.saved_at.isoformat()})
    messages.success(request, f"Draft saved at {timezone.localtime(draft.saved_at):%H:%M} UTC.")
    return back


def _note_tampering(by: Actor, study: Study, what: str, object_id: uuid.UUID) -> None:
    """Record that a hidden value of a form was altered; nothing of what was sent is kept here."""
    looks.record(
        kind=AccessKind.TAMPERING,
        by=by,
        study_id=study.id,
        object_kind="form",
        object_id=str(object_id),
        detail=what,
    )


def _writer(request: HttpRequest, study: Study, participant: Participant) -> tuple[Account, Actor]:
    """The person as writer at this participant's site; 403 for who may only read."""
    allowed = has_permission(request.user, Permission.RECORD_EVENTS, study=study, site=participant.site)
    if not allowed or not isinstance(request.user, Account):
        raise PermissionDenied
    return request.user, actor_for(request.user, Permission.RECORD_EVENTS, study)


def _form(
    request: HttpRequest, study: Study, participant: Participant, event: AdverseEvent | None = None
) -> EventForm:
    judges = has_permission(
        request.user, Permission.ASSESS_AS_INVESTIGATOR, study=study, site=participant.site
    )
    return EventForm(
        request.POST if request.method == "POST" else None,
        interventions=queries.interventions_of(study),
        scale=event.scale if event else study.severity_scale,
        may_judge=judges,
        standing=queries.assessments_of(event) if event else (),
        event=event,
    )


def _from_draft(form: EventForm, draft: Draft | None) -> dict[str, Any]:
    """The draft as initial values. A key that was submitted already is not used again: that would lose the
    draft.
    """
    if draft is None:
        return {}
    values = as_drafted(form, draft.body)
    key = values.get("submission_key")
    if "submission_key" in form.fields and (
        not key or not _is_key(key) or queries.is_recorded(uuid.UUID(key))
    ):
        values["submission_key"] = uuid.uuid4()
    return values


def _is_key(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _put(request: HttpRequest, form: EventForm, name: str, value: str) -> None:
    """Exchange one hidden value in the form that is shown again; everything typed stays."""
    data = request.POST.copy()
    data[name] = value
    form.data = data


def _show_refusal(form: EventForm, refusal: EventRefused) -> None:
    if refusal.findings:
        form.add_findings(refusal.findings)
    else:
        form.add_error(None, str(refusal))


def _meanwhile(event: AdverseEvent, conflict: VersionConflict) -> list[dict[str, str]]:
    """What others changed between the version that was read and the current one."""
    bodies = {v.version: v.body for v in queries.versions_of(event)}
    if conflict.read not in bodies:
        return []
    names = intervention_names(event.study)
    return as_shown(differences(bodies[conflict.read], bodies[conflict.current], names))


def _coded(form: EventForm, study: Study) -> Term | None:
    """The term that the form holds now, to be shown beside it."""
    held = str(form["term"].value() or "")
    return coding_queries.usable_terms(study.id).filter(pk=int(held)).first() if held.isdecimal() else None


def _page(
    request: HttpRequest,
    study: Study,
    participant: Participant,
    form: EventForm,
    *,
    event: AdverseEvent | None = None,
    draft: Draft | None = None,
    meanwhile: list[dict[str, str]] | None = None,
) -> HttpResponse:
    arguments = [study.code, participant.id] + ([event.id] if event else [])
    context = {
        "form": form,
        "participant": participant,
        "event": event,
        "draft": draft,
        "draft_is_cut": draft is not None
        and drafts.is_cut(text for texts in draft.body.values() for text in texts),
        "draft_url": reverse("event_draft", args=arguments),
        "term_url": reverse("term_suggestions", args=[study.code]),
        "coded": _coded(form, study),
        "scale": SCALES.get(event.scale if event else study.severity_scale),
        "narrative_limit": NARRATIVE_LIMIT,
        "meanwhile": meanwhile or [],
        "assessor": Assessor.INVESTIGATOR.label.lower(),
    }
    return render(request, "events/form.html", context)
