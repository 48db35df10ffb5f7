"""Open room's half of `import_study`; started by the launcher, which brings the arms' names."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit.context import Actor
from pvtracker.ops.imports.expected import add_expect, expected_rows
from pvtracker.ops.imports.open_half import Order, import_open
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.studies.actions import StudyRefused


class Command(BaseCommand):
    help = "Read a folder of SDTM files and store what blinded people may see."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--study", required=True)
        parser.add_argument(
            "--arms", type=Path, required=True, help="JSON file: name of each arm by its code"
        )
        parser.add_argument("--reference", default="")
        parser.add_argument("--revealing", nargs="*", default=[])
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--report", type=Path, required=True, help="JSON file to write")
        add_expect(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        order = Order(
            folder=options["folder"],
            study=options["study"],
            arms=json.loads(options["arms"].read_text()),
            reference=options["reference"],
            revealing=tuple(options["revealing"]),
            expected=expected_rows(options["expect"]),
            dry_run=options["dry_run"],
        )
        try:
            report = import_open(order, by=Actor.command("import_study"), say=_say)
        except (ImportRefused, StudyRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        options["report"].write_text(json.dumps(report))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
