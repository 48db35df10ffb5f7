"""The plans of a study as they are kept and signed, and which of them a run uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.queries import Change, Manifestation, holds, manifestations, signatures_of
from pvtracker.accounts.signing.record import Subject
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Run, ScreeningPlan
from pvtracker.signals.plan import BUILT_IN, NO_PLAN, Plan, from_plain, time_order, to_plain
from pvtracker.studies.models import Arm, Study

KIND = "screening_plan"


@dataclass(frozen=True, slots=True)
class InUse:
    """A plan as a run uses it: the built-in one (`row` None), or a signed version."""

    plan: Plan
    row: ScreeningPlan | None = None
    signed_at: datetime | None = None
    signed_by: str = ""

    @property
    def name(self) -> str:
        return f"Version {self.row.version} of the plan" if self.row else NO_PLAN

    @property
    def sha256(self) -> str:
        return self.row.sha256 if self.row else self.plan.sha256


UNPLANNED = InUse(BUILT_IN)


def versions_of(study: Study) -> list[ScreeningPlan]:
    """Every version of the study's plan, the latest first."""
    return list(ScreeningPlan.objects.filter(study=study).order_by("-version"))


def arms_of(study: Study) -> list[str]:
    """The names of the study’s arms, in the protocol’s order."""
    return list(Arm.objects.filter(study=study).order_by("ordinal", "code").values_list("name", flat=True))


def reference_of(study: Study) -> str:
    """The name of the arm that the others are compared with; '' where the protocol names none yet."""
    return Arm.objects.filter(study=study, is_reference=True).values_list("name", flat=True).first() or ""


def subject_of(row: ScreeningPlan) -> Subject:
    """A version as the record that is signed. Its versions are one record: that of the study's plan."""
    return Subject(
        kind=KIND,
        object_id=row.study_id,
        study_id=row.study_id,
        version=row.version,
        record={"plan": row.content, "plan_sha256": row.sha256, "reason": row.reason},
    )


def signature_of(row: ScreeningPlan, signatures: list[Signature] | None = None) -> Signature | None:
    """The first signature of this version that holds for what it says now."""
    given = signatures_of(KIND, row.study_id) if signatures is None else signatures
    subject = subject_of(row)
    return next((one for one in given if one.version == row.version and holds([one], subject)), None)


def manifestations_of(versions: list[ScreeningPlan]) -> list[Manifestation]:
    """The signatures of the plan, newest first, held against its latest version."""
    if not versions:
        return []
    latest = versions[0]

    def changes() -> list[Change]:
        return [Change(row.version, row.made_by_name, row.made_at) for row in reversed(versions)]

    return manifestations(signatures_of(KIND, latest.study_id), subject_of(latest), changes=changes)


def in_use(study: Study) -> InUse:
    """The latest signed version; the built-in plan when none is signed."""
    return next(iter(signed_versions(study)), UNPLANNED)


def signed_versions(study: Study) -> list[InUse]:
    """The versions that are signed and are what was signed, the latest first."""
    signatures = signatures_of(KIND, study.id)
    signed = {one.version for one in signatures}
    found = (as_used(row, signatures) for row in versions_of(study) if row.version in signed)
    return [one for one in found if one is not None]


def as_used(row: ScreeningPlan, signatures: list[Signature] | None = None) -> InUse | None:
    """This version with its signature; None when it is not signed, or is not what was signed."""
    signature = signature_of(row, signatures)
    if signature is None:
        return None
    return InUse(from_plain(row.content), row, signature.signed_at, signature.printed_name)


def first_run_at(study: Study) -> datetime | None:
    """When the arms were compared by a run for the first time."""
    return Run.objects.filter(study=study).order_by("made_at").values_list("made_at", flat=True).first()


def stated(used: InUse, *, first_run: datetime | None) -> dict[str, Any]:
    """The plan as it is kept with a run: all of it, and whether it was signed before the arms were compared."""
    return {
        "name": used.name,
        "version": used.row.version if used.row else None,
        "sha256": used.sha256,
        "signed_at": used.signed_at.isoformat() if used.signed_at else None,
        "signed_by": used.signed_by,
        "order": time_order(used.signed_at, first_run),
        "content": to_plain(used.plan),
    }


def unknown_methods(plan: Plan) -> list[str]:
    """Methods of the plan that this version of the program does not have."""
    return [key for key in plan.keys if key not in METHODS]


def plan_of_run(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a run says of its plan; {} of a run that was made before there were plans."""
    return dict(settings.get("plan", {}))
