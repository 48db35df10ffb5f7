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
# Where in the source, or in an open document that has the very formula: a place is never guessed.
PLACE = re.compile(
    r"\b(?:sections?|equations?|eq\.|theorem|chapter|example|method|tables?|p\.|pp\.|part|vignette) "
    r"[IVX\d“\"(]|appendix",
    re.IGNORECASE,
)
# Pages whose paper could not be read, and of which only a page or part without a number was found in the open.
NO_NUMBER = {
    "berry-berry.md": "Xia et al.: the model by its name, 1b, as the help page of c212.BB has it",
    "gray.md": "the formulas by the definition and the author's program",
    "group-bh.md": "the steps by the help page of c212.GBH",
    "mean-by-week.md": "SAS/STAT, TTEST, by the titles of its parts",
    "mmrm.md": "the vignettes of R mmrm, by their titles",
    "rate-difference.md": "the part on rates, by what it is about",
    "rate-ratio.md": "the help page of poisson.test",
    "site-reporting.md": "ours: derived from the definitions",
    "slopes.md": "the row of a table of summary measures, by its name",
    "tree-scan.md": "the program TreeScan, and the file of TreeMineR that has the ratio",
}


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


def places_of(name: str) -> list[str]:
    text = (ROOT / "docs" / "methods" / name).read_text(encoding="utf-8")
    return [" ".join(said.split()) for said in parts_of(text, PARTS["source"])]


@pytest.mark.parametrize("name", sorted(set(PAGES) - set(NO_NUMBER)))
def test_a_methods_page_says_where_its_formula_is_to_be_read(name: str) -> None:
    said = places_of(name)
    assert any(map(PLACE.search, said)), said


@pytest.mark.parametrize("name", sorted(NO_NUMBER))
def test_what_has_no_number_is_named_and_leaves_the_list_once_it_has_one(name: str) -> None:
    assert NO_NUMBER[name] and not any(map(PLACE.search, places_of(name)))
