"""URL × person in one room: who is answered, who is refused, what a foreign id betrays. Run once in each room."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.studies.models import Study
from tests.architecture.rooms import OWN_SIGN_IN
from tests.architecture.walkers import url_names
from tests.people import browser, masked

# Who is answered, besides whoever has a permission.
PUBLIC = "everybody, signed in or not"
ANYBODY = "everybody with an account"
MEMBERS = "everybody with a role in the study"
CLIENT = "a sponsor's API client"
NO = "no such method"
DOOR = "everybody, and shown the door"
OWN = "one's own sign-in, which is tested where it is; here only that it does not fail"
METHODS = ("get", "post")
# No study is behind the blanks of these; tests/open/members asks the first three, the doors' tests the others.
SOMEWHERE_ELSE = {
    "join",
    "account_detail",
    "account_step",
    "reset_ask",
    "reset_decide",
    "client_end",
    "openid_connect_login",
    "openid_connect_callback",
}
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is answered to GET and to POST: permissions (any) or words from above. `at_site`: at one's own site only."""

    get: str
    post: str
    at_site: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A study with one object behind every blank that an address of this room can have."""

    study: Study
    ids: dict[str, object]  # by the name of the blank


def blanks(pattern: str) -> list[str]:
    """Names of the blanks of a pattern, without that of the study's code."""
    return [name for name in re.findall(r"<(?:\w+:)?(\w+)>", pattern) if name != "code"]


def filled(pattern: str, code: str, ids: dict[str, object]) -> str:
    """The address; a blank that nobody has an id for fails here: add it to the room's Known."""

    def fill(found: re.Match[str]) -> str:
        return code if found[1] == "code" else str(ids[found[1]])

    return re.sub(r"<(?:\w+:)?(\w+)>", fill, pattern)


def patterns() -> Iterator[tuple[str, str]]:
    """Name and pattern of every address of this room, each address once."""
    seen = set()
    for name, pattern in url_names(get_resolver()):
        if pattern not in seen:
            seen.add(pattern)
            yield name, pattern


def ask(client: Client, method: str, url: str, body: dict[str, str] | None = None) -> HttpResponse:
    """One request that leaves nothing behind."""
    with transaction.atomic():
        kept = client.cookies.copy()
        if method == "get":
            answer = client.get(url)
        elif url.startswith("/api/"):
            answer = client.post(url, body or {}, content_type="application/json")
        else:
            answer = client.post(url, body or {})
        client.cookies = kept
        transaction.set_rollback(True)
    return answer  # type: ignore[return-value]  # the test client's response has more, of which nothing is used


def outcome(answer: HttpResponse) -> str:
    """The class of an answer."""
    if answer.status_code == 302 and answer.headers["Location"].startswith(reverse("sign_in")):
        return "sign in"
    return {401: "sign in", 403: "refused", 404: "refused", 405: "no such method"}.get(
        answer.status_code, "failed" if answer.status_code >= 500 else "answered"
    )


def expected(rule: Rule, method: str, role: str, *, own_study: bool, own_site: bool) -> set[str]:
    """What this role may get. An address without the method may refuse first, whichever comes first."""
    who = rule.get if method == "get" else rule.post
    if who == OWN:
        return {"answered", "sign in", "refused", "no such method"}
    if who == DOOR:
        return {"sign in"}
    if role == ANONYMOUS:
        words = {"answered"} if who == PUBLIC else {"sign in"}
        return words | ({"no such method"} if who == NO else set())
    if who == NO:
        return {"no such method", "refused"} | ({"sign in"} if CLIENT in (rule.get, rule.post) else set())
    if who in (PUBLIC, ANYBODY):
        return {"answered"}
    if who == CLIENT:
        return {"sign in"}
    if who == MEMBERS:
        return {"answered"} if own_study and role in ROLES and ROLES[role].scope != "system" else {"refused"}
    held = role in ROLES and bool({Permission(one) for one in who.split()} & ROLES[role].permissions)
    system = held and ROLES[role].scope == "system"
    return (
        {"answered"} if held and (system or (own_study and (own_site or not rule.at_site))) else {"refused"}
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the matrix: a role, in this study or another, at the site of the objects or another."""

    role: str
    account: Account | None
    own_study: bool = True
    own_site: bool = True


def faults_of_matrix(
    rules: dict[str, Rule], people: list[Person], known: Known, session: dict[str, object] | None = None
) -> list[str]:
    """Every address × person × method whose answer is of another class than its rule says."""
    found = []
    clients = [signed_in(person.account, session) for person in people]
    for name, pattern in patterns():
        if name in OWN_SIGN_IN:
            rules = {**rules, name: Rule(OWN, OWN)}
        if name not in rules:
            found.append(f"{name} ({pattern}) is not classified; give it a rule")
            continue
        url = filled(pattern, known.study.code, known.ids)
        for person, client in zip(people, clients, strict=True):
            for method in METHODS:
                wanted = expected(
                    rules[name], method, person.role, own_study=person.own_study, own_site=person.own_site
                )
                got = outcome(ask(client, method, url))
                if got not in wanted:
                    whose = "" if person.own_study else " of another study"
                    found.append(
                        f"{method} {url}: {person.role}{whose} is {got}, not {' or '.join(sorted(wanted))}"
                    )
    return found


def signed_in(account: Account | None, session: dict[str, object] | None = None) -> Client:
    """A browser of this person, or of nobody; `session` is what the person said in it before."""
    if account is None:
        return Client()
    client = browser(account)
    if session:
        kept = client.session
        kept.update(session)
        kept.save()
    return client


def faults_of_foreign_ids(
    people: list[Person], own: Known, other: Known, session: dict[str, object] | None = None
) -> list[str]:
    """Addresses that answer otherwise for an id of the other study than for one that does not exist.

    Each blank is filled with each id of the other study, its own kind first (POST: that and one more), under the own
    study's code, the other blanks with own ids or foreign ones; and the other study's code goes with either's ids.
    """
    found = []
    clients = [signed_in(person.account, session) for person in people]
    for name, pattern in patterns():
        if "<" not in pattern or name in OWN_SIGN_IN or name in SOMEWHERE_ELSE:
            continue  # no study is behind these
        for nothing, foreign in _pairs(pattern, own, other):
            for person, client in zip(people, clients, strict=True):
                for method in METHODS:
                    nowhere = _said(ask(client, method, nothing), other)
                    for url in foreign if method == "get" else foreign[:2]:
                        there = _said(ask(client, method, url), other)
                        if there != nowhere:
                            found.append(
                                f"{method} {url} as {person.role}: {there[:2]}, nothing: {nowhere[:2]}"
                            )
    return found


def _pairs(pattern: str, own: Known, other: Known) -> Iterator[tuple[str, list[str]]]:
    """An address of something that does not exist, and those with something foreign at the same place."""
    nothing: dict[str, object] = {name: uuid.uuid4() for name in own.ids}
    if "<str:code>" in pattern and own.study != other.study:
        foreign = [filled(pattern, other.study.code, ids) for ids in (other.ids, own.ids)]
        yield filled(pattern, f"NO-{uuid.uuid4().hex[:8]}", nothing), foreign
    of_other = sorted(
        {one for one in other.ids.values() if isinstance(one, uuid.UUID)} - set(own.ids.values())
    )
    names = blanks(pattern)
    for name in names:
        foreign = [filled(pattern, own.study.code, {**own.ids, name: one}) for one in of_other]
        yield filled(pattern, own.study.code, {**own.ids, name: uuid.uuid4()}), foreign
    if len(names) > 1:
        yield filled(pattern, own.study.code, nothing), [filled(pattern, own.study.code, other.ids)]


def _said(answer: HttpResponse, other: Known) -> tuple[int, str, bytes]:
    """Status, where to, and the page, without what the address itself named."""
    where = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|NO-[0-9a-f]{8}", "*", answer.headers.get("Location", ""))
    page = masked(answer.content, other.study.code) if hasattr(answer, "content") else b""
    page = re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|NO-[0-9a-f]{8}", b"*", page)
    return answer.status_code, where.replace(other.study.code, "*"), page
