"""What a page says whose cut cannot be read: the sentence of the fault, instead of an internal error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pvtracker.cuts.data import CutError

log = logging.getLogger(__name__)
REMEDY = (
    "Nothing was changed. Choose another cut, or freeze a new one; tell who runs the system that the files of this one "
    "cannot be read."
)


def tells_unreadable(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, with a page of status 409 for a cut that cannot be read. The record of the look stays."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except CutError as fault:
            log.error("%s", fault)
            context = {
                "status": 409,
                "title": "The data cut cannot be read",
                "text": str(fault),
                "remedy": REMEDY,
            }
            return render(request, "web/error.html", context, status=409)

    return told
