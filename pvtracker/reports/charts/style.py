"""What every chart shares: size, typeface, colours (as in the style sheet's tokens), shapes and dashes.

A chart function returns a Vega-Lite specification without style; `styled` adds the theme when it is drawn, on
the web and on paper. Arms stand in the order of the tables and differ by colour and by shape or dash; the reference
arm is grey, a circle, a dashed line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pvtracker.reports.blocks import Figure
from pvtracker.reports.cells import FEWEST_FOR_PERCENT

Spec = dict[str, Any]
Theme = Literal["light", "dark"]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
FONT = "IBM Plex Sans"
WIDTH = 640  # px of the whole picture; 0.75 pt each on paper, so that 11 px text is 8.25 pt
MM_PER_PX = 25.4 / 96
POOLED = "All participants"

SHAPES = ("circle", "diamond", "triangle-up", "square", "cross")
DASHES = ([5, 3], [1, 0], [8, 3, 2, 3], [2, 2], [10, 4])
# Grades 1 to 5 from light to dark, so that the order survives a black-and-white print; and the ink for each.
GRADE_FILLS = ("#efe2bf", "#e8b75c", "#cf7a2a", "#a03a1c", "#521028")
GRADE_INKS = ("#17212b", "#17212b", "#17212b", "#ffffff", "#ffffff")

INK = {"light": "#17212b", "dark": "#e4eaef"}
SOFT = {"light": "#4a5764", "dark": "#a7b3be"}
RULE = {"light": "#d6dce1", "dark": "#303b45"}
# Order: reference arm, then the active arms (tokens --pv-data-5, -1, -2, -3, -4).
COLOURS = {
    "light": ["#5f6b76", "#1d5f9e", "#b3520a", "#4c7a2b", "#8a4a9c"],
    "dark": ["#a7b3be", "#7ab5ee", "#f0a05e", "#9bcb72", "#cf9be0"],
}


def config(theme: Theme = "light") -> dict[str, Any]:
    """The Vega-Lite `config` of a theme; the page may exchange it for the other one."""
    ink, soft, rule, colours = INK[theme], SOFT[theme], RULE[theme], COLOURS[theme]
    plain = {"fontWeight": "normal", "font": FONT}
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None},
        "range": {"category": colours, "ordinal": list(GRADE_FILLS)},
        "mark": {"color": colours[1]},
        "rule": {"color": soft},
        "text": {"color": ink, "fontSize": 11, "font": FONT},
        "title": {"color": ink, "fontSize": 11, "fontWeight": 600, "anchor": "start", "frame": "group"},
        "axis": {
            "labelColor": ink,
            "titleColor": soft,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "gridColor": rule,
            "domainColor": soft,
            "tickColor": soft,
            "tickSize": 4,
            "labelFont": FONT,
            "titleFont": FONT,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "labelFontSize": 11,
            "labelColor": ink,
            "labelFont": FONT,
            "symbolSize": 70,
            "symbolStrokeWidth": 1.8,
            "offset": 6,
            "labelLimit": 260,
        },
        "header": {"labelColor": ink, "labelFontSize": 11, "labelFontWeight": 600, **plain},
    }


def styled(spec: Mapping[str, Any], theme: Theme = "light") -> Spec:
    """The specification as it is drawn: with schema and theme."""
    return {"$schema": SCHEMA, **spec, "config": config(theme)}


def figure(*, key: str, title: str, table: str, spec: Spec) -> Figure:
    """The figure block of a chart: alternative text and height on paper come with the specification."""
    height = spec["usermeta"]["height_px"] * MM_PER_PX
    return Figure(
        key=key,
        title=title,
        description=spec["description"],
        spec=spec,
        table=table,
        height_mm=round(height, 1),
    )


def chart(*, description: str, height_px: int, content: Mapping[str, Any]) -> Spec:
    """A specification with its description; `height_px` is about the height of the whole picture."""
    return {"description": description, "usermeta": {"height_px": height_px}, **content}


def nothing(sentence: str) -> Spec:
    """What is shown where there is nothing to draw: a sentence, never an empty frame."""
    return chart(
        description=sentence,
        height_px=48,
        content={
            "width": WIDTH - 20,
            "height": 32,
            "data": {"values": [{"sentence": sentence}]},
            "mark": {"type": "text", "align": "left", "fontStyle": "italic", "limit": WIDTH - 24},
            "encoding": {"text": {"field": "sentence"}, "x": {"value": 4}, "y": {"value": 16}},
        },
    )


def arm_order(arms: Sequence[str]) -> list[str]:
    """The distinct arms in the order given, which is the order of the tables."""
    return list(dict.fromkeys(arms))


def reference_first(arms: Sequence[str], reference: str = "") -> list[str]:
    """The arms in the order in which colours, markers and dashes are dealt out."""
    return sorted(arms, key=lambda arm: arm != reference)


def colour_of(
    arms: Sequence[str], reference: str = "", *, drawn: Sequence[str] | None = None
) -> dict[str, Any]:
    """Colour by arm, from the theme's range; without a reference arm the leading grey goes to nobody.

    `arms` are all arms of the report, so that an arm has one colour in every chart; `drawn` those of this one.
    """
    domain = reference_first(arms, reference) if reference in arms else ["", *arms]
    return {
        "field": "arm",
        "type": "nominal",
        "scale": {"domain": domain},
        "legend": legend(arms if drawn is None else drawn),
    }


def shape_of(
    arms: Sequence[str], reference: str = "", *, drawn: Sequence[str] | None = None
) -> dict[str, Any]:
    """Marker by arm, as `colour_of`."""
    domain = reference_first(arms, reference)
    shapes = [SHAPES[i % len(SHAPES)] for i in range(len(domain))]
    scale = {"domain": domain, "range": shapes}
    return {
        "field": "arm",
        "type": "nominal",
        "scale": scale,
        "legend": legend(arms if drawn is None else drawn),
    }


def dash_of(arms: Sequence[str], reference: str = "") -> dict[str, Any]:
    """Line pattern by arm; solid for one pooled line.

    Its legend is the markers' own: Vega-Lite merges legends of one field, and warns when they differ.
    """
    domain = reference_first(arms, reference)
    first = 0 if reference in arms else 1
    dashes = [DASHES[(i + first) % len(DASHES)] for i in range(len(domain))]
    scale = {"domain": domain, "range": dashes}
    return {"field": "arm", "type": "nominal", "scale": scale, "legend": legend(arms)}


def legend(arms: Sequence[str]) -> dict[str, Any] | None:
    """A legend where there is something to tell apart: filled markers, whatever lines the chart has."""
    if len(arms) < 2:
        return None
    plain = {"opacity": {"value": 1}, "strokeWidth": {"value": 0}, "strokeDash": {"value": [1, 0]}}
    return {"values": list(arms), "encode": {"symbols": {"update": plain}}}


def too_few_for_percent(totals: Sequence[int]) -> bool:
    """Whether a denominator is so small that the chart shows counts instead of percentages."""
    return any(total < FEWEST_FOR_PERCENT for total in totals)


def named(items: Sequence[str], most: int = 3) -> str:
    """“a, b, c and 4 more”, for descriptions."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most} more"
