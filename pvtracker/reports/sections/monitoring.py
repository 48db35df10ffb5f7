"""By which plan the arms were compared at the look of this cut, and where each boundary stands. Closed only."""

from __future__ import annotations

from pvtracker.reports.blocks import Block, Bullets, Column, Paragraph, Row, Section, Table
from pvtracker.reports.snapshot import Monitored, Snapshot

NO_LOOK = (
    "No screening run of this cut by this analysis arm was there when the report was made, so that it tells of no plan "
    "and of no boundary. After a run, make the report again: it is a report of its own."
)
STAYS = (
    "Path and bound are z-values of group-sequential boundaries, and participants of the arm with the event of the "
    "others. Earlier looks were read from the runs. What was crossed at an earlier look stays crossed. A boundary "
    "is advice to the board, no rule that binds it."
)


def build(snapshot: Snapshot) -> Section:
    """The plan as the run keeps it, what departs from it, and a row for each boundary and arm."""
    snapshot.require_closed()
    told = snapshot.monitored
    blocks: tuple[Block, ...] = (Paragraph(NO_LOOK),) if told is None else _told(told)
    return Section(key="monitoring", title="Plan and boundaries", audience="closed", blocks=blocks)


def _told(told: Monitored) -> tuple[Block, ...]:
    departs: Block = Paragraph(told.keeps)
    if told.departures:
        departs = Bullets(tuple(f"Departs from the plan: {one}" for one in told.departures))
    warned = [Paragraph(one, emphasis=True) for one in told.warnings]
    return (_plan(told), departs, *warned, _boundaries(told))


def _plan(told: Monitored) -> Table:
    return Table(
        key="plan",
        title="The plan of the screening of this cut",
        columns=(Column("what", "What", weight=0.5), Column("said", "It says", weight=2)),
        rows=tuple(Row(pair) for pair in told.facts),
        empty="The run was made before there were plans.",
    )


def _boundaries(told: Monitored) -> Table:
    return Table(
        key="boundaries",
        title="Boundaries that the plan names",
        columns=(
            Column("event", "Event", weight=1.4),
            Column("arm", "Arm"),
            Column("kind", "Boundary", weight=1.4),
            Column("counted_in", "Path and bound are", weight=0.8),
            Column("path", "Path", weight=0.5),
            Column("bound", "Crosses at", weight=0.6),
            Column("says", "What it says", weight=1.4),
        ),
        rows=tuple(
            Row((one.event, one.arm, one.kind, one.counted_in, one.path, one.bound, one.said))
            for one in told.boundaries
        ),
        note=STAYS if told.boundaries else "",
        empty=told.none,
    )
