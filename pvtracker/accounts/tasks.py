"""Background work about people: mail that is owed."""

from celery import shared_task

from pvtracker.accounts.actions import notices
from pvtracker.jobs import actions as jobs


@shared_task(name="accounts.mail")
def mail(job_id: str) -> None:
    jobs.run(job_id, notices.send_job)
