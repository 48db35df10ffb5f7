"""Both rooms as real processes, with databases of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from pvtracker.ops import children
from pvtracker.ops.rooms import Installation
from tests import services
from tests.rooms import query, shell, wait_for

__all__ = ["query", "rooms", "shell", "start", "wait_for"]


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with empty databases, whose bells no other group of tests hears."""
    with (
        services.installation(f"wall{os.getpid()}", tmp_path_factory.mktemp("rooms")) as plain,
        services.own_brokers(plain) as installation,
    ):
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
