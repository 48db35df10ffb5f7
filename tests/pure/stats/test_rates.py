import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pvtracker.stats import incidence_rate_exact, rate_ratio_exact
from tests.pure.stats.against import Against

events = st.integers(0, 40)
follow_up = st.floats(0.5, 500)


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
@given(x=events, t=follow_up, y=events, u=follow_up)
@settings(max_examples=25, deadline=None)
def test_p_and_limits_equal_the_binomial_test_of_the_split(
    confidence_level: float, x: int, t: float, y: int, u: float
) -> None:
    found = rate_ratio_exact(x, t, y, u, confidence_level=confidence_level)
    assert found.confidence_level == confidence_level
    if x + y == 0:
        assert found.p[0] == 1
        return
    split = scipy_stats.binomtest(x, x + y, t / (t + u))
    share = split.proportion_ci(confidence_level, method="exact")
    assert found.p[0] == pytest.approx(split.pvalue, rel=1e-9)
    assert found.low[0] == pytest.approx(share.low / (1 - share.low) * u / t, rel=1e-7)
    if share.high < 1:
        assert found.high[0] == pytest.approx(share.high / (1 - share.high) * u / t, rel=1e-7)
    else:
        assert found.high[0] == np.inf


@pytest.mark.parametrize("confidence_level", [0.95, 0.8, 0.995])
def test_p_and_limits_of_many_rates_equal_the_binomial_test(
    confidence_level: float, against: Against
) -> None:
    rng = np.random.default_rng(19400101)
    x, y = rng.integers(0, 60, 40), rng.integers(0, 60, 40)
    x[:3], y[2:5] = 0, 0  # none in the arm, in the reference, in either
    t, u = rng.uniform(0.5, 500, 40), rng.uniform(0.5, 500, 40)
    found = rate_ratio_exact(x, t, y, u, confidence_level=confidence_level)
    p, low, high = [], [], []
    for i in range(40):
        if x[i] + y[i] == 0:
            p, low, high = [*p, 1.0], [*low, 0.0], [*high, np.inf]
            continue
        split = scipy_stats.binomtest(int(x[i]), int(x[i] + y[i]), t[i] / (t[i] + u[i]))
        share = split.proportion_ci(confidence_level, method="exact")
        p.append(split.pvalue)
        low.append(share.low / (1 - share.low) * u[i] / t[i])
        high.append(share.high / (1 - share.high) * u[i] / t[i] if share.high < 1 else np.inf)
    against("rate_ratio_exact", "SciPy, binomtest of the split", "program", found.p, p, within=1e-9)
    for ours, theirs in ((found.low, low), (found.high, high)):
        against(
            "rate_ratio_exact", "SciPy, binomtest of the split, limits", "program", ours, theirs, within=1e-7
        )


def test_poisson_tails_at_the_limits_hold_the_error_probability(against: Against) -> None:
    """Another route: two independent Poisson counts whose ratio is the limit, summed given their total."""
    x, t, y, u = 11, 80.0, 4, 120.0
    found = rate_ratio_exact(x, t, y, u)
    for limit, tail in ((found.low[0], range(x, x + y + 1)), (found.high[0], range(x + 1))):
        mean_arm, mean_ref = limit * t, u
        joint = scipy_stats.poisson.pmf(np.arange(x + y + 1), mean_arm * 0.05) * scipy_stats.poisson.pmf(
            np.arange(x + y, -1, -1), mean_ref * 0.05
        )
        chance = joint[list(tail)].sum() / joint.sum()
        source = "two Poisson distributions multiplied out: the tails at the limits"
        against("rate_ratio_exact", source, "brute force", chance, 0.025, within=2.5e-11)


def test_p_is_the_probability_of_splits_no_more_likely() -> None:
    # 3 against 0 in equal time: splits 3:0 and 0:3, each 1/8; 3 against 0 in half the time: 3:0 alone,
    # (1/3)^3
    assert rate_ratio_exact(3, 10, 0, 10).p[0] == pytest.approx(1 / 4)
    assert rate_ratio_exact(3, 10, 0, 20).p[0] == pytest.approx(1 / 27)


def test_zero_events_open_the_interval_to_one_side_or_to_both() -> None:
    found = rate_ratio_exact([0, 5, 0], [50, 50, 50], [5, 0, 0], [60, 60, 60])
    assert found.estimate[:2].tolist() == [0, np.inf]
    assert np.isnan(found.estimate[2])
    assert found.low[[0, 2]].tolist() == [0, 0]
    assert found.high[[1, 2]].tolist() == [np.inf, np.inf]
    # by hand: 5 of 5 events in the arm have probability 0.025 at a share of 0.025 ** (1/5)
    share = 0.025 ** (1 / 5)
    assert found.low[1] == pytest.approx(share / (1 - share) * 60 / 50, rel=1e-12)
    assert found.high[0] == pytest.approx((1 - share) / share * 60 / 50, rel=1e-12)
    assert found.p[2] == 1
    assert found.warning.tolist() == [
        None,
        None,
        "no event in either arm: the ratio does not exist, its limits are 0 and infinity",
    ]


def test_no_follow_up_time_gives_no_ratio_and_says_why() -> None:
    found = rate_ratio_exact([0, 2, 1, 1], [0.0, 0.0, 9.0, 9.0], [1, 1, 0, 1], [8.0, 8.0, 0.0, 8.0])
    for values in (found.estimate, found.low, found.high, found.p):
        assert np.isnan(values).tolist() == [True, True, True, False]
    assert found.warning.tolist() == [
        "no follow-up time in the arm",
        "events but no follow-up time in the arm",
        "no follow-up time in the reference arm",
        None,
    ]


@given(x=events, t=follow_up, y=events, u=follow_up, unit=st.sampled_from([12.0, 365.25, 0.01]))
@settings(max_examples=40, deadline=None)
def test_swapping_arms_inverts_and_the_unit_of_time_does_not_matter(
    x: int, t: float, y: int, u: float, unit: float
) -> None:
    found = rate_ratio_exact([x, 3], [t, 7.5], [y, 9], [u, 2.25])
    swapped, other_unit = rate_ratio_exact(y, u, x, t), rate_ratio_exact(x, t * unit, y, u * unit)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(swapped.low[0], 1 / found.high[0], rtol=1e-9)
        np.testing.assert_allclose(1 / swapped.high[0], found.low[0], rtol=1e-9)
    assert swapped.p[0] == pytest.approx(found.p[0], rel=1e-9)
    np.testing.assert_allclose(other_unit.low[0], found.low[0], rtol=1e-9)
    assert other_unit.p[0] == pytest.approx(found.p[0], rel=1e-9)


def test_a_ratio_of_very_many_to_few_keeps_its_digits() -> None:
    many = 1_000_000_000
    found = rate_ratio_exact(many, 1.0, 1, 1.0)
    assert rate_ratio_exact(1, 1.0, many, 1.0).high[0] * found.low[0] == pytest.approx(1, rel=1e-10)
    # so many events are as good as certain: what varies is the single event, as in Garwood's limits
    single = incidence_rate_exact(1, 1.0)
    assert found.low[0] == pytest.approx(many / single.high[0], rel=1e-4)
    assert found.high[0] == pytest.approx(many / single.low[0], rel=1e-4)


def test_a_rate_has_garwoods_limits(against: Against) -> None:
    # Garwood (1936): 95 % limits of a count of 5 are 1.62 and 11.67, of a count of 0 0 and 3.69
    found = incidence_rate_exact([5, 0], [2.0, 2.0])
    np.testing.assert_allclose(found.estimate, [2.5, 0])
    limits = np.column_stack((found.low, found.high)) * 2
    against(
        "incidence_rate_exact", "Garwood (1936)", "published", limits, [[1.62, 11.67], [0, 3.69]], within=5e-3
    )


@pytest.mark.parametrize("confidence_level", [0.9, 0.99])
def test_garwoods_limits_put_back_into_the_poisson_distribution(
    confidence_level: float, against: Against
) -> None:
    count = np.arange(1, 60)
    found = incidence_rate_exact(count, 1.0, confidence_level=confidence_level)
    tail = (1 - confidence_level) / 2
    source = "SciPy, poisson: the tails at the limits"
    for chance in (scipy_stats.poisson.sf(count - 1, found.low), scipy_stats.poisson.cdf(count, found.high)):
        against("incidence_rate_exact", source, "program", chance, tail, within=tail * 1e-9)


def test_a_rate_over_no_time_is_no_rate_and_says_so() -> None:
    found = incidence_rate_exact([0, 2], 0)
    assert np.isnan(found.estimate).all()
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()
    assert found.warning.tolist() == [
        "no follow-up time in the arm",
        "events but no follow-up time in the arm",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 1, 1, 1), "events_arm must be ≥ 0, got -1"),
        ((1, -2.5, 1, 1), "years_arm must be ≥ 0, got -2.5"),
        ((1, 1, 0.5, 1), "events_ref must be whole numbers, got 0.5"),
        ((1, 1, 1, float("inf")), "years_ref must be finite, got inf"),
        (([1, 2], [1.0], 1, 1), "arguments must have the same length"),
    ],
)
def test_events_and_times_that_cannot_be_are_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rate_ratio_exact(*arguments)
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 2"):
        incidence_rate_exact(1, 1, confidence_level=2)
