"""What stands between a signed-in person and a page: the clocks of the session, and the second factor."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pvtracker.accounts import factors, sessions
from pvtracker.accounts.models import Account, OpenSession
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
    "sign_in",
    "sign_out",
}
NO_USE = {"health"}  # asked by machines: keeps no session alive


def detour(request: HttpRequest) -> HttpResponse | None:
    """Another answer than the page that was asked for, or None. Called inside the request's transaction."""
    person = request.user
    if not isinstance(person, Account):
        return None
    opened, administers = sessions.current(request, person)
    needs_factor = administers or queries.needs_second_factor(person)
    ending = sessions.ending_of(opened, idle=idle_of(needs_factor))
    if ending is not None:
        return _ended(request, person, opened, ending)
    name = request.resolver_match.url_name if request.resolver_match else None
    if name not in NO_USE:
        sessions.use(opened)
    if needs_factor and not opened.second_factor and name not in ENROLMENT:
        if not factors.has_second_factor(person):
            return _enrol(request)
        sessions.note_second_factor(opened)
    return None


def idle_of(needs_factor: bool) -> timedelta:
    """How long a session lasts without use: shorter where arms are seen or people are administered."""
    return sessions.IDLE_STRICT if settings.ROOM == "closed" or needs_factor else sessions.IDLE


def _ended(
    request: HttpRequest, person: Account, opened: OpenSession, ending: sessions.Ending
) -> HttpResponse:
    if opened.ended_at is None:
        sessions.end(opened, because=ending.word)
        looks.record(kind=AccessKind.SESSION_ENDED, by=person.actor(), detail=ending.word)
    logout(request)
    messages.info(request, ending.sentence)
    return HttpResponseRedirect(f"{reverse('sign_in')}?{urlencode({'next': request.get_full_path()})}")


def _enrol(request: HttpRequest) -> HttpResponse:
    messages.warning(
        request, "Your role needs a second factor at sign-in. Add an authenticator app or a passkey to go on."
    )
    return HttpResponseRedirect(reverse("account"))
