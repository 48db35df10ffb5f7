"""Each methods page says what a qualified reader looks for, under the same words, and where its source says it."""

from __future__ import annotations

import re

import pytest

from pvtracker.signals.methods import METHODS
from pvtracker.stats.catalogue import STATISTICS
from tests.shared import ROOT

PAGES = sorted(path.name for path in (ROOT / "docs" / "methods").glob("*.md") if path.name != "README.md")
# A part begins a line as a heading or in bold; some are two in one: "Assumptions, and when not to use it".
PARTS = {
    "source": r"sources?\b",
    "assumptions": r"assumptions\b",
    "when not to use": r"(?:assumptions, and )?when not to use",
    "where programs differ": r"where (?:programs|others) differ",
    "how it was checked": r"how it was checked",
}
# Where in the source, or that it is not known: a place is never guessed.
PLACE = re.compile(
    r"\b(?:section|equation|theorem|chapter|example|method|tables?) [IVX\d]|appendix|derived|written (?:out )?from|"
    r"not before us|openly available|manual of|sections are not named|formulas are those of",
    re.IGNORECASE,
)


def parts_of(text: str, part: str) -> list[str]:
    """The paragraphs, or what stands under the headings, that begin with these words."""
    begins = re.compile(rf"(?:^|(?<=\. ))(?:#+ |\*\*)?(?:{part})", re.IGNORECASE | re.MULTILINE)
    return [text[one.start() : _end(text, one)] for one in begins.finditer(text)]


def _end(text: str, one: re.Match[str]) -> int:
    """A paragraph ends with an empty line; under a heading the first one after it is meant, too."""
    first = text.find("\n\n", one.end())
    if text[one.start()] == "#" and first >= 0:
        first = text.find("\n\n", first + 2)
    return len(text) if first < 0 else first


def test_every_page_is_of_a_method_or_statistic() -> None:
    assert set(PAGES) == {one.page for one in (*STATISTICS.values(), *METHODS.values())}


@pytest.mark.parametrize("name", PAGES)
def test_a_methods_page_has_its_parts(name: str) -> None:
    text = (ROOT / "docs" / "methods" / name).read_text(encoding="utf-8")
    missing = [label for label, part in PARTS.items() if not parts_of(text, part)]
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_a_methods_page_says_where_its_source_says_it_or_that_it_is_not_known(name: str) -> None:
    text = (ROOT / "docs" / "methods" / name).read_text(encoding="utf-8")
    for said in parts_of(text, PARTS["source"]):
        assert PLACE.search(" ".join(said.split())), said
