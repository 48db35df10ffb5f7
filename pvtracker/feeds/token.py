"""The token door: client credentials and nothing else, whatever the library would also understand.

Wrong secrets are counted by client and by address, as people's passwords are. A client may belong to an account, the
person who answers for it: with that account deactivated, or the client ended,
its secret and every token of it are worth nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import RevokeTokenView, TokenView

from pvtracker.accounts import lockout
from pvtracker.accounts.adapter import note_failure
from pvtracker.feeds.queries import is_open

GRANT = "client_credentials"


class ClientTokenView(TokenView):  # type: ignore[misc]  # the library ships no types
    """Refuses other grants itself, because the library answers some of them with a fault (RFC 6749, 5.2)."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("grant_type") != GRANT:
            return JsonResponse({"error": "unsupported_grant_type"}, status=400)
        return _counted(request, lambda: super(ClientTokenView, self).post(request, *args, **kwargs))


class ClientRevokeView(RevokeTokenView):  # type: ignore[misc]  # the library ships no types
    """Takes a token back. It asks for the client's secret too, so a wrong one counts as at the token door."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _counted(request, lambda: super(ClientRevokeView, self).post(request, *args, **kwargs))


def _counted(request: HttpRequest, answer_of: Callable[[], HttpResponse]) -> HttpResponse:
    """The library's answer to a client; wrong secrets are counted at the door of the client that was looked at."""
    if request.GET or ("Authorization" in request.headers and "client_secret" in request.POST):
        # the library tries one after the other (RFC 6749, 2.3 allows one): the wrong client would be counted
        return JsonResponse({"error": "invalid_request"}, status=400)
    theirs = lockout.door("client", client_id_of(request))
    doors = [theirs, lockout.door("address", lockout.address_of(request))]
    shut = lockout.is_shut(doors)
    with transaction.atomic():
        answer = answer_of()
        if (
            shut
        ):  # the secret was looked at all the same: a shut door answers as slowly, and as a wrong secret
            transaction.set_rollback(True)
    if shut:
        answer = JsonResponse({"error": "invalid_client"}, status=401)
    if answer.status_code == 401:
        note_failure(request, doors, None, detail="client")
    elif answer.status_code == 200:
        lockout.passed(theirs)
    return answer


def client_id_of(request: HttpRequest) -> str:
    """The client that a request for a token names, known or not."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return unquote_plus(base64.b64decode(given).decode().partition(":")[0])
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return str(request.POST.get("client_id", ""))


class ClientValidator(OAuth2Validator):  # type: ignore[misc]  # the library ships no types
    """Knows no client whose id the database cannot even be asked for, and none that was ended or whose owner left."""

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        known = None if "\0" in (client_id or "") else super()._load_application(client_id, request)
        if known is not None and is_open(known):
            return known
        make_password("nobody's")  # an unknown client costs as much time as a wrong secret
        request.client = None
        return None

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        return bool(super().validate_bearer_token(token, scopes, request)) and is_open(request.client)
