"""Files that a command was asked to write."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import CommandError

from pvtracker.lib.whole_files import write_whole


def write_text(path: str, text: str) -> None:
    """Write the file, whole or not at all; CommandError with a sentence when that cannot be done."""
    try:
        write_whole(Path(path), text.encode())
    except OSError as fault:
        raise CommandError(f"{path} could not be written: {fault.strerror}.") from fault
