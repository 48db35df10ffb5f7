"""A process of one room: Django's commands, refused when the login could undo the wall."""

from __future__ import annotations

import os
import sys

# Commands that look at no data, or that the owner runs before a room starts.
WITHOUT_GUARD = {
    "migrate",
    "protect_tables",
    "makemigrations",
    "check",
    "help",
    "collectstatic",
    "spectacular",
    "showmigrations",
}
# Commands before which Django looks over every model, form and address, two thirds of the time of a short one's start:
# `check`, which says so; what changes the schema; and the web process, which serves the addresses.
CHECKED = {*WITHOUT_GUARD, "web"}


def main(argv: list[str]) -> int:
    """Run one management command in the room that `PVTRACKER_ROOM` names; exit 1 with a sentence, 2 on wrong usage."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pvtracker.settings")
    from pvtracker.lib.environment import MissingSetting

    try:
        import django

        django.setup()
        if argv[1:2] and argv[1] not in WITHOUT_GUARD:
            from pvtracker.ops.guard import (
                DemoSecrets,
                OpenTables,
                PowerfulLogin,
                refuse_demo_secrets,
                refuse_open_tables,
                refuse_powerful_login,
            )

            try:
                refuse_powerful_login()
                refuse_open_tables()
                refuse_demo_secrets()
            except (DemoSecrets, OpenTables, PowerfulLogin) as refusal:
                print(refusal, file=sys.stderr)
                return 1
    except MissingSetting as missing:
        print(missing, file=sys.stderr)
        return 1
    from django.core.management import BaseCommand, execute_from_command_line

    if argv[1:2] and argv[1] not in CHECKED:
        BaseCommand.requires_system_checks = []
    execute_from_command_line(argv)
    return 0
