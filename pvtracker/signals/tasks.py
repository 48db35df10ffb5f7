"""Background work of the closed room's screening."""

from celery import shared_task

from pvtracker.jobs import actions as jobs
from pvtracker.signals import actions


@shared_task(name="signals.detect")
def detect(job_id: str) -> None:
    jobs.run(job_id, actions.detect_job)


@shared_task(name="signals.piece")
def piece(job_id: str) -> None:
    jobs.run(job_id, actions.piece_job)
