"""A reset of somebody's sign-in: asked for by a system administrator, approved by another one or in the person's study.

Here and not beside the other pages of accounts, because who may approve is a question about studies too.
"""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts import queries as account_queries
from pvtracker.accounts.actions import INVITATION_DAYS, AccountRefused, fresh
from pvtracker.accounts.actions import resets as reset_actions
from pvtracker.accounts.models import Reset
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.system_forms import DecideResetForm, ResetForm
from pvtracker.audit.context import Actor
from pvtracker.studies import actions, queries
from pvtracker.studies.pages import study_page

FORM = ["GET", "HEAD", "POST"]


@require_safe
def resets(request: HttpRequest) -> HttpResponse:
    """Every reset of this room, those that wait first."""
    account_queries.system_actor(request.user, Permission.MANAGE_ACCOUNTS)
    return render(request, "system/resets.html", {"resets": account_queries.resets()})


@require_http_methods(FORM)
def ask(request: HttpRequest, account_id: uuid.UUID) -> HttpResponse:
    """Ask for a reset. The code that the person will need is shown once."""
    by = account_queries.system_actor(request.user, Permission.MANAGE_ACCOUNTS)
    found = account_queries.accounts().filter(id=account_id).first()
    if found is None or (fresh(found) if found.is_active else not found.reopenable):
        raise Http404("No such account, or nothing of it that could be reset.")
    form = ResetForm(request.POST or None, account=found)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            asked, code = reset_actions.ask_reset(
                account=found,
                what=said["what"],
                reason=said["reason"],
                identity=said["identity"],
                by_mail=bool(said.get("by_mail", False)),
                by=by,
            )
        except AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            actions.tell_approvers(account=found, by=by)
            return render(request, "system/reset_asked.html", {"asked": asked, "code": code})
    return render(request, "system/reset_ask.html", {"form": form, "account": found}, status=_status(request))


@require_http_methods(FORM)
def decide(request: HttpRequest, reset_id: uuid.UUID) -> HttpResponse:
    """Another system administrator decides."""
    by = account_queries.system_actor(request.user, Permission.MANAGE_ACCOUNTS)
    asked = account_queries.resets().filter(id=reset_id).first()
    if asked is None:
        raise Http404("No such reset.")
    return _decide(request, asked, by, back=reverse("resets"))


@require_http_methods(FORM)
def decide_in_study(request: HttpRequest, code: str, reset_id: uuid.UUID) -> HttpResponse:
    """Somebody decides who approves members of a study in which the person works."""
    study = study_page(request, code, Permission.APPROVE_MEMBERS)
    asked = queries.resets_of(study).filter(id=reset_id).first()
    if asked is None:
        raise Http404("No such reset.")
    by = queries.actor_for(request.user, Permission.APPROVE_MEMBERS, study)
    return _decide(request, asked, by, back=reverse("people", args=[study.code]))


def _decide(request: HttpRequest, asked: Reset, by: Actor, *, back: str) -> HttpResponse:
    form = DecideResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        approve = form.cleaned_data["decision"] == "approve"
        try:
            token = reset_actions.decide_reset(
                reset=asked, approve=approve, reason=form.cleaned_data["reason"], by=by
            )
        except AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            if token:
                link = request.build_absolute_uri(reverse("join", args=[token]))
                told = {"account": asked.account, "link": link, "days": INVITATION_DAYS, "back": back}
                return render(request, "system/invited.html", {**told, "after_reset": True})
            messages.success(request, "Approved; the sign-in is reset." if approve else "Declined.")
            return redirect(back)
    own = any(account_queries.same_human(by.id, one) for one in (asked.asked_by_id, str(asked.account_id)))
    context = {"form": form, "asked": asked, "back": back, "own": own}
    return render(request, "system/reset_decide.html", context, status=_status(request))


def _status(request: HttpRequest) -> int:
    """422 for a form that comes back."""
    return 422 if request.method == "POST" else 200
