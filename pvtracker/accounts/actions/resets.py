"""A lost password or device: one person asks, another approves, and only then does anything change.

Who could do both alone could sign in as anybody. So the two are two humans, neither of them the account's own person;
and where a link goes out by which a password is set, it goes to the person's own address or is handed over by the
second person, while a code that it asks for was told to the first. Neither of them has both.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from pvtracker.accounts import sessions
from pvtracker.accounts.actions import notices
from pvtracker.accounts.actions.accounts import (
    AccountRefused,
    fresh,
    make_invitation,
    plain_code,
    record_identity_check,
)
from pvtracker.accounts.models import Account, Reset, ResetDecision, ResetWhat
from pvtracker.accounts.queries import same_human, system_administrators
from pvtracker.audit.context import Actor, action

GOOD_FOR = timedelta(hours=72)
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another
TAKES_FACTORS = {ResetWhat.FACTORS, ResetWhat.BOTH, ResetWhat.REOPEN}
GIVES_LINK = {ResetWhat.PASSWORD, ResetWhat.BOTH, ResetWhat.REOPEN}


@action
def ask_reset(
    *,
    account: Account,
    what: str,
    reason: str,
    identity: str,
    by: Actor,
    by_mail: bool = True,
    source: str = "form",
) -> tuple[Reset, str]:
    """Ask for a reset; nothing changes yet. The code, told this once, is empty where no link will go out."""
    account = Account.objects.select_for_update(of=("self",)).get(id=account.id)
    wanted = ResetWhat(what)
    if not reason.strip() or not identity.strip():
        raise AccountRefused("Say why the reset is needed, and how you made sure who asks for it.")
    if same_human(by.id, str(account.id)):
        raise AccountRefused(
            "Nobody asks for a reset of their own sign-in; another system administrator does."
        )
    _check_state(account, wanted)
    _let_run_out(account)
    if Reset.objects.filter(account=account, decision=ResetDecision.WAITING).exists():
        raise AccountRefused("A reset of this account is asked for already and waits for a second person.")
    code = _code() if wanted in GIVES_LINK else ""
    now = timezone.now()
    asked = Reset.objects.create(
        account=account,
        what=wanted,
        reason=reason,
        identity=identity,
        by_mail=by_mail and wanted in GIVES_LINK and bool(settings.MAIL and account.email),
        code=make_password(plain_code(code)) if code else "",
        asked_at=now,
        expires_at=now + GOOD_FOR,
        asked_by_id=by.id,
        asked_by=by.name,
    )
    notices.owe(accounts=system_administrators(other_than=[by.id, str(account.id)]), by=by)
    return asked, code


@action
def decide_reset(*, reset: Reset, approve: bool, by: Actor, reason: str, source: str = "form") -> str:
    """A second person approves, and the account is reset, or declines. Returns the token of a link that the approver
    has to hand over; empty where none goes out or the person's own address gets it.

    Whether the actor may approve is asked by the page, for it can be an administrator of the system or of a study.
    """
    reset = Reset.objects.select_for_update(of=("self",)).select_related("account").get(id=reset.id)
    account = Account.objects.select_for_update(of=("self",)).get(id=reset.account_id)
    if reset.decision != ResetDecision.WAITING:
        raise AccountRefused(f"This is decided already: {reset.get_decision_display()}.")
    if reset.expires_at <= timezone.now():
        raise AccountRefused("This request has run out: 72 hours have passed. Ask for the reset anew.")
    if not reason.strip():
        raise AccountRefused("Say on what your decision rests.")
    if by.id.startswith("process:"):
        raise AccountRefused("A reset is approved by a person.")
    if same_human(by.id, reset.asked_by_id):
        raise AccountRefused("Nobody approves what they asked for themselves; a second person has to.")
    if same_human(by.id, str(account.id)):
        raise AccountRefused(
            "Nobody approves a reset of their own sign-in, whichever account they use for it."
        )
    reset.decision = ResetDecision.APPROVED if approve else ResetDecision.DECLINED
    reset.decided_at = timezone.now()
    reset.decided_by_id, reset.decided_by, reset.decision_reason = by.id, by.name, reason
    reset.save()
    if not approve:
        return ""
    _check_state(account, ResetWhat(reset.what))
    return _reset(reset, account, by)


@action
def tell_owner(*, account: Account, by: Actor) -> list[str]:
    """What was done to an account since its person signed in last, as sentences, each told once."""
    told = []
    for reset in Reset.objects.filter(
        account=account, decision=ResetDecision.APPROVED, told_at=None
    ).order_by("decided_at"):
        told.append(
            f"On {reset.decided_at:%Y-%m-%d at %H:%M} UTC your sign-in was reset "
            f"({reset.get_what_display().lower()}): asked for by {reset.asked_by}, approved by {reset.decided_by}. "
            "If you did not want this, tell the security contact of your installation at once."
        )
        reset.told_at = timezone.now()
        reset.save(update_fields=["told_at"])
    return told


def _check_state(account: Account, wanted: ResetWhat) -> None:
    if wanted is ResetWhat.REOPEN:
        if account.is_active or not account.reopenable:
            raise AccountRefused(
                "Only an account that was closed for now, or because nobody used it, is opened again."
            )
    elif not account.is_active:
        raise AccountRefused("This account is closed.")
    elif fresh(account):
        raise AccountRefused("This person has never signed in: invite them again instead.")


def _let_run_out(account: Account) -> None:
    now = timezone.now()
    Reset.objects.filter(account=account, decision=ResetDecision.WAITING, expires_at__lte=now).update(
        decision=ResetDecision.EXPIRED, decided_at=now
    )


def _reset(reset: Reset, account: Account, by: Actor) -> str:
    what = ResetWhat(reset.what)
    asker = Actor(id=reset.asked_by_id, name=reset.asked_by)
    if what in TAKES_FACTORS:
        Authenticator.objects.filter(user=account).delete()
    if what in GIVES_LINK:
        account.set_unusable_password()
    if what is ResetWhat.REOPEN:
        account.is_active, account.reopenable, account.reopened_at = True, False, timezone.now()
        record_identity_check(account=account, how=reset.identity, by=asker)
    account.save(update_fields=["password", "is_active", "reopenable", "reopened_at"])
    sessions.end_all(account, because="sign-in reset by two people")
    if what in GIVES_LINK:
        invitation, token = make_invitation(account=account, by=asker, reset=reset)
        if reset.by_mail and settings.MAIL and account.email:
            notices.owe_link(invitation=invitation, by=by)
            return ""
    else:
        token = ""
    # Else whoever was let in instead would be the first to be told, and the only one.
    notices.owe(accounts=[account], by=by)
    return token


def _code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"
