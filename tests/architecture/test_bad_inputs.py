"""Every bad input of the shared list is a test or waits for a stated reason, and the tests that are named exist."""

from __future__ import annotations

import ast
import csv
from functools import lru_cache

import pytest

from pvtracker.ops.docs.bad_inputs import BAD_INPUTS
from pvtracker.ops.environment import ROOT
from tests.shared import shared_path


@lru_cache
def functions_of(path: str) -> frozenset[str]:
    """The tests of a file under tests/."""
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def missing(tests: tuple[str, ...]) -> list[str]:
    """Of tests named as path::function, those that do not exist."""
    found = []
    for name in tests:
        path, _, function = name.partition("::")
        exists = (ROOT / "tests" / path).is_file() and function in functions_of(path)
        if not exists or not function.startswith("test_"):
            found.append(name)
    return found


@pytest.mark.parametrize("row", BAD_INPUTS, ids=lambda row: row.id)
def test_each_row_names_tests_that_exist_or_says_why_it_waits(row: object) -> None:
    assert row in BAD_INPUTS
    one = next(known for known in BAD_INPUTS if known is row)
    assert one.tests or one.waits, f"{one.id} is neither a test nor does it say why it waits"
    assert not missing(one.tests)


def test_every_row_of_the_list_is_in_the_table() -> None:
    with shared_path("cases/bad-inputs.csv").open(newline="", encoding="utf-8") as file:
        listed = {row["id"]: row["channel"] for row in csv.DictReader(file)}
    assert {one.id: one.channel for one in BAD_INPUTS} == listed


def test_no_row_stands_twice() -> None:
    assert len({one.id for one in BAD_INPUTS}) == len(BAD_INPUTS)


def test_the_search_would_miss_what_does_not_exist() -> None:
    assert missing(("open/nowhere.py::test_x", "architecture/test_bad_inputs.py::test_never_written")) == [
        "open/nowhere.py::test_x",
        "architecture/test_bad_inputs.py::test_never_written",
    ]
