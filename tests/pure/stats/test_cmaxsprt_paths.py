"""Conditional MaxSPRT: one path followed for many rates, a second recursion, its error, and a long history."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import (
    cmaxsprt,
    cmaxsprt_boundary,
    cmaxsprt_power,
    cmaxsprt_ratio,
    maxsprt_poisson_performance,
)
from tests.pure.stats.against import Against


@pytest.mark.parametrize(("history", "cases"), [(1, 100), (8, 40), (500, 100)])
def test_one_followed_path_tells_of_many_rates(history: int, cases: int, against: Against) -> None:
    """From rates of next to nothing to ten times those at which hardly a path stays: each followed by itself."""
    found = cmaxsprt_boundary(history, cases=cases, history="next_event")
    rates = cases / found.limit[-1] * np.array([1e-4, 0.05, 0.4, 0.8, 1.1, 1.6, 10.0])
    told = cmaxsprt._without_signal(rates, found.cases, found.limit)
    source = "SciPy poisson, path by path"
    for rate, stays in zip(rates, told, strict=True):
        state = np.array([1.0])
        for step, needed in zip(np.diff(found.limit, prepend=0.0) * rate, found.cases, strict=True):
            state = np.convolve(state, scipy_stats.poisson(step).pmf(np.arange(needed)))[:needed]
        against("cmaxsprt_power", source, "program", stays, float(state.sum()), within=1e-11)
    assert told[0] > 0.99 and told[-1] < 1e-12


def polya(c: int, cases: np.ndarray, limit: np.ndarray) -> float:
    """Probability to reach a boundary when the history ended with its last event: given j events by time s, those until
    t are negative binomial with size c + j and success probability (1 + s)/(1 + t)."""
    state, before = np.array([1.0]), 0.0
    for needed, time in zip(cases.tolist(), limit.tolist(), strict=True):
        after = np.zeros(needed)
        for j, chance in enumerate(state):
            more = np.arange(needed - j)
            after[j:] += chance * scipy_stats.nbinom.pmf(more, c + j, (1 + before) / (1 + time))
        state, before = after, time
    return float(1 - state.sum())


def test_the_conditional_test_by_a_second_recursion(against: Against) -> None:
    source = "recursion of negative binomials"
    for c, options in (
        (1, {"cases": 9}),
        (20, {"cases": 20, "minimum_cases": 2}),
        (7, {"time": 1.2, "first_look": 0.3}),
        (20, {"cases": 20, "alpha": 0.01}),
        (7, {"time": 1.2, "alpha": 0.2}),
        (3, {"cases": 12, "minimum_cases": 3, "alpha": 0.001}),
    ):
        found = cmaxsprt_boundary(c, history="last_event", **options)
        theirs = polya(c, found.cases, found.limit)
        assert 0.97 < found.error / options.get("alpha", 0.05) <= 1
        against("cmaxsprt_boundary", source, "brute force", found.error, theirs, within=1e-9)
        options.pop("alpha", None)
        seen = cmaxsprt_power(found.critical, c, history="last_event", **options)
        against("cmaxsprt_power", source, "brute force", seen, theirs, within=1e-9)


def test_the_conditional_boundary_keeps_its_error_and_is_near_sequentials() -> None:
    """man/CV.CondPoisson.Rd, exact, K = 20, cc = 20, M = 2: 3.149115; why ours is a little higher says the page."""
    found = cmaxsprt_boundary(20, cases=20, minimum_cases=2)
    assert found.error == pytest.approx(0.05, abs=1e-9) and found.error <= 0.05
    assert found.critical == pytest.approx(3.1513, abs=1e-4)
    np.testing.assert_allclose(
        cmaxsprt_ratio(found.cases, found.limit, historical_cases=20), found.critical, rtol=1e-9
    )
    assert found.cases.tolist() == list(range(2, 21))


def test_a_long_history_makes_the_conditional_test_the_poisson_one() -> None:
    known = maxsprt_poisson_performance(3.0, 4.0, relative_risk=1.4).power
    assert cmaxsprt_power(3.0, 10_000, time=4.0 / 10_000, relative_risk=1.4) == pytest.approx(known, abs=2e-4)
