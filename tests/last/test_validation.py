"""What this run compared the statistics with is what the page of validation says. Belongs to a whole run."""

from __future__ import annotations

import os
from pathlib import Path

from pvtracker.ops import validation
from pvtracker.ops.environment import ROOT
from pvtracker.stats.catalogue import STATISTICS

PAGE = ROOT / "docs" / "reference" / "validation-statistics.md"


def of_this_run() -> list[validation.Row]:
    return validation.collected(Path(os.environ["PVTRACKER_TEST_HOME"]) / validation.FOLDER)


def test_the_page_says_what_was_compared_and_how_often() -> None:
    run, told = {row.what for row in of_this_run()}, {row.what for row in validation.read(PAGE.read_text())}
    assert run == told, f"Write the page anew: {validation.COMMAND}"


def test_no_difference_of_this_run_exceeds_the_printed_bound() -> None:
    bounds = {(row.statistic, row.source): row.bound for row in validation.read(PAGE.read_text())}
    rows = of_this_run()
    assert rows and all(row.largest <= bounds[row.statistic, row.source] for row in rows)


def test_the_page_is_what_its_rows_make() -> None:
    """No figure was typed: the text around and the order of the rows are the program's."""
    text = PAGE.read_text()
    rows = validation.read(text)
    assert validation.page(rows) == text and all(row.largest <= row.bound for row in rows)


def test_every_statistic_of_the_catalogue_has_a_source() -> None:
    missing = set(STATISTICS) - {row.statistic for row in of_this_run()}
    assert not missing, f"compare them with something we did not write, by the fixture `against`: {missing}"
