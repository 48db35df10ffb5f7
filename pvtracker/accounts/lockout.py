"""Wrong tries are counted in the database, by user name and by address, and too many shut the door for a while.

Counting does not ask whether the name belongs to anybody: a name that nobody has is locked like any other. A door is
taken with a row lock before the secret is looked at, so that tries side by side cannot outrun the count.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from pvtracker.accounts.models import Account, Lockout


@dataclass(frozen=True, slots=True)
class Limit:
    """So many wrong tries within the window, and the door is shut for as long again."""

    failures: int
    window: timedelta


LIMITS = {
    "name": Limit(5, timedelta(minutes=15)),
    "code": Limit(5, timedelta(minutes=15)),
    "client": Limit(10, timedelta(minutes=15)),
    # a hospital has one address for everybody, so this stops a flood and not a clumsy colleague
    "address": Limit(40, timedelta(minutes=15)),
}


@dataclass(frozen=True, slots=True)
class Door:
    """What is tried: a kind, and the name, account or address as a keyed hash."""

    kind: str
    key: str


def door(kind: str, subject: str) -> Door:
    """The door of one name, account, client or address; letters of either case are the same."""
    return Door(
        kind, salted_hmac("pvtracker.lockout", f"{kind}:{subject.casefold()}", algorithm="sha256").hexdigest()
    )


def address_of(request: HttpRequest) -> str:
    """Where the request comes from; behind our proxy, the address that the proxy saw."""
    told = str(request.META.get("REMOTE_ADDR", ""))
    if settings.BEHIND_PROXY:
        told = request.headers.get("X-Forwarded-For", told).split(",")[-1].strip()
    try:
        found = ipaddress.ip_address(told)
    except ValueError:
        return ""
    # one customer line has 2^64 addresses of version 6
    return str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else str(found)


def is_shut(doors: Sequence[Door]) -> bool:
    """Is one of the doors shut now? Holds the rows of names, codes and clients until the transaction ends."""
    now = timezone.now()
    shut = False
    for one in doors:
        if one.kind == "address":  # many people share it: they must not wait for one another
            row = Lockout.objects.filter(key=one.key).first()
        else:
            row = _held(one, now)
        shut = shut or (row is not None and row.locked_until is not None and row.locked_until > now)
    return shut


def _held(one: Door, now: datetime) -> Lockout:
    """The row of a door, locked until the transaction ends. Who passes takes it away, as others wait for it (a form
    that is sent twice): then there is none, and the next round makes one."""
    while True:
        new = Lockout(key=one.key, kind=one.kind, counted_from=now)
        Lockout.objects.bulk_create([new], ignore_conflicts=True)
        row = Lockout.objects.select_for_update().filter(key=one.key).first()
        if row is not None:
            return row


def failed(doors: Sequence[Door], *, account: Account | None = None) -> list[Door]:
    """Count one wrong try at each door; the doors that this try has shut."""
    now = timezone.now()
    return [one for one in doors if _count(one, now, account)]


def _count(one: Door, now: datetime, account: Account | None) -> bool:
    limit = LIMITS[one.kind]
    row = _held(one, now)
    if row.locked_until is not None and row.locked_until > now:
        return False  # shut already: a try that was not looked at shuts nothing for longer
    if row.counted_from <= now - limit.window or row.locked_until is not None:
        row.failures, row.counted_from, row.locked_until = 0, now, None
    row.failures += 1
    row.account = account if one.kind != "address" else None
    if row.failures >= limit.failures:
        row.locked_until = now + limit.window
    row.save()
    return row.locked_until is not None


def passed(one: Door) -> None:
    """A right secret at the door of a name, an account's codes or a client: what was counted there is forgotten."""
    Lockout.objects.filter(key=one.key).delete()


def lift(account: Account) -> int:
    """Open every door of one person again; how many were shut. The system administrator's decision."""
    theirs = Lockout.objects.filter(account=account)
    shut = theirs.filter(locked_until__gt=timezone.now()).count()
    theirs.delete()
    return shut


def forget_old() -> None:
    """Drop what no longer counts, so that names that nobody has do not pile up."""
    longest = max(limit.window for limit in LIMITS.values())
    old = timezone.now() - 2 * longest
    Lockout.objects.filter(counted_from__lt=old).exclude(locked_until__gt=timezone.now()).delete()
