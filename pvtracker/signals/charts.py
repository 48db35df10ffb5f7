"""Charts of the signal pages, as Vega-Lite without style: the page's script gives colours and type by theme."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pvtracker.signals.labels import part_label
from pvtracker.signals.methods import METHODS

if TYPE_CHECKING:  # a row that was never stored is drawn too
    from pvtracker.signals.models import Result

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
ROW_HEIGHT = 20
PHONE = (
    20  # characters of an axis title in a line: beside the names of the terms a phone has no room for more
)
SMALLEST_P = 1e-6
LARGEST_P = 1.3  # the axis begins a little below 1, so that marks at 1 stay whole
COLOURS = ["var(--pv-data-5)", "var(--pv-data-1)"]  # the page's tokens: the reference's grey, the arm's blue
SIDES = {  # grey is the reference’s, as in the report; orange is more in the arm, as in the tree map
    "not more in the arm": "var(--pv-data-5)",
    "more in the arm": "var(--pv-data-2)",
}
P_TICKS = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 1e-3, 1e-4, 1e-5, 1e-6]


def dot_plot(results: Sequence[Result], *, limits: bool = True) -> dict[str, Any]:
    """Estimates with 95 % limits, one line per term in the order given; ratios on a logarithmic scale.

    A triangle stands at a limit beyond which there is no other: it points to where the interval has no end. `limits`
    False leaves them out of the specification altogether.
    """
    method = METHODS[results[0].method]
    ratio = method.null_value == 1.0
    factor = method.scale.factor
    scale: dict[str, Any] = {"type": "log"} if ratio else {"zero": False}
    what = method.label if ratio else method.scale.words[0]
    title = [*wrap(what, PHONE, break_long_words=False), method.scale.words[1]]
    values = [
        {
            "term": _name(r),
            "estimate": _scaled(r.estimate, factor, ratio=ratio),
            **(
                {name: _scaled(getattr(r, name), factor, ratio=ratio) for name in ("low", "high")}
                if limits
                else {}
            ),
            "arm": f"{r.n_arm}/{r.N_arm}",
            "reference": f"{r.n_ref}/{r.N_ref}",
        }
        for r in results
    ]
    y = {
        "field": "term",
        "type": "nominal",
        "sort": [_name(r) for r in results],
        "scale": {"domain": [_name(r) for r in results]},
        "title": None,
        "axis": {"labelLimit": 240},
    }
    x = {"type": "quantitative", "title": title, "scale": scale}
    known = [{"filter": "isValid(datum.low) && isValid(datum.high)"}]
    intervals = [
        {
            "transform": known,
            "mark": "rule",
            "encoding": {"y": y, "x": {"field": "low", **x}, "x2": {"field": "high"}},
        },
        *[
            _endless(y, x, limit=limit, missing=missing)
            for limit, missing in (("low", "high"), ("high", "low"))
        ],
    ]
    return {
        "$schema": SCHEMA,
        "height": ROW_HEIGHT * len(results),
        "data": {"values": values},
        "layer": [
            {
                "data": {"values": [{"null": method.null_value}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": {"field": "null", **x}},
            },
            *(intervals if limits else []),
            {
                "transform": [{"filter": "isValid(datum.estimate)"}],
                "mark": {"type": "point", "filled": True, "size": 50},
                "encoding": {"y": y, "x": {"field": "estimate", **x}, "tooltip": _tooltip()},
            },
        ],
    }


def _name(row: Result) -> str:
    """The term, with the period or prior that the row is of."""
    part = part_label(row)
    return f"{row.term}, {part.lower()}" if part else row.term


def _endless(y: dict[str, Any], x: dict[str, Any], *, limit: str, missing: str) -> dict[str, Any]:
    shape = "triangle-right" if limit == "low" else "triangle-left"
    return {
        "transform": [{"filter": f"isValid(datum.{limit}) && !isValid(datum.{missing})"}],
        "mark": {"type": "point", "shape": shape, "size": 60},
        "encoding": {"y": y, "x": {"field": limit, **x}, "tooltip": _tooltip()},
    }


def volcano(differences: Sequence[Result], p_values: dict[str, float | None]) -> dict[str, Any]:
    """Risk difference across, p upwards on a logarithmic scale, one point per term; size by participants.

    Zero is in the middle, so that both sides are drawn alike.
    """
    values: list[dict[str, Any]] = [
        {
            "term": r.term,
            "difference": 100 * r.estimate,
            "p": max(p, SMALLEST_P),
            "participants": r.n_arm + r.n_ref,
            "side": "more in the arm" if r.estimate > 0 else "not more in the arm",
            "arm": f"{r.n_arm}/{r.N_arm}",
            "reference": f"{r.n_ref}/{r.N_ref}",
        }
        for r in differences
        if r.estimate is not None and (p := p_values.get(r.term)) is not None
    ]
    sides = list(SIDES)
    reach = 1.1 * max([5.0, *(abs(value["difference"]) for value in values)])
    least = min([0.02, *(value["p"] for value in values)]) / 1.6
    legend = {"orient": "bottom", "direction": "vertical"}
    x = {
        "type": "quantitative",
        "title": ["Risk difference, percentage points", "arm − reference"],
        "scale": {"domain": [-reach, reach], "nice": False},
        "axis": {"grid": False},
    }
    return {
        "$schema": SCHEMA,
        "height": 320,
        "layer": [
            {
                "data": {"values": [{"none": 0}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": {"field": "none", **x}},
            },
            {
                "data": {"values": values},
                "mark": {"type": "point", "filled": True, "opacity": 0.7},
                "encoding": {
                    "x": {"field": "difference", **x},
                    "y": {
                        "field": "p",
                        "type": "quantitative",
                        "title": "p, two-sided (smaller is higher)",
                        "scale": {"type": "log", "domain": [LARGEST_P, least], "nice": False},
                        "axis": {"values": P_TICKS, "format": "~g"},
                    },
                    "size": {
                        "field": "participants",
                        "type": "quantitative",
                        "title": ["Participants", "with the event"],  # a phone has no room for one line
                        "legend": {**legend, "direction": "horizontal", "tickCount": 3},
                        "scale": {"range": [20, 420]},
                    },
                    "shape": {
                        "field": "side",
                        "type": "nominal",
                        "title": None,
                        "legend": legend,
                        "scale": {"domain": sides, "range": ["circle", "triangle-up"]},
                    },
                    "color": {
                        "field": "side",
                        "type": "nominal",
                        "title": None,
                        "legend": legend,
                        "scale": {"domain": sides, "range": list(SIDES.values())},
                    },
                    "tooltip": _tooltip({"field": "p", "title": "p", "format": ".3g"}),
                },
            },
        ],
    }


def _scaled(value: float | None, factor: float, *, ratio: bool) -> float | None:
    """None where the axis cannot show it: a logarithmic one has no zero."""
    return None if value is None or (ratio and value <= 0) else factor * value


def _tooltip(*more: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"field": "term", "title": "Term"},
        {"field": "arm", "title": "Arm, n/N"},
        {"field": "reference", "title": "Reference, n/N"},
        *more,
    ]
