"""Open room: freeze a cut."""

from __future__ import annotations

import datetime
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from pvtracker.accounts.queries import job_actor
from pvtracker.audit.context import Actor, action
from pvtracker.cuts import freeze
from pvtracker.cuts.models import Cut, CutState
from pvtracker.jobs.actions import Claim, Refused, enqueue
from pvtracker.studies.models import Study
from pvtracker.studies.queries import study_of

LOOK_TASK = "monitoring.look"  # rung for by every new cut; the app that has it stands above this one


def no_progress(done: int, total: int, text: str) -> None:
    """For callers that have nobody to tell."""


def freeze_cut(
    *,
    study: Study,
    date: datetime.date,
    by: Actor,
    cut_id: uuid.UUID | None = None,
    progress: freeze.Progress = no_progress,
) -> Cut:
    """Freeze the study's data up to a day and return the cut. Must not run inside another transaction."""
    cut_id = cut_id or uuid.uuid4()
    with freeze.snapshot(study.id):
        manifest = freeze.write_cut(study=study, cut_id=cut_id, cut_date=date, progress=progress)
    return register_cut(study=study, manifest=manifest, by=by)


@action
def register_cut(*, study: Study, manifest: dict[str, Any], by: Actor) -> Cut:
    """The row of a cut whose folder is whole, and in the same transaction the job that looks at it; the same cut
    again is the same row.
    """
    cut, is_new = Cut.objects.get_or_create(
        id=uuid.UUID(manifest["id"]),
        defaults={
            "study": study,
            "date": datetime.date.fromisoformat(manifest["date"]),
            "sha256": manifest["sha256"],
            "manifest": manifest,
            "state": CutState.READY,
            "made_at": parse_datetime(manifest["made_at"]) or timezone.now(),
        },
    )
    if is_new:
        told = {"cut": str(cut.id)}
        enqueue(task=LOOK_TASK, study_id=study.id, parameters=told, by=by, unique_key=str(cut.id))
    return cut


def freeze_job(claim: Claim) -> None:
    """The work of a `cuts.freeze` job: parameters `date` (ISO day). The cut has the job's id, so a second attempt makes
    no second cut."""
    study = study_of(claim.job.study_id)
    if study is None:
        raise Refused("The study of this job does not exist.")
    cut_date = datetime.date.fromisoformat(claim.job.parameters["date"])

    def tell(done: int, total: int, text: str) -> None:
        # the reading transaction is read only, so the job's row is written over a connection of another thread
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(_tell, claim, done, total, text).result()

    try:
        with freeze.snapshot(study.id):
            manifest = freeze.write_cut(study=study, cut_id=claim.job.id, cut_date=cut_date, progress=tell)
    except freeze.NothingToFreeze as refusal:
        raise Refused(str(refusal)) from refusal
    by = job_actor(claim.job.requested_by)
    with claim.completing():
        cut = register_cut(study=study, manifest=manifest, by=by)
        claim.result.update(cut=str(cut.id), sha256=cut.sha256)


def _tell(claim: Claim, done: int, total: int, text: str) -> None:
    try:
        claim.progress(done=done, total=total, text=text)
    finally:
        connection.close()
