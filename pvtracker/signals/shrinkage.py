"""How far the hierarchical model draws each term towards its organ class and towards none: picture and table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pvtracker.signals.cells import column, fixed_cell, share_cell, share_column, text_column, words
from pvtracker.signals.charts import SCHEMA

if TYPE_CHECKING:  # a row that was never stored is drawn too
    from pvtracker.signals.models import Result

METHOD = "berry_berry"
NAMED = 4  # organ classes with a colour and shape of their own: more cannot be told apart
OTHERS = "other organ classes"
COLOURS = [f"var(--pv-data-{n})" for n in (1, 2, 3, 4, 5)]
SHAPES = ["circle", "triangle-up", "square", "diamond", "cross"]
TITLE = "Shrinkage: each term alone, and in the model"
DESCRIPTION = (
    "Across the log odds ratio of the term’s own counts, upwards its posterior mean. On the broken line the two are "
    "alike; the further a term lies from it, the more the model draws it in, towards its organ class and towards none."
)


def log_odds_ratio(row: Result) -> float | None:
    """Of the term's counts alone; a half is added to each cell where one is nought (Haldane). None of an empty arm."""
    if not (row.N_arm and row.N_ref):
        return None
    cells = [row.n_arm, row.N_arm - row.n_arm, row.n_ref, row.N_ref - row.n_ref]
    had, had_not, ref, ref_not = (cell + (0.5 if 0 in cells else 0.0) for cell in cells)
    return math.log(had * ref_not / (had_not * ref))


def shrinkage(rows: Sequence[Result], classes: Mapping[str, str]) -> dict[str, Any]:
    """Specification and table of the terms that have both numbers. `rows`: of the method, whose estimate is the
    exponential of the posterior mean; `classes`: organ class of each term."""
    points = []
    for row in rows:
        raw = log_odds_ratio(row)
        if raw is not None and row.estimate:
            points.append((row, classes.get(row.term, ""), raw, math.log(row.estimate)))
    return {"spec": _spec(points) if points else None, "table": _table(points)}


def _spec(points: Sequence[tuple[Result, str, float, float]]) -> dict[str, Any]:
    most = [name for name, _ in Counter(name for _, name, _, _ in points).most_common(NAMED)]
    values = [
        {
            "term": row.term,
            "class": name,
            "group": name if name in most else OTHERS,
            "raw": round(raw, 4),
            "mean": round(mean, 4),
            "arm": f"{row.n_arm}/{row.N_arm}",
            "reference": f"{row.n_ref}/{row.N_ref}",
        }
        for row, name, raw, mean in points
    ]
    groups = [*most, *([OTHERS] if any(value["group"] == OTHERS for value in values) else [])]
    reach = 1.08 * max([0.5, *(abs(raw) for _, _, raw, _ in points), *(abs(mean) for *_, mean in points)])
    axis = {"type": "quantitative", "scale": {"domain": [-reach, reach], "nice": False}}
    x = {**axis, "title": ["Log odds ratio of the term alone", "more in the arm →"], "axis": {"tickCount": 7}}
    y = {**axis, "title": "Posterior mean", "axis": {"tickCount": 7}}
    legend = {"orient": "bottom", "direction": "vertical", "labelLimit": 300}
    by = {"field": "group", "type": "nominal", "title": None, "legend": legend}
    return {
        "$schema": SCHEMA,
        "height": 340,
        "layer": [
            {
                "data": {"values": [{"at": -reach}, {"at": reach}]},
                "mark": {"type": "line", "strokeDash": [4, 3], "color": "var(--pv-ink-soft)"},
                "encoding": {"x": {"field": "at", **x}, "y": {"field": "at", **y}},
            },
            {
                "data": {"values": values},
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.75},
                "encoding": {
                    "x": {"field": "raw", **x},
                    "y": {"field": "mean", **y},
                    "color": {**by, "scale": {"domain": groups, "range": COLOURS[: len(groups)]}},
                    "shape": {**by, "scale": {"domain": groups, "range": SHAPES[: len(groups)]}},
                    "tooltip": [
                        {"field": "term", "title": "Term"},
                        {"field": "class", "title": "Organ class"},
                        {"field": "arm", "title": "Arm, n/N"},
                        {"field": "reference", "title": "Reference, n/N"},
                        {"field": "raw", "title": "Alone", "format": ".2f"},
                        {"field": "mean", "title": "In the model", "format": ".2f"},
                    ],
                },
            },
        ],
    }


def _table(points: Sequence[tuple[Result, str, float, float]]) -> dict[str, Any]:
    ordered = sorted(points, key=lambda point: (point[1], -point[3], point[0].term))
    return {
        "caption": "Log odds ratio of each term alone and in the model",
        "columns": [
            *(text_column(label) for label in ("Term", "Organ class")),
            share_column("Arm, n/N"),
            share_column("Reference, n/N"),
            column("Alone", "Log odds ratio, alone"),
            column("Posterior mean", "Log odds ratio, posterior mean"),
        ],
        "rows": [
            {
                "cells": [
                    *(words(text) for text in (row.term, name)),
                    share_cell(row.n_arm, row.N_arm),
                    share_cell(row.n_ref, row.N_ref),
                    fixed_cell(raw, 2),
                    fixed_cell(mean, 2),
                ]
            }
            for row, name, raw, mean in ordered
        ],
        "note": "Alone: from the counts, with a half added to each cell where one is nought.",
        "empty": "No term has both numbers.",
    }
