"""The charts: what they say, what they order, what they leave out, and that each can be drawn."""

import json
import re
from datetime import date
from typing import Any

import pytest
import vl_convert

from pvtracker.reports import charts
from pvtracker.reports.blocks import Figure, Report
from tests.pure.reports import sample


def figures(report: Report) -> list[Figure]:
    return [block for section in report.sections for block in section.blocks if isinstance(block, Figure)]


def drawn(spec: dict[str, Any]) -> str:
    return str(vl_convert.vegalite_to_svg(charts.styled(spec), allowed_base_urls=[]))


def shown_text(svg: str) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def one(term: str, n: int, m: int, p: float | None, difference: float | None = 0.1) -> charts.Contrast:
    return charts.Contrast(term, n, 40, m, 40, difference, -0.05, 0.25, p)


@pytest.mark.parametrize("report", [sample.open_report(), sample.closed_report()], ids=["open", "closed"])
def test_every_chart_is_drawn_with_its_description(report: Report) -> None:
    for figure in figures(report):
        svg = drawn(figure.spec)
        assert figure.description == figure.spec["description"]
        assert len(figure.description) > 40, figure.key
        assert len(shown_text(svg)) > 20, figure.key


def test_an_open_chart_names_no_arm() -> None:
    for figure in figures(sample.open_report()):
        text = json.dumps(figure.spec)
        assert sample.ACTIVE not in text
        assert sample.REFERENCE not in text


def test_a_chart_carries_no_style_of_its_own_until_it_is_drawn() -> None:
    for figure in figures(sample.closed_report()):
        assert "config" not in figure.spec
    spec = figures(sample.closed_report())[0].spec
    assert charts.styled(spec, "light")["config"] != charts.styled(spec, "dark")["config"]


@pytest.mark.parametrize(
    "spec",
    [
        charts.enrolment([]),
        charts.overview([]),
        charts.severity([]),
        charts.dot_plot([], arm="A", reference="B"),
        charts.volcano([], arm="A", reference="B"),
        charts.course([], measure="CD4 count", unit="cells/mm³", statistic="Mean"),
        charts.follow_up([], title="Weeks of follow-up"),
        charts.volcano([one("Nausea", 1, 0, None)], arm="A", reference="B"),
        charts.severity([charts.GradeCount("All", 1, "Mild", 0, 12)]),
    ],
)
def test_a_chart_of_nothing_says_so(spec: dict[str, Any]) -> None:
    assert spec["description"] in shown_text(drawn(spec)).replace("&#39;", "'")
    assert re.search(r"\b(No|no)\b", spec["description"])


def test_the_dot_plot_is_ordered_by_evidence() -> None:
    items = [
        one("Weak", 5, 4, 0.9),
        one("Unknown", 1, 0, None),
        one("Strong", 9, 1, 0.01),
        one("Mild", 7, 3, 0.3),
    ]
    spec = charts.dot_plot(items, arm="OZ1", reference="Placebo")
    assert spec["hconcat"][0]["encoding"]["y"]["sort"] == ["Strong", "Mild", "Weak", "Unknown"]


def test_equal_evidence_is_ordered_by_size_then_name() -> None:
    items = [one("B", 2, 1, 0.5, 0.1), one("A", 2, 1, 0.5, 0.1), one("C", 2, 1, 0.5, -0.3)]
    assert [item.term for item in charts.by_evidence(items)] == ["C", "A", "B"]


def test_the_dot_plot_shows_percent_and_difference_in_points() -> None:
    spec = charts.dot_plot([one("Nausea", 10, 6, 0.4)], arm="OZ1", reference="Placebo")
    shares, differences = spec["hconcat"]
    assert {v["arm"]: v["size"] for v in shares["data"]["values"]} == {"OZ1": 25.0, "Placebo": 15.0}
    value = differences["layer"][1]["data"]["values"][0]
    assert (value["difference"], value["low"], value["high"]) == (10.0, -5.0, 25.0)


def test_tiny_arms_are_shown_as_counts_without_differences() -> None:
    tiny = charts.Contrast("Nausea", 2, 6, 1, 7, 0.19, -0.3, 0.6, 0.6)
    spec = charts.dot_plot([tiny], arm="OZ1", reference="Placebo")
    assert len(spec["hconcat"]) == 1
    assert "%" not in json.dumps(spec)
    assert {v["size"] for v in spec["hconcat"][0]["data"]["values"]} == {1, 2}


def test_tiny_groups_have_no_percent_in_bars() -> None:
    bars = charts.overview([charts.Share("Any", "All", 3, 9)])
    parts = charts.severity([charts.GradeCount("All", 1, "Mild", 3, 9)])
    assert "%" not in json.dumps(bars["encoding"]) + json.dumps(bars["data"]) + json.dumps(parts["data"])
    assert bars["data"]["values"][0]["size"] == 3


def test_the_volcano_leaves_out_what_has_no_p_and_says_how_many() -> None:
    spec = charts.volcano([one("Nausea", 5, 4, 0.2), one("Rash", 1, 0, None)], arm="OZ1", reference="Placebo")
    assert "1 terms without a p-value are not drawn" in spec["description"]
    assert [value["term"] for value in spec["layer"][1]["data"]["values"]] == ["Nausea"]


def test_names_in_the_volcano_do_not_overlap() -> None:
    same = [one(f"Term number {n}", 5, 4, 0.02, 0.1) for n in range(5)]
    apart = [one("Left", 1, 5, 0.01, -0.1), one("Right", 5, 1, 0.2, 0.02)]
    values = charts.volcano([*same, *apart], arm="OZ1", reference="Placebo")["layer"][1]["data"]["values"]
    named = [value["label"] for value in values if value["label"]]
    assert "Left" in named
    assert len([label for label in named if label.startswith("Term")]) < 2


def test_arms_differ_by_shape_and_dash_besides_colour() -> None:
    points = [
        charts.CoursePoint(week, arm, 5, 10.0, 9.0, 11.0) for week in (0, 4) for arm in ("OZ1", "Placebo")
    ]
    spec = charts.course(points, measure="CD4", unit="cells", statistic="Mean", reference="Placebo")
    lines = spec["vconcat"][0]["layer"][-1]["layer"]
    dash = lines[0]["encoding"]["strokeDash"]["scale"]
    shape = lines[1]["encoding"]["shape"]["scale"]
    assert dash["domain"] == shape["domain"] == ["Placebo", "OZ1"]
    assert len({tuple(pattern) for pattern in dash["range"]}) == len(set(shape["range"])) == 2


def test_an_arm_keeps_its_colour_and_marker_in_every_chart() -> None:
    """The second active arm is not drawn as the first one where it is compared alone."""
    arms = ["Low", "High", "Placebo"]
    items = [one("Nausea", 10, 6, 0.4)]
    specs = [
        charts.dot_plot(items, arm=arm, reference="Placebo", arms=arms)["hconcat"][0]["encoding"]
        for arm in ("Low", "High")
    ] + [
        charts.volcano(items, arm=arm, reference="Placebo", arms=arms)["layer"][1]["encoding"]
        for arm in ("Low", "High")
    ]
    assert {tuple(spec["color"]["scale"]["domain"]) for spec in specs} == {("Placebo", "Low", "High")}
    assert {tuple(spec["shape"]["scale"]["range"]) for spec in specs} == {
        ("circle", "diamond", "triangle-up")
    }
    assert specs[1]["color"]["legend"]["values"] == ["High", "Placebo"]


def test_no_name_crosses_the_line_of_no_difference() -> None:
    """There is no room at the right of a point at the right edge, and a long name at its left would reach over."""
    spec = charts.volcano(
        [one("A name that is much longer than half of the plot can hold", 9, 1, 0.01, 0.2)],
        arm="OZ1",
        reference="Placebo",
    )
    assert [value["label"] for value in spec["layer"][1]["data"]["values"]] == [""]


def test_an_axis_that_leaves_out_zero_says_so() -> None:
    def title(low: float) -> object:
        points = [charts.CoursePoint(week, "All", 9, low + week, None, None) for week in (0, 100)]
        spec = charts.course(points, measure="CD4", unit="cells", statistic="Mean")
        return spec["vconcat"][0]["layer"][0]["encoding"]["y"]["title"]

    assert title(400.0) == ["CD4, cells", "axis not from 0"]
    assert title(5.0) == ["CD4, cells"]


def test_the_course_tells_how_many_were_measured() -> None:
    points = [charts.CoursePoint(week, "All", 40 - week, 10.0, None, None) for week in (0, 12)]
    spec = charts.course(points, measure="CD4", unit="cells", statistic="Mean")
    assert [value["n"] for value in spec["vconcat"][1]["data"]["values"]] == ["40", "28"]
    assert "n=28" in spec["description"]


def test_a_log_scale_draws_no_zero() -> None:
    points = [
        charts.CoursePoint(0, "All", 3, 0.0, 0.0, 5.0),
        charts.CoursePoint(4, "All", 3, 50.0, 20.0, 90.0),
    ]
    spec = charts.course(points, measure="Viral load", unit="copies/ml", statistic="Mean", log=True)
    drawn_weeks = [value["week"] for value in spec["vconcat"][0]["layer"][-1]["data"]["values"]]
    assert drawn_weeks == [4]


def test_enrolment_ends_at_its_total() -> None:
    points = [charts.EnrolmentPoint(date(2026, 1, 5), 1), charts.EnrolmentPoint(date(2026, 3, 1), 12)]
    assert "12 on 2026-03-01" in charts.enrolment(points)["description"]


def test_the_figure_block_takes_text_and_height_from_the_chart() -> None:
    spec = charts.nothing("No participant yet.")
    figure = charts.figure(key="f", title="F", table="t", spec=spec)
    assert figure.description == "No participant yet."
    assert figure.height_mm == pytest.approx(spec["usermeta"]["height_px"] * 25.4 / 96, abs=0.1)
