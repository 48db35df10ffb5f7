"""Locking events and opening their locks: one event, or everything up to a day."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from pvtracker.accounts.roles import Permission
from pvtracker.events import queries
from pvtracker.events.actions import locks as actions
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.forms import LockForm, OpenLockForm, ScopeForm
from pvtracker.events.views import may, open_study, require
from pvtracker.participants.queries import participants_of
from pvtracker.studies.queries import actor_for, has_permission

PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def event_lock(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Lock one event, with a reason."""
    study = open_study(request, code)
    event = queries.event_for(request.user, study, event_id)
    require(request, Permission.LOCK_EVENTS, event)
    form = LockForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.lock_event(
                    event=event,
                    reason=form.cleaned_data["reason"],
                    by=actor_for(request.user, Permission.LOCK_EVENTS, study),
                )
                messages.success(request, f"Adverse event {event.number} is locked.")
                return redirect("event", study.code, event.id)
            except EventRefused as refusal:
                form.add_error(None, str(refusal))
                status = 409
    return render(request, "events/lock.html", {"event": event, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def event_unlock(request: HttpRequest, code: str, event_id: uuid.UUID) -> HttpResponse:
    """Ask for the event's lock to be opened, or, as the second person, decide on what was asked."""
    study = open_study(request, code)
    event = queries.event_for(request.user, study, event_id)
    asks, decides = (
        may(request, Permission.LOCK_EVENTS, event),
        may(request, Permission.APPROVE_UNLOCK, event),
    )
    if not (asks or decides):
        raise PermissionDenied
    lock = queries.lock_on(event)
    waiting = queries.request_on(lock)
    decision = request.POST.get("decision", "")
    form = OpenLockForm(request.POST or None, deciding=bool(waiting))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if decision in {"approve", "refuse"}:
                    require(request, Permission.APPROVE_UNLOCK, event)
                    actions.decide_to_open(
                        event=event,
                        approve=decision == "approve",
                        comment=form.cleaned_data["reason"],
                        by=actor_for(request.user, Permission.APPROVE_UNLOCK, study),
                    )
                    done = "The lock is open." if decision == "approve" else "The lock stays closed."
                else:
                    require(request, Permission.LOCK_EVENTS, event)
                    actions.ask_to_open(
                        event=event,
                        reason=form.cleaned_data["reason"],
                        by=actor_for(request.user, Permission.LOCK_EVENTS, study),
                    )
                    done = "Asked. A second person decides."
                messages.success(request, done)
                return redirect("event", study.code, event.id)
            except EventRefused as refusal:
                form.add_error(None, str(refusal))
                status = 409
    context = {
        "event": event,
        "form": form,
        "lock": lock,
        "waiting": waiting,
        "may_ask": asks and lock is not None and waiting is None,
        "may_decide": decides and waiting is not None and waiting.requested_by != str(request.user.pk),
    }
    return render(request, "events/unlock.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def locks(request: HttpRequest, code: str) -> HttpResponse:
    """Who asks for a lock to be opened; and, for who may lock, locking everything up to a day."""
    study = open_study(request, code)
    locks_here = has_permission(request.user, Permission.LOCK_EVENTS, study=study)
    if not (locks_here or has_permission(request.user, Permission.APPROVE_UNLOCK, study=study)):
        raise PermissionDenied
    form = None
    status = 200
    if locks_here:
        form = ScopeForm(request.POST or None, participants=participants_of(request.user, study))
    elif request.method == "POST":
        raise PermissionDenied
    if request.method == "POST" and form is not None:
        status = 422
        if form.is_valid():
            try:
                count = actions.lock_events(
                    study=study,
                    participant=form.cleaned_data["participant"],
                    up_to=form.cleaned_data["up_to"],
                    reason=form.cleaned_data["reason"],
                    by=actor_for(request.user, Permission.LOCK_EVENTS, study),
                )
                messages.success(request, f"{count} adverse events are locked.")
                return redirect("locks", study.code)
            except EventRefused as refusal:
                form.add_error(None, str(refusal))
                status = 409
    page = Paginator(queries.requests_of(request.user, study), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "events/locks.html", {"form": form, "page": page}, status=status)
