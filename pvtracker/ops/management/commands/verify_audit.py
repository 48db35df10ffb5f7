"""Check the audit trail of this room. The launcher's command of the same name does it in both rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pvtracker.audit import anchors
from pvtracker.audit.verify import Verdict, verify


class Command(BaseCommand):
    help = "Check the audit trail: chain, anchors, triggers, and every row against what the trail tells."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchors", metavar="FILE", type=Path, help="A copy of the anchors that was kept elsewhere."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SEALER_URL:
            raise CommandError(
                "PVTRACKER_SEALER_URL is not set: the trail is checked under the sealer's login, "
                "where the scheduler runs."
            )
        path = options["anchors"] or anchors.path_of(settings.ANCHORS)
        if options["anchors"] and not path.exists():
            raise CommandError(f"There is no file {path}.")
        try:
            known, doubt = anchors.read(path), ""
        except anchors.BadAnchor as fault:
            known, doubt = [], f"{fault}."
        verdict = verify(settings.SEALER_URL, anchors=known)
        verdict.faults += [doubt] if doubt else []
        self._tell(verdict)

    def _tell(self, verdict: Verdict) -> None:
        for remark in verdict.remarks:
            self.stderr.write(f"{settings.ROOM} room: note: {remark}")
        if not verdict.faults:
            self.stdout.write(
                f"{settings.ROOM} room: the audit trail is whole. {verdict.links} links, {verdict.waiting} entries "
                f"waiting for their seal, {verdict.anchors} anchors; {verdict.rows} rows of {verdict.tables} tables "
                f"are as the trail tells. Chain {verdict.chain_seconds:.1f} s, rows {verdict.rows_seconds:.1f} s."
            )
            return
        for fault in verdict.faults[1:]:
            self.stderr.write(f"{settings.ROOM} room: also: {fault}")
        raise CommandError(f"{settings.ROOM} room: the audit trail is BROKEN. First: {verdict.faults[0]}")
