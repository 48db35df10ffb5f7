"""Between a signed-in person and a page: the session's clocks, the second factor, the agreement and training."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from pvtracker.accounts import carried, factors, sessions
from pvtracker.accounts.forms import SignInForm
from pvtracker.accounts.models import Account, OpenSession
from pvtracker.accounts.queries import lacking
from pvtracker.audit import looks
from pvtracker.audit.enums import AccessKind
from pvtracker.studies import queries

# Pages on which a second factor is enrolled, and the way out: open to who has none yet.
ENROLMENT = {
    "account",
    "account_logout",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_index",
    "mfa_list_webauthn",
    "password",
    "session",
    "sign_in",
    "sign_out",
}
ASKED_BY_MACHINES = {"health", "job", "session", "signal_order"}  # by GET: keeps no session alive
SCRIPTS = {"draft", "in-place"}  # what our scripts call themselves
BEFORE_USE = {"ready", "components", "health", "carried"}  # open to who lacks agreement or training

UNPROVEN = sessions.Ending(
    "second factor not shown", "A second factor was added to your account. Sign in again with it to go on."
)


def detour(request: HttpRequest) -> HttpResponse | None:
    """Another answer than the page that was asked for, or None. Called inside the request's transaction."""
    person = request.user
    if not isinstance(person, Account):
        return None
    opened, administers = sessions.current(request, person)
    needs_factor = administers or queries.needs_second_factor(person)
    idle = idle_of(needs_factor)
    ending = sessions.ending_of(opened, idle=idle)
    if ending is not None:
        return _ended(request, person, opened, ending)
    name = request.resolver_match.url_name if request.resolver_match else None
    if is_script(request) and request.headers.get("X-Account", str(person.id)) != str(person.id):
        return unauthorised()  # a page of somebody else who was signed in here before
    if request.method == "POST" or not (name in ASKED_BY_MACHINES and is_by_machine(request, name)):
        sessions.use(opened)
    request.session_left = sessions.left(opened, idle=idle)  # type: ignore[attr-defined]  # read by web.context
    if request.method == "POST" and name != "carried":
        carried.forget(request)
    if opened.tell and request.method == "GET" and not is_script(request) and name not in ASKED_BY_MACHINES:
        for text in sessions.hear(opened):
            messages.warning(request, text)
    if needs_factor and not opened.second_factor:
        if factors.has_second_factor(person):  # enrolled elsewhere: this session has shown a password only
            return _ended(request, person, opened, UNPROVEN)
        if name not in ENROLMENT:
            return _enrol(request)
    if name not in ENROLMENT and name not in BEFORE_USE and lacking(person):
        return HttpResponseRedirect(reverse("ready"))
    return None


def idle_of(needs_factor: bool) -> timedelta:
    """How long a session lasts without use: shorter where arms are seen or people are administered."""
    return sessions.IDLE_STRICT if settings.ROOM == "closed" or needs_factor else sessions.IDLE


def is_script(request: HttpRequest) -> bool:
    """Was this sent by a script that waits in a page, and not by the browser itself?"""
    return request.headers.get("X-Requested-With") in SCRIPTS or "HX-Request" in request.headers


def is_by_machine(request: HttpRequest, name: str | None) -> bool:
    """A page that asks by itself, again and again."""
    return name not in {"job", "signal_order"} or "HX-Request" in request.headers


def unauthorised() -> HttpResponse:
    """To a script: sign in, in the page where you are."""
    return HttpResponse(status=401, headers={"X-Sign-In": reverse("sign_in")})


def sign_in_first(request: HttpRequest, account: Account | None = None) -> HttpResponse:
    """To the sign-in page, with whatever was being sent: a script stays where it is, a form is carried along."""
    if is_script(request):
        return unauthorised()
    packed = carried.pack(request, account)
    if packed:
        context = {
            "form": SignInForm(request=request),
            "carried": packed,
            "redirect_field_value": request.get_full_path(),
        }
        return render(request, "account/login.html", context, status=401)
    return HttpResponseRedirect(f"{reverse('sign_in')}?{urlencode({'next': request.get_full_path()})}")


def _ended(
    request: HttpRequest, person: Account, opened: OpenSession, ending: sessions.Ending
) -> HttpResponse:
    if opened.ended_at is None:
        sessions.end(opened, because=ending.word)
        looks.record(kind=AccessKind.SESSION_ENDED, by=person.actor(), detail=ending.word)
    logout(request)
    if not is_script(request):
        messages.info(request, ending.sentence)
    return sign_in_first(request, person)


def _enrol(request: HttpRequest) -> HttpResponse:
    messages.warning(
        request, "Your role needs a second factor at sign-in. Add an authenticator app or a passkey to go on."
    )
    return HttpResponseRedirect(reverse("account"))
