"""One term of a run as tables: every method in one, and the numbers beside each of its curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from pvtracker.cuts.wording import set_name
from pvtracker.lib.rounding import MISSING, fixed, p_text, share
from pvtracker.signals.curves import Curves, Mark, Point
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run
from pvtracker.signals.tables import Table, estimate_text, interval, is_estimate, participants_url, warning_of
from pvtracker.stats.catalogue import STATISTICS
from pvtracker.studies.definitions import parse

TEXTS = ("Method", "Of what", "Flag")
METHOD_PAGES = {statistic.page for statistic in STATISTICS.values()}


def methods_table(rows: Sequence[Result], *, inference: bool) -> Table:
    """What each method says of the term, estimates first; each name opens its methods page."""
    told = [row for row in rows if inference or is_estimate(row.method)]
    likely = inference and any(row.posterior is not None for row in told)
    columns = ["Method", "Of what", "Estimate [95 %]" if inference else "Estimate"]
    columns += ["p", "Adjusted p"] if inference else []
    columns += ["P(more in the arm)"] if likely else []
    columns += ["Flag"] if inference else []
    made = []
    for row in sorted(told, key=lambda row: (row.estimate is None, row.id)):
        said = interval(row) if inference else estimate_text(row)
        missing = row.estimate is None and row.low is None
        texts = [_label(row.method), _of_what(row.method), MISSING if missing else said]
        texts += [p_text(row.p), p_text(row.p_adjusted)] if inference else []
        texts += [fixed(row.posterior, 3)] if likely else []
        cells: list[Table] = [{"text": text, "numeric": index > 1} for index, text in enumerate(texts)]
        cells[0]["url"] = method_url(row.method)
        cells += [{"text": "flagged" if row.flag else ""}] if inference else []
        made.append({"cells": cells, "warning": warning_of(row, inference=inference)})
    return {
        "caption": "What each method says",
        "columns": [{"label": label, "numeric": label not in TEXTS} for label in columns],
        "rows": made,
        "note": "The methods answer different questions: that they agree is no proof, that they differ no fault.",
        "empty": "No method of this run estimates anything without inference.",
    }


def _of_what(method: str) -> str:
    """What is estimated; a test estimates nothing."""
    known = METHODS.get(method)
    return "" if known is None or known.null_value is None else known.scale.words[0]


def _label(method: str) -> str:
    return METHODS[method].label if method in METHODS else method


def method_url(method: str) -> str:
    """The methods page of a method, '' where there is none."""
    page = METHODS[method].page if method in METHODS else ""
    return f"{reverse('calculator_methods')}?page={page}" if page in METHOD_PAGES else ""


def denominator(run: Run) -> str:
    """What N counts, by the definitions of the run; one of an earlier version keeps none."""
    kept = run.settings.get("rules")
    return "participants of the analysis set" if kept is None else set_name(parse(kept))


def counts_table(rows: Sequence[Result]) -> Table:
    """What was counted in every arm: one row of each active arm, and the reference."""
    first = rows[0]
    told = [(row.arm, row.n_arm, row.N_arm, row.events_arm, row.person_years_arm, row) for row in rows] + [
        (first.reference, first.n_ref, first.N_ref, first.events_ref, first.person_years_ref, first)
    ]
    return {
        "caption": "What was counted",
        "columns": [
            {"label": label, "numeric": index > 0}
            for index, label in enumerate(
                ("Arm", "With it, n/N", "Events", "Years to first event or end", "First events per 100 years")
            )
        ],
        "rows": [
            {
                "cells": [
                    {"text": arm},
                    {"text": share(n, N), "numeric": True, "url": participants_url(row)},
                    {"text": f"{events:,}", "numeric": True},
                    {"text": fixed(years, 1), "numeric": True},
                    {"text": fixed(100 * n / years if years else None, 1), "numeric": True},
                ]
            }
            for arm, n, N, events, years, row in told
        ],
        "note": f"N: {denominator(first.run)}. Each n/N opens the participants and events behind it.",
        "empty": "",
    }  # fmt: skip


def curve_table(
    found: Curves, *, caption: str, names: dict[str, str], note: str, percent: bool, inference: bool
) -> Table:
    """A picture's numbers at the times under it."""
    digits, factor = (1, 100.0) if percent else (2, 1.0)
    with_deaths = any(mark.deaths is not None for mark in found.marks)
    unit = "%" if percent else "Events per participant"
    columns = ["Arm", "Week", "Still followed", "Events so far"]
    columns += ["Died before the event"] if with_deaths else []
    columns += [f"{unit} [95 %]" if inference else unit]

    def cells(mark: Mark) -> list[dict[str, Any]]:
        texts = [
            names[mark.side],
            str(mark.week),
            f"{mark.at_risk:,}" if mark.side else "",
            f"{mark.events:,}" if mark.side else "",
        ]
        texts += [f"{mark.deaths:,}"] if with_deaths else []
        texts += [_point(mark.point, factor, digits, inference)]
        return [{"text": text, "numeric": index > 0} for index, text in enumerate(texts)]

    return {
        "caption": caption,
        "columns": [{"label": label, "numeric": index > 0} for index, label in enumerate(columns)],
        "rows": [{"cells": cells(mark)} for mark in found.marks],
        "note": note,
        "empty": "Nobody of these arms was followed from a known day.",
    }


def _point(point: Point | None, factor: float, digits: int, inference: bool) -> str:
    if point is None:
        return ""
    value = fixed(factor * point.value, digits)
    if not inference:
        return value
    low, high = (fixed(None if end is None else factor * end, digits) for end in (point.low, point.high))
    return f"{value} [{low}, {high}]"
