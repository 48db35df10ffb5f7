"""Both rooms as real processes, with databases of their own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pvtracker.ops import children
from pvtracker.ops.rooms import Installation
from tests import services


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with empty databases."""
    with services.installation("wall", tmp_path_factory.mktemp("rooms")) as installation:
        yield installation


@pytest.fixture
def start(rooms: Installation) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process of a room; all are ended after the test, however they are."""
    running: list[subprocess.Popen[bytes]] = []

    def starter(room: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        running.append(children.start(rooms, room, name, *arguments))
        return running[-1]

    yield starter
    for child in running:
        if child.poll() is None:
            child.kill()
    children.stop_all(running)


def shell(rooms: Installation, room: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python inside a process of a room."""
    return children.run(
        rooms, room, "shell", "--no-imports", "-c", code, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def query(rooms: Installation, room: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Ask a room's database directly, as its own login."""
    with psycopg.connect(rooms.database_url(room), autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def wait_for(what: Callable[[], object], *, seconds: float, saying: str) -> None:
    """Poll until `what` is true; fail with `saying` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            pytest.fail(f"{saying} within {seconds} s")
        time.sleep(0.1)


def log_of(rooms: Installation, room: str, name: str) -> str:
    return Path(rooms.home.path / "logs" / f"{room}-{name}.log").read_text()
