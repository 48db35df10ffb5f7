"""Adverse events by organ class and term: pooled, or by arm with the differences."""

from __future__ import annotations

from collections.abc import Sequence

from pvtracker.cuts import derive
from pvtracker.cuts.derive import TermCounts
from pvtracker.reports import charts
from pvtracker.reports.blocks import Block, Cell, Column, Row, Section, Table
from pvtracker.reports.contrast import contrasts_of
from pvtracker.reports.snapshot import Group, Screened, Snapshot
from pvtracker.reports.tabulate import (
    difference_columns,
    points,
    share_and_event_columns,
)

MOST_BARS = 15
TOGETHER = 2  # active arms that still stand side by side in one table


def build(snapshot: Snapshot) -> Section:
    """The most frequent terms as a picture (open) or a volcano (closed), then every term in a table."""
    systems, terms = (count(snapshot, level) for level in ("SOC", "PT"))
    blocks: list[Block] = []
    if snapshot.is_closed:
        wide = len(snapshot.active) > TOGETHER
        blocks += [
            charts.figure(
                key=f"volcano_{arm.key}",
                title=f"Every term: size of the difference and p, {arm.name} against {snapshot.reference_name}",
                table=f"terms_{arm.key}" if wide else "terms",
                spec=charts.volcano(
                    contrasts_of(snapshot, arm),
                    arm=arm.name,
                    reference=snapshot.reference_name,
                    arms=[group.name for group in snapshot.groups],
                ),
            )
            for arm in snapshot.active
        ]
        chosen = [(arm,) for arm in snapshot.active] if wide else [snapshot.active]
        blocks += [_table(snapshot, systems, terms, active) for active in chosen]
    else:
        blocks += [_bars(snapshot, terms), _table(snapshot, systems, terms, ())]
    return Section(
        key="events",
        title="Adverse events by organ class and term",
        audience=snapshot.audience,
        blocks=tuple(blocks),
    )


def count(snapshot: Snapshot, level: str, selection: str = "all") -> TermCounts:
    """Participants and events of each term and group."""
    return derive.count_terms(
        snapshot.people, snapshot.events, level=level, selections=(selection,), arms=len(snapshot.groups)
    )[0]


def _bars(snapshot: Snapshot, terms: TermCounts) -> Block:
    counted = dict(zip(terms.terms, terms.participants, strict=True))
    frequent = sorted(counted, key=lambda term: (-int(counted[term].sum()), term))[:MOST_BARS]
    shares = [
        charts.Share(term, group.name, int(counted[term][group.index]), group.treated)
        for term in frequent
        for group in snapshot.groups
    ]
    return charts.figure(
        key="frequent",
        title=f"Participants with the {len(frequent)} most frequent terms",
        table="terms",
        spec=charts.overview(shares, reference=snapshot.reference_name),
    )


def _table(snapshot: Snapshot, systems: TermCounts, terms: TermCounts, active: Sequence[Group]) -> Table:
    reference = snapshot.reference
    groups = [group for group in snapshot.groups if not active or group in active or group is reference]
    columns = [
        Column("term", "Organ class and term", weight=2.4),
        *share_and_event_columns(snapshot, groups),
        *[
            column
            for arm, difference in zip(active, difference_columns(snapshot, active), strict=True)
            for column in (difference, Column(f"p_{arm.key}", "p", "p", weight=0.5))
        ],
    ]
    said = {(row.level, row.term, row.arm): row for row in snapshot.screening if row.selection == "all"}
    of_system = derive.body_systems(snapshot.events)
    most = {name: int(n.sum()) for name, n in zip(systems.terms, systems.participants, strict=True)}
    places = {name: place for place, name in enumerate(terms.terms)}
    grouped: dict[str, list[str]] = {name: [] for name in sorted(most, key=lambda name: (-most[name], name))}
    for term in sorted(places, key=lambda term: (-int(terms.participants[places[term]].sum()), term)):
        grouped[of_system[term]].append(term)
    rows = []
    for system, named in grouped.items():
        at = systems.terms.index(system)
        rows.append(_row(system, systems, at, groups, [said.get(("SOC", system, a.name)) for a in active], 0))
        rows += [
            _row(term, terms, places[term], groups, [said.get(("PT", term, a.name)) for a in active], 1)
            for term in named
        ]
    return Table(
        key=f"terms_{active[0].key}" if len(snapshot.active) > TOGETHER else "terms",
        title="Participants with treatment-emergent adverse events by organ class and term"
        + (f": {active[0].name} and {snapshot.reference_name}" if len(snapshot.active) > TOGETHER else ""),
        columns=tuple(columns),
        rows=tuple(rows),
        note="A participant counts once per term and once per organ class. The most frequent organ class comes first, "
        "within it the most frequent term."
        + (" Differences with Miettinen–Nurminen limits; p: Fisher’s exact test, two-sided, of the difference "
           "before it, not adjusted for the number of terms." if active else ""),
        empty="No treatment-emergent adverse event was reported up to the cut-off date.",
    )  # fmt: skip


def _row(
    name: str,
    counts: TermCounts,
    place: int,
    groups: Sequence[Group],
    said: Sequence[Screened | None],
    level: int,
) -> Row:
    cells: list[Cell] = [name]
    for group in groups:
        cells += [
            [int(counts.participants[place, group.index]), group.treated],
            int(counts.events[place, group.index]),
        ]
    # an arm pair in which the term never occurs, or a term of arms that are not in this table
    for row in said:
        interval = None if row is None else [points(row.difference), points(row.low), points(row.high)]
        cells += [interval, None if row is None else row.p]
    warning = "; ".join(dict.fromkeys(row.warning for row in said if row is not None and row.warning))
    return Row(tuple(cells), level=level, strong=level == 0, warning=warning)
