"""What a person sent when the session was over already: carried through the sign-in page, and given back after it.

It travels in the page itself, signed, and enters a session only with a right password. It belongs to the account whose
session ended, where that is known, and to nobody else who signs in there.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from pvtracker.accounts.models import Account

FIELD = "carried"  # in the sign-in form
KEPT = "carried"  # in the session
SALT = "pvtracker.carried"
GOOD_FOR_SECONDS = 8 * 3600
NOT_CARRIED = {"csrfmiddlewaretoken", FIELD}
SECRETS = {"password", "code", "old", "new"}  # typed anew: no secret goes into a page or a session


@dataclass(frozen=True, slots=True)
class Carried:
    """Where it was sent, and every field of it."""

    path: str
    fields: list[tuple[str, str]]


def pack(request: HttpRequest, account: Account | None) -> str:
    """The posted form as a signed text, or empty when there is nothing to carry."""
    had_session = account is not None or settings.SESSION_COOKIE_NAME in request.COOKIES
    if request.method != "POST" or not had_session:
        return ""
    fields = [
        (name, str(value))
        for name in request.POST
        if name not in NOT_CARRIED and name.rpartition("-")[2] not in SECRETS
        for value in request.POST.getlist(name)
    ]
    if not fields:
        return ""
    told = {"path": request.get_full_path(), "fields": fields, "account": str(account.id) if account else ""}
    return signing.dumps(told, salt=SALT, compress=True)


def take_along(request: HttpRequest) -> None:
    """Keep what the sign-in form carried, now that its password was right."""
    packed = request.POST.get(FIELD, "")
    if packed:
        request.session[KEPT] = packed


def unpack(request: HttpRequest, account: Account) -> Carried | None:
    """What is this person's to have back."""
    try:
        told = signing.loads(request.session.get(KEPT, ""), salt=SALT, max_age=GOOD_FOR_SECONDS)
    except signing.BadSignature:
        return None
    if told["account"] not in ("", str(account.id)):
        return None
    return Carried(path=told["path"], fields=[(str(name), str(value)) for name, value in told["fields"]])


def forget(request: HttpRequest) -> None:
    """It was sent again, or is not wanted."""
    request.session.pop(KEPT, None)
