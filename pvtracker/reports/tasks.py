"""Background work of reports, in either room."""

from __future__ import annotations

from celery import shared_task

from pvtracker.jobs import actions as jobs
from pvtracker.reports import actions


@shared_task(name="reports.make")
def make(job_id: str) -> None:
    jobs.run(job_id, actions.make_job)
