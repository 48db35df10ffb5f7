"""Write the reference pages that are made from tables of the program, or check that they are up to date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pvtracker.ops.environment import ROOT

FOLDER = ROOT / "docs" / "reference"


class Command(BaseCommand):
    help = "Write the generated pages of docs/reference (in the open room)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; exit 1 and name the stale pages"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from pvtracker.ops.docs import DOCS

        stale, faults = [], []
        for name, page in DOCS.items():
            try:
                path, text = FOLDER / name, page()
            except (OSError, ValueError, ImportError) as fault:
                faults.append(f"docs/reference/{name} cannot be made: {fault}")
                continue
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            stale.append(name)
            if not options["check"]:
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"wrote docs/reference/{name}")
        if faults:
            raise CommandError("\n".join(faults))
        if options["check"] and stale:
            raise CommandError(
                f"Out of date in docs/reference: {', '.join(stale)}. Run `manage.py generate_docs` in the open room."
            )
