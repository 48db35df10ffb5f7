"""The second factor: codes of an authenticator app, recovery codes, passkeys. A code is good once."""

from __future__ import annotations

from datetime import timedelta

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, action

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
KINDS = {Authenticator.Type.TOTP: "An authenticator app", Authenticator.Type.WEBAUTHN: "A passkey"}
RETEST_DAYS = 365
LAST_COUNTER = "last_counter"  # in the authenticator's data: the half minute whose code was spent last


def has_second_factor(account: Account) -> bool:
    """Has the person an authenticator app or a passkey? Recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=account, type__in=SECOND_FACTORS).exists())


def held(account: object) -> list[tuple[int, str, str]]:
    """Id, kind and secret (as it lies there) of the factors of a person; a code that is spent changes none of them."""
    if not isinstance(account, Account):
        return []
    theirs = Authenticator.objects.filter(user=account).order_by("type", "id")
    return [(one.id, one.type, str(one.data.get("secret", one.data.get("seed", "")))) for one in theirs]


def overdue(account: Account) -> list[Authenticator]:
    """Apps and passkeys that have not opened the door for a year, or since they were added a year ago."""
    before = timezone.now() - timedelta(days=RETEST_DAYS)
    theirs = Authenticator.objects.filter(user=account, type__in=SECOND_FACTORS).order_by("type", "id")
    return [one for one in theirs if (one.last_used_at or one.created_at) < before]


def overdue_sentences(account: Account) -> list[str]:
    """What the person is asked at sign-in: to use each such factor once, or to take it off."""
    return [
        f"{KINDS[one.type]} of yours was last used on {one.last_used_at or one.created_at:%Y-%m-%d}. Once a year each "
        "one has to be tested: under Your account, test it or remove it."
        for one in overdue(account)
    ]


def last_tested() -> Subquery:
    """For a queryset of accounts or of rows that have one: when a second factor of the person worked last."""
    return _latest(OuterRef("pk"))


def last_tested_of_member() -> Subquery:
    """The same for rows with an account."""
    return _latest(OuterRef("account"))


def _latest(person: OuterRef) -> Subquery:
    theirs = Authenticator.objects.filter(user=person, type__in=SECOND_FACTORS)
    worked = theirs.annotate(worked=Coalesce("last_used_at", "created_at")).order_by("-worked")
    return Subquery(worked.values("worked")[:1])


@action
def enrol_known(
    *, account: Account, secret: str, by: Actor, reason: str = "", source: str = "command"
) -> None:
    """An authenticator whose key others know, for a person of the demo; refused anywhere else."""
    if not settings.DEMO:
        raise RuntimeError("An authenticator whose key others know is for a demo only.")
    held = Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).first()
    if held is None or decrypt(held.data["secret"]) != secret:
        Authenticator.objects.filter(user=account).delete()
        TOTP.activate(account, secret)


@transaction.atomic
def spend_code(account: Account, code: str) -> Authenticator | None:
    """The authenticator to which the code belongs; the code is spent. None: wrong, too old, or used before."""
    held = {
        one.type: one
        for one in Authenticator.objects.select_for_update().filter(user=account).order_by("type")
    }
    totp = held.get(Authenticator.Type.TOTP)
    if totp is not None and _spend_totp(totp, code):
        return totp
    spare = held.get(Authenticator.Type.RECOVERY_CODES)
    if spare is not None and spare.wrap().validate_code(code):  # marks the code as used
        return Authenticator.objects.get(pk=spare.pk)
    return None


def _spend_totp(totp: Authenticator, code: str) -> bool:
    """A code of a half minute not later than the last one spent is refused: it was seen by somebody already."""
    counter = counter_of(decrypt(totp.data["secret"]), code)
    if counter is None or counter <= int(totp.data.get(LAST_COUNTER, 0)):
        return False
    totp.data[LAST_COUNTER] = counter
    totp.save(update_fields=["data"])
    return True


def counter_of(secret: str, code: str) -> int | None:
    """The half minute whose code this is, among those that are taken now."""
    found = None
    for counter in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            found = counter
    return found
