import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import aalen_johansen, incidence_difference, risk_difference_newcombe
from tests.pure.stats.against import Against
from tests.pure.stats.survival_data import (
    MADE_ARM,
    MADE_EVENT,
    MADE_TIME,
    PLACEBO,
    SIX_MP,
    SIX_MP_EVENT,
    TWO,
    trial,
)

Trial = tuple[np.ndarray, np.ndarray, np.ndarray]
KEY = "incidence_difference"
MADE = (MADE_TIME[TWO], MADE_EVENT[TWO], MADE_ARM[TWO])


def test_the_leukaemia_trial_of_freireich(against: Against) -> None:
    """Shares without relapse after 10 and 22 weeks: 6-MP as printed in many textbooks (`test_kaplan_meier.py`); on
    placebo 13 and 20 of 21 had relapsed by then, and nobody was censored."""
    time = np.concatenate([SIX_MP, PLACEBO])
    event = np.concatenate([SIX_MP_EVENT, np.ones(21, dtype=int)])
    found = incidence_difference(time, event, np.repeat([1, 0], 21), [10, 22])
    printed = [1 - 0.753 - 13 / 21, 1 - 0.538 - 20 / 21]
    against(KEY, "Freireich's trial", "published", found.estimate, printed, within=5.1e-4)


def test_limits_of_both_arms_from_r_etm_put_together(against: Against) -> None:
    """summary(etmCIF(…, data.frame(entry = 0, exit = t[a == k] + 1, …)), ci.fun = "cloglog", level = .9), k 1
    and 0: P, lower, upper at 13, 20 and 23."""
    arm = np.array([[0.3303571428571, 0.19103307638827, 0.531653009989]] * 2
                   + [[0.4053069945927, 0.24450706139370, 0.618373649917]]).T  # fmt: skip
    ref = np.array([[0.1650638552167, 0.0877709873909, 0.298310214768], [0.2799412914091, 0.1698274661721,
                    0.439833103487], [0.3291392488769, 0.2059000252442, 0.499030384172]]).T  # fmt: skip
    found = incidence_difference(*MADE, [12, 19, 22], confidence_level=0.9)
    assert found.confidence_level == 0.9 and found.time.tolist() == [12, 19, 22] and not any(found.warning)
    difference = arm[0] - ref[0]
    low = difference - np.sqrt((arm[0] - arm[1]) ** 2 + (ref[2] - ref[0]) ** 2)
    high = difference + np.sqrt((arm[2] - arm[0]) ** 2 + (ref[0] - ref[1]) ** 2)
    for ours, theirs in ((found.estimate, difference), (found.low, low), (found.high, high)):
        against(KEY, "R etm 1.1.1, etmCIF, squared and added", "program", ours, theirs, within=1e-11)
    assert found.at_risk_arm.tolist() == [10, 6, 3] and found.at_risk_ref.tolist() == [26, 16, 10]


def test_an_arm_without_events_has_scipys_exact_limit(against: Against) -> None:
    """0 of 36 in the reference; 6 of 38 in the arm, all followed for a year."""
    time, event = [0.1, 0.2, 0.3, 0.5, 0.6, 0.9] + [1.0] * 68, [1] * 6 + [0] * 68
    found = incidence_difference(time, event, [1] * 38 + [0] * 36, 1)
    upper = scipy_stats.binomtest(0, 36).proportion_ci(method="exact").high
    of_arm = aalen_johansen(time[:38], event[:38], at=1)
    low = 6 / 38 - np.hypot(6 / 38 - of_arm.low[0], upper)
    against(KEY, "SciPy binomtest, squared and added", "program", found.low, low, within=1e-12)
    against(KEY, "SciPy binomtest, squared and added", "program", found.high, of_arm.high, within=1e-12)
    assert (
        found.warning[0]
        == "reference: no event up to this time: the limits are exact, from those still followed"
    )
    # nobody censored before, nobody dead: near Newcombe's limits of two proportions
    other = risk_difference_newcombe(6, 38, 0, 36)
    np.testing.assert_allclose([found.low[0], found.high[0]], [other.low[0], other.high[0]], atol=0.02)
    neither = incidence_difference(time[6:], 0, [1] * 32 + [0] * 36, 1)
    assert neither.estimate[0] == 0 and neither.low[0] < 0 < neither.high[0]


def test_limits_at_the_size_of_a_small_trial() -> None:
    """500 trials of 38 and 36 with some 13 events and no effect: the page says 3.1 % of 3,000 miss 0."""
    rng = np.random.default_rng(12)
    event, dead = rng.exponential(5, (500, 74)), rng.exponential(10, (500, 74))
    end = rng.uniform(0.5, 1.5, event.shape)
    what = np.where(event <= np.minimum(dead, end), 1, np.where(dead <= end, 2, 0))
    time = np.minimum(np.minimum(event, dead), end)
    arm = np.repeat([1, 0], [38, 36])
    found = [incidence_difference(one, was, arm, 1) for one, was in zip(time, what, strict=True)]
    assert np.mean([one.low[0] > 0 or one.high[0] < 0 for one in found]) == pytest.approx(0.031, abs=0.024)


@given(trial())
@settings(max_examples=30, deadline=None)
def test_swapping_arms_mirrors_and_units_and_order_do_not_matter(one: Trial) -> None:
    time, event, arm = one
    found = incidence_difference(time, event, arm, [1, 4])
    swapped = incidence_difference(time, event, 1 - arm, [1, 4])
    mixed = np.random.default_rng(3).permutation(len(time))
    days = incidence_difference(time[mixed] * 30, event[mixed], arm[mixed], [30, 120])
    np.testing.assert_allclose([swapped.low, swapped.high], [-found.high, -found.low], atol=1e-13)
    for name in ("estimate", "low", "high", "incidence_arm", "at_risk_ref"):
        np.testing.assert_array_equal(getattr(days, name), getattr(found, name))
    limits = (found.low, found.high)
    assert all((np.isnan(each) | (abs(each) <= 1 + 1e-12)).all() for each in limits)


def test_what_cannot_be_compared_is_said() -> None:
    found = incidence_difference([1, 2, 5, 5], [1, 0, 1, 0], [1, 1, 0, 0], [1, 3, 5])
    assert np.isnan(found.estimate).tolist() == [False, True, True]
    assert found.warning[1] == "arm: nobody is observed so long: the estimate is not known"
    empty = incidence_difference([1, 2], 1, 0, 1)
    assert empty.warning[0] == "empty arm: no participant in the arm" and np.isnan(empty.low[0])
    assert empty.incidence_ref[0] == 0.5
    assert (
        incidence_difference([1, 2], 1, 1, 1).warning[0] == "empty arm: no participant in the reference arm"
    )
    assert np.isnan(incidence_difference([], [], [], [1]).low[0])
    all_had = incidence_difference([1, 1, 2], [1, 1, 0], [1, 1, 0], 1)
    assert (
        all_had.estimate[0] == 1
        and np.isnan(all_had.low[0])
        and all_had.warning[0].startswith("arm: all who")
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"at": [3, 1]}, "at must rise"),
        ({"in_arm": [0, 3]}, "in_arm must be 0 or 1, got 3"),
        ({"event": 5}, "event must be 0"),
        ({"confidence_level": 0}, "confidence_level must lie strictly between 0 and 1, got 0"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"time": [1, 2], "event": [1, 0], "in_arm": [1, 0], "at": 1, **changed}
    with pytest.raises(ValueError, match=message):
        incidence_difference(**arguments)  # type: ignore[arg-type]
