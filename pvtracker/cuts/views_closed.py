"""Closed room: the cuts that came over from the open room, and whether they are joined with the arms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.cuts import closed, queries
from pvtracker.studies.pages import study_page


@require_safe
def cuts(request: HttpRequest, code: str) -> HttpResponse:
    """Every received cut with its state."""
    study = study_page(request, code, Permission.RUN_SIGNALS)
    joined = closed.joined_of(study)
    found = [(cut, joined.get(cut.id)) for cut in queries.cuts_of(study)]
    return render(request, "cuts/closed.html", {"cuts": found})
