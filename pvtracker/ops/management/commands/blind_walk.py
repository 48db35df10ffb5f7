"""Fetch what each blinded role can fetch from this room, for `blindcheck` (see ops.blind.walk)."""

from __future__ import annotations

import gzip
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pvtracker.accounts.roles import roles_of


class Command(BaseCommand):
    help = "Write every answer that the roles of the open room get, as JSON lines; in a scratch installation only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study")
        parser.add_argument("--output", required=True)
        parser.add_argument("--client", nargs=2, required=True, metavar=("ID", "SECRET"))
        parser.add_argument("--short", action="store_true")
        parser.add_argument(
            "--times",
            type=int,
            default=0,
            help="instead, how long each participant's page takes, so many times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ROOM != "open" or not settings.DEMO:
            raise CommandError("Pages are walked in the open room of a scratch or demo installation only.")
        from pvtracker.ops.blind.walk import times, walk

        if options["times"]:
            taken = times(study=options["study"], times=options["times"])
            Path(options["output"]).write_text(json.dumps(taken))
            return
        roles = list(roles_of("open"))
        client_id, secret = options["client"]
        answers = walk(
            study=options["study"], roles=roles, sponsor=(client_id, secret), short=options["short"]
        )
        with gzip.open(options["output"], "wt", encoding="utf-8") as file:
            for answer in answers:
                file.write(json.dumps(answer.as_json()) + "\n")
