"""Fixtures for every group of tests. `manage.py test` starts the engines and runs each group in its own process."""

from __future__ import annotations

import functools
import logging
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rooms import trial

__all__ = ["trial"]  # one for all groups that use it: imported in two places it would be two trials
ROOM = os.environ.get("PVTRACKER_TEST_ROOM", "")


@pytest.fixture(scope="session", autouse=True)
def passwords_cost_little() -> None:
    """A password is hashed as always, but with a cost of nothing: an account in a test takes no quarter of a second.

    What it costs elsewhere is Django's own choice, of which tests/open/accounts/test_door.py makes sure.
    """
    if ROOM:
        from tests.hashing import hash_cheaply

        hash_cheaply()


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """The database is there already; pytest-django must not make one of its own."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureDef[None]) -> Iterator[None]:
    """Point the room's connection at a fresh clone of the migrated template for this run of tests."""
    if not ROOM:
        yield  # pytest started by hand against a development database: tests roll back in it
        return
    from django.db import connections

    from tests.services import clone

    with clone(ROOM, f"run{os.getpid()}") as name:
        _point_at(name)
        yield
        connections.close_all()


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: pytest.FixtureDef[None]) -> Iterator[None]:
    """One transaction for all tests of a module, which is undone at its end: they share what is made once."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield
        transaction.set_rollback(True)


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: object) -> Iterator[str]:
    """A freshly cloned, empty database for one test that needs real commits; yields its name."""
    from django.db import connections

    from tests.services import clone

    with clone(ROOM, f"one{os.getpid()}") as name:
        for block in connections["default"].atomic_blocks[:1]:
            assert block._from_testcase, (
                "this module keeps a transaction, which a database of one test would end"
            )
        before = connections["default"].settings_dict["NAME"]
        _point_at(name)
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            yield name
        connections.close_all()
        _point_at(str(before))


@pytest.fixture(scope="session", autouse=True)
def what_the_room_logs_is_kept() -> Iterator[None]:
    """Beside the room's own handler, in the same form: the last test of a run searches it."""
    if not ROOM or "PVTRACKER_TEST_HOME" not in os.environ:
        yield
        return
    from django.conf import settings

    from pvtracker.lib.log_lines import OneLine
    from tests.services import kept_logs

    root = logging.getLogger()
    handler = logging.FileHandler(kept_logs() / f"{ROOM}-tests-{os.getpid()}.log")
    line = settings.LOGGING["formatters"]["line"]
    handler.setFormatter(OneLine(line["format"], style=line["style"]))
    root.addHandler(handler)
    logging.getLogger("pvtracker").info("tests begin")
    yield
    root.removeHandler(handler)
    handler.close()


@pytest.fixture(autouse=True)
def force_login_gives_both_factors(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """`force_login` opens a session as the sign-in page does for who gave a password and a second factor, and who may
    begin: agreement accepted, trained. A test marked `as_they_are` has people as it made them.
    """
    if not ROOM:
        return
    as_they_are = request.node.get_closest_marker("as_they_are") is not None
    from django.test import Client

    from pvtracker.accounts import sessions
    from tests.people import may_begin

    of_django = Client.force_login

    def force_login(self: Client, user: Any, backend: str | None = None) -> None:
        if not as_they_are:
            may_begin(user)
        of_django(self, user, backend)
        opened = sessions.note(user, device="a test", address="127.0.0.1", second_factor=True)
        session = self.session
        session[sessions.IN_SESSION] = str(opened.id)
        session.save()

    monkeypatch.setattr(Client, "force_login", force_login)


@pytest.fixture(autouse=True)
def a_request_leaves_the_study_of_the_test_alone() -> Iterator[None]:
    """A request enters a study for its transaction. In a test that never commits, that transaction is the test's own,
    so what was entered before the request is entered again after it (unseen by those who count queries).
    """
    if not ROOM:
        yield
        return
    from django.core.signals import request_finished, request_started
    from django.db import connection

    before: list[str] = []

    def remember(**told: object) -> None:
        if connection.in_atomic_block and not connection.connection.closed:
            [study] = connection.connection.execute("select current_setting('pv.study', true)").fetchone()
            before.append(study or "")

    def restore(**told: object) -> None:
        if before and connection.in_atomic_block and not connection.connection.closed:
            connection.connection.execute("select set_config('pv.study', %s, true)", [before.pop()])
            _entered.clear()

    request_started.connect(remember)
    request_finished.connect(restore)
    yield
    request_started.disconnect(remember)
    request_finished.disconnect(restore)


@pytest.fixture(autouse=True)
def a_statement_outside_a_study_is_a_mistake() -> Iterator[None]:
    """What asks a table of studies with no study entered would be shown nothing, and a test could be content with
    that. Here it fails, unless the table shows a person their own rows and a person asks.
    """
    if not ROOM:
        yield
        return
    from django.db import connection

    from pvtracker.audit.protection.rows import COMMON, MINE

    _entered.clear()

    def look(execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        told = str(statement)
        if _may_enter(told):
            _entered.clear()
        asked = _tables(told) & _protected(connection)
        if asked:
            study, actor = _what_is_entered(connection)
            hidden = asked - set(COMMON) - (set(MINE) if PERSON.match(actor or "") else set())
            assert study or not hidden, f"no study is entered, so {hidden} would show nothing: {statement}"
        return execute(statement, params, many, context)

    with connection.execute_wrapper(look):
        yield


def _what_is_entered(connection: Any) -> tuple[str | None, str | None]:
    """Study and person, asked of the database once between two statements that may enter others.

    Where the transaction is not the test's own it may have ended meanwhile, of which no statement tells: asked anew.
    """
    tests_own = any(connection.savepoint_ids) or any(
        block._from_testcase for block in connection.atomic_blocks[:1]
    )
    if not _entered or not tests_own:
        _entered[:] = connection.connection.execute(
            "select current_setting('pv.study', true), current_setting('pv.actor', true)"
        ).fetchone()
    study, actor = _entered
    return study, actor


@functools.lru_cache(maxsize=10_000)
def _may_enter(statement: str) -> bool:
    """All that is not plain reading or writing of rows: a setting, a savepoint, the way back to one."""
    return PLAIN.match(statement) is None or "set_config" in statement


PLAIN = re.compile(r"\s*(select|insert|update|delete)\b", re.IGNORECASE)
_entered: list[str | None] = []
TABLE = re.compile(r'\b(?:from|join|update) "?(\w+)"?', re.IGNORECASE)
PERSON = re.compile(r"[0-9a-f]{8}-")
_known: set[str] = set()


@functools.lru_cache(maxsize=10_000)
def _tables(statement: str) -> frozenset[str]:
    """The tables that a statement names; statements come again with other values."""
    return frozenset(TABLE.findall(statement))


def _protected(connection: Any) -> set[str]:
    """The tables under a policy, looked up once."""
    from pvtracker.audit.protection.rows import protected

    if not _known:
        with connection.connection.cursor() as cursor:
            _known.update(protected(cursor))
    return _known


def _point_at(name: str) -> None:
    from django.conf import settings
    from django.db import connections

    connections.close_all()
    connections["default"].settings_dict["NAME"] = name
    settings.DATABASES["default"]["NAME"] = name
