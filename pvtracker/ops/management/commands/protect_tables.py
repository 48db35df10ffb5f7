"""Put the protection around this room's tables; run as the owner of the schema, after every migration."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from pvtracker.audit import protection


class Command(BaseCommand):
    help = "Protect every table of this room: row policies by study, and the audit trail (as the schema's owner)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--migrate", action="store_true", help="Bring the schema up to date first.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["migrate"]:
            with transaction.atomic(), connection.cursor() as cursor:
                protection.release(cursor)
            call_command("migrate", interactive=False, verbosity=0)
        with transaction.atomic(), connection.cursor() as cursor:
            protection.apply(cursor)
