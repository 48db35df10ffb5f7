"""Closed room's half of `simulate_trial`; started by the launcher after the open room told the protocol."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.allocation.actions import AllocationRefused
from pvtracker.audit.context import Actor
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.ops.imports.simulation_closed import load_bulk_simulation_closed, load_simulation_closed
from pvtracker.ops.simulation import SimulatedTrialError
from pvtracker.studies.actions import StudyRefused


class Command(BaseCommand):
    help = "Store the closed half of a simulated trial."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--bulk", action="store_true", help="the trial was simulated as columns")
        parser.add_argument("--protocol", type=Path, required=True, help="JSON file from the open room")

    def handle(self, *args: Any, **options: Any) -> None:
        load = load_bulk_simulation_closed if options["bulk"] else load_simulation_closed
        protocol = json.loads(options["protocol"].read_text())
        try:
            load(options["folder"], protocol, by=Actor.process("simulate_trial"), say=_say)
        except (AllocationRefused, ImportRefused, SimulatedTrialError, StudyRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
