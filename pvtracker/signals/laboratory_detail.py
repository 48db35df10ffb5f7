"""One analyte of a laboratory by arm: spread over the weeks, shifts, worst grades, outliers, slopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pvtracker.cuts import laboratory
from pvtracker.signals.laboratory import Laboratory, Summary, by_participant, outlying, overview
from pvtracker.stats import slope_difference, worst_grades
from pvtracker.stats.laboratory_results import Outliers, ShiftTable, SlopeDifference, WorstGrades
from pvtracker.stats.shift import RANGE, shift_table

SLOPE_DAYS = 28  # slopes are told per four weeks
HIGHEST_GRADE = 4


@dataclass(frozen=True, slots=True)
class Box:
    """The participants of an arm in a week, one value each: the mean of several."""

    week: int
    arm: str
    n: int
    least: float
    first: float  # quartiles
    median: float
    third: float
    most: float


def is_log(lab: Laboratory) -> bool:
    """Of one analyte: a viral load is compared on logarithms, whatever its values."""
    return lab.analytes[0].code in laboratory.VIRAL_LOAD


def on_scale(lab: Laboratory) -> pd.DataFrame:
    """The values of one analyte that have a place on its scale: of a viral load those above 0, else all."""
    return lab.values[lab.values["value"] > 0] if is_log(lab) else lab.values


def boxes(lab: Laboratory) -> list[Box]:
    """Of one analyte: spread in each planned week by arm."""
    values = on_scale(lab)
    planned = values[values["week"].notna()]
    each = planned.groupby(["week", "arm", "participant"], sort=True)["value"].mean()
    of = each.groupby(["week", "arm"])
    found = pd.DataFrame({"n": of.size(), **{name: of.quantile(q) for name, q in QUANTILES.items()}})
    return [
        Box(int(week), lab.arms.names[int(arm)], int(row["n"]), *(float(row[name]) for name in QUANTILES))
        for (week, arm), row in zip(found.index, found.to_dict("records"), strict=True)
    ]


QUANTILES = {"least": 0.0, "first": 0.25, "median": 0.5, "third": 0.75, "most": 1.0}


@dataclass(frozen=True, slots=True)
class Detail:
    """One analyte: everything that its page shows."""

    summary: Summary
    boxes: list[Box]
    shift: ShiftTable | None  # None without limits
    grade_shift: ShiftTable | None  # None without grades
    grades: WorstGrades | None
    fences: Outliers
    far_out: pd.DataFrame  # rows of `values` with `score`, the farthest first
    slopes: SlopeDifference | None  # None without a reference arm, or without a value in it
    log: bool  # slopes are of log10
    off_scale: int  # values that are not above 0 where logarithms are compared: left out
    unplanned: int  # values in no week


def detail(lab: Laboratory) -> Detail:
    """Of a laboratory with one analyte."""
    analyte = lab.analytes[0]
    people = by_participant(lab)
    arm_names = [lab.arms.names[arm] for arm in people["arm"]]
    with_limits = ((people["baseline"] != "") | (people["worst"] != "")).any()
    graded = people["worst_grade"].notna().any()
    fences, values = outlying(lab, analyte.code)
    far_out = values[fences.flag]
    order = far_out["score"].abs().sort_values(ascending=False, kind="stable").index
    return Detail(
        summary=overview(lab)[0],
        boxes=boxes(lab),
        shift=shift_table(
            people["baseline"].to_numpy(), people["worst"].to_numpy(), arm_names, categories=RANGE
        )
        if with_limits
        else None,
        grade_shift=shift_table(
            grade_texts(people["baseline_grade"]), grade_texts(people["worst_grade"]), arm_names
        )
        if graded
        else None,
        grades=worst_grades(people["worst_grade"].to_numpy(dtype=float), arm_names, highest=HIGHEST_GRADE)
        if graded
        else None,
        fences=fences,
        far_out=far_out.loc[order],
        slopes=_slopes(lab, log=is_log(lab)),
        log=is_log(lab),
        off_scale=len(lab.values) - len(on_scale(lab)),
        unplanned=int(lab.values["week"].isna().sum()),
    )


def grade_texts(grades: pd.Series[float]) -> list[str]:
    """As the categories of a shift: '' where there is none."""
    return ["" if np.isnan(grade) else f"{grade:.0f}" for grade in grades]


def _slopes(lab: Laboratory, *, log: bool) -> SlopeDifference | None:
    """From baseline on; values of unknown day have no place on the line."""
    own = on_scale(lab)
    own = own[(own["is_baseline"] | (own["when"] == laboratory.AFTER)) & own["day"].notna()]
    reference = lab.arms.reference
    if reference is None or not (own["arm"] == reference).any():
        return None
    value = own["value"].to_numpy(dtype=float)
    return slope_difference(
        own["participant"].to_numpy(),
        own["day"].to_numpy(dtype=float) / SLOPE_DAYS,
        np.log10(value) if log else value,
        [lab.arms.names[arm] for arm in own["arm"]],
        reference=lab.arms.names[reference],
    )
