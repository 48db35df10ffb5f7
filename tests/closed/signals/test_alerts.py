"""Alerts: to named unblinded people, once for each signal and event, whoever raises them and however often."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pvtracker.accounts.actions import notices
from pvtracker.accounts.models import Account, Notice
from pvtracker.audit.context import within
from pvtracker.cuts.models import Cut
from pvtracker.signals import actions
from pvtracker.signals.actions import following, life
from pvtracker.signals.actions.raising import PROCESS, raise_signals
from pvtracker.signals.enums import Measure, Step
from pvtracker.signals.models import Run, Signal, SignalAlert, SignalStep
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.studies.models import Study
from tests.acting import as_test
from tests.closed.cuts.folder import BY
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of, person_of, signed_in
from tests.closed.signals.runs import later_cut, only_signal, rows, run_on
from tests.people import member

__all__ = ["joined_cut", "open_storage"]
HERE = "/studies/JOIN/followed-signals/alerts/"
TODAY = date(2026, 5, 1)


@pytest.fixture
def people(study: Study) -> dict[str, Account]:
    roles = ("statistician", "dsmb_member", "dsmb_chair", "auditor_closed", "code_break_officer")
    return {role: person_of(study, role) for role in roles}


def told() -> Counter[tuple[str, str]]:
    """How often each person was told of each kind."""
    names = {account.id: account.full_name for account in Account.objects.all()}
    return Counter((names[a.account_id], a.kind) for a in SignalAlert.objects.all())


@pytest.mark.django_db
def test_who_follows_is_told_of_what_is_new_and_of_what_is_back(
    study: Study, joined_cut: Cut, people: dict[str, Account]
) -> None:
    run = run_on(joined_cut, rows(), rows(term="Nausea"))
    assert told() == {("A statistician", "new"): 2}
    raise_signals(run=run, by=PROCESS)
    signal = Signal.objects.get(term="Nausea")
    by = people["statistician"].actor("statistician")
    life.decide(signal=signal, version=1, step=Step.DISMISS, reason="Known.", by=by)
    again = run_on(later_cut(joined_cut), rows(n_arm=9), rows(term="Nausea", n_arm=9))
    raise_signals(run=again, by=PROCESS)
    assert told() == {("A statistician", "new"): 2, ("A statistician", "reopened"): 1}


@pytest.mark.django_db
def test_what_is_overdue_is_told_once_for_each_due_date(
    study: Study, joined_cut: Cut, people: dict[str, Account]
) -> None:
    run_on(joined_cut)
    signal, follower = only_signal(), people["statistician"]
    by = follower.actor("statistician")
    due = timezone.localdate()
    life.plan(signal=signal, version=1, owner=follower, due_on=due, reason="First.", by=by)
    assert following.follow(study=study, on=due, by=PROCESS) == 0, "due today is not late"
    late = due + timedelta(days=1)
    assert [following.follow(study=study, on=late, by=PROCESS) for _ in range(3)] == [1, 0, 0]
    life.plan(signal=signal, version=2, owner=follower, due_on=late, reason="More time.", by=by)
    assert [following.follow(study=study, on=late + timedelta(days=9), by=PROCESS) for _ in range(2)] == [
        1,
        0,
    ]
    assert told()["A statistician", "overdue"] == 2
    life.decide(signal=signal, version=3, step=Step.DISMISS, reason="Known.", by=by)
    assert following.follow(study=study, on=late + timedelta(days=99), by=PROCESS) == 0


@pytest.mark.django_db
def test_the_board_is_told_when_it_is_to_be_informed(
    study: Study, joined_cut: Cut, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_on(joined_cut)
    signal, by = only_signal(), people["statistician"].actor("statistician")
    for step in (Step.VALIDATE, Step.CONFIRM):
        signal.refresh_from_db()
        life.decide(signal=signal, version=signal.version, step=step, reason="x", by=by)
    life.assess(
        signal=signal, version=3, evidence=dict.fromkeys(life.ASSESSED_BY, "Seen."), reason="Likely.", by=by
    )
    monkeypatch.setattr(life.signing, "is_signed", lambda signal, what: True)
    life.act(signal=signal, version=4, measure=Measure.BOARD, reason="Now.", by=by)
    assert {key for key in told() if key[1] == "board"} == {
        ("A dsmb_member", "board"),
        ("A dsmb_chair", "board"),
    }


@pytest.mark.django_db
def test_who_raises_one_by_hand_is_not_told_of_it_and_the_others_are(
    study: Study, people: dict[str, Account]
) -> None:
    other = person_of(study, "statistician")
    by = people["statistician"].actor("statistician")
    life.raise_by_hand(study=study, finding=life.Finding("PT", "Death", "serious", ""), reason="One.", by=by)
    assert [one.account_id for one in SignalAlert.objects.all()] == [other.id]


@pytest.mark.django_db
def test_each_reads_their_own_and_no_one_elses(
    study: Study, joined_cut: Cut, people: dict[str, Account]
) -> None:
    run_on(joined_cut, rows(), rows(term="Nausea"))
    browser, other = signed_in(people["statistician"], study), client_of(study, "dsmb_member")
    page = browser.get(HERE)
    assert "Headache" in page.text and "Mark these 2 as read" in page.text
    assert "2 unread alerts" in browser.get("/studies/JOIN/signals/").text
    assert "(2 unread)" in browser.get("/studies/JOIN/followed-signals/").text
    assert "No alert" in other.get(HERE).text
    alert = SignalAlert.objects.get(signal__term="Headache")
    assert other.post(f"{HERE}{alert.id}/read/").headers["Location"] == HERE
    assert not SignalAlert.objects.exclude(read_at=None).exists()
    answer = browser.post(f"{HERE}{alert.id}/read/")
    assert answer.headers["Location"] == f"/studies/JOIN/followed-signals/{alert.signal_id}/"
    first = SignalAlert.objects.get(id=alert.id).read_at
    browser.post(f"{HERE}{alert.id}/read/")
    assert SignalAlert.objects.get(id=alert.id).read_at == first is not None
    shown = browser.get(HERE).context["shown"]
    run_on(joined_cut, rows(term="Fatigue"))
    assert browser.post(f"{HERE}read/", {"shown": shown}).status_code == 409, "one came meanwhile"
    assert SignalAlert.objects.filter(read_at=None).count() == 2
    assert browser.post(f"{HERE}read/", {"shown": browser.get(HERE).context["shown"]}).status_code == 302
    assert not SignalAlert.objects.filter(read_at=None).exists()


@pytest.mark.django_db
def test_what_stands_on_another_page_is_not_marked(
    study: Study, joined_cut: Cut, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvtracker.signals.life_views.PER_PAGE", 2)
    run_on(joined_cut, rows(), rows(term="Nausea"), rows(term="Fatigue"))
    browser = signed_in(people["statistician"], study)
    page = browser.get(HERE)
    assert "Mark these 2 as read" in page.text
    answer = browser.post(f"{HERE}read/", {"shown": page.context["shown"], "page": "1"})
    assert answer.status_code == 302
    [left] = SignalAlert.objects.filter(read_at=None)
    assert left.signal.term not in page.text.split("<tbody>")[1]


@pytest.mark.django_db
def test_the_mail_is_owed_once_and_says_nothing(
    study: Study, joined_cut: Cut, people: dict[str, Account], settings: Any
) -> None:
    settings.MAIL = True
    with as_test():
        Account.objects.filter(id=people["statistician"].id).update(email="s@example.org")
    run = run_on(joined_cut, rows(), rows(term="Nausea"))
    raise_signals(run=run, by=PROCESS)
    assert [one.account_id for one in Notice.objects.all()] == [people["statistician"].id]
    assert "Headache" not in notices.SUBJECT + notices.BODY and "signal" not in notices.SUBJECT + notices.BODY


@pytest.mark.django_db
def test_a_job_that_dies_between_leaves_nothing_and_the_next_does_all_once(
    study: Study, joined_cut: Cut, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(**given: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr("pvtracker.accounts.actions.notices.owe", dies)
        run_on(joined_cut)
    assert not any(model.objects.exists() for model in (Run, Signal, SignalStep, SignalAlert))
    run_on(joined_cut)
    assert told() == {("A statistician", "new"): 1} and SignalStep.objects.count() == 1


@pytest.mark.django_db
def test_runs_made_before_signals_were_kept_raise_theirs_once(
    study: Study, joined_cut: Cut, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(actions.runs, "raise_signals", lambda **given: (0, 0))
        run_on(joined_cut)
    assert not Signal.objects.exists()
    following.follow_all()
    following.follow_all()
    assert Signal.objects.count() == 1 and told() == {("A statistician", "new"): 1}


def test_at_once_by_several_processes_everything_is_there_once(committed_db: str) -> None:
    """Two jobs of the same findings, each done by two workers, and two schedulers: real commits."""
    study = create_study(entry=StudyEntry(code="ONCE", title="A trial"), by=BY)
    with within(study.id):
        follower = member(study, "statistician")
        with as_test():
            cut = Cut.objects.create(
                study=study, date=TODAY, sha256="a" * 64, manifest={}, made_at=timezone.now()
            )
    terms = [rows(term=f"Term {number}") for number in range(6)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(actions.runs, "raise_signals", lambda **given: (0, 0))
        runs = [run_on(cut, *terms), run_on(cut, *reversed(terms))]
    at_once(lambda number: raise_signals(run=runs[number % 2], by=PROCESS))
    with within(study.id):
        signals = list(Signal.objects.all())
        assert len(signals) == SignalStep.objects.count() == SignalAlert.objects.count() == 6
        by = follower.actor("statistician")
        due = timezone.localdate()
        life.plan(signal=signals[0], version=1, owner=follower, due_on=due, reason="x", by=by)
        life.decide(signal=signals[1], version=1, step=Step.DISMISS, reason="x", by=by)
    late = due + timedelta(days=1)
    at_once(lambda number: following.follow(study=study, on=late, by=PROCESS))
    with within(study.id), pytest.MonkeyPatch.context() as patched:
        patched.setattr(actions.runs, "raise_signals", lambda **given: (0, 0))
        back = run_on(later_cut(cut), *(rows(term=f"Term {number}", n_arm=9) for number in range(6)))
    at_once(lambda number: raise_signals(run=back, by=PROCESS))
    with within(study.id):
        assert Counter(SignalAlert.objects.values_list("kind", flat=True)) == {
            "new": 6,
            "overdue": 1,
            "reopened": 1,
        }
        assert SignalStep.objects.filter(what="reopen").count() == 1


def at_once(work: Any) -> None:
    """Four threads with a connection each, let go together."""
    ready = Barrier(4)

    def go(number: int) -> None:
        try:
            ready.wait(10)
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(go, range(4)))
