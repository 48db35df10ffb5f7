"""A screening of the plan that was given up is told, once, to the people who follow signals, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.audit.context import within
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job, JobState
from pvtracker.signals import actions
from pvtracker.signals.actions import following, schedule
from pvtracker.signals.actions import orders as order_actions
from pvtracker.signals.actions.raising import PROCESS
from pvtracker.signals.models import Run, ScreeningOrder, SignalAlert
from pvtracker.signals.plan import EVERY_DAYS
from pvtracker.studies.models import Study
from tests.acting import by_four
from tests.closed.cuts.folder import BY, STUDY_ID, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of, person_of, signed_in
from tests.closed.signals.planned import planned_study, planner, sign, write
from tests.closed.signals.test_orders import Killed, counting, silent

__all__ = ["joined_cut", "open_storage"]


@pytest.fixture
def follower(study: Study) -> Account:
    return planner(study)


@pytest.fixture
def order(study: Study, joined_cut: Cut, follower: Account) -> ScreeningOrder:
    write(study, follower, when=EVERY_DAYS, days=7)
    sign(study, follower)
    assert schedule.order_planned(study=study, now=timezone.now(), by=PROCESS) == 1
    return ScreeningOrder.objects.get()


def attempts(order: ScreeningOrder) -> Job:
    for _ in range(settings.JOB_ATTEMPTS):
        jobs.run(str(order.job_id), actions.detect_job)
    return Job.objects.get(id=order.job_id)


def follow(study: Study) -> int:
    return following.follow(study=study, on=timezone.localdate(), by=PROCESS)


@pytest.mark.django_db
def test_who_follows_signals_is_told_once_and_what_to_do(
    study: Study, order: ScreeningOrder, follower: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_of(study, "dsmb_member")
    assert follow(study) == 0, "it waits"
    with monkeypatch.context() as broken:
        counting(broken, fault=RuntimeError("no memory"))
        assert attempts(order).state == JobState.DEAD
    assert [follow(study) for _ in range(3)] == [1, 0, 0]
    alert = SignalAlert.objects.get()
    assert (alert.kind, alert.order_id, alert.account_id, alert.signal_id) == (
        "failed",
        order.id,
        follower.id,
        None,
    )
    client = signed_in(follower, study)
    page = client.get("/studies/JOIN/followed-signals/alerts/").text
    here = f"/studies/JOIN/signals/orders/{order.id}/"
    assert "A screening failed" in page and f'href="{here}"' in page
    assert "Tried as often as allowed" in page and "Open it and resume it" in page
    assert "no memory" not in page, "what a fault says may hold what nobody should read"
    plan = client.get("/studies/JOIN/signals/plan/").text
    assert "did not finish" in plan and f'href="{here}"' in plan
    assert "failed: open it and resume it" in client.get("/studies/JOIN/signals/").text
    read = client.post(f"/studies/JOIN/followed-signals/alerts/{alert.id}/read/")
    assert read["Location"] == here and client.get(here).status_code == 200
    # resumed, it is another attempt: done, it tells nobody; failed again, it tells anew
    order_actions.resume(order=order, by=BY)
    order.refresh_from_db()
    assert follow(study) == 0
    with monkeypatch.context() as broken:
        counting(broken, fault=RuntimeError("no memory"))
        attempts(order)
    assert [follow(study) for _ in range(2)] == [1, 0]
    order_actions.resume(order=order, by=BY)
    order.refresh_from_db()
    jobs.run(str(order.job_id), actions.detect_job)
    assert Run.objects.count() == 1 and follow(study) == 0
    assert "did not finish" not in client.get("/studies/JOIN/signals/plan/").text


@pytest.mark.django_db
def test_workers_that_are_killed_each_time_are_told_too(
    study: Study, order: ScreeningOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting(monkeypatch, fault=Killed())
    for _ in range(settings.JOB_ATTEMPTS):
        with pytest.raises(Killed):
            jobs.run(str(order.job_id), actions.detect_job)
        silent(order)
    assert follow(study) == 0, "the last worker may still be at work"
    jobs.sweep()
    assert follow(study) == 1
    assert "fell silent each time" in client_of(study, "statistician").get("/studies/JOIN/signals/plan/").text


@pytest.mark.django_db
def test_a_screening_by_hand_or_one_that_was_cancelled_tells_nobody(
    study: Study, order: ScreeningOrder
) -> None:
    order_actions.cancel(order=order, by=BY)
    assert follow(study) == 0
    hand = actions.place_order(
        request=actions.request_for(study=study), asked_from=order_actions.AskedFrom.HAND, by=BY
    )
    Job.objects.filter(id=hand.job_id).update(state=JobState.DEAD)
    assert follow(study) == 0, "who asked for it looks at its page"


def test_schedulers_at_once_tell_each_person_once(committed_db: str, open_storage: Path) -> None:
    planned_study(open_storage)
    put_cut(open_storage, date="2026-07-31", made_at="2026-08-01T08:00:00+00:00")
    closed.receive_cuts(by=BY)
    schedule.start_planned()
    with within(STUDY_ID):
        order = ScreeningOrder.objects.latest("asked_at")
    Job.objects.filter(id=order.job_id).update(state=JobState.FAILED, error="The cut cannot be opened.")

    assert sum(by_four(lambda _: following.follow_all())) == 1
    with within(STUDY_ID):
        assert SignalAlert.objects.filter(kind="failed").count() == 1
