"""Every page is private: nothing between us and the reader may keep it. Each request has an id for the audit trail."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from pvtracker.audit.context import request_id


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
