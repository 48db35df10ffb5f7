"""Everything that writes accounts. An account is never deleted and its name never given to somebody else."""

from __future__ import annotations

import secrets
import uuid
from datetime import date, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from pvtracker.accounts import agreement, lockout, sessions
from pvtracker.accounts.models import Acceptance, Account, IdentityCheck, Invitation, SystemRole, Training
from pvtracker.accounts.roles import roles_of
from pvtracker.audit.context import Actor, action
from pvtracker.lib.canonical import sha256_hex

INVITATION_DAYS = 7


class AccountRefused(ValueError):
    """The account cannot be written like this; the text is a sentence for the person who asked."""


@action
def create_account(
    *,
    username: str,
    full_name: str,
    password: str,
    by: Actor,
    email: str = "",
    person: uuid.UUID | None = None,
    reason: str = "",
    source: str = "form",
) -> Account:
    """A new account. `person` is given when this human has an account in the other room already."""
    account = _new(username=username, full_name=full_name, email=email, person=person)
    _set_password(account, password)
    account.save()
    return account


@action
def set_password(
    *, account: Account, password: str, by: Actor, reason: str = "", source: str = "form"
) -> Account:
    """Replace the password; sessions that were opened with the old one end."""
    _set_password(account, password)
    account.save(update_fields=["password"])
    return account


@action
def deactivate(*, account: Account, reason: str, by: Actor, source: str = "form") -> Account:
    """Close the door to a person; what they did stays under their name."""
    if not reason.strip():
        raise AccountRefused("Say why the account is deactivated.")
    if by.id == str(account.id):
        raise AccountRefused("Nobody deactivates their own account; ask another system administrator.")
    account.is_active = False
    account.save(update_fields=["is_active"])
    sessions.end_all(account, because="account deactivated")
    return account


@action
def end_sessions(*, account: Account, reason: str, by: Actor, source: str = "form") -> int:
    """End every session of a person with the next request; how many there were."""
    if not reason.strip():
        raise AccountRefused("Say why the sessions are ended.")
    return sessions.end_all(account, because="ended by an administrator")


@action
def lift_lockout(*, account: Account, reason: str, by: Actor, source: str = "form") -> int:
    """Open the doors that wrong tries have shut on a person; how many were shut."""
    if not reason.strip():
        raise AccountRefused("Say why the lockout is lifted.")
    if by.id == str(account.id):
        raise AccountRefused("Nobody lifts their own lockout; ask another system administrator.")
    return lockout.lift(account)


@action
def invite(
    *,
    username: str,
    full_name: str,
    by: Actor,
    email: str = "",
    person: uuid.UUID | None = None,
    reason: str,
    source: str = "form",
) -> tuple[Account, str]:
    """A new account without a password, and the token by which its person sets one; the token is told once."""
    if not reason.strip():
        raise AccountRefused("Say why this person is invited.")
    account = _new(username=username, full_name=full_name, email=email, person=person)
    account.set_unusable_password()
    account.save()
    return account, _invitation(account, by)


@action
def invite_again(*, account: Account, by: Actor, reason: str, source: str = "form") -> str:
    """A new token; the earlier ones end. Who has a password already sets a new one with it."""
    if not account.is_active:
        raise AccountRefused("This account is deactivated; invite the person under a new user name.")
    if by.id == str(account.id):
        raise AccountRefused("Nobody invites themselves; ask another system administrator.")
    return _invitation(account, by)


@action
def accept_invitation(*, invitation: Invitation, password: str, by: Actor, source: str = "form") -> Account:
    """The invited person sets a password; the invitation is spent."""
    locked = Invitation.objects.select_for_update().select_related("account").get(id=invitation.id)
    if not usable(locked):
        raise AccountRefused(
            "This invitation was used or has run out; ask a system administrator for another."
        )
    _set_password(locked.account, password)
    locked.account.save(update_fields=["password"])
    sessions.end_all(locked.account, because="password changed")
    locked.used_at = timezone.now()
    locked.save(update_fields=["used_at"])
    return locked.account


def usable(invitation: Invitation) -> bool:
    """Neither spent nor run out, and its account is not closed."""
    return (
        invitation.used_at is None and invitation.expires_at > timezone.now() and invitation.account.is_active
    )


@action
def record_identity_check(
    *, account: Account, how: str, by: Actor, source: str = "form", reason: str = ""
) -> IdentityCheck:
    """Another person says how they made sure who this is; without it nobody signs."""
    if not how.strip():
        raise AccountRefused("Say how the identity was checked, for example by which document.")
    if by.id == str(account.id):
        raise AccountRefused("Nobody checks their own identity; a second person does.")
    return IdentityCheck.objects.create(
        account=account, how=how, checked_at=timezone.now(), checked_by_id=by.id, checked_by=by.name
    )


@action
def record_training(
    *,
    account: Account,
    title: str,
    done_on: date,
    valid_until: date,
    by: Actor,
    source: str = "form",
    reason: str = "",
) -> Training:
    """A training that was done; with none that still counts, nothing of a study opens."""
    if not title.strip():
        raise AccountRefused("Say which training it was.")
    if done_on > timezone.localdate():
        raise AccountRefused("The training lies in the future. Record it when it is done.")
    if valid_until < done_on:
        raise AccountRefused("The training would end before it was done. Correct one of the two days.")
    if by.id == str(account.id):
        raise AccountRefused("Nobody records their own training; a second person does.")
    return Training.objects.create(
        account=account,
        title=title,
        done_on=done_on,
        valid_until=valid_until,
        recorded_by_id=by.id,
        recorded_by=by.name,
    )


@action
def accept_agreement(
    *, account: Account, version: str, by: Actor, source: str = "form", reason: str = ""
) -> Acceptance:
    """The person accepts the user agreement as it reads now."""
    if version != agreement.VERSION:
        raise AccountRefused("The agreement has changed meanwhile. Read it as it is now, then accept it.")
    accepted, _ = Acceptance.objects.get_or_create(
        account=account, version=version, defaults={"accepted_at": timezone.now()}
    )
    return accepted


@action
def grant_system_role(
    *, account: Account, role: str, room: str, by: Actor, reason: str, source: str = "command"
) -> SystemRole:
    """A role in no study, given by a command at the terminal of the installation and by nobody else."""
    found = roles_of(room).get(role)
    if found is None or found.scope != "system":
        raise AccountRefused(f"{role} is not a role of the system.")
    if not by.id.startswith("process:"):
        raise AccountRefused(f"{found.label} is a role that is given at the installation's terminal only.")
    if not reason.strip():
        raise AccountRefused("Say why this person gets the role.")
    held = SystemRole.objects.filter(account=account, role=role, ends_on__isnull=True).first()
    return held or SystemRole.objects.create(
        account=account,
        role=role,
        starts_on=timezone.localdate(),
        reason=reason,
        granted_by_id=by.id,
        granted_by=by.name,
    )


def _new(*, username: str, full_name: str, email: str, person: uuid.UUID | None) -> Account:
    if not username.strip() or not full_name.strip():
        raise AccountRefused("An account needs a user name and the person's full name.")
    if Account.objects.filter(username__iexact=username.strip()).exists():
        raise AccountRefused(
            f"The user name {username} is taken or was used before; names are never given twice."
        )
    return Account(username=username, full_name=full_name, email=email, person=person or uuid.uuid4())


def _invitation(account: Account, by: Actor) -> str:
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    Invitation.objects.filter(account=account, used_at__isnull=True, expires_at__gt=now).update(
        expires_at=now
    )
    Invitation.objects.create(
        account=account,
        token_sha256=sha256_hex(token.encode()),
        invited_at=now,
        expires_at=now + timedelta(days=INVITATION_DAYS),
        invited_by_id=by.id,
        invited_by=by.name,
    )
    return token


def _set_password(account: Account, password: str) -> None:
    try:
        validate_password(password, user=account)
    except ValidationError as refusal:
        raise AccountRefused(" ".join(refusal.messages)) from refusal
    account.set_password(password)
