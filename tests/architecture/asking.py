"""Many requests of many people in one room: each passes every middleware, and leaves nothing behind.

A browser here is a cookie and Django's own handler, without what Django's test client adds (a copy of every template's
context, signals, cookies that are kept). What is asked of the database about the person with every page (account,
session and what it holds, roles, agreement and training) is asked in the first request of a browser and then
remembered, half of the time of a page: between two requests nobody's state changes, because everything is undone.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from pvtracker.accounts import queries as account_queries
from pvtracker.accounts import sessions
from pvtracker.accounts.models import Account
from pvtracker.studies import queries
from pvtracker.web import doors
from tests.people import masked

DEEP = ("current", "load")  # what a request may change within
ANY_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}|NO-[0-9a-f]{8}|(?<=%2F)\d+(?=%2F)")


@cache
def handler() -> BaseHandler:
    """The room's views behind all its middlewares."""
    made = BaseHandler()
    made.load_middleware()
    return made


class Browser:
    """Somebody signed in with both factors, or nobody; `said` is what the person said in the session before."""

    def __init__(
        self, account: Account | None = None, said: dict[str, object] | None = None, **headers: str
    ) -> None:
        self.requests = RequestFactory(headers=headers)
        self.account = account
        self.known: dict[str, Any] = {}
        if account is not None:
            self.requests.cookies[settings.SESSION_COOKIE_NAME] = _session(account, said or {})

    def ask(self, method: str, url: str, body: dict[str, Any] | None = None) -> HttpResponse:
        """The answer; whatever the request wrote is undone, and the study of the test is entered as before."""
        with transaction.atomic():
            answer = self.answer(method, url, body)
            transaction.set_rollback(True)
        return answer

    def answer(self, method: str, url: str, body: dict[str, Any] | None = None) -> HttpResponse:
        """The answer, and what the request wrote stays for the transaction."""
        if method == "get":
            request = self.requests.get(url, body)
        elif url.startswith("/api/"):
            request = self.requests.post(url, body or {}, content_type="application/json")
        else:
            request = self.requests.post(url, body or {})
        return self.send(request)

    def send(self, request: Any) -> HttpResponse:
        """The answer to a request that `requests` made."""
        request._dont_enforce_csrf_checks = True  # as the test client does
        with self._remembering():
            answer = handler().get_response(request)
        if answer.streaming:
            answer.close()
        return answer  # type: ignore[return-value]  # what a view returns

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """The questions about this browser's person are answered from the first time on; about anybody else, asked."""
        if self.account is None:
            yield
            return
        mine = self.account.pk
        key = self.requests.cookies[settings.SESSION_COOKIE_NAME].value

        def about_me(who: Any) -> bool:
            return getattr(who, "_asks", False) and who.pk == mine

        with (
            patch.object(auth, "get_user", self._once(auth.get_user, lambda request: True)),
            patch.object(
                sessions, "current", self._once(sessions.current, lambda request, who: who.pk == mine)
            ),
            patch.object(doors, "lacking", self._once(doors.lacking, lambda who: who.pk == mine)),
            patch.object(queries, "memberships_of", self._once(queries.memberships_of, about_me)),
            patch.object(account_queries, "system_roles", self._once(account_queries.system_roles, about_me)),
            patch.object(
                SessionStore, "load", self._once(SessionStore.load, lambda kept: kept.session_key == key)
            ),
        ):
            yield

    def _once(self, ask: Callable[..., Any], about_me: Callable[..., bool]) -> Callable[..., Any]:
        def answer(*given: Any) -> Any:
            if not about_me(*given):
                return ask(*given)
            name = ask.__name__
            if name not in self.known:
                self.known[name] = ask(*given)
            found = (copy.deepcopy if name in DEEP else copy.copy)(self.known[name])
            if name == "get_user":
                found._asks = True
            return found

        return answer


def _session(account: Account, said: dict[str, object]) -> str:
    """The key of a session as the sign-in page opens one."""
    opened = sessions.note(account, device="a test", address="127.0.0.1", second_factor=True)
    # used in a while: a request that comes later than some seconds after the last one notes its time
    type(opened).objects.filter(id=opened.id).update(used_at=opened.used_at + timedelta(minutes=10))
    kept = SessionStore()
    kept.update(
        {
            SESSION_KEY: str(account.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: account.get_session_auth_hash(),
            sessions.IN_SESSION: str(opened.id),
            **said,
        }
    )
    kept.create()
    return str(kept.session_key)


def outcome(answer: HttpResponse) -> str:
    """The class of an answer."""
    if answer.status_code == 302 and answer.headers["Location"].startswith(reverse("sign_in")):
        return "sign in"
    return {401: "sign in", 403: "refused", 404: "refused", 405: "no such method"}.get(
        answer.status_code, "failed" if answer.status_code >= 500 else "answered"
    )


def said(answer: HttpResponse, *named: object) -> tuple[int, str, bytes]:
    """Status, where to, and the page, without ids and without what the request itself named."""
    where = answer.headers.get("Location", "").encode()
    page = masked(answer.content) if not answer.streaming else b""
    told = []
    for text in (where, page):
        text = ANY_ID.sub(b"*", text)
        for one in named:
            named_so = re.escape(str(one).encode())
            if (
                len(str(one)) < 4
            ):  # so short a code stands in dates and numbers too: only where it is a whole value
                named_so = rb"(?<=[\"=])" + named_so + rb"(?=[\"&])"
            text = re.sub(named_so, b"*", text)
        told.append(text)
    return answer.status_code, told[0].decode(), told[1]


def written(since: int, *studies: object) -> list[tuple[str, str, str]]:
    """Table, operation and new values of the rows of these studies written since; asked before they are undone."""
    found: list[tuple[str, str, str]] = []
    with connection.cursor() as cursor:
        for study in studies:
            cursor.execute("select set_config('pv.study', %s, true)", [str(study)])
            cursor.execute(
                "select table_name, operation, coalesce(new::text, '') from audit.entry"
                " where id > %s and study_id = %s order by id",
                [since, study],
            )
            found += cursor.fetchall()
    return found


def last_entry(*studies: object) -> int:
    """The newest entry of the trail about these studies."""
    last = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for study in studies:
            cursor.execute("select set_config('pv.study', %s, true)", [str(study)])
            cursor.execute("select coalesce(max(id), 0) from audit.entry where study_id = %s", [study])
            last = max(last, int(cursor.fetchone()[0]))
        transaction.set_rollback(True)
    return last
