"""The life of a job row: queue, ring, claim, renew, finish, sweep.

A message may be lost, doubled or late; the row cannot. A worker claims a row by a conditional UPDATE that raises its
fence, and writes its result in the transaction that marks the row done under that fence. A worker that lost its lease
(stopped, swapped out, cut off) finds a higher fence there, and everything it wanted to write is rolled back.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from pvtracker.audit.context import Actor, action, within
from pvtracker.jobs.models import Job, JobState

log = logging.getLogger(__name__)
_LOADING = threading.Lock()
RENEWALS = 4 * 180  # of a lease within one step: six hours with leases of two minutes


class LostLease(RuntimeError):
    """Another worker holds the job now; nothing of this one may be written."""


class Refused(RuntimeError):
    """The job cannot be done, and trying again will not help; the text is a sentence for the person who asked."""


@dataclass(slots=True)
class Claim:
    """A worker's hold on one job, valid while nobody claims it with a higher fence."""

    job: Job
    fence: int
    result: dict[str, Any] = field(default_factory=dict)

    def progress(self, *, done: int, total: int, text: str) -> None:
        """Tell how far the work is and renew the lease. Raises LostLease when the hold is gone."""
        held = Job.objects.filter(id=self.job.id, fence=self.fence, state=JobState.RUNNING).update(
            progress_done=done, progress_total=total, progress_text=text, lease_until=_lease_end()
        )
        if not held:
            raise LostLease(str(self.job.id))

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the lease from a thread while one step takes long. The thread ends with its process, stopped or killed,
        and when the hold is gone, which the next `progress` tells; it keeps nothing that hangs for ever."""
        over = threading.Event()
        thread = threading.Thread(target=self._renew, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _renew(self, over: threading.Event) -> None:
        held = Job.objects.filter(id=self.job.id, fence=self.fence, state=JobState.RUNNING)
        try:
            for _ in range(RENEWALS):
                if over.wait(settings.JOB_LEASE_SECONDS / 4):
                    return
                with contextlib.suppress(DatabaseError):  # told by the next progress, or better the next time
                    if not held.update(lease_until=_lease_end()):
                        return
        finally:
            connection.close()  # of this thread

    @contextlib.contextmanager
    def completing(self) -> Iterator[None]:
        """Write the effect and mark the job done in one transaction inside the job's study, or neither."""
        with within(self.job.study_id):
            self._leave(JobState.DONE, result=self.result)
            yield
            # what the effect learned while it was written (an id, a hash)
            Job.objects.filter(id=self.job.id).update(result=self.result)

    def _leave(self, state: JobState, **values: Any) -> None:
        held = Job.objects.filter(id=self.job.id, fence=self.fence, state=JobState.RUNNING).update(
            state=state, lease_until=None, finished_at=timezone.now(), **values
        )
        if not held:
            raise LostLease(str(self.job.id))


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


@action
def enqueue(
    *, task: str, study_id: uuid.UUID | None, parameters: dict[str, Any], by: Actor, unique_key: str = ""
) -> Job:
    """Queue a job in the caller's transaction and ring after its commit.

    With `unique_key`, a job of the same task and key that is still open is returned instead of a second one.
    """
    if task not in known_tasks():
        raise Refused(f"This room has no background job called {task!r}.")
    try:
        with transaction.atomic():
            job = Job.objects.create(
                task=task, study_id=study_id, parameters=parameters, unique_key=unique_key, requested_by=by.id
            )
    except IntegrityError:
        return Job.objects.get(
            task=task, unique_key=unique_key, state__in=[JobState.QUEUED, JobState.RUNNING]
        )
    transaction.on_commit(lambda: ring(job), robust=True)
    return job


@functools.cache
def _import_once() -> None:
    """Every module with tasks.

    Not by `import_default_modules`, which has Django set up and checked a second time: a form would wait for that, and
    in a worker the log handler would write to the standard error that Celery has put a log in place of, so that
    nothing more of that process would reach the log.
    """
    from pvtracker.celery import APPS, app

    app.autodiscover_tasks(APPS, force=True)


def known_tasks() -> set[str]:
    """The names of this room's tasks."""
    from pvtracker.celery import app

    with _LOADING:  # a second thread would see the list while the first one fills it
        _import_once()
    return {name for name in app.tasks if not name.startswith("celery.")}


def ring(job: Job) -> bool:
    """Send the bell message: the task's name and the job's id. A silent broker is no error: the sweeper rings again."""
    from pvtracker.celery import app

    try:
        app.send_task(job.task, args=[str(job.id)])
    except Exception as fault:  # any broker fault: the row is safe
        log.warning("bell not rung for job %s: %s", job.id, type(fault).__name__)
        return False
    Job.objects.filter(id=job.id).update(rung_at=timezone.now())
    return True


def claim(job_id: str | uuid.UUID) -> Claim | None:
    """Take a job that is queued or whose lease ran out; None when somebody else has it or it does not exist."""
    try:
        wanted = uuid.UUID(str(job_id))
    except ValueError:
        return None
    now = timezone.now()
    claimable = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    taken = Job.objects.filter(claimable, id=wanted, attempt__lt=settings.JOB_ATTEMPTS).update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        fence=F("fence") + 1,
        lease_until=_lease_end(),
        error="",
    )
    if not taken:
        return None
    job = Job.objects.get(id=wanted)
    return Claim(job=job, fence=job.fence)


def run(job_id: str, work: Callable[[Claim], None]) -> None:
    """Claim a job and do it. `work` must write its effect inside `claim.completing()`."""
    held = claim(job_id)
    if held is None:
        return
    log.info("job %s %s attempt %d", held.job.task, held.job.id, held.job.attempt)
    try:
        work(held)
    except LostLease:
        log.warning("job %s lost its lease; nothing was written", held.job.id)
    except Refused as refusal:
        with contextlib.suppress(LostLease), transaction.atomic():
            held._leave(JobState.FAILED, error=str(refusal))
    except Exception as fault:
        # type only: a message may carry clinical values
        log.error("job %s failed: %s", held.job.id, type(fault).__name__, exc_info=settings.DEMO)
        _try_again(held, type(fault).__name__)


@action
def stop(*, job_ids: Sequence[uuid.UUID], saying: str, by: Actor) -> int:
    """End jobs that wait or run, for good; how many. A worker that has one finds its lease lost and writes nothing."""
    open_jobs = Job.objects.filter(id__in=job_ids, state__in=[JobState.QUEUED, JobState.RUNNING])
    return open_jobs.update(
        state=JobState.FAILED,
        lease_until=None,
        finished_at=timezone.now(),
        error=saying,
        fence=F("fence") + 1,
    )


def _try_again(held: Claim, fault: str) -> None:
    last = held.job.attempt >= settings.JOB_ATTEMPTS
    Job.objects.filter(id=held.job.id, fence=held.fence, state=JobState.RUNNING).update(
        state=JobState.DEAD if last else JobState.QUEUED,
        lease_until=None,
        finished_at=timezone.now() if last else None,
        error=f"Stopped by an internal fault ({fault})."
        + (
            " Tried as often as allowed; a system administrator has to look."
            if last
            else " It will be tried again."
        ),
    )


def sweep(*, quiet_seconds: int = 15) -> int:
    """Ring again for jobs whose bell was lost or whose worker fell silent; bury those without attempts left.

    Returns the number of bells rung. Safe to run in several processes at once.
    """
    now = timezone.now()
    silent = Q(state=JobState.RUNNING, lease_until__lt=now)
    Job.objects.filter(silent, attempt__gte=settings.JOB_ATTEMPTS).update(
        state=JobState.DEAD,
        lease_until=None,
        finished_at=now,
        error="Its worker fell silent each time it was tried; a system administrator has to look.",
    )
    unheard = Q(state=JobState.QUEUED) & (
        Q(rung_at__isnull=True) | Q(rung_at__lt=now - timedelta(seconds=quiet_seconds))
    )
    unheard |= silent & (Q(rung_at__isnull=True) | Q(rung_at__lt=now - timedelta(seconds=quiet_seconds)))
    waiting = list(Job.objects.filter(unheard).order_by("created_at")[:500])
    return sum(ring(job) for job in waiting)
