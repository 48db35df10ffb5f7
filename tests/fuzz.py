"""Hostile values for every address, method and parameter of a room: refused or answered, never a fault."""

from __future__ import annotations

import random
import re
import time
from urllib.parse import quote

from django.db import transaction
from django.urls import get_resolver

from tests.architecture.asking import Browser
from tests.architecture.walkers import url_names

SEED = 20260301
ROUNDS = {
    "GET": 3,
    "POST": 3,
    "HEAD": 1,
    "OPTIONS": 1,
}  # HEAD runs what GET runs, and OPTIONS hardly anything
SLOWEST = 2.0
VALUES = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "9" * 40,
        "1e999",
        "NaN",
        "null",
        "true",
        "[]",
        "{}",
        "a" * 5_000,
        "é",
        "😀",
        "\u202e",
    ),
    *(
        "\0",
        "%00",
        "\r\nX: y",
        "../../etc/passwd",
        "<script>",
        "' or 1=1--",
        "{{7*7}}",
        "%s",
        "\ud7ff\ufffe",
        "٣",
    ),
    *(
        "00000000-0000-0000-0000-000000000001",
        "2026-02-30",
        "all",
        "open",
        "yes",
        "code",
        "-code",
        "__class__",
    ),
)
PARAMETERS = (
    *(
        "q",
        "site",
        "sort",
        "page",
        "rule",
        "state",
        "grade",
        "serious",
        "queried",
        "voided",
        "next",
        "cursor",
        "save",
    ),
    *(
        "submission_key",
        "version",
        "term",
        "verbatim",
        "onset",
        "end",
        "narrative",
        "reason",
        "answer",
        "text",
        "role",
    ),
    *(
        "account",
        "username",
        "password",
        "cut",
        "date",
        "analysis_arm",
        "grant_type",
        "client_id",
        "scope",
        "token",
    ),
    *(
        "kind",
        "person",
        "since",
        "until",
        "format",
        "starts_on",
        "ends_on",
        "email",
        "code",
        "decision",
        "comment",
    ),
)
TYPES = (
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/xml",
    "\u00e9/x",
)


def filled(pattern: str, code: str, chosen: random.Random, known: dict[str, list[str]]) -> str:
    """The pattern with ids that exist, ids that do not, and hostile texts in its blanks."""

    def blank(match: re.Match[str]) -> str:
        kind, _, name = match.group(1).rpartition(":")
        if name == "code":
            return code if chosen.random() < 0.8 else quote(chosen.choice(VALUES) or "x", safe="")
        if kind == "uuid" or name.endswith("_id"):
            return chosen.choice(known["ids"])
        return quote(chosen.choice(VALUES) or "x", safe="")

    return re.sub(r"<([^>]+)>", blank, pattern)


def check_never_a_fault(browsers: list[Browser], *, code: str, ids: list[str]) -> None:
    """Each address with each method, by each browser, with hostile parameters and bodies; all of it is undone."""
    chosen = random.Random(SEED)
    known = {"ids": [*ids, "00000000-0000-0000-0000-000000000001"]}
    asked, faults = 0, []
    for name, pattern in url_names(get_resolver()):
        if name in {"sign_out", "account_logout"} or "^" in pattern:
            continue
        for browser in browsers:
            for method, rounds in ROUNDS.items():
                for _ in range(rounds):
                    url = filled(pattern, code, chosen, known)
                    told = {chosen.choice(PARAMETERS): chosen.choice(VALUES) for _ in range(4)}
                    body = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in told.items())
                    sent = chosen.choice((body, '{"a":', "[" * 2_000, "--x\r\nbad", "\xff\x00", ""))
                    begun = time.monotonic()
                    request = browser.requests.generic(
                        method,
                        f"{url}?{body}",
                        sent.encode("utf-8", "replace") if method == "POST" else b"",
                        content_type=chosen.choice(TYPES).encode("ascii", "replace").decode(),
                    )
                    with transaction.atomic():
                        answer = browser.send(request)
                        transaction.set_rollback(True)
                    asked += 1
                    if answer.status_code >= 500:
                        faults.append(f"{method} {url}?{body[:200]} {sent[:60]!r}: {answer.status_code}")
                    if time.monotonic() - begun > SLOWEST:
                        faults.append(f"{method} {url} took {time.monotonic() - begun:.1f} s")
                    assert b"Traceback" not in (b"" if answer.streaming else answer.content)
    assert not faults, "\n".join(faults[:20])
    assert asked > 500
