import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvtracker.stats import hazard_by_period, incidence_rate_exact, rate_ratio_exact
from tests.pure.stats.against import Against
from tests.pure.stats.survival_data import MADE_ARM, MADE_EVENT, MADE_TIME, TWO, some_trials, trial

Trial = tuple[np.ndarray, np.ndarray, np.ndarray]
KEY = "hazard_by_period"
PERIODS = ["procedure", "interruption", "follow-up"]


TWO_YEARS = 730.5
# Andersen & Ravn 2023, Models for Multi-State Survival Data, Table 2.1, PBC3 trial, as in R/chapter2_pbc3.qmd of the
# book's companion (under Figure 2.2): transplantation or death in years 0-2, 2-4 and later: events, days, rate per 100
# years; cyclosporin A, placebo
TABLE_2_1 = (
    ([24, 18, 2], [107931.5, 50284, 7599], [8.1, 13.1, 9.6]),
    ([27, 17, 2], [104856, 49673, 8642], [9.4, 12.5, 8.5]),
)


def followed(events: list[int], days: list[float]) -> list[tuple[float, int]]:
    """Times with so many events and so many days in each period, whoever had them: in the last period those with an
    event only, in the others as many more without one as stay under its two years."""
    made: list[tuple[float, int]] = []
    for period in (2, 1, 0):
        left = days[period] - TWO_YEARS * len(made)  # whoever is followed longer was here all the time
        each = max(events[period], int(left // TWO_YEARS) + 1 if period < 2 else 0)
        end = period * TWO_YEARS + left / each
        made += [(end, int(place < events[period])) for place in range(each)]
    return made


def test_rates_of_three_periods_as_printed(against: Against) -> None:
    """Rates and counts rest on events and days of each period alone."""
    arms = [followed(events, days) for events, days, _ in TABLE_2_1]
    time, event = np.array([row for rows in arms for row in rows]).T
    arm = np.repeat([1, 0], [len(rows) for rows in arms])
    found = hazard_by_period(time, event, arm, [0, TWO_YEARS, 2 * TWO_YEARS], units_per_year=365.25)
    ours = (
        (found.events_arm, found.years_arm, found.rate_arm),
        (found.events_ref, found.years_ref, found.rate_ref),
    )
    for (counted, years, per_year), (events, days, rate) in zip(ours, TABLE_2_1, strict=True):
        assert counted.tolist() == events and years * 365.25 == pytest.approx(days)
        source = "Andersen & Ravn 2023, Table 2.1"
        against(KEY, source, "published", per_year, np.array(rate) / 100, within=5.1e-4)


def test_rates_and_ratios_of_split_follow_up_are_those_of_r(against: Against) -> None:
    """survSplit(Surv(t + .5, e == 1) ~ a, subset = a < 2, cut = c(6, 14)), events and time added by arm and period;
    poisson.test(events, time / 365.25, conf.level = .9). The half keeps events off the cuts."""
    found = hazard_by_period(
        MADE_TIME[TWO] + 0.5,
        MADE_EVENT[TWO],
        MADE_ARM[TWO],
        [0, 6, 14],
        period=PERIODS,
        units_per_year=365.25,
        confidence_level=0.9,
    )
    source = "R survival 3.5-3 survSplit, poisson.test"
    assert found.period.tolist() == PERIODS and found.confidence_level == 0.9
    against(KEY, source, "program", found.events_arm, [3, 4, 2], within=0)
    against(KEY, source, "program", found.events_ref, [3, 4, 6], within=0)
    against(KEY, source, "program", found.entered_arm, [26, 18, 7], within=0)
    against(KEY, source, "program", found.entered_ref, [38, 33, 20], within=0)
    against(KEY, source, "program", found.years_arm * 365.25, [145, 106.5, 57.5], within=1e-12)
    against(KEY, source, "program", found.years_ref * 365.25, [200.5, 222.5, 161], within=1e-12)
    expected = {
        "ratio": [1.382758620690, 2.089201877934, 0.933333333333],
        "low": [0.250088724939, 0.499336734515, 0.136208553697],
        "high": [7.645372271599, 8.741124345681, 4.194568528524],
        "p": [0.700362295657, 0.282985152049, 1],
        "rate_arm": [7.55689655172, 13.71830985915, 12.70434782609],
        "low_arm": [2.05973655915, 4.68589478322, 2.25731811796],
        "high_arm": [19.53119342640, 31.39270257727, 39.99197600676],
        "rate_ref": [5.46508728180, 6.56629213483, 13.61180124224],
        "low_ref": [1.48958504278, 2.24291143556, 5.92797289017],
        "high_ref": [14.12480322607, 15.02616999766, 26.86605597544],
    }
    for name, values in expected.items():
        against(KEY, source, "program", getattr(found, name), values, within=1e-9)


def test_each_participants_time_walked_day_by_day(against: Against) -> None:
    """Own starts in half days, some periods never begun: each half day is laid into the period that is under way."""
    rng = np.random.default_rng(8)
    for time, event, arm in some_trials(40):
        people = len(time)
        starts = np.column_stack(
            [np.zeros(people), rng.integers(1, 8, people) / 2, rng.integers(8, 14, people) / 2]
        )
        starts[rng.random((people, 3)) < [0, 0.3, 0.3]] = np.nan
        found = hazard_by_period(time, event, arm, starts)
        events, halves, entered = np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 3))
        for person in range(people):
            under_way = [
                max(p for p in range(3) if starts[person, p] <= h / 2) for h in range(2 * time[person] + 1)
            ]
            for period in under_way[:-1]:
                halves[arm[person], period] += 1
            met = set(under_way[:-1])
            if event[person] == 1:
                events[arm[person], under_way[-1]] += 1
                met.add(under_way[-1])
            for period in met:
                entered[arm[person], period] += 1
        ours = [[found.events_ref, found.events_arm], [found.years_ref, found.years_arm],
                [found.entered_ref, found.entered_arm]]  # fmt: skip
        against(
            KEY,
            "follow-up walked in half days",
            "brute force",
            ours,
            [events, halves / 2, entered],
            within=1e-12,
        )
        assert found.period.tolist() == ["1", "2", "3"]


@given(trial(), st.lists(st.integers(1, 9), max_size=3, unique=True))
@settings(max_examples=40, deadline=None)
def test_periods_add_up_to_the_whole(one: Trial, cuts: list[int]) -> None:
    time, event, arm = one
    found = hazard_by_period(time, event, arm, [0, *sorted(cuts)])
    for label, events, years in (
        (1, found.events_arm, found.years_arm),
        (0, found.events_ref, found.years_ref),
    ):
        assert events.sum() == (event[arm == label] == 1).sum()
        assert years.sum() == pytest.approx(time[arm == label].sum())
    whole = hazard_by_period(time, event, arm, 0)
    ratio = rate_ratio_exact(
        *(each for k in (1, 0) for each in ((event[arm == k] == 1).sum(), time[arm == k].sum()))
    )
    np.testing.assert_array_equal(
        [whole.ratio, whole.low, whole.high, whole.p], [ratio.estimate, ratio.low, ratio.high, ratio.p]
    )
    assert whole.period.tolist() == ["from 0"]
    swapped = hazard_by_period(time, event, 1 - arm, [0, *sorted(cuts)])
    np.testing.assert_array_equal(swapped.rate_arm, found.rate_ref)
    months = hazard_by_period(time * 12, event, arm, np.array([0, *sorted(cuts)]) * 12, units_per_year=12)
    np.testing.assert_allclose(months.rate_arm, found.rate_arm, rtol=1e-12)


def test_an_event_at_the_start_of_a_period_belongs_to_it() -> None:
    found = hazard_by_period([3, 3, 0, 5], [1, 0, 1, 2], [1, 1, 0, 0], [0, 3])
    assert (found.events_arm.tolist(), found.events_ref.tolist()) == ([0, 1], [1, 0])
    assert (found.years_arm.tolist(), found.years_ref.tolist()) == ([6, 0], [3, 2])
    assert (found.entered_arm.tolist(), found.entered_ref.tolist()) == ([2, 1], [2, 1])
    assert found.warning.tolist() == [None, "events but no follow-up time in the arm"]
    before = hazard_by_period([1, 3, 4], [1, 1, 0], [1, 0, 0], 2)  # time before the first period is in none
    assert (before.events_arm[0], before.events_ref[0], before.years_ref[0]) == (0, 1, 3)


def test_nothing_observed_in_a_period_is_said() -> None:
    found = hazard_by_period([1, 2], [0, 0], [1, 0], [0, 1.5, 7])
    assert found.warning.tolist() == [
        "no event in either arm: the ratio does not exist, its limits are 0 and infinity",
        "no follow-up time in the arm",
        "no follow-up time in the arm",
    ]
    assert np.isnan(found.rate_ref).tolist() == [False, False, True]
    assert found.high_ref[0] == incidence_rate_exact(0, 1.5).high[0]
    for time, event, arm in (([], [], []), ([0], [1], [1])):
        assert hazard_by_period(time, event, arm, [0, 2]).warning[0] is not None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"starts": [0, 3, 3]}, "starts must rise, got 3.0"),
        ({"starts": [-1, 3]}, "starts must be ≥ 0, got -1.0"),
        ({"starts": [0, np.nan]}, "starts must not be nan for all participants"),
        ({"starts": [0, np.inf]}, "starts must be ≤"),
        ({"starts": ["a"]}, "starts must hold numbers"),
        (
            {"starts": np.zeros((3, 1))},
            r"starts must have shape \(periods,\) or \(2, periods\), got \(3, 1\)",
        ),
        ({"period": ["a"]}, r"period must name each of the 2 periods, got shape \(1,\)"),
        ({"units_per_year": 0}, "units_per_year must lie between"),
        ({"in_arm": [0.5, 1]}, "in_arm must be whole numbers"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {
        "time": [1, 2],
        "event": [1, 0],
        "in_arm": [1, 0],
        "starts": [0, 1],
        **changed,
    }
    with pytest.raises(ValueError, match=message):
        hazard_by_period(**arguments)  # type: ignore[arg-type]
