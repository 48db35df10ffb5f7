"""Background work of the open room's cuts; the closed room receives them by polling (`ops` scheduler)."""

from celery import shared_task
from django.conf import settings

if settings.ROOM == "open":
    from pvtracker.cuts import actions
    from pvtracker.jobs import actions as jobs

    @shared_task(name="cuts.freeze")
    def freeze(job_id: str) -> None:
        jobs.run(job_id, actions.freeze_job)
