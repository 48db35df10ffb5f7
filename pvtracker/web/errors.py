"""Answers to what could not be done: one sentence, the remedy, and nothing of what went wrong inside.

Drawn without context processors, which may be what failed.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def server_error(request: HttpRequest) -> HttpResponse:
    """An internal fault."""
    return _answer("500.html", 500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that could not be read; one that is too large says so."""
    return too_large(request) if isinstance(exception, TOO_MUCH) else _answer("400.html", 400)


def too_large(request: HttpRequest) -> HttpResponse:
    """More than a form may send. The draft, which was saved while typing, is still there."""
    return _answer("413.html", 413)


def _answer(template: str, status: int) -> HttpResponse:
    limit = f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // (1024 * 1024)} MB"
    return HttpResponse(render_to_string(template, {"room": settings.ROOM, "limit": limit}), status=status)
