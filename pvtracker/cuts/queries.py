"""Reading cuts."""

from __future__ import annotations

from django.db.models import QuerySet

from pvtracker.cuts.models import Cut, CutState
from pvtracker.studies.models import Study


def cuts_of(study: Study) -> QuerySet[Cut]:
    """Cuts of a study, the latest first."""
    return Cut.objects.filter(study=study).order_by("-made_at", "-id")


def latest_cut(study: Study) -> Cut | None:
    """The cut that was frozen last and is fit for use."""
    return cuts_of(study).filter(state=CutState.READY).first()
