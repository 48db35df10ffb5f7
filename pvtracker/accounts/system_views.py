"""Accounts as system administrators keep them; the invitation; and what is asked before the first use.

Nothing here touches a study, and nobody but its owner ever sets a password.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts import actions, adapter, agreement, factors, queries
from pvtracker.accounts.actions import AccountRefused
from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import Permission
from pvtracker.accounts.system_forms import (
    AgencyLetterForm,
    AgreementForm,
    EmailForm,
    IdentityForm,
    InviteForm,
    JoinForm,
    ReasonForm,
    TrainingForm,
)
from pvtracker.audit.context import Actor

FORM = ["GET", "HEAD", "POST"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a system administrator does to an account: what it says, asks, and calls."""

    title: str
    lead: str
    button: str
    form: type[forms.Form]
    act: Callable[[Account, Actor, dict[str, object]], str]  # returns what is told afterwards
    danger: bool = False
    fits: Callable[[Account], bool] = lambda account: account.is_active


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Every account of this room; or those that somebody has to do something about."""
    queries.system_actor(request.user, Permission.MANAGE_ACCOUNTS)
    show = request.GET.get("show", "")
    show = show if show in queries.LISTS else ""
    context = {
        "accounts": queries.accounts(show=show).annotate(tested=factors.last_tested()),
        "show": show,
        "lists": queries.LISTS,
        "dormant_ids": set(queries.accounts(show="dormant").values_list("id", flat=True)),
        "days": queries.DORMANT_DAYS,
        "retest_before": timezone.now() - timedelta(days=factors.RETEST_DAYS),
    }
    return render(request, "system/accounts.html", context)


@require_http_methods(FORM)
def invite(request: HttpRequest) -> HttpResponse:
    """A new account; its link is shown once."""
    by = queries.system_actor(request.user, Permission.MANAGE_ACCOUNTS)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, token = actions.invite(**form.cleaned_data, by=by)
        except AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _told(request, made, token)
    return render(request, "system/invite.html", {"form": form}, status=_status(request))


@require_safe
def account(request: HttpRequest, account_id: uuid.UUID) -> HttpResponse:
    """One account: who it is, what is recorded of it, and what can be done."""
    by = queries.system_actor(request.user, Permission.MANAGE_ACCOUNTS)
    found = _account(account_id)
    context = {
        "account": found,
        "own": by.id == str(found.id),
        "roles": found.system_roles.order_by("starts_on"),
        "trainings": found.trainings.order_by("-valid_until"),
        "checks": found.identity_checks.order_by("-checked_at"),
        "acceptances": found.acceptances.order_by("-accepted_at"),
        "lacking": queries.lacking(found),
        "letters": found.agency_letters.order_by("-sent_on"),
        "resets": found.resets.order_by("-asked_at"),
        "tested": queries.accounts()
        .filter(id=found.id)
        .values_list(factors.last_tested(), flat=True)
        .first(),
        "steps": [(key, one) for key, one in STEPS.items() if one.fits(found)],
        "may_reset": not actions.fresh(found) if found.is_active else found.reopenable,
    }
    return render(request, "system/account.html", context)


@require_http_methods(FORM)
def step(request: HttpRequest, account_id: uuid.UUID, step: str) -> HttpResponse:
    """One step of STEPS."""
    by = queries.system_actor(request.user, Permission.MANAGE_ACCOUNTS)
    found, chosen = _account(account_id), STEPS.get(step)
    if chosen is None or not chosen.fits(found):
        raise Http404("No such step.")
    form = chosen.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            said = chosen.act(found, by, form.cleaned_data)
        except AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            if step == "invite":
                return _told(request, found, said)
            messages.success(request, said)
            return redirect("account_detail", found.id)
    context = {"form": form, "step": chosen, "account": found}
    return render(request, "system/step.html", context, status=_status(request))


@login_not_required
@require_http_methods(FORM)
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invited person sets a password. A link that is unknown, spent or run out gets one and the same answer."""
    invitation = queries.invitation_for(token)
    if invitation is None or not actions.usable(invitation):
        return render(request, "system/no_invitation.html", {"days": actions.INVITATION_DAYS}, status=410)
    form = JoinForm(request.POST or None, with_code=invitation.reset_id is not None)
    if request.method == "POST" and form.is_valid():
        code = str(form.cleaned_data.get("code", ""))
        try:
            if not adapter.reset_code_at_the_door(request, invitation, code):
                form.add_error("code", adapter.RESET_CODE_REFUSED)
            else:
                actions.accept_invitation(
                    invitation=invitation,
                    password=form.cleaned_data["password"],
                    code=code,
                    by=invitation.account.actor(),
                )
        except AccountRefused as refusal:
            form.add_error("password", str(refusal))
        if form.is_valid():
            messages.success(request, "Your password is set. Sign in with it.")
            return redirect("sign_in")
    return render(
        request, "system/join.html", {"form": form, "invitation": invitation}, status=_status(request)
    )


@require_http_methods(FORM)
def ready(request: HttpRequest) -> HttpResponse:
    """What a person still lacks before they may work here: the agreement, a training that counts."""
    person = request.user
    if not isinstance(person, Account):
        raise Http404("No such page.")
    form = AgreementForm(request.POST or None, initial={"version": agreement.VERSION})
    if request.method == "POST" and form.is_valid():
        try:
            actions.accept_agreement(account=person, version=form.cleaned_data["version"], by=person.actor())
        except AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("home" if not queries.lacking(person) else "ready")
    context = {
        "form": form,
        "title": agreement.TITLE,
        "version": agreement.VERSION,
        "text": agreement.TEXT,
        "lacking": queries.lacking(person),
        "trained_until": queries.trained_until(person),
    }
    return render(request, "system/ready.html", context, status=_status(request))


def _told(request: HttpRequest, found: Account, token: str) -> HttpResponse:
    """The link, this once: only the hash of its token is kept. Or (no token) that the person's address gets it."""
    link = request.build_absolute_uri(reverse("join", args=[token])) if token else ""
    context = {"account": found, "link": link, "days": actions.INVITATION_DAYS}
    return render(request, "system/invited.html", context)


def _account(account_id: uuid.UUID) -> Account:
    found = queries.accounts().filter(id=account_id).first()
    if found is None:
        raise Http404("No such account.")
    return found


def _status(request: HttpRequest) -> int:
    """422 for a form that comes back."""
    return 422 if request.method == "POST" else 200


def _close_for_now(found: Account, by: Actor, said: dict[str, object]) -> str:
    actions.close_for_now(account=found, reason=str(said["reason"]), by=by)
    return "The account is closed for now. Ask for a reset to open it again; a second person approves."


def _deactivate(found: Account, by: Actor, said: dict[str, object]) -> str:
    actions.deactivate(account=found, reason=str(said["reason"]), by=by)
    return "The account is closed; what was done under it stays."


def _invite_again(found: Account, by: Actor, said: dict[str, object]) -> str:
    return actions.invite_again(account=found, reason=str(said["reason"]), by=by)


def _identity(found: Account, by: Actor, said: dict[str, object]) -> str:
    actions.record_identity_check(account=found, how=str(said["how"]), by=by)
    return "The identity check is recorded."


def _training(found: Account, by: Actor, said: dict[str, object]) -> str:
    actions.record_training(account=found, by=by, **said)  # type: ignore[arg-type]  # the form's own three fields
    return "The training is recorded."


def _end_sessions(found: Account, by: Actor, said: dict[str, object]) -> str:
    ended = actions.end_sessions(account=found, reason=str(said["reason"]), by=by)
    return f"Sessions ended: {ended}."


def _lift_lockout(found: Account, by: Actor, said: dict[str, object]) -> str:
    shut = actions.lift_lockout(account=found, reason=str(said["reason"]), by=by)
    return (
        "The lockout is lifted." if shut else "The account was not locked out; earlier tries are forgotten."
    )


def _email(found: Account, by: Actor, said: dict[str, object]) -> str:
    actions.set_email(account=found, email=str(said["email"]), by=by)
    return "The address is recorded."


def _letter(found: Account, by: Actor, said: dict[str, object]) -> str:
    actions.record_agency_letter(account=found, by=by, **said)  # type: ignore[arg-type]  # the form's own three fields
    return "The letter is recorded."


def _is_fresh(account: Account) -> bool:
    """Invited, and never in: what two people are asked for later, one does here."""
    return account.is_active and actions.fresh(account)


STEPS = {
    "invite": Step(
        "Invite again",
        "A new link, by which the person sets their password. Earlier links end.",
        "Make the link",
        ReasonForm,
        _invite_again,
        fits=_is_fresh,
    ),
    "email": Step(
        "E-mail address",
        "Where the person is told that something needs them. Once they have come in, only they change it.",
        "Record",
        EmailForm,
        _email,
        fits=_is_fresh,
    ),
    "identity": Step(
        "Record an identity check",
        "Nobody signs before somebody else has made sure who they are.",
        "Record",
        IdentityForm,
        _identity,
    ),
    "training": Step(
        "Record a training",
        "Nothing of a study opens without a training that counts today.",
        "Record",
        TrainingForm,
        _training,
    ),
    "unlock": Step(
        "Lift the lockout",
        "After too many wrong tries sign-in is locked for 15 minutes. Make sure first who asks.",
        "Lift",
        ReasonForm,
        _lift_lockout,
    ),
    "sessions": Step(
        "End the sessions",
        "Every browser in which this person is signed in is signed out with its next request.",
        "End all",
        ReasonForm,
        _end_sessions,
    ),
    "letter": Step(
        "Record the letter to the agency",
        "The sponsor certifies to the agency that electronic signatures are as binding as those by hand"
        " (21 CFR 11.100(c)). A template stands in docs/how-to/certification-letter.md.",
        "Record",
        AgencyLetterForm,
        _letter,
    ),
    "close": Step(
        "Close for now",
        "When somebody else may have the device or the password: nobody signs in with the next request on, until two"
        " people have opened the account again.",
        "Close for now",
        ReasonForm,
        _close_for_now,
        danger=True,
    ),
    "deactivate": Step(
        "Deactivate",
        "The account is closed with the next request, for good. Its name is never given again.",
        "Deactivate",
        ReasonForm,
        _deactivate,
        danger=True,
    ),
}
