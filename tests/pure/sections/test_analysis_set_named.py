"""Page 1 of a report, and its baseline table, name the analysis set that the report counts."""

from collections.abc import Callable

import pytest

from pvtracker.cuts import derive
from pvtracker.reports.blocks import Paragraph
from pvtracker.reports.screening import closed_snapshot
from pvtracker.reports.sections import baseline, summary
from pvtracker.reports.snapshot import Snapshot, take
from pvtracker.studies.definitions import CHOICES, Definitions
from tests.pure.sections import trial
from tests.pure.sections.snapshots import table_of

SETS = CHOICES["analysis_set"]


def _left_out() -> str:
    """A participant who was treated."""
    return str(derive.treated_subjects(trial.closed_cut()).iloc[0])


def _rules(analysis_set: str) -> Definitions:
    excluded = ((_left_out(), "forbidden medication"),) if analysis_set == "per-protocol" else ()
    return Definitions(analysis_set=analysis_set, not_per_protocol=excluded)


def _open(analysis_set: str) -> Snapshot:
    return take(derive.under(trial.open_cut(), _rules(analysis_set)), audience="open")


def _closed(analysis_set: str) -> Snapshot:
    return closed_snapshot(derive.under(trial.closed_cut(), _rules(analysis_set)), analysis_arm="actual")


def _first(snapshot: Snapshot) -> str:
    block = summary.build(snapshot).blocks[0]
    assert isinstance(block, Paragraph)
    return block.text


@pytest.mark.parametrize("analysis_set", SETS)
@pytest.mark.parametrize("made", [_open, _closed])
def test_page_1_names_the_analysis_set_and_how_many_are_in_it(
    made: Callable[[str], Snapshot], analysis_set: str
) -> None:
    snapshot = made(analysis_set)
    told = _first(snapshot)
    assert f"The analysis set, {SETS[analysis_set]}, has {len(snapshot.people)} of them" in told
    assert "treated or not" not in told


def test_who_is_not_per_protocol_is_not_counted_on_page_1() -> None:
    treated, kept = len(_closed("treated").people), len(_closed("per-protocol").people)
    assert kept == treated - 1
    assert f"has {kept} of them" in _first(_closed("per-protocol"))


@pytest.mark.parametrize("analysis_set", SETS)
def test_the_characteristics_are_those_of_the_set_by_its_name(analysis_set: str) -> None:
    title = table_of(baseline.build(_closed(analysis_set)), "traits").title
    assert title.removeprefix("Characteristics of ").removeprefix("the ") == SETS[analysis_set]
