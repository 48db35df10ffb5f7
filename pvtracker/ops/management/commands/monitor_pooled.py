"""Open room: hold a data cut against what is expected of the watched terms. No arm is known here."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit.context import Actor, within
from pvtracker.cuts.data import CutError
from pvtracker.cuts.models import Cut, CutState
from pvtracker.cuts.queries import cuts_of, latest_cut
from pvtracker.lib.rounding import fixed, p_text
from pvtracker.monitoring import actions, queries
from pvtracker.monitoring.models import Look
from pvtracker.monitoring.rows import to_row
from pvtracker.monitoring.tables import interval, rule_of
from pvtracker.ops.management.studies import study_named
from pvtracker.ops.management.written import write_text
from pvtracker.studies.models import Study


class Command(BaseCommand):
    help = "Hold a frozen cut against the expected rates of the watched terms: pooled counts, no arm."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's code")
        parser.add_argument(
            "--cut", type=uuid.UUID, metavar="ID", help="the cut; the latest one when not given"
        )
        parser.add_argument(
            "--json", metavar="FILE", help="write the result rows to FILE, - for standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        with within(study.id):
            cut = _cut(study, options["cut"])
            expectations = queries.expectations_in_force(study)
            if not expectations:
                raise CommandError(
                    f"Nothing is watched in study {study.code}. Name a term on the page Pooled rates."
                )
            try:
                looks = actions.look_at(cut=cut, expectations=expectations)
            except CutError as fault:
                raise CommandError(str(fault)) from fault
            actions.keep(study=study, looks=looks, by=Actor.command("monitor_pooled"))
        to_stdout = options["json"] == "-"
        (self.stderr if to_stdout else self.stdout).write("\n".join(_summary(study, cut, looks)))
        if options["json"]:
            rows = [to_row(look) for look in looks]
            text = json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False)
            self.stdout.write(text) if to_stdout else write_text(options["json"], text + "\n")


def _cut(study: Study, cut_id: uuid.UUID | None) -> Cut:
    if cut_id is None:
        cut = latest_cut(study)
        if cut is None:
            raise CommandError(
                f"Study {study.code} has no data cut. Freeze one first: freeze_cut {study.code}"
            )
        return cut
    cut = cuts_of(study).filter(id=cut_id, state=CutState.READY).first()
    if cut is None:
        raise CommandError(f"Study {study.code} has no cut {cut_id} in the open room.")
    return cut


def _summary(study: Study, cut: Cut, looks: list[Look]) -> list[str]:
    lines = [
        f"study       {study.code}{' (simulated)' if study.simulated else ''}",
        f"cut         {cut.id} of {cut.date}",
        f"cut sha256  {cut.sha256}",
        *[f"  {name}: {text}" for name, text in looks[0].definitions.items()],
        "",
        "All arms together; rates per person-year.",
        f"{'watched':<44} {'n/N':>9} {'years':>8} {'pooled rate [95 %]':>22} {'expected':>9} {'P(so many)':>10} "
        f"{'P(ratio)':>9}  state",
    ]
    for look in looks:
        expectation = look.expectation
        name = f"{expectation.watched.name} ({expectation.watched.level}, {expectation.watched.selection})"
        state = look.problem or ("EARLY WARNING" if look.warns else "watching")
        lines.append(
            f"{name[:44]:<44} {look.participants:>4}/{look.treated:<4} {fixed(look.person_years, 1):>8} "
            f"{interval(look.rate, look.rate_low, look.rate_high):>22} {fixed(look.expected, 1):>9} "
            f"{p_text(look.p_exceeds):>10} {fixed(look.p_margin, 3):>9}  {state}"
        )
        lines.append(f"  warns when {rule_of(expectation)}")
    return lines
