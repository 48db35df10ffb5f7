"""Who works in a study: given by one person or by two, ended at once, gone through every ninety days."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from pvtracker.audit.context import enter_study
from pvtracker.events.models import AdverseEvent, Draft
from pvtracker.lib.canonical import canonical_json, sha256_hex
from pvtracker.studies import actions, blinding, queries
from pvtracker.studies.actions import StudyRefused, decide_request, propose_membership
from pvtracker.studies.models import Decision, Membership, MembershipRequest
from tests.open.world import SOMEONE, World, make_world
from tests.people import account, browser, make_ready, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world(f"PPL-{uuid.uuid4().hex[:6]}")
    made.people["ada"] = member(made.study, "study_administrator", name="ada")
    enter_study(made.study.id)
    return made


def proposed(world: World, role: str = "auditor_open", **said: Any) -> Any:
    told = {"account": make_ready(account("nora")), "reason": "an inspection"} | said
    by = told.pop("by", world.people["ada"].actor("study_administrator"))
    return propose_membership(study=world.study, role=role, by=by, **told)


# --- one person, two people ------------------------------------------------------------------------------------------
def test_a_coordinator_is_let_in_by_one_person_and_the_record_says_by_whom(world: World) -> None:
    made = proposed(world, "coordinator", site=world.sites["01"])
    ada = world.people["ada"]
    assert isinstance(made, Membership)
    assert (made.granted_by, made.granted_by_id, made.reason) == (ada.full_name, str(ada.id), "an inspection")


@pytest.mark.parametrize("role", ["auditor_open", "study_administrator"])
def test_an_auditor_or_administrator_waits_for_a_second_person(world: World, role: str) -> None:
    asked = proposed(world, role)
    assert isinstance(asked, MembershipRequest)
    assert not Membership.objects.filter(account=asked.account).exists()
    mona = world.people["mona"]
    given = decide_request(
        request=asked, approve=True, reason="seen the letter", by=mona.actor("medical_monitor")
    )
    assert given is not None
    assert (given.granted_by, given.approved_by) == (world.people["ada"].full_name, mona.full_name)


def test_nobody_approves_what_they_proposed_or_a_role_of_their_own(world: World) -> None:
    asked = proposed(world)
    ada = world.people["ada"].actor("study_administrator")
    with pytest.raises(StudyRefused, match="a second person has to"):
        decide_request(request=asked, approve=True, reason="mine", by=ada)
    with pytest.raises(StudyRefused, match="Nobody gives a role to themselves"):
        decide_request(request=asked, approve=True, reason="mine", by=asked.account.actor())
    assert MembershipRequest.objects.get(id=asked.id).decision == Decision.WAITING
    with pytest.raises(StudyRefused, match="Nobody gives a role to themselves"):
        proposed(world, "coder", account=world.people["ada"])


def test_a_second_account_makes_no_second_person(world: World) -> None:
    asked = proposed(world)
    ada = world.people["ada"]
    again = member(world.study, "medical_monitor", person=ada.person)
    with pytest.raises(StudyRefused, match="a second person has to"):
        decide_request(request=asked, approve=True, reason="mine", by=again.actor("medical_monitor"))
    with pytest.raises(StudyRefused, match="Nobody gives a role to themselves"):
        proposed(world, "coder", account=again)


def test_the_database_too_refuses_one_person_in_both_places(world: World) -> None:
    asked = proposed(world)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        MembershipRequest.objects.filter(id=asked.id).update(
            decision=Decision.APPROVED, decided_at=timezone.now(), decided_by_id=asked.proposed_by_id
        )


def test_a_person_cannot_go_round_the_second_one_by_the_action_itself(world: World) -> None:
    with pytest.raises(StudyRefused, match="a second person approves; propose it"):
        actions.grant_membership(
            study=world.study,
            account=account(),
            role="study_administrator",
            room="open",
            reason="quickly",
            by=world.people["ada"].actor("study_administrator"),
        )


def test_a_declined_or_decided_request_gives_nothing(world: World) -> None:
    asked = proposed(world)
    mona = world.people["mona"].actor("medical_monitor")
    assert decide_request(request=asked, approve=False, reason="not needed", by=mona) is None
    with pytest.raises(StudyRefused, match="has decided this already"):
        decide_request(request=asked, approve=True, reason="after all", by=mona)
    assert not Membership.objects.filter(account=asked.account).exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"reason": " "}, "Say why"),
        ({"reason": "x" * 301}, "more than 300 characters"),
        ({"ends_on": timezone.localdate() - timedelta(days=3)}, "last day is before the first"),
        ({"role": "statistician"}, "not a role of the open room"),
        ({"role": "system_administrator"}, "not a role of the open room"),
        ({"role": "coordinator"}, "name the site"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(world: World, said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StudyRefused, match=sentence):
        proposed(world, **said)


# --- the pages -------------------------------------------------------------------------------------------------------
def test_from_proposal_to_work_by_the_pages(world: World) -> None:
    nora = make_ready(account("nora"))
    said = {
        "username": nora.username.upper(),
        "role": "auditor_open",
        "starts_on": timezone.localdate().isoformat(),
        "reason": "inspection of May",
    }
    assert browser(nora).get(world.url("participants/")).status_code == 404
    assert world.client("ada").post(world.url("people/propose/"), said).status_code == 302
    page = world.client("mona").get(world.url("people/")).content.decode()
    assert "Waiting for a second person" in page and "inspection of May" in page
    asked = MembershipRequest.objects.get(account=nora)
    for name, offered in (("ada", False), ("mona", True)):
        page = world.client(name).get(world.url(f"people/requests/{asked.id}/")).content.decode()
        assert ('name="decision"' in page, "somebody else decides" in page) == (offered, not offered)
    own = world.client("ada").post(
        world.url(f"people/requests/{asked.id}/"), {"decision": "approve", "reason": "mine"}
    )
    assert own.status_code == 422 and b"a second person has to" in own.content
    other = world.client("mona").post(
        world.url(f"people/requests/{asked.id}/"), {"decision": "approve", "reason": "seen"}
    )
    assert other.status_code == 302
    assert browser(nora).get(world.url("participants/")).status_code == 200


def test_what_was_typed_stays_when_a_proposal_is_refused(world: World) -> None:
    said = {
        "username": "nobody-here",
        "role": "coder",
        "starts_on": "2026-13-01",
        "reason": "a reason to keep",
    }
    answer = world.client("ada").post(world.url("people/propose/"), said)
    assert answer.status_code == 422
    for text in ("nobody-here", "2026-13-01", "a reason to keep", "No active account", "This is not a day"):
        assert text in answer.content.decode(), text


def test_ending_a_membership_shuts_the_door_at_once_and_erases_nothing(world: World) -> None:
    carl = world.client("carl")
    assert carl.get(world.url("participants/")).status_code == 200
    held = Membership.objects.get(account=world.people["carl"])
    said = {"ends_on": timezone.localdate().isoformat(), "reason": "left the site"}
    assert world.client("ada").post(world.url(f"people/{held.id}/end/"), said).status_code == 302
    assert carl.get(world.url("participants/")).status_code == 404
    page = world.client("ada").get(world.url("people/")).content.decode()
    assert "Worked here before" in page and "left the site" in page
    again = {
        "username": world.people["carl"].username,
        "role": "coordinator",
        "site": "01",
        "starts_on": held.starts_on.isoformat(),
        "reason": "came back",
    }
    refused = world.client("ada").post(world.url("people/propose/"), again)
    assert refused.status_code == 422 and "Choose another first day" in refused.content.decode()
    enter_study(world.study.id)
    assert Membership.objects.filter(account=world.people["carl"]).count() == 1
    later = {**again, "starts_on": (timezone.localdate() + timedelta(days=1)).isoformat()}
    assert world.client("ada").post(world.url("people/propose/"), later).status_code == 302


@pytest.mark.parametrize("waits", [True, False])
def test_a_role_that_was_ended_is_not_given_again_from_its_first_day(world: World, waits: bool) -> None:
    asked, mona = proposed(world), world.people["mona"].actor("medical_monitor")
    given = decide_request(request=asked, approve=True, reason="seen", by=mona)
    assert given is not None
    ada = world.people["ada"].actor("study_administrator")
    if waits:  # asked for while it ran, and decided after its end
        second = proposed(world, account=asked.account)
        actions.end_membership(membership=given, ends_on=timezone.localdate(), reason="gone", by=ada)
        with pytest.raises(StudyRefused, match="Choose another first day"):
            decide_request(request=second, approve=True, reason="back", by=mona)
    else:
        actions.end_membership(membership=given, ends_on=timezone.localdate(), reason="gone", by=ada)
        with pytest.raises(StudyRefused, match="Choose another first day"):
            proposed(world, account=asked.account)


def test_a_role_taken_away_between_load_and_save_refuses_the_save_and_keeps_the_draft(world: World) -> None:
    carl, participant = world.client("carl"), world.participants["P1"]
    form = world.url(f"participants/{participant.id}/adverse-events/new/")
    assert carl.get(form).status_code == 200
    draft = world.url(f"participants/{participant.id}/draft/")
    assert carl.post(draft, world.posted(verbatim="Typed before")).status_code in (204, 302)
    held = Membership.objects.get(account=world.people["carl"])
    said = {"ends_on": timezone.localdate().isoformat(), "reason": "left the site"}
    assert world.client("ada").post(world.url(f"people/{held.id}/end/"), said).status_code == 302
    assert carl.post(form, world.posted(verbatim="Typed before")).status_code == 404
    enter_study(world.study.id)
    assert not AdverseEvent.objects.filter(study=world.study).exists()
    assert Draft.objects.get(study=world.study).participant_id == participant.id


def test_the_monitor_approves_but_manages_nothing(world: World) -> None:
    held = Membership.objects.get(account=world.people["carl"])
    for tail in ("people/propose/", "people/review/", f"people/{held.id}/end/"):
        assert world.client("mona").get(world.url(tail)).status_code == 404, tail
        assert world.client("mona").post(world.url(tail)).status_code == 404, tail
    for name in ("alice", "carl"):
        assert world.client(name).get(world.url("people/")).status_code == 404


# --- the review ------------------------------------------------------------------------------------------------------
def test_a_review_is_due_ninety_days_after_the_last_one_and_ends_whom_nobody_keeps(world: World) -> None:
    assert queries.review_state(world.study).overdue, "people work here since 2020"
    page = world.client("ada").get(world.url("people/")).content.decode()
    assert "The review of access was due" in page
    running = queries.members_of(world.study)
    carl = world.people["carl"]
    said = {f"m-{m.id}": "end" if m.account_id == carl.id else "keep" for m in running} | {
        "reason": "log of today"
    }
    assert world.client("ada").post(world.url("people/review/"), said).status_code == 302
    state = queries.review_state(world.study)
    assert not state.overdue and state.due_on == timezone.localdate() + timedelta(days=90)
    assert state.last is not None and len(state.last.decisions) == len(running)
    assert world.client("carl").get(world.url("participants/")).status_code == 404
    assert world.client("alice").get(world.url("participants/")).status_code == 200


def test_a_review_decides_about_everybody_or_about_nobody(world: World) -> None:
    running = queries.members_of(world.study)
    said = {f"m-{m.id}": "keep" for m in running[1:]} | {"reason": "log of today"}
    answer = world.client("ada").post(world.url("people/review/"), said)
    assert answer.status_code == 422 and "keep or end?" in answer.content.decode()
    with pytest.raises(StudyRefused, match="has changed meanwhile"):
        actions.record_review(
            study=world.study, keep={m.id: False for m in running[1:]}, reason="half", by=SOMEONE
        )
    assert len(queries.members_of(world.study)) == len(running)


# --- the list for the closed room ------------------------------------------------------------------------------------
def test_the_list_for_the_closed_room_names_roles_and_no_people(
    world: World, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGE = tmp_path
    written = blinding.list_people()
    path = tmp_path / "people" / f"{world.study.id}.json"
    assert path in written
    text = path.read_text()
    stated = json.loads(text)
    assert stated.pop("sha256") == sha256_hex(canonical_json(stated))
    found = {(row["person"], row["role"]) for row in stated["memberships"]}
    assert found == {(str(m.account.person), m.role) for m in queries.members_of(world.study)}
    assert set(stated) == {"study", "day", "memberships"}
    assert {tuple(sorted(row)) for row in stated["memberships"]} == {
        ("ends_on", "person", "role", "starts_on")
    }
    for someone in world.people.values():
        assert someone.full_name not in text and someone.username not in text and str(someone.id) not in text


def test_the_same_people_give_the_same_bytes_and_nothing_is_written_twice(
    world: World, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGE = tmp_path
    blinding.list_people()
    path = tmp_path / "people" / f"{world.study.id}.json"
    before = path.read_bytes()
    assert path not in blinding.list_people()
    path.unlink()
    blinding.list_people()
    assert path.read_bytes() == before
