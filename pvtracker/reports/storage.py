"""Where the content and the PDF of a report lie. The closed room seals both; only its processes hold the key."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from django.conf import settings

from pvtracker.lib.canonical import sha256_hex
from pvtracker.lib.sealed import SealError, seal, unseal

CONTENT, PDF = "content.json", "report.pdf"
SEALED = ".sealed"


class StorageError(ValueError):
    """A report's file that cannot be given out; the sentence says why."""


def write(report_id: uuid.UUID, files: dict[str, bytes]) -> None:
    """Store the files of a report by name; its folder appears when it is whole, and replaces an earlier one."""
    target = folder_of(report_id)
    working = target.parent / f".{report_id}.{uuid.uuid4().hex}"
    target.parent.mkdir(parents=True, exist_ok=True)
    working.mkdir(mode=0o700)
    try:
        for name, content in files.items():
            _write_durably(working / stored_name(name), _sealed(report_id, name, content))
        shutil.rmtree(target, ignore_errors=True)  # left by a run that stopped before its row was committed
        working.rename(target)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def read(report_id: uuid.UUID, name: str, *, sha256: str) -> bytes:
    """The plain bytes of a file; StorageError when it is missing, altered, or sealed with another key."""
    try:
        stored = (folder_of(report_id) / stored_name(name)).read_bytes()
        plain = _unsealed(report_id, name, stored)
    except (OSError, SealError) as fault:
        raise StorageError(f"The file {name} of report {report_id} cannot be opened.") from fault
    if sha256_hex(plain) != sha256:
        raise StorageError(f"The file {name} of report {report_id} does not have its sha256.")
    return plain


def remove(report_id: uuid.UUID) -> None:
    """Remove the files of a report that got no row."""
    shutil.rmtree(folder_of(report_id), ignore_errors=True)


def folder_of(report_id: uuid.UUID) -> Path:
    return Path(settings.STORAGE) / "reports" / str(report_id)


def stored_name(name: str) -> str:
    """The name on disk, which tells a sealed file from a plain one."""
    return f"{name}{SEALED}" if settings.ROOM == "closed" else name


def _sealed(report_id: uuid.UUID, name: str, content: bytes) -> bytes:
    if settings.ROOM != "closed":
        return content
    return seal(content, key=settings.STORAGE_KEY, name=f"reports/{report_id}/{name}")


def _unsealed(report_id: uuid.UUID, name: str, stored: bytes) -> bytes:
    if settings.ROOM != "closed":
        return stored
    return unseal(stored, key=settings.STORAGE_KEY, name=f"reports/{report_id}/{name}")


def _write_durably(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
