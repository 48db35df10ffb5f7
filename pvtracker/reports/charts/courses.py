"""Measurements over the weeks (CD4 count, viral load), pooled or by arm, over the number measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pvtracker.reports.charts.labels import length
from pvtracker.reports.charts.style import (
    WIDTH,
    Spec,
    arm_order,
    chart,
    colour_of,
    dash_of,
    nothing,
    shape_of,
)

SHORTEST_NAME, LONGEST_NAME = 80, 170  # px for the arms' names beside the numbers measured


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """The centre (mean, median or geometric mean) of `n` participants at a week, with its limits.

    On a log scale all numbers must be above 0. None where a number does not exist (no limits of one value).
    """

    week: float
    arm: str
    n: int
    centre: float | None
    low: float | None
    high: float | None


def course(
    points: Sequence[CoursePoint],
    *,
    measure: str,
    unit: str,
    statistic: str,
    reference: str = "",
    log: bool = False,
    line_at: float | None = None,
    line_label: str = "",
) -> Spec:
    """A line per arm with intervals (a ribbon if pooled, bars if by arm); under it how many were measured.

    `statistic` names centre and limits, for example “Mean with 95 % interval”. `line_at` draws a horizontal
    line, for example the limit of detection, named `line_label`.
    """
    drawn = [point for point in points if point.centre is not None and not (log and point.centre <= 0)]
    if not drawn:
        return nothing(f"No {measure} has been measured, so there is no course to draw.")
    arms = arm_order([point.arm for point in points])
    weeks = sorted({point.week for point in points})
    span = max(weeks[-1] - weeks[0], 1.0)
    width = _width(arms)
    domain = [weeks[0] - span * 0.025, weeks[-1] + span * 0.025]
    values = [_value(point, arms, span) for point in drawn]
    x = {
        "field": "shifted",
        "type": "quantitative",
        "scale": {"domain": domain, "nice": False},
        "title": "Weeks",
        "axis": {"grid": False, "values": _ticks(weeks, width), "format": "d"},
    }
    y = {
        "type": "quantitative",
        "scale": {"type": "log", "nice": False} if log else {"zero": False},
        "title": [f"{measure}, {unit}", *(["log scale"] if log else _where_it_begins(drawn))],
        "axis": {"values": _powers(drawn), "format": ","} if log else {"tickCount": 5},
    }
    layers = [
        *_line_at(line_at, line_label, domain),
        _intervals(values, arms, x=x, y=y, reference=reference),
        _lines(values, arms, x=x, y=y, reference=reference),
    ]
    counted = 16 * len(arms)
    return chart(
        description=_description(drawn, arms, measure=measure, unit=unit, statistic=statistic),
        height_px=200 + counted + 110,
        content={
            "vconcat": [
                {"title": statistic, "width": width, "height": 200, "layer": layers},
                _counts(points, arms, weeks=weeks, domain=domain, width=width),
            ],
            "spacing": 8,
        },
    )


def _intervals(
    values: list[dict[str, Any]], arms: list[str], *, x: dict[str, Any], y: dict[str, Any], reference: str
) -> dict[str, Any]:
    bounded = [{"filter": {"field": bound, "valid": True}} for bound in ("low", "high")]
    mark: dict[str, Any] = {"type": "rule", "strokeWidth": 1.2, "opacity": 0.75}
    if len(arms) == 1:
        mark = {"type": "area", "opacity": 0.16}
    return {
        "data": {"values": values},
        "transform": bounded,
        "mark": mark,
        "encoding": {
            "x": x,
            "y": {"field": "low", **y},
            "y2": {"field": "high"},
            "color": colour_of(arms, reference),
        },
    }


def _lines(
    values: list[dict[str, Any]], arms: list[str], *, x: dict[str, Any], y: dict[str, Any], reference: str
) -> dict[str, Any]:
    return {
        "data": {"values": values},
        "encoding": {
            "x": x,
            "y": {"field": "centre", **y},
            "color": colour_of(arms, reference),
            "tooltip": [
                {"field": "arm", "title": "Arm"},
                {"field": "week", "title": "Week"},
                {"field": "n", "title": "Participants"},
                {"field": "centre", "title": "Estimate", "format": ",.4~g"},
                {"field": "low", "title": "Low", "format": ",.4~g"},
                {"field": "high", "title": "High", "format": ",.4~g"},
            ],
        },
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1.6},
                "encoding": {"strokeDash": dash_of(arms, reference)},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 42, "opacity": 1},
                "encoding": {"shape": shape_of(arms, reference)},
            },
        ],
    }


def _line_at(level: float | None, label: str, domain: list[float]) -> list[dict[str, Any]]:
    if level is None:
        return []
    data = {"values": [{"level": level, "label": label, "end": domain[1]}]}
    y = {"field": "level", "type": "quantitative"}
    return [
        {"data": data, "mark": {"type": "rule", "strokeDash": [2, 3]}, "encoding": {"y": y}},
        {
            "data": data,
            "mark": {"type": "text", "align": "right", "dy": -7, "fontSize": 10},
            "encoding": {
                "y": y,
                "x": {"field": "end", "type": "quantitative"},
                "text": {"field": "label"},
            },
        },
    ]


def _counts(
    points: Sequence[CoursePoint],
    arms: list[str],
    *,
    weeks: list[float],
    domain: list[float],
    width: int,
) -> dict[str, Any]:
    shown = _spaced(weeks, domain, width)
    values = [
        {"arm": point.arm, "week": point.week, "n": f"{point.n:,}"} for point in points if point.week in shown
    ]
    return {
        "title": "Participants measured",
        "width": width,
        "height": 16 * len(arms),
        "data": {"values": values},
        "mark": {"type": "text", "fontSize": 10},
        "encoding": {
            "x": {
                "field": "week",
                "type": "quantitative",
                "scale": {"domain": domain, "nice": False},
                "axis": None,
            },
            "y": {
                "field": "arm",
                "type": "nominal",
                "sort": arms,
                "title": None,
                "axis": {"domain": False, "ticks": False, "labelPadding": 12, "labelLimit": LONGEST_NAME},
            },
            "text": {"field": "n"},
        },
    }


def _width(arms: Sequence[str]) -> int:
    """Of the plot, in px: what the names of the arms leave, which stand at its left."""
    names = max(1.1 * length(arm) for arm in arms)  # 11 px text
    return WIDTH - 40 - round(min(max(names, SHORTEST_NAME), LONGEST_NAME))


def _spaced(weeks: list[float], domain: list[float], width: int, room: float = 26.0) -> set[float]:
    """The weeks whose counts can be written without touching the neighbour."""
    per_px = (domain[1] - domain[0]) / width
    shown: list[float] = []
    for week in weeks:
        if not shown or week - shown[-1] >= room * per_px:
            shown.append(week)
    return set(shown)


def _ticks(weeks: list[float], width: int) -> list[float]:
    domain = [weeks[0], weeks[-1] + 1e-9]
    return sorted(_spaced(weeks, domain, width, room=30.0)) if weeks[-1] > weeks[0] else weeks


def _where_it_begins(points: Sequence[CoursePoint]) -> list[str]:
    """A reader must be told when the axis leaves out its zero."""
    numbers = [n for point in points for n in (point.centre, point.low, point.high) if n is not None]
    least, largest = min(numbers), max(numbers)
    # rounded ends of the axis lie less than a fifth of the range beyond the values
    return ["axis not from 0"] if least > 0.2 * (largest - least) else []


def _powers(points: Sequence[CoursePoint]) -> list[float]:
    numbers = [
        n for point in points for n in (point.centre, point.low, point.high) if n is not None and n > 0
    ]
    first, last = math.floor(math.log10(min(numbers))), math.ceil(math.log10(max(numbers)))
    return [10.0**power for power in range(first, last + 1)]


def _value(point: CoursePoint, arms: list[str], span: float) -> dict[str, Any]:
    aside = (arms.index(point.arm) - (len(arms) - 1) / 2) * span * 0.008
    return {
        "arm": point.arm,
        "week": point.week,
        "shifted": point.week + aside,
        "n": point.n,
        "centre": point.centre,
        "low": point.low,
        "high": point.high,
    }


def _description(
    points: Sequence[CoursePoint], arms: list[str], *, measure: str, unit: str, statistic: str
) -> str:
    told = []
    for arm in arms:
        mine = sorted((point for point in points if point.arm == arm), key=lambda point: point.week)
        if mine:
            first, last = mine[0], mine[-1]
            told.append(
                f"{arm}: {first.centre:.4g} at week {first.week:g} (n={first.n}), "
                f"{last.centre:.4g} at week {last.week:g} (n={last.n})"
            )
    return f"Line of {measure} ({unit}) over the weeks, {statistic}. {'; '.join(told)}."
