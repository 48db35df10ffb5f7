"""Open room: a sponsor's API client that may read the feed of a study."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor
from pvtracker.ops.management.studies import study_named


class Command(BaseCommand):
    help = "Open room: make a sponsor's API client for the feed of a study; prints its secret once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client", help="its id, as sent when a token is asked for")
        parser.add_argument("--name", default="", help="whose system it is")
        parser.add_argument("--study", required=True, metavar="CODE", help="code of the study")
        parser.add_argument(
            "--account", metavar="USERNAME", help="who answers for it; with that account it ends too"
        )
        parser.add_argument("--reason", required=True, help="why, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        # these stand in the open room only
        from oauth2_provider.models import Application

        from pvtracker.feeds.actions import grant_feed

        study = study_named(options["study"])
        owner = Account.objects.filter(username__iexact=options["account"] or "", is_active=True).first()
        if options["account"] and owner is None:
            raise CommandError(f"There is no active account {options['account']} in the open room.")
        secret = secrets.token_urlsafe(32)
        with transaction.atomic():
            client, is_new = Application.objects.get_or_create(
                client_id=options["client"],
                defaults={
                    "name": options["name"] or options["client"],
                    "user": owner,
                    "client_secret": secret,  # the library stores its hash
                    "client_type": Application.CLIENT_CONFIDENTIAL,
                    "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
                },
            )
            by = Actor.command("create_client")
            grant_feed(study=study, client_id=client.pk, by=by, reason=options["reason"])
        self.stdout.write(f"client {client.client_id} may read the feed of {study.code}")
        if is_new:
            self.stdout.write(f"secret {secret}")
