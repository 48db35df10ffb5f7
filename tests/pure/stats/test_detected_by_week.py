"""Persistence by week: counted by hand, limits those of the methods that it names, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import (
    detected_by_week,
    fisher,
    proportion_clopper_pearson,
    risk_difference_mn,
    risk_difference_newcombe,
)
from tests.pure.stats.against import Against


def test_shares_are_counted_and_limited_as_by_hand(against: Against) -> None:
    """Week 4: 2 of 3 and 0 of 2 found; week 48: 1 of 2 and none measured; e has no result in week 4."""
    found = detected_by_week(
        ["a", "b", "c", "d", "e", "f", "a", "b", "d"],
        [4, 4, 4, 4, 4, 4, 48, 48, 48],
        [0, 0, 1, 1, np.nan, 1, 0, 1, np.nan],
        [1, 1, 1, 0, 0, 0, 1, 1, 0],
        confidence_level=0.9,
    )
    np.testing.assert_array_equal(found.week, [4, 48])
    np.testing.assert_array_equal([found.detected_arm, found.n_arm], [[2, 1], [3, 2]])
    np.testing.assert_array_equal([found.detected_ref, found.n_ref], [[0, 0], [2, 0]])
    test = scipy_stats.binomtest(2, 3).proportion_ci(0.9)
    against(
        "detected_by_week",
        "SciPy binomtest",
        "program",
        [found.low_arm[0], found.high_arm[0]],
        test,
        within=1e-12,
    )
    p = scipy_stats.fisher_exact([[2, 1], [0, 2]])[1]
    against("detected_by_week", "SciPy fisher_exact", "program", found.p[0], p, within=1e-12)
    assert found.warning[0] is None and "empty arm" in found.warning[1]
    assert np.isnan([found.share_ref[1], found.difference[1], found.low_ref[1], found.p[1]]).all()
    assert found.difference[0] == pytest.approx(2 / 3)


def test_the_limits_are_those_of_the_methods_that_stand_already() -> None:
    rng = np.random.default_rng(3)
    who, week = np.repeat(np.arange(74), 3), np.tile([1, 2, 3], 74)
    below, arm = (rng.random(len(who)) < 0.4).astype(int), (who < 38).astype(int)
    found = detected_by_week(who, week, below, arm)
    table = found.detected_arm, found.n_arm, found.detected_ref, found.n_ref
    np.testing.assert_array_equal(found.n_arm, [38, 38, 38])
    np.testing.assert_array_equal(found.high, risk_difference_mn(*table).high)
    np.testing.assert_array_equal(found.low_ref, proportion_clopper_pearson(*table[2:]).low)
    np.testing.assert_array_equal(found.p, fisher(*table).p)
    assert (found.high != risk_difference_newcombe(*table).high).all()
    swapped = detected_by_week(who, week, below, 1 - arm)
    np.testing.assert_allclose(swapped.low, -found.high, atol=1e-9)
    assert len(detected_by_week([], [], [], []).week) == 0


@pytest.mark.parametrize(
    ("below", "words"),
    [
        ([0, 2], "below must be 0 or 1"),
        ([0.5, 0], "whole numbers"),
        ([0, 0, 0], "one shape"),
        ([1, -1], "≥ 0"),
    ],
)
def test_what_cannot_be_is_refused(below: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        detected_by_week(["a", "b"], [1, 1], below, [1, 0])
    with pytest.raises(ValueError, match="once for a participant and week"):
        detected_by_week(["a", "a"], [1, 1], [0, 1], 1)
    with pytest.raises(ValueError, match="confidence_level"):
        detected_by_week(["a", "b"], [1, 1], [0, 1], [1, 0], confidence_level=0)
