"""Closed room: take in what the open room froze."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pvtracker.audit.context import Actor
from pvtracker.cuts import closed


class Command(BaseCommand):
    help = "Register, verify and join the cuts in the open storage. Exit 1 when one was refused."

    def handle(self, *args: Any, **options: Any) -> None:
        received = closed.receive_cuts(by=Actor.command("receive_cuts"))
        for word in ("registered", "joined", "waiting", "refused"):
            for cut_id in getattr(received, word):
                self.stdout.write(f"{word} {cut_id}")
        if received.refused:
            raise CommandError(f"{len(received.refused)} cut(s) refused; the page of data cuts says why.")
