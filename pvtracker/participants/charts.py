"""One participant over time: what was given, what happened, and what was measured, on one time axis.

The functions take plain records and return a Vega-Lite specification without style (the page adds the theme).
Dates are days in UTC, so that a browser in another time zone draws the same day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 760  # px of the drawing without its labels
ROW = 20  # px per lane
# Grade 1 to 5: a shape and a colour each, legible on the light and the dark surface (contrast 3:1 and more).
GRADE_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
GRADE_COLOURS = ("#6d8196", "#a07d12", "#c8641e", "#d13a44", "#b04ba5")
LONGEST_LABEL = 34  # characters


@dataclass(frozen=True, slots=True)
class Lane:
    """One administration or course: drawn in the lane of its intervention. `end` None: one day, or not
    known.
    """

    name: str
    start: date
    end: date | None
    text: str  # dates as written


@dataclass(frozen=True, slots=True)
class EventBar:
    """One event from its first possible day of onset to its last possible day of end."""

    label: str  # number and term
    start: date
    end: date | None
    ongoing: bool
    grade: int | None
    serious: bool
    text: str  # dates as written


@dataclass(frozen=True, slots=True)
class Point:
    """One result; `below`: it lies below `value`, the limit of detection, where it is drawn as an empty
    mark.
    """

    day: date
    value: float
    below: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """The values of one analyte in its standard unit, in the order of days."""

    name: str
    unit: str
    points: tuple[Point, ...]
    log: bool = False  # only when every value is above 0


def timeline(lanes: Sequence[Lane], bars: Sequence[EventBar], courses: Sequence[Course]) -> Spec | None:
    """The picture of one participant; None when nothing has a date."""
    days = [
        *(lane.start for lane in lanes),
        *(lane.end for lane in lanes if lane.end),
        *(bar.start for bar in bars),
        *(bar.end for bar in bars if bar.end),
        *(point.day for course in courses for point in course.points),
    ]
    if not days:
        return None
    parts = []
    if lanes:
        parts.append(_lanes(lanes))
    if bars:
        parts.append(_bars(bars, last=max(days)))
    parts.extend(_course(course) for course in courses if course.points)
    for part in parts[:-1]:
        part["encoding"]["x"]["axis"] = {"labels": False, "ticks": False, "title": None, "grid": True}
    return {
        "$schema": SCHEMA,
        "description": _description(lanes, bars, courses),
        "vconcat": parts,
        "spacing": 8,
        "resolve": {"scale": {"x": "shared", "color": "independent", "shape": "independent"}},
    }


def _x() -> dict[str, Any]:
    """The shared time axis."""
    return {
        "field": "start",
        "type": "temporal",
        "scale": {"type": "utc", "nice": False, "padding": 12},
        "axis": {"title": None, "format": "%b %Y", "labelOverlap": True, "grid": True},
    }


def _ms(day: date) -> int:
    """The start of the day in UTC, in milliseconds since 1970, as Vega counts time."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _y_lanes(names: list[str]) -> dict[str, Any]:
    return {
        "field": "name",
        "type": "nominal",
        "sort": names,
        "title": None,
        "axis": {"labelLimit": 190, "minExtent": 200, "maxExtent": 200},
    }


def _tooltip(*fields: tuple[str, str]) -> list[dict[str, str]]:
    return [{"field": field, "title": title, "type": "nominal"} for field, title in fields]


def _lanes(lanes: Sequence[Lane]) -> Spec:
    names = list(dict.fromkeys(_short(lane.name) for lane in lanes))
    values = [
        {
            "name": _short(lane.name),
            "start": _ms(lane.start),
            "end": _ms((lane.end or lane.start) + timedelta(days=1)),
            "text": lane.text,
        }
        for lane in lanes
    ]
    return {
        "title": "Given",
        "width": WIDTH,
        "height": ROW * len(names),
        "data": {"values": values},
        "encoding": {
            "x": _x(),
            "y": _y_lanes(names),
            "tooltip": _tooltip(("name", "Intervention"), ("text", "Dates")),
        },
        "layer": [
            {"mark": {"type": "bar", "height": 10}, "encoding": {"x2": {"field": "end"}}},
            {"mark": {"type": "tick", "thickness": 3, "height": 10}},
        ],
    }


def _bars(bars: Sequence[EventBar], *, last: date) -> Spec:
    names = [_short(bar.label) for bar in bars]
    values = [
        {
            "name": name,
            "start": _ms(bar.start),
            "end": _ms((last if bar.ongoing else bar.end or bar.start) + timedelta(days=1)),
            "grade": str(bar.grade) if bar.grade else "not graded",
            "serious": "serious" if bar.serious else "not serious",
            "course": "ongoing" if bar.ongoing else "",
            "text": bar.text,
        }
        for name, bar in zip(names, bars, strict=True)
    ]
    grades = ["1", "2", "3", "4", "5", "not graded"]
    colour = {
        "field": "grade",
        "type": "nominal",
        "title": "Grade",
        "scale": {"domain": grades, "range": [*GRADE_COLOURS, "#7d8894"]},
        "legend": {"orient": "top"},
    }
    shape = {
        "field": "grade",
        "type": "nominal",
        "title": "Grade",
        "scale": {"domain": grades, "range": [*GRADE_SHAPES, "wedge"]},
    }
    layers: list[Spec] = [
        {"mark": {"type": "bar", "height": 6, "opacity": 0.7}, "encoding": {"x2": {"field": "end"}}},
        {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1}, "encoding": {"shape": shape}},
    ]
    if any(bar.ongoing for bar in bars):  # a layer without a mark would be an unnamed picture to a reader
        arrow = {"type": "point", "filled": True, "size": 60, "shape": "triangle-right"}
        at_end = {"x": {**_x(), "field": "end"}}
        layers.append({"transform": [_only("course", "ongoing")], "mark": arrow, "encoding": at_end})
    if any(bar.serious for bar in bars):
        letter = {"type": "text", "text": "S", "fontWeight": "bold", "dx": -11}
        layers.append({"transform": [_only("serious", "serious")], "mark": letter})
    return {
        "title": "Adverse events",
        "width": WIDTH,
        "height": ROW * len(names),
        "data": {"values": values},
        "encoding": {
            "x": _x(),
            "y": _y_lanes(names),
            "color": colour,
            "tooltip": _tooltip(
                ("name", "Event"), ("grade", "Grade"), ("serious", "Seriousness"), ("text", "Dates")
            ),
        },
        "layer": layers,
    }


def _only(field: str, value: str) -> dict[str, Any]:
    return {"filter": {"field": field, "equal": value}}


def _course(course: Course) -> Spec:
    values = [
        {
            "start": _ms(point.day),
            "value": point.value,
            "day": str(point.day),
            "text": f"{'<' * point.below}{point.value:g} {course.unit}".strip(),
            "below": "below the limit" if point.below else "measured",
        }
        for point in course.points
    ]
    layers: list[Spec] = [{"mark": {"type": "line", "strokeWidth": 1.5}}]
    for kind, filled in (("measured", True), ("below the limit", False)):
        if any(value["below"] == kind for value in values):
            mark = {"type": "point", "filled": filled, "size": 30}
            layers.append({"transform": [_only("below", kind)], "mark": mark})
    return {
        "width": WIDTH,
        "height": 110,
        "data": {"values": values},
        "encoding": {
            "x": _x(),
            "y": {
                "field": "value",
                "type": "quantitative",
                "scale": {"type": "log", "nice": False} if course.log else {"zero": False},
                "title": [_short(course.name), f"{course.unit}{', log scale' if course.log else ''}".strip()],
                "axis": {"tickCount": 4, "minExtent": 200, "maxExtent": 200, "format": "~s"},
            },
            "tooltip": _tooltip(("day", "Day"), ("text", course.name)),
        },
        "layer": layers,
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def _description(lanes: Sequence[Lane], bars: Sequence[EventBar], courses: Sequence[Course]) -> str:
    measured = " and ".join(course.name for course in courses if course.points)
    said = f"{len(lanes)} administrations or courses and {len(bars)} adverse events over time"
    return f"{said}, with {measured} below." if measured else f"{said}."
