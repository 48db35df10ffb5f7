"""The page of validation: put together from what several processes compared, and read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvtracker.ops import validation
from pvtracker.ops.validation import Row
from tests.pure.stats.against import Against


def test_what_processes_left_is_put_together(tmp_path: Path) -> None:
    first, second = Against(), Against()
    first("fisher", "a program", "program", [0.1, 0.2], [0.1, 0.2 + 3e-12], within=1e-11)
    first("risk_ratio_mn", "a book", "published", [4.0], [4.0], within=5e-5)
    second("fisher", "a program", "program", 1.0, 1.0, within=2e-12)
    first.write(tmp_path)
    (tmp_path / "another.json").write_text(next(tmp_path.glob("*.json")).read_text())
    second.write(tmp_path)  # of the same process: in place of the first
    rows = validation.collected(tmp_path)
    assert [row.what for row in rows] == [
        ("risk_ratio_mn", "a book", "published", 1), ("fisher", "a program", "program", 3),
    ]  # fmt: skip
    assert rows[1].largest == pytest.approx(3e-12, rel=1e-3) and rows[1].bound == 1e-11
    told = validation.read(validation.page(rows))
    assert [row.what for row in told] == [row.what for row in rows]
    assert told[1] == Row("fisher", "a program", "program", 3, told[1].largest, 1e-11)
    assert rows[1].largest <= told[1].largest <= 4e-12


def test_one_source_has_one_kind(tmp_path: Path) -> None:
    for number, kind in enumerate(("program", "published")):
        row = {"statistic": "fisher", "source": "x", "kind": kind, "cases": 1, "largest": 0, "bound": 1}
        (tmp_path / f"{number}.json").write_text(json.dumps([row]))
    with pytest.raises(ValueError, match="name them apart"):
        validation.collected(tmp_path)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0, 1, "0"), (3.01e-12, 1, "4e-12"), (9.2e-5, 1, "1e-04"), (5.1e-5, 2, "5.1e-05"), (1e-9, 2, "1e-09"),
     (0.025 * 1e-9, 2, "2.5e-11"), (2e-3, 1, "2e-03"), (2.22e-16, 1, "3e-16")],
)  # fmt: skip
def test_differences_are_rounded_up(value: float, digits: int, text: str) -> None:
    assert validation.rounded_up(value, digits) == text


def test_the_option_is_taken_out_of_the_arguments() -> None:
    words = ["tests/pure/stats", validation.OPTION, "page.md", "-x"]
    assert validation.without_option(words) == (["tests/pure/stats", "-x"], Path("page.md"))
    assert validation.without_option(["-x"]) == (["-x"], None)
