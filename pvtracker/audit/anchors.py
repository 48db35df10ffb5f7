"""Anchors: the head of the chain, signed, in a file outside the database.

Who rules the database can rewrite a chain to its end, or cut its tail; not a line that was copied to another machine
before. Each line of the file is a JSON object: room, seq, hash, at, and `signed`, a keyed hash over the others.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.crypto import salted_hmac


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain of a room stood at a moment."""

    room: str
    seq: int
    hash: str
    at: str


class BadAnchor(ValueError):
    """A line of the file is not what this installation signed; the text says which."""


def path_of(folder: Path) -> Path:
    """The file of this room."""
    return folder / f"{settings.ROOM}.jsonl"


def write(*, seq: int, digest: bytes, at: datetime, folder: Path) -> Anchor:
    """Sign where the chain stands and append it to the file, for its owner only, down to the disk."""
    anchor = Anchor(room=settings.ROOM, seq=seq, hash=digest.hex(), at=at.isoformat())
    line = json.dumps({**asdict(anchor), "signed": _signed(anchor, settings.SECRET_KEY)}) + "\n"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path_of(folder), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    return anchor


def read(path: Path) -> list[Anchor]:
    """Every anchor of a file, oldest first; none where there is no file. BadAnchor names a line that was altered."""
    if not path.exists():
        return []
    return [_read(line, number) for number, line in enumerate(path.read_text().splitlines(), start=1)]


def _read(line: str, number: int) -> Anchor:
    try:
        told = json.loads(line)
        anchor = Anchor(
            room=str(told["room"]), seq=int(told["seq"]), hash=str(told["hash"]), at=str(told["at"])
        )
        signed = str(told["signed"])
    except (ValueError, KeyError, TypeError) as fault:
        raise BadAnchor(f"line {number} of the anchors cannot be read") from fault
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(hmac.compare_digest(signed, _signed(anchor, str(key))) for key in keys):
        raise BadAnchor(f"line {number} of the anchors (link {anchor.seq}) was not signed by this room")
    if anchor.room != settings.ROOM:
        raise BadAnchor(f"line {number} of the anchors belongs to the {anchor.room} room")
    return anchor


def _signed(anchor: Anchor, key: str) -> str:
    text = json.dumps(asdict(anchor), sort_keys=True)
    return salted_hmac("pvtracker.audit.anchor", text, secret=key, algorithm="sha256").hexdigest()
