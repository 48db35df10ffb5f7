"""The engines that `manage.py test` started, as fixtures need them: clones of the migrated databases."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from pvtracker.ops.blind import scratch
from pvtracker.ops.rooms import ROOMS, Home, Installation, Names

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = "_test"
KEPT_LOGS = "logs-of-this-run"  # in the home of the test run, which `manage.py test` empties when it begins


def admin_url() -> str:
    """The administrative connection; tests that need it are skipped when pytest was started without it."""
    url = os.environ.get("PVTRACKER_TEST_ADMIN_URL")
    if not url:
        pytest.skip("needs the engines of `python3 manage.py test`")
    return url


@contextmanager
def clone(room: str, name: str) -> Iterator[str]:
    """A fresh copy of a room's migrated, empty database, dropped afterwards; yields its name."""
    template, copy = Names(SUFFIX).database(room), Names(SUFFIX, f"_{name}").database(room)
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        _drop(connection, copy)
        owner, login = Names(SUFFIX).owner(room), Names(SUFFIX).login(room)
        connection.execute(
            sql.SQL("create database {} template {} owner {}").format(
                *map(sql.Identifier, (copy, template, owner))
            )
        )
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(copy)))
        connection.execute(
            sql.SQL("grant connect, temporary on database {} to {}").format(
                sql.Identifier(copy), sql.Identifier(login)
            )
        )
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(
                sql.Identifier(copy), sql.Identifier(Names(SUFFIX).sealer(room))
            )
        )
    try:
        yield copy
    finally:
        with psycopg.connect(admin_url(), autocommit=True) as connection:
            _drop(connection, copy)


def _drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Gone within a minute, or an error: the server waits for all its processes, of which one may hang."""
    connection.execute("set statement_timeout = '60s'")
    connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    connection.execute("reset statement_timeout")


@contextmanager
def installation(name: str, folder: Path) -> Iterator[Installation]:
    """Both rooms with databases and storage of their own, sharing the engines and logins of the test run."""
    admin_url()
    secrets = Home(Path(os.environ["PVTRACKER_TEST_HOME"])).path / "secrets.json"
    home = Home(folder)
    home.make()
    (home.path / "secrets.json").write_bytes(secrets.read_bytes())
    try:
        with clone("open", name), clone("closed", name):
            yield Installation(
                home=home,
                names=Names(SUFFIX, f"_{name}"),
                admin_url=admin_url(),
                broker_urls={room: os.environ[f"PVTRACKER_TEST_{room.upper()}_BROKER"] for room in ROOMS},
                demo=True,
            )
    finally:
        for log in (home.path / "logs").glob("*.log"):
            shutil.copyfile(log, kept_logs() / f"{name}-{log.name}")


def kept_logs() -> Path:
    """Where the logs of this run lie until its last test, which searches them all."""
    folder = Path(os.environ["PVTRACKER_TEST_HOME"]) / KEPT_LOGS
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def own_brokers(shared: Installation) -> Iterator[Installation]:
    """The same installation with broker key spaces of its own: no other worker hears its bells."""
    urls = {room: scratch.free_space(shared.broker_urls[room]) for room in ROOMS}
    try:
        yield replace(shared, broker_urls=urls)
    finally:
        for url in urls.values():
            scratch.client(url).flushdb()
