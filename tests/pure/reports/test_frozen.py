"""Reports as canonical bytes and flat rows, and what may not be frozen."""

import json
from dataclasses import replace

import pytest

from pvtracker.reports.blocks import Column, Report, Row, Section, Table
from pvtracker.reports.frozen import (
    AudienceError,
    ReportError,
    check_audience,
    from_json,
    rows,
    to_json,
)
from tests.pure.reports import sample


@pytest.fixture(params=["open", "closed"])
def report(request: pytest.FixtureRequest) -> Report:
    return sample.open_report() if request.param == "open" else sample.closed_report()


def with_table(table: Table) -> Report:
    section = Section(key="one", title="One", audience="open", blocks=(table,))
    return replace(sample.open_report(), sections=(section,))


def small_table(**changes: object) -> Table:
    table = Table(
        key="t",
        title="T",
        columns=(Column("term", "Term"), Column("share", "All", "n_of")),
        rows=(Row(("Nausea", [1, 20])),),
    )
    return replace(table, **changes)  # type: ignore[arg-type]  # any field, by name


def test_a_report_comes_back_from_its_bytes_as_it_was(report: Report) -> None:
    assert from_json(to_json(report)) == report


def test_the_bytes_depend_on_the_content_only(report: Report) -> None:
    turned = replace(report, settings=dict(reversed(list(report.settings.items()))))
    assert to_json(turned) == to_json(report)
    assert to_json(replace(report, code_version="0.2.1")) != to_json(report)


def test_the_bytes_have_sorted_keys_and_no_spaces(report: Report) -> None:
    data = to_json(report)
    again = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data == again.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_does_not_exist_is_refused(number: float) -> None:
    table = small_table(rows=(Row(("Nausea", [number, 20])),))
    with pytest.raises(ReportError, match="use None"):
        to_json(with_table(table))


def test_a_closed_section_in_an_open_report_is_refused_by_name() -> None:
    closed = sample.closed_report()
    mixed = replace(sample.open_report(), sections=(*sample.open_report().sections, closed.sections[7]))
    with pytest.raises(AudienceError, match="comparison"):
        check_audience(mixed)
    with pytest.raises(AudienceError):
        to_json(mixed)
    with pytest.raises(AudienceError):
        rows(mixed)


def test_an_open_report_has_no_analysis_arm() -> None:
    with pytest.raises(AudienceError, match="pooled"):
        check_audience(replace(sample.open_report(), analysis_arm="planned"))


def test_an_audience_that_is_neither_is_refused() -> None:
    with pytest.raises(AudienceError, match="open or closed"):
        check_audience(replace(sample.open_report(), audience="sponsor"))  # type: ignore[arg-type]  # on purpose


def test_bytes_edited_to_hold_a_closed_section_are_refused_when_read() -> None:
    plain = json.loads(to_json(sample.closed_report()))
    plain["audience"], plain["analysis_arm"] = "open", ""
    with pytest.raises(AudienceError):
        from_json(json.dumps(plain).encode())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"sections":[{"blocks":[{"block":"video"}]}]}', b"\xff"]
)
def test_other_bytes_are_refused_as_no_report(data: bytes) -> None:
    with pytest.raises(ReportError, match="not a frozen report"):
        from_json(data)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (small_table(rows=(Row(("Nausea",)),)), "1 cells for 2 columns"),
        (small_table(columns=(Column("warning", "W"), Column("b", "B", "n_of"))), "reserved"),
        (small_table(columns=(Column("b", "B"), Column("b", "B", "n_of"))), "own key"),
        (small_table(columns=(), rows=()), "needs columns"),
    ],
)
def test_a_table_that_does_not_fit_itself_is_refused(table: Table, reason: str) -> None:
    with pytest.raises(ReportError, match=reason):
        to_json(with_table(table))


def test_a_figure_without_its_table_is_refused() -> None:
    enrolment = sample.open_report().sections[1]
    alone = replace(enrolment, blocks=enrolment.blocks[:1])
    with pytest.raises(ReportError, match="by_month"):
        to_json(replace(sample.open_report(), sections=(alone,)))


def test_a_key_used_twice_is_refused() -> None:
    section = Section(key="one", title="One", audience="open", blocks=(small_table(), small_table()))
    with pytest.raises(ReportError, match="used twice"):
        to_json(replace(sample.open_report(), sections=(section,)))


def test_rows_are_flat_and_raw(report: Report) -> None:
    flat = rows(report)
    assert len(flat) == sum(
        len(block.rows) for section in report.sections for block in section.blocks if isinstance(block, Table)
    )
    fatigue = next(row for row in flat if row.get("term") == "Fatigue" and row["table"] == "events")
    assert fatigue["section"] == "events"
    assert fatigue["level"] == 1
    expected = {"all": [23, 74]} if report.audience == "open" else {"oz1": [12, 38], "placebo": [11, 36]}
    assert {key: fatigue[key] for key in expected} == expected


def test_rows_name_the_figures_that_show_them_and_keep_warnings() -> None:
    flat = rows(sample.closed_report())
    assert {tuple(row["figures"]) for row in flat if row["table"] == "differences"} == {("dots", "volcano")}
    zoster = next(row for row in flat if row.get("term") == "Herpes zoster" and row["table"] == "events")
    assert zoster["warning"] == "No event in one arm: no ratio exists."
