"""What each room's processes are told, and nothing more. Only the launcher knows both rooms."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pvtracker.lib.environment import read
from pvtracker.ops.environment import ROOT

ROOMS = ("open", "closed")
PORTS = {"open": 8000, "closed": 8001}  # unless a command is told others
# Secrets that may be given (as NAME or NAME_FILE) instead of being made here: those that containers share.
GIVEN = {
    "open_login": "PVTRACKER_OPEN_LOGIN_PASSWORD",
    "open_owner": "PVTRACKER_OPEN_OWNER_PASSWORD",
    "open_sealer": "PVTRACKER_OPEN_SEALER_PASSWORD",
    "open_secret_key": "PVTRACKER_OPEN_SECRET_KEY",
    "closed_login": "PVTRACKER_CLOSED_LOGIN_PASSWORD",
    "closed_owner": "PVTRACKER_CLOSED_OWNER_PASSWORD",
    "closed_sealer": "PVTRACKER_CLOSED_SEALER_PASSWORD",
    "closed_secret_key": "PVTRACKER_CLOSED_SECRET_KEY",
    "closed_storage_key": "PVTRACKER_CLOSED_STORAGE_KEY",
}
# What a child process keeps of our environment; everything else would be a way around the wall.
KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM", "SSL_CERT_FILE", "PVTRACKER_ENVIRONMENT")

# Our matrices are small: threads that share one spin for longer than they calculate, on cores that others need.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds data, secrets and logs of one installation."""

    path: Path

    @classmethod
    def default(cls) -> Home:
        """`PVTRACKER_HOME`, else `var/` of the project."""
        return cls(Path(os.environ.get("PVTRACKER_HOME") or ROOT / "var").resolve())

    def make(self) -> None:
        for folder in (
            self.path,
            *(self.storage(room) for room in ROOMS),
            self.path / "logs",
            self.path / "anchors",
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)  # also where it was made by somebody else

    def storage(self, room: str) -> Path:
        return self.path / "storage" / room

    def secrets(self) -> dict[str, str]:
        """Passwords and keys: those that the environment gives, the others made once and kept in a private file."""
        path = self.path / "secrets.json"
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        wanted = {
            "postgres_admin": secrets.token_hex(24),
            "closed_storage_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        for room in ROOMS:
            wanted[f"{room}_login"] = secrets.token_hex(24)
            wanted[f"{room}_owner"] = secrets.token_hex(24)
            wanted[f"{room}_sealer"] = secrets.token_hex(24)
            wanted[f"{room}_broker"] = secrets.token_hex(24)
            wanted[f"{room}_secret_key"] = secrets.token_urlsafe(48)
        complete = {**wanted, **known}
        if complete != known:
            unfinished = path.with_suffix(".new")
            unfinished.touch(mode=0o600)
            unfinished.write_text(json.dumps(complete, indent=1))
            unfinished.replace(path)
        given = {key: read(name, "") for key, name in GIVEN.items()}
        return {**complete, **{key: value for key, value in given.items() if value}}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of databases and logins; a suffix keeps a second installation on the same server apart.

    `clone` names copies of the databases that the same logins use (tests).
    """

    suffix: str = ""
    clone: str = ""

    def database(self, room: str) -> str:
        return f"pvtracker_{room}{self.suffix}{self.clone}"

    def login(self, room: str) -> str:
        return f"pv_{room}{self.suffix}"

    def owner(self, room: str) -> str:
        return f"pv_{room}_owner{self.suffix}"

    def sealer(self, room: str) -> str:
        """The login that adds links to the chain of the room's audit trail, and checks it."""
        return f"pv_{room}_sealer{self.suffix}"

    def audit(self) -> str:
        """The role that owns the audit trails; it cannot log in."""
        return f"pv_audit{self.suffix}"


@dataclass(frozen=True, slots=True)
class Installation:
    """A home, its services and names: enough to start any process of either room."""

    home: Home
    names: Names
    admin_url: str
    broker_urls: dict[str, str]
    demo: bool = False
    ports: Mapping[str, int] = field(default_factory=lambda: PORTS)  # where a demo serves its rooms

    def mail(self, room: str) -> Path:
        """Where a demo writes the mail of a room."""
        return self.home.path / "mail" / room

    def database_url(self, room: str, *, owner: bool = False, database: str | None = None) -> str:
        """The connection of a room's login (or owner) to its database."""
        user = self.names.owner(room) if owner else self.names.login(room)
        password = self.home.secrets()[f"{room}_{'owner' if owner else 'login'}"]
        return with_login(
            self.admin_url, user=user, password=password, database=database or self.names.database(room)
        )

    def sealer_url(self, room: str) -> str:
        """The connection of the login that seals and checks the room's audit trail."""
        return with_login(
            self.admin_url,
            user=self.names.sealer(room),
            password=self.home.secrets()[f"{room}_sealer"],
            database=self.names.database(room),
        )

    def environment(self, room: str, *, owner: bool = False, sealer: bool = False) -> dict[str, str]:
        """The whole environment of a child process of one room; `sealer` for those that seal and check the trail."""
        known = self.home.secrets()
        own = {
            "PVTRACKER_ROOM": room,
            "DJANGO_SETTINGS_MODULE": "pvtracker.settings",
            "PVTRACKER_SECRET_KEY": known[f"{room}_secret_key"],
            "PVTRACKER_DATABASE_URL": self.database_url(room, owner=owner),
            "PVTRACKER_BROKER_URL": self.broker_urls[room],
            "PVTRACKER_STORAGE": str(self.home.storage(room)),
            "PVTRACKER_DEMO": "1" if self.demo else "0",
            "PVTRACKER_STATIC": str(self.home.path / "static"),
            "PYTHONUNBUFFERED": "1",
            **ONE_THREAD,
        }
        if self.demo:  # mail of a demo stays on the machine
            own["PVTRACKER_MAIL_FOLDER"] = str(self.mail(room))
            own["PVTRACKER_ADDRESS"] = f"http://localhost:{self.ports[room]}"
        if room == "closed":
            own["PVTRACKER_OPEN_STORAGE"] = str(self.home.storage("open"))
            own["PVTRACKER_STORAGE_KEY"] = known["closed_storage_key"]
        if sealer:
            own["PVTRACKER_SEALER_URL"] = self.sealer_url(room)
            own["PVTRACKER_ANCHORS"] = read("PVTRACKER_ANCHORS", "") or str(self.home.path / "anchors")
        return {**{name: os.environ[name] for name in KEEP if name in os.environ}, **own}


def with_database(url: str, database: str) -> str:
    """The same server and login as `url`, in another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def with_login(url: str, *, user: str, password: str, database: str) -> str:
    """The same server as `url`, as another login in another database."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        (parts.scheme, f"{quote(user)}:{quote(password)}@{host}", f"/{database}", parts.query, "")
    )
