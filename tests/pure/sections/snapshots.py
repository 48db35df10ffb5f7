"""Snapshots and reports of the simulated trial, made once for all tests of the sections; nothing changes them."""

from __future__ import annotations

from functools import cache

from pvtracker.reports.blocks import Report, Section, Table
from pvtracker.reports.build import report_of
from pvtracker.reports.screening import closed_snapshot
from pvtracker.reports.snapshot import Snapshot, take
from tests.pure.sections import trial


@cache
def pooled() -> Snapshot:
    return take(trial.open_cut(), audience="open")


@cache
def by_arm(arms: int = 2) -> Snapshot:
    return closed_snapshot(trial.closed_cut(arms=arms), analysis_arm="actual")


@cache
def open_report() -> Report:
    return report_of(pooled())


@cache
def closed_report() -> Report:
    return report_of(by_arm())


def table_of(section: Section, key: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.key == key)


def column(table: Table, key: str) -> list[object]:
    """The cells of one column, by its key."""
    place = [c.key for c in table.columns].index(key)
    return [row.cells[place] for row in table.rows]
