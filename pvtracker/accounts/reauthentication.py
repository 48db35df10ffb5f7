"""Is the person at the keyboard still the one who signed in? Asked before a signature and other weighty steps."""

from __future__ import annotations

from allauth.core import context
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import check_password

from pvtracker.accounts import adapter, factors, lockout
from pvtracker.accounts.models import Account

WRONG = (
    "User name, password or code is not right, or there were too many tries. Nothing was signed or changed. A code is"
    " good once: wait for the next one. After too many tries wait 15 minutes."
)


class NotConfirmed(ValueError):
    """The person did not prove to be the account's owner; the text is a sentence for the page."""


def needs_code(account: Account) -> bool:
    """Has the account an authenticator whose code is asked beside the password?"""
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


def confirm(*, account: Account, password: str, code: str = "", continued: bool = False) -> None:
    """Return when the account's own secrets were given, else raise `NotConfirmed`.

    The sentence never says which of the parts was wrong. `account` is the signed-in one, never one that was posted.
    `continued`: a later signature of one unbroken series; the password alone does (21 CFR 11.200(a)(1)(i)).
    Wrong tries count as they do at the sign-in page, and shut the same door; a code that was used is spent.
    """
    theirs = lockout.door("name", account.username)
    shut = lockout.is_shut([theirs])
    # the hasher runs for an inactive account and at a shut door too: the time it takes tells nothing
    right = check_password(password, account.password) and account.is_active and not shut
    if right and not continued and needs_code(account):
        right = factors.spend_code(account, code) is not None
    if not right:
        adapter.note_failure(context.request, [theirs], account, detail="confirmation")
        raise NotConfirmed(WRONG)
    lockout.passed(theirs)
