"""Telling the security contact what cannot wait: in the log always, by mail where it is set up."""

from __future__ import annotations

import logging

from django.conf import settings

from pvtracker.accounts.actions import notices
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, request_id

log = logging.getLogger("pvtracker.security")


def tell_security(what: str, *, account: Account | None) -> None:
    """Say that somebody was locked out. An account's id, never a name; nothing that was typed.

    The mail is a row and a job: how long it takes does not show who was locked out, and it names nothing at all.
    """
    whose = f"account {account.id}" if account else "no account"
    log.warning("%s", f"Locked out, {settings.ROOM} room, {what}, {whose}, request {request_id.get()}")
    notices.owe_security(by=Actor.process("visitor"))
