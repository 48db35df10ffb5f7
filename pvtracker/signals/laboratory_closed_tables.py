"""Tables of analytes that tell the arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pvtracker.lib.rounding import MISSING
from pvtracker.signals.cells import share_cell, share_column
from pvtracker.signals.laboratory import Laboratory, Summary
from pvtracker.signals.laboratory_cells import (
    Opens,
    Table,
    count_cell,
    figure_cell,
    nowhere,
    number_column,
    table,
    week_cell,
)
from pvtracker.signals.laboratory_counts import NUMBER


def closed_table(found: Sequence[Summary], *, url: Any, opens: Opens = nowhere) -> Table:
    """Analytes that tell the arm."""
    return table(
        "Closed analytes",
        ("Analyte", "Code", "Unit", number_column("Participants with a number"), "Numbers"),
        [
            (
                one.analyte.name,
                one.analyte.code,
                one.analyte.unit or MISSING,
                count_cell(one.detected[1], opens(one.detected[1], analyte=one.analyte.code, count=NUMBER)),
                one.detected[0],
            )
            for one in found
        ],
        texts=("Code", "Unit"),
        note="These tell the arm and are in the closed room only. A result below a limit, such as “<50”, is no number.",
        urls=[url(one.analyte.code) for one in found],
    )


def detections_table(values: pd.DataFrame, lab: Laboratory, *, opens: Opens = nowhere) -> Table:
    """Results of a closed analyte by planned week and arm: how many have a number at all."""
    planned = values[values["week"].notna()]
    rows = []
    for week, arm in sorted(set(zip(planned["week"].astype(int), planned["arm"].astype(int), strict=True))):
        own = planned[(planned["week"] == week) & (planned["arm"] == arm)]
        number = own["value"].notna() & ~own["below"]
        each = number.groupby(own["participant"]).any()
        numbers = own.loc[number, "value"]
        words = sorted(set(own.loc[~number, "text"]))
        rows.append(
            (
                week_cell(week),
                lab.arms.names[arm],
                share_cell(
                    n := int(each.sum()),
                    len(each),
                    opens(n, count=NUMBER, arm=lab.arms.names[arm], week=week),
                ),
                *(figure_cell(of) for of in (numbers.min(), numbers.median(), numbers.max())),
                ", ".join(words) or MISSING,
            )
        )
    return table(
        "Participants with a number, by planned week",
        (
            number_column("Week"),
            "Arm",
            share_column("With a number"),
            *(number_column(label, lab.analytes[0].unit) for label in ("Least", "Median", "Most")),
            "Results without one",
        ),
        rows,
        texts=("Arm", "Results without one"),
        note="Of the participants with a result in that week, those with a number in one. A result below a limit, "
        "such as “<50”, is no number.",
        empty="No result was taken at a visit with a planned day.",
    )
