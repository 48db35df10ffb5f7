"""Bars: the overview of adverse events, and participants by worst severity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pvtracker.reports.blocks import Column
from pvtracker.reports.cells import cell_text
from pvtracker.reports.charts.style import (
    GRADE_FILLS,
    GRADE_INKS,
    WIDTH,
    Spec,
    arm_order,
    chart,
    colour_of,
    named,
    nothing,
    shape_of,
    too_few_for_percent,
)

BAR_LABELS = 210  # px for the names at the left


@dataclass(frozen=True, slots=True)
class Share:
    """`n` of `total` participants of an arm (or all, pooled) have what `label` says."""

    label: str
    arm: str
    n: int
    total: int


@dataclass(frozen=True, slots=True)
class GradeCount:
    """`n` of `total` participants of an arm whose worst event has this grade (1 to 5)."""

    arm: str
    grade: int
    grade_label: str
    n: int
    total: int


def overview(shares: Sequence[Share], *, reference: str = "") -> Spec:
    """Participants with at least one event of each kind, one bar per arm, with n/N (p%) beside the bar.

    The order of `shares` is kept. Percentages, or counts where any arm has fewer than ten participants.
    """
    if not shares:
        return nothing("No participant has been exposed, so there is no overview of adverse events to draw.")
    arms = arm_order([share.arm for share in shares])
    labels = list(dict.fromkeys(share.label for share in shares))
    counts = too_few_for_percent([share.total for share in shares])
    values = [_bar(share, counts) for share in shares]
    top = max(share.total for share in shares) if counts else 100
    per_bar = 15 if len(arms) > 1 else 18
    height = len(labels) * (len(arms) * per_bar + 8)
    encoding: dict[str, Any] = {
        "y": {
            "field": "label",
            "type": "nominal",
            "sort": labels,
            "title": None,
            "scale": {"paddingInner": 0.28, "paddingOuter": 0.14},
            "axis": {"labelLimit": BAR_LABELS, "ticks": False, "domain": False, "labelPadding": 8},
        },
        "x": {
            "field": "size",
            "type": "quantitative",
            "scale": {"domain": [0, top * 1.2], "nice": False},
            "title": "Participants" if counts else "Participants, %",
            "axis": {"values": _counts_to(top) if counts else [0, 20, 40, 60, 80, 100], "grid": False},
        },
        "tooltip": [
            {"field": "label", "title": "Events"},
            {"field": "arm", "title": "Arm"},
            {"field": "text", "title": "n/N"},
        ],
    }
    colour = {"color": colour_of(arms, reference)}
    if len(arms) > 1:
        encoding["yOffset"] = {"field": "arm", "sort": arms, "scale": {"domain": arms}}
    return chart(
        description=f"Bars of participants with adverse events ({named(labels)}): {_spoken(values)}.",
        height_px=height + 75,
        content={
            "width": WIDTH - BAR_LABELS - 40,
            "height": height,
            "data": {"values": values},
            "encoding": encoding,
            "layer": [
                {"mark": {"type": "bar", "fillOpacity": 0.3}, "encoding": colour},
                {
                    "mark": {"type": "point", "filled": True, "size": 42, "opacity": 1},
                    "encoding": {**colour, "shape": shape_of(arms, reference)},
                },
                {
                    "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 10},
                    "encoding": {"text": {"field": "text"}},
                },
            ],
        },
    )


def severity(counts: Sequence[GradeCount], *, reference: str = "") -> Spec:
    """Participants by worst grade, stacked per arm, the count written into each part.

    Percentages of the arm's participants, or counts where any arm has fewer than ten.
    """
    drawn = [count for count in counts if count.n > 0]
    if not drawn:
        return nothing("No adverse event has been graded, so there is no severity to draw.")
    arms = arm_order([count.arm for count in counts])
    totals = {count.arm: count.total for count in counts}
    by_count = too_few_for_percent(list(totals.values()))
    labels = {count.grade: count.grade_label for count in sorted(counts, key=lambda count: count.grade)}
    grades = list(labels)
    names = {arm: f"{arm} (N={totals[arm]:,})" for arm in arms}
    values = _stacked(drawn, names=names, by_count=by_count)
    top = max(totals.values()) if by_count else 100
    height = 34 * len(arms)
    return chart(
        description=(
            "Stacked bars of participants by the worst grade of their adverse events: "
            + "; ".join(
                f"{names[arm]}: "
                + ", ".join(f"{count.n} {count.grade_label}" for count in drawn if count.arm == arm)
                for arm in arms
            )
            + "."
        ),
        height_px=height + 80,
        content={
            "width": WIDTH - 190,
            "height": height,
            "data": {"values": values},
            "encoding": {
                "y": {
                    "field": "arm",
                    "type": "nominal",
                    "sort": [names[arm] for arm in arms],
                    "title": None,
                    "scale": {"paddingInner": 0.3, "paddingOuter": 0.15},
                    "axis": {"labelLimit": 160, "ticks": False, "domain": False, "labelPadding": 8},
                },
                "x": {
                    "field": "start",
                    "type": "quantitative",
                    "scale": {"domain": [0, top], "nice": False},
                    "title": "Participants by worst grade"
                    if by_count
                    else "Participants by worst grade, % (in the bars: how many)",
                },
                "x2": {"field": "end"},
            },
            "layer": [
                {
                    "mark": {"type": "bar", "stroke": "#17212b", "strokeWidth": 0.5},
                    "encoding": {
                        "color": {
                            "field": "grade",
                            "type": "nominal",
                            "scale": {
                                "domain": [labels[grade] for grade in grades],
                                "range": [GRADE_FILLS[grade - 1] for grade in grades],
                            },
                            "legend": {"symbolType": "square", "symbolStrokeWidth": 0},
                        },
                        "tooltip": [
                            {"field": "arm", "title": "Arm"},
                            {"field": "grade", "title": "Worst grade"},
                            {"field": "text", "title": "n/N"},
                        ],
                    },
                },
                {
                    "transform": [{"filter": {"field": "wide", "equal": True}}],
                    # the ink as a property of the mark: a second encoding of colour would ask for a second legend
                    "mark": {
                        "type": "text",
                        "fontSize": 11,
                        "fontWeight": 600,
                        "color": {"expr": "datum.ink"},
                    },
                    "encoding": {
                        "x": {"field": "middle", "type": "quantitative"},
                        "x2": None,
                        "text": {"field": "n"},
                    },
                },
            ],
        },
    )


def _stacked(
    counts: Sequence[GradeCount], *, names: dict[str, str], by_count: bool
) -> list[dict[str, object]]:
    ends = dict.fromkeys(names, 0.0)
    values: list[dict[str, object]] = []
    for count in sorted(counts, key=lambda count: count.grade):
        size = count.n if by_count else 100 * count.n / count.total
        start = ends[count.arm]
        ends[count.arm] = start + size
        values.append(
            {
                "arm": names[count.arm],
                "grade": count.grade_label,
                "n": f"{count.n:,}",
                "text": _share(count.n, count.total),
                "start": start,
                "end": start + size,
                "middle": start + size / 2,
                "ink": GRADE_INKS[count.grade - 1],
                "wide": by_count or size >= 2.2,
            }
        )
    return values


def _bar(share: Share, counts: bool) -> dict[str, Any]:
    size = share.n if counts or not share.total else 100 * share.n / share.total
    return {
        "label": share.label,
        "arm": share.arm,
        "size": size,
        "text": _share(share.n, share.total),
    }


def _share(n: int, total: int) -> str:
    return cell_text(Column(key="share", label="share", kind="n_of"), [n, total])


def _counts_to(top: int) -> list[int]:
    return list(range(top + 1))


def _spoken(values: Sequence[dict[str, Any]], most: int = 8) -> str:
    told = [f"{value['label']}, {value['arm']}: {value['text']}" for value in values[:most]]
    return "; ".join(told) + ("; the rest is in the table" if len(values) > most else "")
