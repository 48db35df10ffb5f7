"""What participants received and how long they were followed."""

from __future__ import annotations

import math

from pvtracker.cuts.derive import BACKGROUND, DAYS_PER_YEAR
from pvtracker.reports import charts
from pvtracker.reports.blocks import Block, Cell, Column, Row, Section, Table
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import QUARTILES_NOTE, heading, n_key, quartiles, treated_with

WEEKS_PER_YEAR = DAYS_PER_YEAR / 7
STEPS = (1, 2, 4, 8, 13, 26, 52)  # weeks of a bar of the histogram
MOST_BARS = 14


def build(snapshot: Snapshot) -> Section:
    """Follow-up as a picture, then numbers; exposure per intervention."""
    bins = _bins(snapshot)
    blocks: list[Block] = [
        charts.figure(
            key="follow_up",
            title="Weeks of follow-up since first exposure",
            table="follow_up",
            spec=charts.follow_up(bins, title="Weeks of follow-up", reference=snapshot.reference_name),
        ),
        _totals(snapshot),
        _given(snapshot),
        _by_weeks(snapshot, bins),
    ]
    return Section(
        key="exposure", title="Exposure and follow-up", audience=snapshot.audience, blocks=tuple(blocks)
    )


def _bins(snapshot: Snapshot) -> list[charts.Bin]:
    weeks = snapshot.people["follow_up_years"] * WEEKS_PER_YEAR
    longest = float(weeks.max()) if len(weeks) else 1.0
    step = next((step for step in STEPS if longest / step <= MOST_BARS), math.ceil(longest / MOST_BARS))
    place = (weeks // step).astype(int)
    return [
        charts.Bin(
            start * step,
            (start + 1) * step,
            group.name,
            int(((place == start) & (snapshot.people["arm"] == group.index)).sum()),
        )
        for group in snapshot.groups
        for start in range(int(longest // step) + 1)
    ]


def _by_weeks(snapshot: Snapshot, bins: list[charts.Bin]) -> Table:
    counted = {(bar.start, bar.arm): bar.n for bar in bins}
    rows = [
        Row((f"{start:g} to <{end:g}", *[counted[start, group.name] for group in snapshot.groups]))
        for start, end in sorted({(bar.start, bar.end) for bar in bins})
    ]
    return Table(
        key="follow_up",
        title="Participants by weeks of follow-up",
        columns=(
            Column("weeks", "Weeks"),
            *[Column(n_key(group), heading(group, group.treated), "count") for group in snapshot.groups],
        ),
        rows=tuple(rows) if len(snapshot.people) else (),
        empty="No participant has been treated.",
    )


def _totals(snapshot: Snapshot) -> Table:
    rows = []
    for group in snapshot.groups:
        mine = snapshot.people.loc[snapshot.people["arm"] == group.index, "follow_up_years"]
        weeks = quartiles(mine * WEEKS_PER_YEAR)
        rows.append(Row((group.name, group.treated, round(group.follow_up_years, 6), weeks)))
    return Table(
        key="years",
        title="Follow-up since first exposure",
        columns=(
            Column("group", "Arm" if snapshot.is_closed else "Participants", weight=1.4),
            Column("treated", "Treated" if snapshot.analysed.startswith("treated") else "Analysed", "count"),
            Column("years", "Participant-years", "number"),
            Column("weeks", "Weeks, median [quartiles]", "interval"),
        ),
        rows=tuple(rows),
        note=QUARTILES_NOTE,
    )


def _given(snapshot: Snapshot) -> Table:
    exposures = snapshot.data.exposures
    arm_of = snapshot.people.set_index("subject")["arm"]
    rows = []
    for intervention in snapshot.data.manifest["protocol"]["interventions"]:
        given = exposures[exposures["intervention"] == intervention["code"]]
        if intervention["kind"] == BACKGROUND and given.empty:
            continue
        arms = given["subject"].map(arm_of)
        cells: list[Cell] = []
        for group, share in zip(snapshot.groups, treated_with(snapshot, given["subject"]), strict=True):
            cells += [share, int((arms == group.index).sum())]
        rows.append(Row((intervention["name"], *cells)))
    return Table(
        key="given",
        title="Participants exposed to each intervention, and times given",
        columns=(
            Column("intervention", "Intervention", weight=1.6),
            *[
                column
                for group in snapshot.groups
                for column in (
                    Column(n_key(group), heading(group, group.treated), "n_of"),
                    Column(f"times_{group.key}", "Times", "count", weight=0.5),
                )
            ],
        ),
        rows=tuple(rows),
        empty="No exposure has been recorded up to the cut-off date.",
    )
