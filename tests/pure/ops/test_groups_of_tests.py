"""Each test file runs in one group, whatever is named on the command line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pvtracker.ops.commands.test import GROUPS, LAST, Group, chosen, left_out
from pvtracker.ops.environment import ROOT


def files(group: Group, *paths: str) -> list[Path]:
    """The files that pytest finds when it is told what this group tells it."""
    ignored = [ROOT / one.removeprefix("--ignore=") for one in left_out(group)]
    return [
        file
        for path in chosen(group, list(paths))
        for file in ([ROOT / path] if path.endswith(".py") else (ROOT / path).rglob("test_*.py"))
        if not any(file.is_relative_to(one) for one in ignored)
    ]


def found(*paths: str) -> Counter[str]:
    runs = Counter(file for group in (*GROUPS, LAST) for file in files(group, *paths))
    return Counter({file.relative_to(ROOT).as_posix(): count for file, count in runs.items()})


@pytest.mark.parametrize(
    "named", ["tests", "tests/", "tests/wall", "tests/open", "tests/pure/ops/", str(ROOT / "tests/closed")]
)
def test_every_file_under_what_is_named_runs_once(named: str) -> None:
    there = [file.relative_to(ROOT).as_posix() for file in (ROOT / named).rglob("test_*.py")]
    assert there and found(named) == Counter(there)


def test_a_file_or_a_test_runs_in_its_own_group_alone() -> None:
    assert found("tests/wall/test_blind.py") == {"tests/wall/test_blind.py": 1}
    named = "tests/open/test_url_matrix.py::test_a"
    assert [group.room for group in (*GROUPS, LAST) if chosen(group, [named]) == [named]] == ["open"]
    assert sum(bool(chosen(group, [named])) for group in (*GROUPS, LAST)) == 1


def test_groups_have_words_of_their_own() -> None:
    """Their results lie under these words."""
    assert len({group.word for group in GROUPS}) == len(GROUPS)
