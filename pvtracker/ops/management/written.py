"""Files that a command was asked to write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from pvtracker.lib.whole_files import write_whole


def write_text(path: str, text: str) -> None:
    """Write the file, whole or not at all; CommandError with a sentence when that cannot be done."""
    try:
        write_whole(Path(path), text.encode())
    except OSError as fault:
        raise CommandError(f"{path} could not be written: {fault.strerror}.") from fault


def one_a_line(rows: Iterable[Mapping[str, Any]]) -> str:
    """A list in JSON with each row on a line of its own; ValueError for nan and infinity."""
    lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows]
    return "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"
