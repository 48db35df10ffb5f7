"""Files of screenings in the closed storage, sealed: the rows of a run as Parquet, and those of finished pieces."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from django.conf import settings

from pvtracker.lib.canonical import sha256_hex
from pvtracker.lib.sealed import SealError, seal, unseal

RESULTS = "results.parquet"


class StorageError(ValueError):
    """A file that cannot be given out; the sentence says why."""


def piece_name(place: int, code_version: str) -> str:
    return f"piece-{place}-{code_version}.parquet"


def write(run_id: uuid.UUID, name: str, content: bytes) -> str:
    """Seal and store a file of a run, whole or not at all, in the place of an earlier one; its sha256."""
    folder = _folder(run_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    working = folder / f".{name}.{uuid.uuid4().hex}"
    try:
        with os.fdopen(os.open(working, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(seal(content, key=settings.STORAGE_KEY, name=_bound(run_id, name)))
            stream.flush()
            os.fsync(stream.fileno())
        working.replace(_path(run_id, name))
    finally:
        working.unlink(missing_ok=True)
    return sha256_hex(content)


def read(run_id: uuid.UUID, name: str, *, sha256: str) -> bytes:
    """The plain bytes; StorageError when the file is missing, altered, or sealed with another key."""
    try:
        plain = unseal(_path(run_id, name).read_bytes(), key=settings.STORAGE_KEY, name=_bound(run_id, name))
    except (OSError, SealError) as fault:
        raise StorageError(f"The file {name} of run {run_id} cannot be opened.") from fault
    if sha256_hex(plain) != sha256:
        raise StorageError(f"The file {name} of run {run_id} does not have its sha256.")
    return plain


def remove_pieces(run_id: uuid.UUID) -> None:
    """Remove the pieces of a run that was assembled, and what a killed worker had begun to write."""
    for pattern in ("piece-*", ".*"):
        for path in _folder(run_id).glob(pattern):
            path.unlink(missing_ok=True)


def _folder(run_id: uuid.UUID) -> Path:
    return Path(settings.STORAGE) / "signals" / str(run_id)


def _path(run_id: uuid.UUID, name: str) -> Path:
    return _folder(run_id) / f"{name}.sealed"


def _bound(run_id: uuid.UUID, name: str) -> str:
    """What a sealed file is bound to."""
    return f"signals/{run_id}/{name}"
