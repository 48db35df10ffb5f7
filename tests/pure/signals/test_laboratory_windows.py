"""The area of the founding trial's weeks, 40 to 48 and 40 to 100, on a trial that lasts as long; by numpy and SciPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pvtracker.signals import laboratory_courses
from pvtracker.signals.laboratory import Laboratory
from tests.hiv_laboratory import hiv_laboratory

WEEKS = (*range(4, 53, 4), *range(60, 101, 10))
LEFT = {
    0: 44,
    3: 56,
}  # participants who leave after these weeks: half and 2/15 of 40–100; the first half of 40–48


@pytest.fixture(scope="module")
def lab() -> Laboratory:
    made = hiv_laboratory(participants=15, weeks=WEEKS)
    gone = made.values["participant"].map(LEFT).fillna(999)
    return replace(made, values=made.values[made.values["week"] <= gone])


def rows_of(lab: Laboratory) -> list[list[dict[str, Any]]]:
    (areas,) = [one for one in laboratory_courses.sections(lab, inference=True) if one.key == "areas"]
    return [row["cells"] for row in areas.table["rows"]]


def levels(lab: Laboratory, start: int, end: int) -> dict[int, list[float]]:
    """Of each arm the participants' mean logarithms, of those with half of the weeks between values."""
    found: dict[int, list[float]] = {0: [], 1: []}
    for place in range(15):
        own = lab.values[lab.values["participant"] == place].sort_values("week")
        week, value = own["week"].to_numpy(dtype=float), np.log10(own["value"].to_numpy(dtype=float))
        end_here = min(end, week[-1])
        if end_here - start >= (end - start) / 2:
            at = (
                np.linspace(start, end_here, 60 * 8 + 1)
                if end_here <= 48
                else np.arange(start, end_here + 0.5)
            )
            found[place % 2].append(np.trapezoid(np.interp(at, week, value), at) / (end_here - start))
    return found


def test_both_windows_of_the_founding_trial_are_on_the_page(lab: Laboratory) -> None:
    rows = rows_of(lab)
    assert [row[0]["text"] for row in rows] == ["40–48", "40–100"]
    for row, (start, end), left in zip(rows, ((40, 48), (40, 100)), ((0, 0), (1, 1)), strict=True):
        ref, arm = levels(lab, start, end).values()
        assert (len(arm), len(ref)) == (7 - left[0], 8 - left[1])
        assert [row[at]["text"] for at in (2, 3)] == [
            f"{len(side)}/{len(side) + gone}" for side, gone in zip((arm, ref), left, strict=True)
        ]
        tested = stats.ttest_ind(arm, ref, equal_var=False)
        limits = tested.confidence_interval()
        assert row[4]["values"] == pytest.approx([np.mean(arm)]) and row[5]["values"] == pytest.approx(
            [np.mean(ref)]
        )
        expected = (np.mean(arm) - np.mean(ref), limits.low, limits.high)
        assert row[6]["values"] == pytest.approx(expected)
        assert row[7]["values"] == pytest.approx([stats.mannwhitneyu(arm, ref, method="exact").pvalue])


def test_a_window_that_the_values_do_not_reach_is_left_out() -> None:
    made = hiv_laboratory(participants=6, weeks=[week for week in WEEKS if week <= 90])
    assert [row[0]["text"] for row in rows_of(made)] == ["40–48"]
