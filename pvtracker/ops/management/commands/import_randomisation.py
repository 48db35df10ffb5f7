"""Closed room: the blocks of the randomisation list, so that the alarm for deducible participants can be computed."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.allocation.actions import AllocationRefused
from pvtracker.allocation.actions.randomisation import store_list
from pvtracker.audit.context import Actor, within
from pvtracker.ops.imports.randomisation import read_list
from pvtracker.ops.imports.report import ImportRefused
from pvtracker.ops.management.studies import study_named


class Command(BaseCommand):
    help = "Read the randomisation list (CSV: STRATUM, BLOCK, POSITION, ARMCD, SUBJECT) of a study."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="one line per place; SUBJECT empty when nobody has it yet"
        )
        parser.add_argument("--study", required=True, help="the study's code")
        parser.add_argument(
            "--reason", metavar="TEXT", default="randomisation list delivered", help="why it is read"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        try:
            places = read_list(options["file"])
            with within(study.id):
                blocks = store_list(
                    study=study,
                    places=places,
                    by=Actor.command("import_randomisation"),
                    source="import_randomisation",
                    reason=options["reason"],
                )
        except (ImportRefused, AllocationRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{len(places)} places in {blocks} blocks; the alarm for deducible participants is on"
        )
