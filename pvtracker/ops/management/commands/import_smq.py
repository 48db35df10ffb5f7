"""Open room: standardised queries of a MedDRA release become queries of a study's definitions."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit.context import Actor, within
from pvtracker.formats import smq
from pvtracker.ops.management.studies import study_named
from pvtracker.studies import queries
from pvtracker.studies.actions import set_definitions
from pvtracker.studies.definitions import DefinitionError, parse
from pvtracker.studies.rules import StudyRefused


class Command(BaseCommand):
    help = "Take standardised MedDRA queries, in one scope, into the definitions of a study."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's code")
        parser.add_argument("folder", type=Path, help="folder MedAscii of a release")
        parser.add_argument(
            "--smq", action="append", required=True, help="name or code of a query; again for further ones"
        )
        parser.add_argument(
            "--scope",
            choices=sorted(smq.SCOPES),
            required=True,
            help="narrow; broad has the narrow terms too",
        )
        parser.add_argument("--reason", required=True, help="why the definitions change, for the history")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        try:
            found = smq.read(options["folder"])
            taken = [found.take(one, options["scope"]) for one in options["smq"]]
            named = {f"{one.name}, {one.scope}, {one.release}": one for one in taken}
            with within(study.id):
                now = queries.definitions_of(study)
                both = {name: list(terms) for name, terms in now.queries}
                both |= {name: list(one.terms) for name, one in named.items()}
                changed = set_definitions(
                    study=study,
                    definitions=replace(now, queries=parse({"queries": both}).queries),
                    by=Actor.command("import_smq"),
                    reason=options["reason"],
                    version=study.version,
                    source="import_smq",
                )
        except (smq.SmqError, DefinitionError, StudyRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        for name, one in named.items():
            beneath = f"; with {'; '.join(one.beneath)}" if one.beneath else ""
            self.stdout.write(f"{name}: {len(one.terms)} preferred terms{beneath}")
            if one.alone:
                self.stdout.write(
                    f"  not counted, for their preferred term is not in it: {'; '.join(one.alone)}"
                )
        self.stdout.write(
            "They hold for the cuts to come." if changed else "They were in force already.",
            self.style.SUCCESS,
        )
