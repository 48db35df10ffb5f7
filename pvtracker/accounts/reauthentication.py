"""Is the person at the keyboard still the one who signed in? Asked before a signature and other weighty steps."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password

from pvtracker.accounts.models import Account


class NotConfirmed(ValueError):
    """The person did not prove to be the account's owner; the text is a sentence for the page."""


def confirm(*, account: Account, password: str, code: str = "") -> None:
    """Return when the account's own secrets were given, else raise `NotConfirmed`. Writes nothing.

    The sentence never says which of the parts was wrong. `account` is the signed-in one, never one that was posted.
    """
    # the hasher runs for an inactive account too: the time it takes tells nothing
    if not check_password(password, account.password) or not account.is_active:
        raise NotConfirmed("Password or code is not right. Nothing was signed or changed.")
