"""Closed room: compare the arms on a cut."""

from __future__ import annotations

import json
import sys
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit import looks
from pvtracker.audit.context import Actor, within
from pvtracker.audit.enums import AccessKind
from pvtracker.cuts import closed
from pvtracker.jobs import actions as jobs
from pvtracker.lib.rounding import fixed, p_text
from pvtracker.ops.management.studies import study_named
from pvtracker.ops.management.written import one_a_line, write_text
from pvtracker.signals import actions
from pvtracker.signals.enums import AskedFrom
from pvtracker.signals.methods import FURTHER_METHODS, METHODS
from pvtracker.signals.models import Run
from pvtracker.signals.rows import ResultRow, to_dict
from pvtracker.signals.screen import Screen
from pvtracker.studies.models import AnalysisArm

TOP = 15


class Command(BaseCommand):
    help = "Screen a joined data cut: each active arm against the reference, every term, every method."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's code")
        parser.add_argument(
            "--cut", type=uuid.UUID, metavar="ID", help="the cut; the latest one when not given"
        )
        parser.add_argument(
            "--analysis-arm",
            choices=AnalysisArm.values,
            default="",
            help="the study's setting when not given",
        )
        parser.add_argument(
            "--also",
            action="append",
            choices=FURTHER_METHODS,
            metavar="METHOD",
            help="a method that is not in every run (docs/reference/methods-index.md); once for each",
        )
        parser.add_argument(
            "--plan",
            type=int,
            metavar="VERSION",
            help="a signed version of the study's plan; the latest signed one when not given",
        )
        parser.add_argument(
            "--about",
            metavar="FILE",
            dest="about",
            help="write what the run rests on to FILE as JSON: plan, hashes, seed, code, dictionaries, definitions",
        )
        parser.add_argument(
            "--json",
            metavar="FILE",
            help="write the result rows to FILE, each with the definitions, plan, seed and dictionaries it rests on, "
            "and what its method is and flags; - for stdout",
        )
        parser.add_argument(
            "--queue", action="store_true", help="hand the work to the workers and print the job"
        )
        parser.add_argument(
            "--reason",
            metavar="TEXT",
            default="screening asked for at the command line",
            help="why you look at data by arm; kept with the record of this look",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.command("detect_signals")
        closed.receive_cuts(by=by)
        study = study_named(options["study"])
        try:
            with within(study.id):
                request = actions.request_for(
                    study=study,
                    cut_id=options["cut"],
                    analysis_arm=options["analysis_arm"],
                    also=options["also"] or (),
                    plan_version=options["plan"],
                )
            if options["queue"]:
                with within(study.id):
                    order = actions.place_order(request=request, asked_from=AskedFrom.COMMAND, by=by)
                self.stdout.write(f"job {order.job_id}")
                return
            run, screened = actions.run_screening(
                request=request, by=by, progress=_tell, reason=options["reason"]
            )
            looks.record(
                kind=AccessKind.EXPORT if options["json"] else AccessKind.LOOK,
                by=by,
                study_id=study.id,
                object_kind="screening run",
                object_id=str(run.id),
                reason=options["reason"],
                detail="summary and result rows as JSON" if options["json"] else "summary",
            )
        except (jobs.Refused, looks.NotRecorded) as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["about"]:
            write_text(options["about"], json.dumps(about(run), indent=1, ensure_ascii=False) + "\n")
        to_stdout = options["json"] == "-"
        (self.stderr if to_stdout else self.stdout).write("\n".join(summary(run, screened)))
        if options["json"]:
            text = one_a_line(to_dict(row) | stated(run, row.method) for row in screened.rows)
            self.stdout.write(text) if to_stdout else write_text(options["json"], text + "\n")


def _tell(done: int, total: int, text: str) -> None:
    print(f"{done + 1}/{total} {text}", file=sys.stderr)


def stated(run: Run, method: str) -> dict[str, Any]:
    """What a row of this method rests on, in the row itself."""
    settings = run.settings
    return {
        "definitions": settings["rules"],
        "plan": {name: settings["plan"][name] for name in ("name", "version", "sha256")},
        "method_definition": settings["definitions"][METHODS[method].label],
        "threshold": settings["thresholds"][method],
        "confidence_level": settings["confidence_level"],
        "seed": settings["seed"],
        "margin": settings["margin"],
        "dictionaries": settings["dictionaries"],
    }


def about(run: Run) -> dict[str, Any]:
    """What the run rests on, beside its rows."""
    return {
        "run": str(run.id),
        "study": run.study.code,
        "cut": str(run.cut_id),
        "cut_date": str(run.cut.date),
        "cut_sha256": run.cut.sha256,
        "code_version": run.code_version,
        "methods": run.methods,
        "rows": run.rows,
        "sha256": run.sha256,
        "parquet_sha256": run.parquet_sha256,
        **run.settings,
    }


def summary(run: Run, screened: Screen) -> list[str]:
    """What the run rests on, and the strongest evidence of more events in an active arm."""
    settings = screened.settings
    lines = [
        f"study         {run.study.code}{' (simulated)' if run.study.simulated else ''}",
        f"cut           {run.cut_id} of {run.cut.date}",
        f"cut sha256    {run.cut.sha256}",
        f"analysis arm  {run.analysis_arm}",
        f"reference     {settings['reference']}",
        *[
            f"{kind:<13} {side['name']}: {side['participants']} {settings['rules']['analysis_set']}, "
            f"{fixed(side['follow_up_years'], 1)} years of follow-up"
            for kind in ("arm", "pool")
            for side in settings[f"{kind}s"]
        ],
        f"plan          {run.settings['plan']['name']}; sha256 {run.settings['plan']['sha256']}",
        *([f"              {run.settings['plan']['order']}"] if run.settings["plan"]["version"] else []),
        *[f"departure     {said}" for said in run.settings["departures"]],
        f"seed          {settings['seed']}",
        f"code          {run.code_version}",
        f"dictionaries  {json.dumps(run.settings['dictionaries'], ensure_ascii=False)}",
        f"rows          {run.rows}, {run.flagged} flagged; sha256 {run.sha256}",
        *[f"  {name}: {text}" for name, text in settings["definitions"].items()],
        *[f"  flag of {key}: {text}" for key, text in settings["thresholds"].items()],
        "",
        f"Preferred terms, all events, smallest p first (Fisher; adjusted within level, selection and arm; top {TOP}):",
    ]
    if settings["treated_without_arm"]:
        lines.insert(
            5,
            f"WITHOUT ARM   {settings['treated_without_arm']} participants of the analysis set are in no arm",
        )
    return [*lines, *_table(screened.rows)]


def _table(rows: list[ResultRow]) -> list[str]:
    difference = {_key(row): row for row in rows if row.method == "rd_mn"}
    tested = [row for row in rows if row.method == "fisher" and (row.level, row.selection) == ("PT", "all")]
    tested.sort(key=lambda row: (1.0 if row.p is None else row.p, row.term, row.arm))
    lines = [
        f"{'term':<40} {'arm':<24} {'arm n/N':>9} {'ref n/N':>9} {'difference [95 %], points':>28} {'p':>8} "
        f"{'adj. p':>8}"
    ]
    for row in tested[:TOP]:
        rd = difference[_key(row)]
        parts = [None if value is None else fixed(100 * value, 1) for value in (rd.estimate, rd.low, rd.high)]
        interval = f"{parts[0]} [{parts[1]}, {parts[2]}]" if None not in parts else rd.warning
        lines.append(
            f"{row.term[:40]:<40} {row.arm[:24]:<24} {row.n_arm:>4}/{row.N_arm:<4} {row.n_ref:>4}/{row.N_ref:<4} "
            f"{interval:>28} {_p(row.p):>8} {_p(row.p_adjusted):>8}"
        )
    return lines if tested else ["No treatment-emergent event."]


def _key(row: ResultRow) -> tuple[str, str, str, str]:
    return (row.level, row.term, row.selection, row.arm)


def _p(value: float | None) -> str:
    return "–" if value is None else p_text(value)
