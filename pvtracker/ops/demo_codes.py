"""Authenticators of the demo's people: their keys lie beside their passwords in the demo's sign-ins file (RFC 6238)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pvtracker.accounts.roles import ROLES
from pvtracker.ops.rooms import Home

PERIOD = 30  # seconds
_given: dict[str, int] = {}  # key → the half minute whose code was given last by this process


@dataclass(frozen=True, slots=True)
class SignIn:
    """How one person of the demo signs in. `totp` is empty where the role needs no second factor."""

    password: str
    totp: str


class NoDemo(LookupError):
    """There is no such person here; the text is a sentence."""


def sign_ins_file(home: Home) -> Path:
    """Where the demo of an installation keeps its sign-ins."""
    return home.path / "demo" / "sign-ins.json"


def make() -> dict[str, SignIn]:
    """Passwords, and keys for those who need a second factor; user name (a role's key) → sign-in."""
    return {
        key: SignIn(
            password="-".join(secrets.token_hex(2) for _ in range(4)),
            totp=base64.b32encode(secrets.token_bytes(20)).decode() if role.second_factor else "",
        )
        for key, role in ROLES.items()
    }


def read(path: Path) -> dict[str, SignIn]:
    """What was made before; nothing when the file is not there or of an older kind."""
    if not path.exists():
        return {}
    told = json.loads(path.read_text())
    return {name: SignIn(**one) for name, one in told.items() if isinstance(one, dict)}


def write(path: Path, people: dict[str, SignIn]) -> None:
    """Keep them where only the owner of the installation reads."""
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: asdict(one) for name, one in people.items()}, indent=1))


def code_at(key: str, counter: int) -> str:
    """The six digits of one half minute."""
    digest = hmac.new(base64.b32decode(key), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def shown_now(key: str) -> str:
    """What the authenticator shows now, whether it was used before or not."""
    return code_at(key, int(time.time()) // PERIOD)


def code_now(role: str, path: Path | None = None) -> str:
    """A code that works now, each only once: what was given before is spent, and the next may have to be waited for."""
    people = read(path or sign_ins_file(Home.default()))
    if role not in people:
        raise NoDemo(f"There is no {role} in this demo. Start `python3 manage.py demo` first.")
    key = people[role].totp
    if not key:
        return ""
    while True:
        now = int(time.time()) // PERIOD
        usable = [counter for counter in (now, now + 1) if counter > _given.get(key, 0)]
        if usable:
            _given[key] = usable[0]
            return code_at(key, usable[0])
        time.sleep(0.5)
