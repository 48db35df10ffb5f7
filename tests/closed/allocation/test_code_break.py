"""The code break: one participant's arm, shown to one person, by two people or in an emergency."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.allocation import queries
from pvtracker.allocation.actions import store_allocations
from pvtracker.allocation.enums import BreakState
from pvtracker.allocation.models import CodeBreak, DeducibleAlarm
from pvtracker.audit.models import AccessRecord
from pvtracker.formats.records import AllocationRecord
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import SECRET, grant, person_of, signed_in

pytestmark = pytest.mark.django_db

ASKED = {
    "subject": "S-1",
    "category": "treatment",
    "reason": "Seizures that a vector could explain",
    "emergency": "no",
    "recipient_name": "Dr Marsh",
    "recipient_role": "treating physician",
    "recipient_username": "",
    "expected_use": "choose the antiviral",
}
ARM = "Low dose"
TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")  # drawn at random, any three letters come in one sooner or later


@dataclass(slots=True)
class Desk:
    """The officer who asks and the chair who approves, each at a browser."""

    study: Study
    officer: Account
    chair: Account
    officers: Client
    chairs: Client

    @property
    def register(self) -> str:
        return f"/studies/{self.study.code}/code-breaks/"

    def ask(self, **said: str) -> HttpResponse:
        return self.officers.post(f"{self.register}new/", {**ASKED, **said})

    def asked(self, **said: str) -> CodeBreak:
        answer = self.ask(**{"confirmed": "on", **said})
        assert answer.status_code == 302, answer.text
        return CodeBreak.objects.get(id=answer["Location"].rstrip("/").rpartition("/")[2])

    def step(self, client: Client, found: CodeBreak, which: str, /, **said: str) -> HttpResponse:
        prefix = which if which != "withdraw" else ""
        values = {f"{prefix}-{key}" if prefix else key: value for key, value in said.items()}
        return client.post(f"{self.register}{found.id}/{which}/", values)

    def approve(self, found: CodeBreak, answer: str = "yes") -> HttpResponse:
        return self.step(self.chairs, found, "opinion", opinion=answer, note="agreed", password=SECRET)

    def show(self, found: CodeBreak, **said: str) -> HttpResponse:
        return self.step(self.officers, found, "show", **{"password": SECRET, **said})

    def opened(self, **said: str) -> CodeBreak:
        found = self.asked(emergency="yes", **said)
        assert self.show(found).status_code == 200
        return found


@pytest.fixture
def desk(listed: Study) -> Desk:
    return desk_of(listed)


def desk_of(study: Study) -> Desk:
    officer, chair = person_of(study, "code_break_officer"), person_of(study, "dsmb_chair")
    return Desk(study, officer, chair, signed_in(officer), signed_in(chair))


def code_looks(account: Account) -> list[AccessRecord]:
    return list(AccessRecord.objects.filter(actor=str(account.id), kind="code_break_look").order_by("id"))


def test_a_second_person_approves_and_the_arm_is_shown_to_the_one_who_asked(desk: Desk) -> None:
    found = desk.asked()
    assert found.state == BreakState.WAITING
    refused = desk.show(found)
    assert refused.status_code == 422 and ARM not in refused.text
    assert desk.approve(found).status_code == 302
    shown = desk.show(found)
    assert shown.status_code == 200 and ARM in shown.text and "drug of LOW 5 mg" in shown.text
    found.refresh_from_db()
    assert (found.state, found.opinion, found.opinion_by_name) == ("opened", "approved", desk.chair.full_name)
    assert found.shown_at is not None and found.times_shown == 1


def test_nobody_else_sees_the_arm_on_any_page(desk: Desk) -> None:
    found = desk.opened()
    everybody = [desk.officers, desk.chairs]
    everybody += [signed_in(person_of(desk.study, role)) for role in ("auditor_closed", "statistician")]
    for client in everybody:
        for address in (desk.register, f"{desk.register}{found.id}/"):
            page = client.get(address)
            assert page.status_code == 200
            said = TOKEN.sub("", page.text)
            assert len(said) < len(page.text) and not [arm for arm in (ARM, "LOW", "Placebo") if arm in said]
    for client in everybody[1:]:
        answer = desk.step(client, found, "show", password=SECRET, again="curious")
        assert answer.status_code == 404, "only the role that asks may post there"


def test_another_officer_is_not_shown_what_a_colleague_asked_for(desk: Desk) -> None:
    found = desk.opened()
    colleague = person_of(desk.study, "code_break_officer")
    answer = desk.step(signed_in(colleague), found, "show", password=SECRET, again="me too")
    assert answer.status_code == 422 and ARM not in answer.text
    assert "to the person who asked for it and to nobody else" in answer.text
    assert not code_looks(colleague)
    assert AccessRecord.objects.filter(actor=str(colleague.id), kind="forbidden").count() == 1


def test_board_members_without_the_right_find_nothing(desk: Desk) -> None:
    found = desk.opened()
    member = signed_in(person_of(desk.study, "dsmb_member"))
    for address in (desk.register, f"{desk.register}new/", f"{desk.register}{found.id}/"):
        assert member.get(address).status_code == 404
    assert "Code breaks" not in member.get("/?all").text


def test_an_emergency_is_shown_at_once_and_has_to_be_countersigned(desk: Desk) -> None:
    found = desk.asked(emergency="yes")
    assert ARM in desk.show(found).text
    page = desk.chairs.get(f"{desk.register}{found.id}/").text
    assert "A second person has to countersign by" in page
    CodeBreak.objects.filter(id=found.id).update(requested_at=timezone.now() - timedelta(hours=25))
    assert "Countersignature overdue" in desk.chairs.get(desk.register).text
    assert desk.approve(found).status_code == 302
    found.refresh_from_db()
    assert (found.opinion, found.state) == ("countersigned", "opened")
    assert "Countersignature overdue" not in desk.chairs.get(desk.register).text


def test_an_objection_stops_an_emergency_that_was_not_shown_yet_and_stands_beside_one_that_was(
    desk: Desk,
) -> None:
    early = desk.asked(emergency="yes")
    desk.approve(early, "no")
    assert ARM not in desk.show(early).text
    late = desk.opened(subject="S-2")
    desk.approve(late, "no")
    late.refresh_from_db()
    assert (late.state, late.opinion) == ("opened", "objected")


def test_a_declined_or_withdrawn_code_break_shows_nothing(desk: Desk) -> None:
    declined = desk.asked()
    desk.approve(declined, "no")
    assert ARM not in desk.show(declined).text
    withdrawn = desk.asked(subject="S-2", emergency="yes")
    desk.step(desk.officers, withdrawn, "withdraw")
    withdrawn.refresh_from_db()
    assert withdrawn.state == "withdrawn"
    assert ARM not in desk.show(withdrawn).text
    assert not code_looks(desk.officer)


def test_nobody_approves_their_own_code_break(desk: Desk) -> None:
    grant(desk.study, desk.officer, "dsmb_chair")
    found = desk.asked()
    answer = desk.step(signed_in(desk.officer), found, "opinion", opinion="yes", note="fine", password=SECRET)
    assert answer.status_code == 422 and "Nobody approves their own code break" in answer.text
    found.refresh_from_db()
    assert found.state == BreakState.WAITING
    kept = AccessRecord.objects.get(actor=str(desk.officer.id), kind="forbidden")
    assert kept.object_id == str(found.id) and "Nobody approves" in kept.detail


def test_two_accounts_of_one_human_are_not_two_people(desk: Desk) -> None:
    second = person_of(desk.study, "dsmb_chair", person=desk.officer.person)
    found = desk.asked()
    answer = desk.step(signed_in(second), found, "opinion", opinion="yes", note="fine", password=SECRET)
    assert answer.status_code == 422 and "Nobody approves their own" in answer.text


def test_whoever_is_to_be_told_does_not_approve(desk: Desk) -> None:
    found = desk.asked(recipient_username=desk.chair.username.upper())
    assert found.recipient_account == str(desk.chair.id)
    assert "Somebody else has to approve" in desk.approve(found).text


def test_an_answer_stands(desk: Desk) -> None:
    found = desk.asked()
    desk.approve(found, "no")
    again = signed_in(person_of(desk.study, "statistician"))
    answer = desk.step(again, found, "opinion", opinion="yes", note="no, yes", password=SECRET)
    assert answer.status_code == 422 and "has answered this code break already" in answer.text


@pytest.mark.parametrize("password", ["", "not my password"])
def test_each_weighty_step_asks_for_the_password_again(desk: Desk, password: str) -> None:
    found = desk.asked()
    answer = desk.step(desk.chairs, found, "opinion", opinion="yes", note="typed words", password=password)
    assert answer.status_code == 422 and "typed words" in answer.text
    found.refresh_from_db()
    assert found.state == BreakState.WAITING
    desk.approve(found)
    shown = desk.show(found, password=password)
    assert shown.status_code == 422 and ARM not in shown.text
    assert not code_looks(desk.officer)


def test_each_look_is_recorded_and_a_second_one_needs_a_reason(desk: Desk) -> None:
    found = desk.asked(emergency="yes")
    desk.show(found)
    without = desk.show(found)
    assert without.status_code == 422 and ARM not in without.text
    assert ARM in desk.show(found, again="the note was lost").text
    first, second = code_looks(desk.officer)
    assert first.reason == ASKED["reason"] and second.reason == "the note was lost"
    assert first.object_id == second.object_id == str(found.id)
    assert "participant S-1, to be told to Dr Marsh" in first.detail and first.study_id == desk.study.id
    assert ARM not in first.detail and "LOW" not in first.detail
    found.refresh_from_db()
    assert found.times_shown == 2


def test_a_look_that_cannot_be_recorded_shows_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = desk.asked(emergency="yes")

    def gone(**parameters: object) -> None:
        raise psycopg.OperationalError("no connection is left")

    monkeypatch.setattr(psycopg, "connect", gone)
    desk.officers.raise_request_exception = False
    answer = desk.show(found)
    assert answer.status_code == 500 and ARM not in answer.text
    found.refresh_from_db()
    assert found.state == BreakState.EMERGENCY


def test_the_look_is_recorded_even_if_showing_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = desk.asked(emergency="yes")

    def broken(*given: Any, **named: Any) -> HttpResponse:
        raise ZeroDivisionError

    monkeypatch.setattr("pvtracker.allocation.views.render", broken)
    desk.officers.raise_request_exception = False
    assert desk.show(found).status_code == 500
    assert len(code_looks(desk.officer)) == 1
    found.refresh_from_db()
    assert found.state == BreakState.EMERGENCY and found.shown_at is None


def test_no_address_leads_to_the_arm(desk: Desk) -> None:
    found = desk.opened()
    assert desk.officers.get(f"{desk.register}{found.id}/show/").status_code == 405


def test_an_arm_that_was_not_the_planned_one_is_shown_beside_it(desk: Desk) -> None:
    record = AllocationRecord(1, "S-1", "LOW", "Low dose", "PBO", "Placebo")
    store_allocations(study=desk.study, records=[record], by=BY, source="test")
    shown = desk.show(desk.asked(emergency="yes")).text
    assert "Arm, actually received" in shown and "Arm, as randomised" in shown
    assert "Placebo" in shown and "Low dose" in shown


def test_who_was_told_is_recorded_by_whoever_saw_it_and_only_then(desk: Desk) -> None:
    told = {"name": "Dr Marsh", "role": "treating physician", "at": "2026-03-05 14:30", "how": "telephone"}
    found = desk.asked(emergency="yes")
    early = desk.step(desk.officers, found, "told", **told)
    assert early.status_code == 422 and "before the arm was shown" in early.text
    desk.show(found)
    assert desk.step(desk.officers, found, "told", **told).status_code == 302
    future = f"{timezone.now() + timedelta(days=1):%Y-%m-%d %H:%M}"
    late = desk.step(desk.officers, found, "told", **{**told, "at": future})
    assert late.status_code == 422 and "lies in the future" in late.text
    page = desk.chairs.get(f"{desk.register}{found.id}/").text
    assert "Dr Marsh, treating physician: 2026-03-05 14:30 UTC, telephone" in page


def test_the_impact_is_assessed_later_in_versions_with_a_reason(desk: Desk) -> None:
    said = {
        "effect": "one physician knows",
        "measures": "she left the study team",
        "analysis": "kept as randomised",
    }
    found = desk.asked(emergency="yes")
    early = desk.step(desk.officers, found, "impact", version="0", **said)
    assert early.status_code == 422 and "once the arm was shown" in early.text
    desk.show(found)
    assert desk.step(desk.chairs, found, "impact", version="0", **said).status_code == 302
    silent = desk.step(desk.officers, found, "impact", version="1", **said)
    assert silent.status_code == 422 and "Say why the assessment is changed" in silent.text
    overtaken = desk.step(desk.officers, found, "impact", version="0", reason="more is known", **said)
    assert overtaken.status_code == 422 and "meanwhile" in overtaken.text
    changed = {**said, "effect": "two physicians know", "version": "1", "reason": "more is known"}
    assert desk.step(desk.officers, found, "impact", **changed).status_code == 302
    page = desk.chairs.get(f"{desk.register}{found.id}/").text
    assert "one physician knows" in page and "two physicians know" in page and "more is known" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("subject", "", "Name the participant"),
        ("subject", "S-9", "No allocation of participant S-9 is known here"),
        ("subject", "S-5", "No allocation of participant S-5"),
        ("category", "", "Choose why"),
        ("reason", " ", "Say what happened"),
        ("emergency", "", "Say whether it is an emergency"),
        ("recipient_name", "", "Name the person who is to be told"),
        ("recipient_role", "", "Say who this person is"),
        ("expected_use", "", "Say what the person will decide"),
        ("recipient_username", "nobody", "Nobody with the user name nobody works in this study"),
        ("reason", "x" * 2001, "at most 2000 characters"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    desk: Desk, field: str, value: str, sentence: str
) -> None:
    answer = desk.ask(confirmed="on", **{field: value})
    assert answer.status_code == 422 and sentence in answer.text
    kept = {key: text for key, text in ASKED.items() if key not in {field, "category", "emergency"} and text}
    assert all(text in answer.text for text in kept.values())
    assert not CodeBreak.objects.filter(study=desk.study).exists()


def test_the_number_that_the_site_knows_names_the_participant_but_no_end_of_a_number_does(desk: Desk) -> None:
    full = f"{desk.study.code}-US1-014"
    one = AllocationRecord(1, full, "LOW", "Low dose", "LOW", "Low dose")
    store_allocations(study=desk.study, records=[one], by=BY, source="test")
    assert desk.ask(subject="014", confirmed="on").status_code == 422
    assert desk.ask(subject="S-9", confirmed="on").status_code == 422
    assert desk.asked(subject="US1-014").subject == full


@pytest.mark.parametrize("typed", ["01-701-1015", "701-1015", "1015", " 1015 "])
def test_a_number_names_its_participant_where_the_identifier_does_not_begin_with_the_study(
    desk: Desk, typed: str
) -> None:
    """As in the CDISC pilot: USUBJID 01-701-1015, SUBJID 1015, which the site prints."""
    told = [
        ("01-701-1015", "1015"),
        ("01-702-1015x", "1015x"),
        ("01-703-1100", "1100"),
        ("01-704-1100", "1100"),
    ]
    records = [
        AllocationRecord(row, subject, "LOW", "Low dose", "LOW", "Low dose", number)
        for row, (subject, number) in enumerate(told, 1)
    ]
    store_allocations(study=desk.study, records=records, by=BY, source="test")
    for nobody in ("015", "15", "01-1015", "0"):
        assert desk.ask(subject=nobody, confirmed="on").status_code == 422
    several = desk.ask(subject="1100", confirmed="on")
    assert several.status_code == 422 and "2 participants have the number 1100" in several.text
    assert desk.asked(subject=typed).subject == "01-701-1015"


def test_a_number_that_one_site_prints_and_that_ends_anothers_identifier_is_asked_back(desk: Desk) -> None:
    """Else the code of the wrong participant would be broken, without a word."""
    ends, printed = f"{desk.study.code}-1200", f"{desk.study.code}-US2-77"
    records = [
        AllocationRecord(1, ends, "LOW", "Low dose", "LOW", "Low dose", "5"),
        AllocationRecord(2, printed, "LOW", "Low dose", "LOW", "Low dose", "1200"),
    ]
    store_allocations(study=desk.study, records=records, by=BY, source="test")
    several = desk.ask(subject="1200", confirmed="on")
    assert several.status_code == 422 and ends in several.text and printed in several.text
    assert desk.asked(subject=ends).subject == ends


def test_one_participant_waits_once(desk: Desk) -> None:
    desk.asked()
    again = desk.ask(confirmed="on")
    assert again.status_code == 422 and "waits for a second person already" in again.text


def test_numbers_run_within_the_study(desk: Desk) -> None:
    assert [desk.asked(subject=subject).number for subject in ("S-1", "S-2")] == [1, 2]


def test_a_code_break_of_another_study_is_not_found(desk: Desk) -> None:
    found = desk.opened()
    other = create_study(entry=StudyEntry(code="OTHER", title="Another trial"), by=BY)
    there = desk_of(other)
    for name in ("", "show/", "opinion/", "told/", "impact/", "alarm/", "withdraw/"):
        for client in (there.officers, there.chairs):
            address = f"/studies/OTHER/code-breaks/{found.id}/{name}"
            assert client.post(address).status_code in {404, 405}
            assert client.get(address).status_code in {404, 405}
    assert there.ask(confirmed="on").status_code == 422, "nor is a participant of another study"


@pytest.mark.parametrize(
    "change",
    [
        {
            "opinion_by": "somebody",
            "requested_by": "somebody",
            "opinion": "approved",
            "opinion_at": timezone.now(),
        },
        {"state": "approved"},
        {"state": "opened", "shown_at": timezone.now(), "times_shown": 1},
        {"state": "opened", "emergency": True},
        {"opinion": "approved"},
        {"category": "curiosity"},
    ],
)
def test_the_database_itself_refuses_a_code_break_by_one_person(desk: Desk, change: dict[str, Any]) -> None:
    found = desk.asked()
    with pytest.raises(IntegrityError), transaction.atomic():
        CodeBreak.objects.filter(id=found.id).update(**change)


def test_the_request_warns_before_others_become_deducible(desk: Desk) -> None:
    desk.opened(subject="S-1")
    answer = desk.ask(subject="S-2")
    assert answer.status_code == 422
    assert "up to 2 other participants of the same block" in answer.text
    assert not CodeBreak.objects.filter(subject="S-2").exists()
    assert desk.asked(subject="S-2").could_deduce == 2


def test_the_warning_is_the_same_whatever_the_arm(desk: Desk) -> None:
    """S-2 shares the arm of S-1, S-3 does not: a warning that differed would tell it before the break."""
    desk.opened(subject="S-1")
    said = [desk.ask(subject=subject).text for subject in ("S-2", "S-3")]
    assert all("up to 2 other participants" in text for text in said)


def test_an_alarm_names_who_became_deducible_and_is_answered(desk: Desk) -> None:
    desk.opened(subject="S-1")
    assert not DeducibleAlarm.objects.filter(study=desk.study).exists()
    found = desk.opened(subject="S-2")
    alarm = DeducibleAlarm.objects.get(study=desk.study)
    assert alarm.subjects == ["S-3", "S-4"] and alarm.code_break == found
    assert f"{desk.chair.full_name}, DSMB chair" in alarm.raised_for
    page = desk.chairs.get(desk.register).text
    assert "2 other participants became certain: S-3, S-4" in page and "Placebo" not in page
    answer = {"measures": "both sites keep the treatment blinded"}
    assert desk.step(desk.chairs, found, "alarm", **answer).status_code == 302
    assert "Deducible by block after code break" not in desk.chairs.get(desk.register).text
    second = desk.step(desk.officers, found, "alarm", **answer)
    assert second.status_code == 422 and "has answered this alarm already" in second.text


def test_the_last_of_a_block_raises_no_alarm_for_whoever_is_opened_already(desk: Desk) -> None:
    for subject in ("S-1", "S-3", "S-4"):
        desk.opened(subject=subject)
    assert queries.deducible(desk.study).subjects == {"S-2"}
    desk.opened(subject="S-2")
    assert queries.deducible(desk.study).subjects == frozenset()
    assert [alarm.subjects for alarm in DeducibleAlarm.objects.filter(study=desk.study)] == [["S-2"]]


def test_without_the_list_the_register_says_that_nobody_can_judge(study: Study) -> None:
    desk = desk_of(study)
    assert "cannot be told before the code is broken" in desk.officers.get(f"{desk.register}new/").text
    desk.opened()
    alarm = DeducibleAlarm.objects.get(study=study)
    assert alarm.subjects == [] and "randomisation list is not known" in alarm.problem
    assert "import_randomisation" in desk.chairs.get(desk.register).text


def test_a_list_that_contradicts_the_opened_arms_raises_an_alarm(desk: Desk) -> None:
    """An allocation that was corrected after the list was read: the block holds three of one arm."""
    records = [AllocationRecord(1, "S-3", "LOW", ARM, "LOW", ARM)]
    store_allocations(study=desk.study, records=records, by=BY, source="test")
    for subject in ("S-1", "S-2", "S-3"):
        desk.opened(subject=subject)
    problems = [alarm.problem for alarm in DeducibleAlarm.objects.filter(study=desk.study).order_by("id")]
    assert "do not fit what the list says" in problems[-1]


def test_an_officer_lands_on_the_register(desk: Desk) -> None:
    assert desk.officers.get("/")["Location"] == desk.register


def test_the_recorded_request_is_the_signed_in_persons_whatever_is_posted(desk: Desk) -> None:
    found = desk.asked(requested_by=str(uuid.uuid4()), requested_by_name="Somebody Else", state="opened")
    assert (found.requested_by, found.requested_by_name) == (str(desk.officer.id), desk.officer.full_name)
    assert found.state == BreakState.WAITING
