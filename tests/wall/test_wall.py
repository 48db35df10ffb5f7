"""The wall between the rooms, tried from real processes and with the rooms' own logins."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pvtracker.ops import children
from pvtracker.ops.environment import ROOT
from pvtracker.ops.rooms import Installation, with_login
from tests.rooms import shell, wait_for

CLOSED_MODULES = ["pvtracker.allocation.models", "pvtracker.signals.models"]
OPEN_MODULES = ["pvtracker.participants.models", "pvtracker.events.models", "pvtracker.feeds.models"]


@pytest.mark.parametrize(("room", "other"), [("open", "closed"), ("closed", "open")])
def test_a_rooms_login_cannot_connect_to_the_other_database(
    rooms: Installation, room: str, other: str
) -> None:
    url = rooms.database_url(room, database=rooms.names.database(other))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)
    psycopg.connect(rooms.database_url(room)).close()  # its own it can


@pytest.mark.parametrize("room", ["open", "closed"])
def test_a_login_needs_its_password(rooms: Installation, room: str) -> None:
    wrong = with_login(
        rooms.admin_url, user=rooms.names.login(room), password="guess", database=rooms.names.database(room)
    )
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


@pytest.mark.parametrize("room", ["open", "closed"])
def test_a_login_cannot_change_the_schema_or_empty_a_table(rooms: Installation, room: str) -> None:
    for statement in (
        "create table smuggled (id int)",
        "drop table studies_study cascade",
        "truncate studies_study cascade",
        "alter table studies_study disable trigger all",
        "create role helper login",
        "copy studies_study to program 'cat'",
    ):
        with psycopg.connect(rooms.database_url(room)) as connection, pytest.raises(psycopg.Error) as refusal:
            connection.execute(statement.encode())
        assert isinstance(refusal.value, psycopg.errors.InsufficientPrivilege), (statement, refusal.value)


@pytest.mark.parametrize("module", CLOSED_MODULES)
def test_an_open_process_cannot_import_a_closed_model(rooms: Installation, module: str) -> None:
    done = shell(rooms, "open", f"import {module}")
    assert done.returncode != 0 and "INSTALLED_APPS" in done.stdout


@pytest.mark.parametrize("module", OPEN_MODULES)
def test_a_closed_process_cannot_import_an_open_model(rooms: Installation, module: str) -> None:
    done = shell(rooms, "closed", f"import {module}")
    assert done.returncode != 0 and "INSTALLED_APPS" in done.stdout


def test_an_open_process_holds_no_closed_setting_or_key(
    rooms: Installation, start: Callable[..., object]
) -> None:
    secrets = rooms.home.secrets()
    forbidden = [
        value for name, value in secrets.items() if not name.startswith("open_") or name == "open_owner"
    ]
    worker = start("open", "worker", "worker")
    environ = Path(f"/proc/{worker.pid}/environ")  # type: ignore[attr-defined]
    if not environ.exists():
        pytest.skip("this system shows no process environments")
    held = environ.read_bytes().decode()
    assert secrets["open_login"] in held, (
        "the room's own login should be there, or this test looks at nothing"
    )
    assert not [value for value in forbidden if value in held]
    assert rooms.names.database("closed") not in held
    names = {line.partition("=")[0] for line in held.split("\0")}
    assert not names & {"PVTRACKER_STORAGE_KEY", "PVTRACKER_OPEN_STORAGE", "DATABASE_URL", "REDIS_URL"}
    settings = shell(
        rooms,
        "open",
        "from django.conf import settings\nprint(sorted(n for n in dir(settings) if n.isupper()))",
    )
    assert "'STORAGE'" in settings.stdout
    assert "STORAGE_KEY" not in settings.stdout and "OPEN_STORAGE" not in settings.stdout


@pytest.mark.parametrize("room", ["open", "closed"])
@pytest.mark.parametrize("command", ["web", "worker", "scheduler"])
def test_a_room_process_refuses_to_start_as_owner(rooms: Installation, room: str, command: str) -> None:
    done = subprocess.run(
        children.command_line(command),
        env=rooms.environment(room, owner=True),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"The {room} room refuses to start" in done.stderr and "owns the database" in done.stderr


@pytest.mark.parametrize("room", ["open", "closed"])
def test_a_room_process_refuses_to_start_as_superuser(rooms: Installation, room: str) -> None:
    environment = rooms.environment(room)
    name = rooms.names.database(room)
    environment["PVTRACKER_DATABASE_URL"] = rooms.admin_url.replace("/postgres?", f"/{name}?")
    if environment["PVTRACKER_DATABASE_URL"] == rooms.admin_url:
        environment["PVTRACKER_DATABASE_URL"] = rooms.admin_url.rsplit("/", 1)[0] + f"/{name}"
    done = subprocess.run(
        children.command_line("worker"), env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and "has rights over the whole server" in done.stderr


def test_gunicorn_alone_refuses_a_powerful_login_too(rooms: Installation) -> None:
    """The check is in the WSGI module itself, so that another way of starting it does not pass it by."""
    done = subprocess.run(
        [*children.command_line()[:1], "-c", "import pvtracker.wsgi"],
        env=rooms.environment("open", owner=True),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and "refuses to start" in done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(url: str, cookie: str = "") -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(url, headers={"Cookie": cookie} if cookie else {})  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), refusal.read().decode()


def test_a_session_of_one_room_is_nothing_in_the_other(
    rooms: Installation, start: Callable[..., object]
) -> None:
    """Cookies ignore ports, so a browser sends both rooms' cookies to both; names and keys differ."""
    ports = {room: free_port() for room in ("open", "closed")}
    cookies = {}
    for room, port in ports.items():
        start(room, "web", "web", "--bind", f"127.0.0.1:{port}", "--workers", "1")
        made = shell(
            rooms,
            room,
            "from pvtracker.accounts.actions import create_account\n"
            "from pvtracker.audit.context import Actor\n"
            "from django.contrib.sessions.backends.db import SessionStore\n"
            "from django.conf import settings\n"
            "by = Actor.process('test')\n"
            "a = create_account(username='twin', full_name='Twin', password='long enough words', by=by)\n"
            "s = SessionStore(); s['_auth_user_id'] = str(a.id); s['_auth_user_hash'] = a.get_session_auth_hash()\n"
            "s['_auth_user_backend'] = settings.AUTHENTICATION_BACKENDS[0]; s.save()\n"
            "print('cookie', settings.SESSION_COOKIE_NAME, s.session_key)\n",
        )
        _, name, key = next(x.split() for x in made.stdout.splitlines() if x.startswith("cookie "))
        cookies[room] = (name, key)
    assert cookies["open"][0] != cookies["closed"][0]

    def up(port: int) -> bool:
        try:
            return fetch(f"http://127.0.0.1:{port}/health/")[0] == 200
        except OSError:
            return False

    for port in ports.values():
        wait_for(lambda port=port: up(port), seconds=30, saying="the web process did not answer")  # type: ignore[misc]
    for room, other in (("open", "closed"), ("closed", "open")):
        own = "=".join(cookies[room])
        assert "sign_out" in fetch(f"http://127.0.0.1:{ports[room]}/?all=1", own)[2].replace("-", "_")
        foreign = f"{cookies[room][0]}={cookies[other][1]}"
        assert 'name="password"' in fetch(f"http://127.0.0.1:{ports[room]}/", foreign)[2]
        status, _, _ = fetch(f"http://127.0.0.1:{ports[room]}/", "=".join(cookies[other]))
        assert status == 200  # the sign-in page, after a redirect


def test_what_a_room_is_told_is_all_it_is_told(rooms: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin@/postgres")
    monkeypatch.setenv("PVTRACKER_STORAGE_KEY", "x")
    told = rooms.environment("open")
    assert "DATABASE_URL" not in told and "PVTRACKER_STORAGE_KEY" not in told
    assert os.environ["PVTRACKER_STORAGE_KEY"] == "x"
