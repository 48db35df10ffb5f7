"""Queue a job of this room for its workers and, with --wait, follow it to its end."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pvtracker.audit.context import Actor
from pvtracker.jobs import actions
from pvtracker.jobs.models import Job, JobState
from pvtracker.ops.management.studies import study_named


class Command(BaseCommand):
    help = "Queue a background job; the same rows and workers that the pages use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("task", help="for example cuts.freeze, signals.detect, reports.make")
        parser.add_argument("study", help="code of the study")
        parser.add_argument("parameters", nargs="*", metavar="NAME=VALUE", help="ids, dates and options")
        parser.add_argument("--wait", action="store_true", help="follow the job; exit 1 when it fails")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        parameters = dict(pair.split("=", 1) for pair in options["parameters"])
        job = actions.enqueue(
            task=options["task"],
            study_id=study.id,
            parameters=parameters,
            by=Actor.command("enqueue"),
        )
        if not options["wait"]:
            self.stdout.write(str(job.id))
            return
        self._follow(job)

    def _follow(self, job: Job) -> None:
        said = ""
        while job.state in {JobState.QUEUED, JobState.RUNNING}:
            time.sleep(0.1)
            job.refresh_from_db()
            now = f"  {job.task}: {job.progress_done}/{job.progress_total} {job.progress_text}"
            if job.progress_text and now != said:
                said = now
                self.stderr.write(said)
        if job.state != JobState.DONE:
            raise CommandError(job.error or f"The job {job.id} ended as {job.state}.")
        self.stdout.write(json.dumps(job.result))
