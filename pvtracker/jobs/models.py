"""The durable job row. The row is the truth; the broker only rings the bell."""

from __future__ import annotations

import uuid

from django.db import models


class JobState(models.TextChoices):
    """queued → running → done; a refused or failed run is queued again until the attempts are used up, then dead."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"  # refused by a rule: trying again would give the same answer
    DEAD = "dead", "Dead"  # the attempts are used up; a person has to look


class Job(models.Model):
    """One piece of background work.

    `lease_until` is how long the worker may be silent; `fence` grows with every claim, and only the holder of the
    latest number may write a result. `parameters` holds ids, dates and options, never clinical values.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=80)  # the name of the Celery task that the bell rings
    study_id = models.UUIDField(null=True)
    parameters = models.JSONField(default=dict)
    unique_key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    progress_text = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)  # ids and hashes of what was made
    error = models.TextField(blank=True)  # a sentence for people, without clinical values
    requested_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="running", lease_until__isnull=False)
                | (~models.Q(state="running") & models.Q(lease_until__isnull=True)),
                name="job_lease_while_running",
            ),
            models.UniqueConstraint(
                fields=["task", "unique_key"],
                condition=models.Q(state__in=["queued", "running"]) & ~models.Q(unique_key=""),
                name="job_unique_while_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "lease_until"],
                condition=models.Q(state__in=["queued", "running"]),
                name="job_open",
            ),
        ]
