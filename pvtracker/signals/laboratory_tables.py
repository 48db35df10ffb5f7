"""What the laboratory pages show as tables (the shapes of `components/table.html`). Participants are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pvtracker.lib.rounding import MISSING
from pvtracker.signals.cells import (
    cell,
    column,
    estimate_cell,
    estimate_column,
    fixed_cell,
    p_cell,
    share_cell,
    share_column,
)
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
from pvtracker.signals.laboratory_cells import (
    LIMITS_COLUMN,
    VALUE_COLUMN,
    Opens,
    Table,
    count_cell,
    day_cell,
    figure,
    figure_cell,
    interval_cell,
    limits_cell,
    nowhere,
    number_column,
    of_cell,
    table,
    value_cell,
    week_cell,
)
from pvtracker.signals.laboratory_counts import GRADE, MEASURED
from pvtracker.signals.laboratory_detail import SLOPE_DAYS, Box, Detail
from pvtracker.stats.laboratory_results import Outliers, ShiftTable, SlopeDifference, WorstGrades

MOST_OUTLIERS = 100
HEADS = {NEW_HIGH: "New high", NEW_LOW: "New low", GRADE_3: "Grade ≥3"}
SHORT_COUNTED = (
    "New high, new low: participants above the upper, or below the lower limit of normal after baseline, of those "
    "measured whose baseline was not. Grade ≥3: participants with a worst grade of 3 or 4 after baseline, of those who "
    "can be graded."
)
OUTLYING = (
    "Outliers: values of all arms beyond Tukey’s outer fences, three times the distance of the quartiles from the "
    "nearer one; each number opens them with their participants."
)
FLAG_NOTE = f"Flag: {COMPARED['flag'][0].lower()}{COMPARED['flag'][1:]}"


def overview_table(
    lab: Laboratory, found: Sequence[Summary], *, url: Any, inference: bool, opens: Opens = nowhere
) -> Table:
    """All analytes that do not tell the arm; `url` gives the address of an analyte's page."""
    arms = lab.arms.names
    graded = any(one.kind == GRADE_3 for summary in found for one in summary.counted)
    kinds = [kind for kind in KINDS if kind != GRADE_3 or graded]
    labels: list[str | Table] = [
        "Analyte",
        number_column("Participants"),
        *(share_column(f"{HEADS[kind]}, {arm}") for kind in kinds for arm in arms),
        number_column("Outliers"),
    ]
    if inference:
        labels.insert(1, "Flag")
    rows = []
    for summary in found:
        counted = {one.kind: one for one in summary.counted}
        cells: list[Any] = [_name(summary)]
        if inference:
            cells.append("; ".join(f"{HEADS[one.kind].lower()}: {one.arm}" for one in summary.flagged))
        code = summary.analyte.code
        cells.append(
            count_cell(summary.participants, opens(summary.participants, analyte=code, count=MEASURED))
        )
        for kind in kinds:
            cells += [
                of_cell(
                    n := int(counted[kind].n[arm]),
                    int(counted[kind].N[arm]),
                    opens(n, analyte=code, count=kind, arm=arms[arm]),
                )
                if kind in counted
                else cell(MISSING, None, None, None)
                for arm in range(len(arms))
            ]
        listed = f"{url(code)}#outliers" if summary.outlying else ""
        cells.append(count_cell(summary.outlying, listed))
        rows.append(cells)
    return table(
        "Laboratory and vital signs, by arm",
        labels,
        rows,
        texts=("Flag",),
        note=f"{SHORT_COUNTED} {OUTLYING} {FLAG_NOTE if inference else ''} {MISSING}: no limit of normal, or no grade.",
        empty="No value of a treated participant is in this cut.",
        urls=[url(summary.analyte.code) for summary in found],
    )


def _name(summary: Summary) -> str:
    unit = summary.analyte.unit
    return f"{summary.analyte.name}, {unit}" if unit else summary.analyte.name


def contrasts_table(
    found: Sequence[Contrast], reference: str, *, inference: bool, opens: Opens = nowhere
) -> Table:
    """Each kind and active arm against the reference."""
    labels: list[str | Table] = [
        "After baseline",
        "Arm",
        share_column("Arm, n/N"),
        share_column(f"{reference}, n/N"),
        estimate_column("Difference", "difference, percentage points", limits=inference),
    ]
    labels += [column("Fisher’s p", "Fisher’s p"), "Flag"] if inference else []
    rows = []
    for one in found:
        cells: list[Any] = [
            one.kind,
            one.arm,
            share_cell(one.n_arm, one.N_arm, opens(one.n_arm, count=one.kind, arm=one.arm)),
            share_cell(one.n_ref, one.N_ref, opens(one.n_ref, count=one.kind, arm=reference)),
            estimate_cell(100 * one.estimate, 100 * one.low, 100 * one.high, digits=1, limits=inference),
        ]
        cells += [p_cell(one.p), "flagged" if one.flag else ""] if inference else []
        rows.append(cells)
    return table(
        "Participants beyond a limit or with a grade, against the reference",
        labels,
        rows,
        texts=("Arm", "Flag"),
        note=f"Difference of the risks in percentage points (Miettinen–Nurminen). {SHORT_COUNTED} "
        f"{FLAG_NOTE if inference else ''}".strip(),
        empty="Nothing is compared: no limits of normal came with the values, and they cannot be graded.",
    )


def boxes_table(found: Sequence[Box], unit: str) -> Table:
    return table(
        f"Values by planned week{f', {unit}' if unit else ''}",
        (
            number_column("Week"),
            "Arm",
            "Participants",
            *(
                number_column(label, unit)
                for label in ("Least", "First quartile", "Median", "Third quartile", "Most")
            ),
        ),
        [
            (
                week_cell(box.week),
                box.arm,
                box.n,
                *map(figure_cell, (box.least, box.first, box.median, box.third, box.most)),
            )
            for box in found
        ],
        texts=("Arm",),
        note="Of several values of a participant in a week, their mean.",
        empty="No value was taken at a visit with a planned day.",
    )


def shift_rows(
    found: ShiftTable, arms: Sequence[str], *, what: str, note: str, opens: Opens = nowhere
) -> Table:
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
            counted = []
            for row, after in zip(own, categories, strict=True):
                n = int(found.participants[row])
                at = opens(n, arm=arm, before=before, after=after)
                counted.append(count_cell(n, at) if after == "missing" else share_cell(n, int(measured), at))
            started = of_cell(
                int(of_baseline), int(found.total[own[0]]), opens(int(of_baseline), arm=arm, before=before)
            )
            rows.append((arm, before, started, *counted))
    heads = [
        number_column("nothing after") if after == "missing" else share_column(after) for after in categories
    ]
    return table(
        f"Shift of {what} from baseline to the worst value after it",
        ("Arm", "At baseline", share_column("Participants of the arm"), *heads),
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


def grades_table(found: WorstGrades, arms: Sequence[str], scale: str, *, opens: Opens = nowhere) -> Table:
    grades = sorted(set(found.grade.tolist()))
    row_of = {(arm, grade): row for row, (arm, grade) in enumerate(zip(found.arm, found.grade, strict=True))}
    rows = []
    for arm in arms:
        if (arm, 0) in row_of:
            own = [row_of[arm, grade] for grade in grades]
            measured = int(found.measured[own[0]])
            counted = [
                share_cell(
                    n := int(found.participants[row]), measured, opens(n, count=GRADE, arm=arm, after=grade)
                )
                for row, grade in zip(own, grades, strict=True)
            ]
            n = int(found.at_least[row_of[arm, 3]])
            severe = share_cell(n, measured, opens(n, count=GRADE_3, arm=arm))
            graded = of_cell(measured, int(found.total[own[0]]), opens(measured, count=GRADE, arm=arm))
            rows.append((arm, graded, *counted, severe))
    return table(
        f"Participants by worst grade after baseline, {scale}",
        (
            "Arm",
            share_column("Graded, of the arm"),
            *(share_column(f"Grade {grade}") for grade in grades),
            share_column("Grade 3 or more"),
        ),
        rows,
        note="By the value alone: criteria that need a symptom, a treatment or fasting are not applied. Grade 0: none.",
    )


def fences_text(fences: Outliers, unit: str) -> str:
    """The fences in the unit of the values, and on which scale they were computed."""
    if np.isnan(fences.low):
        return "which do not exist"
    ends = [f"{figure(end)} {unit}".strip() for end in (fences.low, fences.high)]
    if not fences.log_scale:
        return f"computed on the values as they were measured: {ends[0]} and {ends[1]}"
    logs = [figure(float(np.log10(end))) for end in (fences.low, fences.high)]
    return f"computed on logarithms (log₁₀ {logs[0]} and {logs[1]}) and transformed back: {ends[0]} and {ends[1]}"


def outliers_table(lab: Laboratory, found: Detail, *, url: Any, every: bool = False) -> Table:
    """The farthest values, or `every` one; `url` gives the address of a participant's page by row number."""
    shown = found.far_out if every else found.far_out.head(MOST_OUTLIERS)
    more = len(found.far_out) - len(shown)
    fences = found.fences
    between = fences_text(fences, found.summary.analyte.unit)
    return table(
        "Values far from the others",
        (
            "Participant",
            "Arm",
            number_column("Day"),
            "Visit",
            VALUE_COLUMN,
            LIMITS_COLUMN,
            number_column("Distance", "distances of the quartiles"),
        ),
        [
            (
                row["subject"],
                lab.arms.names[row["arm"]],
                day_cell(row["day"]),
                row["visit"],
                value_cell(row),
                limits_cell(row),
                fixed_cell(row["score"], 1),
            )
            for row in shown.to_dict("records")
        ],
        texts=("Arm", "Visit"),
        note=f"Tukey’s outer fences of all values of all arms, {between}. Distance from the nearer quartile, in "
        f"distances of the quartiles{' of the logarithms' if fences.log_scale else ''}."
        + (f" {more} more values are not listed." if more else ""),
        empty=f"None. {fences.warning.capitalize()}."
        if fences.warning
        else f"No value lies beyond Tukey’s outer fences, {between}.",
        urls=[url(row) for row in shown["participant"]],
    )


def slopes_table(
    found: SlopeDifference, arms: Sequence[str], unit: str, *, log: bool, inference: bool
) -> Table:
    of = f"log₁₀ {unit}".strip() if log else unit
    per = f"{of} per {SLOPE_DAYS} days".strip()
    labels: list[str | Table] = [
        "Arm",
        "Participants",
        *(number_column(label, per) for label in ("Mean slope", "SD")),
        estimate_column("Difference", f"difference, {per}", limits=inference),
        *([number_column("p")] if inference else []),
    ]
    row_of = {arm: row for row, arm in enumerate(found.arm)}
    rows = []
    for arm in arms:
        if arm not in row_of:
            continue
        row = row_of[arm]
        rows.append(
            [
                arm,
                int(found.participants[row]),
                *map(figure_cell, (found.mean[row], found.sd[row])),
                interval_cell(found.difference[row], found.low[row], found.high[row], limits=inference),
                *([p_cell(float(found.p[row]))] if inference else []),
            ]
        )
    return table(
        f"Slopes per {SLOPE_DAYS} days{f', {of}' if of else ''}",
        labels,
        rows,
        note="The least-squares line of each participant from baseline on; means of the arms, difference to the "
        f"reference{' with Welch’s limits' if inference else ''}. Participants with fewer than two days have none.",
        empty="No participant has values on two days.",
    )
