"""What every answer of a room must carry, asked of every URL; run once in each room."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse

from pvtracker.accounts.actions import create_account
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor
from pvtracker.studies.actions import StudyEntry, create_study
from tests.architecture.walkers import address, url_names

REFUSED_METHODS = ("TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "PROPFIND", "X")
ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "object-src 'none'",
)


def faults_of(answer: HttpResponse, what: str) -> list[str]:
    """Every header that is missing or weaker than it must be."""
    found = [
        f"{what}: {name} is {answer.headers.get(name)!r}"
        for name, value in ALWAYS.items()
        if value not in (answer.headers.get(name) or "")
    ]
    policy = answer.headers.get("Content-Security-Policy", "")
    found += [f"{what}: the policy has no {part}" for part in POLICY if part not in policy]
    found += [f"{what}: the policy has {bad}" for bad in ("unsafe", "*", "http:") if bad in policy]
    found += [
        f"{what}: no {feature}"
        for feature in ("camera=()", "geolocation=()")
        if feature not in answer.headers.get("Permissions-Policy", "")
    ]
    found += [f"{what}: {name} is told" for name in ("Server", "X-Powered-By") if name in answer.headers]
    return found


def walk() -> Iterator[tuple[str, str]]:
    """Name and address of every URL of the room, of a study that does exist."""
    study = create_study(
        entry=StudyEntry(code=f"HEAD-{uuid.uuid4().hex[:6]}", title="Headers"), by=Actor.process("test")
    )
    for name, pattern in url_names(get_resolver()):
        yield name, address(pattern, code=study.code)


def somebody() -> Account:
    return create_account(
        username=f"header-{uuid.uuid4().hex[:8]}",
        full_name="A Reader",
        password=uuid.uuid4().hex,
        by=Actor.process("test"),
    )


def check_every_answer_carries_the_headers() -> None:
    """Signed in or not, whatever the method and the status."""
    inside = Client(raise_request_exception=False)
    inside.force_login(somebody())
    found, seen = [], 0
    for name, url in walk():
        if name == "sign_out":
            continue
        for client in (Client(raise_request_exception=False), inside):
            for method in ("GET", "POST", "OPTIONS", "TRACE"):
                answer = client.generic(method, url, secure=settings.SECURE)
                found += faults_of(answer, f"{method} {url} ({answer.status_code})")
                seen += 1
    assert not found, "\n".join(found[:40])
    assert seen > 70


def check_static_files_are_isolated() -> None:
    """Static files are no secret, but no other site may build with them, and nobody guesses their type."""
    answer = Client().get(f"{settings.STATIC_URL}css/tokens.css")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/css")
    for name in ("Cross-Origin-Resource-Policy", "Permissions-Policy", "X-Content-Type-Options"):
        assert name in answer.headers, name
    answer.close()


def check_errors_carry_the_headers() -> None:
    """404, 400 and 413 too, which no view makes."""
    client = Client(raise_request_exception=False)
    cases = [
        (client.get("/nowhere/"), 404),
        (client.get("/%00"), 404),
        (client.get("/", headers={"Host": "evil.example"}), 400),
        (client.post("/health/", "x" * 3_000_000, content_type="text/plain"), 413),
        (client.generic("POST", "/health/", "x", CONTENT_LENGTH="-5"), 413),
    ]
    for answer, status in cases:
        assert answer.status_code == status
        assert not faults_of(answer, str(status))


def check_other_methods_are_refused() -> None:
    """TRACE and the writing methods that no page knows answer 405 everywhere, also when a header asks for them."""
    client = Client()
    client.force_login(somebody())
    for name, url in walk():
        for method in REFUSED_METHODS:
            assert client.generic(method, url).status_code == 405, f"{method} {url}"
        if name in {"home", "health"}:
            answer = client.get(url, headers={"X-HTTP-Method-Override": "DELETE"}, follow=True)
            assert answer.status_code == 200, "the header is ignored"


def check_signing_out_clears_the_browser() -> None:
    client = Client()
    client.force_login(somebody())
    answer = client.post(reverse("sign_out"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get(reverse("sign_in")).headers


def check_cookies_are_for_this_host_and_room_alone() -> None:
    """In production the names begin with __Host-, which a browser takes with Secure, Path=/ and no Domain only."""
    client = Client()
    client.get(reverse("sign_in"))
    for cookie in client.cookies.values():
        assert cookie["path"] == "/" and not cookie["domain"], cookie.key
        assert cookie["httponly"] and cookie["samesite"] in {"Lax", "Strict"}, cookie.key
        assert f"pv_{settings.ROOM}_" in cookie.key
    assert client.cookies
