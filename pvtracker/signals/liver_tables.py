"""What the eDISH page and a participant's laboratory page show as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.lib.rounding import MISSING, fixed
from pvtracker.signals.cells import cell, fixed_cell, share_cell, share_column
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_cells import (
    LIMITS_COLUMN,
    VALUE_COLUMN,
    Opens,
    Table,
    day_cell,
    limits_cell,
    nowhere,
    number_column,
    table,
    value_cell,
)
from pvtracker.signals.laboratory_counts import QUADRANT
from pvtracker.signals.liver import RULE, Liver
from pvtracker.signals.silence import limit_for_none
from pvtracker.stats.liver import LIVER_TESTS, QUADRANTS

MOST_ROWS = 500
EITHER = (
    "Either the peaks lay too far apart, or bilirubin rose before ALT or AST, or alkaline phosphatase was high at the "
    "rise, or a day is not wholly known: the course tells."
)
NOBODY = (
    "Hy’s law cannot be judged here: nobody has both a transaminase (ALT or AST) and total bilirubin (BILI) with an "
    "upper limit of normal after first exposure. The analytes are known by these codes of CDISC."
)


def cases_table(lab: Laboratory, found: Liver, *, url: Any, inference: bool) -> Table:
    cases = found.cases
    rows = [
        (
            *_who(lab, row),
            day_cell(cases.transaminase_day[place]),
            fixed_cell(float(cases.transaminase[place]), 2),
            day_cell(cases.bilirubin_day[place]),
            fixed_cell(float(cases.bilirubin[place]), 2),
            fixed_cell(float(cases.alkaline_phosphatase[place]), 2),
            fixed_cell(found.baseline.get(row), 2),
        )
        for place, row in enumerate(found.case_row)
    ]
    made = table(
        "Possible cases of Hy’s law",
        (
            "Participant",
            "Arm",
            *map(
                number_column,
                (
                    "Day of ALT or AST",
                    "ALT or AST, × ULN",
                    "Day of bilirubin",
                    "Bilirubin, × ULN",
                    "ALP at the rise, × ULN",
                    "ALT or AST at baseline, × ULN",
                ),
            ),
        ),
        rows,
        texts=("Arm",),
        note=f"× ULN: multiples of the upper limit of normal. {RULE}",
        empty=_none_found(found, inference=inference),
        urls=[url(row) for row in found.case_row],
    )
    for row, warning in zip(made["rows"], cases.warning, strict=True):
        row["warning"] = None if warning is None else f"{warning[0].upper()}{warning[1:]}."
    return made


def _none_found(found: Liver, *, inference: bool) -> str:
    """What no case means: of how many who could be judged, if of any; with inference, up to which risk."""
    judged = sum(quadrant != "" for quadrant in found.peaks.quadrant)
    if not judged:
        return NOBODY
    told = f"None of the {judged} participants with a value of both kinds meets the rule."
    if not inference:
        return told
    limit = fixed(100 * limit_for_none(judged), 1)
    return (
        f"{told} That is no proof of safety: a risk of up to {limit} % agrees with no case among them (one-sided "
        "exact, 95 %)."
    )


def quadrants_table(
    lab: Laboratory, rows: list[tuple[str, list[int], list[int]]], *, opens: Opens = nowhere
) -> Table:
    return table(
        "Quadrants by arm",
        ("Quadrant", *map(share_column, lab.arms.names)),
        [
            (
                name,
                *(
                    share_cell(n, total, opens(n, count=QUADRANT, quadrant=name, arm=arm))
                    for arm, n, total in zip(lab.arms.names, counted, drawn, strict=True)
                ),
            )
            for name, counted, drawn in rows
        ],
        note="Participants with ALT or AST and total bilirubin after first exposure, by their peaks, whenever these "
        "were. Temple’s corollary: transaminase alone; hyperbilirubinaemia: bilirubin alone.",
    )


def peaks_table(
    lab: Laboratory,
    found: Liver,
    *,
    url: Any,
    no_case: bool = False,
    every: bool = False,
    among: Sequence[int] | None = None,
) -> Table:
    """Everybody in the picture, the nearest to the upper right first; with `no_case` those there who are none. `every`
    one, or as many as a page holds; `among` these places of the peaks only."""
    peaks = found.peaks
    drawn = (
        [place for place, quadrant in enumerate(peaks.quadrant) if quadrant] if among is None else list(among)
    )
    if no_case:
        drawn = [
            place
            for place in drawn
            if peaks.quadrant[place] == QUADRANTS[True, True] and not peaks.case[place]
        ]
    order = by_height(found, drawn)
    shown = order if every else order[:MOST_ROWS]
    more = len(order) - len(shown)
    return table(
        "Both peaks beyond their limits, but no case by the rule" if no_case else "Peaks of each participant",
        (
            "Participant",
            "Arm",
            *map(
                number_column,
                (
                    "ALT or AST, × ULN",
                    "Day of ALT or AST",
                    "Bilirubin, × ULN",
                    "Day of bilirubin",
                    "ALP, × ULN",
                ),
            ),
            "Quadrant",
            "Hy’s law",
        ),
        [
            (
                *_who(lab, found.row[place]),
                fixed_cell(float(peaks.transaminase[place]), 2),
                day_cell(peaks.transaminase_day[place]),
                fixed_cell(float(peaks.bilirubin[place]), 2),
                day_cell(peaks.bilirubin_day[place]),
                fixed_cell(float(peaks.alkaline_phosphatase[place]), 2),
                peaks.quadrant[place],
                "possible" if peaks.case[place] else "",
            )
            for place in shown
        ],
        texts=("Arm", "Quadrant", "Hy’s law"),
        note="Highest values after first exposure, as multiples of the upper limit of normal (× ULN)."
        + (f" {EITHER}" if no_case else "")
        + (f" {more} more participants are not listed." if more else ""),
        urls=[url(found.row[place]) for place in shown],
    )


def by_height(found: Liver, places: Sequence[int]) -> list[int]:
    """Places of the peaks, the nearest to the upper right of the picture first."""
    peaks = found.peaks
    return sorted(
        places, key=lambda place: -float(min(peaks.transaminase[place] / 3, peaks.bilirubin[place] / 2))
    )


def _who(lab: Laboratory, row: int) -> tuple[str, str]:
    person = lab.people.iloc[row]
    return str(person["subject"]), lab.arms.names[int(person["arm"])]


def course_table(multiples: pd.DataFrame) -> Table:
    """The liver tests of one participant by day, as multiples of the upper limit."""
    tests = [test for test in LIVER_TESTS if (multiples["analyte"] == test).any()]
    by_day = multiples.pivot_table(
        index=["day", "taken_on"], columns="analyte", values="times", aggfunc="max"
    )
    return table(
        "Liver tests, multiples of the upper limit of normal",
        (
            "Taken on",
            number_column("Day"),
            *(number_column(test, "× upper limit of normal") for test in tests),
        ),
        [
            (taken_on, day_cell(day), *(fixed_cell(row.get(test, np.nan), 2) for test in tests))
            for (day, taken_on), row in zip(by_day.index, by_day.to_dict("records"), strict=True)
        ],
        empty="No liver test of a known day with an upper limit of normal.",
    )


def beyond_table(lab: Laboratory, own: pd.DataFrame) -> Table:
    """Values of one participant that lie beyond their limits or have a grade, in the order of days."""
    beyond = own[own["category"].isin(["low", "high"]) | (own["grade"] >= 1)]
    beyond = beyond.sort_values(["day", "analyte"], kind="stable")
    names = {one.code: one.name for one in lab.analytes}
    return table(
        "Values beyond the limits of normal, or graded",
        (
            "Analyte",
            "Taken on",
            number_column("Day"),
            "Visit",
            VALUE_COLUMN,
            LIMITS_COLUMN,
            "Range",
            number_column("Grade"),
        ),
        [
            (
                names[row["analyte"]],
                row["taken_on"],
                day_cell(row["day"]),
                row["visit"],
                value_cell(row),
                limits_cell(row),
                row["category"],
                cell(MISSING, None)
                if np.isnan(row["grade"])
                else cell(f"{row['grade']:.0f}", int(row["grade"])),
            )
            for row in beyond.to_dict("records")
        ],
        texts=("Taken on", "Visit", "Range"),
        empty="All values lie within their limits of normal.",
    )
