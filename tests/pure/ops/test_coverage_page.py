"""docs/reference/coverage.md: whose limits it has to hold, at both sizes; and that a section can be done anew alone."""

from __future__ import annotations

import dataclasses
import re
import typing
from argparse import Namespace
from pathlib import Path

import pytest

from pvtracker.ops import coverage_page
from pvtracker.ops.commands import coverage as command
from pvtracker.signals.methods import METHODS
from pvtracker.stats.catalogue import STATISTICS
from tests.pure.signals.test_method_definitions import STATISTIC
from tests.shared import ROOT

PAGE = ROOT / "docs" / "reference" / "coverage.md"
NOT_THERE = {
    "detected_by_week": "its limits are those of proportion_clopper_pearson and risk_difference_mn, week by week",
    "outliers": "its limits are a fence around values, they hold no parameter",
    "prior_sensitivity": "berry_berry under priors that are wrong on purpose",
}
ADJUSTED = {
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "double_fdr_2004",
    "double_fdr_2012",
    "double_fdr_2012_within",
    "group_bh",
    "tree_scan",
}


def told() -> set[tuple[str, int]]:
    """Each statistic of the page's rows with the size of the arm: of the row, or of the heading above it."""
    found, size = set(), 0
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            heading = re.search(r"(\d+) against \d+ participants", line)
            size = int(heading[1]) if heading else 0
        elif line.startswith("| "):
            own = re.match(r"\| (\d+) v \d+ \|", line) or re.match(r"\| `\w+`, (\d+) participants \|", line)
            found |= {(name, int(own[1]) if own else size) for name in re.findall(r"`([a-z_0-9]+)`", line)}
    return found


def has_limits(result: object) -> bool:
    names = [field.name for field in dataclasses.fields(result)] if dataclasses.is_dataclass(result) else []
    return any(name.startswith("low") or name == "by" for name in names)


def test_all_that_gives_limits_is_on_the_page_at_both_sizes() -> None:
    results = {key: typing.get_type_hints(one.function)["return"] for key, one in STATISTICS.items()}
    with_limits = {key for key, result in results.items() if has_limits(result)}
    assert len(with_limits) > 35 and with_limits >= set(NOT_THERE)
    wanted = {(key, size) for key in (with_limits - set(NOT_THERE)) | ADJUSTED for size in (38, 500)}
    assert wanted - told() == set()


def test_all_that_a_screening_run_says_is_on_the_page_at_both_sizes() -> None:
    assert set(STATISTIC) <= set(METHODS)
    names = {STATISTIC.get(key, key) for key in METHODS}
    assert names <= set(STATISTICS)
    assert {(name, size) for name in names - set(NOT_THERE) for size in (38, 500)} - told() == set()


def test_sections_stand_behind_their_names_in_order() -> None:
    text = PAGE.read_text()
    sections = coverage_page.sections(text)
    assert list(sections) == list(coverage_page.SECTIONS)
    assert all(section.startswith("## ") and section.count("\n## ") == 0 for section in sections.values())
    marks = [f"\n{coverage_page.MARK.format(name)}{section}" for name, section in sections.items()]
    assert text == coverage_page.HEAD + "".join(marks)


def test_one_section_is_done_anew_and_the_others_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        coverage_page, "SECTIONS", {"one": lambda: ["## One", "found anew"], "two": lambda: ["## Two"]}
    )
    whole = coverage_page.page()
    assert whole.startswith("# Coverage") and "one: 0 s" in capsys.readouterr().err
    old = whole.replace("found anew", "as it was").replace("## Two", "## Two, kept")
    assert coverage_page.page(only=["one"], before=old) == old.replace("as it was", "found anew")
    with pytest.raises(ValueError, match="lacks two"):
        coverage_page.page(only=["one"], before="# Coverage\n")
    page = tmp_path / "page.md"
    page.write_text(old)
    arguments = Namespace(page=str(page), only=["one"])
    assert command.run(arguments) == 0 and page.read_text() == old.replace("as it was", "found anew")
    arguments.page = None
    assert command.run(arguments) == 2 and "--only needs --page" in capsys.readouterr().err
