"""A plan of the study, written and signed as a statistician does it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pvtracker.accounts.models import Account
from pvtracker.accounts.signing.series import Proof
from pvtracker.audit.context import within
from pvtracker.cuts import closed
from pvtracker.signals import planning
from pvtracker.signals.actions.plans import sign_plan, write_plan
from pvtracker.signals.models import ScreeningPlan
from pvtracker.signals.plan import BUILT_IN, EACH_CUT, Plan
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut
from tests.closed.people import checked_person

PLAN = replace(BUILT_IN, analysis_arm="planned")


def planner(study: Study) -> Account:
    """A statistician whose identity was checked."""
    return checked_person(study, "statistician")


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


def planned_study(open_storage: Path) -> tuple[Study, Account]:
    """A study with one joined cut, and who signed its plan to screen each new one; with real commits."""
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    with within(STUDY_ID):
        study = Study.objects.get(id=STUDY_ID)
        allocate(study)
    closed.receive_cuts(by=BY)
    with within(STUDY_ID):
        account = planner(study)
        write(study, account, when=EACH_CUT)
        sign(study, account)
    return study, account
