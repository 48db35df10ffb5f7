"""Two arms compared, term by term: the dot plot with intervals, and the volcano. For closed reports only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pvtracker.reports.charts.labels import Box, place
from pvtracker.reports.charts.style import (
    WIDTH,
    Spec,
    chart,
    colour_of,
    named,
    nothing,
    shape_of,
    too_few_for_percent,
)

TERM_LABELS = 190  # px
MOST_TERMS = 30
SMALLEST_P = 1e-6


@dataclass(frozen=True, slots=True)
class Contrast:
    """One term in an active arm against the reference: participants, and the difference of their shares.

    `difference`, `low`, `high` are fractions (active minus reference); None where a number does not exist.
    """

    term: str
    n_arm: int
    total_arm: int
    n_reference: int
    total_reference: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None


def by_evidence(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The strongest evidence of a difference first: by p, then by the size of the difference, then by name."""
    return sorted(
        contrasts,
        key=lambda item: (
            1.0 if item.p is None else item.p,
            -abs(item.difference or 0.0),
            item.term,
        ),
    )


def dot_plot(
    contrasts: Sequence[Contrast], *, arm: str, reference: str, confidence: int = 95, most: int = MOST_TERMS
) -> Spec:
    """Left the percentage of participants with each term, a marker per arm; right the difference and interval.

    The `most` terms with the strongest evidence, strongest first (after Amit, Heiberger & Lane, Pharm Stat
    7:20-35 (2008)). With fewer than ten participants in an arm: counts at the left, no differences.
    """
    if not contrasts:
        return nothing("No term has an event in either arm, so there are no differences to draw.")
    shown = by_evidence(contrasts)[:most]
    terms = [item.term for item in shown]
    counts = too_few_for_percent([shown[0].total_arm, shown[0].total_reference])
    height = 19 * len(shown)
    views = [_shares(shown, arm=arm, reference=reference, counts=counts, height=height)]
    if not counts:
        views.append(_differences(shown, arm=arm, reference=reference, confidence=confidence, height=height))
    return chart(
        description=(
            f"Dot plot of {len(shown)} terms, strongest evidence first ({named(terms)}): left, participants with "
            f"the term in {arm} and {reference}"
            + ("." if counts else f"; right, the difference with its {confidence} % interval.")
        ),
        height_px=height + 95,
        content={"hconcat": views, "spacing": 22},
    )


def volcano(contrasts: Sequence[Contrast], *, arm: str, reference: str, most_labels: int = 12) -> Spec:
    """Risk difference against p (log scale, smaller is higher), a circle per term, the most striking named.

    Circle area: participants with the term in both arms. Terms without a p or difference are not drawn, and
    the description says how many.
    """
    drawn = [item for item in contrasts if item.p is not None and item.difference is not None]
    if not drawn:
        return nothing("No term has both a difference and a p-value, so there is nothing to draw.")
    width, height = WIDTH - 80, 290
    reach = max(0.05, *(abs(item.difference or 0.0) for item in drawn)) * 1.15
    least = max(min(item.p or SMALLEST_P for item in drawn), SMALLEST_P)
    floor = min(0.01, least) / 1.8
    values = [_point(item, floor) for item in by_evidence(drawn)]
    _label(values, reach=reach, floor=floor, width=width, height=height, most=most_labels)
    left_out = len(contrasts) - len(drawn)
    position: dict[str, Any] = {
        "x": {
            "field": "difference",
            "type": "quantitative",
            "scale": {"domain": [-100 * reach, 100 * reach], "nice": False},
            "title": [_sides(arm, reference), "Risk difference, percentage points"],
            "axis": {"grid": False},
        },
        "y": {
            "field": "p",
            "type": "quantitative",
            "scale": {"type": "log", "domain": [1, floor], "nice": False},
            "title": "p, two-sided (log scale, smaller is higher)",
            "axis": {"values": [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1e-3, 1e-4, 1e-5, 1e-6], "format": "~g"},
        },
    }
    return chart(
        description=(
            f"Volcano plot of {len(drawn)} terms, {arm} against {reference}: risk difference across, p upwards. "
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
                        "shape": {
                            "field": "side",
                            "scale": {
                                "domain": ["more", "less"],
                                "range": ["triangle-up", "circle"],
                            },
                            "legend": None,
                        },
                        "color": {
                            "field": "side",
                            "scale": {"domain": ["less", "more"]},
                            "legend": None,
                        },
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


def _shares(
    shown: Sequence[Contrast], *, arm: str, reference: str, counts: bool, height: int
) -> dict[str, Any]:
    values = [
        {
            "term": item.term,
            "arm": name,
            "size": n if counts else 100 * n / total,
            "text": f"{n}/{total}",
        }
        for item in shown
        for name, n, total in (
            (reference, item.n_reference, item.total_reference),
            (arm, item.n_arm, item.total_arm),
        )
    ]
    arms = [reference, arm]
    return {
        "width": (WIDTH - TERM_LABELS - 60) // 2,
        "height": height,
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "size": 55, "opacity": 0.95},
        "encoding": {
            "y": _terms(shown, labels=True),
            "x": {
                "field": "size",
                "type": "quantitative",
                "scale": {"zero": True},
                "title": "Participants" if counts else "Participants with the event, %",
                "axis": {"tickMinStep": 1},
            },
            "color": colour_of(arms, reference),
            "shape": shape_of(arms),
            "tooltip": [
                {"field": "term", "title": "Term"},
                {"field": "arm", "title": "Arm"},
                {"field": "text", "title": "n/N"},
            ],
        },
    }


def _differences(
    shown: Sequence[Contrast], *, arm: str, reference: str, confidence: int, height: int
) -> dict[str, Any]:
    values = [
        {
            "term": item.term,
            "difference": _points(item.difference),
            "low": _points(item.low),
            "high": _points(item.high),
        }
        for item in shown
    ]
    x = {
        "type": "quantitative",
        "title": [
            _sides(arm, reference),
            f"Risk difference, percentage points ({confidence} % interval)",
        ],
    }
    y = _terms(shown, labels=False)
    bounded = [{"filter": {"field": bound, "valid": True}} for bound in ("low", "high")]
    return {
        "width": (WIDTH - TERM_LABELS - 60) // 2,
        "height": height,
        "layer": [
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": {"field": "zero", **x}},
            },
            {
                "data": {"values": values},
                "transform": bounded,
                "mark": {"type": "rule", "strokeWidth": 1.6},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": y},
            },
            {
                "data": {"values": values},
                "transform": [{"filter": {"field": "difference", "valid": True}}],
                "mark": {"type": "point", "filled": True, "shape": "square", "size": 38, "opacity": 1},
                "encoding": {
                    "x": {"field": "difference", **x},
                    "y": y,
                    "tooltip": [
                        {"field": "term", "title": "Term"},
                        {"field": "difference", "title": "Difference, points", "format": ".1f"},
                        {"field": "low", "title": "Low", "format": ".1f"},
                        {"field": "high", "title": "High", "format": ".1f"},
                    ],
                },
            },
        ],
    }


def _terms(shown: Sequence[Contrast], *, labels: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {"grid": True, "ticks": False, "domain": False, "labelLimit": TERM_LABELS}
    if not labels:
        axis["labels"] = False
    return {
        "field": "term",
        "type": "nominal",
        "sort": [item.term for item in shown],
        "title": None,
        "axis": axis,
    }


def _point(item: Contrast, floor: float) -> dict[str, Any]:
    difference = item.difference or 0.0
    return {
        "term": item.term,
        "difference": 100 * difference,
        "p": max(item.p or 0.0, floor * 1.1),
        "participants": item.n_arm + item.n_reference,
        "side": "more" if difference > 0 else "less",
        "label": "",
        "anchor": "right" if difference >= 0 else "left",
    }


def _label(
    values: list[dict[str, Any]], *, reach: float, floor: float, width: int, height: int, most: int
) -> None:
    """Names the first `most` points that have room, in place."""
    boxes = [
        Box.of_point(value, reach=100 * reach, floor=floor, width=width, height=height) for value in values
    ]
    for index, anchor in place(boxes, [str(value["term"]) for value in values], width=width, most=most):
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


def _sides(arm: str, reference: str) -> str:
    return f"◀ more with {reference}    ·    more with {arm} ▶"


def _points(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction
