"""Everything that writes accounts. An account is never deleted and its name never given to somebody else."""

from __future__ import annotations

import uuid

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, action


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
    if not username.strip() or not full_name.strip():
        raise AccountRefused("An account needs a user name and the person's full name.")
    if Account.objects.filter(username__iexact=username).exists():
        raise AccountRefused(
            f"The user name {username} is taken or was used before; names are never given twice."
        )
    account = Account(username=username, full_name=full_name, email=email, person=person or uuid.uuid4())
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
    if not reason:
        raise AccountRefused("Say why the account is deactivated.")
    account.is_active = False
    account.save(update_fields=["is_active"])
    return account


def _set_password(account: Account, password: str) -> None:
    try:
        validate_password(password, user=account)
    except ValidationError as refusal:
        raise AccountRefused(" ".join(refusal.messages)) from refusal
    account.set_password(password)
