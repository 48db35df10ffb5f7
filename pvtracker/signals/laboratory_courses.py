"""The course of an analyte over the weeks: means by arm, time-weighted area, share above detection. The mixed model
is in `laboratory_model`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts.laboratory import CD4, VIRAL_LOAD
from pvtracker.lib.rounding import fixed, share
from pvtracker.signals import laboratory_charts as charts
from pvtracker.signals.cells import cell, column, estimate_column, p_cell, percentage, share_column
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_cells import (
    Opens,
    Table,
    figure_cell,
    interval_cell,
    nowhere,
    number_column,
    table,
    week_cell,
)
from pvtracker.signals.laboratory_counts import NUMBER
from pvtracker.signals.laboratory_detail import is_log, on_scale
from pvtracker.stats import detected_by_week, mean_by_week, time_weighted_area
from pvtracker.stats.course_results import MeansByWeek

WINDOWS = (
    (40, 48),
    (40, 100),
)  # weeks, as in the founding trial; where the values do not reach so far, all of them
LEAST_COVERAGE = 0.5
PLANNED = (
    "Each value stands at the planned week of its visit, not at its actual day; those at unplanned visits are left "
    "out."
)
AREAS = "Time-weighted area"
MEAN_LIMITS = (
    "Student’s limits of each mean, Welch’s of the comparison; not adjusted for the number of weeks."
)
SHARE_LIMITS = "Exact limits of Clopper and Pearson; not adjusted for the number of weeks."


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a picture or none, a table, and the methods page."""

    key: str
    title: str
    lead: str
    chart: dict[str, Any] | None
    table: Table
    page: str


def weekly(lab: Laboratory) -> pd.DataFrame:
    """One value for each participant and planned week, the mean of several (of logarithms for a viral load); `below`
    where all of them were below a limit. A viral load that is not above 0 is left out."""
    values = on_scale(lab)
    planned = values[values["week"].notna()]
    if is_log(lab):
        planned = planned.assign(value=np.log10(planned["value"]))
    found = planned.groupby(["participant", "week"], sort=True).agg(
        arm=("arm", "first"), value=("value", "mean"), below=("below", "all")
    )
    found = found.reset_index()
    return found.assign(value=10.0 ** found["value"]) if is_log(lab) else found


def told_left(lab: Laboratory) -> str:
    """What became of values at planned visits that are above a limit, or have no logarithm."""
    planned = lab.values[lab.values["week"].notna()]
    above, off = int(planned["at_least"].sum()), int((planned["value"] <= 0).sum()) if is_log(lab) else 0
    note = f" {above} values above a limit stand at that limit." if above else ""
    return note + (f" {off} values that are not above 0 have no logarithm and are left out." if off else "")


def sections(lab: Laboratory, *, inference: bool) -> list[Section]:
    """Of a laboratory with one analyte; nothing without a reference arm or values at planned visits."""
    values = weekly(lab)
    active = compared(lab, values)
    if not active:
        return []
    parts = [("means", f"{_what(lab).capitalize()} over the weeks", "mean-by-week.md", _means)]
    if lab.analytes[0].code in (*CD4, *VIRAL_LOAD):
        parts.append(("areas", AREAS, "time-weighted-area.md", _areas))
    return [
        or_why_not(key, title, page, make, lab, values, active, inference) for key, title, page, make in parts
    ]


def compared(lab: Laboratory, values: pd.DataFrame) -> list[int]:
    """The active arms with values, if the reference has some."""
    reference = lab.arms.reference
    if reference is None or not (values["arm"] == reference).any():
        return []
    return [arm for arm in lab.arms.active if (values["arm"] == arm).any()]


def or_why_not(
    key: str,
    title: str,
    page: str,
    make: Callable[..., Section],
    lab: Laboratory,
    values: pd.DataFrame,
    active: list[int],
    inference: bool,
) -> Section:
    """The section, or what the statistic refused: a value that cannot be does not take the rest of the page with it."""
    try:
        return make(lab, values, active, inference=inference)
    except ValueError as fault:
        said = table(title, ("Week",), [], empty=f"Not computed: {fault}.")
        return Section(key, title, "", None, said, page)


def _what(lab: Laboratory) -> str:
    return "geometric means" if is_log(lab) else "means"


def columns_of(lab: Laboratory, values: pd.DataFrame, arm: int) -> dict[str, Any]:
    """The arguments of the statistics for one arm against the reference."""
    own = values[values["arm"].isin([arm, lab.arms.reference])]
    return {
        "participant": own["participant"].astype(str).to_numpy(),
        "value": own["value"].to_numpy(dtype=float),
        "in_arm": (own["arm"] == arm).astype(int).to_numpy(),
        "below": own["below"].astype(int).to_numpy(),
        "scale": "log10" if is_log(lab) else "as measured",
        "weeks": own["week"].to_numpy(dtype=float),
    }


def _means(lab: Laboratory, values: pd.DataFrame, active: list[int], *, inference: bool) -> Section:
    reference = lab.arms.names[lab.arms.reference or 0]
    log, unit = is_log(lab), lab.analytes[0].unit
    points: list[charts.Interval] = []
    rows: list[list[Any]] = []
    for number, arm in enumerate(active):
        columns = columns_of(lab, values, arm)
        found = mean_by_week(week=columns.pop("weeks"), **columns)
        sides = [("arm", lab.arms.names[arm])] + ([("ref", reference)] if number == 0 else [])
        for side, name in sides:
            for row, week in enumerate(found.week):
                centre, low, high = (
                    back(getattr(found, f"{what}_{side}")[row], log) for what in ("mean", "low", "high")
                )
                if not np.isnan(centre):
                    limits = (low, high) if inference else (np.nan, np.nan)
                    points.append(charts.Interval(float(week), name, centre, *limits))
        rows += [
            _means_row(found, row, lab.arms.names[arm], log, inference=inference)
            for row in range(len(found.week))
        ]
    what = _what(lab)
    labels: list[str | Table] = [
        number_column("Week"),
        *("Arm", "n, arm", number_column("Mean, arm", unit), "n, ref.", number_column("Mean, ref.", unit)),
        *compared_columns(log=log, unit=unit, inference=inference),
    ]
    below = int(values["below"].sum())
    note = f"{MEAN_LIMITS} " if inference else ""
    if below:
        note += f"{below} values below a limit stand at that limit."
    note = f"{note.strip()}{told_left(lab)}".strip()
    return Section(
        key="means",
        title=f"{what.capitalize()} over the weeks",
        lead=f"By planned visit, arm ÷ {reference}." if log else f"By planned visit, arm − {reference}.",
        chart=charts.course(
            points,
            arms=[name for name in lab.arms.names if any(point.arm == name for point in points)],
            reference=reference,
            title=f"{what.capitalize()}{f', {unit}' if unit else ''}",
            log=log,
        ),
        table=table(
            f"{what.capitalize()} by week{f', {unit}' if unit else ''}, {reference} as reference",
            labels,
            rows,
            texts=("Arm",),
            note=note,
        ),
        page="mean-by-week.md",
    )


def _means_row(found: MeansByWeek, row: int, arm: str, log: bool, *, inference: bool) -> list[Any]:
    means = [found.geometric_mean_arm, found.geometric_mean_ref] if log else [found.mean_arm, found.mean_ref]
    names = ("ratio", "ratio_low", "ratio_high") if log else ("difference", "low", "high")
    estimate, low, high = (getattr(found, name)[row] for name in names)
    cells = [
        week_cell(float(found.week[row])),
        arm,
        int(found.n_arm[row]),
        figure_cell(means[0][row]),
        int(found.n_ref[row]),
        figure_cell(means[1][row]),
        interval_cell(estimate, low, high, limits=inference),
    ]
    return [*cells, p_cell(float(found.p[row]))] if inference else cells


def compared_columns(*, log: bool, unit: str, inference: bool) -> list[Table]:
    """Of the comparison of two means: ratio or difference, with limits and p where they are shown."""
    name = "Ratio" if log else "Difference"
    of = name.lower() + (f", {unit}" if unit and not log else "")
    return [
        estimate_column(name, of, limits=inference),
        *([number_column("p")] if inference else []),
    ]


def _areas(lab: Laboratory, values: pd.DataFrame, active: list[int], *, inference: bool) -> Section:
    log, unit = is_log(lab), lab.analytes[0].unit
    last = float(values["week"].max())
    windows = [window for window in WINDOWS if window[1] <= last] or [(0, int(last))]
    rows: list[list[Any]] = []
    method = ""
    for start, end in windows:
        for arm in active if start < end else []:
            columns = columns_of(lab, values, arm)
            found = time_weighted_area(
                day=columns.pop("weeks"), start=start, end=end, least_coverage=LEAST_COVERAGE, **columns
            )
            by = found.by
            cells: list[Any] = [f"{start}–{end}", lab.arms.names[arm]]
            cells += [_measured(int(by.n[side]), int(by.left_out[side])) for side in (0, 1)]
            cells += [figure_cell(by.mean[side]) for side in (0, 1)]
            cells.append(interval_cell(by.mean[2], by.low[2], by.high[2], limits=inference))
            if inference:
                cells.append(p_cell(found.p))
                method = found.p_method or method
            rows.append(cells)
    scale = f"log₁₀ {unit}" if log else unit
    tested = f"Welch’s limits; p of Wilcoxon’s rank sum{f', {method}' if method else ''}. "
    labels: list[str | Table] = [
        "Weeks",
        "Arm",
        *(column(f"n, {side}", f"n, {side}", f"Measured, {side}") for side in ("arm", "ref.")),
        *(number_column(label, scale) for label in ("Level, arm", "Level, ref.")),
        *compared_columns(log=False, unit=scale, inference=inference),
    ]
    return Section(
        key="areas",
        title=AREAS,
        lead="The area under each participant’s values within the weeks, divided by the time: a mean level.",
        chart=None,
        table=table(
            f"Mean level by time-weighted area, {scale}",
            labels,
            rows,
            texts=("Arm",),
            note="n: participants of whose weeks at least half lie between measurements, of those measured. "
            f"{tested if inference else ''}{PLANNED}{told_left(lab)}",
            empty="No two planned weeks have values.",
        ),
        page="time-weighted-area.md",
    )


def _measured(n: int, left_out: int) -> Any:
    """Participants who are compared, of those measured."""
    return cell(f"{n}/{n + left_out}", n, n + left_out)


def detected(
    results: pd.DataFrame, lab: Laboratory, *, inference: bool, opens: Opens = nowhere
) -> Section | None:
    """Of a closed analyte: the share of participants with a number in each planned week and arm. `results`: as from
    `cuts.laboratory.values` with texts; a result below a limit has no number. None without a reference arm or a planned
    week."""
    planned = results[results["week"].notna()]
    planned = planned.assign(number=planned["value"].notna() & ~planned["below"])
    each = planned.groupby(["participant", "week"], sort=True).agg(
        arm=("arm", "first"), number=("number", "any")
    )
    each = each.reset_index()
    reference = lab.arms.reference
    active = [arm for arm in lab.arms.active if (each["arm"] == arm).any()]
    if reference is None or not active or not (each["arm"] == reference).any():
        return None
    points: list[charts.Interval] = []
    rows: list[list[Any]] = []
    for number, arm in enumerate(active):
        own = each[each["arm"].isin([arm, reference])]
        found = detected_by_week(
            own["participant"].astype(str).to_numpy(),
            own["week"].to_numpy(dtype=float),
            (~own["number"].astype(bool)).astype(int).to_numpy(),
            (own["arm"] == arm).astype(int).to_numpy(),
        )
        sides = [("arm", lab.arms.names[arm])] + ([("ref", lab.arms.names[reference])] if number == 0 else [])
        for side, name in sides:
            for row, week in enumerate(found.week):
                share_, low, high = (
                    100 * float(getattr(found, f"{what}_{side}")[row]) for what in ("share", "low", "high")
                )
                if not np.isnan(share_):
                    limits = (low, high) if inference else (np.nan, np.nan)
                    points.append(charts.Interval(float(week), name, share_, *limits))
        for row, week in enumerate(found.week):
            cells: list[Any] = [week_cell(float(week)), lab.arms.names[arm]]
            for side, name in (("arm", lab.arms.names[arm]), ("ref", lab.arms.names[reference])):
                n, N, low, high = (
                    getattr(found, f"{what}_{side}")[row] for what in ("detected", "n", "low", "high")
                )
                said = f" [{fixed(100 * low)}, {fixed(100 * high)}]" if inference else ""
                values = (int(n), int(N), percentage(int(n), int(N)))
                ends = (100 * float(low), 100 * float(high)) if inference else ()
                at = opens(int(n), count=NUMBER, arm=name, week=int(week))
                cells.append(cell(f"{share(int(n), int(N))}{said}", *values, *ends, url=at))
            cells += [p_cell(float(found.p[row]))] if inference else []
            rows.append(cells)
    return Section(
        key="detected",
        title="Share with a number",
        lead=f"Of the participants measured in each planned week, {lab.arms.names[reference]} as reference.",
        chart=charts.course(
            points,
            arms=[name for name in lab.arms.names if any(point.arm == name for point in points)],
            reference=lab.arms.names[reference],
            title="Participants with a number, %",
            log=False,
        ),
        table=table(
            "Share with a number by week",
            (
                number_column("Week"),
                "Arm",
                *(_share_column(side, limits=inference) for side in ("Arm", "Reference")),
                *((number_column("Fisher’s p"),) if inference else ()),
            ),
            rows,
            texts=("Arm",),
            note="A result below a limit, such as “<50”, is no number."
            + (f" {SHARE_LIMITS}" if inference else ""),
        ),
        page="detected-by-week.md",
    )


def _share_column(side: str, *, limits: bool) -> Table:
    """A share, in a file with its limits where they are shown."""
    made = share_column(f"{side}, n/N")
    ends = [f"{side}, {end} 95 %" for end in ("lower", "upper")] if limits else []
    return {**made, "fields": (*made["fields"], *ends)}


def back(value: float, log: bool) -> float:
    return float(10.0**value) if log else float(value)
