from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import kaplan_meier, participants_at_risk
from tests.pure.stats.against import Against
from tests.pure.stats.survival_data import (
    AML,
    BREAST_CANCER,
    FREIREICH,
    MADE_ARM,
    MADE_EVENT,
    MADE_TIME,
    OVARIAN,
    SIX_MP,
    SIX_MP_EVENT,
    some_trials,
    trial,
)

Trial = tuple[np.ndarray, np.ndarray, np.ndarray]


def test_the_leukaemia_trial_of_freireich(against: Against) -> None:
    """The product-limit estimate of this trial stands in many textbooks (Cox & Oakes 1984, Kleinbaum & Klein)."""
    found = kaplan_meier(SIX_MP, SIX_MP_EVENT, at=[6, 7, 10, 13, 16, 22, 23])
    printed = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    errors = [0.076, 0.087, 0.096, 0.107, 0.114, 0.128, 0.135]
    against("kaplan_meier", "Freireich's trial, 6-MP", "published", found.estimate, printed, within=5e-4)
    against(
        "kaplan_meier", "Freireich's trial, 6-MP", "published", np.sqrt(found.variance), errors, within=5e-4
    )
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.events.tolist() == [3, 1, 1, 1, 1, 1, 1]


def test_numbers_at_risk_as_printed(against: Against) -> None:
    key = "participants_at_risk"
    # survival 3.5-3, vignette "survival", section 2.1: summary(fit1, times = (0:4) * 182.5, scale = 365)
    found = participants_at_risk(*OVARIAN[:2], np.arange(5) * 182.5, arm=OVARIAN[2])
    vignette = [11, 11, 10, 8, 6, 15, 12, 10, 4, 4]
    against(key, "vignette of R survival, section 2.1", "published", found.at_risk, vignette, within=0)
    months, end = BREAST_CANCER
    found = participants_at_risk(months, end, [0, 10, 16, 18, 23, 26, 27])
    printed = [305, 304, 302, 301, 300, 298, 297]
    against(key, "Satagopan et al. 2004, Table 2", "published", found.at_risk, printed, within=0)


def test_limits_are_those_of_r_survival(against: Against) -> None:
    source = "R survival 3.5-3, survfit"
    # summary(survfit(Surv(mp, me) ~ 1, conf.type = "log-log")), and with "plain", conf.int = .9
    times = [6, 13, 23]
    found = kaplan_meier(SIX_MP, SIX_MP_EVENT, at=times)
    against("kaplan_meier", source, "program", found.low, [0.61971796, 0.43161022, 0.18805201], within=6e-9)
    against("kaplan_meier", source, "program", found.high, [0.95155175, 0.84906596, 0.68014263], within=6e-9)
    plain = kaplan_meier(SIX_MP, SIX_MP_EVENT, at=times, interval="plain", confidence_level=0.9)
    assert (plain.interval, plain.confidence_level) == ("plain", 0.9)
    against("kaplan_meier", source, "program", plain.low, [0.73154125, 0.51450152, 0.22679603], within=6e-9)
    against("kaplan_meier", source, "program", plain.high, [0.98274446, 0.86589064, 0.66956252], within=6e-9)
    # x <- a == 0; summary(survfit(Surv(t[x], e[x] == 1) ~ 1, conf.type = "log-log", conf.int = .8),
    #                      times = c(0, 3, 7, 12, 19, 23, 28)): n.risk, n.event, n.censor, surv, std.err^2, lower, upper
    expected = np.array([
        [38, 3, 2, 0.921052631579, 0.00191354424843, 0.841654929879, 0.961527108070],
        [33, 0, 0, 0.921052631579, 0.00191354424843, 0.841654929879, 0.961527108070],
        [33, 0, 2, 0.921052631579, 0.00191354424843, 0.841654929879, 0.961527108070],
        [26, 3, 6, 0.827505145168, 0.00417767899201, 0.725241511608, 0.894407359989],
        [16, 3, 9, 0.691154865566, 0.00821347439475, 0.558679272556, 0.791062928567],
        [9, 2, 4, 0.552923892453, 0.01289974438378, 0.396939855233, 0.683869675944],
        [4, 2, 2, 0.276461946227, 0.02233273802379, 0.110402535553, 0.472310433977],
    ])  # fmt: skip
    made = kaplan_meier(
        MADE_TIME, MADE_EVENT, arm=MADE_ARM, at=[0, 3, 7, 12, 19, 23, 28], confidence_level=0.8
    )
    first = made.arm == "0"
    columns = (made.at_risk, made.events, made.censored, made.estimate, made.variance, made.low, made.high)
    for column, values in zip(columns, expected.T, strict=True):
        against("kaplan_meier", source, "program", column[first], values, within=1e-12)


def test_estimates_and_limits_are_those_of_scipy(against: Against) -> None:
    for time, event, _ in (FREIREICH, AML):
        data = scipy_stats.CensoredData.right_censored(time, event == 0)
        sf = scipy_stats.ecdf(data).sf
        found = kaplan_meier(time, event)
        against(
            "kaplan_meier", "SciPy ecdf", "program", found.estimate, sf.evaluate(found.time), within=1e-14
        )
        for interval in ("log-log", "plain"):
            ours = kaplan_meier(time, event, interval=interval, confidence_level=0.9)  # type: ignore[arg-type]
            theirs = sf.confidence_interval(0.9, method=interval.replace("plain", "linear"))
            some = (ours.estimate < 1) & (ours.estimate > 0)  # SciPy has no limits before the first event
            for limit, other in ((ours.low, theirs.low), (ours.high, theirs.high)):
                expected = other.evaluate(found.time)[some]
                against("kaplan_meier", "SciPy ecdf", "program", limit[some], expected, within=1e-12)


@pytest.mark.parametrize("one", some_trials(40))
def test_the_product_limit_in_fractions(against: Against, one: Trial) -> None:
    """Kaplan and Meier's product and Greenwood's sum, exactly; deaths are censorings."""
    time, event, arm = one
    found = kaplan_meier(time, event, arm=arm)
    row = 0
    for label in sorted(set(arm.tolist())):
        own, came = time[arm == label], event[arm == label] == 1
        share, total = Fraction(1), Fraction(0)
        for moment in sorted(set(own.tolist())):
            n, d = int((own >= moment).sum()), int(came[own == moment].sum())
            share *= Fraction(n - d, n)
            total += Fraction(d, n * (n - d)) if n > d else 0
            assert (found.arm[row], found.time[row], found.at_risk[row]) == (str(label), moment, n)
            assert found.events[row] == d and found.censored[row] == (own == moment).sum() - d
            variance = float(share**2 * total) if share else np.nan
            pair = [found.estimate[row], found.variance[row]]
            against("kaplan_meier", "fractions", "brute force", pair, [float(share), variance], within=1e-14)
            row += 1
    assert row == len(found.time)


@given(trial())
@settings(max_examples=30, deadline=None)
def test_order_and_unit_of_time_do_not_matter(one: Trial) -> None:
    time, event, arm = one
    plain, scaled = (kaplan_meier(t, event, arm=arm) for t in (time, time * 30.5))
    mixed = np.random.default_rng(1).permutation(len(time))
    shuffled = kaplan_meier(time[mixed], event[mixed], arm=arm[mixed])
    for name in ("estimate", "variance", "low", "high"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(scaled, name))
        np.testing.assert_array_equal(getattr(plain, name), getattr(shuffled, name))
    np.testing.assert_allclose(scaled.time, plain.time * 30.5)


def test_what_cannot_be_estimated_is_said() -> None:
    found = kaplan_meier([1, 2, 3], [0, 1, 1])
    assert found.estimate.tolist() == [1, 0.5, 0]
    assert np.isnan(found.low).tolist() == np.isnan(found.high).tolist() == [False, False, True]
    assert found.warning.tolist() == [
        "no event up to this time: the limits are exact, from those still followed",
        None,
        "all who were at risk had the event: the variance does not exist",
    ]
    beyond = kaplan_meier([1, 2, 3, 1, 2], [1, 1, 0, 1, 1], arm=["A", "A", "A", "B", "B"], at=[2.5, 4])
    np.testing.assert_array_equal(beyond.estimate, [1 / 3, np.nan, 0, 0])
    assert beyond.warning[1] == "nobody is observed so long: the estimate is not known"
    assert beyond.at_risk.tolist() == [1, 0, 0, 0] and beyond.censored.tolist() == [0, 1, 0, 0]
    none = kaplan_meier([0, 3], 0, confidence_level=0.9)
    np.testing.assert_allclose(none.low, [0.05**0.5, 0.05], rtol=1e-12)
    assert none.high.tolist() == [1, 1]
    assert none.estimate.tolist() == [1, 1] and all(none.warning)
    alone = kaplan_meier(0, [True])
    assert alone.estimate.tolist() == [0] and np.isnan(alone.variance[0])
    assert len(kaplan_meier([], []).time) == 0


def test_the_table_of_participants_at_risk(against: Against) -> None:
    found = participants_at_risk([0, 2, 2, 5, 7, 3], [1, 0, 2, 1, 0, 1], [0, 2, 4, 9], arm=list("AAABBA"))
    assert found.arm.tolist() == ["A"] * 4 + ["B"] * 4 and found.time.tolist() == [0, 2, 4, 9] * 2
    assert found.at_risk.tolist() == [4, 3, 0, 0, 2, 2, 2, 0]
    assert found.events.tolist() == [1, 1, 2, 2, 0, 0, 0, 1]
    assert found.deaths.tolist() == [0, 1, 1, 1, 0, 0, 0, 0]
    assert found.censored.tolist() == [0, 1, 1, 1, 0, 0, 0, 1]
    # summary(survfit(Surv(t[x], e[x] == 1) ~ 1), times = c(0, 3, 7, 12, 19, 23, 28))$n.risk
    made = participants_at_risk(MADE_TIME, MADE_EVENT, [0, 3, 7, 12, 19, 23, 28], arm=MADE_ARM)
    expected = [38, 33, 33, 26, 16, 9, 4]
    against(
        "participants_at_risk", "R survival 3.5-3, survfit", "program", made.at_risk[:7], expected, within=0
    )
    counted = made.at_risk + made.events + made.deaths + made.censored
    ended = np.array([(moment == MADE_TIME)[MADE_ARM == 0].sum() for moment in (0, 3, 7, 12, 19, 23, 28)])
    assert (counted[:7] - ended).tolist() == [38] * 7  # who ends at the time is at risk just before it too


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time": [-1, 2]}, "time must be ≥ 0, got -1.0"),
        ({"time": [np.nan, 2]}, "time must be finite, got nan"),
        ({"time": [1e13, 2]}, r"time must be ≤ 1e\+12"),
        ({"event": [3, 0]}, r"event must be 0 \(censored\), 1 \(event\) or 2 \(death\), got 3"),
        ({"event": [1]}, "arguments must have the same length"),
        ({"arm": [1]}, r"arm must label every participant, got shape \(1,\) for 2"),
        ({"arm": [1, np.nan]}, "arm must label every participant, got nan"),
        ({"at": [2, 2]}, "at must rise, got 2 after a time as late"),
        ({"interval": "log"}, "interval must be one of log-log, plain, got 'log'"),
        ({"confidence_level": 1}, "confidence_level must lie strictly between 0 and 1, got 1"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"time": [1, 2], "event": [1, 0], **changed}
    with pytest.raises(ValueError, match=message):
        kaplan_meier(**arguments)  # type: ignore[arg-type]
