"""What an open report is made of cannot hold an arm."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pvtracker.reports.blocks import Paragraph, Section
from pvtracker.reports.build import report_of
from pvtracker.reports.frozen import AudienceError, check, to_json
from pvtracker.reports.screening import closed_snapshot
from pvtracker.reports.sections import SECTIONS, Entry, build_all
from pvtracker.reports.snapshot import Monitored, take
from tests.pure.sections import trial
from tests.pure.sections.snapshots import by_arm, closed_report, open_report, pooled

CLOSED_ONLY = [entry for entry in SECTIONS if entry.closed_only]
SHARED = [entry for entry in SECTIONS if not entry.closed_only]


def test_an_open_snapshot_refuses_a_cut_with_arms() -> None:
    with pytest.raises(AudienceError, match="without arms"):
        take(trial.closed_cut(), audience="open")


def test_an_open_snapshot_refuses_an_analysis_arm() -> None:
    with pytest.raises(AudienceError, match="without arms"):
        take(trial.open_cut(), audience="open", analysis_arm="actual")


def test_an_open_snapshot_refuses_what_the_closed_room_adds_to_a_cut() -> None:
    with pytest.raises(AudienceError, match="the arms of participants"):
        replace(pooled(), data=trial.closed_cut())
    smuggled = trial.altered(
        trial.open_cut(), treatments=pd.DataFrame({"subject": ["X"], "treatment": ["drug"]})
    )
    with pytest.raises(AudienceError, match="the arms of participants"):
        replace(pooled(), data=smuggled)


def test_an_open_snapshot_refuses_comparisons() -> None:
    with pytest.raises(AudienceError, match="comparisons"):
        replace(pooled(), screening=by_arm().screening)


def test_an_open_snapshot_refuses_what_a_run_said() -> None:
    with pytest.raises(AudienceError, match="what a run said"):
        replace(pooled(), monitored=Monitored((), (), ()))


def test_an_open_snapshot_refuses_rows_by_arm() -> None:
    with pytest.raises(AudienceError, match="rows by arm"):
        replace(pooled(), people=by_arm().people)
    with pytest.raises(AudienceError, match="more than one group"):
        replace(pooled(), groups=by_arm().groups)


def test_a_closed_snapshot_needs_the_arms() -> None:
    with pytest.raises(AudienceError, match="needs the cut with its arms"):
        replace(by_arm(), data=trial.open_cut())
    with pytest.raises(AudienceError, match="analysis arm"):
        replace(by_arm(), analysis_arm="")


@pytest.mark.parametrize("entry", CLOSED_ONLY)
def test_a_section_that_compares_arms_raises_on_an_open_snapshot(entry: Entry) -> None:
    with pytest.raises(AudienceError, match="closed report only"):
        entry.build(pooled())


def test_there_are_sections_of_both_kinds() -> None:
    assert CLOSED_ONLY and SHARED


@pytest.mark.parametrize("entry", SHARED)
def test_a_shared_section_carries_the_audience_of_its_snapshot(entry: Entry) -> None:
    assert entry.build(pooled()).audience == "open"
    assert entry.build(by_arm()).audience == "closed"


def test_a_closed_section_in_an_open_report_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Section(key="x", title="X", audience="closed", blocks=(Paragraph("by arm"),))
    report = open_report()
    monkeypatch.setattr("pvtracker.reports.sections.SECTIONS", (Entry(lambda snapshot: closed),))
    with pytest.raises(AudienceError, match="Section x is closed"):
        build_all(pooled())
    with pytest.raises(AudienceError, match="may not hold closed sections"):
        check(replace(report, sections=(closed,)))


def test_an_open_report_names_no_arm() -> None:
    said = to_json(open_report()).decode()
    assert "Placebo" not in said and "PLACEBO" not in said
    assert "Placebo" in to_json(closed_report()).decode(), "or this test looks for the wrong word"


def test_an_open_report_does_not_depend_on_who_is_in_which_arm() -> None:
    """The same trial with every allocation exchanged freezes to the same open bytes, and to other closed ones."""
    arms = trial.closed_cut().arms
    other = {"OZ1": "PLACEBO", "PLACEBO": "OZ1"}
    swapped = arms.assign(
        actual_code=arms["actual_code"].map(other), planned_code=arms["planned_code"].map(other)
    )
    exchanged = closed_snapshot(trial.altered(trial.closed_cut(), arms=swapped), analysis_arm="actual")
    assert to_json(report_of(exchanged)) != to_json(closed_report())
    opened = take(trial.without_arms(exchanged.data), audience="open")
    assert to_json(report_of(opened)) == to_json(open_report())
