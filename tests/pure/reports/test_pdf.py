"""The PDF: the same bytes again, tagged for assistive software, headed on every page, and text kept as text.

veraPDF was not to be had, so these checks look at the structures that PDF/UA-1 and PDF/A-2a ask for; the
typesetter itself refuses a document that it cannot make so.
"""

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pikepdf
import pytest

from pvtracker.reports import charts
from pvtracker.reports.blocks import Bullets, Column, Paragraph, Report, Row, Section, Table
from pvtracker.reports.fonts import BREAK
from pvtracker.reports.pdf import RenderError, render_pdf
from tests.pure.reports import sample

HOSTILE = [
    "<script>alert(1)</script>",
    '#import "@preview/x:0.1.0": *',
    "$x$ *bold* _it_ @ref `raw` #panic()",
    "</text><image href='x'/>",
    "\\u{41} // comment",
]
UNPRINTABLE = {
    "\u202eevil": "[U+202E]evil",
    "\U0001f600": "[U+1F600]",
    "中": "[U+4E2D]",
    "a\u0007b": "a[U+0007]b",
}


@pytest.fixture(scope="module")
def open_pdf() -> bytes:
    return render_pdf(sample.open_report())


@pytest.fixture(scope="module")
def closed_pdf() -> bytes:
    return render_pdf(sample.closed_report())


def texts(pdf: bytes) -> list[str]:
    """The text of each page; skips where poppler is not installed."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().replace(BREAK, "").split("\f")[:-1]


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every structure element of the document."""
    waiting = [pdf.Root.StructTreeRoot.K]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting += list(node)
        elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
            yield node
            if "/K" in node:
                waiting.append(node.K)


def attribute(element: Any, name: str) -> Any:
    found = element.get("/A", pikepdf.Array())
    found = [found] if isinstance(found, pikepdf.Dictionary) else list(found)
    return next((str(item[name]) for item in found if name in item), None)


def with_section(*blocks: Any) -> Report:
    section = Section(key="one", title="One", audience="open", blocks=blocks)
    return replace(sample.open_report(), sections=(section,))


def test_the_same_report_gives_the_same_bytes(closed_pdf: bytes) -> None:
    assert render_pdf(sample.closed_report()) == closed_pdf


def test_the_pdf_is_dated_at_the_cut(open_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(open_pdf)) as pdf:
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20260930000000")


def test_the_pdf_says_what_it_is_and_is_tagged(closed_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(closed_pdf)) as pdf:
        assert str(pdf.Root.Lang).lower() == "en-gb"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert len(pdf.Root.OutputIntents) == 1
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        with pdf.open_metadata() as meta:
            assert meta["dc:title"] == "CLOSED Data and safety monitoring report, study OZ1-SIM"
            assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "A")
            assert meta["pdfuaid:part"] == "1"


def test_every_header_cell_has_a_scope_and_every_figure_an_alternative_text(closed_pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(closed_pdf)) as pdf:
        kinds: dict[str, list[Any]] = {}
        for element in elements(pdf):
            kinds.setdefault(str(element.S), []).append(element)
        assert len(kinds["/TH"]) > 30
        assert {attribute(cell, "/Scope") for cell in kinds["/TH"]} == {"/Column"}
        descriptions = {str(figure.Alt) for figure in kinds["/Figure"]}
        report = sample.closed_report()
        expected = {b.description for s in report.sections for b in s.blocks if hasattr(b, "description")}
        assert descriptions == {text.replace("95 %", "95\u00a0%") for text in expected}
        assert len(kinds["/H1"]) == len(report.sections) + 1


@pytest.mark.parametrize("audience", ["open", "closed"])
def test_every_page_is_headed(audience: str, request: pytest.FixtureRequest) -> None:
    pages = texts(request.getfixturevalue(f"{audience}_pdf"))
    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        words = " ".join(page.split())
        assert words.startswith(audience.upper())
        assert f"Page {number} of {len(pages)}" in words
        for said in (
            "SIMULATED DATA",
            "OZ1-SIM",
            "Cut-off 2026-09-30",
            "cut 9b1c5f7d9b1c",
            "pvtracker 0.2.0",
        ):
            assert said in words
        assert ("by actual arm" in words) == (audience == "closed")


def test_real_data_are_not_called_simulated() -> None:
    assert "SIMULATED" not in "".join(texts(render_pdf(replace(sample.open_report(), simulated=False))))


def test_an_open_pdf_names_no_arm(open_pdf: bytes) -> None:
    text = " ".join(texts(open_pdf)).replace("OZ1-SIM", "")
    assert "OZ1" not in text
    assert "Placebo" not in text


def test_header_rows_come_again_on_the_next_page() -> None:
    rows = tuple(Row((f"Term {number}", [1, 20])) for number in range(150))
    table = Table("t", "Long", (Column("term", "Kind of event"), Column("n", "Everybody", "n_of")), rows)
    pages = [page for page in texts(render_pdf(with_section(table))) if "Term 1" in page or "Term 9" in page]
    assert len(pages) >= 3
    assert all("Kind of event" in page and "Everybody" in page for page in pages)


def test_hostile_text_is_shown_as_text() -> None:
    table = Table(
        "t", "T <b>", (Column("a", "A & B"),), tuple(Row((text,), warning=text) for text in HOSTILE)
    )
    blocks = (Paragraph(HOSTILE[1]), Bullets(tuple(HOSTILE)), table)
    found = re.sub(r"\s", "", "".join(texts(render_pdf(with_section(*blocks)))))
    for text in HOSTILE:
        assert found.count(re.sub(r"[\s]", "", text)) >= 3, text


def test_hostile_names_in_a_chart_are_shown_as_text() -> None:
    shares = [charts.Share(text, "All", 3, 20) for text in [*HOSTILE[:3], *UNPRINTABLE]]
    table = Table("t", "T", (Column("a", "A"),), ())
    figure = charts.figure(key="f", title="F", table="t", spec=charts.overview(shares))
    found = "".join(texts(render_pdf(with_section(figure, table))))
    assert "<script>alert(1)</script>" in found
    assert "[U+202E]evil" in found
    assert "[U+1F600]" in found


def test_what_the_typeface_does_not_have_is_printed_as_its_number() -> None:
    table = Table("t", "T", (Column("a", "A"),), tuple(Row((text,)) for text in UNPRINTABLE))
    found = "".join(texts(render_pdf(with_section(table))))
    for shown in UNPRINTABLE.values():
        assert shown in found


def test_letters_of_europe_and_symbols_of_trials_are_printed() -> None:
    text = "Ærø Łódź Žďár Ελλάδα Москва ≥ 3 × ULN µg/m² → ±"
    assert text in "".join(texts(render_pdf(with_section(Paragraph(text)))))


def test_a_term_as_long_as_eighty_letters_wraps_inside_its_column() -> None:
    long = "x" * 80
    columns = (Column("a", "A"), Column("b", "B"), Column("c", "C"), Column("d", "D"))
    report = with_section(Table("t", "T", columns, (Row((long, long, long, long)),)))
    pdf = render_pdf(report)
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = (
        subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True)
        .stdout.decode()
        .replace(BREAK, "")
    )
    boxes = [
        (float(low), float(high))
        for low, high in re.findall(r'xMin="([\d.]+)".*xMax="([\d.]+)".*>x+</', done)
    ]
    assert len(boxes) >= 8
    assert max(high for _, high in boxes) <= 842 - 50


def test_an_empty_table_says_so(open_pdf: bytes) -> None:
    assert any("No participant has died." in page and "Deaths" in page for page in texts(open_pdf))


def test_a_figure_of_nothing_says_so() -> None:
    table = Table("t", "T", (Column("month", "Month"),), (), empty="Nobody yet.")
    figure = charts.figure(key="f", title="F", table="t", spec=charts.enrolment([]))
    found = " ".join(" ".join(texts(render_pdf(with_section(figure, table)))).split())
    assert "No participant has been enrolled" in found
    assert "Nobody yet." in found


def test_a_report_that_cannot_be_set_names_the_cause_and_quotes_nothing() -> None:
    secret = "SUBJECT-SECRET"
    bad = Table("t", "T", (Column("n", secret, "n_of"),), (Row(([3, 2],)),))
    with pytest.raises(RenderError, match="CellError") as caught:
        render_pdf(with_section(bad))
    assert secret not in str(caught.value)
