"""Reading job rows."""

from __future__ import annotations

import uuid

from django.urls import reverse

from pvtracker.jobs.models import Job, JobState

# Where a finished job's result is looked at: task → URL name of a page of the study.
RESULT_PAGES = {
    "cuts.freeze": "cuts",
    "monitoring.look": "pooled_rates",
    "reports.make": "reports",
    "signals.detect": "signals",
    "signals.piece": "signals",
}
# Where the result has a page of its own: task → URL name, and what the job calls its id.
OWN_PAGES = {"reports.make": ("report", "report"), "signals.detect": ("signal_run", "run")}
# What a job does, as the heading of its progress page.
TITLES = {
    "cuts.freeze": "Freezing a data cut",
    "monitoring.look": "Holding cuts against what is expected",
    "reports.make": "Making a report",
    "signals.detect": "Comparing the arms",
    "signals.piece": "A part of comparing the arms",
}


def find(job_id: uuid.UUID) -> Job | None:
    return Job.objects.filter(id=job_id).first()


def next_page(job: Job, study_code: str) -> str:
    """The way forward from a job's progress page: to its result where that has a page of its own."""
    own, key = OWN_PAGES.get(job.task, ("", ""))
    if job.state == JobState.DONE and (made := job.result.get(key)):
        return reverse(own, args=[study_code, made])
    name = RESULT_PAGES.get(job.task)
    return reverse(name, args=[study_code]) if name else reverse("home")


def title(job: Job) -> str:
    """What the job does, in words."""
    return TITLES.get(job.task, "Background job")


def open_jobs(study_id: uuid.UUID) -> list[Job]:
    """Jobs of a study that are waiting or running, oldest first."""
    return list(
        Job.objects.filter(study_id=study_id, state__in=[JobState.QUEUED, JobState.RUNNING]).order_by(
            "created_at"
        )
    )
