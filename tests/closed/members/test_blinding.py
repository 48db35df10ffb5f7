"""One blinding status per person and study: asked when somebody is let in, and looked at again ever after."""

from __future__ import annotations

import io
import json
import logging
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pvtracker.accounts.actions import grant_system_role
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor
from pvtracker.lib.canonical import canonical_json, sha256_hex
from pvtracker.studies import actions, blinding
from pvtracker.studies.actions import StudyEntry, StudyRefused, create_study, grant_membership
from pvtracker.studies.models import BlindingFinding, Membership, Study
from tests.people import PASSWORD, SOMEONE, account, browser, make_ready, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path: Path, settings: Any) -> Study:
    settings.OPEN_STORAGE = tmp_path
    return create_study(
        entry=StudyEntry(code=f"BL-{uuid.uuid4().hex[:6]}", title="A blinded study"), by=SOMEONE
    )


def listed(study: Study, settings: Any, *people: tuple[uuid.UUID, str], **said: Any) -> Path:
    """The open room's list, as its scheduler writes it."""
    rows = [
        {"person": str(p), "role": role, "starts_on": "2020-01-01", "ends_on": said.get("ends_on", "")}
        for p, role in people
    ]
    day = said.get("day", timezone.localdate()).isoformat()
    stated = {"study": str(said.get("named", study.id)), "day": day, "memberships": rows}
    path: Path = settings.OPEN_STORAGE / "people" / f"{study.id}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(canonical_json({**stated, "sha256": sha256_hex(canonical_json(stated))}))
    return path


def let_in(study: Study, someone: Account, by: Any = SOMEONE) -> Membership:
    return grant_membership(
        study=study, account=someone, role="dsmb_member", room="closed", reason="test", by=by
    )


def test_a_person_with_a_blinded_role_is_refused_by_action_command_and_page(
    study: Study, settings: Any
) -> None:
    blinded = uuid.uuid4()
    someone = make_ready(account("both", person=blinded))
    clerk, chair = member(study, "statistician"), member(study, "dsmb_chair")
    listed(study, settings, (blinded, "investigator"))
    sentence = r"works blinded in this study \(Investigator\)"
    with pytest.raises(StudyRefused, match=sentence):
        let_in(study, someone)
    with pytest.raises(CommandError, match=sentence):
        call_command(
            "create_account",
            someone.username,
            "--study",
            study.code,
            "--role",
            "dsmb_member",
            "--reason",
            "x",
        )
    said = {
        "username": someone.username,
        "role": "dsmb_member",
        "starts_on": timezone.localdate().isoformat(),
        "reason": "a seat on the board",
    }
    answer = browser(clerk).post(f"/studies/{study.code}/people/propose/", said)
    assert (
        answer.status_code == 422 and "works blinded in this study (Investigator)" in answer.content.decode()
    )
    assert browser(chair).get(f"/studies/{study.code}/people/").status_code == 200
    assert not Membership.objects.filter(account=someone).exists()


def test_who_became_blinded_between_proposal_and_approval_is_refused_at_approval(
    study: Study, settings: Any
) -> None:
    clerk, chair = member(study, "statistician"), member(study, "dsmb_chair")
    listed(study, settings)
    someone = make_ready(account("late"))
    asked = actions.propose_membership(
        study=study, account=someone, role="dsmb_member", reason="a seat", by=clerk.actor("statistician")
    )
    listed(study, settings, (someone.person, "coordinator"))
    with pytest.raises(StudyRefused, match="works blinded"):
        actions.decide_request(request=asked, approve=True, reason="yes", by=chair.actor("dsmb_chair"))  # type: ignore[arg-type]  # closed roles are always proposed
    assert not Membership.objects.filter(account=someone).exists()


def test_a_system_administrator_is_given_no_role_that_reads_by_arm(study: Study, settings: Any) -> None:
    listed(study, settings)
    someone = account()
    terminal = Actor.process("test")
    grant_system_role(
        account=someone, role="system_administrator", room="closed", by=terminal, reason="administers"
    )
    with pytest.raises(StudyRefused, match="administers the system, and so has no role in a study"):
        let_in(study, someone)
    assert not Membership.objects.filter(account=someone).exists()


def test_who_was_blinded_before_or_in_another_study_may_come_in(study: Study, settings: Any) -> None:
    someone = account()
    other = create_study(entry=StudyEntry(code=f"OT-{uuid.uuid4().hex[:6]}", title="Another"), by=SOMEONE)
    listed(study, settings)
    listed(other, settings, (someone.person, "investigator"))
    assert let_in(study, someone).role == "dsmb_member"


@pytest.mark.parametrize("fault", ["missing", "torn", "altered", "of another study", "old"])
def test_without_a_list_that_can_be_relied_on_no_person_lets_anybody_in(
    study: Study, settings: Any, fault: str
) -> None:
    clerk = member(study, "statistician").actor("statistician")
    path = listed(study, settings)
    if fault == "missing":
        path.unlink()
    elif fault == "torn":
        path.write_bytes(path.read_bytes()[:-9])
    elif fault == "altered":
        path.write_text(
            path.read_text().replace('"memberships":[]', '"memberships":[ ]').replace("20", "21", 1)
        )
    elif fault == "of another study":
        listed(study, settings, named=uuid.uuid4())
    else:
        listed(study, settings, day=timezone.localdate() - timedelta(days=3))
    with pytest.raises(blinding.NoList):
        blinding.listed(study)
    with pytest.raises(StudyRefused, match="Until it has, nobody is let into the closed room"):
        actions.propose_membership(
            study=study, account=make_ready(account()), role="dsmb_member", reason="a seat", by=clerk
        )


def test_everybody_in_the_closed_room_is_let_in_by_two_people(study: Study, settings: Any) -> None:
    listed(study, settings)
    clerk, chair = member(study, "statistician"), member(study, "dsmb_chair")
    with pytest.raises(StudyRefused, match="a second person approves"):
        let_in(study, account(), by=clerk.actor("statistician"))
    someone = make_ready(account("board"))
    said = {
        "username": someone.username,
        "role": "dsmb_member",
        "starts_on": timezone.localdate().isoformat(),
        "reason": "a seat on the board",
    }
    assert browser(clerk).post(f"/studies/{study.code}/people/propose/", said).status_code == 302
    assert not Membership.objects.filter(account=someone).exists()
    asked = study.membership_requests.get()
    page = f"/studies/{study.code}/people/requests/{asked.id}/"
    assert browser(clerk).post(page, {"decision": "approve", "reason": "mine"}).status_code == 422
    assert browser(chair).post(page, {"decision": "approve", "reason": "seen"}).status_code == 302
    assert Membership.objects.get(account=someone).approved_by == chair.full_name


def test_what_becomes_untrue_later_is_found_shown_and_logged_without_a_name(
    study: Study, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    clerk = member(study, "statistician", name="zacharias")
    listed(study, settings)
    assert actions.report_mixed_blinding() == 0
    listed(study, settings, (clerk.person, "medical_monitor"))
    with caplog.at_level(logging.INFO):
        assert actions.report_mixed_blinding() == 1
        assert actions.report_mixed_blinding() == 0, "it is said once"
    assert "blinded and unblinded at once" in caplog.text
    for word in (clerk.full_name, clerk.username, str(clerk.id), str(clerk.person)):
        assert word not in caplog.text
    page = browser(clerk).get(f"/studies/{study.code}/people/").content.decode()
    assert f"{clerk.full_name} is blinded and unblinded at once" in page
    listed(study, settings)
    actions.report_mixed_blinding()
    assert BlindingFinding.objects.get(study=study).gone_at is not None
    assert "at once</p>" not in browser(clerk).get(f"/studies/{study.code}/people/").content.decode()


def test_the_first_people_come_in_by_command_and_the_next_need_a_second_person(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(name: str, role: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        said = io.StringIO()
        options = [
            "--study",
            study.code,
            "--role",
            role,
            "--full-name",
            name.title(),
            "--reason",
            "first people",
        ]
        call_command("create_account", f"{name}-{study.code}", *options, stdout=said)
        return said.getvalue()

    assert "is dsmb_chair in" in told("first", "dsmb_chair")
    assert "waits for a second person" in told("second", "statistician")
    assert list(Membership.objects.filter(study=study).values_list("role", flat=True)) == ["dsmb_chair"]


def test_the_list_is_read_as_it_is_written_in_the_open_room(study: Study, settings: Any) -> None:
    """The two halves share one module; this holds the format still, for files that lie there already."""
    someone = uuid.uuid4()
    path = listed(study, settings, (someone, "coder"))
    assert set(json.loads(path.read_bytes())) == {"study", "day", "memberships", "sha256"}
    assert blinding.listed(study) == [blinding.Listed(str(someone), "coder", "2020-01-01", "")]
