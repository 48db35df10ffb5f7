"""An account of this room with a role in a study: how the first people of an installation get in."""

from __future__ import annotations

import getpass
import sys
import uuid
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from pvtracker.accounts.actions import AccountRefused, create_account
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor
from pvtracker.studies.actions import StudyRefused, grant_membership
from pvtracker.studies.models import Site, Study


class Command(BaseCommand):
    help = "Make an account, or take a known one, and give it a role in a study. Asks for the password of a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="as typed at sign-in; never given to somebody else later")
        parser.add_argument("--full-name", default="", help="of a new account")
        parser.add_argument("--study", required=True, metavar="CODE", help="code of the study")
        parser.add_argument("--role", required=True, help="key of a role of this room (roles.md)")
        parser.add_argument("--site", metavar="CODE", help="for a role at one site")
        parser.add_argument(
            "--person", type=uuid.UUID, help="the same human's id in the other room, as printed there"
        )
        parser.add_argument("--reason", required=True, help="why, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.process("command:create_account")
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']} in the {settings.ROOM} room.")
        site = Site.objects.filter(study=study, code=options["site"]).first() if options["site"] else None
        if options["site"] and site is None:
            raise CommandError(f"Study {study.code} has no site {options['site']}.")
        account = Account.objects.filter(username__iexact=options["username"]).first()
        password = "" if account else _password()
        told: dict[str, Any] = {"by": by, "reason": options["reason"], "source": "command"}
        try:
            with transaction.atomic():
                if account is None:
                    account = create_account(
                        username=options["username"],
                        full_name=options["full_name"],
                        password=password,
                        person=options["person"],
                        **told,
                    )
                grant_membership(
                    study=study, account=account, role=options["role"], site=site, room=settings.ROOM, **told
                )
        except (AccountRefused, StudyRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{account.username} is {options['role']} in {study.code}; person {account.person}")


def _password() -> str:
    """Typed twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise CommandError("The two passwords differ.")
    return password
