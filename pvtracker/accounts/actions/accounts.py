"""Everything that writes accounts. An account is never deleted and its name never given to somebody else."""

from __future__ import annotations

import secrets
import uuid
from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from pvtracker.accounts import agreement, lockout, sessions
from pvtracker.accounts.actions import notices
from pvtracker.accounts.models import (
    Acceptance,
    Account,
    AgencyLetter,
    IdentityCheck,
    Invitation,
    Reset,
    ResetDecision,
    SystemRole,
    Training,
)
from pvtracker.accounts.queries import DORMANT_DAYS, dormant, same_human, system_administrators
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
    if same_human(by.id, str(account.id)):
        raise AccountRefused("Nobody deactivates their own account; ask another system administrator.")
    account.is_active = False
    account.save(update_fields=["is_active"])
    sessions.end_all(account, because="account deactivated")
    return account


@action
def close_for_now(*, account: Account, reason: str, by: Actor, source: str = "form") -> Account:
    """Close the door at once when somebody else may have the device or the password. Two people open it again."""
    deactivate(account=account, reason=reason, by=by, source=source)
    Account.objects.filter(id=account.id).update(reopenable=True)
    account.reopenable = True
    return account


@action
def close_unused(*, by: Actor, source: str = "scheduler") -> list[Account]:
    """Close every account that nobody has used for 90 days; the last administrator of the system stays, and an account
    that its person never came in by is not that one while another is: it may have no way in.

    One action for each, so that each is recorded with its reason. Two people may open such an account again.
    """
    known = system_administrators(other_than=[])
    last = {account.id for account in known if account.last_login} or {account.id for account in known}
    closed = []
    for account in Account.objects.filter(dormant(), is_active=True).order_by(
        "last_login", "created_at", "id"
    ):
        if last == {account.id}:
            continue
        close_for_now(
            account=account,
            reason=f"not used for {DORMANT_DAYS} days; closed by the scheduler",
            by=by,
            source=source,
        )
        last.discard(account.id)
        closed.append(account)
    return closed


@action
def set_email(*, account: Account, email: str, by: Actor, reason: str = "", source: str = "form") -> Account:
    """The address at which a person is told that something needs them. Empty: none.

    A person sets their own. An administrator gives one only to somebody who has never come in: a link to a new password
    goes there, and a provider of single sign-on may be believed by it.
    """
    if by.id != str(account.id) and not fresh(account):
        raise AccountRefused(
            "Only its own person changes the e-mail address of an account that was used: a link to a new password would"
            " go there."
        )
    if email:
        try:
            validate_email(email)
        except ValidationError as refusal:
            raise AccountRefused("This is no e-mail address. Write it like name@example.org.") from refusal
    account.email = email
    account.save(update_fields=["email"])
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
    if same_human(by.id, str(account.id)):
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
    return account, _to_its_person(account, by)


@action
def invite_again(*, account: Account, by: Actor, reason: str, source: str = "form") -> str:
    """A new token for somebody who has never come in; the earlier ones end. Who has signed in before needs a reset,
    which two people give: this one alone would let one person take an account over.
    """
    if not account.is_active:
        raise AccountRefused("This account is deactivated; invite the person under a new user name.")
    if same_human(by.id, str(account.id)):
        raise AccountRefused("Nobody invites themselves; ask another system administrator.")
    if not fresh(account):
        raise AccountRefused(
            "This person has a way in already. A reset, which two people give, makes a new one."
        )
    return _to_its_person(account, by)


def fresh(account: Account) -> bool:
    """Has the person never had a way in? Then an invitation opens nothing that somebody could miss.

    A way in that two people have taken was one: after a reset a link without its code would be one person's way in.
    """
    return (
        not account.has_usable_password()
        and account.last_login is None
        and not Reset.objects.filter(account=account, decision=ResetDecision.APPROVED).exists()
    )


@action
def make_invitation(*, account: Account, by: Actor, reset: Reset | None = None) -> tuple[Invitation, str]:
    """A new invitation and its token; the earlier ones of the account end."""
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    Invitation.objects.filter(account=account, used_at__isnull=True, expires_at__gt=now).update(
        expires_at=now
    )
    made = Invitation.objects.create(
        account=account,
        token_sha256=sha256_hex(token.encode()),
        invited_at=now,
        expires_at=now + timedelta(days=INVITATION_DAYS),
        invited_by_id=by.id,
        invited_by=by.name,
        reset=reset,
    )
    return made, token


@action
def accept_invitation(
    *, invitation: Invitation, password: str, by: Actor, code: str = "", source: str = "form"
) -> Account:
    """The invited person sets a password; the invitation is spent. After a reset it asks for the code too."""
    locked = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("account", "reset")
        .get(id=invitation.id)
    )
    if not usable(locked):
        raise AccountRefused(
            "This invitation was used or has run out; ask a system administrator for another."
        )
    if locked.reset is not None and not check_password(plain_code(code), locked.reset.code):
        raise AccountRefused(
            "The code of the reset is not right. Whoever asked for the reset tells it to you."
        )
    _set_password(locked.account, password)
    locked.account.save(update_fields=["password"])
    sessions.end_all(locked.account, because="password changed")
    locked.used_at = timezone.now()
    locked.save(update_fields=["used_at"])
    return locked.account


def plain_code(code: str) -> str:
    """A code of a reset as it is hashed, however it was typed."""
    return "".join(code.upper().replace("-", " ").split())


def usable(invitation: Invitation) -> bool:
    """Neither spent nor run out, and its account is not closed. A first one ends too when its person came in by another
    way, by single sign-on: whoever made the link would have one to an account in use.
    """
    return (
        invitation.used_at is None
        and invitation.expires_at > timezone.now()
        and invitation.account.is_active
        and (invitation.reset_id is not None or fresh(invitation.account))
    )


@action
def record_identity_check(
    *, account: Account, how: str, by: Actor, source: str = "form", reason: str = ""
) -> IdentityCheck:
    """Another person says how they made sure who this is; without it nobody signs."""
    if not how.strip():
        raise AccountRefused("Say how the identity was checked, for example by which document.")
    if same_human(by.id, str(account.id)):
        raise AccountRefused("Nobody checks their own identity; a second person does.")
    return IdentityCheck.objects.create(
        account=account, how=how, checked_at=timezone.now(), checked_by_id=by.id, checked_by=by.name
    )


@action
def record_agency_letter(
    *,
    account: Account,
    agency: str,
    sent_on: date,
    by: Actor,
    reference: str = "",
    reason: str = "",
    source: str = "form",
) -> AgencyLetter:
    """The agency was told, in a letter, that this person's electronic signatures are as binding as those by hand."""
    if not agency.strip():
        raise AccountRefused("Say to which agency the letter went.")
    if sent_on > timezone.localdate():
        raise AccountRefused("The letter lies in the future. Record it when it is sent.")
    return AgencyLetter.objects.create(
        account=account,
        agency=agency,
        sent_on=sent_on,
        reference=reference,
        recorded_by_id=by.id,
        recorded_by=by.name,
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
    if same_human(by.id, str(account.id)):
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


def _to_its_person(account: Account, by: Actor) -> str:
    """The token of a new invitation; empty when it goes to the person's own address."""
    invitation, token = make_invitation(account=account, by=by)
    if not (settings.MAIL and account.email):
        return token
    notices.owe_link(invitation=invitation, by=by)
    return ""


def _set_password(account: Account, password: str) -> None:
    try:
        validate_password(password, user=account)
    except ValidationError as refusal:
        raise AccountRefused(" ".join(refusal.messages)) from refusal
    account.set_password(password)
