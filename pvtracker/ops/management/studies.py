"""The study that a command is about."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import CommandError

from pvtracker.studies.models import Study
from pvtracker.studies.queries import study_id_of, study_of


def study_named(code: str) -> Study:
    """The study of this code; CommandError when there is none. What is read of it next is read `within(study.id)`."""
    study = study_of(study_id_of(code))
    if study is None:
        raise CommandError(f"There is no study {code} in the {settings.ROOM} room.")
    return study
