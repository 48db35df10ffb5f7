"""The study of a page: who may open it, and the note of it that the page's frame reads (`web.context.room`)."""

from __future__ import annotations

from django.http import HttpRequest

from pvtracker.accounts.roles import Permission
from pvtracker.studies.models import Study
from pvtracker.studies.queries import study_for


def study_page(request: HttpRequest, code: str, permission: Permission) -> Study:
    """The study that the address names, when the person has the permission in it; else 404."""
    return of_page(request, study_for(request.user, code, permission))


def of_page(request: HttpRequest, study: Study) -> Study:
    """The same study, noted as what the page is about."""
    request.study = study  # type: ignore[attr-defined]  # a request takes notes; its type names none
    return study
