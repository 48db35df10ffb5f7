"""Tables of the laboratory pages and what stands in them: texts on the page, numbers in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pvtracker.lib.rounding import MISSING, minus
from pvtracker.signals.cells import Cell, cell, column, percentage

Table = dict[str, Any]
# The address of the list of who is behind a number, by the number and what it counts (`laboratory_counts.Count`).
Opens = Callable[..., str]


def table(
    caption: str,
    labels: Sequence[str | Table],
    rows: Sequence[Sequence[Any]],
    *,
    texts: Sequence[str] = (),
    note: str = "",
    empty: str = "Nothing to list.",
    urls: Sequence[str] = (),
) -> Table:
    """Rows of plain values or of cells (`signals/cells.py`), which the columns that are no mere labels hold; columns in
    `texts`, and the first, are not numbers; `urls`: of each row's first cell."""
    words = {labels[0] if isinstance(labels[0], str) else "", *texts}
    columns = [
        column(label, numeric=label not in words) if isinstance(label, str) else label for label in labels
    ]
    made = []
    for place, row in enumerate(rows):
        cells: list[Table] = [
            {**value} if isinstance(value, dict) else {"text": str(value), "numeric": head["numeric"]}
            for head, value in zip(columns, row, strict=True)
        ]
        if place < len(urls) and urls[place]:
            cells[0]["url"] = urls[place]
        made.append({"cells": cells})
    return {
        "caption": caption,
        "columns": columns,
        "rows": made,
        "note": note,
        "empty": empty,
    }


def nowhere(n: int, **what: Any) -> str:
    """The numbers open nothing."""
    return ""


def of_cell(n: int, N: int, url: str = "") -> Cell:
    """Participants of those counted, on the page without the percentage."""
    return cell(f"{n}/{N}", n, N, percentage(n, N), url=url)


def count_cell(n: int, url: str) -> Cell:
    """Participants alone."""
    return cell(str(n), n, url=url)


def value_text(row: Mapping[Any, Any]) -> str:
    mark = "<" if row["below"] else "≥" if row["at_least"] else ""
    return f"{mark}{figure(row['value'])} {row['unit']}".strip()


def limits_text(row: Mapping[Any, Any]) -> str:
    low, high = row["low"], row["high"]
    if np.isnan(low) and np.isnan(high):
        return MISSING
    if np.isnan(low):
        return f"≤ {figure(high)}"
    return f"≥ {figure(low)}" if np.isnan(high) else f"{figure(low)} to {figure(high)}"


def told_day(day: float) -> int:
    """Days since first exposure as they are told: day 1 is that of first exposure, the one before it day −1."""
    return int(day) + 1 if day >= 0 else int(day)


def number_column(label: str, unit: str = "") -> Table:
    """Of cells that hold one number; a file's heading says its unit."""
    return column(label, f"{label}, {unit}" if unit else label)


def week_cell(week: float) -> Cell:
    """A planned week; of a column of numbers."""
    return cell(minus(f"{week:g}"), week)


def figure_cell(value: float) -> Cell:
    """A number as `figure` tells it."""
    return cell(figure(value), float(value))


def interval_cell(estimate: float, low: float, high: float, *, limits: bool) -> Cell:
    """An estimate as `figure` tells it, with its limits where they are shown; of `estimate_column`."""
    if not limits:
        return figure_cell(estimate)
    said = MISSING if np.isnan(estimate) else f"{figure(estimate)} [{figure(low)}, {figure(high)}]"
    return cell(said, float(estimate), float(low), float(high))


VALUE_COLUMN = column("Value", "Value", "Value, unit", "Value, at a limit")
LIMITS_COLUMN = column("Limits of normal", "Lower limit of normal", "Upper limit of normal", numeric=False)


def value_cell(row: Mapping[Any, Any]) -> Cell:
    """A value with its unit and whether it stands at a limit of the method."""
    at = "below" if row["below"] else "at least" if row["at_least"] else ""
    return cell(value_text(row), float(row["value"]), str(row["unit"]), at)


def limits_cell(row: Mapping[Any, Any]) -> Cell:
    """The limits of normal that came with a value."""
    return {**cell(limits_text(row), float(row["low"]), float(row["high"])), "numeric": False}


def day_cell(day: float) -> Cell:
    """A day as it is told, and as a number."""
    if np.isnan(day):
        return cell("unknown", None)
    return cell(minus(str(told_day(day))), told_day(day))


def figure(value: float) -> str:
    """Four significant digits at most."""
    if np.isnan(value):
        return MISSING
    return minus(f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}")
