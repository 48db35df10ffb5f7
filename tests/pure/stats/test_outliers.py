"""Outliers and slopes: against NumPy, SciPy and the standard library, and by the definitions."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pvtracker.stats import outliers, participant_slopes, slope_difference
from pvtracker.stats.outliers import NO_SPREAD, TOO_FEW
from pvtracker.stats.slopes import FEW_SLOPES, ONE_TIME, TWO_VALUES
from pvtracker.stats.slopes import NO_SPREAD as ALIKE
from tests.pure.stats.against import Against


def test_tukey_s_fences_against_the_standard_library(against: Against) -> None:
    """`statistics.quantiles` with method "inclusive" interpolates as type 7."""
    rng = np.random.default_rng(4)
    found, expected = [], []
    for fence in (1.5, 3.0):
        for size in (8, 9, 10, 11, 40):
            values = rng.lognormal(size=size)
            result = outliers(values, fence=fence)
            first, middle, third = statistics.quantiles(values.tolist(), n=4, method="inclusive")
            found.append([result.low, result.centre, result.high])
            expected.append([first - fence * (third - first), middle, third + fence * (third - first)])
            assert list(result.flag) == [not expected[-1][0] <= x <= expected[-1][2] for x in values]
    against("outliers", "Python statistics.quantiles", "program", found, expected, within=1e-12)


def test_the_modified_z_score_against_scipy(against: Against) -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(20, 30))
    found = [outliers(row, method="mad").score for row in values]
    deviation = scipy_stats.median_abs_deviation(values, axis=1, scale=1.0)
    expected = 0.6745 * (values - np.median(values, axis=1, keepdims=True)) / deviation[:, None]
    against("outliers", "SciPy median_abs_deviation", "program", found, expected, within=1e-12)
    one = outliers([*range(20), 200], method="mad")
    assert list(np.flatnonzero(one.flag)) == [20] and one.fence == 3.5


@given(
    st.lists(st.integers(1, 1000), min_size=8, max_size=30),
    st.floats(0.1, 50),
    st.sampled_from(["tukey", "mad"]),
)
def test_shift_and_scale_move_the_fences_along(whole: list[int], factor: float, method: Any) -> None:
    values = np.array(whole, dtype=float)
    one, other = outliers(values, method=method), outliers(values * factor + 7, method=method)
    assert np.isclose(other.high, one.high * factor + 7, equal_nan=True, rtol=1e-9)
    turned = outliers(-values, method=method)
    assert np.isclose(turned.low, -one.high, equal_nan=True, rtol=1e-9)


def test_on_a_logarithmic_scale() -> None:
    values = np.exp(np.array([1, 2, 3, 4, 5, 6, 7, 40], dtype=float))
    found, on_logs = outliers(values, log_scale=True), outliers(np.log(values))
    assert list(found.flag) == list(on_logs.flag) == [False] * 7 + [True]
    assert found.high == pytest.approx(np.exp(on_logs.high)) and found.low == pytest.approx(
        np.exp(on_logs.low)
    )
    assert found.score == pytest.approx(on_logs.score)


def test_at_the_fence_is_not_beyond_it() -> None:
    """Quartiles 2 and 6, so fences at -4 and 12."""
    at = outliers([-4, 2, 2, 2, 4, 6, 6, 6, 12], fence=1.5)
    assert (at.low, at.high) == (-4, 12) and not at.flag.any()
    assert outliers([-4.1, 2, 2, 2, 4, 6, 6, 6, 12.1], fence=1.5).flag.tolist() == [True, *[False] * 7, True]


def test_where_there_is_no_fence() -> None:
    few = outliers([1, 2, 3, 4, 5, 6, 1000, np.nan])
    assert few.warning == TOO_FEW and not few.flag.any() and np.isnan(few.high)
    alike = outliers([5] * 9 + [1000])
    assert alike.warning == NO_SPREAD and not alike.flag.any() and np.isnan(alike.low)
    assert outliers([np.nan]).warning == TOO_FEW
    missing = outliers([*range(9), np.nan, 500])
    assert list(missing.flag) == [False] * 10 + [True] and np.isnan(missing.score[9])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"value": [np.inf]}, "value must be finite or nan"),
        ({"value": [0.0], "log_scale": True}, "value must be > 0"),
        ({"value": [[1.0]]}, "value must be a number or have shape"),
        ({"method": "sd"}, "method must be tukey or mad"),
        ({"fence": 0.0}, "fence must be > 0"),
    ],
)
def test_what_cannot_be_an_outlier_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        outliers(**({"value": [1.0]} | changed))


def serial(rng: np.random.Generator, people: int) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """Values of some participants at their own times; the arm is told by the number."""
    who, time, value, arm = [], [], [], []
    for number in range(people):
        size = int(rng.integers(1, 7))
        times = rng.choice(np.arange(20), size, replace=False) + number * 0.1
        who += [f"P{number}"] * size
        time += times.tolist()
        value += (3 + 0.4 * number * times + rng.normal(size=size)).tolist()
        arm += ["ABC"[number % 3]] * size
    return who, np.array(time), np.array(value), arm


def test_slopes_against_scipy(against: Against) -> None:
    who, time, value, _ = serial(np.random.default_rng(6), 60)
    found = participant_slopes(who, time, value)
    ours, theirs = [], []
    for row, person in enumerate(found.participant):
        own = np.array(who) == person
        assert found.values[row] == own.sum()
        if own.sum() == 1:
            assert found.warning[row] == ONE_TIME and np.isnan(found.slope[row])
            continue
        line = scipy_stats.linregress(time[own], value[own])
        assert (found.warning[row] == TWO_VALUES) == (own.sum() == 2)
        ours.append([found.slope[row], found.intercept[row], found.standard_error[row]])
        theirs.append([line.slope, line.intercept, line.stderr if own.sum() > 2 else np.nan])
    assert len(ours) > 40
    against("participant_slopes", "SciPy linregress", "program", ours, theirs, within=1e-9)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8])
def test_the_difference_against_scipy_s_welch(against: Against, confidence_level: float) -> None:
    who, time, value, arm = serial(np.random.default_rng(7), 60)
    slopes = participant_slopes(who, time, value)
    arm_of = dict(zip(who, arm, strict=True))
    by_arm = {
        name: [
            slope for person, slope in zip(slopes.participant, slopes.slope, strict=True)
            if arm_of[person] == name and slope == slope
        ]
        for name in "ABC"
    }  # fmt: skip
    found = slope_difference(who, time, value, arm, reference="B", confidence_level=confidence_level)
    assert list(found.arm) == ["A", "B", "C"] and np.isnan(found.difference[1]) and found.warning[1] is None
    ours, theirs = [], []
    for row, name in ((0, "A"), (2, "C")):
        test = scipy_stats.ttest_ind(by_arm[name], by_arm["B"], equal_var=False)
        low, high = test.confidence_interval(confidence_level)
        ours.append(
            [getattr(found, key)[row] for key in ("mean", "difference", "low", "high", "p", "degrees")]
        )
        means = np.mean(by_arm[name]), np.mean(by_arm["B"])
        theirs.append([means[0], means[0] - means[1], low, high, test.pvalue, test.df])
    against("slope_difference", "SciPy ttest_ind, equal_var=False", "program", ours, theirs, within=1e-9)


def test_swapping_arms_turns_the_difference() -> None:
    who, time, value, arm = serial(np.random.default_rng(8), 30)
    one = slope_difference(who, time, value, arm, reference="A")
    other = slope_difference(who, time, value, arm, reference="C")
    assert (
        one.difference[2] == -other.difference[0] and one.low[2] == -other.high[0] and one.p[2] == other.p[0]
    )
    scaled = slope_difference(who, time * 7, value, arm, reference="A")
    assert scaled.difference[2] == pytest.approx(one.difference[2] / 7)


def test_too_few_slopes_have_no_interval() -> None:
    who, time, value = ["a", "a", "b", "b", "c", "c"], [0, 1, 0, 1, 0, 1], [1, 2, 1, 3, 1, 9.0]
    found = slope_difference(who, time, value, ["A"] * 4 + ["B"] * 2, reference="A")
    assert found.difference[1] == 6.5 and np.isnan(found.low[1]) and found.warning[1] == FEW_SLOPES
    alike = slope_difference(["a", "a", "b", "b", "c", "c", "d", "d"], [0, 1] * 4, [0, 1] * 4, list("AAAABBBB"),
                             reference="A")  # fmt: skip
    assert alike.warning[1] == ALIKE and np.isnan(alike.p[1]) and alike.difference[1] == 0
    nobody = slope_difference(["a", "b"], [0, 0], [1, np.nan], ["A", "B"], reference="A")
    assert list(nobody.participants) == [0, 0] and np.isnan(nobody.mean).all()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"reference": "D"}, "reference must be one of the arms A, got 'D'"),
        ({"arm": ["A", "B"]}, "must be in one arm"),
        ({"time": [np.inf, 1]}, "time must be finite or nan"),
        ({"value": [1, 2, 3]}, "must have the same length"),
        ({"confidence_level": 1.0}, "confidence_level must lie strictly between 0 and 1"),
    ],
)
def test_what_cannot_be_a_slope_is_refused(changed: dict[str, Any], sentence: str) -> None:
    given: dict[str, Any] = {"participant": ["a", "a"], "time": [0, 1], "value": [1, 2], "arm": ["A", "A"]}
    with pytest.raises(ValueError, match=sentence):
        slope_difference(**(given | {"reference": "A"} | changed))


@pytest.mark.parametrize("base", [0.0, 7.3, 1000.0])
def test_slopes_that_differ_by_rounding_only_have_no_spread(base: float) -> None:
    """Everybody of the arm rises by 0.1 a day and everybody of the reference by 0.2, from different days on."""
    day = np.array([0.0, 3.0, 7.0]) + np.arange(8)[:, None] / 7
    rise = np.repeat([0.1, 0.2], 4)[:, None]
    who, arm = np.repeat(np.arange(8).astype(str), 3), np.repeat(list("AAAABBBB"), 3)
    found = slope_difference(who, day.ravel(), (base + rise * day).ravel(), arm, reference="B")
    assert found.warning[0] == ALIKE and np.isnan(found.p[0]) and found.difference[0] == pytest.approx(-0.1)
    assert found.sd.tolist() == [0, 0]


def test_values_that_stay_the_same_have_a_slope_of_zero() -> None:
    who, day = np.repeat(np.arange(40).astype(str), 5), np.random.default_rng(3).uniform(0, 90, 200)
    found = participant_slopes(who, day, np.repeat(np.linspace(0.1, 5, 40), 5))
    assert (found.slope == 0).all()
    assert participant_slopes(["a"] * 2, [0, 1], [1e6, 1e6 + 1e-3]).slope[0] == pytest.approx(1e-3, rel=1e-6)
