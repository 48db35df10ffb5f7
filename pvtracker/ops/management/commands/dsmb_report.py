"""Either room: the report for its session of the board."""

from __future__ import annotations

import sys
import time
import uuid
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit import looks
from pvtracker.audit.context import Actor, within
from pvtracker.audit.enums import AccessKind
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job, JobState
from pvtracker.lib.whole_files import write_whole
from pvtracker.ops.management.studies import study_named
from pvtracker.ops.management.written import one_a_line
from pvtracker.reports import actions, queries
from pvtracker.reports.frozen import rows
from pvtracker.reports.models import ReportRecord
from pvtracker.reports.storage import StorageError
from pvtracker.studies.definitions import of_settings
from pvtracker.studies.models import AnalysisArm

LOOK_EVERY = 0.3  # seconds


class Command(BaseCommand):
    help = "Make the open (pooled) or the closed (by arm) report of a data cut as PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's code")
        parser.add_argument("--audience", choices=["open", "closed"], required=True)
        parser.add_argument(
            "--cut", type=uuid.UUID, metavar="ID", help="the cut; the latest one when not given"
        )
        parser.add_argument(
            "--analysis-arm",
            choices=AnalysisArm.values,
            default="",
            help="closed report: the study's setting when not given",
        )
        parser.add_argument("--output", metavar="FILE.pdf", type=Path, help="where to write the PDF")
        parser.add_argument(
            "--json",
            metavar="FILE",
            help="write the rows behind every table and figure to FILE, each with the definitions it rests on; - for "
            "standard output",
        )
        parser.add_argument(
            "--queue",
            action="store_true",
            help="hand the work to the workers; with --output or --json wait for them, else print the job",
        )
        parser.add_argument(
            "--reason",
            metavar="TEXT",
            default="report asked for at the command line",
            help="why you take the report out; kept with the record of it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["output"] and not options["queue"]:
            raise CommandError("Say where to write the report: --output FILE.pdf")
        by = Actor.command("dsmb_report")
        try:
            request = _request(options, by)
            if options["queue"]:
                job = _enqueue(request, by)
                if not options["output"] and not options["json"]:
                    self.stdout.write(f"job {job.id}")
                    return
                record = _wait(job)
            else:
                record = actions.make_report(request=request, by=by, progress=_tell, reason=options["reason"])
            with within(record.study_id):
                self._deliver(record, options, by)
        except (jobs.Refused, StorageError, looks.NotRecorded) as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as fault:
            raise CommandError(
                f"The report could not be written: {fault.strerror}: {fault.filename}"
            ) from fault

    def _deliver(self, record: ReportRecord, options: dict[str, Any], by: Actor) -> None:
        taken = [name for name, file in (("PDF", options["output"]), ("JSON", options["json"])) if file]
        looks.record(
            kind=AccessKind.EXPORT,
            by=by,
            study_id=record.study_id,
            object_kind="report",
            object_id=str(record.id),
            reason=options["reason"],
            detail=f"{' and '.join(taken)}, {record.audience} report of {record.cut.date}",
        )
        to_stdout = options["json"] == "-"
        if options["output"]:
            write_whole(options["output"], queries.pdf_of(record))
        if options["json"]:
            stated = {"definitions": _definitions(record)}
            text = one_a_line(row | stated for row in rows(queries.content_of(record)))
            if to_stdout:
                self.stdout.write(text)
            else:
                write_whole(Path(options["json"]), f"{text}\n".encode())
        lines = [
            f"report  {record.id} ({record.audience})",
            f"cut     {record.cut_id} of {record.cut.date}",
            f"cut sha256      {record.cut.sha256}",
            f"content sha256  {record.content_sha256}",
            f"PDF sha256      {record.pdf_sha256}",
        ]
        if record.analysis_arm:
            lines.insert(1, f"analysis arm  {record.analysis_arm}")
        (self.stderr if to_stdout else self.stdout).write("\n".join(lines))


def _definitions(record: ReportRecord) -> dict[str, Any]:
    """The settings that the report's cut was frozen with, and the arm of analysis that was chosen for it."""
    rules = of_settings(record.cut.manifest["settings"])
    return replace(rules, analysis_arm=record.analysis_arm or rules.analysis_arm).stated()


def _request(options: dict[str, Any], by: Actor) -> actions.Request:
    audience = options["audience"]
    if audience == settings.ROOM == "closed":
        from pvtracker.cuts.closed import receive_cuts  # exists in the closed room only

        receive_cuts(by=by)
    study = study_named(options["study"])
    with within(study.id):
        return actions.request_for(
            study=study, audience=audience, cut_id=options["cut"], analysis_arm=options["analysis_arm"]
        )


def _enqueue(request: actions.Request, by: Actor) -> Job:
    return jobs.enqueue(
        task="reports.make",
        study_id=request.study.id,
        parameters={"cut": str(request.cut.id), "analysis_arm": request.analysis_arm},
        by=by,
        unique_key=request.unique_key,
    )


def _wait(job: Job) -> ReportRecord:
    """The report of a job that the workers do; Refused when it fails."""
    said = ""
    while job.state in (JobState.QUEUED, JobState.RUNNING):
        time.sleep(LOOK_EVERY)
        job.refresh_from_db()
        if job.progress_text != said:
            said = job.progress_text
            print(f"{job.progress_done}/{job.progress_total} {said}", file=sys.stderr)
    if job.state != JobState.DONE:
        raise jobs.Refused(job.error)
    with within(job.study_id):
        return ReportRecord.objects.select_related("cut").get(id=job.result["report"])


def _tell(done: int, total: int, text: str) -> None:
    print(f"{done}/{total} {text}", file=sys.stderr)
