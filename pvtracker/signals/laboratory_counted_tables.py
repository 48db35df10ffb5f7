"""The table of who is behind a number of the laboratory pages, with the values that put them there."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from pvtracker.lib.rounding import MISSING
from pvtracker.signals.cells import cell, text_column
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_cells import (
    LIMITS_COLUMN,
    VALUE_COLUMN,
    Table,
    day_cell,
    figure_cell,
    limits_cell,
    number_column,
    table,
    value_cell,
)
from pvtracker.signals.laboratory_counts import NUMBER, RANGES, Count, Counted
from pvtracker.stats.shift import MISSING as NONE

NOBODY = "Nobody is counted here."
NOTE = (
    "The first value that put a participant there, and how many like it there are; one of unknown day only where there "
    "is no other. Day 1 is the day of first exposure. A participant whose values are low and high has a line for each."
)
NO_VALUE = [
    cell(MISSING, None, None, None),
    {**cell(MISSING, None, None), "numeric": False},
    cell(MISSING, None),
    {"text": MISSING, "numeric": False},
]


def counted_table(
    lab: Laboratory, found: Counted, count: Count, *, among: Sequence[int], caption: str, url: Any
) -> Table:
    """The participants `among` those counted, in that order; `url` gives the address of a participant's page."""
    by_range, told = count.kind in RANGES, count.kind != NUMBER
    rows: list[tuple[Any, ...]] = []
    people: list[int] = []
    of: dict[int, list[dict[Hashable, Any]]] = {}
    for one in found.rows.to_dict("records"):
        of.setdefault(int(one["participant"]), []).append(one)
    unit = lab.analytes[0].unit
    for row in among:
        who = (lab.people["subject"].iloc[row], lab.arms.names[int(lab.people["arm"].iloc[row])])
        start = [_baseline(lab, row), _category(found, row, by_range=by_range)] if told else []
        values: list[dict[Hashable, Any] | None] = [*of.get(row, [])] or [None]
        for value in values:  # None: nothing put them there
            people.append(row)
            last = (
                [value["category"] or NONE if by_range else _grade(value["grade"])] if told and value else []
            )
            rows.append(
                (
                    *(*who, *start),
                    *(_value(value) if value else NO_VALUE),
                    *(last or ([NONE] if told else [])),
                    cell(str(value["such"]), int(value["such"])) if value else cell("0", 0),
                )
            )
    what = "Range" if by_range else "Grade"
    return table(
        caption,
        (
            *("Participant", "Arm"),
            *([number_column("Baseline", unit), text_column(f"{what} at baseline")] if told else []),
            *(VALUE_COLUMN, LIMITS_COLUMN, number_column("Day"), "Visit"),
            *([text_column(what)] if told else []),
            number_column("Such values"),
        ),
        rows,
        texts=("Arm", "Visit"),
        note=NOTE if told else NOTE.rsplit(" A participant", 1)[0],
        empty=NOBODY,
        urls=[url(row) for row in people],
    )


def _value(value: dict[Hashable, Any]) -> tuple[Any, ...]:
    return value_cell(value), limits_cell(value), day_cell(value["day"]), value["visit"]


def _baseline(lab: Laboratory, row: int) -> Any:
    values = lab.values
    own = values[(values["participant"] == row) & values["is_baseline"]]
    return figure_cell(float(own["value"].mean()) if len(own) else np.nan)


def _category(found: Counted, row: int, *, by_range: bool) -> str:
    start = found.start["baseline" if by_range else "baseline_grade"].to_dict()[row]
    return str(start) or NONE if by_range else _grade(float(start))


def _grade(grade: float) -> str:
    return NONE if np.isnan(grade) else f"{grade:.0f}"
