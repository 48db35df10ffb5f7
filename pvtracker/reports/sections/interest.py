"""What the study asks about by name: its queries of terms, and its events of special interest."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pvtracker.cuts import derive
from pvtracker.cuts.term_queries import matching
from pvtracker.reports.blocks import Block, Column, Paragraph, Row, Section, Table
from pvtracker.reports.snapshot import Snapshot
from pvtracker.reports.tabulate import (
    difference_columns,
    differences,
    events_in,
    participants_with,
    share_and_event_columns,
    with_events,
)

Named = Sequence[tuple[str, Collection[str]]]  # what is asked for, and the terms that it is found by

ONCE = "A participant counts once per row; an event counts in every row that it belongs to."
NONE = (
    "The definitions of this study name no query of terms and no event of special interest. Whoever manages the study "
    "can name both under its definitions; the next cut has them."
)


def build(snapshot: Snapshot) -> Section:
    """A row for each query and each term of special interest, also where nobody had it: that is an answer."""
    rules = derive.rules_of(snapshot.data)
    queries = dict(rules.queries)
    asked: list[tuple[str, str, str, Named]] = [
        (
            "special",
            "Participants with events of special interest",
            "Event",
            [(name, queries.get(name, (name,))) for name in rules.special_interest],
        ),
        ("queries", "Participants with an event of each query of terms", "Query", list(rules.queries)),
    ]
    blocks: list[Block] = [
        _table(snapshot, key, title, heading, named) for key, title, heading, named in asked if named
    ]
    return Section(
        key="interest",
        title="Events of special interest and queries of terms",
        audience=snapshot.audience,
        blocks=tuple(blocks or [Paragraph(NONE)]),
    )


def _table(snapshot: Snapshot, key: str, title: str, heading: str, named: Named) -> Table:
    found = [snapshot.events[matching(snapshot.events, terms)] for _, terms in named]
    shares = [participants_with(snapshot, events) for events in found]
    compared = differences(snapshot, shares)
    return Table(
        key=key,
        title=title,
        columns=(
            Column(key, heading, weight=2),
            *share_and_event_columns(snapshot),
            *difference_columns(snapshot),
        ),
        rows=tuple(
            Row((name, *with_events(share, events_in(snapshot, events)), *difference))
            for (name, _), share, events, difference in zip(named, shares, found, compared, strict=True)
        ),
        note=f"Treatment-emergent events of the terms named, at any level. {ONCE}"
        + (" Differences with Miettinen–Nurminen limits." if snapshot.is_closed else ""),
    )
