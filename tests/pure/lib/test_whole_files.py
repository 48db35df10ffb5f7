"""An export onto an existing file, or onto a full disk, is whole or changes nothing (BI-153)."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from pvtracker.lib.whole_files import write_whole
from pvtracker.ops.management.written import write_text


def test_an_existing_file_is_replaced_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text("before")
    write_whole(path, b"after")
    assert path.read_text() == "after" and [file.name for file in tmp_path.iterdir()] == ["rows.json"]
    assert path.stat().st_mode & 0o077 == 0


def test_a_full_disk_leaves_the_earlier_file_and_no_part_of_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.json"
    path.write_text("before")

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"after" * 10_000)
    with pytest.raises(CommandError, match=r"rows\.json could not be written: No space left on device\."):
        write_text(str(path), "after")
    assert path.read_text() == "before" and [file.name for file in tmp_path.iterdir()] == ["rows.json"]


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"after")
    assert (tmp_path / "real").read_text() == "before" and (tmp_path / "link").read_text() == "after"
