"""Studies with one object behind every blank of the closed room's addresses."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.utils import timezone

from pvtracker.allocation.actions.code_break import Asked, ask
from pvtracker.allocation.enums import Category
from pvtracker.allocation.models import DeducibleAlarm
from pvtracker.board.actions import record_recommendation
from pvtracker.board.models import RecommendationKind
from pvtracker.cuts import closed
from pvtracker.jobs.actions import enqueue
from pvtracker.reports import actions as reports
from pvtracker.signals import actions as signals
from pvtracker.signals.actions import life
from pvtracker.signals.actions.plans import write_plan
from pvtracker.signals.enums import AskedFrom, Step
from pvtracker.signals.models import Signal, SignalAlert
from pvtracker.studies.actions import propose_membership
from pvtracker.studies.models import MembershipRequest, Study
from tests.architecture.matrix import Known
from tests.closed.cuts.folder import BY, allocate, participant_id, put_cut, stated
from tests.closed.signals.planned import PLAN
from tests.people import account, asked_reset, make_ready, member


def assessed_signal(study: Study) -> Signal:
    """A signal by hand that waits for the signature of its assessment."""
    finding = life.Finding("PT", "Fall", "all", "")
    signal = life.raise_by_hand(study=study, finding=finding, reason="test", by=BY)
    for version, step in enumerate((Step.VALIDATE, Step.CONFIRM), start=1):
        life.decide(signal=signal, version=version, step=step, reason="test", by=BY)
    evidence = dict.fromkeys(life.ASSESSED_BY, "Seen.")
    life.assess(signal=signal, version=3, evidence=evidence, reason="test", by=BY)
    return signal


def make_known(storage: Path, code: str) -> Known:
    """A study in which everything is there once."""
    protocol = {**stated(uuid.uuid4())["study"], "id": str(uuid.uuid4()), "code": code}
    folder = put_cut(storage, study=protocol)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(code=code)
    allocate(study)
    closed.receive_cuts(by=BY)
    run, _ = signals.run_screening(
        request=signals.request_for(study=study), by=BY, progress=lambda done, total, text: None
    )
    report = reports.make_report(request=reports.request_for(study=study, audience="closed"), by=BY)
    order = signals.place_order(request=signals.request_for(study=study), asked_from=AskedFrom.HAND, by=BY)
    job = enqueue(task="signals.detect", study_id=study.id, parameters={}, by=BY)
    asked = propose_membership(
        study=study, account=make_ready(account("asked")), role="dsmb_member", reason="test", by=BY
    )
    assert isinstance(asked, MembershipRequest)
    officer = member(study, "code_break_officer", name="officer")
    broken = ask(
        study=study,
        asked=Asked(
            subject="S-1",
            category=Category.values[0],
            reason="a test of what ids betray",
            emergency=False,
            recipient_name="A Physician",
            recipient_role="treating physician",
            expected_use="treatment",
        ),
        account=officer,
        by=officer.actor("code_break_officer"),
    )
    DeducibleAlarm.objects.create(
        study=study, code_break=broken, subjects=["S-2"], raised_at=timezone.now(), raised_for=["the chair"]
    )
    advice = record_recommendation(
        study=study, report=report, kind=RecommendationKind.CONTINUE, text="Continue.", by=BY
    )
    held = member(study, "dsmb_member", name="held")
    follower = member(study, "statistician", name="follower")
    signal = assessed_signal(study)
    write_plan(study=study, plan=PLAN, read_version=0, reason="test", by=follower.actor("statistician"))
    return Known(
        study=study,
        ids={
            "cut_id": uuid.UUID(folder.name),
            "run_id": run.id,
            "order_id": order.id,
            "row_id": run.results.earliest("id").id,
            "report_id": report.id,
            "job_id": job.id,
            "membership_id": held.memberships.get().id,
            "request_id": asked.id,
            "account_id": held.id,
            "reset_id": asked_reset(held).id,
            "break_id": broken.id,
            "recommendation_id": advice.id,
            "signal_id": signal.id,
            "alert_id": SignalAlert.objects.filter(signal=signal, account=follower).get().id,
            "subject_id": participant_id("S-1", str(study.id)),
            "session_id": uuid.uuid4(),
            "pk": 1,
            "provider_id": "nobody",
            "step": "identity",
            "token": "never-given-out",
        },
        said={"follower": follower.username},
    )
