"""The curves of one term as Vega-Lite without style: steps by arm, their limits, and who is still followed below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pvtracker.signals.charts import COLOURS, SCHEMA
from pvtracker.signals.curves import Curves, Mark, Point

HEIGHT = 240
BELOW = 62  # px from the plot to the first line of the table under it: the axis stands between
LINE = 17
APART = 16  # px between two names
DASHES = [[5, 3], [1, 0]]  # the reference's is broken, as in the report


def curves(
    found: Curves,
    *,
    names: dict[str, str],
    title: Sequence[str],
    followed: dict[str, str] | None = None,
    percent: bool = False,
    limits: bool = True,
) -> dict[str, Any]:
    """A line per side, named at its end, with its 95 % limits as a band; below, at the times of the table, how many are
    still followed. `names`: of the sides with a line, in the order of the colours; `followed`: of those in the table
    below, where they are others. `limits` False draws no band."""
    factor = 100.0 if percent else 1.0
    values: list[dict[str, Any]] = [
        {"side": names[side], **_scaled(point, factor, limits=limits)}
        for side in names
        for point in found.points.get(side, [])
    ]
    x = _weeks([mark.week for mark in found.marks], values)
    y: dict[str, Any] = {"type": "quantitative", "title": list(title), "axis": {"tickCount": 5}}
    y["scale"] = {"domain": _domain(values), "nice": False}
    by = {"field": "side", "type": "nominal", "legend": None}
    domain = list(names.values())
    colour = {**by, "scale": {"domain": domain, "range": _last(COLOURS, len(domain))}}
    dash = {**by, "scale": {"domain": domain, "range": _last(DASHES, len(domain))}}
    layers: list[dict[str, Any]] = []
    if limits:
        layers.append(
            {
                "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
                "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.14, "clip": True},
                "encoding": {
                    "x": {"field": "week", **x},
                    "y": {"field": "low", **y},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            }
        )
    if any(value["value"] < 0 or (value.get("low") or 0) < 0 for value in values):
        layers.insert(
            0,
            {
                "data": {"values": [{"nothing": 0}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"y": {"field": "nothing", **y}},
            },
        )
    layers += [
        {
            "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.8},
            "encoding": {
                "x": {"field": "week", **x},
                "y": {"field": "value", **y},
                "color": colour,
                "strokeDash": dash,
            },
        },
        *_names(values, names, x=x, y=y, colour=colour),
        *_followed(found.marks, followed or names, x=x, colour=None if followed else colour),
    ]
    return {"$schema": SCHEMA, "height": HEIGHT, "data": {"values": values}, "layer": layers}


def _scaled(point: Point, factor: float, *, limits: bool) -> dict[str, float | None]:
    told: dict[str, float | None] = {"week": round(point.week, 3), "value": factor * point.value}
    if limits:
        told["low"] = None if point.low is None else factor * point.low
        told["high"] = None if point.high is None else factor * point.high
    return told


def _weeks(shown: Sequence[int], values: Sequence[dict[str, Any]]) -> dict[str, Any]:
    end = max([*shown, *(value["week"] for value in values)], default=1)
    return {
        "type": "quantitative",
        "title": "Weeks since first exposure",
        "scale": {"domain": [0, end], "nice": False},
        "axis": {"grid": False, "values": sorted(set(shown)), "format": "d"},
    }


def _domain(values: Sequence[dict[str, Any]]) -> list[float]:
    """Of the vertical axis: all curves with room for their names, and limits up to three times as far."""
    middle = [value["value"] for value in values]
    top, bottom = max([0.0, *middle]), min([0.0, *middle])
    reach = max(top, -bottom) or 1.0
    ends = [end for value in values for end in (value.get("low"), value.get("high")) if end is not None]
    high = max([top, *(min(end, 3 * reach) for end in ends)])
    low = min([bottom, *(max(end, -3 * reach) for end in ends)])
    room = 0.08 * ((high - low) or 1.0)
    return [low - room if low < 0 else 0.0, high + room]


def _names(
    values: Sequence[dict[str, Any]], names: dict[str, str], *, x: Any, y: Any, colour: Any
) -> list[dict[str, Any]]:
    """Each line's name at its end, above the upper and below the lower line, never one over the other."""
    ends = {value["side"]: value for value in values}  # the last of each side
    if len(names) < 2:
        return []
    low, high = y["scale"]["domain"]
    upper = sorted(ends.values(), key=lambda value: -value["value"])
    layers = []
    for place, value in enumerate(upper):
        at = (high - value["value"]) / (high - low) * HEIGHT
        below = place > 0 and at + APART < HEIGHT
        layers.append(
            {
                "data": {"values": [value]},
                "mark": {
                    "type": "text", "align": "right", "fontWeight": 600, "dx": -4,
                    "dy": 11 if below else -9 - (APART if place else 0),
                },
                "encoding": {
                    "x": {"field": "week", **x},
                    "y": {"field": "value", **y},
                    "text": {"field": "side"},
                    "color": colour,
                },
            }
        )  # fmt: skip
    return layers


def _followed(marks: Sequence[Mark], names: dict[str, str], *, x: Any, colour: Any) -> list[dict[str, Any]]:
    """Under the axis two lines for each side: its name, and how many are still followed at each time."""
    layers = []
    sides = [side for side in dict.fromkeys(mark.side for mark in marks) if side]
    for place, side in enumerate(sides):
        at = HEIGHT + BELOW + 2 * LINE * place
        name = names[side]
        head = {"side": name, "text": f"Still followed, {name}"}
        layers.append(
            {
                "data": {"values": [head]},
                "mark": {"type": "text", "align": "left", "fontSize": 11},
                "encoding": {
                    "x": {"value": -36},
                    "y": {"value": at},
                    "text": {"field": "text"},
                    **({"color": colour} if colour else {}),
                },
            }
        )
        counts = [{"week": mark.week, "n": f"{mark.at_risk:,}"} for mark in marks if mark.side == side]
        layers.append(
            {
                "data": {"values": counts},
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "x": {"field": "week", **x},
                    "y": {"value": at + LINE - 2},
                    "text": {"field": "n"},
                },
            }
        )
    return layers


def _last(of: Sequence[Any], count: int) -> list[Any]:
    """A single line is the arm's."""
    return list(of[-count:]) if count < len(of) else list(of)
