"""Fixtures for tests that start both rooms: an empty installation, and one with a simulated trial worked through."""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from pvtracker.ops import children, demo_codes
from pvtracker.ops.blind import twins
from pvtracker.ops.blind.twins import Twin
from pvtracker.ops.commands import demo, serve, simulate_trial
from pvtracker.ops.commands.blindcheck import today
from pvtracker.ops.rooms import ROOMS, Installation
from tests import services


@dataclass(frozen=True, slots=True)
class Trial:
    """A simulated trial that went through the whole main job with real workers."""

    installation: Installation
    study: str
    people: dict[str, demo_codes.SignIn]
    sign_ins: Path
    reports: dict[str, Path]
    urls: dict[str, str]
    twin: Twin | None  # what its open room held before any test used it, when tests of the blind want to know
    day: date  # in UTC, on which it began


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Trial]:
    """The demo's own steps, on databases of their own; both rooms are served while tests use it."""
    folder, day = tmp_path_factory.mktemp("trial"), today()
    wanted = any("blind_twins" in getattr(item, "fixturenames", ()) for item in request.session.items)
    shared = services.installation(f"trial{os.getpid()}", folder)
    with shared as plain, services.own_brokers(plain) as installation:
        chosen = argparse.Namespace(
            study=demo.STUDY, participants=74, arms=2, seed=demo.SEED, effect=[], bulk=False
        )
        assert simulate_trial.run(chosen, installation) == 0
        reports = {room: folder / f"{room}.pdf" for room in ROOMS}
        sign_ins = folder / "sign-ins.json"
        people = demo.sign_ins(installation, sign_ins)
        ports = serve.free_ports({"open": 18000, "closed": 18001})
        with serve.background(installation):
            demo.main_job(installation, reports)
        # Read as the other twin is read: after its workers have ended, which write a last line and take keys away.
        twin = twins.read(installation, study=demo.STUDY, short=True) if wanted else None
        with serve.background(installation), serve.web(installation, ports):
            urls = {room: f"http://localhost:{port}" for room, port in ports.items()}
            yield Trial(installation, demo.STUDY, people, sign_ins, reports, urls, twin, day)


def shell(rooms: Installation, room: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python inside a process of a room."""
    arguments = ("shell", "--no-imports", "-c", code)
    return children.run(rooms, room, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def query(rooms: Installation, room: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Look into a room's database as the administrator, whom no policy keeps from a row."""
    url = urlsplit(rooms.admin_url)._replace(path=f"/{rooms.names.database(room)}").geturl()
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def wait_for(what: Callable[[], object], *, seconds: float, saying: str) -> None:
    """Poll until `what` is true; fail with `saying` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            pytest.fail(f"{saying} within {seconds} s")
        time.sleep(0.1)
