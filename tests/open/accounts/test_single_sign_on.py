"""Single sign-on against a small provider of our own: whom it lets in, and whom it does not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.test import Client

from pvtracker.accounts import actions
from pvtracker.accounts.models import Account
from pvtracker.audit.context import acting
from tests.door import enrol, is_in
from tests.people import SOMEONE, account, administrator, make_ready

pytestmark = pytest.mark.django_db
BEGIN, BACK = "/sign-in/by/sso/", "/sign-in/by/sso/back/"


class Provider(BaseHTTPRequestHandler):
    """Answers what an OpenID Connect provider answers; `claims` are what it says of whoever asks."""

    claims: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        here = f"http://{self.headers['Host']}"
        if self.path.startswith("/.well-known/"):
            names = ("authorization", "token", "userinfo")
            self.say(
                {"issuer": here, "jwks_uri": f"{here}/keys"} | {f"{n}_endpoint": f"{here}/{n}" for n in names}
            )
        else:
            self.say({key: value for key, value in self.claims.items() if key not in {"amr", "acr"}})

    def do_POST(self) -> None:
        now = int(time.time())
        told = {
            "iss": f"http://{self.headers['Host']}",
            "aud": "us",
            "iat": now,
            "exp": now + 60,
            **self.claims,
        }
        token = jwt.encode(told, "a key of the provider, long enough for it", algorithm="HS256")
        self.say({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def say(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def provider(settings: Any) -> Iterator[type[Provider]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Thread(target=server.serve_forever, daemon=True).start()
    issuer = f"http://127.0.0.1:{server.server_port}"
    app = {
        "provider_id": "sso",
        "name": "x",
        "client_id": "us",
        "secret": "y",
        "settings": {"server_url": issuer},
    }
    settings.OIDC_ISSUER = issuer
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    yield Provider
    server.shutdown()
    server.server_close()


@pytest.fixture
def ann() -> Account:
    someone = make_ready(account("ann"))
    someone.email = f"{someone.username}@example.org"
    acting(by=SOMEONE, reason="test", source="test")
    someone.save()
    return someone


def through(provider: type[Provider], **claims: Any) -> Client:
    """A browser that went to the provider and came back; it says these claims."""
    provider.claims = {"sub": "42", **claims}
    client = Client()
    away = client.post(BEGIN).headers["Location"]
    state = parse_qs(urlsplit(away).query)["state"][0]
    client.get(BACK, {"code": "c", "state": state})
    return client


def test_without_a_configured_provider_there_is_no_such_door() -> None:
    for path in (BEGIN, BACK):
        assert Client().get(path).status_code == 404
        assert Client().post(path).status_code == 404


def test_a_verified_address_of_an_active_account_opens(provider: type[Provider], ann: Account) -> None:
    assert is_in(through(provider, email=ann.email.upper(), email_verified=True))


def test_nobody_else_comes_in_and_no_account_is_made(provider: type[Provider], ann: Account) -> None:
    closed = make_ready(account("closed"))
    closed.email = "closed@example.org"
    acting(by=SOMEONE, reason="test", source="test")
    closed.save()
    actions.deactivate(account=closed, reason="left", by=SOMEONE)
    before = Account.objects.count()
    for claims in (
        {"email": ann.email},
        {"email": ann.email, "email_verified": False},
        {"email": ann.email, "email_verified": "true"},
        {"email": "unknown@example.org", "email_verified": True},
        {"email": closed.email, "email_verified": True},
        {"preferred_username": ann.username},
    ):
        assert not is_in(through(provider, **claims)), claims
    assert Account.objects.count() == before


def test_an_address_that_two_accounts_have_opens_neither(provider: type[Provider], ann: Account) -> None:
    other = make_ready(account("other"))
    other.email = ann.email
    acting(by=SOMEONE, reason="test", source="test")
    other.save()
    assert not is_in(through(provider, email=ann.email, email_verified=True))


def test_the_configured_claim_may_be_the_user_name(
    provider: type[Provider], ann: Account, settings: Any
) -> None:
    settings.OIDC_MATCH = "preferred_username"
    assert is_in(through(provider, preferred_username=ann.username))
    assert not is_in(through(provider, email=ann.email, email_verified=True))


def test_our_second_factor_is_asked_for_unless_the_provider_is_believed(
    provider: type[Provider], ann: Account, settings: Any
) -> None:
    enrol(ann)
    said = {"email": ann.email, "email_verified": True, "amr": ["pwd", "mfa"]}
    assert not is_in(through(provider, **said))
    settings.OIDC_SECOND_FACTOR = ["mfa"]
    assert is_in(through(provider, **said))
    assert not is_in(through(provider, **{**said, "amr": ["pwd"]}))


def test_a_role_that_needs_a_factor_gets_nowhere_by_the_provider_alone(
    provider: type[Provider], settings: Any
) -> None:
    admin = administrator()
    admin.email = "admin@example.org"
    acting(by=SOMEONE, reason="test", source="test")
    admin.save()
    said = {"email": admin.email, "email_verified": True, "amr": ["mfa"]}
    assert through(provider, **said).get("/system/accounts/").headers["Location"] == "/account/"
    settings.OIDC_SECOND_FACTOR = ["mfa"]
    assert through(provider, **said).get("/system/accounts/").status_code == 200
