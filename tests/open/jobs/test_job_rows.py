"""The life of a job row, without a broker: claims, fences, leases, the sweep."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from pvtracker.audit.context import Actor
from pvtracker.jobs import actions
from pvtracker.jobs.models import Job, JobState

pytestmark = pytest.mark.django_db
BY = Actor.process("test")


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """The messages that would have been sent."""
    sent: list[tuple[str, list[str]]] = []
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: sent.append((name, args)))
    return sent


def queue(**values: object) -> Job:
    return actions.enqueue(task="jobs.rehearse", study_id=None, parameters={}, by=BY, **values)  # type: ignore[arg-type]


def expire(job: Job) -> None:
    Job.objects.filter(id=job.id).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_task_that_this_room_does_not_have_is_refused() -> None:
    with pytest.raises(actions.Refused, match=r"no background job called 'allocation\.leak'"):
        actions.enqueue(task="allocation.leak", study_id=None, parameters={}, by=BY)


def test_only_one_of_two_workers_gets_a_job() -> None:
    job = queue()
    first, second = actions.claim(job.id), actions.claim(job.id)
    assert first is not None and second is None
    assert (first.fence, first.job.attempt, first.job.state) == (1, 1, JobState.RUNNING)


@pytest.mark.parametrize("forged", [str(uuid.uuid4()), "not-an-id", "", "1; drop table jobs_job"])
def test_a_message_with_an_unknown_id_runs_nothing(forged: str) -> None:
    def never(claim: actions.Claim) -> None:
        raise AssertionError("ran")

    actions.run(forged, never)


def test_a_job_whose_lease_ran_out_is_claimed_with_a_higher_fence() -> None:
    job = queue()
    actions.claim(job.id)
    expire(job)
    again = actions.claim(job.id)
    assert again is not None and again.fence == 2


def test_a_worker_that_lost_its_lease_writes_nothing() -> None:
    job = queue()
    zombie = actions.claim(job.id)
    expire(job)
    living = actions.claim(job.id)
    assert zombie and living
    with pytest.raises(actions.LostLease), zombie.completing():
        queue(unique_key="effect of the zombie")
    assert not Job.objects.filter(unique_key="effect of the zombie").exists()
    with pytest.raises(actions.LostLease):
        zombie.progress(done=1, total=2, text="")
    with living.completing():
        queue(unique_key="effect of the living")
    assert Job.objects.filter(unique_key="effect of the living").count() == 1
    assert Job.objects.get(id=job.id).state == JobState.DONE


def test_the_effect_and_the_end_of_the_job_are_one_transaction() -> None:
    job = queue()
    held = actions.claim(job.id)
    assert held
    with pytest.raises(ZeroDivisionError), held.completing():
        raise ZeroDivisionError
    assert Job.objects.get(id=job.id).state == JobState.RUNNING


def test_a_refused_job_fails_at_once_with_its_sentence() -> None:
    job = queue()

    def refuse(claim: actions.Claim) -> None:
        raise actions.Refused("The study has no cut yet; freeze one first.")

    actions.run(str(job.id), refuse)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "The study has no cut yet; freeze one first.")


def test_a_job_that_keeps_failing_is_tried_five_times_and_then_dead() -> None:
    job = queue()

    def fail(claim: actions.Claim) -> None:
        raise ValueError("participant 12 died")

    for _ in range(7):
        actions.run(str(job.id), fail)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DEAD, 5)
    assert "participant 12" not in job.error and "ValueError" in job.error


def test_the_sweep_rings_for_a_job_whose_bell_was_lost(bells: list[tuple[str, list[str]]]) -> None:
    job = queue()
    Job.objects.filter(id=job.id).update(rung_at=timezone.now() - timedelta(minutes=1))
    assert actions.sweep() == 1
    assert bells == [("jobs.rehearse", [str(job.id)])]
    assert actions.sweep() == 0, "just rung: not again at once"


def test_the_sweep_rings_for_a_silent_worker_and_buries_the_hopeless(
    bells: list[tuple[str, list[str]]],
) -> None:
    silent, hopeless = queue(), queue()
    for job in (silent, hopeless):
        actions.claim(job.id)
        expire(job)
    Job.objects.filter(id=hopeless.id).update(attempt=5)
    actions.sweep()
    assert bells == [("jobs.rehearse", [str(silent.id)])]
    assert Job.objects.get(id=hopeless.id).state == JobState.DEAD


def test_the_same_work_asked_for_twice_is_one_job_while_it_is_open() -> None:
    assert queue(unique_key="cut 1").id == queue(unique_key="cut 1").id
    assert queue(unique_key="cut 1").id != queue(unique_key="cut 2").id


def test_the_message_carries_the_id_and_nothing_else(
    bells: list[tuple[str, list[str]]], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        job = actions.enqueue(task="jobs.rehearse", study_id=None, parameters={"date": "2026-01-01"}, by=BY)
    assert bells == [("jobs.rehearse", [str(job.id)])]


def test_a_silent_broker_does_not_stop_the_person_who_asks(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    def refuse(name: str, args: list[str]) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("pvtracker.celery.app.send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        job = queue()
    assert Job.objects.get(id=job.id).rung_at is None


def test_the_database_refuses_a_running_job_without_a_lease() -> None:
    job = queue()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(id=job.id).update(state=JobState.RUNNING)
