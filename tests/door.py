"""The door of a room as a person meets it: name, password, code. For tests of either room."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from pvtracker.accounts.models import Account, OpenSession
from pvtracker.audit.context import acting
from pvtracker.ops.demo_codes import PERIOD, code_at
from tests.people import PASSWORD, SOMEONE


def enrol(someone: Account) -> str:
    """Give a person an authenticator app; its key."""
    key = base64.b32encode(secrets.token_bytes(20)).decode()
    acting(by=SOMEONE, reason="test", source="test")
    Authenticator.objects.create(user=someone, type=Authenticator.Type.TOTP, data={"secret": encrypt(key)})
    return key


def code(key: str, *, later: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return code_at(key, int(time.time()) // PERIOD + later)


def knock(client: Client, name: str, password: str = PASSWORD, **more: Any) -> Any:
    """Post the sign-in form."""
    return client.post("/sign-in/", {"username": name, "password": password}, **more)


def is_in(client: Client) -> bool:
    """Does the browser get a page that asks for a sign-in?"""
    return client.get("/account/").status_code == 200


def texts(answer: Any) -> str:
    """The page without what is drawn by lot: CSRF tokens."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"', "", answer.content.decode())


def idle_for(someone: Account, **ago: float) -> None:
    """As if the person had last done something so long ago."""
    for opened in OpenSession.objects.filter(account=someone):
        opened.used_at -= timedelta(**ago)
        opened.save()


@contextmanager
def hashings() -> Iterator[list[str]]:
    """Counts the runs of the password hasher: one entry for each."""
    runs: list[str] = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

    def counted_encode(self: Any, password: str, salt: str) -> str:
        runs.append("encode")
        return encode(self, password, salt)

    def counted_verify(self: Any, password: str, encoded: str) -> bool:
        runs.append("verify")
        return verify(self, password, encoded)

    with (
        mock.patch.object(Argon2PasswordHasher, "encode", counted_encode),
        mock.patch.object(Argon2PasswordHasher, "verify", counted_verify),
    ):
        yield runs
