"""Closed room's half of `import_study`; started by the launcher, which brings the protocol."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit.context import Actor
from pvtracker.ops.imports.closed_half import Order, arm_names, import_closed
from pvtracker.ops.imports.expected import add_expect, expected_rows
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.studies.actions import StudyRefused


class Command(BaseCommand):
    help = "Read a folder of SDTM files and store who received what."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--list-arms", action="store_true", help="only tell the arms' names by code")
        parser.add_argument("--protocol", type=Path, help="JSON file: the study as the open room knows it")
        parser.add_argument(
            "--leave", nargs="*", default=[], help="domains that the open room could not store"
        )
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--report", type=Path, required=True, help="JSON file to write")
        add_expect(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = arm_names(options["folder"]) if options["list_arms"] else self._import(options)
        except (ImportRefused, StudyRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        options["report"].write_text(json.dumps(report))

    def _import(self, options: dict[str, Any]) -> dict[str, Any]:
        order = Order(
            folder=options["folder"],
            protocol=json.loads(options["protocol"].read_text()),
            leave=options["leave"],
            expected=expected_rows(options["expect"]),
            dry_run=options["dry_run"],
        )
        return import_closed(order, by=Actor.command("import_study"), say=_say)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
