"""The same report as web page content: escaped, numbered like the PDF, no inline script or style."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from django.template import Context, Engine

from pvtracker.reports.blocks import Column, Figure, Paragraph, Report, Row, Section, Table
from pvtracker.reports.frozen import AudienceError
from pvtracker.reports.shown import _about
from tests.pure.reports import sample

ENGINE = Engine(
    dirs=[str(Path(__file__).resolve().parents[3] / "templates")],
    libraries={"report_cells": "pvtracker.reports.templatetags.report_cells"},
)


def page(report: Report) -> str:
    context = Context({"report": report}, use_l10n=False, use_tz=False)
    return ENGINE.get_template("reports/report_body.html").render(context)


def test_every_table_and_figure_is_on_the_page() -> None:
    report = sample.closed_report()
    html = page(report)
    for number, section in enumerate(report.sections, start=1):
        assert f'id="section-{number}"' in html
        for block in section.blocks:
            if isinstance(block, Table | Figure):
                assert block.title in unescape(html)
    figures = [block for section in report.sections for block in section.blocks if isinstance(block, Figure)]
    assert html.count("<figure ") == html.count("<details ") == len(figures)


def test_only_a_report_that_compares_arms_speaks_of_p_values() -> None:
    closed = sample.closed_report()
    said = {audience: " ".join(_about(replace(closed, audience=audience))) for audience in ("open", "closed")}
    assert "p-values are no verdicts" in said["closed"] and "p-value" not in said["open"]


def test_ids_are_unique() -> None:
    section = Section("one", "One", "closed", sample.closed_report().sections[4].blocks)
    html = page(replace(sample.closed_report(), sections=(section,)))
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids)) > 5


def test_cells_print_as_on_paper() -> None:
    html = page(sample.closed_report())
    assert "12/38 (31.6%)" in html
    assert "−17.1 [−33.6, −0.6]" in html
    assert '<th scope="col" class="pv-num">OZ1 (N=38)</th>' in html
    assert "Note: No event in one arm: no ratio exists." in html


def test_an_empty_table_says_so() -> None:
    assert '<tr class="pv-empty"><td colspan="3">No participant has died.</td></tr>' in page(
        sample.open_report()
    )


def test_each_chart_carries_its_specification_and_description() -> None:
    html = page(sample.open_report())
    found = re.search(r'<script id="chart-enrolment-enrolment" type="application/json">(.*?)</script>', html)
    assert found is not None
    spec = json.loads(found[1])
    assert spec["$schema"].endswith("v6.json")
    assert spec["config"]["font"] == "IBM Plex Sans"
    assert f'aria-label="{spec["description"]}"' in html


def test_there_is_no_inline_style_or_script() -> None:
    html = page(sample.closed_report())
    assert "style=" not in html
    assert "<style" not in html
    assert set(re.findall(r"<script[^>]*?(type=\"[^\"]+\")?>", html)) == {'type="application/json"'}
    assert not re.search(r"\son[a-z]+=", html)


def test_hostile_text_is_escaped() -> None:
    text = "</script><script>alert(1)</script>"
    table = Table("t", text, (Column("a", text),), (Row((text,), warning=text),), note=text)
    section = Section("one", text, "open", (Paragraph(text), table))
    html = page(replace(sample.open_report(), sections=(section,), title=text, settings={text: text}))
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 9


def test_the_page_says_which_room_it_is_for() -> None:
    assert "<strong>OPEN</strong>" in page(sample.open_report())
    assert "<strong>CLOSED</strong>" in page(sample.closed_report())
    assert "SIMULATED DATA" not in page(replace(sample.open_report(), simulated=False))


def test_a_closed_section_is_not_shown_in_an_open_report() -> None:
    mixed = replace(sample.open_report(), sections=sample.closed_report().sections)
    with pytest.raises(AudienceError):
        page(mixed)
