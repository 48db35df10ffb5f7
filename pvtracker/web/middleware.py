"""Every page is private: nothing between us and the reader may keep it. Each request has an id for the audit trail, and
one transaction in which the database knows who asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, acting, request_id


class PrivateResponses:
    """Adds `Cache-Control: no-store` to everything but static files, and names the request.

    An address with a NUL character is nobody's: no database can be asked for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        token = request_id.set(uuid.uuid4().hex)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


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
            acting(by=by, reason="", source="form")
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response = response.render()
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response
