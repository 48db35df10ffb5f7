"""Writing, amending and signing a recommendation of the board."""

from __future__ import annotations

from django.utils import timezone

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.actions import sign
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor, action
from pvtracker.board.models import Recommendation, RecommendationKind, RecommendationVersion
from pvtracker.board.signing import subject_of
from pvtracker.reports.models import ReportRecord
from pvtracker.studies.models import Study


class RecommendationRefused(ValueError):
    """The recommendation cannot be written like this; the text is a sentence for the page."""


@action
def record_recommendation(
    *, study: Study, report: ReportRecord, kind: str, text: str, by: Actor, source: str = "form"
) -> Recommendation:
    """Write down what the board recommends on a report of this study, as version 1."""
    if report.study_id != study.id:
        raise RecommendationRefused("The report belongs to another study. Choose one of this study.")
    _check(kind, text)
    made = Recommendation.objects.create(
        study=study, report=report, kind=kind, text=text.strip(), recorded_at=timezone.now()
    )
    _leave_version(made, reason="", by=by)
    return made


@action
def amend_recommendation(
    *,
    recommendation: Recommendation,
    version: int,
    kind: str,
    text: str,
    reason: str,
    by: Actor,
    source: str = "form",
) -> Recommendation:
    """Replace what it says, as a new version; signatures of the earlier one are void from then on."""
    _check(kind, text)
    if not reason.strip():
        raise RecommendationRefused("A reason is missing. Say in a few words why it is changed.")
    current = _held(recommendation)
    if current.version != version:
        raise RecommendationRefused(
            f"It was changed meanwhile: you read version {version}, it is now version {current.version}. Read it "
            "again, then change it."
        )
    if (current.kind, current.text) == (kind, text.strip()):
        raise RecommendationRefused("Nothing was changed, so no new version was made.")
    current.kind, current.text, current.version = kind, text.strip(), version + 1
    current.save(update_fields=["kind", "text", "version"])
    _leave_version(current, reason=reason.strip()[:500], by=by)
    return current


@action
def sign_recommendation(
    *,
    recommendation: Recommendation,
    shown: str,
    meaning: str,
    proof: Proof,
    by: Actor,
    source: str = "form",
) -> Signature:
    """Sign it as it stands, when that is what was shown."""
    current = _held(recommendation)
    return sign(subject=subject_of(current), shown=shown, meaning=meaning, proof=proof, by=by, source=source)


def _held(recommendation: Recommendation) -> Recommendation:
    """The row as it stands, held until commit."""
    held = Recommendation.objects.select_for_update(of=("self",)).select_related("study", "report__cut")
    return held.get(pk=recommendation.pk)


def _check(kind: str, text: str) -> None:
    if kind not in RecommendationKind.values:
        raise RecommendationRefused("Choose what the board recommends.")
    if not text.strip():
        raise RecommendationRefused("The text is empty. Write what the board recommends, and why.")


def _leave_version(recommendation: Recommendation, *, reason: str, by: Actor) -> None:
    RecommendationVersion.objects.create(
        study_id=recommendation.study_id,
        recommendation=recommendation,
        version=recommendation.version,
        kind=recommendation.kind,
        text=recommendation.text,
        reason=reason,
        actor=by.id,
        actor_name=by.name,
        role=by.role,
        recorded_at=timezone.now(),
    )
