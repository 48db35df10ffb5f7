"""Conditional MaxSPRT follows one path for many rates: each against the path followed by itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import cmaxsprt, cmaxsprt_boundary
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
