"""Bytes that depend on the content only, and their sha256."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path


def canonical_json(plain: object) -> bytes:
    """Plain data as UTF-8 JSON with sorted keys and no spaces; ValueError for nan and infinity, which JSON lacks."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def sha256_hex(data: bytes) -> str:
    """sha256 of bytes, 64 lower-case hexadecimal digits."""
    return sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes, read in pieces; OSError when it cannot be read."""
    digest = sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
