"""CD4 count and viral load over the weeks; in other studies the two analytes that were measured most."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pvtracker.cuts.laboratory import weeks_of_visits
from pvtracker.lib.rounding import fixed
from pvtracker.reports import charts
from pvtracker.reports.blocks import Block, Cell, Column, Paragraph, Row, Section, Table
from pvtracker.reports.measured import Analyte, analytes, values_of
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import heading, joined

CONFIDENCE = 0.95
UNPLANNED = "Measurements at visits without a planned day are left out: {n:,} of {total:,}."


def build(snapshot: Snapshot) -> Section:
    """A line per group with intervals, the number measured under it, and the numbers as a table."""
    followed = analytes(snapshot.data)
    title = (
        joined(_inside(analyte, place) for place, analyte in enumerate(followed))
        if followed
        else "Measurements"
    )
    blocks: list[Block] = []
    for place, analyte in enumerate(followed):
        blocks += _course(snapshot, analyte, f"course_{place + 1}")
    if not followed:
        blocks.append(Paragraph("No measurement has been recorded up to the cut-off date."))
    return Section(
        key="courses", title=f"{title} over time", audience=snapshot.audience, blocks=tuple(blocks)
    )


def _inside(analyte: Analyte, place: int) -> str:
    """The name as it stands in a sentence: “CD4 count and viral load”."""
    kept = place == 0 or analyte.label[1:] != analyte.label[1:].lower()
    return analyte.label if kept else f"{analyte.label[0].lower()}{analyte.label[1:]}"


def _course(snapshot: Snapshot, analyte: Analyte, key: str) -> list[Block]:
    measured = values_of(snapshot.data, analyte)
    measured = measured.assign(
        week=measured["visit"].map(weeks_of_visits(snapshot.data.visits)),
        arm=measured["subject"].map(snapshot.people.set_index("subject")["arm"]),
    )
    measured = measured[measured["arm"].notna() & (measured["arm"] >= 0)]
    planned = measured[measured["week"].notna()]
    total, left_out = len(measured), len(measured) - len(planned)
    limits = planned.loc[planned["below"], "value"]
    points = _points(snapshot, analyte, planned)
    statistic = f"{'Geometric mean' if analyte.log else 'Mean'} with {CONFIDENCE:.0%} interval".replace(
        "%", " %"
    )
    notes = [f"{statistic}, by planned visit; weeks since the day that the protocol calls day 1."]
    if len(limits):
        notes.append(
            f"{len(limits):,} of {len(planned):,} values were reported as below a limit and stand at that limit, so "
            "the means are upper bounds where many are."
        )
    above = int(planned["at_least"].sum())
    if above:
        notes.append(f"{above:,} values were reported as above a limit and stand at that limit.")
    if left_out:
        notes.append(UNPLANNED.format(n=left_out, total=total))
    figure = charts.figure(
        key=key,
        title=f"{analyte.label} over the weeks",
        table=key,
        spec=charts.course(
            points,
            measure=analyte.label,
            unit=analyte.unit,
            statistic=statistic,
            reference=snapshot.reference_name,
            log=analyte.log,
            line_at=float(limits.mode().min()) if analyte.log and len(limits) else None,
            line_label=f"limit, {fixed(float(limits.mode().min()), 0)}"
            if analyte.log and len(limits)
            else "",
        ),
    )
    return [figure, _table(snapshot, analyte, key, points, statistic, " ".join(notes))]


def _points(snapshot: Snapshot, analyte: Analyte, planned: pd.DataFrame) -> list[charts.CoursePoint]:
    if analyte.log:
        planned = planned[planned["value"] > 0]
        planned = planned.assign(value=np.log10(planned["value"]))
    # one value per participant and week: the mean of repeated measurements
    each = planned.groupby(["arm", "week", "subject"], sort=True)["value"].mean().reset_index()
    found = each.groupby(["arm", "week"])["value"].agg(["count", "mean", "std"]).reset_index()
    names = {group.index: group.name for group in snapshot.groups}
    points = []
    for row in found.to_dict("records"):
        n, centre = int(row["count"]), float(row["mean"])
        half = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2) * row["std"] / np.sqrt(n)) if n > 1 else None
        limits = (None, None) if half is None else (centre - half, centre + half)
        low, high = (_back(analyte, value) for value in limits)
        points.append(
            charts.CoursePoint(
                float(row["week"]), names[int(row["arm"])], n, _back(analyte, centre), low, high
            )
        )
    order = [group.name for group in snapshot.groups]  # as in every other chart, so that colours agree
    return sorted(points, key=lambda point: (point.week, order.index(point.arm)))


def _back(analyte: Analyte, value: float | None) -> float | None:
    if value is None:
        return None
    return round(10**value if analyte.log else value, 6)


def _table(
    snapshot: Snapshot,
    analyte: Analyte,
    key: str,
    points: list[charts.CoursePoint],
    statistic: str,
    note: str,
) -> Table:
    by_place = {(point.week, point.arm): point for point in points}
    rows = []
    for week in sorted({point.week for point in points}):
        cells: list[Cell] = [week]
        for group in snapshot.groups:
            point = by_place.get((week, group.name))
            cells += [point.n, [point.centre, point.low, point.high]] if point else [0, None]
        rows.append(Row(tuple(cells)))
    return Table(
        key=key,
        title=f"{analyte.label}, {analyte.unit}: {statistic[0].lower()}{statistic[1:]}",
        columns=(
            Column("week", "Week", "count", weight=0.5),
            *[
                column
                for group in snapshot.groups
                for column in (
                    Column(f"measured_{group.key}", "n", "count", weight=0.4),
                    Column(
                        f"value_{group.key}",
                        heading(group, group.treated),
                        "interval",
                        digits=_digits(points),
                    ),
                )
            ],
        ),
        rows=tuple(rows),
        note=note,
        empty=f"No {analyte.label} was measured at a planned visit.",
    )


def _digits(points: list[charts.CoursePoint]) -> int:
    largest = max((abs(point.centre or 0.0) for point in points), default=0.0)
    return 0 if largest >= 100 else 1
