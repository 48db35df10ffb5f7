"""Queries of terms and events of special interest in a report, against counts of the simulated records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.reports.blocks import Paragraph
from pvtracker.reports.build import report_of
from pvtracker.reports.frozen import to_json
from pvtracker.reports.screening import closed_snapshot
from pvtracker.reports.sections import interest
from pvtracker.reports.snapshot import Snapshot, take
from pvtracker.stats import risk_difference_mn
from tests.pure.sections import trial
from tests.pure.sections.snapshots import by_arm, column, pooled, table_of

FEVER, HEAD, NOBODY = "Pyrexia", "headache", "Anaphylactic shock"


def asking(data: CutData) -> CutData:
    rules = replace(
        derive.rules_of(data),
        queries=(("Fever or headache", (FEVER, HEAD)), ("Shock", (NOBODY,))),
        special_interest=("Shock", FEVER, "Fever or headache"),
    )
    return derive.under(data, rules)


def closed() -> Snapshot:
    return closed_snapshot(asking(trial.closed_cut()), analysis_arm="actual")


def opened() -> Snapshot:
    return take(asking(trial.open_cut()), audience="open")


def having(*terms: str) -> tuple[dict[str, set[str]], dict[str, int]]:
    """By arm: who had one of the terms on or after first exposure, and how many events, from the records. “~” sorts
    after every digit: a partial onset counts when its last day may be on or after the first exposure."""
    made = trial.trial()
    arm_of = {row.participant: row.actual_code for row in made.closed.allocations}
    first: dict[str, str] = {}
    for given in made.open.exposures:
        first[given.participant] = min(given.start, first.get(given.participant, "9999"))
    who: dict[str, set[str]] = {"OZ1": set(), "PLACEBO": set()}
    events = dict.fromkeys(who, 0)
    wanted = {term.casefold() for term in terms}
    for event in made.open.events:
        if event.preferred_term.casefold() in wanted and event.onset + "~" > first[event.participant]:
            who[arm_of[event.participant]].add(event.participant)
            events[arm_of[event.participant]] += 1
    return who, events


def test_both_tables_count_as_the_records_do_and_nobody_is_a_row_too() -> None:
    section = interest.build(closed())
    expected = {"Shock": having(NOBODY), FEVER: having(FEVER), "Fever or headache": having(FEVER, HEAD)}
    assert all(expected["Fever or headache"][0].values()), "or there is nothing to count"
    for key, rows in (
        ("special", ["Shock", FEVER, "Fever or headache"]),
        ("queries", ["Fever or headache", "Shock"]),
    ):
        table = table_of(section, key)
        assert column(table, key) == rows
        for arm in ("OZ1", "PLACEBO"):
            shares: list[Any] = column(table, f"n_{arm}")
            assert [share[0] for share in shares] == [len(expected[name][0][arm]) for name in rows]
            assert column(table, f"events_{arm}") == [expected[name][1][arm] for name in rows]


def test_the_differences_are_those_of_miettinen_and_nurminen() -> None:
    table = table_of(interest.build(closed()), "special")
    cells: list[Any] = column(table, "difference_OZ1")
    shares: list[list[Any]] = [column(table, f"n_{arm}") for arm in ("OZ1", "PLACEBO")]
    for cell, arm, reference in zip(cells, *shares, strict=True):
        expected = risk_difference_mn(*arm, *reference)
        assert cell == pytest.approx(
            [100 * expected.estimate[0], 100 * expected.low[0], 100 * expected.high[0]], abs=1e-5
        )


def test_the_open_report_pools_them_and_tells_no_arm() -> None:
    table = table_of(interest.build(opened()), "special")
    assert [one.key for one in table.columns] == ["special", "n_all", "events_all"]
    who, events = having(FEVER, HEAD)
    assert table.rows[2].cells == (
        "Fever or headache",
        [sum(map(len, who.values())), 74],
        sum(events.values()),
    )
    assert b"PLACEBO" not in to_json(report_of(opened()))


@pytest.mark.parametrize("snapshot", [pooled, by_arm])
def test_a_study_that_names_none_is_told_where_to(snapshot: Any) -> None:
    (block,) = interest.build(snapshot()).blocks
    assert isinstance(block, Paragraph) and "can name both" in block.text
