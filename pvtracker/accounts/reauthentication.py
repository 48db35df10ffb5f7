"""Is the person at the keyboard still the one who signed in? Asked before a signature and other weighty steps."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password

from pvtracker.accounts.models import Account


class NotConfirmed(ValueError):
    """The person did not prove to be the account's owner; the text is a sentence for the page."""


def needs_code(account: Account) -> bool:
    """Has the account an authenticator whose code is asked beside the password? None can be enrolled yet."""
    return False


def confirm(*, account: Account, password: str, code: str = "", continued: bool = False) -> None:
    """Return when the account's own secrets were given, else raise `NotConfirmed`.

    The sentence never says which of the parts was wrong. `account` is the signed-in one, never one that was posted.
    `continued`: a later signature of one unbroken series; the password alone does (21 CFR 11.200(a)(1)(i)).
    """
    # the hasher runs for an inactive account too: the time it takes tells nothing
    if not check_password(password, account.password) or not account.is_active:
        raise NotConfirmed("User name, password or code is not right. Nothing was signed or changed.")
