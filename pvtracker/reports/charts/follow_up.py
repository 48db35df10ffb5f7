"""How long participants have been exposed or followed: a histogram, one small panel per arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pvtracker.reports.charts.style import WIDTH, Spec, arm_order, chart, colour_of, nothing


@dataclass(frozen=True, slots=True)
class Bin:
    """`n` participants of an arm whose value lies in [start, end)."""

    start: float
    end: float
    arm: str
    n: int


def follow_up(bins: Sequence[Bin], *, title: str, reference: str = "") -> Spec:
    """Bars of participants by `title` (for example “Weeks of follow-up”), the counts above the bars."""
    named = f"{title[:1].lower()}{title[1:]}"
    if not any(bar.n for bar in bins):
        return nothing(f"No participant has any {named} yet, so there is nothing to draw.")
    arms = arm_order([bar.arm for bar in bins])
    top = max(bar.n for bar in bins)
    edges = sorted({bar.start for bar in bins} | {bar.end for bar in bins})
    height = 110 if len(arms) == 1 else 80
    panels = [
        _panel(
            [bar for bar in bins if bar.arm == arm and bar.n],
            arms,
            reference=reference,
            name=arm if len(arms) > 1 else "",
            title=title if arm == arms[-1] else None,
            edges=edges,
            top=top,
            height=height,
        )
        for arm in arms
    ]
    total = {arm: sum(bar.n for bar in bins if bar.arm == arm) for arm in arms}
    return chart(
        description=(
            f"Histogram of participants by {named}, from {edges[0]:g} to {edges[-1]:g}: "
            + "; ".join(f"{arm}, {total[arm]} participants" for arm in arms)
            + "."
        ),
        height_px=len(arms) * (height + 34) + 40,
        content={"vconcat": panels, "spacing": 12},
    )


def _panel(
    bins: Sequence[Bin],
    arms: list[str],
    *,
    reference: str,
    name: str,
    title: str | None,
    edges: list[float],
    top: int,
    height: int,
) -> dict[str, Any]:
    values = [
        {
            "arm": bar.arm,
            "start": bar.start,
            "end": bar.end,
            "n": bar.n,
            "middle": (bar.start + bar.end) / 2,
        }
        for bar in bins
    ]
    panel: dict[str, Any] = {
        "width": WIDTH - 70,
        "height": height,
        "data": {"values": values},
        "encoding": {
            "y": {
                "field": "n",
                "type": "quantitative",
                "title": "Participants",
                "scale": {"domain": [0, top * 1.15], "nice": False},
                "axis": {"tickCount": 4, "tickMinStep": 1},
            },
        },
        "layer": [
            {
                "mark": {"type": "bar", "binSpacing": 1, "opacity": 0.85},
                "encoding": {
                    "x": {
                        "field": "start",
                        "type": "quantitative",
                        "scale": {"domain": [edges[0], edges[-1]], "nice": False},
                        "title": title,
                        "axis": {"grid": False, "values": edges[:: max(len(edges) // 14, 1)]},
                        "bin": {"binned": True},
                    },
                    "x2": {"field": "end"},
                    "color": {**colour_of(arms, reference), "legend": None},
                },
            },
            {
                "mark": {"type": "text", "dy": -6, "fontSize": 10},
                "encoding": {
                    "x": {"field": "middle", "type": "quantitative"},
                    "text": {"field": "n", "format": ","},
                },
            },
        ],
    }
    if name:
        panel["title"] = name
    return panel
