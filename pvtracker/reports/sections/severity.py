"""How severe the adverse events were: participants by their worst grade."""

from __future__ import annotations

import pandas as pd

from pvtracker.coding.scales import SCALES
from pvtracker.reports import charts
from pvtracker.reports.blocks import Column, Row, Section, Table
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import (
    events_in,
    heading,
    participants_with,
    share_columns,
)

NOT_GRADED = 0


def build(snapshot: Snapshot) -> Section:
    """A stacked bar per group, participants by worst grade, events by grade."""
    scale = SCALES.get(snapshot.data.manifest["settings"]["severity_scale"])
    grades = snapshot.events["grade"].astype("Float64").fillna(NOT_GRADED).astype(int)
    events = snapshot.events.assign(known_grade=grades)
    worst = events.sort_values("known_grade", ascending=False, kind="stable").drop_duplicates("participant")
    found = sorted(set(grades) - {NOT_GRADED} | ({g.number for g in scale.grades} if scale else set()))
    labels = {grade: f"{grade} {scale.word(grade) if scale else ''}".strip() for grade in found}
    shares = {grade: participants_with(snapshot, worst[worst["known_grade"] == grade]) for grade in found}
    bars = [
        charts.GradeCount(group.name, grade, labels[grade], *shares[grade][place])
        for place, group in enumerate(snapshot.groups)
        for grade in found
    ]
    figure = charts.figure(
        key="severity",
        title="Participants by the worst grade of their adverse events",
        table="worst",
        spec=charts.severity(bars, reference=snapshot.reference_name),
    )
    rows = [Row((labels[grade], *shares[grade])) for grade in found]
    rows.append(
        Row(
            (
                "Events without a grade only",
                *participants_with(snapshot, worst[worst["known_grade"] == NOT_GRADED]),
            )
        )
    )
    rows.append(Row(("No adverse event", *_without(snapshot))))
    worst_table = Table(
        key="worst",
        title="Participants by the worst grade of their adverse events",
        columns=(Column("grade", "Worst grade", weight=1.4), *share_columns(snapshot)),
        rows=tuple(rows),
        note=f"Scale: {scale.name}. Severity is not seriousness."
        if scale
        else "Severity is not seriousness.",
    )
    return Section(
        key="severity",
        title="Severity",
        audience=snapshot.audience,
        blocks=(figure, worst_table, _events(snapshot, events, labels)),
    )


def _without(snapshot: Snapshot) -> list[list[int]]:
    return [[total - n, total] for n, total in participants_with(snapshot, snapshot.events)]


def _events(snapshot: Snapshot, events: pd.DataFrame, labels: dict[int, str]) -> Table:
    rows = [
        Row((label, *events_in(snapshot, events[events["known_grade"] == grade])))
        for grade, label in {**labels, NOT_GRADED: "Not graded"}.items()
    ]
    rows.append(Row(("All", *events_in(snapshot, events)), strong=True))
    return Table(
        key="events",
        title="Adverse events by grade",
        columns=(
            Column("grade", "Grade", weight=1.4),
            *[
                Column(f"events_{group.key}", heading(group, group.treated), "count")
                for group in snapshot.groups
            ],
        ),
        rows=tuple(rows),
        note="Each event counts with its worst grade.",
    )
