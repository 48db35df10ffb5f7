"""Mail that is owed to somebody: a row is the truth, a job sends it, and a mail server that is dead loses nothing.

A mail says that something needs its reader at this room's address, and nothing else: no study, no participant, no arm,
no name. Whoever has no address is told by the room's own pages alone, and nothing here is needed to work.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from pvtracker.accounts.models import Account, Invitation, Notice
from pvtracker.audit.context import Actor, action
from pvtracker.jobs import actions as jobs
from pvtracker.lib.canonical import sha256_hex

SUBJECT = "pvtracker: something needs you"
BODY = (
    "Something needs you at\n\n{address}\n\n"
    "This message says nothing else, on purpose. What it is stands there; you may have to sign in first.\n"
)
MAILER = Actor.process("mail")
TASK = "accounts.mail"
GIVE_UP = timedelta(days=3)
LONGEST_WAIT = timedelta(hours=1)


@action
def owe(*, accounts: Iterable[Account], by: Actor) -> int:
    """Owe each of these people a mail, where they have an address and mail is set up; how many are new."""
    if not settings.MAIL:
        return 0
    return sum(_owe(account, None) for account in accounts if account.email and account.is_active)


@action
def owe_security(*, by: Actor) -> int:
    """Owe the security contact a mail; one that waits already is enough."""
    return _owe(None, None) if settings.MAIL and settings.SECURITY_CONTACT else 0


@action
def owe_link(*, invitation: Invitation, by: Actor) -> int:
    """Owe a person the link of their invitation, to their own address; its token is made when it is sent."""
    return _owe(invitation.account, invitation)


def _owe(account: Account | None, invitation: Invitation | None) -> int:
    now = timezone.now()
    waiting = Notice.objects.filter(_open(), account=account, invitation=invitation).first()
    if waiting is not None:
        return 0
    notice = Notice.objects.create(account=account, invitation=invitation, owed_at=now, next_try_at=now)
    _queue(notice)
    return 1


def ring_again() -> int:
    """For the scheduler: queue a job for each mail whose time has come; how many."""
    due = Notice.objects.filter(_open(), next_try_at__lte=timezone.now()).order_by("owed_at")[:500]
    return sum(_queue(notice) for notice in due)


def _queue(notice: Notice) -> int:
    told = {"notice": str(notice.id)}
    jobs.enqueue(task=TASK, study_id=None, parameters=told, by=MAILER, unique_key=str(notice.id))
    return 1


def send_job(claim: jobs.Claim) -> None:
    """Send what is owed; where the server does not take it, say when to try again."""
    notice = (
        Notice.objects.filter(_open(), id=uuid.UUID(claim.job.parameters["notice"]))
        .select_related("account", "invitation")
        .first()
    )
    useless = notice is not None and _is_useless(notice)
    sent = notice is not None and not useless and _send(notice)
    claim.result.update(sent=sent)
    with claim.completing():
        if notice is not None:
            _note(notice=notice, sent=sent, useless=useless, by=MAILER)


def _is_useless(notice: Notice) -> bool:
    """A link that was used or replaced meanwhile, or a reader who is gone, needs no mail."""
    link, reader = notice.invitation, notice.account
    spent = link is not None and (link.used_at is not None or link.expires_at <= timezone.now())
    return spent or (reader is not None and not (reader.is_active and reader.email))


def _send(notice: Notice) -> bool:
    """True when the mail server has taken it. A fault is told by its type: its text may hold an address."""
    to = notice.account.email if notice.account else settings.SECURITY_CONTACT
    address = f"{settings.ADDRESS}/"
    if notice.invitation is not None:
        token = renew_token(invitation=notice.invitation, by=MAILER)
        address = settings.ADDRESS + reverse("join", args=[token])
    if not (settings.MAIL and to):
        return False
    try:
        send_mail(SUBJECT, BODY.format(address=address), None, [to])
    except (OSError, SMTPException) as fault:
        jobs.log.error("mail %s was not taken: %s", notice.id, type(fault).__name__)
        return False
    return True


@action
def renew_token(*, invitation: Invitation, by: Actor) -> str:
    """A new token of an invitation; an earlier one opens nothing any more."""
    token = secrets.token_urlsafe(32)
    invitation.token_sha256 = sha256_hex(token.encode())
    invitation.save(update_fields=["token_sha256"])
    return token


@action
def _note(*, notice: Notice, sent: bool, useless: bool, by: Actor) -> None:
    """It went, or is tried again after a wait that doubles up to an hour; after three days nobody tries any more."""
    now = timezone.now()
    notice.tries += 1
    if sent:
        notice.sent_at = now
    elif useless or now - notice.owed_at > GIVE_UP:
        notice.given_up_at = now
    else:
        notice.next_try_at = now + min(timedelta(seconds=30) * 2 ** min(notice.tries - 1, 10), LONGEST_WAIT)
    notice.save()


def _open() -> Q:
    return Q(sent_at__isnull=True, given_up_at__isnull=True)
