"""A boundary and the path towards it, as Vega-Lite without style."""

from __future__ import annotations

from typing import Any

from pvtracker.signals.boundary_design import Drawn
from pvtracker.signals.charts import COLOURS, SCHEMA

HEIGHT = 260
NAMES = ("Boundary", "Path")
LABEL_ROOM = 1.25


def path_chart(drawn: Drawn, arm: str) -> dict[str, Any]:
    """The boundary grey and broken with diamonds, along its axis; the path of the term in the arm blue with circles, in
    the order in which it was looked at. Each is named at its end."""
    values: list[dict[str, Any]] = []
    along = sorted(drawn.steps, key=lambda step: step.at)
    for name, steps in zip(NAMES, (along, drawn.steps), strict=True):
        for place, step in enumerate(steps):
            value = step.bound if name == "Boundary" else step.path
            when = str(step.look.on) if step.look else "planned end"
            if value is not None:
                values += [{"line": name, "at": step.at, "value": value, "when": when, "place": place}]
    heights = [value["value"] for value in values]
    top, bottom = max([1.0, *heights]) * LABEL_ROOM, min([0.0, *heights]) * LABEL_ROOM
    x = {
        "field": "at",
        "type": "quantitative",
        "title": drawn.across,
        "scale": {"domain": [0, max(step.at for step in drawn.steps) * 1.03], "nice": False},
        "axis": {"grid": False, "tickCount": 6},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "title": drawn.upwards,
        "scale": {"domain": [bottom, top], "nice": False},
    }
    by = {"field": "line", "type": "nominal", "legend": None}
    colour = {**by, "scale": {"domain": list(NAMES), "range": COLOURS}}
    ends = [
        {**[value for value in values if value["line"] == name][-1], "text": text}
        for name, text in zip(NAMES, ("Boundary", arm), strict=True)
        if any(value["line"] == name for value in values)
    ]
    tooltip = [
        {"field": "when", "title": "Look"},
        {"field": "at", "title": drawn.across, "format": ".3~g"},
        {"field": "value", "title": drawn.upwards, "format": ".6~g"},
    ]
    order = {"field": "place", "title": "place in its line"}
    dash = {**by, "scale": {"domain": list(NAMES), "range": [[5, 3], [1, 0]]}}
    shape = {**by, "scale": {"domain": list(NAMES), "range": ["diamond", "circle"]}}
    return {
        "$schema": SCHEMA,
        "height": HEIGHT,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1.8},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": colour,
                    "strokeDash": dash,
                    "order": order,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": colour, "shape": shape, "tooltip": tooltip},
            },
            {
                "data": {"values": ends},
                "mark": {"type": "text", "align": "right", "dy": -12, "fontWeight": 600},
                "encoding": {"x": x, "y": y, "color": colour, "text": {"field": "text"}},
            },
        ],
    }
