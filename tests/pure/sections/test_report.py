"""The whole report of the simulated trial: the same input gives the same bytes."""

from __future__ import annotations

from typing import Any

import pytest

from pvtracker.reports.build import report_of
from pvtracker.reports.frozen import from_json, rows, to_json
from pvtracker.reports.pdf import render_pdf
from pvtracker.reports.screening import closed_snapshot
from pvtracker.reports.snapshot import Snapshot, take
from tests.pure.sections import trial
from tests.pure.sections.snapshots import closed_report, open_report, pooled


@pytest.mark.parametrize("report", [open_report, closed_report])
def test_a_report_goes_to_json_and_back(report: Any) -> None:
    report = report()
    assert to_json(from_json(to_json(report))) == to_json(report)


def test_the_same_cut_gives_the_same_bytes_twice_also_as_pdf() -> None:
    made = [report_of(again()) for again in (_closed_again, _closed_again)]
    assert to_json(made[0]) == to_json(made[1])
    assert render_pdf(made[0]) == render_pdf(made[1])


def _closed_again() -> Snapshot:
    return closed_snapshot(trial.closed_cut(), analysis_arm="actual")


def test_another_order_of_rows_in_the_cut_gives_the_same_report() -> None:
    cut = trial.open_cut()
    turned = {name: frame.iloc[::-1].reset_index(drop=True) for name, frame in cut.frames.items()}
    assert to_json(report_of(take(trial.altered(cut, **turned), audience="open"))) == to_json(open_report())


def test_the_definitions_are_printed_with_the_report() -> None:
    closed, opened = closed_report().settings, open_report().settings
    for key in (
        "Analysis set",
        "Treatment-emergent",
        "Counting",
        "Events: serious",
        "Denominators",
        "Severity scale",
    ):
        assert closed[key] and opened[key]
    assert "actual arm" in closed["Analysis arm"]
    assert "Analysis arm" not in opened and not [key for key in opened if key.startswith("Method")]


def test_the_rows_behind_every_table_can_be_written() -> None:
    flat = rows(closed_report())
    assert {"summary", "definitions"}.isdisjoint({row["section"] for row in flat})
    assert len(flat) > 250
    pain = next(row for row in flat if row["section"] == "events" and row["term"] == "Bone pain")
    assert pain["n_OZ1"][1] == 38 and pain["n_PLACEBO"][1] == 36 and len(pain["difference_OZ1"]) == 3


def test_progress_is_told_once_per_section() -> None:
    told: list[tuple[int, int]] = []
    report = report_of(pooled(), lambda done, total, text: told.append((done, total)))
    assert told == [(n, len(report.sections)) for n in range(1, len(report.sections) + 1)]
