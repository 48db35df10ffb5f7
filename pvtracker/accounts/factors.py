"""The second factor: codes of an authenticator app, recovery codes, passkeys. A code is good once."""

from __future__ import annotations

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

from pvtracker.accounts import sessions
from pvtracker.accounts.actions import AccountRefused
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor, action

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
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


@action
def remove_factors(*, account: Account, reason: str, by: Actor, source: str = "form") -> int:
    """Every factor of a person whose device is lost, and every session; how many factors there were."""
    if not reason.strip():
        raise AccountRefused("Say why the second factors are removed.")
    if by.id == str(account.id):
        raise AccountRefused(
            "Nobody removes their own second factors here; ask another system administrator."
        )
    removed = Authenticator.objects.filter(user=account).delete()[0]
    sessions.end_all(account, because="second factor removed")
    return int(removed)


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
