"""Files made by others are exactly those that docs/reference/vendored.md lists, byte for byte."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.shared import ROOT

VENDOR = ROOT / "pvtracker" / "web" / "static" / "vendor"
ROW = re.compile(
    r"^\| `(?P<path>[^`]+)` \| (?P<name>[^|]+) \| (?P<version>[^|]+) \| (?P<licence>[^|]+)"
    r" \| `(?P<sha256>[0-9a-f]{64})` \|$"
)


def listed() -> list[dict[str, str]]:
    """The rows of the table in vendored.md."""
    lines = (ROOT / "docs" / "reference" / "vendored.md").read_text(encoding="utf-8").splitlines()
    return [match.groupdict() for line in lines if (match := ROW.match(line))]


def test_every_vendored_file_is_listed_once_and_every_listed_file_is_there() -> None:
    paths = [row["path"] for row in listed()]
    there = sorted(path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file())
    assert sorted(paths) == there


@pytest.mark.parametrize("row", listed(), ids=lambda row: row["path"])
def test_a_vendored_file_has_the_checksum_that_is_written_down(row: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / row["path"]).read_bytes()).hexdigest() == row["sha256"]


def test_every_vendored_folder_carries_a_licence() -> None:
    for folder in VENDOR.iterdir():
        assert list(folder.glob("LICENSE*")), f"{folder.name} has no licence file"


def test_the_fonts_stay_small() -> None:
    assert sum(path.stat().st_size for path in (VENDOR / "fonts").iterdir()) < 2_000_000
