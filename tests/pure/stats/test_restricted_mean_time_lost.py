from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import aalen_johansen, restricted_mean_time_lost
from tests.pure.stats.against import Against
from tests.pure.stats.survival_data import MADE_ARM, MADE_EVENT, MADE_TIME, OVARIAN, TWO, some_trials, trial

Trial = tuple[np.ndarray, np.ndarray, np.ndarray]
KEY = "restricted_mean_time_lost"
MADE = (MADE_TIME[TWO], MADE_EVENT[TWO], MADE_ARM[TWO])


def test_the_means_in_the_vignette_of_r_survival(against: Against) -> None:
    """Vignette "survival" of survival 3.5-3, section 2.1: print(fit1, rmean = 730)."""
    time, event, residual = OVARIAN
    found = restricted_mean_time_lost(time, event, residual == 1, tau=730)
    source = "vignette of R survival, section 2.1"
    against(KEY, source, "published", (730 - found.estimate[:2]) / 1000, [0.666, 0.463], within=5.1e-4)
    against(KEY, source, "published", found.standard_error[:2] / 100, [0.354, 0.621], within=5.1e-4)


def test_time_lost_is_that_of_r_survival(against: Against) -> None:
    """summary(survfit(Surv(t, factor(e, 0:2)) ~ a, subset = a < 2), rmean = tau)$table, rows a=0, 1 and a=1, 1."""
    for tau, expected in ((11.0, [0.997367216117, 0.980372485466]), (20.5, [4.13576007326, 2.88793953641])):
        found = restricted_mean_time_lost(*MADE, tau=tau)
        assert found.of.tolist() == ["arm", "reference", "difference"] and found.tau == tau
        against(KEY, "R survival 3.5-3, survfit", "program", found.estimate[:2], expected, within=1e-11)
        assert found.estimate[2] == found.estimate[0] - found.estimate[1]


def test_without_deaths_error_and_mean_are_those_of_r_survival(against: Against) -> None:
    """survmean(survfit(Surv(t, e == 1) ~ a, subset = a < 2), rmean = tau): rmean and se(rmean); what is lost is tau
    less the mean."""
    time, event, arm = MADE
    for tau, mean, error in (
        (11.0, [9.98403159341, 10.01170891634], [0.477583265083, 0.484269999817]),
        (20.5, [15.9963986334, 17.4758993604], [1.39648672767, 1.01635899006]),
    ):
        found = restricted_mean_time_lost(time, event % 2, arm, tau=tau, confidence_level=0.9)
        source = "R survival 3.5-3, survmean"
        against(KEY, source, "program", tau - found.estimate[:2], mean, within=1e-11)
        against(KEY, source, "program", found.standard_error[:2], error, within=1e-11)
        z = scipy_stats.norm.isf(0.05)
        together = np.hypot(*error)
        np.testing.assert_allclose(found.high - found.estimate, z * np.array([*error, together]), rtol=1e-9)
        assert found.p == pytest.approx(2 * scipy_stats.norm.sf(abs(found.estimate[2]) / together), rel=1e-9)
        assert found.confidence_level == 0.9


def test_nobody_censored_it_is_a_mean_of_times(against: Against) -> None:
    """Each participant loses (tau - time) with the event, nothing without: mean, and variance over n."""
    for time, event, arm in some_trials(40):
        if not 0 < arm.sum() < len(arm):
            continue
        ended = np.where(event == 0, 2, event)
        found = restricted_mean_time_lost(time, ended, arm, tau=5)
        for row, label in enumerate((1, 0)):
            lost = np.where(ended == 1, np.maximum(5 - time, 0), 0)[arm == label]
            pair = [found.estimate[row], found.standard_error[row] ** 2]
            expected = [lost.mean(), lost.var() / len(lost)]
            against(KEY, "mean of the times lost", "brute force", pair, expected, within=1e-13)


def area(hazards: list[tuple[Fraction, Fraction]], widths: list[Fraction]) -> Fraction:
    """Under the cumulative incidence, in exact arithmetic."""
    alive, had, total = Fraction(1), Fraction(0), Fraction(0)
    for (event, death), width in zip(hazards, widths, strict=True):
        had += alive * event
        alive *= 1 - event - death
        total += had * width
    return total


@pytest.mark.parametrize("one", some_trials(40))
def test_the_variance_in_fractions(against: Against, one: Trial) -> None:
    """The delta method as it is defined; the area is linear in the hazards of each time, so slopes are differences."""
    time, event, _ = one
    tau = Fraction(9, 2)
    time, event = np.append(time, 5), np.append(event, 0)  # observed up to tau
    found = restricted_mean_time_lost(time, event, np.ones(len(time), dtype=int), tau=float(tau))
    moments = [moment for moment in sorted(set(time.tolist())) if moment < tau]
    if not moments:
        return
    hazards, sizes = [], []
    for moment in moments:
        n, here = int((time >= moment).sum()), event[time == moment]
        hazards.append((Fraction(int((here == 1).sum()), n), Fraction(int((here == 2).sum()), n)))
        sizes.append(n)
    ends = [*map(Fraction, moments[1:]), tau]
    widths = [end - moment for moment, end in zip(moments, ends, strict=True)]
    estimate, variance = area(hazards, widths), Fraction(0)
    for place, ((e, d), size) in enumerate(zip(hazards, sizes, strict=True)):
        slopes = []
        for change in ((1, 0), (0, 1)):
            other = list(hazards)
            other[place] = (e + change[0], d + change[1])
            slopes.append(area(other, widths) - estimate)
        g, h = slopes
        variance += (g * g * e + h * h * d - (g * e + h * d) ** 2) / size
    expected = [float(estimate), float(variance)]
    pair = [found.estimate[0], found.standard_error[0] ** 2]
    against(KEY, "fractions", "brute force", pair, expected, within=1e-13)


def test_it_is_the_area_under_aalen_and_johansens_curve() -> None:
    time, event, arm = MADE
    grid = (np.arange(20_500) + 0.5) / 1000
    curve = aalen_johansen(time, event, arm=arm, at=grid).estimate
    found = restricted_mean_time_lost(time, event, arm, tau=20.5)
    np.testing.assert_allclose(
        found.estimate[:2], [curve[20_500:].sum() / 1000, curve[:20_500].sum() / 1000], rtol=1e-9
    )


@given(trial())
@settings(max_examples=30, deadline=None)
def test_swapping_arms_turns_the_sign_and_units_and_order_do_not_matter(one: Trial) -> None:
    time, event, arm = one
    found, swapped = (
        restricted_mean_time_lost(time, event, arm),
        restricted_mean_time_lost(time, event, 1 - arm),
    )
    mixed = np.random.default_rng(3).permutation(len(time))
    scaled = restricted_mean_time_lost(time[mixed] * 4.0, event[mixed], arm[mixed])
    np.testing.assert_allclose(swapped.estimate[2], -found.estimate[2], atol=1e-13)
    np.testing.assert_allclose(swapped.high[2], -found.low[2], atol=1e-13)
    np.testing.assert_allclose([swapped.p, scaled.p], [found.p, found.p], atol=1e-9)
    assert scaled.tau == 4 * found.tau
    for name in ("estimate", "standard_error", "low", "high"):
        np.testing.assert_allclose(getattr(scaled, name), 4 * getattr(found, name), rtol=1e-9, atol=1e-12)


def test_the_horizon_is_what_both_arms_are_observed() -> None:
    # the arm is censored last at 9; all of the reference are gone by 4, so its curve is known for ever
    time, event, arm = [2, 9, 3, 4], [1, 0, 2, 1], [1, 1, 0, 0]
    found = restricted_mean_time_lost(time, event, arm)
    assert found.tau == 9
    np.testing.assert_allclose(found.estimate, [7 / 2, 5 / 2, 1])
    late = restricted_mean_time_lost(time, event, arm, tau=10)
    assert np.isnan(late.estimate).tolist() == [True, False, True]
    assert late.warning.tolist() == [
        "nobody of this arm is observed up to tau: take a smaller one",
        None,
        "an arm has no estimate: nor has the difference",
    ]
    mixed = restricted_mean_time_lost(
        [1, 2, 2, 5], [1, 1, 0, 1], [1, 1, 1, 0], tau=3
    )  # one is censored last of all
    assert np.isnan(mixed.estimate[0]) and mixed.estimate[1] == 0
    known = restricted_mean_time_lost([1, 2, 5], [1, 2, 1], [1, 1, 0])
    assert known.tau == 5


def test_what_cannot_be_said_is_warned_of() -> None:
    none = restricted_mean_time_lost([3, 4, 2, 5], [0, 2, 1, 0], [1, 1, 0, 0], tau=4)
    assert none.estimate.tolist() == [0, 1, -1] and np.isnan(none.low[0]) and none.low[2] < -1
    assert none.warning[0] == "no event up to tau, or all at one time: the variance is 0 and gives no limits"
    assert "the limits are too narrow" in none.warning[2]
    neither = restricted_mean_time_lost([3, 4, 2, 5], 0, [1, 1, 0, 0], tau=4)
    assert np.isnan(neither.p) and np.isnan(neither.low).all() and all(neither.warning)
    empty = restricted_mean_time_lost([3, 4], [1, 0], 0)
    assert empty.warning[0] == "empty arm: no participant in the arm" and empty.estimate[1] == 0.5
    assert np.isnan(restricted_mean_time_lost([], [], []).estimate).all()
    alone = restricted_mean_time_lost(0, 1, [1])
    assert alone.tau == 0 and alone.estimate[0] == 0 and alone.warning[0] is not None
    wide = restricted_mean_time_lost([1, 1, 5, 1, 5, 5], [1, 1, 0, 1, 0, 0], [1, 1, 1, 0, 0, 0], tau=5)
    assert (wide.low >= [0, 0, -5]).all() and (wide.high <= 5).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tau": 0}, "tau must be > 0, got 0"),
        ({"tau": float("nan")}, "tau must be finite"),
        ({"in_arm": [0, 3]}, "in_arm must be 0 or 1, got 3"),
        ({"confidence_level": 2}, "confidence_level must lie strictly between 0 and 1, got 2"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"time": [1, 2], "event": [1, 0], "in_arm": [1, 0], **changed}
    with pytest.raises(ValueError, match=message):
        restricted_mean_time_lost(**arguments)  # type: ignore[arg-type]
