"""Who signs, and is it still the same person in the same sitting?

The first signature of a sitting takes every part: user name, password and, where one is enrolled, a code. Later ones
of the same unbroken sitting take the password (21 CFR 11.200(a)(1)(i)). The sitting ends with the session, with a new
sign-in, with another person, and a quarter of an hour after the last signature; then every part is asked again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import logout
from django.http import HttpRequest
from django.utils import timezone

from pvtracker.accounts import reauthentication
from pvtracker.accounts.models import Account
from pvtracker.accounts.reauthentication import NotConfirmed
from pvtracker.lib.canonical import sha256_hex

KEPT = "signing_series"
FAILED = "signing_failed"
UNBROKEN = timedelta(minutes=15)
TRIES = 5


@dataclass(frozen=True, slots=True)
class Proof:
    """That the signed-in person gave these parts just now, in this series of this session."""

    account: Account
    series: uuid.UUID
    session: str  # sha256 of the session's key, which is a secret itself
    components: tuple[str, ...]


class TooManyTries(NotConfirmed):
    """Wrong once too often: the session is over."""


def is_continued(request: HttpRequest) -> bool:
    """Has this person signed in this session shortly before, so that the password alone is asked?"""
    return _series(request) is not None


def prove(request: HttpRequest, *, username: str, password: str, code: str) -> Proof:
    """That the signed-in person is at the keyboard; `NotConfirmed` otherwise. The signer is never taken from the form.

    The fifth wrong try in a session ends it (`TooManyTries`); the lockout of the account is reauthentication's.
    """
    account = request.user
    assert isinstance(account, Account)  # noqa: S101 - pages of signatures are behind the sign-in
    series = _series(request)
    try:
        own_name = series is not None or username.strip().casefold() == account.username.casefold()
        reauthentication.confirm(
            account=account,
            # another person's user name is refused as a wrong password is, and costs as much time
            password=password if own_name else "",
            code=code,
            continued=series is not None,
        )
    except NotConfirmed:
        _count_failure(request)
        raise
    components: tuple[str, ...] = ("password",)
    if series is None:
        coded = ("code",) if reauthentication.needs_code(account) else ()
        components = ("user name", "password", *coded)
    return Proof(
        account=account, series=series or uuid.uuid4(), session=_session(request), components=components
    )


def keep(request: HttpRequest, proof: Proof) -> None:
    """After a signature: the series goes on from now."""
    request.session.pop(FAILED, None)
    request.session[KEPT] = {
        "series": str(proof.series),
        "account": str(proof.account.id),
        "session": proof.session,
        "signed_in": _signed_in(proof.account),
        "at": timezone.now().isoformat(),
    }


def _series(request: HttpRequest) -> uuid.UUID | None:
    kept, account = request.session.get(KEPT), request.user
    if not kept or not isinstance(account, Account):
        return None
    now = (str(account.id), _session(request), _signed_in(account))
    if (kept["account"], kept["session"], kept["signed_in"]) != now:
        return None
    if timezone.now() - datetime.fromisoformat(kept["at"]) > UNBROKEN:
        return None
    return uuid.UUID(kept["series"])


def _session(request: HttpRequest) -> str:
    return sha256_hex(str(request.session.session_key).encode())


def _signed_in(account: Account) -> str:
    """When the person signed in last: a sign-in in place may keep the session, and ends the series all the same."""
    return account.last_login.isoformat() if account.last_login else ""


def _count_failure(request: HttpRequest) -> None:
    request.session.pop(KEPT, None)
    failed = request.session.get(FAILED, 0) + 1
    request.session[FAILED] = failed
    if failed >= TRIES:
        logout(request)
        raise TooManyTries(
            f"{TRIES} tries to sign were wrong. Nothing was signed, and you were signed out. Sign in again."
        )
