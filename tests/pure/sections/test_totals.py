"""Totals and denominators agree: within a report, and between the open and the closed one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pvtracker.reports.blocks import Table
from pvtracker.reports.build import report_of
from pvtracker.reports.sections import enrolment, events, overview, serious, severity
from pvtracker.reports.snapshot import Snapshot
from tests.pure.sections import trial
from tests.pure.sections.snapshots import by_arm, closed_report, column, pooled, table_of

SHARED_TABLES = [
    (enrolment, "status"),
    (overview, "overview"),
    (overview, "rates"),
    (events, "terms"),
    (severity, "worst"),
    (severity, "events"),
    (serious, "terms"),
]


def counted(table: Table, groups: list[str]) -> dict[str, list[list[Any]]]:
    """By row: the [n, N] and the counts of events, added up over the groups."""
    by_row: dict[str, list[list[Any]]] = {}
    for row in table.rows:
        cells = dict(zip([c.key for c in table.columns], row.cells, strict=True))
        shares = [cells[f"n_{g}"] for g in groups if f"n_{g}" in cells]
        totals = [cells[f"events_{g}"] for g in groups if f"events_{g}" in cells]
        by_row[str(row.cells[0])] = [np.sum(shares, axis=0).tolist() if shares else [], [sum(totals)]]  # type: ignore[arg-type]
    return by_row


@pytest.mark.parametrize(("section", "key"), SHARED_TABLES)
def test_the_arms_add_up_to_the_pooled_numbers(section: Any, key: str) -> None:
    assert_equal_totals(section, key, arms=2)


@pytest.mark.parametrize(("section", "key"), [made for made in SHARED_TABLES if made != (events, "terms")])
def test_four_arms_add_up_too(section: Any, key: str) -> None:
    """But for the table of terms: with three active arms each has one of its own."""
    assert_equal_totals(section, key, arms=4)


def assert_equal_totals(section: Any, key: str, *, arms: int) -> None:
    closed = by_arm(arms)
    opened = pooled() if arms == 2 else _pooled(arms)
    together = counted(table_of(section.build(closed), key), [group.key for group in closed.groups])
    assert together == counted(table_of(section.build(opened), key), ["all"])
    assert any(any(cells) for cells in together.values())


def _pooled(arms: int) -> Snapshot:
    from pvtracker.reports.snapshot import take

    return take(trial.open_cut(arms=arms), audience="open")


def test_with_three_active_arms_each_is_compared_in_a_table_of_its_own() -> None:
    closed = by_arm(4)
    section = events.build(closed)
    for arm in closed.active:
        table = table_of(section, f"terms_{arm.key}")
        keys = [c.key for c in table.columns]
        assert f"n_{arm.key}" in keys and f"n_{closed.reference.key}" in keys  # type: ignore[union-attr]
        assert sum(key.startswith("n_") for key in keys) == 2
    report_of(closed)


def test_events_by_grade_add_up_to_all_events() -> None:
    table = table_of(severity.build(by_arm()), "events")
    for group in by_arm().groups:
        *grades, total = column(table, f"events_{group.key}")
        assert sum(grades) == total  # type: ignore[arg-type]
        assert total == int((by_arm().events["arm"] == group.index).sum())


def test_participants_by_worst_grade_add_up_to_the_treated() -> None:
    table = table_of(severity.build(by_arm()), "worst")
    for group in by_arm().groups:
        cells: list[Any] = column(table, f"n_{group.key}")
        assert sum(n for n, _ in cells) == group.treated
        assert {total for _, total in cells} == {group.treated}


def test_events_of_the_terms_of_an_organ_class_add_up_to_its_events() -> None:
    table = table_of(events.build(by_arm()), "terms")
    for group in by_arm().groups:
        expected, found = [], []
        for row, n in zip(table.rows, column(table, f"events_{group.key}"), strict=True):
            if row.level == 0:
                expected.append(n)
                found.append(0)
            else:
                found[-1] += n  # type: ignore[operator]
        assert found == expected and sum(found) > 0


def test_the_denominator_of_every_share_is_a_number_of_participants_of_its_arm() -> None:
    sizes = {group.key: {group.treated, group.enrolled} for group in by_arm().groups}
    seen = 0
    for section in closed_report().sections:
        for block in section.blocks:
            if not isinstance(block, Table):
                continue
            for place, made in enumerate(block.columns):
                if made.kind != "n_of" or made.key == "n":
                    continue
                key = made.key.removeprefix("n_")
                for row in block.rows:
                    cell: Any = row.cells[place]
                    if cell is not None:
                        assert cell[1] in sizes[key], (section.key, block.key, row.cells)
                        seen += 1
    assert seen > 300
