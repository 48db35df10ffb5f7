"""Pages of adverse events: the log, one event, its history, and the suggestions of terms."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.accounts.signing.queries import Standing
from pvtracker.audit.models import Operation
from pvtracker.audit.provenance import actor_in_words, source_in_words
from pvtracker.coding import queries as coding_queries
from pvtracker.coding.scales import SCALES
from pvtracker.events import queries, states
from pvtracker.events.actions import capture
from pvtracker.events.actions.errors import EventRefused, VersionConflict
from pvtracker.events.display import shown
from pvtracker.events.enums import Assessor, EventState
from pvtracker.events.forms import OpinionForm, ReasonForm
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment
from pvtracker.events.signing import manifestations_of
from pvtracker.events.snapshots import Change, differences
from pvtracker.events.states import Step
from pvtracker.events.text import one_line
from pvtracker.participants.queries import sites_of
from pvtracker.studies.models import Intervention, Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission, intervention_names, sites_for

PER_PAGE = 50


def open_study(request: HttpRequest, code: str) -> Study:
    """The study of the page, when the person may read participants in it; else 404."""
    return study_page(request, code, Permission.READ_PARTICIPANTS)


def may(request: HttpRequest, permission: Permission, event: AdverseEvent) -> bool:
    """Whether the person may do this with an event of this site."""
    return has_permission(request.user, permission, study=event.study, site=event.participant.site)


def require(request: HttpRequest, permission: Permission, event: AdverseEvent) -> None:
    """403 unless the person, who may read the event, may also do this."""
    if not may(request, permission, event):
        raise PermissionDenied


@require_safe
def events(request: HttpRequest, code: str) -> HttpResponse:
    """The log of adverse events across the person's sites."""
    study = open_study(request, code)
    grade = request.GET.get("grade", "")
    by = queries.LogFilter(
        text=one_line(request.GET.get("q", "").replace("\0", "")),
        serious=request.GET.get("serious", "") if request.GET.get("serious") in {"yes", "no"} else "",
        grade=int(grade) if grade in {"1", "2", "3", "4", "5"} else 0,
        site=request.GET.get("site", "").replace("\0", ""),
        queried=bool(request.GET.get("queried")),
        voided=bool(request.GET.get("voided")),
        to_sign=bool(request.GET.get("to_sign")),
    )
    found = queries.narrowed(queries.events_of(request.user, study), by)
    scale = SCALES.get(study.severity_scale)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "by": by,
        "sites": sites_of(request.user, study),
        "grades": scale.grades if scale else (),
        "filtered": by != queries.LogFilter(),
        "may_sign": sites_for(request.user, Permission.SIGN_EVENTS, study).exists(),
    }
    return render(request, "events/events.html", context)


@require_safe
def event(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Everything that is said of one event, and what is asked about it."""
    study = open_study(request, code)
    found = queries.event_for(request.user, study, event_id)
    assessments = queries.assessments_of(found)
    signatures = manifestations_of(found)
    signed = any(signature.standing is Standing.VALID for signature in signatures)
    state = states.listed(found)
    if state is EventState.SIGNED and not signed:  # the version is the signed one, the content is not
        state = EventState.SUBMITTED
    lock = queries.lock_on(found) if state is EventState.LOCKED else None

    def open_to(permission: Permission, step: Step) -> bool:
        return states.permitted(state, step) and may(request, permission, found)

    context = {
        "event": found,
        "state": state,
        "signatures": signatures,
        "is_signed": signed,
        "lock": lock,
        "unlock_request": queries.request_on(lock),
        "scale": SCALES.get(found.scale),
        "judgements": _judgements(queries.interventions_of(study), assessments),
        "questions": queries.questions_on(found),
        "may_record": open_to(Permission.RECORD_EVENTS, Step.AMEND),
        "may_code": open_to(Permission.CODE_EVENTS, Step.CODE),
        "may_answer": open_to(Permission.RECORD_EVENTS, Step.ANSWER),
        "may_assess": open_to(Permission.ASSESS_AS_SPONSOR, Step.OPINION),
        "may_void": open_to(Permission.VOID_EVENTS, Step.VOID),
        "may_sign": open_to(Permission.SIGN_EVENTS, Step.SIGN),
        "may_lock": open_to(Permission.LOCK_EVENTS, Step.LOCK),
        "may_unlock": lock is not None
        and (may(request, Permission.LOCK_EVENTS, found) or may(request, Permission.APPROVE_UNLOCK, found)),
        "may_read_trail": has_permission(request.user, Permission.READ_AUDIT, study=study),
        "signs_here": may(request, Permission.SIGN_EVENTS, found),
    }
    return render(request, "events/event.html", context)


def _judgements(interventions: list[Intervention], assessments: list[Assessment]) -> list[dict[str, Any]]:
    """One row per intervention: both opinions side by side."""
    by_key = {(a.intervention_id, a.assessor): a for a in assessments}
    return [
        {
            "intervention": intervention,
            "investigator": by_key.get((intervention.id, Assessor.INVESTIGATOR)),
            "sponsor": by_key.get((intervention.id, Assessor.SPONSOR)),
        }
        for intervention in interventions
    ]


@require_safe
def event_history(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Every version: who, when, why, and what it changed, in words."""
    study = open_study(request, code)
    found = queries.event_for(request.user, study, event_id)
    versions = queries.versions_of(found)
    names = intervention_names(study)
    entries = [
        _entry(version, before, names) for before, version in zip([None, *versions], versions, strict=False)
    ]
    context = {
        "event": found,
        "entries": entries[::-1],
        "signatures": manifestations_of(found),
        "locks": queries.locks_of(found),
    }
    return render(request, "events/history.html", context)


def _entry(
    version: AdverseEventVersion, before: AdverseEventVersion | None, names: dict[str, str]
) -> dict[str, Any]:
    """A version for the history component."""
    role = ROLES[version.role].label if version.role in ROLES else version.role
    who = actor_in_words(version.actor_name) + (f" ({role})" if role else "")
    done = {Operation.CREATED: "recorded", Operation.AMENDED: "amended", Operation.VOIDED: "voided"}
    how = "" if version.source == "form" else f", from {source_in_words(version.source)}"
    return {
        "number": version.version,
        "who": f"{done[Operation(version.operation)]} by {who}{how}",
        "when": version.recorded_at,
        "reason": version.reason,
        "changes": as_shown(differences(before.body, version.body, names)) if before else [],
    }


def as_shown(changes: list[Change]) -> list[dict[str, str]]:
    """Changes with their texts isolated and marked for HTML."""
    return [
        {"label": change.label, "before": shown(change.before), "after": shown(change.after)}
        for change in changes
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def event_void(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Say why an event should not have been recorded, and void it."""
    study = open_study(request, code)
    found = queries.event_for(request.user, study, event_id)
    require(request, Permission.VOID_EVENTS, found)
    form = ReasonForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        try:
            capture.void_event(
                event=found,
                version=form.cleaned_data["version"],
                reason=form.cleaned_data["reason"],
                by=actor_for(request.user, Permission.VOID_EVENTS, study),
            )
            return redirect("event", study.code, found.id)
        except (EventRefused, VersionConflict) as refusal:
            form.add_error(None, str(refusal))
    return render(request, "events/void.html", {"event": found, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def event_opinion(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """The sponsor's own opinion on causality, beside the investigator's."""
    study = open_study(request, code)
    found = queries.event_for(request.user, study, event_id)
    require(request, Permission.ASSESS_AS_SPONSOR, found)
    assessments = queries.assessments_of(found)
    interventions = queries.interventions_of(study)
    form = OpinionForm(
        request.POST or None, interventions=interventions, standing=assessments, version=found.version
    )
    if request.method == "POST" and form.is_valid():
        try:
            capture.assess_as_sponsor(
                event=found,
                version=form.cleaned_data["version"],
                opinions=form.opinions(),
                reason=form.cleaned_data["reason"],
                by=actor_for(request.user, Permission.ASSESS_AS_SPONSOR, study),
            )
            return redirect("event", study.code, found.id)
        except (EventRefused, VersionConflict) as refusal:
            form.add_error(None, str(refusal))
    context = {"event": found, "form": form, "judgements": _judgements(interventions, assessments)}
    return render(request, "events/opinion.html", context)


@require_safe
def term_suggestions(request: HttpRequest, code: str) -> HttpResponse:
    """Terms like the words typed so far, for the combobox of the form."""
    study = open_study(request, code)
    options = [
        {
            "value": term.id,
            "label": term.lowest_level_term,
            "sub": format_html(
                "{} · {} · {}", term.preferred_term, term.system_organ_class, str(term.release)
            ),
        }
        for term in coding_queries.suggest(request.GET.get("q", ""), study_id=study.id)
    ]
    return render(request, "components/combobox_options.html", {"options": options})
