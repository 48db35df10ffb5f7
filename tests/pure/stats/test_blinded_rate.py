"""The rate under treatment from pooled counts: numerical integration, simulation, limits, invariances."""

from itertools import pairwise
from math import exp, lgamma, log, sqrt

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from pvtracker.stats import blinded_rate
from tests.pure.stats.against import Against

CASES = [  # events, years, background, and the options
    (0, 20.0, 0.1, {}),
    (3, 20.0, 0.1, {}),
    (9, 20.0, 0.1, {"treated_share": 2 / 3, "treated_years": 5.0}),
    (12, 60.0, 0.05, {"background_years": 20.0, "margin": 1.5}),
    (1, 3.0, 0.4, {"background_years": 3.0, "treated_share": 0.25, "margin": 3.0}),
]


def integrated(
    events: int,
    years: float,
    background: float,
    *,
    background_years: float = 100.0,
    treated_share: float = 0.5,
    treated_years: float = 1.0,
    margin: float = 2.0,
) -> tuple[float, float]:
    """Posterior mean and probability beyond the margin, by integrating over both rates.

    The pooled count is Poisson with the weighted sum of both rates: no split of the events is ever made. Over the
    background the trapezoid rule on its logarithm, where the density is smooth and vanishes at both ends; over the rate
    under treatment SciPy's quad on its power `shape`, which takes the pole at zero away.
    """
    shape_0, shape_1 = background * background_years, background * treated_years
    middle, spread = log(background), 14 / sqrt(shape_0)
    logs = np.linspace(middle - 2.5 * spread - 5, middle + spread, 400)
    sums = np.zeros(3)
    for log_rate in logs:
        rate_0 = exp(log_rate)
        prior = exp(
            shape_0 * log_rate - background_years * rate_0 - lgamma(shape_0) + shape_0 * log(background_years)
        )

        def weight(power: float, rate_0: float = rate_0) -> float:
            rate_1 = power ** (1 / shape_1)
            mean = years * (treated_share * rate_1 + (1 - treated_share) * rate_0)
            return exp(events * log(mean) - mean - treated_years * rate_1)

        def weighted_rate(power: float, rate_0: float = rate_0) -> float:
            return weight(power, rate_0) * power ** (1 / shape_1)

        ends = [(at * 40 * background) ** shape_1 for at in (1e-4, 1e-2, 0.1, 1, 10)]
        whole = sum(integrate.quad(weight, *piece, epsabs=0)[0] for piece in pairwise([0.0, *ends]))
        rate = sum(integrate.quad(weighted_rate, *piece, epsabs=0)[0] for piece in pairwise([0.0, *ends]))
        beyond = (margin * rate_0) ** shape_1
        cut = sum(
            integrate.quad(weight, *piece, epsabs=0)[0]
            for piece in pairwise([beyond, *(end for end in ends if end > beyond)])
        )
        sums += prior * np.array([whole, rate, cut])
    return sums[1] / sums[0], sums[2] / sums[0]


@pytest.mark.parametrize(("events", "years", "background", "options"), CASES)
def test_mean_and_probability_equal_integration_over_both_rates(
    events: int, years: float, background: float, options: dict[str, float], against: Against
) -> None:
    found = blinded_rate(events, years, background, **options)
    mean, beyond = integrated(events, years, background, **options)
    source = "integration over both rates (SciPy, quad)"
    against("blinded_rate", source, "brute force", found.rate, [mean], within=1e-7)
    against("blinded_rate", source, "brute force", found.p_margin, [beyond], within=1e-7)
    assert found.margin == options.get("margin", 2.0)


def test_limits_and_ratio_equal_those_of_a_simulation(against: Against) -> None:
    """Rates drawn from their priors, pooled counts drawn from the rates, and those kept that came to the total."""
    rng = np.random.default_rng(20261128)
    draws, share = 1_500_000, 0.6
    rate_0 = rng.gamma(0.2 * 10, 1 / 10, draws)
    rate_1 = rng.gamma(0.2 * 4, 1 / 4, draws)
    total = rng.poisson(15 * (share * rate_1 + (1 - share) * rate_0))
    for events in (2, 6):
        kept = total == events
        found = blinded_rate(
            events, 15, 0.2, background_years=10, treated_years=4, treated_share=share, confidence_level=0.8
        )
        assert kept.sum() > 50_000
        simulated = np.quantile(rate_1[kept], [0.1, 0.9])
        ratio = np.median(rate_1[kept] / rate_0[kept])
        against(
            "blinded_rate",
            "simulation, 1,500,000 trials",
            "brute force",
            [found.low[0], found.high[0], found.ratio[0]],
            [*simulated, ratio],
            within=0.02,
        )
        assert found.confidence_level == 0.8


def test_the_predictive_probability_equals_a_sum_over_the_poisson(against: Against) -> None:
    rate_0 = scipy_stats.gamma(0.1 * 30, scale=1 / 30)
    events = np.array([0, 1, 4, 9, 20])
    expected = [
        integrate.quad(lambda r, x=x: scipy_stats.poisson.sf(x - 1, 40 * r) * rate_0.pdf(r), 0, np.inf)[0]
        for x in events
    ]
    found = blinded_rate(events, 40, 0.1, background_years=30)
    against(
        "blinded_rate",
        "integration of the Poisson tail",
        "brute force",
        found.p_exceeds,
        expected,
        within=1e-7,
    )
    np.testing.assert_allclose(found.expected, 4.0)


def test_with_a_background_that_is_certain_the_count_is_poisson() -> None:
    found = blinded_rate(7, 30, 0.1, background_years=1e9)
    assert found.p_exceeds[0] == pytest.approx(scipy_stats.poisson.sf(6, 3.0), rel=1e-6)


def test_with_everybody_treated_the_posterior_is_the_gamma_distribution() -> None:
    found = blinded_rate(7, 30, 0.1, treated_share=1 - 1e-12, treated_years=2, background_years=1e-9)
    gamma = scipy_stats.gamma(0.2 + 7, scale=1 / 32)
    assert found.rate[0] == pytest.approx(gamma.mean(), rel=1e-6)
    assert (found.low[0], found.high[0]) == pytest.approx(tuple(gamma.ppf([0.025, 0.975])), rel=1e-6)


def test_without_follow_up_the_prior_is_left() -> None:
    found = blinded_rate([0, 2], 0, 0.1, treated_years=20)
    prior = scipy_stats.gamma(2, scale=1 / 20)
    assert (found.low[0], found.high[0]) == pytest.approx(tuple(prior.ppf([0.025, 0.975])), rel=1e-9)
    assert found.p_exceeds[0] == 1
    assert np.isnan(found.rate[1]) and np.isnan(found.p_exceeds[1])
    assert found.warning.tolist() == [None, "events without any follow-up time"]


def test_the_unit_of_time_does_not_matter() -> None:
    years = blinded_rate([2, 9], [20, 50], 0.1)
    days = blinded_rate(
        [2, 9],
        [20 * 365.25, 50 * 365.25],
        0.1 / 365.25,
        background_years=100 * 365.25,
        treated_years=365.25,
    )
    for name in ("p_exceeds", "p_margin", "ratio", "expected"):
        np.testing.assert_allclose(getattr(days, name), getattr(years, name), rtol=1e-9)
    for name in ("rate", "low", "high"):
        np.testing.assert_allclose(getattr(days, name) * 365.25, getattr(years, name), rtol=1e-9)


def test_more_events_warn_more() -> None:
    found = blinded_rate(np.arange(40), 20, 0.1)
    assert (np.diff(found.p_exceeds) < 0).all()
    assert (np.diff(found.rate) > 0).all() and (np.diff(found.p_margin) > 0).all()
    assert (found.low < found.rate).all() and (found.rate < found.high).all()


def test_many_events_are_no_hindrance() -> None:
    found = blinded_rate(20_000, 10_000, 1.0, background_years=1000, treated_years=10)
    assert np.isfinite([found.rate[0], found.low[0], found.high[0], found.ratio[0]]).all()
    assert 2.5 < found.rate[0] < 3.5  # all arms have 2 a year, the background 1


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((-1, 1, 0.1), {}, "events must be ≥ 0"),
        ((1, -1, 0.1), {}, "years must be ≥ 0"),
        ((1, 1, 0.0), {}, "background_rate must lie between"),
        ((1, 1, 1e-320), {}, "background_rate must lie between"),
        ((1, 1e-308, 2.0), {}, "years must be 0, or between"),
        ((1, 1, 0.1), {"background_years": 1e300}, "background_years must lie between"),
        ((1, 1, np.inf), {}, "background_rate must lie between"),
        ((2_000_000, 1, 0.1), {}, "events must be ≤ 1000000"),
        ((1, 1, 0.1), {"treated_share": 1.0}, "treated_share must lie strictly"),
        ((1, 1, 0.1), {"background_years": 0.0}, "background_years must lie between"),
        ((1, 1, 0.1), {"treated_years": -1.0}, "treated_years must lie between"),
        ((1, 1, 0.1), {"margin": 0.0}, "margin must lie between"),
        ((1, 1, 0.1), {"confidence_level": 1.0}, "confidence_level must lie"),
        (([1, 2], [1, 2, 3], 0.1), {}, "same length"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: tuple[float, ...], options: dict[str, float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        blinded_rate(*arguments, **options)
