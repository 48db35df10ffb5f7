"""Volcano: size of the difference against p, a marker per term. Closed reports only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pvtracker.reports.charts.contrasts import Contrast, by_evidence, sides
from pvtracker.reports.charts.labels import Box, place
from pvtracker.reports.charts.style import WIDTH, Spec, chart, colour_of, named, nothing, shape_of

SMALLEST_P = 1e-6
LARGEST_P = 1.3  # the axis begins a little below 1, so that markers at 1 stay clear of its labels
NAMED_UP_TO = 0.5  # a term with a larger p is not named: there is nothing to notice


def volcano(
    contrasts: Sequence[Contrast],
    *,
    arm: str,
    reference: str,
    arms: Sequence[str] = (),
    most_labels: int = 12,
) -> Spec:
    """Risk difference against p (log scale, smaller is higher), a marker per term, the most striking named.

    Area of a marker: participants with the term in both arms; its colour and shape: the arm that had it more often,
    as in the other charts of a report with these `arms`. Terms without a p or difference are not drawn, and the
    description says how many.
    """
    drawn = [item for item in contrasts if item.p is not None and item.difference is not None]
    if not drawn:
        return nothing("No term has both a difference and a p-value, so there is nothing to draw.")
    width, height = WIDTH - 80, 290
    reach = max(0.05, *(abs(item.difference or 0.0) for item in drawn)) * 1.15
    least = max(min(item.p or SMALLEST_P for item in drawn), SMALLEST_P)
    floor = min(0.03, least) / 1.8
    all_arms = list(arms) or [arm, reference]
    values = [_point(item, floor, arm=arm, reference=reference) for item in by_evidence(drawn)]
    _label(values, reach=reach, floor=floor, width=width, height=height, most=most_labels)
    left_out = len(contrasts) - len(drawn)
    position: dict[str, Any] = {
        "x": {
            "field": "difference",
            "type": "quantitative",
            "scale": {"domain": [-100 * reach, 100 * reach], "nice": False},
            "title": [
                sides(arm, reference),
                "Risk difference, percentage points; the larger a mark, the more participants had the term",
            ],
            "axis": {"grid": False},
        },
        "y": {
            "field": "p",
            "type": "quantitative",
            "scale": {"type": "log", "domain": [LARGEST_P, floor], "nice": False},
            "title": "p, two-sided (log scale, smaller is higher)",
            "axis": {
                "values": [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 1e-3, 1e-4, 1e-5, 1e-6],
                "format": "~g",
            },
        },
    }
    return chart(
        description=(
            f"Volcano plot of {len(drawn)} terms, {arm} against {reference}: risk difference across, p up. "
            f"Smallest p: {named([str(value['term']) for value in values])}."
            + (f" {left_out} terms without a p-value are not drawn." if left_out else "")
        ),
        height_px=height + 75,
        content={
            "width": width,
            "height": height,
            "layer": [
                {
                    "data": {"values": [{"zero": 0}]},
                    "mark": {"type": "rule", "strokeDash": [3, 3]},
                    "encoding": {"x": {"field": "zero", "type": "quantitative"}},
                },
                {
                    "data": {"values": values},
                    "mark": {"type": "point", "filled": True, "opacity": 0.6, "strokeWidth": 1},
                    "encoding": {
                        **position,
                        "size": {
                            "field": "participants",
                            "type": "quantitative",
                            "scale": {"range": [20, 420], "zero": True},
                            "legend": None,
                        },
                        "shape": {**shape_of(all_arms, reference), "legend": None},
                        "color": {**colour_of(all_arms, reference), "legend": None},
                        "tooltip": [
                            {"field": "term", "title": "Term"},
                            {"field": "difference", "title": "Difference, points", "format": ".1f"},
                            {"field": "p", "title": "p", "format": ".3g"},
                            {"field": "participants", "title": "Participants"},
                        ],
                    },
                },
                *[_label_layer(values, side, position) for side in ("left", "right")],
            ],
        },
    )


def _point(item: Contrast, floor: float, *, arm: str, reference: str) -> dict[str, Any]:
    difference = item.difference or 0.0
    return {
        "term": item.term,
        "difference": 100 * difference,
        "p": max(item.p or 0.0, floor * 1.1),
        "participants": item.n_arm + item.n_reference,
        "arm": arm if difference > 0 else reference,
        "label": "",
        "anchor": "right" if difference >= 0 else "left",
    }


def _label(
    values: list[dict[str, Any]], *, reach: float, floor: float, width: int, height: int, most: int
) -> None:
    """Names the first `most` points that have room, in place."""
    bottom, top = math.log(LARGEST_P), math.log(floor)
    boxes = [
        Box.around(
            width * (value["difference"] + 100 * reach) / (200 * reach),
            height * (1 - (math.log(value["p"]) - bottom) / (top - bottom)),
        )
        for value in values
    ]
    boxes.append(Box(width / 2 - 1, 0, width / 2 + 1, height))  # no name crosses the line of no difference
    striking = [str(value["term"]) for value in values if value["p"] <= NAMED_UP_TO]
    for index, anchor in place(boxes, striking, width=width, most=most):
        values[index]["label"] = values[index]["term"]
        values[index]["anchor"] = anchor


def _label_layer(values: Sequence[dict[str, Any]], side: str, position: dict[str, Any]) -> dict[str, Any]:
    right = side == "right"
    named_here = [value for value in values if value["label"] and value["anchor"] == side]
    return {
        "data": {"values": named_here},
        "mark": {
            "type": "text",
            "align": "left" if right else "right",
            "dx": 11 if right else -11,
            "fontSize": 10,
        },
        "encoding": {**position, "text": {"field": "label"}},
    }
