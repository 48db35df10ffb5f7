"""Reading cuts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from pvtracker.cuts.models import Cut, CutState
from pvtracker.studies.definitions import DefinitionError, of_settings
from pvtracker.studies.models import Study


def cuts_of(study: Study) -> QuerySet[Cut]:
    """Cuts of a study, the latest first."""
    return Cut.objects.filter(study=study).order_by("-made_at", "-id")


def stated_of(cut: Cut) -> dict[str, Any] | None:
    """The definitions that a cut was frozen with, as plain data; None where they cannot be read."""
    try:
        return of_settings(cut.manifest.get("settings", {})).stated()
    except DefinitionError:
        return None


def latest_cut(study: Study) -> Cut | None:
    """The cut that was frozen last and is fit for use."""
    return cuts_of(study).filter(state=CutState.READY).first()
