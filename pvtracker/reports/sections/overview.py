"""Adverse events at a glance: how many participants had which kind."""

from __future__ import annotations

import pandas as pd

from pvtracker.events.enums import ActionTaken, Outcome
from pvtracker.lib.rounding import fixed
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
        note=f"A participant counts once per row.{_unrecorded(snapshot)}",
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
                    Column(f"rate_{group.key}", "Per year", "number", digits=2, weight=0.6),
                )
            ],
        ),
        rows=tuple(rows),
        note=f"Every event counts, also several of one participant. {_years(snapshot)}",
    )


def kinds(snapshot: Snapshot) -> list[tuple[str, pd.DataFrame]]:
    """The kinds of events of the overview, each with its events."""
    events = snapshot.events
    judged = snapshot.data.assessments
    stopped = judged.loc[judged["action_taken"] == ActionTaken.WITHDRAWN.value, ["subject", "number"]]
    left = _keys(events).isin(_keys(stopped))
    contradicted = (events["criterion"] != events["serious"]).any()
    beside = [("With a seriousness criterion", events[events["criterion"]])] if contradicted else []
    return [
        ("Any adverse event", events),
        ("Related to a study intervention", events[events["related"]]),
        ("Grade 3 or more", events[events["grade3plus"]]),
        ("Serious", events[events["serious"]]),
        *beside,
        ("Serious and related", events[events["serious"] & events["related"]]),
        *(
            [("Leading to withdrawal of an intervention", events[left])]
            if _with_action(snapshot).any()
            else []
        ),
        ("Fatal", events[events["outcome"] == Outcome.FATAL.value]),
    ]


def _keys(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[["subject", "number"]])


def _with_action(snapshot: Snapshot) -> pd.Series[bool]:
    """Per event whether anything was recorded about what was done with an intervention because of it."""
    judged = snapshot.data.assessments
    told = judged.loc[judged["action_taken"].fillna("") != "", ["subject", "number"]]
    return pd.Series(_keys(snapshot.events).isin(_keys(told)), index=snapshot.events.index)


def _unrecorded(snapshot: Snapshot) -> str:
    """What was not recorded is said, and never printed as zero."""
    known = _with_action(snapshot)
    missing, total = int((~known).sum()), len(known)
    if not missing:
        return ""
    of = f"any of the {total:,}" if missing == total else f"{missing:,} of {total:,}"
    beyond = ", so that withdrawals because of an event cannot be counted" if missing == total else ""
    return f" What was done with the interventions is not recorded for {of} events{beyond}."


def _years(snapshot: Snapshot) -> str:
    told = [f"{group.name} {fixed(group.follow_up_years, 1)}" for group in snapshot.groups]
    return f"Participant-years: {', '.join(told)}."


def _rate(events: int, years: float) -> float | None:
    return round(events / years, 6) if years > 0 else None
