"""docs/reference/part-11.md: 27 rows, each met by tests that exist, or saying plainly what is missing."""

from __future__ import annotations

import re

import pytest

from pvtracker.ops.environment import ROOT
from tests.architecture.test_bad_inputs import missing

PAGE = ROOT / "docs" / "reference" / "part-11.md"
# Met by what the program does not have: there is nothing that a test could look at.
NOTHING_TO_TEST = {"P11-22"}


def rows() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """State, explanation and tests of each row."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| P11-"):
            row, _, state, where, tests = (cell.strip() for cell in line.strip("|").split("|"))
            found[row] = (state, where, tuple(re.findall(r"`([^`]+::[^`]+)`", tests)))
    return found


def test_every_clause_has_its_row() -> None:
    assert list(rows()) == [f"P11-{number:02}" for number in range(1, 28)]


@pytest.mark.parametrize("row", [f"P11-{number:02}" for number in range(1, 28)])
def test_what_is_met_is_shown_by_tests_that_exist_and_what_is_not_says_so(row: str) -> None:
    state, where, tests = rows()[row]
    assert state in {"met", "partly", "not met"}
    assert where
    assert bool(tests) == (state != "not met") or row in NOTHING_TO_TEST
    assert "Missing:" in where if state == "partly" else True
    assert not missing(tests)
