"""A recommendation as a record that is signed."""

from __future__ import annotations

from pvtracker.accounts.signing.queries import Change, Manifestation, manifestations, signatures_of
from pvtracker.accounts.signing.record import Subject
from pvtracker.board.models import Recommendation, RecommendationVersion

KIND = "recommendation"


def subject_of(recommendation: Recommendation) -> Subject:
    """The recommendation as it stands, with the hashes of the report that it rests on."""
    report = recommendation.report
    return Subject(
        kind=KIND,
        object_id=recommendation.id,
        study_id=recommendation.study_id,
        version=recommendation.version,
        record={
            "kind": recommendation.kind,
            "text": recommendation.text,
            "report": str(report.id),
            "report_content_sha256": report.content_sha256,
            "report_pdf_sha256": report.pdf_sha256,
        },
    )


def manifestations_of(recommendation: Recommendation) -> list[Manifestation]:
    """The recommendation's signatures, newest first, verified now."""
    signatures = signatures_of(KIND, recommendation.id)

    def changes() -> list[Change]:
        rows = RecommendationVersion.objects.filter(recommendation=recommendation).order_by("version")
        return [Change(row.version, row.actor_name, row.recorded_at) for row in rows]

    return manifestations(signatures, subject_of(recommendation), changes=changes)
