"""Background work of pooled monitoring: rung for by each new cut (`cuts.actions`) and each new expectation."""

from celery import shared_task

from pvtracker.jobs import actions as jobs
from pvtracker.monitoring import actions


@shared_task(name="monitoring.look")
def look(job_id: str) -> None:
    jobs.run(job_id, actions.look_job)
