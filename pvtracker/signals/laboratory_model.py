"""The mixed model for repeated measures of an analyte, over weeks that the reader chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts.laboratory import CD4, VIRAL_LOAD, baselines
from pvtracker.signals.cells import p_cell
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_cells import Table, figure_cell, interval_cell, number_column, table
from pvtracker.signals.laboratory_courses import (
    Section,
    back,
    columns_of,
    compared,
    compared_columns,
    or_why_not,
    told_left,
    weekly,
)
from pvtracker.signals.laboratory_detail import is_log, on_scale
from pvtracker.stats import mmrm
from pvtracker.stats.course_results import MixedRepeated
from pvtracker.stats.mmrm import LEFT_OUT

KEY, MODEL, PAGE = "model", "Mixed model for repeated measures", "mmrm.md"
# The models of all arms together may take seconds while somebody waits; more weeks cost far more than more
# participants (111 in 30 weeks: 8 s).
MOST_WEEKS, MOST_WORK = 16, 100_000


@dataclass(frozen=True, slots=True)
class Weeks:
    """What was chosen; None where it was left open."""

    first: int | None = None
    last: int | None = None
    every: int | None = None


def may_have_model(lab: Laboratory) -> bool:
    """CD4 counts and viral loads, where a reference arm was measured."""
    return lab.analytes[0].code in (*CD4, *VIRAL_LOAD) and lab.arms.reference is not None


def section(lab: Laboratory, weeks: Weeks, *, inference: bool) -> Section | None:
    """Of a laboratory with one analyte; None without a reference arm or values at planned visits."""
    values = weekly(lab)
    active = compared(lab, values)
    if not active:
        return None

    def make(*_: Any, inference: bool) -> Section:
        return _model(lab, values, active, weeks, inference=inference)

    return or_why_not(KEY, MODEL, PAGE, make, lab, values, active, inference)


def too_large(lab: Laboratory, values: pd.DataFrame) -> str:
    """Why the model is not fitted here: a sentence, or '' where it is. `values`: as from `weekly`, after baseline."""
    work, most = 0, 0
    for arm in lab.arms.active:
        own = values[values["arm"].isin([arm, lab.arms.reference])]
        if (own["arm"] == arm).any():
            weeks = own["week"].nunique()
            most = max(most, weeks)
            work += own["participant"].nunique() * weeks**2
    if most <= MOST_WEEKS and work <= MOST_WORK:
        return ""
    return (
        f"Too large to be fitted while the page waits: at most {MOST_WEEKS} weeks, and {MOST_WORK:,} as the sum of "
        f"participants × weeks² over the arms, against {most} weeks and {work:,} here. Choose fewer weeks; “manage.py "
        "calculate mmrm --cases FILE” fits up to 30 from a file with a row for each value, one arm and the reference "
        "at a time."
    )


def chosen(lab: Laboratory, after: pd.DataFrame, weeks: Weeks) -> tuple[list[float], list[float]]:
    """Of the planned weeks with values those that are in the model, and those that are not. Each n-th is counted back
    from the last; n is, where it was left open, the least that can be fitted while the page waits."""
    there = sorted(float(week) for week in after["week"].unique())
    within = [
        week
        for week in there
        if (weeks.first is None or week >= weeks.first) and (weeks.last is None or week <= weeks.last)
    ]
    every = weeks.every or next(
        (
            n
            for n in range(1, len(within) + 1)
            if not too_large(lab, after[after["week"].isin(_each(within, n))])
        ),
        1,
    )
    taken = _each(within, every)
    return taken, [week for week in there if week not in taken]


def _each(weeks: list[float], n: int) -> list[float]:
    return weeks[::-1][::n][::-1]


def _model(
    lab: Laboratory, values: pd.DataFrame, active: list[int], weeks: Weeks, *, inference: bool
) -> Section:
    """Weeks after baseline, with baseline as covariate; unstructured, or the next that can be fitted."""
    after = values[values["week"] > 0]
    taken, left = chosen(lab, after, weeks)
    own = after[after["week"].isin(taken)]
    refused = too_large(lab, own) if taken else _no_week(left)
    if refused:
        return Section(KEY, MODEL, "", None, table(MODEL, ("Week",), [], empty=refused), PAGE)
    log, unit = is_log(lab), lab.analytes[0].unit
    rows: list[list[Any]] = []
    notes = []
    for arm in active:
        name = lab.arms.names[arm]
        try:
            found = _fitted(lab, own, arm)
        except ValueError as fault:
            notes.append(f"{name}: not fitted, {fault}.")
            continue
        rows += [_row(found, row, name, log, inference=inference) for row in range(len(found.week))]
        notes.append(_said(f"{name} against {lab.arms.names[lab.arms.reference or 0]}", found))
    limits = "; limits by Kenward and Roger" if inference else ""
    labels: list[str | Table] = [
        *("Week", "Arm", "n, arm", "n, ref."),
        *(number_column(label, unit) for label in ("Mean, arm", "Mean, ref.")),
        *compared_columns(log=log, unit=unit, inference=inference),
    ]
    return Section(
        key=KEY,
        title=MODEL,
        lead="Who has no value in a week is taken to be like those with the same arm, baseline and earlier values. "
        f"{_in_words(taken, left)}",
        chart=None,
        table=table(
            f"{'Geometric means' if log else 'Means'} by the model{f', {unit}' if unit else ''}",
            labels,
            rows,
            texts=("Arm",),
            note=" ".join([f"At the mean baseline{limits}.{told_left(lab)}", *notes]),
            empty=" ".join(["No week after baseline has values.", *notes]),
        ),
        page=PAGE,
    )


def _fitted(lab: Laboratory, own: pd.DataFrame, arm: int) -> MixedRepeated:
    start = baselines(on_scale(lab))["value"].droplevel("analyte")
    columns = columns_of(lab, own, arm)
    who = columns["participant"].astype(int)
    return mmrm(
        week=columns.pop("weeks"),
        baseline=start.reindex(who).to_numpy(dtype=float),
        fall_back=True,
        **columns,
    )


def _row(found: MixedRepeated, row: int, arm: str, log: bool, *, inference: bool) -> list[Any]:
    names = ("ratio", "ratio_low", "ratio_high") if log else ("difference", "low", "high")
    estimate, low, high = (getattr(found, one)[row] for one in names)
    means = (back(side[row], log) for side in (found.mean_arm, found.mean_ref))
    return [
        f"{found.week[row]:g}",
        arm,
        int(found.n_arm[row]),
        int(found.n_ref[row]),
        *map(figure_cell, means),
        interval_cell(estimate, low, high, limits=inference),
        *([p_cell(float(found.p[row]))] if inference else []),
    ]


def _said(name: str, found: MixedRepeated) -> str:
    """What was fitted, or why nothing was, and which weeks one of the arms has too few values in."""
    told = f"{name}: {found.participants} participants of both arms, covariance {found.covariance}"
    told += f" (not unstructured: {found.fell_back})" if found.fell_back and found.converged else ""
    told += f", {found.without_baseline} without a baseline left out" if found.without_baseline else ""
    few = found.warning == LEFT_OUT
    if few.any():
        told += f"; {LEFT_OUT}: {_listed(found.week[few])}"
    why = [one for one in found.warning[~few] if one]
    return f"{told}." if found.converged else f"{told}. Not fitted{f': {why[0]}' if why else ''}."


def _in_words(taken: list[float], left: list[float]) -> str:
    out = f" Not in it: {_listed(left)}." if left else ""
    return f"Weeks in the model: {_listed(taken)}.{out}"


def _no_week(there: list[float]) -> str:
    if not there:
        return "No week after baseline has values."
    return f"No planned week with values lies in these weeks. Those there are: {_listed(there)}."


def _listed(weeks: list[float] | np.ndarray[Any, Any]) -> str:
    return ", ".join(f"{week:g}" for week in weeks)
