"""Enrolment over time, a step line, with the plan if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pvtracker.reports.charts.style import DASHES, WIDTH, Spec, chart, nothing

PLANNED = "Planned"


@dataclass(frozen=True, slots=True)
class EnrolmentPoint:
    """`total` participants up to and including `day`."""

    day: date
    total: int


def enrolment(
    enrolled: Sequence[EnrolmentPoint], *, planned: Sequence[EnrolmentPoint] = (), label: str = "Enrolled"
) -> Spec:
    """Cumulative participants by day; `planned` (dashed, straight between its points) may be left out."""
    if not enrolled:
        return nothing("No participant has been enrolled, so there is no enrolment to draw.")
    values = [_value(point, label) for point in enrolled] + [_value(point, PLANNED) for point in planned]
    legend = {"values": [label, PLANNED]} if planned else None
    day = {
        "field": "day",
        "type": "temporal",
        "scale": {"type": "utc"},
        "title": None,
        "axis": {"format": "%b %Y", "grid": False, "tickCount": 8, "labelOverlap": True},
    }
    encoding = {
        "x": day,
        "y": {"field": "total", "type": "quantitative", "title": "Participants", "axis": {"tickMinStep": 1}},
        "color": {"field": "series", "scale": {"domain": [PLANNED, label]}, "legend": legend},
        "strokeDash": {
            "field": "series",
            "scale": {"domain": [PLANNED, label], "range": list(DASHES[:2])},
            "legend": legend,
        },
        "tooltip": [
            {"field": "series", "title": "Series"},
            {"field": "day", "type": "temporal", "format": "%Y-%m-%d", "title": "Day"},
            {"field": "total", "title": "Participants"},
        ],
    }
    lines = [{"transform": [_only(label)], "mark": {"type": "line", "interpolate": "step-after"}}]
    if planned:
        lines.append({"transform": [_only(PLANNED)], "mark": {"type": "line", "strokeWidth": 1.4}})
    return chart(
        description=_description(enrolled, planned, label),
        height_px=250,
        content={
            "width": WIDTH - 70,
            "height": 180,
            "data": {"values": values},
            "encoding": encoding,
            "layer": lines,
        },
    )


def _description(enrolled: Sequence[EnrolmentPoint], planned: Sequence[EnrolmentPoint], label: str) -> str:
    first, last = enrolled[0], enrolled[-1]
    plan = f"; {planned[-1].total} planned by {planned[-1].day.isoformat()}" if planned else ""
    return (
        f"Step line of participants over time: {label.lower()} {first.total} on {first.day.isoformat()}, "
        f"{last.total} on {last.day.isoformat()}{plan}."
    )


def _value(point: EnrolmentPoint, series: str) -> dict[str, object]:
    return {"day": point.day.isoformat(), "total": point.total, "series": series}


def _only(series: str) -> dict[str, object]:
    return {"filter": {"field": "series", "equal": series}}
