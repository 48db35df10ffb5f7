"""Telling the security contact what cannot wait: in the log always, by mail where one is configured."""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.core.mail import send_mail

from pvtracker.accounts.models import Account
from pvtracker.audit.context import request_id

log = logging.getLogger("pvtracker.security")


def tell_security(what: str, *, account: Account | None) -> None:
    """Say that somebody was locked out. An account's id, never a name; nothing that was typed."""
    whose = f"account {account.id}" if account else "no account"
    text = f"Locked out, {settings.ROOM} room, {what}, {whose}, request {request_id.get()}"
    log.warning("%s", text)
    if settings.SECURITY_CONTACT and settings.EMAIL_HOST:
        # beside the request: how long a mail takes must not show who was locked out
        threading.Thread(target=_mail, args=(text,), daemon=True).start()


def _mail(text: str) -> None:
    try:
        body = f"{text}.\n\nThe access records of the room tell more.\n"
        send_mail(f"pvtracker {settings.ROOM}: locked out", body, None, [settings.SECURITY_CONTACT])
    except OSError as fault:  # smtplib's errors are OSErrors
        log.error("The security contact could not be told: %s", type(fault).__name__)
