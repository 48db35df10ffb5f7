"""Who looked at data by arm: why is asked first, each look is recorded, and no rollback takes the record away."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver

from pvtracker.accounts.models import Account
from pvtracker.audit.models import AccessRecord
from pvtracker.board.actions import record_recommendation
from pvtracker.board.models import Recommendation
from pvtracker.lib.log_lines import OneLine
from pvtracker.reports import actions as report_actions
from pvtracker.reports.models import ReportRecord
from pvtracker.signals import actions as signal_actions
from pvtracker.signals.models import Run, Signal
from pvtracker.signals.screen import Screen
from pvtracker.studies.models import Study
from pvtracker.web.middleware import OneTransaction
from tests.architecture.rooms import OWN_SIGN_IN
from tests.architecture.walkers import url_names
from tests.closed.cuts.folder import BY, participant_id
from tests.closed.joined import kept_storage, receive_joined
from tests.closed.known import assessed_signal
from tests.closed.people import checked_person, person_of, signed_in

# Pages of the closed room that show data by arm, and files taken out of it: what is recorded of each.
BY_ARM = {
    "trail": "history",
    "trail_review": "history",
    "signals": "signals",
    "signal_run": "screening run",
    "signal_run_parquet": "screening run",
    "signal_sets": "analysis sets of a run",
    "signal_participants": "participants of a run",
    "signal_term": "term of a run",
    "signal_boundary": "boundary of a term",
    "laboratory": "laboratory",
    "laboratory_analyte": "laboratory",
    "laboratory_counted": "laboratory",
    "laboratory_edish": "laboratory",
    "laboratory_participant": "laboratory",
    "signal_list": "signals followed",
    "signal": "signal",
    "signal_sign": "signal",
    "signal_alerts": "signal alerts",
    "report": "report",
    "report_pdf": "report",
    "report_signatures": "report",
    "recommendations": "recommendations",
    "recommendation": "recommendation",
    "recommendation_edit": "recommendation",
    "recommendation_sign": "recommendation",
}
# The other addresses of the closed room, and why nothing of an arm is there.
NOT_BY_ARM = {
    **OWN_SIGN_IN,
    "account_login": "the door",
    "openid_connect_login": "the door",
    "openid_connect_callback": "the door",
    "end_session": "one's own sign-in",
    "home": "the list of one's own studies",
    "sign_in": "the door",
    "sign_out": "the door",
    "components": "made-up samples",
    "health": "says that the process lives",
    "job": "progress of the work, in words without results",
    "look_purpose": "asks why",
    "calculator": "numbers that somebody types; no study is read",
    "calculator_methods": "pages of the documentation",
    "signal_sites": "what the sites report, all participants together",
    "cuts": "hashes and counts of all participants together",
    "signals_inference": "a switch of one's own pages",
    "signals_start": "starts a run; shows its form again, as the page `signals` does, with the same record",
    "signal_order": "progress of the work, in words without results",
    "signal_order_cancel": "leads back to the page of the screening",
    "signal_order_resume": "leads back to the page of the screening",
    "screening_plan": "what is to be compared and how; when the first run was, and nothing of its results",
    "screening_plan_edit": "what is to be compared and how",
    "screening_plan_sign": "what is to be compared and how",
    "signal_step": "takes a step; shows its page again, as `signal` does, with the same record",
    "signal_new": "an empty form; the arms' names are protocol",
    "signal_alert_read": "leads on to the page of the signal",
    "signal_alerts_read": "leads back to the alerts, or shows them with the same record",
    "reports": "the list of reports, without their content",
    "join": "the door, for who was invited",
    "ready": "training and agreement",
    "accounts": "who has an account",
    "account_invite": "who has an account",
    "account_detail": "who has an account",
    "account_step": "who has an account",
    "people": "who holds which role",
    "people_propose": "who holds which role",
    "people_review": "who holds which role",
    "people_end": "who holds which role",
    "people_decide": "who holds which role",
    "people_reset": "whose sign-in is to be reset",
    "resets": "whose sign-in is to be reset",
    "reset_ask": "whose sign-in is to be reset",
    "reset_decide": "whose sign-in is to be reset",
    "system_trail": "the history of accounts, which belong to no study",
    "looks": "who looked; arms' names only where they chose a part of a run",
    "code_breaks": "the register tells no arm",
    "code_break_ask": "tells no arm; the warning is the same whatever the arm",
    "code_break": "tells no arm",
    "code_break_show": "shows one arm; a look of its own kind, in tests/closed/allocation",
    "code_break_opinion": "leads back to the page of the code break",
    "code_break_withdraw": "leads back to the page of the code break",
    "code_break_told": "leads back to the page of the code break",
    "code_break_impact": "leads back to the page of the code break",
    "code_break_alarm": "leads back to the page of the code break",
    "report_sign": "hashes of the report, without its content",
    "recommendation_new": "an empty form",
}


# Who opens a page that a member does not.
READER = {
    "trail": "auditor_closed",
    "trail_review": "auditor_closed",
    "signal_sign": "statistician",
    "recommendation_edit": "dsmb_chair",
    "recommendation_sign": "dsmb_chair",
}


def reader_of(study: Study, name: str) -> Account:
    """Somebody whose role opens this page."""
    return checked_person(study, READER.get(name, "dsmb_member"))


@pytest.fixture(scope="module")
def study(kept: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A study with a joined cut, for all tests of this module: what one of them writes is undone after it."""
    with kept_storage(tmp_path_factory.mktemp("storage")) as storage:
        yield receive_joined(storage).study


@pytest.fixture(autouse=True)
def undone(kept: None) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def recommendation(study: Study, record: ReportRecord) -> Recommendation:
    return record_recommendation(study=study, report=record, kind="continue", text="Continue.", by=BY)


@pytest.fixture(scope="module")
def signal(study: Study) -> Signal:
    return assessed_signal(study)


@pytest.fixture(scope="module")
def run(study: Study) -> Run:
    request = signal_actions.request_for(study=study)
    made: tuple[Run, Screen] = signal_actions.run_screening(
        request=request, by=BY, progress=lambda *told: None
    )
    return made[0]


@pytest.fixture(scope="module")
def record(study: Study) -> ReportRecord:
    return report_actions.make_report(
        request=report_actions.request_for(study=study, audience="closed"), by=BY
    )


@pytest.fixture(scope="module")
def pages(run: Run, record: ReportRecord, recommendation: Recommendation, signal: Signal) -> dict[str, str]:
    """An address of each page by arm."""
    return {
        "trail": "/studies/JOIN/history/",
        "trail_review": "/studies/JOIN/history/review/",
        "signals": "/studies/JOIN/signals/",
        "signal_run": f"/studies/JOIN/signals/runs/{run.id}/",
        "signal_run_parquet": f"/studies/JOIN/signals/runs/{run.id}/results.parquet",
        "signal_sets": f"/studies/JOIN/signals/runs/{run.id}/sets/",
        "signal_participants": f"/studies/JOIN/signals/rows/{run.results.earliest('id').id}/participants/",
        "signal_term": f"/studies/JOIN/signals/rows/{run.results.earliest('id').id}/",
        "signal_boundary": f"/studies/JOIN/signals/rows/{run.results.earliest('id').id}/boundary/",
        "laboratory": "/studies/JOIN/laboratory/",
        "laboratory_analyte": "/studies/JOIN/laboratory/analyte/",
        "laboratory_counted": "/studies/JOIN/laboratory/counted/",
        "laboratory_edish": "/studies/JOIN/laboratory/edish/",
        "laboratory_participant": f"/studies/JOIN/laboratory/participants/{participant_id('S-1')}/",
        "signal_list": "/studies/JOIN/followed-signals/",
        "signal": f"/studies/JOIN/followed-signals/{signal.id}/",
        "signal_sign": f"/studies/JOIN/followed-signals/{signal.id}/sign/",
        "signal_alerts": "/studies/JOIN/followed-signals/alerts/",
        "report": f"/studies/JOIN/reports/{record.id}/",
        "report_pdf": f"/studies/JOIN/reports/{record.id}/pdf/",
        "report_signatures": f"/studies/JOIN/reports/{record.id}/signatures/",
        "recommendations": "/studies/JOIN/recommendations/",
        "recommendation": f"/studies/JOIN/recommendations/{recommendation.id}/",
        "recommendation_edit": f"/studies/JOIN/recommendations/{recommendation.id}/edit/",
        "recommendation_sign": f"/studies/JOIN/recommendations/{recommendation.id}/sign/",
    }


def looks_of(account: Any) -> list[AccessRecord]:
    return list(AccessRecord.objects.filter(actor=str(account.id)).order_by("id"))


def test_every_address_of_the_closed_room_is_classified() -> None:
    names = {name for name, _ in url_names(get_resolver())}
    assert names == BY_ARM.keys() | NOT_BY_ARM.keys()
    assert not BY_ARM.keys() & NOT_BY_ARM.keys()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the room logs of faults, in the form in which it logs."""
    stream, line = io.StringIO(), settings.LOGGING["formatters"]["line"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine(line["format"], style=line["style"]))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("name", BY_ARM)
def test_a_look_is_recorded_even_if_the_page_fails_afterwards(
    study: Study, pages: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    """The view runs to its end and then raises: its transaction is gone, the record is not. The fault itself carries
    the whole page by arm, and neither the answer nor the log says a word of it.
    """
    account = reader_of(study, name)
    usual = OneTransaction.process_view
    shown: list[str] = []

    def failing(
        self: OneTransaction, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse:
        def then_raise(*given: Any, **named: Any) -> HttpResponse:
            response = view(*given, **named)
            if request.path == pages[name]:
                shown.append(response.content.decode(errors="replace"))
                raise ValueError(f"Kanari {shown[0]}")
            return response

        return usual(self, request, then_raise, args, kwargs)

    monkeypatch.setattr(OneTransaction, "process_view", failing)
    client = signed_in(account, study)
    client.raise_request_exception = False
    answer = client.get(pages[name])
    assert answer.status_code == 500
    (kept,) = looks_of(account)
    assert kept.object_kind == BY_ARM[name] and kept.study_id == study.id
    assert kept.reason == "Planned review: test" and kept.role == READER.get(name, "dsmb_member")
    assert kept.actor_name == account.full_name and kept.address == "127.0.0.1"
    told = answer.content.decode() + logged.getvalue()
    assert "fault: ValueError" in told
    assert len(shown[0]) > 100, "there was something to tell"
    assert not [words for words in ("Kanari", "LOW", "Low dose", "HIGH", "High dose") if words in told]


@pytest.mark.parametrize("name", BY_ARM)
def test_why_is_asked_before_anything_is_shown(study: Study, pages: dict[str, str], name: str) -> None:
    account = reader_of(study, name)
    client = signed_in(account)
    answer = client.get(pages[name])
    assert answer.status_code == 302 and answer["Location"].startswith("/studies/JOIN/purpose/?next=")
    assert looks_of(account) == []
    asked = client.get(answer["Location"])
    assert "Why are you looking?" in asked.text
    told = {"purpose": "safety", "words": "Two cases of haemolysis", "next": pages[name]}
    assert client.post("/studies/JOIN/purpose/", told)["Location"] == pages[name]
    assert client.get(pages[name]).status_code == 200
    assert [look.reason for look in looks_of(account)] == ["Safety question: Two cases of haemolysis"]


@pytest.mark.parametrize("name", BY_ARM)
def test_what_cannot_be_recorded_is_not_shown(
    study: Study, pages: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(reader_of(study, name), study)
    client.raise_request_exception = False

    def gone(**parameters: object) -> None:
        raise psycopg.OperationalError("no connection is left")

    monkeypatch.setattr(psycopg, "connect", gone)
    answer = client.get(pages[name])
    assert answer.status_code == 500
    assert (
        b"Continue." not in answer.content
        and b"LOW" not in answer.content
        and b"Low dose" not in answer.content
    )


def test_a_file_that_is_taken_out_is_an_export(study: Study, pages: dict[str, str]) -> None:
    account = person_of(study, "dsmb_member")
    assert signed_in(account, study).get(pages["report_pdf"]).content.startswith(b"%PDF")
    (kept,) = looks_of(account)
    assert (kept.kind, kept.detail) == ("export", "PDF, closed report of 2026-06-30, by planned arm")


def test_a_look_says_which_part_of_a_run(study: Study, run: Run) -> None:
    account = person_of(study, "dsmb_member")
    chosen = {"level": "PT", "selection": "serious", "method": "rd_mn"}
    signed_in(account, study).get(f"/studies/JOIN/signals/runs/{run.id}/", chosen)
    (kept,) = looks_of(account)
    assert kept.object_id == str(run.id) and kept.detail.startswith("Preferred term, serious events, ")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({}, "Choose one."),
        ({"purpose": "curiosity"}, "This is no purpose of the list."),
        ({"purpose": "other", "words": "  "}, "Another reason has to be told."),
        ({"purpose": "review", "words": "x" * 501}, "at most 500 are kept"),
    ],
)
def test_a_purpose_is_refused_with_a_sentence_and_keeps_what_was_typed(
    study: Study, told: dict[str, str], sentence: str
) -> None:
    client = signed_in(person_of(study, "dsmb_member"))
    answer = client.post("/studies/JOIN/purpose/", told)
    assert answer.status_code == 422 and sentence in answer.text and told.get("words", "") in answer.text
    assert client.get("/studies/JOIN/signals/").status_code == 302


@pytest.mark.parametrize("elsewhere", ["https://example.org/x", "//example.org/x", "javascript:alert(1)"])
def test_the_question_leads_nowhere_else(study: Study, elsewhere: str) -> None:
    client = signed_in(person_of(study, "dsmb_member"))
    told = {"purpose": "review", "next": elsewhere}
    assert client.post("/studies/JOIN/purpose/", told)["Location"] == "/"


def test_who_reads_nothing_by_arm_is_not_asked_why(study: Study) -> None:
    assert signed_in(person_of(study, "code_break_officer")).get("/studies/JOIN/purpose/").status_code == 404


def test_a_form_of_a_run_that_is_shown_again_is_a_look(study: Study, run: Run) -> None:
    account = person_of(study, "statistician")
    chosen = {"cut": "no cut", "analysis_arm": "actual"}
    assert signed_in(account, study).post("/studies/JOIN/signals/run/", chosen).status_code == 422
    assert [look.object_kind for look in looks_of(account)] == ["signals"]
    asked = signed_in(account).post("/studies/JOIN/signals/run/", chosen)
    assert asked["Location"] == "/studies/JOIN/purpose/"


def test_a_job_opens_the_cut_in_the_name_of_who_asked(study: Study) -> None:
    from pvtracker.jobs import actions as jobs

    account = person_of(study, "statistician")
    job = jobs.enqueue(
        task="signals.detect", study_id=study.id, parameters={}, by=account.actor("statistician")
    )
    jobs.run(str(job.id), signal_actions.detect_job)
    assert [(look.object_kind, look.reason) for look in looks_of(account)] == [("joined cut", "screening")]
