"""Single sign-on: a provider says who somebody is; which account that is, and what it may do, is decided here.

No account is ever made, linked or given a role by it. Off unless a provider is configured (docs/how-to/sign-in.md).
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from pvtracker.accounts import lockout
from pvtracker.accounts.models import Account
from pvtracker.audit import looks
from pvtracker.audit.context import Actor
from pvtracker.audit.enums import AccessKind

ASSERTED = "sso_second_factor"  # in the session: whose second factor the provider has asserted
REFUSED = (
    "Single sign-on did not lead to an account of this room. Sign in with user name and password, or ask the system"
    " administrator."
)


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library ships no types
    """Lets in whom the provider names and we know; everybody else reads one and the same sentence."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        told = sociallogin.account.extra_data
        account = account_of(told) if sociallogin.state.get("process") == "login" else None
        if account is None:
            _refuse(request, "single sign-on")
        sociallogin.user = account
        request.session[ASSERTED] = str(account.id) if account and asserts_second_factor(told) else ""

    def on_authentication_error(self, request: HttpRequest, provider: Any, **told: Any) -> None:
        _refuse(request, "single sign-on failed")


def account_of(told: dict[str, Any]) -> Account | None:
    """The one active account that the claims mean, by the claim that is configured; None if not exactly one."""
    token, more = told.get("id_token", {}), told.get("userinfo", {})
    if not token or (more and more.get("sub") != token.get("sub")):
        return None
    claims = {**token, **more}
    active = Account.objects.filter(is_active=True)
    if settings.OIDC_MATCH == "email":
        # a provider that has not verified the address does not know whose it is
        address = claims.get("email") if claims.get("email_verified") is True else None
        found = active.filter(email__iexact=address) if address else active.none()
    else:
        name = claims.get(settings.OIDC_MATCH)
        found = active.filter(username__iexact=name) if name else active.none()
    return found.first() if found.count() == 1 else None


def asserts_second_factor(told: dict[str, Any]) -> bool:
    """Does the provider's token say, in words that are configured to be believed, that it asked for a second factor?"""
    claims = told.get("id_token", {})
    said = claims.get("amr", [])
    words = {*(said if isinstance(said, list) else []), claims.get("acr")}
    return bool(words & set(settings.OIDC_SECOND_FACTOR))


def was_asserted(request: HttpRequest, account: Account) -> bool:
    """Did this sign-in come from the provider, with a second factor that it asserted?"""
    by_provider = any(
        record["method"] == "socialaccount" for record in get_authentication_records(request, account)
    )
    return by_provider and request.session.get(ASSERTED) == str(account.id)


def _refuse(request: HttpRequest, why: str) -> None:
    looks.record(
        kind=AccessKind.SIGN_IN_FAILED,
        by=Actor.process("visitor"),
        detail=why,
        address=lockout.address_of(request),
    )
    messages.error(request, REFUSED)
    raise ImmediateHttpResponse(HttpResponseRedirect(reverse("sign_in")))
