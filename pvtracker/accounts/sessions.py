"""Sessions of people, with their clocks: how long without use, how long at all, and who ended them why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from pvtracker.accounts import lockout
from pvtracker.accounts.models import Account, OpenSession, SystemRole

IN_SESSION = "pv_session"  # where Django's session keeps the id of ours
IDLE_STRICT = timedelta(minutes=15)  # closed room, administrators
IDLE = timedelta(minutes=20)
ABSOLUTE = timedelta(hours=12)
NOTE_EVERY = timedelta(seconds=20)  # uses nearer to one another than this are one


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session is over: a word for the record and a sentence for the person."""

    word: str
    sentence: str


def begin(request: HttpRequest, account: Account, *, second_factor: bool) -> OpenSession:
    """Note a session that was opened just now, in the browser's session too."""
    opened = note(
        account,
        device=device_of(request.headers.get("User-Agent", "")),
        address=lockout.address_of(request),
        second_factor=second_factor,
    )
    request.session[IN_SESSION] = str(opened.id)
    return opened


def is_new_device(opened: OpenSession) -> bool:
    """Has this account never been used from such a device in that part of the network before? Its first session ever
    is not called new: there is nothing to compare it with.
    """
    earlier = OpenSession.objects.filter(account=opened.account_id).exclude(id=opened.id)
    places = earlier.values_list("device", "address").distinct()
    here = (opened.device, network_of(opened.address))
    seen = {(device, network_of(address)) for device, address in places}
    return bool(seen) and here not in seen


def note_new_device(opened: OpenSession) -> None:
    """Mark the session, and say so on the next page of every session of the person, this one included."""
    OpenSession.objects.filter(id=opened.id).update(new_device=True)
    where = opened.address or "an unknown address"
    text = (
        f"Your account was used from a device that is new for it: {opened.device}, {where}, "
        f"{opened.started_at:%Y-%m-%d %H:%M} UTC. If this was not you, end that session under Your account, change "
        "your password and tell the system administrator."
    )
    for one in OpenSession.objects.filter(account=opened.account_id, ended_at=None):
        say(one, text)


def say(opened: OpenSession, text: str) -> None:
    """The next page of this session says it, once."""
    told = "\n".join(filter(None, (opened.tell, text)))
    OpenSession.objects.filter(id=opened.id).update(tell=told)
    opened.tell = told


def hear(opened: OpenSession) -> list[str]:
    """What is to be said in this session; it is said once."""
    told = opened.tell.split("\n") if opened.tell else []
    if told:
        OpenSession.objects.filter(id=opened.id).update(tell="")
        opened.tell = ""
    return told


def network_of(address: str) -> str:
    """The part of the network that an address belongs to: its first three numbers, or the /64 that it is kept as."""
    return address.rpartition(".")[0] if address.count(".") == 3 else address


def note(account: Account, *, device: str, address: str, second_factor: bool) -> OpenSession:
    """A new session of a person, its clocks at zero."""
    now = timezone.now()
    return OpenSession.objects.create(
        account=account,
        started_at=now,
        used_at=now,
        device=device,
        address=address,
        second_factor=second_factor,
    )


def current(request: HttpRequest, account: Account) -> tuple[OpenSession, bool]:
    """The session that the request belongs to; and, from the same query, whether the person has a system role.

    A session that Django opened without our sign-in page starts its clocks now.
    """
    today = timezone.localdate()
    system = SystemRole.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today), account=OuterRef("account"), starts_on__lte=today
    )
    theirs = OpenSession.objects.filter(account=account).annotate(administers=Exists(system))
    known = request.session.get(IN_SESSION)
    found = theirs.filter(id=known).first() if known else None
    if found is None:
        found = theirs.get(id=begin(request, account, second_factor=False).id)
    return found, found.administers


def ending_of(opened: OpenSession, *, idle: timedelta) -> Ending | None:
    """Why the session is over now, or None while it is not."""
    now = timezone.now()
    if opened.ended_at is not None:
        return Ending(opened.ended_because, "Your session was ended. Sign in to go on.")
    if now - opened.used_at > idle:
        minutes = int(idle.total_seconds() // 60)
        return Ending("idle", f"Your session ended after {minutes} minutes without use. Sign in to go on.")
    if now - opened.started_at > ABSOLUTE:
        return Ending("12 hours", "A session lasts 12 hours at most, and yours is over. Sign in to go on.")
    return None


def left(opened: OpenSession, *, idle: timedelta) -> int:
    """Seconds until the session ends if nothing more is done."""
    now = timezone.now()
    return max(
        0, int(min(idle - (now - opened.used_at), ABSOLUTE - (now - opened.started_at)).total_seconds())
    )


def use(opened: OpenSession) -> None:
    """The person did something: the idle clock starts anew."""
    now = timezone.now()
    if now - opened.used_at >= NOTE_EVERY:
        OpenSession.objects.filter(id=opened.id).update(used_at=now)
        opened.used_at = now


def note_second_factor(opened: OpenSession) -> None:
    """The person has enrolled a second factor in this session, and proved it by a correct code or key."""
    OpenSession.objects.filter(id=opened.id).update(second_factor=True)
    opened.second_factor = True


def end(opened: OpenSession, *, because: str) -> None:
    """This session is over with the next request."""
    _close(OpenSession.objects.filter(id=opened.id), because)


def end_this(request: HttpRequest, *, because: str) -> None:
    """The session of this request is over."""
    known = request.session.get(IN_SESSION)
    if known:
        _close(OpenSession.objects.filter(id=known), because)


def end_all(account: Account, *, because: str, but: OpenSession | None = None) -> int:
    """Every session of a person is over with the next request, but one if named; how many there were."""
    theirs = OpenSession.objects.filter(account=account)
    return _close(theirs.exclude(id=but.id) if but else theirs, because)


def open_sessions(account: Account) -> list[OpenSession]:
    """Sessions of a person that are not over, the last used first."""
    now = timezone.now()
    return list(
        OpenSession.objects.filter(
            account=account, ended_at=None, used_at__gt=now - IDLE, started_at__gt=now - ABSOLUTE
        ).order_by("-used_at", "id")
    )


def _close(chosen: QuerySet[OpenSession], because: str) -> int:
    return chosen.filter(ended_at=None).update(ended_at=timezone.now(), ended_because=because)


def device_of(agent: str) -> str:
    """A browser and a system in words, from what the browser says of itself."""
    browsers = (
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next((word for mark, word in browsers if f"{mark}/" in agent), "")
    system = next((word for mark, word in systems if mark in agent), "")
    words = " on ".join(filter(None, (browser, system)))
    return words or re.sub(r"[^\x20-\x7e]", "", agent)[:60] or "unknown device"
