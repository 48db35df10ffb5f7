"""What the signed plan asks for by itself: each new cut once, or every so many days, whoever looks and how often."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from pvtracker.audit.context import within
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job, JobState
from pvtracker.jobs.queries import next_page
from pvtracker.signals import actions, orders
from pvtracker.signals.actions import schedule
from pvtracker.signals.models import Run, ScreeningOrder
from pvtracker.signals.plan import BY_HAND, EACH_CUT, EVERY_DAYS
from pvtracker.studies.models import Study
from tests.acting import by_four
from tests.closed.cuts.folder import BY, STUDY_ID, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.signals.planned import PLAN, planned_study, planner, sign, write

__all__ = ["joined_cut", "open_storage"]


def new_cut(open_storage: Path, **said: Any) -> Cut:
    folder = put_cut(open_storage, **said)
    closed.receive_cuts(by=BY)
    return Cut.objects.get(id=uuid.UUID(folder.name))


def order(study: Study, days: float = 0) -> int:
    return schedule.order_planned(study=study, now=timezone.now() + timedelta(days=days), by=BY)


@pytest.mark.django_db
def test_a_plan_that_waits_for_a_hand_orders_nothing(study: Study) -> None:
    assert order(study) == 0
    account = planner(study)
    write(study, account)
    sign(study, account)
    assert order(study, days=100) == 0
    write(study, account, when=EACH_CUT)
    assert order(study) == 0, "nor does one that is not signed"


@pytest.mark.django_db
def test_every_so_many_days_the_latest_cut_is_run_once(
    study: Study, joined_cut: Cut, open_storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = planner(study)
    write(study, account, when=EVERY_DAYS, days=7)
    sign(study, account)
    assert order(study) == 1 and order(study) == 0
    assert order(study, days=7) == 0, "the same cut, plan and code would give the same rows"
    first = ScreeningOrder.objects.get()
    assert (first.cut, first.asked_from, first.asked_by_name) == (joined_cut, "schedule", BY.name)
    # a cut that was joined three days ago (as seen in three days) waits for the seventh
    later = new_cut(open_storage, date="2026-07-31", made_at="2026-08-01T08:00:00+00:00")
    assert order(study, days=3) == 0
    assert order(study, days=8) == 1
    assert ScreeningOrder.objects.filter(cut=later).count() == 1
    write(study, account, when=EVERY_DAYS, days=1)
    sign(study, account)
    assert order(study) == 1, "another version is another plan"


@pytest.mark.django_db
def test_the_database_keeps_a_cut_from_being_ordered_twice_by_a_plan(study: Study) -> None:
    account = planner(study)
    write(study, account, when=EVERY_DAYS, days=7)
    sign(study, account)
    order(study)
    made = ScreeningOrder.objects.get()
    made.pk, made.job_id = uuid.uuid4(), uuid.uuid4()
    with pytest.raises(IntegrityError, match="screening_order_of_a_plan_once"), transaction.atomic():
        ScreeningOrder.objects.bulk_create([made])


def test_four_schedulers_at_once_order_each_new_cut_once(committed_db: str, open_storage: Path) -> None:
    """With real commits; then a worker does what was ordered."""
    planned_study(open_storage)
    new = put_cut(open_storage, date="2026-07-31", made_at="2026-08-01T08:00:00+00:00")
    closed.receive_cuts(by=BY)

    by_four(lambda _: schedule.start_planned())
    with within(STUDY_ID):
        (made,) = ScreeningOrder.objects.all()
        assert str(made.cut_id) == new.name, "the cut that was there before the signature is left to people"
    assert Job.objects.filter(task="signals.detect").count() == 1
    jobs.run(str(made.job_id), actions.detect_job)
    assert Job.objects.get(id=made.job_id).state == JobState.DONE
    with within(STUDY_ID):
        run = Run.objects.get()
        assert run.settings["plan"]["version"] == 1 and run.settings["departures"] == []


@pytest.mark.django_db
def test_a_cut_joined_just_before_a_new_version_is_run_once_by_the_version_in_force(
    study: Study, open_storage: Path
) -> None:
    account = planner(study)
    write(study, account, when=EACH_CUT)
    sign(study, account)
    assert order(study) == 0, "the cut that was there before the first signature is left to people"
    done = new_cut(open_storage, date="2026-07-31", made_at="2026-08-01T08:00:00+00:00")
    assert order(study) == 1
    waiting = new_cut(open_storage, date="2026-08-31", made_at="2026-09-01T08:00:00+00:00")
    write(study, account, when=EACH_CUT, seed=7)
    sign(study, account)
    assert [order(study) for _ in range(2)] == [1, 0], "only what the version before had not run"
    found = ScreeningOrder.objects.order_by("asked_at").values_list("cut_id", "plan__version")
    assert list(found) == [(done.id, 1), (waiting.id, 2)]


@pytest.mark.django_db
def test_a_cut_joined_while_the_plan_waited_for_a_hand_is_left_to_people(
    study: Study, open_storage: Path
) -> None:
    account = planner(study)
    for seed, when in enumerate((EACH_CUT, BY_HAND)):
        write(study, account, when=when, seed=seed)
        sign(study, account)
    new_cut(open_storage, date="2026-07-31", made_at="2026-08-01T08:00:00+00:00")
    write(study, account, when=EACH_CUT, seed=5)
    sign(study, account)
    assert order(study) == 0
    later = new_cut(open_storage, date="2026-08-31", made_at="2026-09-01T08:00:00+00:00")
    assert order(study) == 1 and ScreeningOrder.objects.get().cut_id == later.id


def test_a_version_signed_while_schedulers_look_has_each_cut_run_once(
    committed_db: str, open_storage: Path
) -> None:
    """Four schedulers, and in the middle of their looks a new version is signed: with real commits."""
    study, account = planned_study(open_storage)
    put_cut(open_storage, date="2026-07-31", made_at="2026-08-01T08:00:00+00:00")
    closed.receive_cuts(by=BY)
    with within(STUDY_ID):
        write(study, account, PLAN, when=EACH_CUT, seed=7)

    def look(turn: int) -> int:
        if turn != 2:
            return schedule.start_planned()
        with within(STUDY_ID):
            sign(study, account)
        return 0

    assert sum(by_four(look)) == 1
    with within(STUDY_ID):
        assert ScreeningOrder.objects.count() == 1


@pytest.mark.parametrize(
    ("asked_from", "name", "said"),
    [
        ("hand", "Dr Person", "Dr Person"),
        ("command", "command:enqueue, run by ops", "ops, at the command line"),
        ("command", "command:enqueue", "the command line"),
        ("schedule", "signals", "the schedule"),
    ],
)
def test_who_ordered_a_screening_is_told_in_words(asked_from: str, name: str, said: str) -> None:
    made = ScreeningOrder(asked_from=asked_from, asked_by_name=name)
    assert orders.asked_by(made) == said


def test_a_finished_job_leads_to_its_own_result() -> None:
    made = uuid.uuid4()
    job = Job(task="signals.detect", state=JobState.DONE, result={"run": str(made)})
    assert next_page(job, "JOIN") == f"/studies/JOIN/signals/runs/{made}/"
    job.state = JobState.FAILED
    assert next_page(job, "JOIN") == "/studies/JOIN/signals/"
