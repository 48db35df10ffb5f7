"""Files that a command was asked to write."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import CommandError


def write_text(path: str, text: str) -> None:
    """Write the file; CommandError with a sentence when that cannot be done."""
    try:
        Path(path).write_text(text)
    except OSError as fault:
        raise CommandError(f"{path} could not be written: {fault.strerror}.") from fault
