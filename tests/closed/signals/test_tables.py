"""How numbers of a method are written."""

import pytest

from pvtracker.cuts.models import Cut
from pvtracker.signals.comparing import Change
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run
from pvtracker.signals.tables import changes_table, interval

BEFORE = Run(cut=Cut(date="2026-06-30"))


def row(method: str, **said: float) -> Result:
    counts = {"n_arm": 6, "N_arm": 38, "n_ref": 0, "N_ref": 36}
    return Result(id=1, method=method, level="PT", term="Rash", selection="all", arm="OZ1", **counts, **said)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("rd_mn", "15.8 [5.3, 30.5]"),
        ("rd_exact", "15.8 [5.3, 30.5]"),
        ("rate_difference_mn", "15.8 [5.3, 30.5]"),  # per 100 person-years
        ("time_lost", "0.2 [0.1, 0.3]"),  # days
        ("rr_koopman", "0.16 [0.05, 0.31]"),
        ("berry_berry", "0.16 [0.05, 0.31]"),
    ],
)
def test_differences_are_percentage_points_and_ratios_are_not(method: str, said: str) -> None:
    assert interval(row(method, estimate=0.158, low=0.053, high=0.305)) == said


@pytest.mark.parametrize("method", METHODS)
def test_the_number_that_a_threshold_is_about_is_told_in_its_own_unit(method: str) -> None:
    column = METHODS[method].threshold.column
    told = changes_table([Change("gone", None, row(method, **{column: 0.053}))], BEFORE)
    limit = {"time_lost": "0.1"}.get(method, "5.3" if METHODS[method].null_value == 0 else "0.05")
    expected = {"low": f"limit {limit}", "posterior": "posterior 0.053"}
    assert told["rows"][0]["cells"][8]["text"] == expected.get(column, f"{column.replace('_', ' ')} 0.053")
