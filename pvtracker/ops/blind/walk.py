"""Everything that blinded people can fetch from the open room: run inside one of its processes.

For every role of the room: from the door along every link, then every address of the URL conf with the ids that the
links showed. Then the sponsor's program. An answer is kept whole: status, headers in their order, body.
"""

from __future__ import annotations

import base64
import io
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, ResolverMatch, URLPattern, URLResolver, get_resolver, resolve, reverse

from pvtracker.accounts import sessions
from pvtracker.accounts.models import Account
from pvtracker.ops.blind.timing import measure
from pvtracker.participants.models import Participant
from pvtracker.studies.queries import enter_code

HOST = "localhost"
LINK = re.compile(rb"""(?:href|src|action|hx-get|data-url)=["'](/[^"'#]*)""")
_USED = re.compile(r'UPDATE "accounts_opensession" SET "used_at"')
NOT_WALKED = ("/static/", "/sign-out/")
# A page that is there, and of the wrong kind: what a filter of a relation and a repetition of the question answer.
PROBES = ("?subject__allocation__arm=1&arm=1&order_by=arm", "?q=placebo&search=placebo")
IDS_PER_BLANK = {
    True: 2,
    False: 40,
}  # of every kind that links showed, put into addresses that no link led to
MOST_FEED_PAGES = 1000
PAGES_PER_SHAPE = {True: 3, False: 40}
PROBED_PER_SHAPE = (
    5  # what answers a filter is the view, not the row: in the full form a few addresses of each
)


@dataclass(slots=True)
class Cost:
    """What a request asked of the database: its time by count, which no busy machine changes."""

    statements: int = 0
    rows: int = 0

    def note(self, execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        """Count one statement; not the note that a session was used, which is made every twenty seconds."""
        done = execute(statement, params, many, context)
        if not _USED.match(str(statement)):
            self.statements += 1
            self.rows += max(0, context["cursor"].rowcount)
        return done


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought: who asked for what, every byte that came, and what it cost."""

    role: str
    method: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cost: Cost = field(default_factory=Cost)

    def as_json(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "method": self.method,
            "url": self.url,
            "status": self.status,
            "headers": self.headers,
            "cost": [self.cost.statements, self.cost.rows],
            "body": base64.b64encode(self.body).decode(),
        }


@dataclass(slots=True)
class Seen:
    """Which shapes of addresses were fetched how often, and the ids that links showed, by the blank they fill."""

    short: bool
    shapes: dict[str, int] = field(default_factory=dict)
    ids: dict[str, list[Any]] = field(default_factory=dict)

    def is_wanted(self, url: str) -> bool:
        """Once more for an address of this shape? Its ids are remembered either way."""
        try:
            found = resolve(urlsplit(url).path)
        except Resolver404:
            return False
        for blank, value in found.kwargs.items():
            known = self.ids.setdefault(blank, [])
            if value not in known:
                known.append(value)
        shape = shape_of(url, found)
        self.shapes[shape] = self.shapes.get(shape, 0) + 1
        return self.shapes[shape] <= PAGES_PER_SHAPE[self.short]


def shape_of(url: str, found: ResolverMatch) -> str:
    """The view that answers, and which parameters it is given: what addresses with other ids in them share."""
    names = sorted(part.partition("=")[0] for part in urlsplit(url).query.split("&"))
    return f"{found.url_name}{len(found.kwargs)}?{'&'.join(names)}"


def walk(*, study: str, roles: list[str], sponsor: tuple[str, str], short: bool) -> Iterator[Answer]:
    """The answers to a visitor, to each role and to the sponsor's program, in an order that only the pages decide; and
    what the command prints that reads pooled rates."""
    yield from _person("visitor", Client(SERVER_NAME=HOST), study, short=short)
    for role in roles:
        yield from _person(role, _signed_in(role), study, short=short)
    yield from _program(sponsor, study)
    yield _command("monitor_pooled", study, "--json", "-")


def times(*, study: str, times: int) -> dict[str, list[float]]:
    """Seconds of each request for the page of each participant (see `timing`), by subject."""
    with transaction.atomic():
        enter_code(study)
        people = list(Participant.objects.filter(study__code=study).values_list("subject", "id"))
    addresses = {subject: reverse("participant", args=[study, person]) for subject, person in people}
    client = _signed_in("medical_monitor")

    def fetch(address: str) -> None:
        if client.get(address).status_code != 200:
            raise RuntimeError("The page of a participant was refused; a refusal tells nothing of its time.")

    return measure(addresses, fetch, times=times)


def _signed_in(role: str) -> Client:
    """The role's account with a session such as the sign-in page opens for who gave both factors."""
    account = Account.objects.get(username=role)
    client = Client(SERVER_NAME=HOST, raise_request_exception=False)
    client.force_login(account)
    opened = sessions.note(account, device="blindcheck", address="127.0.0.1", second_factor=True)
    session = client.session
    session[sessions.IN_SESSION] = str(opened.id)
    session.save()
    return client


def _person(role: str, client: Client, study: str, *, short: bool) -> Iterator[Answer]:
    seen = Seen(short)
    done: dict[str, None] = {}  # in the order of asking: sorted by random ids they would tell nothing
    waiting = ["/", "/?all=1"]
    while waiting:
        url = waiting.pop(0)
        if url in done or url.startswith(NOT_WALKED) or not seen.is_wanted(url):
            continue
        done[url] = None
        answer = ask(client, role, url)
        yield answer
        waiting += [link.decode().replace("&amp;", "&") for link in LINK.findall(answer.body)]
        if 300 <= answer.status < 400:
            waiting.append(dict(answer.headers)["Location"])
    rest = [url for url in addresses(seen.ids, study=study, short=short) if url not in done]
    for url in rest:
        yield ask(client, role, url)
    plain = [url for url in done if "?" not in url]
    for url in plain[::8] if short else _some_of_each_shape([*plain, *rest]):
        for probe in PROBES:
            yield ask(client, role, url + probe)


def _some_of_each_shape(urls: list[str]) -> Iterator[str]:
    probed: dict[str, int] = {}
    for url in urls:
        shape = shape_of(url, resolve(url))
        probed[shape] = probed.get(shape, 0) + 1
        if probed[shape] <= PROBED_PER_SHAPE:
            yield url


def addresses(ids: dict[str, list[Any]], *, study: str, short: bool) -> Iterator[str]:
    """Every named address of the room, its blanks filled with ids that were seen, or with an id of nothing."""
    for name, blanks in _patterns(get_resolver()):
        if name in ("sign_out", "token", "token_revoke") or not name:
            continue
        fills: list[dict[str, Any]] = [{}]
        for blank in blanks:
            values = [study] if blank == "code" else ids.get(blank) or [uuid.UUID(int=1)]
            wanted = values[: IDS_PER_BLANK[short]]
            fills = [{**fill, blank: value} for fill in fills for value in wanted]
        for fill in fills[: PAGES_PER_SHAPE[short]]:
            try:
                yield reverse(name, kwargs=fill)
            except Exception:  # noqa: S112 - a blank of another kind than an id; no address can be made
                continue


def _patterns(resolver: URLResolver) -> Iterator[tuple[str, tuple[str, ...]]]:
    for found in resolver.url_patterns:
        if isinstance(found, URLPattern):
            yield str(found.name or ""), tuple(found.pattern.converters)
        else:
            yield from _patterns(found)


def ask(client: Client, role: str, url: str, method: str = "GET", **headers: str) -> Answer:
    """One request, its whole answer; a streamed body is put together."""
    cost = Cost()
    with connection.execute_wrapper(cost.note):
        response = client.generic(method, url, headers=headers or None)
        body = b"".join(response) if response.streaming else response.content
    named = [
        *response.headers.items(),
        *(("Set-Cookie", str(c.OutputString())) for c in response.cookies.values()),
    ]
    return Answer(role, method, url, response.status_code, tuple(named), body, cost)


def _command(*words: str) -> Answer:
    """What a command of the room prints, whoever runs it; a refusal is told as one."""
    printed, cost = io.StringIO(), Cost()
    with connection.execute_wrapper(cost.note):
        try:
            call_command(*words, stdout=printed, stderr=printed)
            status = 200
        except CommandError as refusal:
            printed.write(str(refusal))
            status = 422
    return Answer("command", "RUN", " ".join(words), status, (), printed.getvalue().encode(), cost)


def _program(sponsor: tuple[str, str], study: str) -> Iterator[Answer]:
    """The sponsor's program: a token, its description, every page of the feed from its beginning, and OPTIONS."""
    client = Client(SERVER_NAME=HOST, raise_request_exception=False)
    given = base64.b64encode(":".join(sponsor).encode()).decode()
    token = client.post(
        reverse("token"),
        {"grant_type": "client_credentials", "scope": "feed"},
        headers={"Authorization": f"Basic {given}"},
    )
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"} if token.status_code == 200 else {}
    yield Answer("sponsor", "POST", reverse("token"), token.status_code, (), b"")
    feed = reverse("api_adverse_events", args=[study])
    for url in (reverse("openapi"), feed, f"{feed}?subject__allocation__arm=1", f"{feed}?expand=arm"):
        for method in ("GET", "OPTIONS"):
            yield ask(client, "sponsor", url, method, **bearer)
    cursor = ""
    for _ in range(MOST_FEED_PAGES):
        answer = ask(client, "sponsor", f"{feed}?cursor={quote(cursor)}" if cursor else feed, **bearer)
        yield answer
        page = json.loads(answer.body) if answer.status == 200 else {}
        if not page.get("more"):
            break
        cursor = page["cursor"]
