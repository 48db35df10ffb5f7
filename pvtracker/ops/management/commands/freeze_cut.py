"""Open room: freeze a data cut."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pvtracker.audit.context import Actor
from pvtracker.cuts import actions
from pvtracker.cuts.freeze import NothingToFreeze
from pvtracker.jobs import actions as jobs
from pvtracker.ops.management.studies import study_named
from pvtracker.ops.management.written import write_text


class Command(BaseCommand):
    help = "Freeze a study's data up to a day (default: today) and print the cut's id and sha256."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's code")
        parser.add_argument("--date", type=_day, help="cut-off date, YYYY-MM-DD; today when not given")
        parser.add_argument(
            "--json", metavar="FILE", help="write the manifest to FILE, - for standard output"
        )
        parser.add_argument(
            "--queue", action="store_true", help="hand the work to the workers and print the job"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        day = options["date"] or timezone.localdate()
        if day > timezone.localdate():
            raise CommandError(f"The cut-off date {day} lies in the future. Give today or an earlier day.")
        by = Actor.command("freeze_cut")
        if options["queue"]:
            job = jobs.enqueue(
                task="cuts.freeze",
                study_id=study.id,
                parameters={"date": day.isoformat()},
                by=by,
                unique_key=f"{study.id} {day}",
            )
            self.stdout.write(f"job {job.id}")
            return
        try:
            cut = actions.freeze_cut(study=study, date=day, by=by, progress=self._tell)
        except NothingToFreeze as refusal:
            raise CommandError(str(refusal)) from refusal
        to_stdout = options["json"] == "-"
        say = self.stderr if to_stdout else self.stdout
        say.write(f"cut     {cut.id}\nsha256  {cut.sha256}\ndate    {cut.date}", self.style.SUCCESS)
        if options["json"]:
            text = json.dumps(cut.manifest, indent=1, ensure_ascii=False)
            self.stdout.write(text) if to_stdout else write_text(options["json"], text + "\n")

    def _tell(self, done: int, total: int, text: str) -> None:
        print(f"{done + 1}/{total} {text}", file=sys.stderr)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is not a day; write it as YYYY-MM-DD, for example 2026-03-31"
        ) from None
