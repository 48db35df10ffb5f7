"""Signing out, and the page on which people look after their own sign-in. The door itself is allauth's."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.logout import logout
from allauth.account.internal.flows.reauthentication import (
    raise_if_reauthentication_required,
    suspend_request,
)
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pvtracker.accounts import adapter, carried, factors, lockout, sessions
from pvtracker.accounts.actions import AccountRefused, set_email, set_password
from pvtracker.accounts.forms import NewPasswordForm
from pvtracker.accounts.models import Account
from pvtracker.accounts.system_forms import EmailForm
from pvtracker.audit import looks
from pvtracker.audit.enums import AccessKind

View = Callable[..., HttpResponse]


def fresh(view: View) -> View:
    """Ask for the password or a factor again where the sign-in is not fresh; record a change, and end other sessions.

    allauth says so by an exception, which must be answered inside the request's transaction.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        before = factors.held(request.user)
        try:
            answer = view(request, *args, **kwargs)
            if factors.held(request.user) != before:
                _note_changed_factors(request)
            return answer
        except ReauthenticationRequired:
            ways = get_adapter().get_reauthentication_methods(request.user)
            led: HttpResponse = suspend_request(request, ways[0]["url"] if ways else reverse("sign_in"))
            return led

    return guarded


def _note_changed_factors(request: HttpRequest) -> None:
    person = request.user
    if isinstance(person, Account):
        looks.record(
            kind=AccessKind.SECOND_FACTOR_CHANGED,
            by=person.actor(),
            object_kind="account",
            object_id=str(person.id),
            detail=f"now {', '.join(kind for _, kind, _ in factors.held(person)) or 'none'}",
            address=lockout.address_of(request),
        )
        here, _ = sessions.current(request, person)
        sessions.end_all(person, because="second factor changed", but=here)
        if factors.has_second_factor(person):  # just proved by a correct code or key, or long since
            sessions.note_second_factor(here)


def by_provider(view: View) -> View:
    """Single sign-on; its refusals, which are exceptions, are answered inside the request's transaction."""

    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, provider_id: str) -> HttpResponse:
        if not settings.OIDC_ISSUER:
            raise Http404("No single sign-on is configured.")
        try:
            return view(request, provider_id)
        except ImmediateHttpResponse as refusal:
            answer: HttpResponse = refusal.response
            return answer

    return guarded


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request, show_message=False)
    return redirect("sign_in")


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """One's own sign-in: factors, recovery codes, password, sessions."""
    person = signed_in(request)
    held = list(Authenticator.objects.filter(user=person).order_by("type", "created_at"))
    spare = next((one.wrap() for one in held if one.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "person": person,
        "totp": next((one for one in held if one.type == Authenticator.Type.TOTP), None),
        "passkeys": [one for one in held if one.type == Authenticator.Type.WEBAUTHN],
        "overdue": {one.pk for one in factors.overdue(person)},
        "recovery_codes": None if spare is None else len(spare.get_unused_codes()),
        "sessions": sessions.open_sessions(person),
        "here": sessions.current(request, person)[0],
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose another password. Every other session of the person ends."""
    person = signed_in(request)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        known = adapter.AccountAdapter().authenticate(
            request, username=person.username, password=form.cleaned_data["old"]
        )
        if known is None:
            form.add_error("old", adapter.REFUSED)
        else:
            try:
                set_password(account=person, password=form.cleaned_data["new"], by=person.actor())
            except AccountRefused as refusal:
                form.add_error("new", str(refusal))
            else:
                update_session_auth_hash(request, person)
                here, _ = sessions.current(request, person)
                sessions.end_all(person, because="password changed", but=here)
                messages.success(request, "Your password is changed. Your other sessions are ended.")
                return redirect("account")
    return render(request, "accounts/password.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def email(request: HttpRequest) -> HttpResponse:
    """The address at which one is told that something needs one. Whoever only found a session open changes none."""
    person = signed_in(request)
    raise_if_reauthentication_required(request, app="account")
    form = EmailForm(request.POST or None, initial={"email": person.email})
    if request.method == "POST" and form.is_valid():
        set_email(account=person, email=form.cleaned_data["email"], by=person.actor())
        messages.success(request, "Your e-mail address is recorded.")
        return redirect("account")
    return render(request, "accounts/email.html", {"form": form})


@require_POST
def end_session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """End one of one's own sessions, on another device perhaps."""
    person = signed_in(request)
    opened = next((one for one in sessions.open_sessions(person) if one.id == session_id), None)
    if opened is None:
        raise Http404("No such session.")
    sessions.end(opened, because="ended by the person")
    looks.record(kind=AccessKind.SESSION_ENDED, by=person.actor(), detail="ended by the person")
    messages.success(request, "The session is ended: its browser is signed out with the next request.")
    return redirect("account")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this."""
    person = signed_in(request)
    here, _ = sessions.current(request, person)
    ended = sessions.end_all(person, because="ended by the person", but=here)
    looks.record(kind=AccessKind.SESSION_ENDED, by=person.actor(), detail=f"{ended} ended by the person")
    messages.success(
        request, f"Sessions ended: {ended}. Their browsers are signed out with the next request."
    )
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
def what_was_carried(request: HttpRequest) -> HttpResponse:
    """After a sign-in: what was typed before it, to be sent again by the person, or thrown away."""
    found = carried.unpack(request, signed_in(request))
    if found is None or request.method == "POST":
        carried.forget(request)
        return redirect(found.path if found else "home")
    return render(request, "accounts/carried.html", {"carried": found})


def signed_in(request: HttpRequest) -> Account:
    """The person who asks; LoginRequiredMiddleware let nobody else come here."""
    if not isinstance(request.user, Account):
        raise TypeError("This page is for people who are signed in.")
    return request.user
