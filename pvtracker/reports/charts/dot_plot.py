"""Dot plot: percentages by arm at the left, differences with intervals at the right. Closed reports only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pvtracker.reports.charts.contrasts import Contrast, by_evidence, points, sides
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

TERM_LABELS = 216  # px
PANEL = (WIDTH - TERM_LABELS - 56) // 2
MOST_TERMS = 30


def dot_plot(
    contrasts: Sequence[Contrast],
    *,
    arm: str,
    reference: str,
    arms: Sequence[str] = (),
    confidence: int = 95,
    most: int = MOST_TERMS,
) -> Spec:
    """Left the percentage of participants with each term, a marker per arm; right difference and interval.

    The `most` terms with the strongest evidence, strongest first (after Amit, Heiberger & Lane, Pharm Stat
    7:20-35 (2008)). With fewer than ten participants in an arm: counts at the left, no differences. `arms` are all
    arms of the report: each keeps its colour and marker.
    """
    if not contrasts:
        return nothing("No term has an event in either arm, so there are no differences to draw.")
    shown = by_evidence(contrasts)[:most]
    terms = [item.term for item in shown]
    counts = too_few_for_percent([shown[0].total_arm, shown[0].total_reference])
    height = 19 * len(shown)
    all_arms = list(arms) or [arm, reference]
    views = [_shares(shown, arm=arm, reference=reference, arms=all_arms, counts=counts, height=height)]
    if not counts:
        views.append(
            _differences(
                shown, arm=arm, reference=reference, arms=all_arms, confidence=confidence, height=height
            )
        )
    return chart(
        description=(
            f"Dot plot of {len(shown)} terms, strongest evidence first ({named(terms)}): left, participants "
            f"with the term in {arm} and {reference}"
            + ("." if counts else f"; right, the difference with its {confidence} % interval.")
        ),
        height_px=height + 95,
        content={"hconcat": views, "spacing": 22},
    )


def _shares(
    shown: Sequence[Contrast], *, arm: str, reference: str, arms: list[str], counts: bool, height: int
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
    drawn = [arm, reference]
    return {
        "width": PANEL,
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
                "axis": {"tickMinStep": 1, "tickCount": 6},
            },
            "color": colour_of(arms, reference, drawn=drawn),
            "shape": shape_of(arms, reference, drawn=drawn),
            "tooltip": [
                {"field": "term", "title": "Term"},
                {"field": "arm", "title": "Arm"},
                {"field": "text", "title": "n/N"},
            ],
        },
    }


def _differences(
    shown: Sequence[Contrast], *, arm: str, reference: str, arms: list[str], confidence: int, height: int
) -> dict[str, Any]:
    values = [
        {
            "term": item.term,
            "arm": arm,
            "difference": points(item.difference),
            "low": points(item.low),
            "high": points(item.high),
        }
        for item in shown
    ]
    x = {
        "type": "quantitative",
        "title": [
            sides(arm, reference),
            f"Risk difference, percentage points ({confidence} % interval)",
        ],
    }
    y = _terms(shown, labels=False)
    bounded = [{"filter": {"field": bound, "valid": True}} for bound in ("low", "high")]
    return {
        "width": PANEL,
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
                    "color": colour_of(arms, reference, drawn=[arm, reference]),
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
    axis: dict[str, Any] = {"grid": True, "ticks": False, "domain": False, "labelPadding": 9}
    axis["labelLimit"] = TERM_LABELS
    if not labels:
        axis["labels"] = False
    return {
        "field": "term",
        "type": "nominal",
        "sort": [item.term for item in shown],
        "title": None,
        "axis": axis,
    }
