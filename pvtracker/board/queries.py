"""Reading the board's recommendations."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from pvtracker.accounts.models import Signature
from pvtracker.board.models import Recommendation, RecommendationVersion
from pvtracker.board.signing import KIND
from pvtracker.studies.models import Study


def recommendations_of(study: Study) -> QuerySet[Recommendation]:
    """The newest first, each with `is_signed` (its current version)."""
    given = Signature.objects.filter(kind=KIND, object_id=OuterRef("pk"), version=OuterRef("version"))
    return (
        Recommendation.objects.filter(study=study)
        .select_related("study", "report__cut")
        .annotate(is_signed=Exists(given))
        .order_by("-recorded_at", "id")
    )


def recommendation_for(study: Study, recommendation_id: uuid.UUID) -> Recommendation:
    """One recommendation of a study; else 404."""
    found = recommendations_of(study).filter(pk=recommendation_id).first()
    if found is None:
        raise Http404("No such recommendation.")
    return found


def versions_of(recommendation: Recommendation) -> list[RecommendationVersion]:
    """Every version, the newest first."""
    return list(RecommendationVersion.objects.filter(recommendation=recommendation).order_by("-version"))
