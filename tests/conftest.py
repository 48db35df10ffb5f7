"""Fixtures for every group of tests. `manage.py test` starts the engines and runs each group in its own process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

ROOM = os.environ.get("PVTRACKER_TEST_ROOM", "")


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


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: object) -> Iterator[str]:
    """A freshly cloned, empty database for one test that needs real commits; yields its name."""
    from django.db import connections

    from tests.services import clone

    with clone(ROOM, f"one{os.getpid()}") as name:
        before = connections["default"].settings_dict["NAME"]
        _point_at(name)
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            yield name
        connections.close_all()
        _point_at(str(before))


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


def _point_at(name: str) -> None:
    from django.conf import settings
    from django.db import connections

    connections.close_all()
    connections["default"].settings_dict["NAME"] = name
    settings.DATABASES["default"]["NAME"] = name
