"""What the laboratory pages show as tables (the shapes of `components/table.html`). Participants are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.lib.rounding import MISSING, fixed, p_text, share
from pvtracker.signals.laboratory import (
    COMPARED,
    GRADE_3,
    KINDS,
    NEW_HIGH,
    NEW_LOW,
    Contrast,
    Laboratory,
    Summary,
)
from pvtracker.signals.laboratory_detail import SLOPE_DAYS, Box, Detail
from pvtracker.stats.laboratory_results import ShiftTable, SlopeDifference, WorstGrades

Table = dict[str, Any]
MOST_OUTLIERS = 100
HEADS = {NEW_HIGH: "New high", NEW_LOW: "New low", GRADE_3: "Grade ≥3"}
SHORT_COUNTED = (
    "New high, new low: participants above the upper, or below the lower limit of normal after baseline, of those "
    "measured whose baseline was not. Grade ≥3: participants with a worst grade of 3 or 4 after baseline, of those who "
    "can be graded."
)
FLAG_NOTE = f"Flag: {COMPARED['flag'][0].lower()}{COMPARED['flag'][1:]}"


def table(
    caption: str,
    labels: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    texts: Sequence[str] = (),
    note: str = "",
    empty: str = "Nothing to list.",
    urls: Sequence[str] = (),
) -> Table:
    """Plain rows; columns in `texts` are not numbers; `urls`: of each row's first cell."""
    words = {labels[0], *texts}
    made = []
    for place, row in enumerate(rows):
        cells: list[Table] = [
            {"text": str(value), "numeric": label not in words}
            for label, value in zip(labels, row, strict=True)
        ]
        if place < len(urls) and urls[place]:
            cells[0]["url"] = urls[place]
        made.append({"cells": cells})
    return {
        "caption": caption,
        "columns": [{"label": label, "numeric": label not in words} for label in labels],
        "rows": made,
        "note": note,
        "empty": empty,
    }


def overview_table(lab: Laboratory, found: Sequence[Summary], *, url: Any, inference: bool) -> Table:
    """All analytes that do not tell the arm; `url` gives the address of an analyte's page."""
    arms = lab.arms.names
    graded = any(one.kind == GRADE_3 for summary in found for one in summary.counted)
    kinds = [kind for kind in KINDS if kind != GRADE_3 or graded]
    labels = [
        "Analyte",
        "Participants",
        *(f"{HEADS[kind]}, {arm}" for kind in kinds for arm in arms),
        "Outliers",
    ]
    if inference:
        labels.insert(1, "Flag")
    rows = []
    for summary in found:
        counted = {one.kind: one for one in summary.counted}
        cells: list[Any] = [_name(summary)]
        if inference:
            cells.append("; ".join(f"{HEADS[one.kind].lower()}: {one.arm}" for one in summary.flagged))
        cells.append(summary.participants)
        for kind in kinds:
            cells += [
                f"{counted[kind].n[arm]}/{counted[kind].N[arm]}" if kind in counted else MISSING
                for arm in range(len(arms))
            ]
        cells.append(summary.outlying)
        rows.append(cells)
    return table(
        "Laboratory and vital signs, by arm",
        labels,
        rows,
        texts=("Flag",),
        note=f"{SHORT_COUNTED} {FLAG_NOTE if inference else ''} {MISSING}: no limit of normal, or no grade.",
        empty="No value of a treated participant is in this cut.",
        urls=[url(summary.analyte.code) for summary in found],
    )


def closed_table(found: Sequence[Summary], *, url: Any) -> Table:
    """Analytes that tell the arm."""
    return table(
        "Closed analytes",
        ("Analyte", "Code", "Unit", "Participants with a number", "Numbers"),
        [
            (
                one.analyte.name,
                one.analyte.code,
                one.analyte.unit or MISSING,
                one.detected[1],
                one.detected[0],
            )
            for one in found
        ],
        texts=("Code", "Unit"),
        note="These tell the arm and are in the closed room only. A result below a limit, such as “<50”, is no number.",
        urls=[url(one.analyte.code) for one in found],
    )


def _name(summary: Summary) -> str:
    unit = summary.analyte.unit
    return f"{summary.analyte.name}, {unit}" if unit else summary.analyte.name


def contrasts_table(found: Sequence[Contrast], reference: str, *, inference: bool) -> Table:
    """Each kind and active arm against the reference."""
    labels = ["After baseline", "Arm", "Arm, n/N", f"{reference}, n/N"]
    labels += ["Difference [95 %]", "Fisher’s p", "Flag"] if inference else ["Difference"]
    rows = []
    for one in found:
        cells: list[Any] = [
            one.kind,
            one.arm,
            share(one.n_arm, one.N_arm),
            share(one.n_ref, one.N_ref),
            f"{fixed(100 * one.estimate)} [{fixed(100 * one.low)}, {fixed(100 * one.high)}]"
            if inference
            else fixed(100 * one.estimate),
        ]
        cells += [p_text(one.p), "flagged" if one.flag else ""] if inference else []
        rows.append(cells)
    return table(
        "Participants beyond a limit or with a grade, against the reference",
        labels,
        rows,
        texts=("Arm", "Flag"),
        note=f"Difference of the risks in percentage points (Miettinen–Nurminen). {SHORT_COUNTED} "
        f"{FLAG_NOTE if inference else ''}",
        empty="Nothing is compared: no limits of normal came with the values, and they cannot be graded.",
    )


def boxes_table(found: Sequence[Box], unit: str) -> Table:
    return table(
        f"Values by planned week{f', {unit}' if unit else ''}",
        ("Week", "Arm", "Participants", "Least", "First quartile", "Median", "Third quartile", "Most"),
        [
            (box.week, box.arm, box.n, *map(figure, (box.least, box.first, box.median, box.third, box.most)))
            for box in found
        ],
        texts=("Arm",),
        note="Of several values of a participant in a week, their mean.",
        empty="No value was taken at a visit with a planned day.",
    )


def shift_rows(found: ShiftTable, arms: Sequence[str], *, what: str, note: str) -> Table:
    """One row for each arm and category at baseline, a column for each worst category."""
    categories = list(dict.fromkeys(found.worst))
    cells = {
        (arm, before, after): row
        for row, (arm, before, after) in enumerate(zip(found.arm, found.baseline, found.worst, strict=True))
    }
    rows = []
    for arm in arms:
        if (arm, categories[0], categories[0]) not in cells:
            continue
        for before in categories:
            own = [cells[arm, before, after] for after in categories]
            of_baseline, measured = found.of_baseline[own[0]], found.measured[own[0]]
            if not of_baseline and before != "missing":
                continue
            counted = [
                int(found.participants[row])
                if after == "missing"
                else share(int(found.participants[row]), int(measured))
                for row, after in zip(own, categories, strict=True)
            ]
            rows.append((arm, before, f"{of_baseline}/{found.total[own[0]]}", *counted))
    heads = ["nothing after" if after == "missing" else after for after in categories]
    return table(
        f"Shift of {what} from baseline to the worst value after it",
        ("Arm", "At baseline", "Participants of the arm", *heads),
        rows,
        texts=("At baseline",),
        note=f"Shares are of the participants with this baseline who were measured after it. {note}",
    )


RANGE_NOTE = (
    "“Low and high”: one value below and another above the limits. Missing: no value with limits at baseline. A "
    "baseline that nobody of an arm has is left out."
)
GRADE_NOTE = (
    "Missing: no value at baseline that can be graded. A grade that nobody has at baseline is left out."
)


def grades_table(found: WorstGrades, arms: Sequence[str], scale: str) -> Table:
    grades = sorted(set(found.grade.tolist()))
    row_of = {(arm, grade): row for row, (arm, grade) in enumerate(zip(found.arm, found.grade, strict=True))}
    rows = []
    for arm in arms:
        if (arm, 0) in row_of:
            own = [row_of[arm, grade] for grade in grades]
            measured = int(found.measured[own[0]])
            counted = [share(int(found.participants[row]), measured) for row in own]
            severe = share(int(found.at_least[row_of[arm, 3]]), measured)
            rows.append((arm, f"{measured}/{found.total[own[0]]}", *counted, severe))
    return table(
        f"Participants by worst grade after baseline, {scale}",
        ("Arm", "Graded, of the arm", *(f"Grade {grade}" for grade in grades), "Grade 3 or more"),
        rows,
        note="By the value alone: criteria that need a symptom, a treatment or fasting are not applied. Grade 0: none.",
    )


def outliers_table(lab: Laboratory, found: Detail, *, url: Any) -> Table:
    """The farthest values; `url` gives the address of a participant's page by row number."""
    shown = found.far_out.head(MOST_OUTLIERS)
    more = len(found.far_out) - len(shown)
    fences = found.fences
    return table(
        "Values far from the others",
        ("Participant", "Arm", "Day", "Visit", "Value", "Limits of normal", "Distance"),
        [
            (
                row["subject"],
                lab.arms.names[row["arm"]],
                day_text(row["day"]),
                row["visit"],
                value_text(row),
                limits_text(row),
                fixed(row["score"], 1),
            )
            for row in shown.to_dict("records")
        ],
        texts=("Arm", "Visit", "Limits of normal"),
        note=f"Tukey’s outer fences of all values of all arms: {figure(fences.low)} and {figure(fences.high)}. "
        "Distance from the nearer quartile, in distances of the quartiles; on logarithms where all values are above 0, "
        "and always for a viral load." + (f" {more} more values are not listed." if more else ""),
        empty=f"None. {fences.warning.capitalize()}."
        if fences.warning
        else f"No value lies beyond Tukey’s outer fences, {figure(fences.low)} and {figure(fences.high)}.",
        urls=[url(row) for row in shown["participant"]],
    )


def slopes_table(
    found: SlopeDifference, arms: Sequence[str], unit: str, *, log: bool, inference: bool
) -> Table:
    labels = ["Arm", "Participants", "Mean slope", "SD"]
    labels += ["Difference [95 %]", "p"] if inference else ["Difference"]
    row_of = {arm: row for row, arm in enumerate(found.arm)}
    rows = []
    for arm in arms:
        if arm not in row_of:
            continue
        row = row_of[arm]
        difference = figure(found.difference[row])
        cells: list[Any] = [arm, int(found.participants[row]), figure(found.mean[row]), figure(found.sd[row])]
        if inference:
            limits = f" [{figure(found.low[row])}, {figure(found.high[row])}]"
            cells += [
                difference + (limits if not np.isnan(found.difference[row]) else ""),
                p_text(found.p[row]),
            ]
        else:
            cells.append(difference)
        rows.append(cells)
    of = f"log₁₀ {unit}".strip() if log else unit
    return table(
        f"Slopes per {SLOPE_DAYS} days{f', {of}' if of else ''}",
        labels,
        rows,
        note="The least-squares line of each participant from baseline on; means of the arms, difference to the "
        "reference with Welch’s limits. Participants with fewer than two days have none.",
        empty="No participant has values on two days.",
    )


def detections_table(values: pd.DataFrame, lab: Laboratory) -> Table:
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
                week,
                lab.arms.names[arm],
                share(int(each.sum()), len(each)),
                *(figure(of) for of in (numbers.min(), numbers.median(), numbers.max())),
                ", ".join(words) or MISSING,
            )
        )
    return table(
        "Participants with a number, by planned week",
        ("Week", "Arm", "With a number", "Least", "Median", "Most", "Results without one"),
        rows,
        texts=("Arm", "Results without one"),
        note="Of the participants with a result in that week, those with a number in one. A result below a limit, "
        "such as “<50”, is no number.",
        empty="No result was taken at a visit with a planned day.",
    )


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


def day_text(day: float) -> str:
    """Days since first exposure as they are told: day 1 is that of first exposure, the one before it day −1."""
    if np.isnan(day):
        return "unknown"
    return str(int(day) + 1 if day >= 0 else int(day))


def figure(value: float) -> str:
    """Four significant digits at most."""
    if np.isnan(value):
        return MISSING
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
