"""Pictures of pooled monitoring, as Vega-Lite without style: the page's script gives colours and type by theme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from pvtracker.monitoring import breaks
from pvtracker.monitoring.models import Expectation, Look
from pvtracker.monitoring.queries import Watch
from pvtracker.monitoring.tables import about, expected_limits
from pvtracker.monitoring.ticks import ticks

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
ROW_HEIGHT = 34
LINE = {"field": "line", "type": "nominal"}  # one for the cuts that were counted alike
GREY, RED = "var(--pv-data-5)", "var(--pv-danger-ink)"


def observed_to_expected(watches: Sequence[Watch]) -> Spec:
    """Pooled rate ÷ expected rate with its limits, one line a term; behind it where the expected rate may lie."""
    names = _names(watches)
    values = [
        {
            "term": names[one],
            "ratio": look.rate / one.expectation.rate,
            "low": look.rate_low / one.expectation.rate,
            "high": look.rate_high / one.expectation.rate,
            "from": expected_limits(one.expectation)[0] / one.expectation.rate,
            "to": expected_limits(one.expectation)[1] / one.expectation.rate,
            "state": one.standing.label,
            "counted": f"{look.participants} participants, {look.expected:.1f} expected",
        }
        for one in watches
        if (look := one.look) is not None
        and look.rate is not None
        and look.rate_low is not None
        and look.rate_high is not None
    ]
    terms = [value["term"] for value in values]
    y = {
        "field": "term",
        "type": "nominal",
        "sort": terms,
        "title": None,
        "axis": {"labelLimit": 170},
    }
    x = {"type": "quantitative", "title": "Pooled rate ÷ expected rate", "scale": {"zero": True}}
    colour = {
        "condition": {"test": "datum.state === 'Early warning'", "value": RED},
        "value": "var(--pv-data-1)",
    }
    tooltip = [
        {"field": "term", "title": "Term"},
        {"field": "counted", "title": "Counted"},
        {"field": "state", "title": "State"},
    ]
    return {
        "$schema": SCHEMA,
        "height": ROW_HEIGHT * len(values),
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": 14, "opacity": 0.35, "color": GREY},
                "encoding": {"y": y, "x": {"field": "from", **x}, "x2": {"field": "to"}},
            },
            {
                "data": {"values": [{"one": 1}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": {"field": "one", **x}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {"y": y, "x": {"field": "low", **x}, "x2": {"field": "high"}, "color": colour},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70},
                "encoding": {"y": y, "x": {"field": "ratio", **x}, "color": colour, "tooltip": tooltip},
            },
        ],
    }


def _names(watches: Sequence[Watch]) -> dict[Watch, str]:
    """The term of each; of terms that are watched twice, what of them, too."""
    counted = Counter(one.term.name for one in watches)
    return {
        one: one.term.name if counted[one.term.name] == 1 else f"{one.term.name}: {about(one)}"
        for one in watches
    }


def drawable(looks: Sequence[Look]) -> list[Look]:
    """The looks that have a rate, by cut-off date; one for each, the last that was frozen."""
    of_date = {look.cut.date: look for look in looks if look.rate is not None}
    return [of_date[day] for day in sorted(of_date)]


def path(looks: Sequence[Look], expectation: Expectation) -> Spec:
    """The pooled rate with its limits over the cuts, against the expected rate and where that may lie."""
    low, high = expected_limits(expectation)
    values = [
        {
            "day": _ms(look.cut.date),
            "rate": look.rate,
            "low": look.rate_low,
            "high": look.rate_high,
            "text": str(look.cut.date),
            "line": line,
        }
        for look, line in zip(looks, breaks.lines(looks), strict=True)
    ]
    y = {"type": "quantitative", "title": "Per person-year", "scale": {"zero": True}}
    tooltip = [
        {"field": "text", "title": "Cut-off date"},
        {"field": "rate", "title": "Pooled rate", "format": ".3f"},
    ]
    return {
        "$schema": SCHEMA,
        "height": 220,
        "data": {"values": values},
        "layer": [
            {
                "data": {"values": [{"low": low, "high": high}]},
                "mark": {"type": "rect", "opacity": 0.3, "color": GREY},
                "encoding": {"y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": [{"expected": expectation.rate}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"y": {"field": "expected", **y}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2, "color": "var(--pv-data-1)"},
                "encoding": {"x": _x(looks), "y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "point": {"size": 70, "filled": True}},
                "encoding": {"x": _x(looks), "y": {"field": "rate", **y}, "detail": LINE, "tooltip": tooltip},
            },
        ],
    }


def probabilities(looks: Sequence[Look], expectation: Expectation) -> Spec:
    """How probable it is that treatment multiplies the rate beyond the margin, over the cuts, and where that warns."""
    values = [
        {"day": _ms(look.cut.date), "p": look.p_margin, "text": str(look.cut.date), "line": line}
        for look, line in zip(looks, breaks.lines(looks), strict=True)
    ]
    y = {
        "type": "quantitative",
        "title": f"P(ratio > {expectation.margin:g})",
        "scale": {"domain": [0, 1]},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "point": {"size": 70, "filled": True}},
            "encoding": {
                "x": _x(looks),
                "y": {"field": "p", **y},
                "detail": LINE,
                "tooltip": [
                    {"field": "text", "title": "Cut-off date"},
                    {"field": "p", "title": "Probability", "format": ".3f"},
                ],
            },
        }
    ]
    if expectation.warn_posterior is not None:
        layers.insert(
            0,
            {
                "data": {"values": [{"limit": expectation.warn_posterior}]},
                "mark": {"type": "rule", "strokeDash": [3, 3], "color": RED},
                "encoding": {"y": {"field": "limit", **y}},
            },
        )
    return {"$schema": SCHEMA, "height": 160, "data": {"values": values}, "layer": layers}


def _x(looks: Sequence[Look]) -> dict[str, Any]:
    at, form = ticks(look.cut.date for look in looks)
    values = [f"{day}T00:00:00Z" for day in at]  # as text: of numbers Vega-Lite draws none
    return {
        "field": "day",
        "type": "temporal",
        "scale": {"type": "utc", "nice": False, "padding": 24},
        "axis": {"title": "Cut-off date", "values": values, "format": form, "labelOverlap": True},
    }


def _ms(day: date) -> int:
    """The start of the day in UTC, in milliseconds since 1970, as Vega counts time."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
