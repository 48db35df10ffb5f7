"""Every page is private: nothing between us and the reader may keep it. Each request has an id for the audit trail, and
one transaction in which the database knows who asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.defaults import page_not_found

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, acting, request_id
from pvtracker.lib.answer_headers import ISOLATION
from pvtracker.web.doors import detour, sign_in_first
from pvtracker.web.errors import too_large

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
SIGN_OUT = {"sign_out", "account_logout"}  # the names of the address in our pages and in the library's


class PrivateResponses:
    """Names the request, refuses what no page answers to, and marks every answer as private to this reader.

    Stands outside everything that reads a body or a session: an address with a NUL character is nobody's, a method that
    no page knows is refused, and so is a body that is too large, unread. Static files are answered before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_id.set(uuid.uuid4().hex)
        try:
            response = _refusal(request) or self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers.setdefault("Cache-Control", "no-store")
        for name, value in ISOLATION.items():
            response.headers.setdefault(name, value)
        if (
            request.method == "POST"
            and request.resolver_match
            and request.resolver_match.url_name in SIGN_OUT
        ):
            # not "cookies": both rooms of a demo share a host name; the session is ended on the server
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """The answer to what is refused unread, or None."""
    if "\0" in request.path_info:
        return page_not_found(request, Http404())
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return too_large(request)
    return None


class SignInRequired:
    """Nothing without a sign-in but what a view opts out of (`login_not_required`); a script stays in its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """None lets the request through."""
        if request.user.is_authenticated or not getattr(view, "login_required", True):
            return None
        return sign_in_first(request)


class OneTransaction:
    """Runs each view, and draws its page, in one transaction under the name of the person who asks.

    The last of the middlewares: what the view raises rolls the transaction back and becomes an error page outside it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> HttpResponse:
        """The view's response, drawn and committed; a response of an internal fault leaves nothing behind."""
        user = request.user
        by = user.actor() if isinstance(user, Account) else Actor.process("visitor")
        with transaction.atomic():
            acting(by=by, reason="", source="form", study="")
            response = detour(request) or view(request, *args, **kwargs)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response = response.render()
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response
