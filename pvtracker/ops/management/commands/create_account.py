"""An account of this room with a role in a study: how the first people of an installation get in."""

from __future__ import annotations

import getpass
import sys
import uuid
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from pvtracker.accounts import actions
from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import roles_of
from pvtracker.audit.context import Actor, within
from pvtracker.ops.management.studies import study_named
from pvtracker.studies.actions import StudyRefused, grant_membership, propose_membership
from pvtracker.studies.models import Membership, MembershipRequest, Site, Study
from pvtracker.studies.queries import all_studies, somebody_approves
from pvtracker.studies.rules import running

BY = Actor.command("create_account")


class Command(BaseCommand):
    help = "Make an account, or take a known one, and give it a role in a study. Asks for the password of a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="as typed at sign-in; never given to somebody else later")
        parser.add_argument("--full-name", default="", help="of a new account")
        parser.add_argument(
            "--study", metavar="CODE", help="code of the study; a role of the system has none"
        )
        parser.add_argument("--role", required=True, help="key of a role of this room (roles.md)")
        parser.add_argument("--site", metavar="CODE", help="for a role at one site")
        parser.add_argument(
            "--person", type=uuid.UUID, help="the same human's id in the other room, as printed there"
        )
        parser.add_argument("--identity", default="", metavar="HOW", help="how it was checked who this is")
        parser.add_argument("--training", default="", metavar="TITLE", help="a training that was done today")
        parser.add_argument(
            "--trained-until", type=date.fromisoformat, metavar="DATE", help="one year if not named"
        )
        parser.add_argument("--reason", required=True, help="why, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(username__iexact=options["username"]).first()
        password = "" if account else _password()
        try:
            with transaction.atomic():
                if account is None:
                    account = actions.create_account(
                        username=options["username"],
                        full_name=options["full_name"],
                        password=password,
                        person=options["person"],
                        by=BY,
                        reason=options["reason"],
                        source="command",
                    )
                said = _give_role(account, options)
                _record(account, options)
        except (actions.AccountRefused, StudyRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{account.username} {said}; person {account.person}")


def _give_role(account: Account, options: dict[str, Any]) -> str:
    """The role, or in a study where somebody can approve it, the request for one that needs a second person."""
    role, told = options["role"], {"by": BY, "reason": options["reason"], "source": "command"}
    if role in roles_of(settings.ROOM) and roles_of(settings.ROOM)[role].scope == "system":
        if any(_works_in(study, account) for study in all_studies()):
            raise CommandError(
                f"{account.username} works in a study, and so cannot administer the system: nobody does both."
                " Make another person system administrator."
            )
        actions.grant_system_role(account=account, role=role, room=settings.ROOM, **told)
        return f"is {role} of the {settings.ROOM} room"
    study = study_named(options["study"] or "")
    with within(study.id):
        return _give_study_role(account, study, options)


def _works_in(study: Study, account: Account) -> bool:
    with within(study.id):
        return Membership.objects.filter(running(timezone.localdate()), account=account).exists()


def _give_study_role(account: Account, study: Study, options: dict[str, Any]) -> str:
    role, told = options["role"], {"by": BY, "reason": options["reason"], "source": "command"}
    site = Site.objects.filter(study=study, code=options["site"]).first() if options["site"] else None
    if options["site"] and site is None:
        raise CommandError(f"Study {study.code} has no site {options['site']}.")
    wanted: dict[str, Any] = {"study": study, "account": account, "role": role, "site": site, **told}
    if not somebody_approves(study, other_than=account):
        grant_membership(room=settings.ROOM, **wanted)
    elif isinstance(propose_membership(**wanted), MembershipRequest):
        return f"is proposed as {role} in {study.code} and waits for a second person"
    return f"is {role} in {study.code}"


def _record(account: Account, options: dict[str, Any]) -> None:
    """Identity and training, where the command says that they were checked and done."""
    if options["identity"]:
        actions.record_identity_check(account=account, how=options["identity"], by=BY, source="command")
    if options["training"]:
        today = timezone.localdate()
        actions.record_training(
            account=account,
            title=options["training"],
            done_on=today,
            valid_until=options["trained_until"] or today + timedelta(days=365),
            by=BY,
            source="command",
        )


def _password() -> str:
    """Typed twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise CommandError("The two passwords differ.")
    return password
