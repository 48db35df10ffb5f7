"""What allauth asks us: who may come in, what is said to who may not, and how secrets of authenticators are kept."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pvtracker.accounts import actions, alerts, carried, factors, lockout, sessions, sso
from pvtracker.accounts.actions import notices, resets
from pvtracker.accounts.models import Account, Invitation, OpenSession
from pvtracker.audit import looks
from pvtracker.audit.context import Actor, acting
from pvtracker.audit.enums import AccessKind
from pvtracker.lib.sealed import seal, unseal

# One text for an unknown name, a wrong password, a deactivated account and a locked door.
REFUSED = (
    "User name or password is not right, or there were too many tries. Check both and try again; after too many"
    " tries wait 15 minutes, or ask the system administrator."
)
CODE_REFUSED = (
    "The code is not right, was used before, or there were too many tries. Wait for the next code and try again;"
    " after too many tries wait 15 minutes, or ask the system administrator."
)
RESET_CODE_REFUSED = (
    "The code is not right, or there were too many tries. Whoever asked for the reset tells it to you; after too many"
    " tries wait 15 minutes."
)
VISITOR = Actor.process("visitor")
CONFIRMED_FOR_SECONDS = 300  # after this, changes of one's own factors ask for the password again


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library ships no types
    """Sign-in by user name; nobody signs up; wrong tries are counted in the database."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": "The password is not right. Nothing was changed; type it again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        """No second code from us where a provider that is believed has asked for one."""
        stages: list[str] = super().get_login_stages()
        if context.request.session.get(sso.ASSERTED):
            return [stage for stage in stages if not stage.startswith("allauth.mfa")]
        return stages

    def get_client_ip(self, request: HttpRequest) -> str:
        return lockout.address_of(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Account | None:
        """The account whose name and password these are. The hasher runs once, whoever asks and whatever is shut."""
        name = str(credentials.get("username") or "")
        address = lockout.address_of(request)
        request.session.pop(sso.ASSERTED, None)  # said of another sign-in
        theirs = lockout.door("name", name)
        doors = [theirs, lockout.door("address", address)]
        shut = lockout.is_shut(doors)
        account = ModelBackend().authenticate(request, username=name, password=credentials.get("password"))
        if isinstance(account, Account) and not shut:
            lockout.passed(theirs)
            return account
        known = Account.objects.filter(username__iexact=name).first()
        note_failure(request, doors, known, detail="password")
        return None

    def pre_login(self, request: HttpRequest, user: Account, **told: Any) -> HttpResponse | None:
        carried.take_along(request)
        answer: HttpResponse | None = super().pre_login(request, user, **told)
        return answer

    def post_login(self, request: HttpRequest, user: Account, **told: Any) -> HttpResponse:
        if carried.unpack(request, user) is not None:
            return HttpResponseRedirect(reverse("carried"))
        carried.forget(request)
        answer: HttpResponse = super().post_login(request, user, **told)
        return answer

    def login(self, request: HttpRequest, user: Account) -> None:
        """Open the session under a new id; from here on the person, not a visitor, is the one who acts."""
        acting(by=user.actor(), reason="", source="form")
        super().login(request, user)
        opened = sessions.begin(request, user, second_factor=used_second_factor(request, user))
        ways = _ways(request, user) + (", new device" if self._tell(opened, user) else "")
        looks.record(kind=AccessKind.SIGN_IN, by=user.actor(), detail=ways, address=_address(request))

    def _tell(self, opened: OpenSession, user: Account) -> bool:
        """What the person has to know of their sign-in stands on the next page. True: from a new device."""
        said = [*resets.tell_owner(account=user, by=user.actor()), *factors.overdue_sentences(user)]
        for text in said:
            sessions.say(opened, text)
        if not sessions.is_new_device(opened):
            return False
        sessions.note_new_device(opened)
        notices.owe(accounts=[user], by=user.actor())
        return True

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, Account):
            sessions.end_this(request, because="signed out")
            looks.record(kind=AccessKind.SIGN_OUT, by=request.user.actor(), address=_address(request))
        super().logout(request)

    def respond_user_inactive(self, request: HttpRequest, user: Account) -> HttpResponse:
        """A passkey of a deactivated account: told as little as with a wrong password."""
        messages.error(request, REFUSED)
        return HttpResponseRedirect(reverse("sign_in"))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within minutes of the sign-in: who just proved both is not asked for them again."""
        request = context.request
        last = [record["at"] for record in get_authentication_records(request, request.user)]
        return not last or time.time() - max(last) > CONFIRMED_FOR_SECONDS

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Signing in never depends on mail, and none is sent."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library ships no types
    """Secrets of authenticators lie encrypted in the database; a person is named by user name."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "The passkey was not accepted. Try again, or use another way to sign in.",
    }

    def _get_user_identifier(self, user: Account) -> str:
        return user.username

    def _get_site_name(self) -> str:
        return f"pvtracker {settings.ROOM} room"

    def encrypt(self, text: str) -> str:
        return base64.b64encode(seal(text.encode(), key=_key(), name="authenticator")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(base64.b64decode(encrypted_text), key=_key(), name="authenticator").decode()

    def generate_authenticator_name(self, user: Account, type: Any) -> str:
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail; `views.fresh` records what was changed."""


def note_failure(
    request: HttpRequest | None, doors: list[lockout.Door], known: Account | None, *, detail: str
) -> None:
    """Count a wrong try and record it; a door that it shuts is an alert of its own. What was typed is not kept."""
    shut = lockout.failed(doors, account=known)
    told: dict[str, Any] = {"by": VISITOR, "address": _address(request) if request else ""}
    if known is not None:
        told |= {"object_kind": "account", "object_id": str(known.id)}
    looks.record(kind=AccessKind.SIGN_IN_FAILED, detail=detail, **told)
    for one in shut:
        looks.record(kind=AccessKind.LOCKED_OUT, detail=f"{detail}: by {one.kind}", **told)
        alerts.tell_security(f"{detail}: by {one.kind}", account=known)


def used_second_factor(request: HttpRequest, account: Account) -> bool:
    """Was a passkey or a code asked for in this sign-in, here or by a provider that is believed?"""
    given = any(record["method"] == "mfa" for record in get_authentication_records(request, account))
    return given or sso.was_asserted(request, account)


def spend_code_at_the_door(request: HttpRequest, account: Account, code: str) -> Authenticator | None:
    """A code that is tried, counted by person and address; None: refused, for whichever reason."""
    theirs = lockout.door("code", str(account.id))
    doors = [theirs, lockout.door("address", lockout.address_of(request))]
    if lockout.is_shut(doors):
        return None
    found = factors.spend_code(account, code)
    if found is None:
        note_failure(request, doors, account, detail="code")
    else:
        lockout.passed(theirs)
    return found


def reset_code_at_the_door(request: HttpRequest, invitation: Invitation, code: str) -> bool:
    """Is this the code that the link of a reset asks for? Wrong tries are counted; a first invitation has none."""
    if invitation.reset is None:
        return True
    doors = [
        lockout.door("code", f"reset:{invitation.reset_id}"),
        lockout.door("address", lockout.address_of(request)),
    ]
    shut = lockout.is_shut(doors)
    if check_password(actions.plain_code(code), invitation.reset.code) and not shut:
        lockout.passed(doors[0])
        return True
    note_failure(request, doors, invitation.account, detail="code of a reset")
    return False


def _ways(request: HttpRequest, account: Account) -> str:
    records = get_authentication_records(request, account)
    return ", ".join(str(record.get("type") or record["method"]) for record in records)


def _address(request: HttpRequest) -> str:
    return lockout.address_of(request)


def _key() -> bytes:
    return hashlib.sha256(b"pvtracker authenticators\0" + settings.SECRET_KEY.encode()).digest()
