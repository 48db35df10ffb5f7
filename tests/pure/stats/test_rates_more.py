"""Mid-p limits of the rate ratio and score limits of the rate difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats

from pvtracker.stats import Interval, RateRatio, rate_difference_mn, rate_ratio_exact, rate_ratio_midp
from pvtracker.stats.rates import constrained_rates
from tests.pure.stats.against import Against

# events and years of arm and reference, level; limits and p by R 4.2.2:
#   mid <- function(s, x, m) pbinom(x, m, s, lower.tail = FALSE) + dbinom(x, m, s) / 2
#   s <- uniroot(function(s) mid(s, x, m) - (1 - level) / 2, c(0, 1), tol = 1e-15)$root; s / (1 - s) * u / t
#   and 1 - mid for the upper limit; p: 2 * min(mid, 1 - mid) at s = t / (t + u)
MIDP = [
    (11, 80, 4, 120, 0.95, 1.3553202801364, 14.9795252648953, 0.0112754300027),
    (0, 5, 3, 5, 0.95, 0.0, 1.71441761659, 0.125),
    (5, 5, 0, 5, 0.9, 1.70971386381, np.inf, 0.03125),
    (41, 28010, 15, 19017, 0.95, 1.0410752434259, 3.4494227604547, 0.0354574217723),
    (7, 12.5, 9, 3.25, 0.8, 0.10387814816374, 0.39033400363817, 0.00218807165962),
]
# the same by R: λ by optimize() of the Poisson log-likelihood at each d, limits by uniroot(tol = 1e-13)
DIFFERENCE = [
    (11, 80, 4, 120, 0.95, 0.0274065304053, 0.2156450269545),
    (3, 5, 0, 5, 0.9, 0.0588913141988, 1.5013196490776),
    (7, 12.5, 9, 3.25, 0.8, -3.68981987629, -1.20084753754),
    (41, 28.010, 15, 19.017, 0.95, 0.0432022364767, 1.2900546772056),
]


def some_rates(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 40, 40), rng.integers(0, 40, 40)
    x[:3], y[2:5] = 0, 0
    return x, rng.uniform(0.5, 300, 40), y, rng.uniform(0.5, 300, 40)


@pytest.mark.parametrize(("x", "t", "y", "u", "level", "low", "high", "p"), MIDP)
def test_midp_limits_and_p_of_r(
    x: int, t: float, y: int, u: float, level: float, low: float, high: float, p: float, against: Against
) -> None:
    found = rate_ratio_midp(x, t, y, u, confidence_level=level)
    ours = [found.low[0], found.high[0], found.p[0]]
    against(
        "rate_ratio_midp", "R, uniroot of pbinom and dbinom", "program", ours, [low, high, p], within=1e-9
    )
    assert found.confidence_level == level


def test_midp_of_epitools(against: Against) -> None:
    """R 4.2.2, epitools: rate2by2.test(matrix(c(4, 11, 120, 80), 2))$p.value, and of c(15, 41, 19017, 28010)."""
    found = rate_ratio_midp([11, 41], [80, 28010], [4, 15], [120, 19017]).p
    theirs = [0.0112754300027, 0.0354574217723]
    against("rate_ratio_midp", "R epitools, rate2by2.test", "program", found, theirs, within=1e-11)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_half_tails_at_the_limits(level: float, against: Against) -> None:
    x, t, y, u = some_rates(1961)
    found = rate_ratio_midp(x, t, y, u, confidence_level=level)
    binomial = scipy_stats.binom
    for limit, above in ((found.low, True), (found.high, False)):
        seen = np.isfinite(limit) & (limit > 0)
        split = (x[seen], x[seen] + y[seen], limit[seen] * t[seen] / (limit[seen] * t[seen] + u[seen]))
        half = binomial.pmf(*split) / 2
        tail = (binomial.sf(*split) if above else binomial.cdf(split[0] - 1, *split[1:])) + half
        against(
            "rate_ratio_midp",
            "SciPy, binom: half tails at the limits",
            "program",
            tail,
            (1 - level) / 2,
            within=1e-11,
        )
    exact = rate_ratio_exact(x, t, y, u, confidence_level=level)
    some = x + y > 0
    assert (found.low[some] >= exact.low[some]).all() and (found.high[some] <= exact.high[some]).all()
    np.testing.assert_array_equal(found.estimate, exact.estimate)


def test_p_agrees_with_the_limits() -> None:
    """One lies outside the limits exactly where p is below the error."""
    x, t, y, u = some_rates(2)
    found = rate_ratio_midp(x, t, y, u, confidence_level=0.9)
    outside = (found.low > 1) | (found.high < 1)
    assert (outside == (found.p < 0.1)).all() and outside.any() and not outside.all()


@pytest.mark.parametrize(("x", "t", "y", "u", "level", "low", "high"), DIFFERENCE)
def test_score_limits_of_r(
    x: int, t: float, y: int, u: float, level: float, low: float, high: float, against: Against
) -> None:
    found = rate_difference_mn(x, t, y, u, confidence_level=level)
    source = "R, optimize of the likelihood, uniroot"
    against("rate_difference_mn", source, "program", [found.low[0], found.high[0]], [low, high], within=2e-8)
    assert found.estimate[0] == x / t - y / u and found.confidence_level == level


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_statistic_at_the_limits_with_rates_by_search(level: float, against: Against) -> None:
    x, t, y, u = some_rates(1985)
    found = rate_difference_mn(x, t, y, u, confidence_level=level)

    def statistic(i: int, d: float) -> float:
        def minus(rate: float) -> float:
            terms = ((x[i], rate + d, t[i]), (y[i], rate, u[i]))
            return sum(time * one - (n * np.log(max(one, 1e-300)) if n else 0.0) for n, one, time in terms)

        low = max(0.0, -d)
        bounds = (low, low + (x[i] + y[i] + 9) * (1 / t[i] + 1 / u[i]))
        by_search = optimize.minimize_scalar(minus, bounds=bounds, method="bounded", options={"xatol": 1e-13})
        rate = min((low, float(by_search.x)), key=minus)
        return float((x[i] / t[i] - y[i] / u[i] - d) ** 2 / ((rate + d) / t[i] + rate / u[i]))

    at_limits = [statistic(i, limit[i]) for limit in (found.low, found.high) for i in range(40)]
    quantile = scipy_stats.chi2.ppf(level, 1)
    source = "the statistic at the limits, rates found by search"
    against("rate_difference_mn", source, "brute force", at_limits, quantile, within=1e-5)


def test_no_event_leaves_limits_on_both_sides() -> None:
    quantile = scipy_stats.chi2.ppf(0.95, 1)
    found = rate_difference_mn(0, 12.5, 0, 40)
    assert found.estimate[0] == 0 and found.warning[0] is None
    assert [found.low[0], found.high[0]] == pytest.approx([-quantile / 40, quantile / 12.5], rel=1e-9)


def test_rates_that_differ_by_d_are_the_most_likely() -> None:
    rng = np.random.default_rng(3)
    x, t, y, u = (each[:8] for each in some_rates(3))
    d = rng.normal(0, 0.5, 8)
    arm, ref = constrained_rates(x.astype(float), t, y.astype(float), u, d)
    np.testing.assert_allclose(arm - ref, d, atol=1e-12)
    both = (x > 0) & (y > 0)
    np.testing.assert_allclose(x[both] / arm[both] + y[both] / ref[both], (t + u)[both], rtol=1e-9)


@pytest.mark.parametrize("unit", [12.0, 365.25])
def test_arms_and_units_of_time(unit: float) -> None:
    x, t, y, u = some_rates(4)
    found, swapped = rate_difference_mn(x, t, y, u), rate_difference_mn(y, u, x, t)
    np.testing.assert_allclose(swapped.low, -found.high, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(rate_difference_mn(x, t * unit, y, u * unit).low * unit, found.low, rtol=1e-9)
    ratio, inverse = rate_ratio_midp(x, t, y, u), rate_ratio_midp(y, u, x, t)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(inverse.low, 1 / ratio.high, rtol=1e-9)
    np.testing.assert_allclose(inverse.p, ratio.p, rtol=1e-9)
    np.testing.assert_allclose(rate_ratio_midp(x, t * unit, y, u * unit).high, ratio.high, rtol=1e-9)


def test_very_many_events_keep_their_digits() -> None:
    many = 1_000_000_000
    found, other = rate_ratio_midp(many, 1.0, 1, 1.0), rate_ratio_midp(1, 1.0, many, 1.0)
    assert found.low[0] * other.high[0] == pytest.approx(1, rel=1e-9)
    difference = rate_difference_mn(many, 1.0, 1, 1.0)
    assert difference.low[0] < many - 1 < difference.high[0]


@pytest.mark.parametrize("method", [rate_ratio_midp, rate_difference_mn])
def test_no_follow_up_time_is_told_beside_the_others(method: object) -> None:
    found: RateRatio | Interval = method([0, 2, 1], [0.0, 9.0, 9.0], [1, 0, 1], [8.0, 0.0, 8.0])  # type: ignore[operator]
    assert np.isnan(found.low).tolist() == [True, True, False]
    assert found.warning.tolist() == [
        "no follow-up time in the arm", "no follow-up time in the reference arm", None,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="events_arm must be ≥ 0, got -1"):
        method(-1, 1, 1, 1)  # type: ignore[operator]
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 2"):
        method(1, 1, 1, 1, confidence_level=2)  # type: ignore[operator]
