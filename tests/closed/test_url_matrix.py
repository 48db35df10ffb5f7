"""Every address of the closed room × everybody who might ask for it. A new address fails until it has a rule here."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from django.utils import timezone

from pvtracker.accounts.roles import roles_of
from pvtracker.allocation.actions.code_break import Asked, ask
from pvtracker.allocation.enums import Category
from pvtracker.allocation.models import DeducibleAlarm
from pvtracker.board.actions import record_recommendation
from pvtracker.board.models import RecommendationKind
from pvtracker.cuts import closed
from pvtracker.jobs.actions import enqueue
from pvtracker.reports import actions as reports
from pvtracker.signals import actions as signals
from pvtracker.studies.actions import propose_membership
from pvtracker.studies.looking import SESSION_KEY
from pvtracker.studies.models import MembershipRequest, Study
from tests.architecture.matrix import (
    ANONYMOUS,
    ANYBODY,
    DOOR,
    MEMBERS,
    NO,
    OWN,
    PUBLIC,
    Known,
    Person,
    Rule,
    faults_of_foreign_ids,
    faults_of_matrix,
    patterns,
)
from tests.closed.cuts.conftest import open_storage, silent_broker
from tests.closed.cuts.folder import BY, allocate, put_cut, stated
from tests.people import account, administrator, asked_reset, make_ready, member

__all__ = ["open_storage", "silent_broker"]
pytestmark = pytest.mark.django_db
BY_ARM = "read_signals"
RULES = {
    "home": Rule(ANYBODY, NO),
    "components": Rule(ANYBODY, NO),
    "health": Rule(PUBLIC, NO),
    "sign_in": Rule(PUBLIC, PUBLIC),
    "sign_out": Rule(NO, DOOR),
    "end_session": Rule(OWN, OWN),
    "openid_connect_login": Rule(OWN, OWN),
    "openid_connect_callback": Rule(OWN, OWN),
    "ready": Rule(ANYBODY, ANYBODY),
    "join": Rule(PUBLIC, PUBLIC),
    "job": Rule(MEMBERS, NO),
    "accounts": Rule("manage_accounts", NO),
    "account_invite": Rule("manage_accounts", "manage_accounts"),
    "account_detail": Rule("manage_accounts", NO),
    "account_step": Rule("manage_accounts", "manage_accounts"),
    "resets": Rule("manage_accounts", NO),
    "reset_ask": Rule("manage_accounts", "manage_accounts"),
    "reset_decide": Rule("manage_accounts", "manage_accounts"),
    "people_reset": Rule("approve_members", "approve_members"),
    "people": Rule("approve_members", NO),
    "people_propose": Rule("manage_members", "manage_members"),
    "people_review": Rule("manage_members", "manage_members"),
    "people_end": Rule("manage_members", "manage_members"),
    "people_decide": Rule("approve_members", "approve_members"),
    "look_purpose": Rule(BY_ARM, BY_ARM),
    "looks": Rule("read_audit", NO),
    "trail": Rule("read_audit", NO),
    "trail_review": Rule("read_audit", NO),
    "system_trail": Rule("manage_accounts", NO),
    "code_breaks": Rule("break_code approve_code_break read_code_breaks", NO),
    "code_break_ask": Rule("break_code", "break_code"),
    "code_break": Rule("break_code approve_code_break read_code_breaks", NO),
    "code_break_opinion": Rule(NO, "approve_code_break"),
    "code_break_withdraw": Rule(NO, "break_code"),
    "code_break_show": Rule(NO, "break_code"),
    "code_break_told": Rule(NO, "break_code"),
    "code_break_impact": Rule(NO, "break_code approve_code_break"),
    "code_break_alarm": Rule(NO, "break_code approve_code_break"),
    "recommendations": Rule("read_recommendations", NO),
    "recommendation": Rule("read_recommendations", NO),
    "recommendation_new": Rule("recommend", "recommend"),
    "recommendation_edit": Rule("recommend", "recommend"),
    "recommendation_sign": Rule("recommend", "recommend"),
    "report_sign": Rule("sign_closed_reports", "sign_closed_reports"),
    "report_signatures": Rule("read_closed_reports", NO),
    "cuts": Rule("run_signals", NO),
    "signals": Rule(BY_ARM, NO),
    "signals_start": Rule(NO, "run_signals"),
    "signal_run": Rule(BY_ARM, NO),
    "reports": Rule("read_closed_reports", "make_closed_reports"),
    "report": Rule("read_closed_reports", NO),
    "report_pdf": Rule("read_closed_reports", NO),
}


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
    return Known(
        study=study,
        ids={
            "cut_id": uuid.UUID(folder.name),
            "run_id": run.id,
            "report_id": report.id,
            "job_id": job.id,
            "membership_id": held.memberships.get().id,
            "request_id": asked.id,
            "account_id": held.id,
            "reset_id": asked_reset(held).id,
            "break_id": broken.id,
            "recommendation_id": advice.id,
            "session_id": uuid.uuid4(),
            "pk": 1,
            "provider_id": "nobody",
            "step": "identity",
            "token": "never-given-out",
        },
    )


@pytest.fixture
def two(open_storage: Path) -> tuple[Known, Known]:
    """Two studies with full data each."""
    return make_known(open_storage, "OWN"), make_known(open_storage, "OTHER")


def everybody(own: Known, other: Known) -> list[Person]:
    """Each role in this study and in the other; strangers; nobody."""
    people = [Person(ANONYMOUS, None), Person("a stranger", make_ready(account("stranger")), own_study=False)]
    for key, role in roles_of("closed").items():
        if role.scope == "system":
            people.append(Person(key, administrator()))
            continue
        people.append(Person(key, member(own.study, key)))
        people.append(Person(key, member(other.study, key), own_study=False))
    return people


def purposes(*known: Known) -> dict[str, object]:
    """Why everybody looks, said before."""
    return {SESSION_KEY: {str(one.study.id): "test" for one in known}}


def test_every_address_answers_each_role_as_its_rule_says(two: tuple[Known, Known]) -> None:
    own, other = two
    faults = faults_of_matrix(RULES, everybody(own, other), own, purposes(own, other))
    assert not faults, "\n".join(faults)


def test_no_rule_is_left_of_an_address_that_is_gone() -> None:
    assert set(RULES) <= {name for name, _ in patterns()}


def test_an_id_of_another_study_is_answered_as_one_that_does_not_exist(two: tuple[Known, Known]) -> None:
    own, other = two
    people = [person for person in everybody(own, other) if person.own_study]
    faults = faults_of_foreign_ids(people, own, other, purposes(own, other))
    assert not faults, "\n".join(faults[:20])


def test_a_system_administrator_reads_nothing_of_any_study() -> None:
    """Walked: what the rules open to a system administrator names no study."""
    opened = {
        name
        for name, rule in RULES.items()
        if rule.get == "manage_accounts" or rule.post == "manage_accounts"
    }
    named = {name for name, pattern in patterns() if "<str:code>" in pattern}
    assert opened and not opened & named
