"""Means by week and arm: against R and SciPy, by hand, with limits of detection, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pvtracker.stats import mean_by_week
from pvtracker.stats.mean_by_week import NO_SPREAD, NONE_IN_ARM, NONE_IN_REF, ONE
from tests.pure.stats.against import Against

ARM, REF = [3.1, 4.2, 5, 2.2, 4.1], [1, 2.5, 2.2, 3.0]


def one_week(arm: list[float], ref: list[float], **options: object) -> object:
    value = [*arm, *ref]
    return mean_by_week(
        np.arange(len(value)),
        np.full(len(value), 4),
        value,
        np.repeat([1, 0], [len(arm), len(ref)]),
        **options,
    )  # type: ignore[arg-type]


def test_welchs_limits_are_those_of_r(against: Against) -> None:
    """R: x=c(3.1,4.2,5,2.2,4.1); y=c(1,2.5,2.2,3.0); t.test(x,y); t.test(x)$conf.int"""
    found = one_week(ARM, REF)
    ours = [found.difference, found.low, found.high, found.degrees, found.p, found.low_arm, found.high_arm]
    r = [
        1.545, 0.01977780475868752, 3.07022219524131312, 6.99910464020156819, 0.04779609359547422,
        2.37292331206408, 5.06707668793592,
    ]  # fmt: skip
    against("mean_by_week", "R t.test", "program", np.ravel(ours), r, within=1e-13)


def test_many_weeks_against_scipy(against: Against) -> None:
    rng = np.random.default_rng(4)
    participant, week = np.repeat(np.arange(60), 6), np.tile([0, 4, 8, 24, 48, 100], 60)
    arm = (participant % 3 == 0).astype(int)
    value = rng.lognormal(3, 1, len(week))
    value[rng.random(len(week)) < 0.3] = np.nan
    found = mean_by_week(participant, week, value, arm, confidence_level=0.9)
    for row, one in enumerate([0, 4, 8, 24, 48, 100]):
        x, y = (value[(week == one) & (arm == side) & ~np.isnan(value)] for side in (1, 0))
        test = scipy_stats.ttest_ind(x, y, equal_var=False)
        low, high = test.confidence_interval(0.9)
        expected = [len(x), x.mean(), x.std(ddof=1), len(y), y.mean(), y.std(ddof=1), low, high, test.pvalue]
        expected += scipy_stats.ttest_1samp(y, 0).confidence_interval(0.9)
        ours = [
            found.n_arm, found.mean_arm, found.sd_arm, found.n_ref, found.mean_ref, found.sd_ref, found.low,
            found.high, found.p, found.low_ref, found.high_ref,
        ]  # fmt: skip
        against(
            "mean_by_week", "SciPy ttest_ind, ttest_1samp", "program", [each[row] for each in ours], expected,
            within=1e-11,
        )  # fmt: skip
    np.testing.assert_array_equal(found.week, [0, 4, 8, 24, 48, 100])


@pytest.mark.parametrize(("below_as", "put"), [("limit", 50), ("half", 25), ("root half", 50 / 2**0.5)])
def test_what_is_below_its_limit_stands_where_it_is_told(below_as: str, put: float) -> None:
    """Two viral loads below 50 and two above; by hand on logarithms."""
    found = one_week(
        [50, 5000, 50, 800], [50, 700, 90], scale="log10", below=[1, 0, 1, 0, 0, 0, 0], below_as=below_as
    )
    logs = np.log10([put, 5000, put, 800])
    assert found.below_arm[0] == 2 and found.below_ref[0] == 0
    assert found.mean_arm[0] == pytest.approx(logs.mean())
    assert found.geometric_mean_arm[0] == pytest.approx(scipy_stats.gmean([put, 5000, put, 800]))
    assert found.ratio[0] == pytest.approx(found.geometric_mean_arm[0] / found.geometric_mean_ref[0])
    np.testing.assert_allclose([found.ratio_low, found.ratio_high], 10.0 ** np.array([found.low, found.high]))
    plain = one_week([put, 5000, put, 800], [50, 700, 90])
    measured = one_week(
        [50, 5000, 50, 800],
        [50, 700, 90],
        below=[True, False, True, False, False, False, False],
        below_as=below_as,
    )
    assert measured.mean_arm[0] == pytest.approx(plain.mean_arm[0]) and np.isnan(measured.ratio[0])


def test_what_does_not_exist_is_told() -> None:
    """Week 1: one value in the arm; 2: no spread; 3: none in the reference; 4: none in the arm."""
    found = mean_by_week(
        ["a", "b", "c", "a", "b", "c", "d", "a", "c", "e"],
        [1, 1, 1, 2, 2, 2, 2, 3, 4, 4],
        [5, 7, 9, 2, 4, 3, 3, 1, 6, np.nan],
        [1, 0, 0, 1, 0, 0, 1, 1, 0, 0],
    )
    np.testing.assert_array_equal(found.warning, [ONE, None, NONE_IN_REF, NONE_IN_ARM])
    assert found.difference[0] == -3 and np.isnan(found.low[0]) and np.isnan(found.p[0])
    assert np.isnan(found.difference[2:]).all() and np.isnan(found.low_ref[3])
    same = one_week([2, 2, 2], [4, 5, 6])
    assert same.warning[0] == NO_SPREAD and same.sd_arm[0] == 0 and same.degrees[0] == pytest.approx(2)
    assert one_week([3.3, 3.3], [4.1]).warning[0] == ONE
    both = one_week([0.1] * 3, [0.3] * 3)
    assert both.warning[0] == NO_SPREAD and np.isnan(both.p[0]) and both.sd_arm[0] == 0
    assert one_week([], [4, 5]).warning[0].startswith("empty arm") and len(one_week([], []).week) == 0


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=8), st.lists(st.floats(-50, 50), min_size=2, max_size=8)
)
def test_swapping_turns_and_scaling_scales(arm: list[float], ref: list[float]) -> None:
    found, swapped = one_week(arm, ref), one_week(ref, arm)
    scaled = one_week([4 * one for one in arm], [4 * one for one in ref])
    np.testing.assert_allclose(swapped.low, -found.high, atol=1e-9)
    np.testing.assert_allclose(scaled.high, 4 * found.high, atol=1e-9)
    np.testing.assert_allclose(scaled.degrees, found.degrees, rtol=1e-6)


def test_values_that_differ_by_rounding_only_have_no_spread() -> None:
    found = one_week([0.1 + 0.2, 0.3, 0.3], [0.7 - 0.2, 0.5, 0.6 - 0.1])
    assert found.sd_arm[0] == found.sd_ref[0] == 0
    assert np.isnan(found.p[0]) and found.warning[0] == NO_SPREAD


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"value": [1, 2, 3]}, "one shape"),
        ({"week": [4, np.nan]}, "week must be a number"),
        ({"value": [1, 1e13]}, "must lie within"),
        ({"in_arm": [1, 2]}, "in_arm must be 0 or 1"),
        (
            {"participant": ["a", "a"], "in_arm": [1, 0], "week": [1, 2]},
            "the same in all rows of a participant, a has",
        ),
        ({"participant": ["a", "a"], "in_arm": 1}, "once for a participant and week, a has two in week 4"),
        ({"scale": "log10", "value": [1, 0]}, "must be > 0 on the scale log10"),
        ({"scale": "ln"}, "scale must be as measured or log10"),
        ({"below": 1, "below_as": "zero"}, "below_as must be limit or half or root half"),
        ({"below": [1, 0, 0]}, "below must be given for every value"),
        ({"below": 2}, "below must be 0 or 1"),
        ({"confidence_level": 1}, "confidence_level"),
    ],
)
def test_what_cannot_be_is_refused(given_: dict[str, object], words: str) -> None:
    usual: dict[str, object] = {"participant": ["a", "b"], "week": [4, 4], "value": [1, 2], "in_arm": [1, 0]}
    with pytest.raises(ValueError, match=words):
        mean_by_week(**(usual | given_))  # type: ignore[arg-type]
