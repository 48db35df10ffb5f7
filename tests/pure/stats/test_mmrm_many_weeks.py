"""The mixed model with more weeks than the participants bear: it falls back or is refused in a sentence, and never
raises. Held against a likelihood of whole matrices, participant by participant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pvtracker.stats import mmrm
from pvtracker.stats.mixed import reml
from pvtracker.stats.mixed.patterns import patterns
from pvtracker.stats.mmrm import LEFT_OUT
from tests.pure.stats.against import Against


def drawn(seed: int, people: int, weeks: int, *, missing: float) -> tuple[np.ndarray, np.ndarray]:
    """Values that wander from week to week, some missing, and the arm of each participant."""
    rng = np.random.default_rng(seed)
    y = 500 + 100 * np.cumsum(rng.normal(0, 1, (people, weeks)), axis=1)
    y[rng.random((people, weeks)) < missing] = np.nan
    return y, np.arange(people) % 2


def fit(y: np.ndarray, arm: np.ndarray, **options: Any) -> Any:
    people, weeks = y.shape
    return mmrm(
        np.repeat(np.arange(people), weeks),
        np.tile(np.arange(weeks), people),
        y.ravel(),
        np.repeat(arm, weeks),
        **options,
    )


def likelihood(y: np.ndarray, arm: np.ndarray, covariance: np.ndarray) -> tuple[float, np.ndarray]:
    """The restricted log-likelihood and the difference of the arms by week, from the definition: for each participant
    a matrix of regressors and the covariance of the weeks with a value."""
    weeks = y.shape[1]
    information, toward, rest = np.zeros((2 * weeks, 2 * weeks)), np.zeros(2 * weeks), 0.0
    for values, side in zip(y, arm, strict=True):
        there = np.flatnonzero(~np.isnan(values))
        X = np.zeros((len(there), 2 * weeks))
        X[np.arange(len(there)), there] = 1
        X[np.arange(len(there)), weeks + there] = side
        V = covariance[np.ix_(there, there)]
        solved = np.linalg.solve(V, np.column_stack([X, values[there]]))
        information += X.T @ solved[:, :-1]
        toward += X.T @ solved[:, -1]
        rest += float(values[there] @ solved[:, -1]) + float(np.linalg.slogdet(V)[1])
    beta = np.linalg.solve(information, toward)
    count = int((~np.isnan(y)).sum()) - 2 * weeks
    minus_two = rest - toward @ beta + np.linalg.slogdet(information)[1] + count * np.log(2 * np.pi)
    return float(-minus_two / 2), beta[weeks:]


def test_too_many_weeks_fall_back_and_say_why() -> None:
    """30 participants, 16 weeks, a tenth of the values missing: here the search once raised on infinite numbers, as it
    did with 55 in 30 weeks."""
    found = fit(*drawn(5, 30, 16, missing=0.1), fall_back=True)
    assert found.converged and found.covariance == "toeplitz" and not any(found.warning)
    assert found.fell_back.startswith("covariance unstructured was not fitted: ")
    assert np.isfinite(found.low).all() and np.isfinite(found.p).all()


def test_the_fit_of_thirty_weeks_is_the_peak_of_the_likelihood(against: Against) -> None:
    y, arm = drawn(1, 55, 30, missing=0.1)
    found = fit(y, arm, covariance="toeplitz")
    covariance = found.correlation * np.outer(found.sd, found.sd)
    peak, difference = likelihood(y, arm, covariance)
    source = "likelihood from its definition, 55 participants, 30 weeks"
    against("mmrm", source, "brute force", found.log_likelihood, peak, within=1e-9)
    against("mmrm", source, "brute force", found.difference, difference, within=1e-7)
    lag = np.abs(np.subtract.outer(np.arange(30), np.arange(30)))
    for place in (1, 4, 20):
        for step in (-0.002, 0.002):
            near = found.correlation + step * (lag == place)
            assert likelihood(y, arm, near * np.outer(found.sd, found.sd))[0] < peak
    for week in (0, 14, 29):
        for factor in (0.99, 1.01):
            sd = found.sd * np.where(np.arange(30) == week, factor, 1.0)
            assert likelihood(y, arm, found.correlation * np.outer(sd, sd))[0] < peak


def test_what_is_refused_has_no_peak_and_the_sentence_says_what_to_do() -> None:
    """20 participants, 10 weeks. c participants have all weeks, 2 means are fitted to each week, and c − 2 < 10: along
    a mix of the weeks that is alike in all of them the covariance can shrink to nothing, and each hundredth of its
    variance adds (c − 2)/2 · log 100 to the likelihood."""
    y, arm = drawn(4, 20, 10, missing=0.05)
    found = fit(y, arm)
    assert not found.converged and np.isnan(found.low).all()
    assert set(found.warning) == {
        "covariance unstructured was not fitted: the likelihood rises up to a covariance that is singular; take a "
        "covariance with fewer parameters (toeplitz, ar1 or compound symmetry) or fewer weeks"
    }
    whole = ~np.isnan(y).any(axis=1)
    n, z = int(whole.sum()), np.column_stack([np.ones(20), arm])[whole]
    assert 2 < n < 12
    left = y[whole] - z @ np.linalg.lstsq(z, y[whole], rcond=None)[0]
    along = np.linalg.svd(left)[2][-1]  # the mix of weeks that has no residual
    told = []
    for variance in (1e-6, 1e-8, 1e-10):
        covariance = 1e4 * (np.eye(10) - (1 - variance) * np.outer(along, along))
        told.append(likelihood(y, arm, covariance)[0])
    np.testing.assert_allclose(np.diff(told), (n - 2) / 2 * np.log(100), rtol=0.01)
    assert fit(y, arm, covariance="ar1").converged


@pytest.mark.parametrize("structure", ["unstructured", "toeplitz", "ar1", "compound symmetry"])
def test_a_trial_too_small_for_its_weeks_never_raises(structure: str) -> None:
    """Told or refused with what to do; 5 to 9 participants, 4 to 12 weeks."""
    refused = 0
    for seed in range(12):
        y, arm = drawn(seed, 5 + seed % 5, 4 + 2 * (seed % 5), missing=0.2)
        if seed % 4 == 0:
            y[:, 2] = y[:, 1]  # two weeks alike
        found = fit(y, arm, covariance=structure)
        weeks = ~np.isnan(found.difference)
        assert weeks.any() == found.converged
        if not found.converged:
            refused += 1
            assert all("fewer weeks" in one or "left out of the model" in one for one in found.warning)
    assert refused or structure in ("ar1", "compound symmetry")


def test_a_week_without_any_residual_is_to_be_left_out() -> None:
    y, arm = drawn(0, 30, 4, missing=0.0)
    y[:, 2] = 7.0
    found = fit(y, arm, fall_back=True)
    assert not found.converged and all(one.endswith("leave that week out") for one in found.warning)


def test_a_search_that_meets_infinite_numbers_is_refused() -> None:
    slope, bend = np.array([1.0, np.inf]), np.eye(2)
    with pytest.raises(reml.NotFitted, match="cannot be computed"):
        reml._step(slope, bend, 0.0)
    y, arm = drawn(0, 12, 3, missing=0.0)
    data = patterns(y, np.column_stack([np.ones(12), arm]))
    kind = reml.STRUCTURES["unstructured"]
    singular = kind.made(np.ones(6), 3)
    assert reml._least(singular.matrix) < reml.LEAST_EIGENVALUE and reml._state(data, singular, None) is None
    assert (
        reml._least(np.diag([1.0, 1e-20])) < 0 and reml._least(np.array([[1.0, np.nan], [np.nan, 1.0]])) < 0
    )


def test_the_mean_baseline_is_of_those_in_the_model() -> None:
    """One more, with another baseline, who has a value in a week alone that is left out, changes no number."""
    rng = np.random.default_rng(2)
    who, week = np.repeat(np.arange(40), 2), np.tile([4, 8], 40)
    arm, before = who % 2, rng.normal(size=40)[who]
    value = rng.normal(size=80) + before + arm
    without = mmrm(who, week, value, arm, baseline=before)
    one_more = mmrm(
        *(np.append(given, more) for given, more in ((who, 40), (week, 12), (value, 5.0), (arm, 1))),
        baseline=np.append(before, 500.0),
    )
    assert one_more.warning[2] == LEFT_OUT and one_more.participants == without.participants
    for name in ("mean_arm", "low_arm", "mean_ref", "high_ref", "difference", "p"):
        assert getattr(one_more, name)[:2] == pytest.approx(getattr(without, name), rel=1e-9), name
    assert one_more.log_likelihood == pytest.approx(without.log_likelihood, rel=1e-9)


@pytest.mark.parametrize("known", [np.zeros(40), np.arange(40) % 2 * 2.5])
def test_a_baseline_that_tells_only_the_arm_is_said_to_be_why_a_week_is_left_out(known: np.ndarray) -> None:
    """The same in all, and the same in all of each arm; in the second week one participant's differs."""
    rng = np.random.default_rng(6)
    who, week = np.repeat(np.arange(41), 2), np.tile([4, 8], 41)
    arm, before = who % 2, np.append(known, 9.0)[who]
    value = np.where((who == 40) & (week == 4), np.nan, rng.normal(size=82))
    found = mmrm(who, week, value, arm, baseline=before)
    assert list(found.warning) == [LEFT_OUT, None] and np.isnan(found.difference[0])
    assert LEFT_OUT.endswith("or in neither arm do baselines differ")
