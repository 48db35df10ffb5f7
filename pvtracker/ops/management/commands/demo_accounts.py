"""The demo's sign-ins of this room: one account per role, and in the open room the sponsor's API client and what the
medical monitor watches."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pvtracker.accounts import actions as accounts
from pvtracker.accounts import agreement
from pvtracker.accounts.actions import AccountRefused
from pvtracker.accounts.factors import enrol_known
from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import identity_checked, lacking
from pvtracker.accounts.roles import roles_of
from pvtracker.audit.context import Actor, within
from pvtracker.ops.management.studies import study_named
from pvtracker.studies import actions as studies
from pvtracker.studies.models import Site, Study

BY = Actor.process("demo")
REASON = "A sign-in of the demo"


class Command(BaseCommand):
    help = (
        "Make the demo's accounts from JSON on standard input: passwords (user name → password; user names are role"
        " keys), authenticators (user name → key of its codes) and, in the open room, sponsor (client id and secret)"
        " and watched terms. Made again, passwords and keys are set anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo accounts have known names; they are made in a demo only.")
        study = study_named(options["study"])
        told = json.load(sys.stdin)
        try:
            with within(study.id):
                for username, password in told["passwords"].items():
                    _put_account(study, username, password)
                for username, key in told.get("authenticators", {}).items():
                    enrol_known(
                        account=Account.objects.get(username=username), secret=key, by=BY, reason=REASON
                    )
                if settings.ROOM == "open":
                    from pvtracker.ops.demo_watch import watch_some  # what it writes stands in this room only

                    watch_some(study)
                    if "sponsor" in told:
                        _put_client(study, *told["sponsor"])
        except AccountRefused as refusal:
            raise CommandError(str(refusal)) from refusal


def _put_account(study: Study, username: str, password: str) -> None:
    """The account of one role with its membership; a role at a site works at the first site with
    participants.
    """
    role = roles_of(settings.ROOM).get(username)
    if role is None:
        raise CommandError(f"{username} is not a role of the {settings.ROOM} room.")
    account = Account.objects.filter(username=username).first()
    if account is None:
        account = accounts.create_account(
            username=username, full_name=f"Demo: {role.label}", password=password, by=BY, reason=REASON
        )
    elif not account.check_password(password):
        accounts.set_password(account=account, password=password, by=BY, reason=REASON)
    make_ready(account)
    if role.scope == "system":
        accounts.grant_system_role(account=account, role=role.key, room=settings.ROOM, by=BY, reason=REASON)
        return
    site = _first_site(study) if role.scope == "site" else None
    studies.grant_membership(
        study=study, account=account, role=role.key, site=site, room=settings.ROOM, by=BY, reason=REASON
    )


def make_ready(account: Account) -> None:
    """The demo's people have accepted the agreement, are trained, and are known to be who they are."""
    missing = lacking(account)
    if "agreement" in missing:
        accounts.accept_agreement(account=account, version=agreement.VERSION, by=BY, source="demo")
    if "training" in missing:
        today = timezone.localdate()
        last = today + timedelta(days=3650)
        accounts.record_training(
            account=account,
            title="Training of the demo",
            done_on=today,
            valid_until=last,
            by=BY,
            source="demo",
        )
    if not identity_checked(account):
        accounts.record_identity_check(account=account, how="A person of the demo", by=BY, source="demo")


def _first_site(study: Study) -> Site:
    site = Site.objects.filter(study=study, participants__isnull=False).order_by("code").first()
    if site is None:
        raise CommandError(f"No site of study {study.code} has participants.")
    return site


def _put_client(study: Study, client_id: str, secret: str) -> None:
    """A confidential client that reads the study's feed. Its library keeps the secret hashed."""
    # these stand in the open room only
    from django.contrib.auth.hashers import check_password
    from oauth2_provider.models import Application

    from pvtracker.feeds.actions import grant_feed

    client = Application.objects.filter(client_id=client_id).first()
    if client is None:
        client = Application(client_id=client_id, name="Demo sponsor")
    if not client.client_secret or not check_password(secret, client.client_secret):
        client.client_secret = secret
        client.client_type = Application.CLIENT_CONFIDENTIAL
        client.authorization_grant_type = Application.GRANT_CLIENT_CREDENTIALS
        client.save()
    grant_feed(study=study, client_id=client.pk, by=BY, reason=REASON)
