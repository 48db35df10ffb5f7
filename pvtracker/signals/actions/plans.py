"""Writing and signing the plan of a study. A version never changes; another one is a later version."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from pvtracker.accounts.models import Signature
from pvtracker.accounts.signing.actions import SigningRefused, sign
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import Actor, action
from pvtracker.signals.models import ScreeningPlan
from pvtracker.signals.plan import Plan, PlanRefused, check, check_arms, to_plain
from pvtracker.signals.planning import arms_of, reference_of, subject_of, versions_of
from pvtracker.studies.models import Study

REASON_LIMIT = 2000


class PlanChanged(PlanRefused):
    """Somebody else wrote a version after this person read the plan."""


@action
def write_plan(
    *, study: Study, plan: Plan, read_version: int, reason: str, by: Actor, source: str = "form"
) -> ScreeningPlan:
    """Keep a new version of the plan. `read_version` is the latest one that the person read, 0 for none."""
    plan = check(plan)
    check_arms(plan, arms_of(study), reference_of(study))
    if not reason.strip():
        raise PlanRefused({"reason": "The reason is missing. Say in a few words why the plan is as it is."})
    if len(reason.strip()) > REASON_LIMIT:
        raise PlanRefused({"reason": f"At most {REASON_LIMIT} characters are kept. Shorten it."})
    versions = versions_of(study)
    latest = versions[0] if versions else None
    if (latest.version if latest else 0) != read_version:
        raise _changed(latest)
    if latest is not None and latest.content == to_plain(plan):
        raise PlanRefused({"": f"Nothing differs from version {latest.version}, so no version was made."})
    try:
        with transaction.atomic():
            return ScreeningPlan.objects.create(
                study=study,
                version=read_version + 1,
                content=to_plain(plan),
                sha256=plan.sha256,
                reason=reason.strip(),
                made_by=by.id,
                made_by_name=by.name,
                role=by.role,
                made_at=timezone.now(),
            )
    except IntegrityError as fault:  # two at once: the other was first
        raise _changed(versions_of(study)[0]) from fault


def _changed(latest: ScreeningPlan | None) -> PlanChanged:
    told = f"version {latest.version} was written by {latest.made_by_name}" if latest else "it was changed"
    return PlanChanged(
        {
            "": f"The plan was changed meanwhile: {told}. Read it, then decide again; what you typed is kept below."
        }
    )


@action
def sign_plan(
    *, study: Study, shown: str, meaning: str, proof: Proof, by: Actor, source: str = "form"
) -> Signature:
    """Sign the latest version, when that is what was shown."""
    versions = versions_of(study)
    if not versions:
        raise SigningRefused("There is no plan to sign. Write one first.")
    return sign(
        subject=subject_of(versions[0]), shown=shown, meaning=meaning, proof=proof, by=by, source=source
    )
