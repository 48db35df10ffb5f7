"""Open room: the watched terms, one of them over the cuts, what is expected of it, and warnings."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import Permission
from pvtracker.cuts.queries import latest_cut
from pvtracker.lib.code_version import ROOT
from pvtracker.lib.markdown_html import html_of
from pvtracker.monitoring import actions, breaks, charts, queries, tables
from pvtracker.monitoring.enums import Level, Selection
from pvtracker.monitoring.forms import ChangeForm, EndForm, WatchForm, refuse
from pvtracker.monitoring.models import Expectation, WatchedTerm
from pvtracker.monitoring.rules import Expected, WatchRefused
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, definitions_of, has_permission

METHOD = ROOT / "docs" / "methods" / "blinded-rate.md"
READ, SET, HEAR = (
    Permission.READ_POOLED_RATES,
    Permission.SET_EXPECTED_RATES,
    Permission.HEAR_OF_POOLED_RATES,
)


@require_safe
def pooled_rates(request: HttpRequest, code: str) -> HttpResponse:
    """Every watched term as it stands at the latest cut, and what this person was told."""
    study = study_page(request, code, READ)
    cut = latest_cut(study)
    listed = queries.watches(study, cut)
    looked = [one for one in listed if one.look and one.look.rate is not None]
    before = queries.looks_before(one.look for one in listed if one.look)
    context = {
        "cut": cut,
        "rows": [tables.listed(one, one.look and before.get(one.look.id)) for one in listed],
        "unread": _unread(request, study),
        "may_set": has_permission(request.user, SET, study=study),
        "may_freeze": has_permission(request.user, Permission.FREEZE_CUTS, study=study),
        "picture": charts.observed_to_expected(looked) if looked else None,
        "picture_table": tables.observed_table(looked),
        "not_coded": max((one.look.not_coded for one in looked if one.look), default=0),
        "definitions": tables.definitions_of(one.look for one in looked if one.look),
    }
    return render(request, "monitoring/list.html", context)


@require_safe
def pooled_rate(request: HttpRequest, code: str, watched_id: uuid.UUID) -> HttpResponse:
    """One watched term: as it stands, over the cuts, what was expected of it and why."""
    study = study_page(request, code, READ)
    watched = queries.watched_for(study, watched_id)
    versions = queries.expectations_of(watched)
    latest, cut = versions[0], latest_cut(study)
    shown = next((one for one in versions if one.in_force), latest)
    looks = queries.looks_of(shown)
    now = looks[-1] if looks and cut and looks[-1].cut_id == cut.id else None
    drawn = charts.drawable(looks)
    broken = breaks.said(drawn)
    context = {
        "watched": watched,
        "latest": latest,
        "watch": queries.Watch(watched, latest, now),
        "now": now,
        "cut": cut,
        "standing": tables.standing(queries.Watch(watched, latest, now)),
        "facts": tables.look_facts(now) if now else [],
        "expected_facts": tables.expectation_facts(latest, _query(study, watched)),
        "path": charts.path(drawn, shown) if drawn else None,
        "probabilities": charts.probabilities(drawn, shown) if drawn else None,
        "looks": tables.looks_table(looks, queries.told_of(looks)),
        "breaks": [(look.cut.date, broken[look.id]) for look in drawn if look.id in broken],
        "versions": tables.versions_table(versions),
        "definitions": tables.definitions_of([now] if now else looks[-1:]),
        "unread": _unread(request, study, watched),
        "events": tables.events_of(watched, latest.members),
        "may_set": has_permission(request.user, SET, study=study),
    }
    return render(request, "monitoring/term.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def pooled_rate_new(request: HttpRequest, code: str) -> HttpResponse:
    """Have a term watched."""
    study = study_page(request, code, SET)
    form = WatchForm(request.POST if request.method == "POST" else None, study=study)
    if form.is_valid():
        try:
            made = actions.watch(
                study=study,
                level=Level(form.cleaned_data["level"]),
                name=form.cleaned_data["name"],
                selection=Selection(form.cleaned_data["selection"]),
                expected=form.expected(),
                by=actor_for(request.user, SET, study),
                reason=form.cleaned_data["reason"],
            )
        except WatchRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request, "It is watched from now on. Every cut is held against what is expected."
            )
            return redirect("pooled_rate", study.code, made.watched_id)
    return _form(request, form, "Watch a term", "Watch it", reverse("pooled_rates", args=[study.code]))


@require_http_methods(["GET", "HEAD", "POST"])
def pooled_rate_change(request: HttpRequest, code: str, watched_id: uuid.UUID) -> HttpResponse:
    """Another version of what is expected, which every cut is held against."""
    study = study_page(request, code, SET)
    latest = queries.expectations_of(queries.watched_for(study, watched_id))[0]
    form = ChangeForm(request.POST if request.method == "POST" else None, latest=latest, study=study)
    if form.is_valid() and _expect(request, study, latest, form.expected(), form):
        return redirect("pooled_rate", study.code, watched_id)
    back = reverse("pooled_rate", args=[study.code, watched_id])
    return _form(request, form, f"Change what is expected: {latest.watched.name}", "Save this version", back)


@require_http_methods(["GET", "HEAD", "POST"])
def pooled_rate_end(request: HttpRequest, code: str, watched_id: uuid.UUID) -> HttpResponse:
    """End the watching; everything that was computed stays."""
    study = study_page(request, code, SET)
    latest = queries.expectations_of(queries.watched_for(study, watched_id))[0]
    form = EndForm(request.POST if request.method == "POST" else None, initial={"version": latest.version})
    if form.is_valid():
        ended = replace(tables.expected_of(latest), reason=form.cleaned_data["reason"], in_force=False)
        if _expect(request, study, latest, ended, form):
            return redirect("pooled_rate", study.code, watched_id)
    back = reverse("pooled_rate", args=[study.code, watched_id])
    return _form(request, form, f"Stop watching: {latest.watched.name}", "Stop watching it", back)


@require_POST
def early_warning_read(request: HttpRequest, code: str, warning_id: uuid.UUID) -> HttpResponse:
    """Note that the person has read a warning of theirs, and go where it is about."""
    study = study_page(request, code, HEAR)
    found = queries.warnings_of(study, _person(request)).filter(id=warning_id).first()
    if found is None:
        messages.error(request, "You have no such warning. What you were told and have not read stands here.")
        return redirect("pooled_rates", study.code)
    actions.read(
        study=study, account=found.account, warning_id=found.id, by=actor_for(request.user, HEAR, study)
    )
    return redirect("pooled_rate", study.code, found.look.expectation.watched_id)


@require_safe
def pooled_rates_method(request: HttpRequest, code: str) -> HttpResponse:
    """The page of the method, one of `docs/methods`: the other ones stand in the documentation."""
    study_page(request, code, READ)
    title, _, body = METHOD.read_text(encoding="utf-8").partition("\n")
    context = {
        "title": title.lstrip("# "),
        "body": mark_safe(html_of(body, lambda target: "")),  # noqa: S308 - our own page, and all of it is escaped
    }
    return render(request, "monitoring/method.html", context)


def _query(study: Study, watched: WatchedTerm) -> tuple[str, ...] | None:
    """The terms of the study's query that a set is called after, as they are now."""
    if watched.level != Level.SET:
        return None
    return queries.members_of(dict(definitions_of(study).queries), watched.name)


def _expect(
    request: HttpRequest, study: Study, latest: Expectation, expected: Expected, form: ChangeForm | EndForm
) -> bool:
    """Store the version; False, and the form says why, when it is refused."""
    try:
        actions.expect(
            watched=latest.watched,
            expected=expected,
            version=form.cleaned_data["version"],
            by=actor_for(request.user, SET, study),
            reason=expected.reason,
        )
    except WatchRefused as refusal:
        refuse(form, refusal)
        return False
    return True


def _form(request: HttpRequest, form: Any, title: str, button: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "button": button, "back": back}
    return render(request, "monitoring/form.html", context, status=422 if form.is_bound else 200)


def _unread(request: HttpRequest, study: Study, watched: WatchedTerm | None = None) -> list[tables.Unread]:
    """The person's warnings that they have not read, of one watched term or of all."""
    if not isinstance(request.user, Account):
        return []
    found = list(queries.warnings_of(study, request.user).filter(read_at=None))
    found = [one for one in found if watched in (None, one.look.expectation.watched)]
    before = queries.looks_before(one.look for one in found)
    return [tables.unread(one, before.get(one.look_id)) for one in found]


def _person(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise Http404("No such warning.")
    return request.user
