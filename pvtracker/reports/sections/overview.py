"""Adverse events at a glance: how many participants had which kind."""

from __future__ import annotations

import pandas as pd

from pvtracker.events.enums import ActionTaken, Outcome
from pvtracker.reports import charts
from pvtracker.reports.blocks import Cell, Column, Row, Section, Table
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import (
    difference_columns,
    differences,
    events_in,
    heading,
    participants_with,
    share_columns,
)


def build(snapshot: Snapshot) -> Section:
    """Participants and events of each kind, per group; differences in the closed report."""
    chosen = kinds(snapshot)
    shares = [participants_with(snapshot, events) for _, events in chosen]
    compared = differences(snapshot, shares)
    rows = [
        Row((label, *share, *difference))
        for (label, _), share, difference in zip(chosen, shares, compared, strict=True)
    ]
    bars = [
        charts.Share(label, group.name, n, total)
        for (label, _), share in zip(chosen, shares, strict=True)
        for group, (n, total) in zip(snapshot.groups, share, strict=True)
    ]
    table = Table(
        key="overview",
        title="Participants with treatment-emergent adverse events",
        columns=(
            Column("kind", "Participants with", weight=2),
            *share_columns(snapshot),
            *difference_columns(snapshot),
        ),
        rows=tuple(rows),
        note="A participant counts once per row.",
    )
    figure = charts.figure(
        key="overview",
        title="Participants with treatment-emergent adverse events",
        table="overview",
        spec=charts.overview(bars, reference=snapshot.reference_name),
    )
    return Section(
        key="overview",
        title="Adverse events: overview",
        audience=snapshot.audience,
        blocks=(figure, table, _rates(snapshot, chosen)),
    )


def _rates(snapshot: Snapshot, chosen: list[tuple[str, pd.DataFrame]]) -> Table:
    rows = []
    for label, events in chosen:
        cells: list[Cell] = [label]
        for group, n in zip(snapshot.groups, events_in(snapshot, events), strict=True):
            cells += [n, _rate(n, group.follow_up_years)]
        rows.append(Row(tuple(cells)))
    return Table(
        key="rates",
        title="Treatment-emergent adverse events, and per participant-year of follow-up",
        columns=(
            Column("kind", "Kind of event", weight=1.6),
            *[
                column
                for group in snapshot.groups
                for column in (
                    Column(f"events_{group.key}", heading(group, group.treated), "count"),
                    Column(f"rate_{group.key}", "Per year", "number", digits=2),
                )
            ],
        ),
        rows=tuple(rows),
        note="Every event counts, also several of one participant.",
    )


def kinds(snapshot: Snapshot) -> list[tuple[str, pd.DataFrame]]:
    """The kinds of events of the overview, each with its events."""
    events = snapshot.events
    judged = snapshot.data.assessments
    stopped = judged.loc[judged["action_taken"] == ActionTaken.WITHDRAWN.value, ["subject", "number"]]
    left = pd.MultiIndex.from_frame(events[["subject", "number"]]).isin(pd.MultiIndex.from_frame(stopped))
    contradicted = (events["criterion"] != events["serious"]).any()
    beside = [("With a seriousness criterion", events[events["criterion"]])] if contradicted else []
    return [
        ("Any adverse event", events),
        ("Related to a study intervention", events[events["related"]]),
        ("Grade 3 or more", events[events["grade3plus"]]),
        ("Serious", events[events["serious"]]),
        *beside,
        ("Serious and related", events[events["serious"] & events["related"]]),
        ("Leading to withdrawal of an intervention", events[left]),
        ("Fatal", events[events["outcome"] == Outcome.FATAL.value]),
    ]


def _rate(events: int, years: float) -> float | None:
    return round(events / years, 6) if years > 0 else None
