"""docs/reference/blinding.md: forty-one channels, each with a test that exists, or the reason why it has none."""

from __future__ import annotations

import ast
import re

from pvtracker.ops.environment import ROOT

PAGE = ROOT / "docs" / "reference" / "blinding.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows() -> dict[str, list[str]]:
    """The cells of each channel's row by its id."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| L\d\d \|", line)]
    return {
        cells[0]: cells for line in lines for cells in [[c.strip() for c in line.strip("|").split(" | ")]]
    }


def test_all_forty_one_channels_have_a_row() -> None:
    assert list(rows()) == [f"L{number:02}" for number in range(1, 42)]


def test_each_channel_names_what_shows_it_or_says_why_not() -> None:
    for channel, cells in rows().items():
        shown = cells[3] if len(cells) > 3 else ""
        attack = re.search(r"\bT[123]\b", shown)
        reason = re.match(r"(does not apply yet|open): .{20,}", cells[2])
        assert NAMED.search(shown) or attack or reason, f"{channel} names neither a test nor a reason"


def test_every_test_named_exists() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 40
    for path, test in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        known = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not test or test in known, f"{path} has no {test}"
