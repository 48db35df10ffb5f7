"""Scratch installations for the twins: databases, storage and broker key space of their own, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from pvtracker.ops.provision import provision
from pvtracker.ops.rooms import ROOMS, Home, Installation, Names, with_login
from pvtracker.ops.services.postgres import ServiceError

SPACES = range(4, 16)  # numbers of key spaces that an installation leaves alone; a server has 16


@contextlib.contextmanager
def scratch(base: Installation, label: str) -> Iterator[Installation]:
    """A fresh installation on the engines of `base`, under the same logins; everything of it is removed at the end."""
    name = f"_blind{os.getpid()}{label}"
    with tempfile.TemporaryDirectory(prefix=f"pvtracker-blind-{label}-") as made:  # mode 0700
        home = Home(Path(made).resolve())
        home.make()
        private = home.path / "secrets.json"
        private.touch(mode=0o600)
        private.write_bytes((base.home.path / "secrets.json").read_bytes())
        brokers = {room: free_space(base.broker_urls[room]) for room in ROOMS}
        names = Names(base.names.suffix, name)
        twin = replace(base, home=home, names=names, broker_urls=brokers, demo=True)
        try:
            provision(twin)
            yield twin
        finally:
            for room in ROOMS:
                client(brokers[room]).flushdb()
            _drop_databases(twin)


def _drop_databases(installation: Installation) -> None:
    with psycopg.connect(installation.admin_url, autocommit=True) as connection:
        for room in ROOMS:
            name = sql.Identifier(installation.names.database(room))
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))


def database_url(installation: Installation, room: str) -> str:
    """A room's database as the administrator sees it: every row of every study, whatever guards them."""
    parts = urlsplit(installation.admin_url)
    return with_login(
        installation.admin_url,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=installation.names.database(room),
    )


# --- brokers -------------------------------------------------------------------------------------------------------
def free_space(url: str) -> str:
    """The URL of an empty key space on the same server. It is marked as taken, so that two twins get two."""
    for number in SPACES:
        found = in_space(url, number)
        with contextlib.closing(client(found)) as server:
            if server.setnx("blindcheck", os.getpid()) and server.dbsize() == 1:
                return found
    raise ServiceError("The broker has no empty key space for a blindcheck; see REDIS_URL.")


def in_space(url: str, number: int) -> str:
    """The same server, another numbered key space: in the path of a host's URL, in the query of a socket's."""
    parts = urlsplit(url)
    if "+socket" in parts.scheme:
        query = dict(parse_qsl(parts.query)) | {"virtual_host": str(number)}
        return urlunsplit(parts._replace(query=urlencode(query)))
    return urlunsplit(parts._replace(path=f"/{number}"))


def client(url: str) -> redis.Redis:
    """A client of the broker that the URL names, as the workers understand it."""
    parts = urlsplit(url)
    if "+socket" not in parts.scheme:
        return redis.Redis.from_url(url)
    number = int(dict(parse_qsl(parts.query)).get("virtual_host", "0"))
    return redis.Redis(
        unix_socket_path=unquote(parts.path), password=unquote(parts.password or ""), db=number
    )
