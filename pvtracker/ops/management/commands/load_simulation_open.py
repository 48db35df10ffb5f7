"""Open room's half of `simulate_trial`; started by the launcher after it simulated the trial."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit.context import Actor
from pvtracker.coding.actions import ReleaseRefused
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.ops.imports.simulation_bulk import load_bulk_simulation_open
from pvtracker.ops.imports.simulation_open import load_simulation_open
from pvtracker.ops.simulation import SimulatedTrialError
from pvtracker.studies.actions import StudyRefused


class Command(BaseCommand):
    help = "Store the open half of a simulated trial."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--bulk", action="store_true", help="the trial was simulated as columns")
        parser.add_argument("--report", type=Path, required=True, help="JSON file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        load = load_bulk_simulation_open if options["bulk"] else load_simulation_open
        try:
            report = load(options["folder"], by=Actor.process("simulate_trial"), say=_say)
        except (ImportRefused, ReleaseRefused, SimulatedTrialError, StudyRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        options["report"].write_text(json.dumps(report))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
