"""Charts of the laboratory pages, as Vega-Lite without style: the page's script gives colours and type by theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pvtracker.lib.rounding import minus
from pvtracker.signals.charts import SCHEMA
from pvtracker.signals.laboratory_detail import Box

Spec = dict[str, Any]
SHAPES = ("circle", "diamond", "triangle-up", "square", "cross")
COLOURS = tuple(f"var(--pv-data-{number})" for number in (5, 1, 2, 3, 4))
LEGEND = {"orient": "top", "direction": "vertical", "title": None}
AXIS_WIDTH, WEEK_WIDTH, BOX_WIDTH = 70, 30, 12  # pixels that can be read
SMALLEST = 0.1  # multiples of the limit from which the picture begins


def _arm_scales(arms: Sequence[str], reference: str) -> dict[str, Any]:
    """Colour and shape by arm: grey and a circle for the reference, as everywhere."""
    order = sorted(arms, key=lambda arm: arm != reference)
    first = 0 if reference in arms else 1
    colours = [COLOURS[(place + first) % len(COLOURS)] for place in range(len(order))]
    shapes = [SHAPES[(place + first) % len(SHAPES)] for place in range(len(order))]
    field: dict[str, Any] = {"field": "arm", "type": "nominal", "legend": {**LEGEND, "values": list(arms)}}
    return {
        "color": {**field, "scale": {"domain": order, "range": colours}},
        "shape": {**field, "scale": {"domain": order, "range": shapes}},
    }


def boxes(
    found: Sequence[Box],
    *,
    arms: Sequence[str],
    reference: str,
    title: str,
    limits: Sequence[tuple[str, float]],
    log: bool,
) -> Spec:
    """Median, quartiles (thick) and extremes (thin) by planned week, the arms side by side; limits of normal dashed."""
    weeks = sorted({box.week for box in found})
    values = [
        {
            "week": minus(str(box.week)),
            "arm": box.arm,
            "n": box.n,
            **{name: getattr(box, name) for name in ("least", "first", "median", "third", "most")},
        }
        for box in found
    ]
    x = {
        "field": "week",
        "type": "ordinal",
        "sort": [minus(str(week)) for week in weeks],
        "title": "Week",
        "axis": {"labelAngle": 0, "labelOverlap": True},
    }
    side = {"field": "arm", "type": "nominal", "scale": {"domain": list(arms)}}
    y: dict[str, Any] = {
        "type": "quantitative",
        "title": title,
        "scale": {"type": "log", "nice": False} if log else {"zero": False},
        "axis": {"format": "~s"} if log else {},
    }
    scales = _arm_scales(arms, reference)
    colour = scales["color"]
    tooltip = [
        {"field": "arm", "title": "Arm"},
        {"field": "week", "title": "Week"},
        {"field": "n", "title": "Participants"},
        {"field": "median", "title": "Median", "format": ".4~g"},
    ]
    ranges = [
        {
            "mark": {"type": "rule", "strokeWidth": width},
            "encoding": {
                "x": x,
                "xOffset": side,
                "color": colour,
                "y": {"field": low, **y},
                "y2": {"field": high},
                "tooltip": tooltip,
            },
        }
        for low, high, width in (("least", "most", 1), ("first", "third", 4))
    ]
    median = {
        "mark": {"type": "point", "filled": True, "size": 40, "opacity": 1},
        "encoding": {
            "x": x,
            "xOffset": side,
            "y": {"field": "median", **y},
            **scales,
            "tooltip": tooltip,
        },
    }
    normal: list[Spec] = [
        {
            "data": {"values": [{"limit": value, "name": name}]},
            "mark": {"type": "rule", "strokeDash": [4, 4]},
            "encoding": {"y": {"field": "limit", **y}, "tooltip": [{"field": "name", "title": "Limit"}]},
        }
        for name, value in limits
        if value > 0 or not log
    ]
    return {
        "$schema": SCHEMA,
        "height": 300,
        # narrower, the boxes of a week would lie over one another: then the picture scrolls in its frame
        "usermeta": {"leastWidth": AXIS_WIDTH + len(weeks) * max(WEEK_WIDTH, BOX_WIDTH * len(arms))},
        "data": {"values": values},
        "layer": [*ranges, median, *normal],
    }


@dataclass(frozen=True, slots=True)
class Peak:
    """One participant in the picture: multiples of the upper limits, and where their page is."""

    subject: str
    arm: str
    transaminase: float
    bilirubin: float
    quadrant: str
    case: bool
    url: str


def edish(
    peaks: Sequence[Peak], *, arms: Sequence[str], reference: str, transaminase: float, bilirubin: float
) -> Spec:
    """Peaks of both on logarithmic scales, a mark for each participant that opens their page; lines at the limits.

    A possible case of Hy's law is larger and named. What is smaller than a tenth of a limit is drawn there.
    """
    reach = {
        name: 1.4 * max([3 * limit, *(getattr(peak, name) for peak in peaks)])
        for name, limit in (("transaminase", transaminase), ("bilirubin", bilirubin))
    }

    def axis(name: str, title: str) -> dict[str, Any]:
        return {
            "type": "quantitative",
            "title": title,
            "scale": {"type": "log", "domain": [SMALLEST / 1.2, reach[name]], "nice": False},
            "axis": {"values": [0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100], "format": "~g", "grid": False},
        }

    x = axis("transaminase", "Highest ALT or AST, × upper limit of normal")
    y = axis("bilirubin", "Highest total bilirubin, × ULN")
    values = [
        {
            "subject": peak.subject,
            "arm": peak.arm,
            "transaminase": max(peak.transaminase, SMALLEST),
            "bilirubin": max(peak.bilirubin, SMALLEST),
            "quadrant": peak.quadrant,
            "case": "possible case of Hy’s law" if peak.case else "no",
            "url": peak.url,
        }
        for peak in peaks
    ]
    scales = _arm_scales(arms, reference)
    position = {"x": {"field": "transaminase", **x}, "y": {"field": "bilirubin", **y}}
    tooltip = [
        {"field": "subject", "title": "Participant"},
        {"field": "arm", "title": "Arm"},
        {"field": "transaminase", "title": "ALT or AST, × ULN", "format": ".2f"},
        {"field": "bilirubin", "title": "Bilirubin, × ULN", "format": ".2f"},
        {"field": "quadrant", "title": "Quadrant"},
        {"field": "case", "title": "Within the window"},
    ]
    lines = [
        {
            "data": {"values": [{"limit": limit}]},
            "mark": {"type": "rule", "strokeDash": [4, 4]},
            "encoding": {channel: {"field": "limit", **of}},
        }
        for channel, of, limit in (("x", x, transaminase), ("y", y, bilirubin))
    ]
    return {
        "$schema": SCHEMA,
        "height": 380,
        "layer": [
            *lines,
            {
                "data": {"values": values},
                "mark": {"type": "point", "filled": True, "opacity": 0.75, "cursor": "pointer"},
                "encoding": {
                    **position,
                    **scales,
                    "size": {
                        "condition": {"test": "datum.case != 'no'", "value": 170},
                        "value": 55,
                    },
                    "href": {"field": "url"},
                    "tooltip": tooltip,
                },
            },
            {
                "data": {"values": [value for value in values if value["case"] != "no"]},
                "mark": {"type": "text", "align": "right", "dx": -10, "fontSize": 11},
                "encoding": {**position, "text": {"field": "subject"}},
            },
        ],
    }


def without_links(spec: Spec) -> Spec:
    """The picture for a file, which holds no address of ours."""
    layers = [
        {**layer, "encoding": {name: of for name, of in layer["encoding"].items() if name != "href"}}
        for layer in spec["layer"]
    ]
    for layer in layers:
        if "data" in layer:
            values = [
                {name: value for name, value in one.items() if name != "url"}
                for one in layer["data"]["values"]
            ]
            layer["data"] = {"values": values}
    return {**spec, "layer": layers}


@dataclass(frozen=True, slots=True)
class LiverPoint:
    """One liver test of a participant: the day as it is told (1 is that of first exposure), multiple of the limit."""

    test: str
    day: float
    times: float


def liver_course(points: Sequence[LiverPoint], *, transaminase: float, bilirubin: float) -> Spec:
    """The liver tests of one participant over days, on a logarithmic scale."""
    tests = list(dict.fromkeys(point.test for point in points))
    field = {"field": "test", "type": "nominal", "legend": LEGEND}
    y = {
        "type": "quantitative",
        "title": "× upper limit of normal",
        "scale": {"type": "log", "nice": False, "padding": 10},
        "axis": {"format": "~g", "tickCount": 6},
    }
    return {
        "$schema": SCHEMA,
        "height": 300,
        "layer": [
            *[
                {
                    "data": {"values": [{"limit": limit}]},
                    "mark": {"type": "rule", "strokeDash": [4, 4]},
                    "encoding": {"y": {"field": "limit", **y}},
                }
                for limit in sorted({1.0, transaminase, bilirubin})
            ],
            {
                "data": {"values": [{"test": p.test, "day": p.day, "times": p.times} for p in points]},
                "mark": {"type": "line", "point": {"filled": True, "size": 45}, "strokeWidth": 1.5},
                "encoding": {
                    "x": {
                        "field": "day",
                        "type": "quantitative",
                        "title": "Day (1 is that of first exposure)",
                        "axis": {"grid": False},
                    },
                    "y": {"field": "times", **y},
                    "color": {
                        **field,
                        "scale": {
                            "domain": tests,
                            "range": [COLOURS[(place + 1) % 5] for place in range(len(tests))],
                        },
                    },
                    "strokeDash": {**field, "scale": {"domain": tests}},
                    "tooltip": [
                        {"field": "test", "title": "Test"},
                        {"field": "day", "title": "Day"},
                        {"field": "times", "title": "× ULN", "format": ".2f"},
                    ],
                },
            },
        ],
    }


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean or estimate with its limits in a week, of an arm or of a difference."""

    week: float
    arm: str
    estimate: float
    low: float
    high: float


def course(found: Sequence[Interval], *, arms: Sequence[str], reference: str, title: str, log: bool) -> Spec:
    """Means with intervals over the weeks, a line for each arm."""
    scales = _arm_scales(arms, reference)
    y: dict[str, Any] = {
        "type": "quantitative",
        "title": title,
        "scale": {"type": "log", "nice": False} if log else {"zero": False},
        "axis": {"format": "~s"} if log else {},
    }
    x = {"field": "week", "type": "quantitative", "title": "Week", "axis": {"grid": False}}
    side = {"field": "arm", "type": "nominal", "scale": {"domain": list(arms)}}
    values = [
        {
            "week": one.week,
            "arm": one.arm,
            **{name: _number(getattr(one, name)) for name in ("estimate", "low", "high")},
        }
        for one in found
    ]
    return {
        "$schema": SCHEMA,
        "height": 280,
        "data": {"values": values},
        "layer": [
            {
                "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
                "mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.6},
                "encoding": {
                    "x": x,
                    "y": {"field": "low", **y},
                    "y2": {"field": "high"},
                    "color": scales["color"],
                    "detail": side,
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.5},
                "encoding": {"x": x, "y": {"field": "estimate", **y}, "color": scales["color"]},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": {"field": "estimate", **y},
                    **scales,
                    "tooltip": [
                        {"field": "arm", "title": "Arm"},
                        {"field": "week", "title": "Week"},
                        {"field": "estimate", "title": "Mean", "format": ".4~g"},
                        {"field": "low", "title": "From", "format": ".4~g"},
                        {"field": "high", "title": "To", "format": ".4~g"},
                    ],
                },
            },
        ],
    }


def _number(value: float) -> float | None:
    return None if value != value else value
