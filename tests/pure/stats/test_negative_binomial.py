"""Negative binomial rates against R MASS, R's optim and SciPy's likelihood."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats

from pvtracker.stats import rate_ratio_negative_binomial
from tests.pure.stats.against import Against
from tests.pure.stats.cgd import ARM, END, WHO

EVENTS = np.bincount(WHO, minlength=len(END))
YEARS = np.array(END) / 365.25
KEY = "rate_ratio_negative_binomial"


def test_rates_dispersion_and_wald_limits_of_r_mass(against: Against) -> None:
    """R 4.2.2: f <- glm.nb(y ~ arm + offset(log(years))); exp(coef), 1 / f$theta, Wald limits and p of summary(f)."""
    found = rate_ratio_negative_binomial(EVENTS, YEARS, ARM, limits="wald")
    ours = [found.rate_ref, found.rate_arm, found.ratio, found.dispersion, found.low, found.high, found.p]
    theirs = [1.07027389112, 0.38167400818, 0.356613397136, 0.913219124891]
    theirs += [0.192837370903, 0.659483763034, 0.00101225475913]
    against(KEY, "R MASS, glm.nb of cgd", "program", ours, theirs, within=3e-8)


def test_profile_limits_by_r(against: Against) -> None:
    """R 4.2.2: -sum(dnbinom(y, size = 1/k, mu, log = TRUE)) minimised by optim at each ratio, limits by uniroot."""
    found = rate_ratio_negative_binomial(EVENTS, YEARS, ARM)
    theirs = [0.18949773613, 0.654160873109, 0.0010070796549]
    against(KEY, "R, optim of dnbinom, cgd", "program", [found.low, found.high, found.p], theirs, within=1e-8)
    assert found.limits == "profile" and found.warning is None


def some_counts(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    arm, years = rng.integers(0, 2, 60), rng.uniform(0.2, 3, 60)
    return rng.poisson(np.where(arm, 2.0, 1.0) * years * rng.gamma(1.5, 1 / 1.5, 60)), years, arm


def likelihood(y: np.ndarray, t: np.ndarray, arm: np.ndarray, log_ratio: float, at: np.ndarray) -> float:
    mean, size = np.exp(at[0] + log_ratio * arm) * t, np.exp(-at[1])
    return float(scipy_stats.nbinom.logpmf(y, size, size / (size + mean)).sum())


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_likelihood_at_the_limits_by_scipy(level: float, against: Against) -> None:
    y, t, arm = some_counts(1987)
    found = rate_ratio_negative_binomial(y, t, arm, confidence_level=level)

    def highest(log_ratio: float) -> float:
        options = {"xatol": 1e-9, "fatol": 1e-12}
        fit = optimize.minimize(
            lambda at: -likelihood(y, t, arm, log_ratio, at),
            [0.0, 0.0],
            method="Nelder-Mead",
            options=options,
        )
        return -float(fit.fun)

    best = highest(np.log(found.ratio))
    drops = [2 * (best - highest(np.log(limit))) for limit in (found.low, found.high)]
    quantile = scipy_stats.chi2.ppf(level, 1)
    against(KEY, "SciPy, nbinom: drop of the likelihood", "program", drops, quantile, within=1e-6)
    p = scipy_stats.chi2.sf(2 * (best - highest(0.0)), 1)
    against(KEY, "SciPy, nbinom: p", "program", found.p, p, within=1e-7)
    assert found.confidence_level == level


def test_counts_less_spread_than_poissons_are_poisson() -> None:
    found = rate_ratio_negative_binomial([1, 2, 1, 2, 2, 1], [2.0] * 6, [1, 1, 1, 0, 0, 0], limits="wald")
    assert found.dispersion == 0 and found.ratio == pytest.approx(4 / 5)
    assert np.log(found.high / found.ratio) == pytest.approx(1.959964 * np.sqrt(1 / 4 + 1 / 5), rel=1e-5)


@pytest.mark.parametrize("limits", ["profile", "wald"])
def test_arms_and_unit_of_time(limits: str) -> None:
    y, t, arm = some_counts(5)
    found = rate_ratio_negative_binomial(y, t, arm, limits=limits)  # type: ignore[arg-type]
    other = rate_ratio_negative_binomial(y, t * 12, 1 - arm, limits=limits)  # type: ignore[arg-type]
    assert other.rate_ref * 12 == pytest.approx(found.rate_arm, rel=1e-6)
    assert [other.low, other.high] == pytest.approx([1 / found.high, 1 / found.low], rel=1e-6)
    assert other.p == pytest.approx(found.p, rel=1e-5) and other.dispersion == pytest.approx(found.dispersion)


def test_an_arm_without_events_has_one_profile_limit() -> None:
    y, t = [0, 0, 0, 3, 1, 2], [1.0] * 6
    none_in_arm = rate_ratio_negative_binomial(y, t, [1, 1, 1, 0, 0, 0])
    assert (none_in_arm.ratio, none_in_arm.low) == (0, 0) and 0 < none_in_arm.high < 1
    assert none_in_arm.warning == "no event in the arm: the ratio is 0, and has a profile limit only"
    none_in_ref = rate_ratio_negative_binomial(y, t, [0, 0, 0, 1, 1, 1])
    assert none_in_ref.ratio == none_in_ref.high == np.inf
    assert none_in_ref.low == pytest.approx(1 / none_in_arm.high, rel=1e-6)
    wald = rate_ratio_negative_binomial(y, t, [1, 1, 1, 0, 0, 0], limits="wald")
    assert np.isnan([wald.low, wald.high, wald.p]).all()
    nothing = rate_ratio_negative_binomial([0, 0], [1, 1], [1, 0])
    assert np.isnan([nothing.ratio, nothing.low, nothing.p]).all() and nothing.rate_arm == 0
    assert nothing.warning == "no event in either arm: the ratio does not exist"
    alone = rate_ratio_negative_binomial([1, 2], [1, 1], [1, 1])
    assert np.isnan(astuple(alone)[:7]).all()
    assert alone.warning == "no follow-up time in one of the arms"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [1.0], [1, 0]), r"must have one shape \(N,\), got \(2,\), \(1,\) and \(2,\)"),
        (([1, 2], [1.0, 0.0], [1, 0]), "years must be > 0, got 0.0"),
        (([1, 2], [1.0, 1.0], [1, 2]), "in_arm must be 0 or 1, got 2"),
        (([1, 1.5], [1.0, 1.0], [1, 0]), "events must be whole numbers, got 1.5"),
    ],
)
def test_counts_that_cannot_be_are_refused(arguments: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rate_ratio_negative_binomial(*arguments)
    with pytest.raises(ValueError, match="limits must be profile or wald, got 'score'"):
        rate_ratio_negative_binomial([1], [1], [1], limits="score")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 95"):
        rate_ratio_negative_binomial([1], [1], [1], confidence_level=95)


def test_few_participants_are_warned_of() -> None:
    few = rate_ratio_negative_binomial([1, 30], [1, 1], [1, 0])
    assert few.warning is not None and few.warning.startswith("fewer than 10 participants")
    enough = rate_ratio_negative_binomial([1, 2, 3, 1, 2] * 2, [1.0] * 10, [1, 0] * 5)
    assert enough.warning is None
