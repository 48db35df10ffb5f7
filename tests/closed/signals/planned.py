"""A plan of the study, written and signed as a statistician does it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from pvtracker.accounts.actions import record_identity_check
from pvtracker.accounts.models import Account
from pvtracker.accounts.signing.series import Proof
from pvtracker.signals import planning
from pvtracker.signals.actions.plans import sign_plan, write_plan
from pvtracker.signals.models import ScreeningPlan
from pvtracker.signals.plan import BUILT_IN, Plan
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import person_of

PLAN = replace(BUILT_IN, analysis_arm="planned")


def planner(study: Study) -> Account:
    """A statistician whose identity was checked."""
    account = person_of(study, "statistician")
    record_identity_check(account=account, how="test", by=BY)
    return account


def write(study: Study, account: Account, plan: Plan = PLAN, **changed: Any) -> ScreeningPlan:
    """The next version of the plan."""
    return write_plan(
        study=study,
        plan=replace(plan, **changed),
        read_version=len(planning.versions_of(study)),
        reason="As the protocol asks.",
        by=account.actor("statistician"),
    )


def sign(study: Study, account: Account) -> datetime:
    """Sign the latest version; when that was."""
    subject = planning.subject_of(planning.versions_of(study)[0])
    proof = Proof(account=account, session="s" * 64, series=uuid.uuid4(), components=("password",))
    made = sign_plan(
        study=study,
        shown=subject.sha256,
        meaning="approval",
        proof=proof,
        by=account.actor("statistician"),
    )
    return made.signed_at
