"""One term of a run as tables: every method in one, and the numbers beside each of its curves."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from pvtracker.cuts.wording import set_name
from pvtracker.lib.rounding import MISSING
from pvtracker.signals.cells import (
    Cell,
    cell,
    column,
    estimate_cell,
    estimate_column,
    fixed_cell,
    p_cell,
    share_cell,
    share_column,
    text_column,
    times,
    words,
)
from pvtracker.signals.curves import Curves, Mark, Point
from pvtracker.signals.labels import part_label, threshold_words
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run
from pvtracker.signals.tables import (
    Table,
    estimated_cell,
    is_estimate,
    likely_cells,
    likely_columns,
    participants_url,
    warning_of,
)
from pvtracker.stats.catalogue import STATISTICS
from pvtracker.studies.definitions import parse

METHOD_PAGES = {statistic.page for statistic in STATISTICS.values()}


def methods_table(rows: Sequence[Result], *, inference: bool) -> Table:
    """What each method says of the term, estimates first; each name opens its methods page."""
    told = [row for row in rows if inference or is_estimate(row.method)]
    likely = likely_columns(told) if inference else []
    columns = [
        *(text_column(label) for label in ("Method", "Of what")),
        estimate_column("Estimate", "", limits=inference),
        *([column("p", "p"), column("Adjusted p", "Adjusted p")] if inference else []),
        *(column(label, label) for label, *_ in likely),
        *([text_column("Flag"), text_column("Flags where")] if inference else []),
    ]
    made = []
    for row in sorted(told, key=lambda row: (row.estimate is None, row.id)):
        said = estimated_cell(row, limits=inference)
        missing = row.estimate is None and row.low is None
        cells = [
            words(_label(row), url=method_url(row)),
            words(_of_what(row.method)),
            {**said, "text": MISSING} if missing else said,
            *([p_cell(row.p), p_cell(row.p_adjusted)] if inference else []),
            *likely_cells(row, likely),
            *([words("flagged" if row.flag else ""), words(_flags_where(row))] if inference else []),
        ]
        made.append({"cells": cells, "warning": warning_of(row, inference=inference)})
    return {
        "caption": "What each method says",
        "columns": columns,
        "rows": made,
        "note": "The methods answer different questions: that they agree is no proof, that they differ no fault.",
        "empty": "No method of this run estimates anything without inference.",
    }


def _flags_where(row: Result) -> str:
    """The threshold of the row's method, as its run kept it."""
    return threshold_words(str(row.run.settings.get("thresholds", {}).get(row.method, "")))


def _of_what(method: str) -> str:
    """What is estimated; a test estimates nothing."""
    known = METHODS.get(method)
    return "" if known is None or known.null_value is None else known.scale.words[0]


def _label(row: Result) -> str:
    """The method, with the period or prior that the row is of."""
    label = METHODS[row.method].label if row.method in METHODS else row.method
    part = part_label(row)
    return f"{label}: {part}" if part else label


def method_url(row: Result) -> str:
    """The methods page of a row's method, with its study at hand; '' where there is none."""
    page = METHODS[row.method].page if row.method in METHODS else ""
    query = urlencode({"study": row.run.study.code, "page": page})
    return f"{reverse('calculator_methods')}?{query}" if page in METHOD_PAGES else ""


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
            text_column("Arm"),
            share_column("With it, n/N"),
            column("Events", "Events"),
            column("Years to first event or end", "Person-years to first event or end"),
            column("First events per 100 years", "First events per 100 person-years"),
        ],
        "rows": [
            {
                "cells": [
                    words(arm),
                    share_cell(n, N, url=participants_url(row)),
                    cell(f"{events:,}", events),
                    fixed_cell(years, 1),
                    fixed_cell(100 * n / years if years else None, 1),
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
    label = "%" if percent else "Events per participant"
    unit = "% of participants" if percent else "events per participant"
    died = "Died before the event"
    columns = [
        text_column("Arm"),
        *(column(name, name) for name in ("Week", "Still followed", "Events so far")),
        *([column(died, died)] if with_deaths else []),
        estimate_column(label, unit, limits=inference),
    ]

    def cells(mark: Mark) -> list[Cell]:
        counted: list[int | None] = [mark.at_risk, mark.events] if mark.side else [None, None]
        counted += [mark.deaths] if with_deaths else []
        return [
            words(names[mark.side]),
            cell(str(mark.week), mark.week),
            *(cell("" if number is None else f"{number:,}", number) for number in counted),
            _point(mark.point, factor, digits, inference),
        ]

    return {
        "caption": caption,
        "columns": columns,
        "rows": [{"cells": cells(mark)} for mark in found.marks],
        "note": note,
        "empty": "Nobody of these arms was followed from a known day.",
    }


def _point(point: Point | None, factor: float, digits: int, inference: bool) -> Cell:
    if point is None:
        return cell("", *([None] * (3 if inference else 1)))
    value, low, high = (times(factor, number) for number in (point.value, point.low, point.high))
    return estimate_cell(value, low, high, digits=digits, limits=inference)
