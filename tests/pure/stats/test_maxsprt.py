"""MaxSPRT against the tables of the paper and of R Sequential, all sequences of events, and simulated histories."""

from __future__ import annotations

import re
from itertools import product
from math import log

import numpy as np
import pytest
from scipy import optimize as scipy_optimize
from scipy import stats as scipy_stats

from pvtracker.stats import (
    cmaxsprt_boundary,
    cmaxsprt_power,
    cmaxsprt_ratio,
    maxsprt_binomial_boundary,
    maxsprt_binomial_performance,
    maxsprt_binomial_ratio,
    maxsprt_poisson_boundary,
    maxsprt_poisson_performance,
    maxsprt_poisson_ratio,
)
from tests.pure.stats.against import Against

PAPER = "Kulldorff et al. 2011, table"
# R Sequential, CV.Poisson.R, TableCV.PoissonM: alpha 0.05, by length of the surveillance and minimum of cases
MINIMA = (1, 2, 3, 4, 6, 8, 10)
SEQUENTIAL = {
    1: (2.85393700326128, 2.36663822744395, 1.7742178463146),
    2: (3.0469774628286, 2.68935364101625, 2.34967932492501, 2.00015758807598),
    5: (
        *(3.29718279728549, 3.01290868171239, 2.80395477091307),
        *(2.62366847225542, 2.26759506082247, 1.93644717718729),
    ),
    10: (
        *(3.46795158033368, 3.23800870652229, 3.06424796686384, 2.92156132978567),
        *(2.69058633468102, 2.4848340056375, 2.2814406139523),
    ),
    50: (
        *(3.81990269391777, 3.65714243579444, 3.54482617261637, 3.4555214311217),
        *(3.31795545593698, 3.21042821525469, 3.11755331874543),
    ),
}
# The same file, TableCV.PoissonD, rounded up to six digits: first look after so many expected events
LATE = {
    10: {1: 2.799333, 2: 2.591675, 3: 2.484834, 4: 2.298373, 6: 2.087405, 8: 1.834621},
    20: {1: 3.082511, 2: 2.918988, 3: 2.846635, 4: 2.717137, 6: 2.542045, 8: 2.425671, 10: 2.260811},
}
# Table 1 of the paper: critical values at alpha 0.05, 0.01, 0.001 by length
CRITICAL = {
    0.1: (2.044069, 4.119293, 6.579669),
    1: (2.853937, 4.670428, 7.172614),
    10: (3.467952, 5.260513, 7.724863),
    100: (3.952321, 5.738974, 8.199403),
}
# Tables 2 and 3: power, mean time to a signal, mean length, at these relative risks
RISKS = (1.2, 1.5, 2, 3, 5, 10)
POWER = {1: (0.070, 0.107, 0.185, 0.379, 0.729, 0.987), 20: (0.138, 0.450, 0.921)}
TIME = {1: (0.25, 0.30, 0.35, 0.39, 0.37, 0.22), 10: (2.99, 4.02, 4.13, 2.45, 0.87, 0.27)}
LENGTH = {1: (0.95, 0.93, 0.88, 0.77, 0.54, 0.23), 10: (9.25, 8.33, 5.98, 2.53, 0.87, 0.27)}


def test_critical_values_of_sequential_by_minimum_cases(against: Against) -> None:
    for length, values in SEQUENTIAL.items():
        for minimum, critical in zip(MINIMA, values, strict=False):
            found = maxsprt_poisson_boundary(length, minimum_cases=minimum)
            source = "R Sequential TableCV.PoissonM"
            against("maxsprt_poisson_boundary", source, "program", found.critical, critical, within=1e-8)
            assert 0.05 - 1e-9 < found.error <= 0.05 and found.cases.min() >= minimum


def test_critical_values_of_sequential_by_first_look(against: Against) -> None:
    """Where the error jumps across 0.05 the value is the smallest that keeps it."""
    for length, values in LATE.items():
        for first, critical in values.items():
            found = maxsprt_poisson_boundary(length, first_look=first)
            source = "R Sequential TableCV.PoissonD"
            against("maxsprt_poisson_boundary", source, "program", found.critical, critical, within=1.3e-6)
            assert found.error <= 0.05
            assert (
                1 - 1e-9
                < maxsprt_poisson_performance(found.critical, length, first_look=first).power / found.error
                < 1 + 1e-9
            )


def test_the_tables_of_the_paper(against: Against) -> None:
    for length, values in CRITICAL.items():
        for alpha, critical in zip((0.05, 0.01, 0.001), values, strict=True):
            found = maxsprt_poisson_boundary(length, alpha=alpha).critical
            against("maxsprt_poisson_boundary", f"{PAPER} 1", "published", found, critical, within=1.1e-6)
    for table, rows, digit in ((2, POWER, 5e-4), (3, TIME, 5e-3), (3, LENGTH, 5e-3)):
        for length, values in rows.items():
            critical = maxsprt_poisson_boundary(length).critical
            for risk, expected in zip(RISKS, values, strict=False):
                seen = maxsprt_poisson_performance(critical, length, relative_risk=risk)
                found = {id(POWER): seen.power, id(TIME): seen.time_to_signal, id(LENGTH): seen.length}[
                    id(rows)
                ]
                against(
                    "maxsprt_poisson_performance",
                    f"{PAPER} {table}",
                    "published",
                    found,
                    expected,
                    within=digit * 1.02,
                )


def test_the_ratio_and_the_boundary_agree() -> None:
    found = maxsprt_poisson_boundary(10.0, minimum_cases=2)
    inside = found.limit < 10
    np.testing.assert_allclose(
        maxsprt_poisson_ratio(found.cases[inside], found.limit[inside]), found.critical, rtol=1e-9
    )
    assert found.limit[-1] == 10 and maxsprt_poisson_ratio(found.cases[-1], 10.0)[0] >= found.critical
    assert maxsprt_poisson_ratio([3, 0, 2, 5], [1.0, 2.0, 2.0, 0.0]).tolist() == [
        pytest.approx(3 * log(3) - 2),
        0.0,
        0.0,
        np.inf,
    ]


@pytest.mark.parametrize("first_look", [0.0, 1.5])
def test_simulated_surveillance(first_look: float) -> None:
    critical, risk, runs = 2.2, 1.6, 40_000
    arrival = np.cumsum(np.random.default_rng(3).exponential(1 / risk, (runs, 40)), axis=1)
    cases = np.arange(1, 41)
    with np.errstate(invalid="ignore"):
        beyond = (
            maxsprt_poisson_ratio(np.tile(cases, runs), arrival.ravel()).reshape(arrival.shape) >= critical
        )
    beyond &= (arrival <= 5) & (arrival >= first_look) & (cases >= 2)
    when = np.where(
        beyond.any(axis=1), np.take_along_axis(arrival, beyond.argmax(axis=1)[:, None], 1)[:, 0], 5.0
    )
    signal = beyond.any(axis=1)
    if first_look:
        had = (arrival <= first_look).sum(axis=1)
        early = (maxsprt_poisson_ratio(had, np.full(runs, first_look)) >= critical) & (had >= 2)
        signal, when = signal | early, np.where(early, first_look, when)
    found = maxsprt_poisson_performance(
        critical, 5.0, relative_risk=risk, minimum_cases=2, first_look=first_look
    )
    assert found.power == pytest.approx(signal.mean(), abs=4.5 * (0.25 / runs) ** 0.5)
    assert found.length == pytest.approx(when.mean(), abs=4.5 * when.std() / runs**0.5)
    assert found.time_to_signal == pytest.approx(
        when[signal].mean(), abs=4.5 * when[signal].std() / signal.sum() ** 0.5
    )


def crossed_until(c: int, critical: float) -> float:
    """Up to this time c cases have at least the critical ratio, c ln(c/t) - c + t."""
    return float(scipy_optimize.brentq(lambda t: c * log(c / t) - c + t - critical, 1e-9, c))


def test_the_boundary_and_its_power_by_counts_from_limit_to_limit(against: Against) -> None:
    """Where so many cases need at least the critical ratio, found by SciPy; the counts between those times Poisson."""
    for length, alpha, minimum, risk in ((2.5, 0.05, 1, 1.0), (8.0, 0.02, 3, 1.7), (0.7, 0.1, 2, 4.0)):
        found = maxsprt_poisson_boundary(length, alpha=alpha, minimum_cases=minimum)
        times = []
        for c in range(minimum, 60):
            times.append(min(crossed_until(c, found.critical), length))
            if times[-1] == length:
                break
        power = []
        for rate in (1.0, risk):
            state, before = np.array([1.0]), 0.0
            for needed, time in enumerate(times, start=minimum):
                chance = scipy_stats.poisson(rate * (time - before)).pmf(np.arange(needed))
                state, before = np.convolve(state, chance)[:needed], time
            power.append(1 - float(state.sum()))
        seen = maxsprt_poisson_performance(found.critical, length, relative_risk=risk, minimum_cases=minimum)
        source = "SciPy poisson, from limit to limit"
        against("maxsprt_poisson_boundary", source, "program", found.error, power[0], within=1e-9)
        against("maxsprt_poisson_performance", source, "program", seen.power, power[1], within=1e-9)
        assert power[0] <= alpha * (1 + 1e-9)


def test_looks_now_and_then() -> None:
    """Fewer looks, a lower critical value; the error of two looks by hand."""
    looks = [1.0, 3.0]
    found = maxsprt_poisson_boundary(3.0, looks=looks)
    assert found.limit.tolist() == looks and found.error <= 0.05
    assert found.critical < maxsprt_poisson_boundary(3.0).critical
    chance = np.random.default_rng(5)
    first = chance.poisson(1.0, 200_000)
    whole = first + chance.poisson(2.0, 200_000)
    early, late = first >= found.cases[0], whole >= found.cases[1]
    assert found.error == pytest.approx((early | late).mean(), abs=4.5 * (0.05 * 0.95 / 200_000) ** 0.5)
    seen = maxsprt_poisson_performance(found.critical, 3.0, looks=looks)
    assert seen.power == pytest.approx(found.error)
    assert seen.length == pytest.approx((early + 3.0 * ~early).mean(), abs=0.01)
    assert seen.time_to_signal == pytest.approx(np.where(early, 1.0, 3.0)[early | late].mean(), abs=0.05)


def test_the_binomial_example_of_sequential(against: Against) -> None:
    """man/Performance.Binomial.Rd: Performance.Binomial(N = 30, M = 1, cv = 2, z = 1, RR = 2)."""
    found = maxsprt_binomial_performance(2.0, 30, probability=0.5, relative_risk=2.0)
    against(
        "maxsprt_binomial_performance",
        "R Sequential Performance.Binomial, its example",
        "program",
        [found.power, found.time_to_signal, found.length],
        [0.658732, 10.7893, 17.3453],
        within=5e-6,
    )


@pytest.mark.parametrize(
    ("looks", "p", "minimum", "alpha", "risk"),
    [
        (None, 0.3, 2, 0.06, 3.0),
        ([3, 8, 10], 0.3, 2, 0.06, 3.0),
        (None, 0.5, 1, 0.05, 1.0),
        ([2, 4, 6, 8, 10], 0.5, 3, 0.2, 2.0),
        (None, 0.1, 1, 0.01, 8.0),
        ([1, 10], 0.65, 1, 0.1, 1.5),
        ([5, 6, 10], 0.2, 2, 0.025, 4.0),
    ],
)
def test_the_binomial_test_against_all_sequences(
    looks: list[int] | None, p: float, minimum: int, alpha: float, risk: float, against: Against
) -> None:
    """All 2^10 sequences of events: the error at each possible critical value, and what the alternative does."""
    q = risk * p / (1 - p + risk * p)
    largest, when = np.zeros((2**10, 11)), looks or list(range(1, 11))
    chance, other = np.empty(2**10), np.empty(2**10)
    for row, sequence in enumerate(product([0, 1], repeat=10)):
        cases = np.cumsum(sequence)
        chance[row] = p ** cases[-1] * (1 - p) ** (10 - cases[-1])
        other[row] = q ** cases[-1] * (1 - q) ** (10 - cases[-1])
        for n in when:
            c = int(cases[n - 1])
            if c >= minimum and c / n > p:
                largest[row, n] = c * log(c / n / p) + (
                    (n - c) * log((n - c) / n / (1 - p)) if n > c else 0.0
                )
    best = largest.max(axis=1)
    values = sorted({round(value, 9) for value in best if value > 0})
    exact = next(value for value in values if chance[best >= value - 1e-8].sum() <= alpha)
    found = maxsprt_binomial_boundary(10, probability=p, alpha=alpha, minimum_cases=minimum, looks=looks)
    against("maxsprt_binomial_boundary", "all sequences", "brute force", found.critical, exact, within=1e-8)
    error = chance[best >= exact - 1e-8].sum()
    against("maxsprt_binomial_boundary", "all sequences", "brute force", found.error, error, within=1e-12)
    beyond = largest >= exact - 1e-8
    signal = beyond.any(axis=1)
    stop = np.where(signal, beyond.argmax(axis=1), 10)
    seen = maxsprt_binomial_performance(
        found.critical, 10, probability=p, relative_risk=risk, minimum_cases=minimum, looks=looks
    )
    told = [other[signal].sum(), other @ stop, other[signal] @ stop[signal] / other[signal].sum()]
    ours = [seen.power, seen.length, seen.time_to_signal]
    against("maxsprt_binomial_performance", "all sequences", "brute force", ours, told, within=1e-12)


def test_ratios_are_those_of_scipys_likelihoods_at_their_maximum(against: Against) -> None:
    """At the relative risk that the events suggest, if it is above one; the conditional ratio has both rates free."""
    rng = np.random.default_rng(20110101)
    cases, time, expected = rng.integers(0, 40, 50), rng.uniform(0.05, 3, 50), rng.uniform(0.1, 40, 50)
    logpmf = scipy_stats.poisson.logpmf
    found = logpmf(cases, np.maximum(cases, expected)) - logpmf(cases, expected)
    source = "SciPy, logpmf at the maximum"
    against(
        "maxsprt_poisson_ratio", source, "program", maxsprt_poisson_ratio(cases, expected), found, within=1e-9
    )
    events = cases + rng.integers(1, 40, 50)
    binomial = scipy_stats.binom.logpmf
    found = binomial(cases, events, np.maximum(cases / events, 0.4)) - binomial(cases, events, 0.4)
    ours = maxsprt_binomial_ratio(cases, events, probability=0.4)
    against("maxsprt_binomial_ratio", source, "program", ours, found, within=1e-9)
    history, excess = 12, cases / time > 12
    pooled = (history + cases) / (1 + time)
    free = logpmf(history, history) + logpmf(cases, np.where(excess, cases, 1.0))
    found = np.where(excess, free - logpmf(history, pooled) - logpmf(cases, pooled * time), 0.0)
    ours = cmaxsprt_ratio(cases, time, historical_cases=history)
    against("cmaxsprt_ratio", source, "program", ours, found, within=1e-9)


def test_the_binomial_ratio() -> None:
    assert maxsprt_binomial_ratio([4, 1, 2], [4, 2, 4], probability=0.5).tolist() == pytest.approx(
        [4 * log(2), 0.0, 0.0]
    )
    found = maxsprt_binomial_ratio(3, 4, probability=0.25)[0]
    assert found == pytest.approx(3 * log(3) + log(1 / 3))


@pytest.mark.parametrize("history", ["last_event", "between", "next_event"])
def test_simulated_histories(history: str) -> None:
    """The conditional test by drawing history and surveillance, with its two ends, a late start and a relative risk."""
    chance, runs, c = np.random.default_rng(11), 40_000, 6
    follow_up = chance.gamma(c, size=runs)
    if history != "last_event":
        follow_up += chance.exponential(size=runs) * (chance.random(runs) if history == "between" else 1.0)
    arrival = np.cumsum(chance.exponential(1 / 1.5, (runs, 40)), axis=1) / follow_up[:, None]
    k = np.arange(1, 41)
    ratio = cmaxsprt_ratio(np.tile(k, runs), arrival.ravel(), historical_cases=c).reshape(arrival.shape)
    error = 4.5 * (0.25 / runs) ** 0.5
    seen = ((ratio >= 1.8) & (k >= 2) & (k <= 12)).any(axis=1).mean()
    found = cmaxsprt_power(1.8, c, relative_risk=1.5, cases=12, minimum_cases=2, history=history)
    assert found == pytest.approx(seen, abs=error)
    had = (arrival <= 0.2).sum(axis=1)
    early = cmaxsprt_ratio(had, np.full(runs, 0.2), historical_cases=c) >= 1.8
    seen = (early | ((ratio >= 1.8) & (arrival >= 0.2) & (arrival <= 1.5)).any(axis=1)).mean()
    found = cmaxsprt_power(1.8, c, relative_risk=1.5, time=1.5, first_look=0.2, history=history)
    assert found == pytest.approx(seen, abs=error)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: maxsprt_poisson_boundary(0.0), "expected must lie in (0, 2000], got 0.0"),
        (lambda: maxsprt_poisson_boundary(1.0, first_look=1.0), "first_look must lie in [0, 1.0), got 1.0"),
        (
            lambda: maxsprt_poisson_boundary(1.0, minimum_cases=0),
            "minimum_cases must be a whole number from 1",
        ),
        (
            lambda: maxsprt_poisson_boundary(1.0, minimum_cases=9),
            "the surveillance is too short to spend 0.05",
        ),
        (lambda: maxsprt_poisson_boundary(1.0, looks=[0.5]), "looks must increase from above 0 to expected"),
        (lambda: maxsprt_poisson_boundary(1.0, looks=[0.5, 0.5, 1]), "looks must increase from above 0 to"),
        (lambda: maxsprt_poisson_boundary(1.0, alpha=1.0), "alpha must lie strictly between 0 and 1"),
        (lambda: maxsprt_poisson_performance(0.0, 1.0), "critical must lie in (0, 60], got 0.0"),
        (
            lambda: maxsprt_poisson_performance(1.0, 1.0, relative_risk=0),
            "relative_risk must lie in (0, 1000]",
        ),
        (lambda: maxsprt_poisson_ratio([1], [-1.0]), "expected must be ≥ 0, got -1.0"),
        (
            lambda: maxsprt_binomial_boundary(0, probability=0.5),
            "events must be a whole number from 1 to 1000",
        ),
        (
            lambda: maxsprt_binomial_boundary(3, probability=0.5),
            "no critical value keeps the error at or below",
        ),
        (
            lambda: maxsprt_binomial_boundary(9, probability=0.0),
            "probability must lie strictly between 0 and 1",
        ),
        (
            lambda: maxsprt_binomial_boundary(9, probability=0.5, looks=[4, 8]),
            "looks must increase from above 0",
        ),
        (
            lambda: maxsprt_binomial_boundary(9, probability=0.5, minimum_cases=0),
            "minimum_cases must be a whole",
        ),
        (lambda: maxsprt_binomial_performance(0.0, 9, probability=0.5), "critical must be > 0, got 0.0"),
        (
            lambda: maxsprt_binomial_performance(1.0, 9, probability=0.5, relative_risk=0.0),
            "relative_risk must lie in (0, 1000], got 0.0",
        ),
        (lambda: maxsprt_binomial_ratio([2], [1], probability=0.5), "cases must be ≤ events, got 2"),
        (
            lambda: cmaxsprt_boundary(0, cases=5),
            "historical_cases must be a whole number from 1 to 10000, got 0",
        ),
        (
            lambda: cmaxsprt_boundary(5),
            "name the cases or the time at which the surveillance ends, one of them",
        ),
        (
            lambda: cmaxsprt_boundary(5, cases=2, time=1.0),
            "name the cases or the time at which the surveillance",
        ),
        (lambda: cmaxsprt_boundary(5, cases=0), "cases must be a whole number from 1 to 500, got 0"),
        (
            lambda: cmaxsprt_boundary(5, time=100.0),
            "time must be > 0 and expect at most 250 events, got 100.0",
        ),
        (
            lambda: cmaxsprt_boundary(5, cases=5, minimum_cases=0),
            "minimum_cases must be a whole number from 1",
        ),
        (lambda: cmaxsprt_boundary(5, time=1.0, first_look=1.0), "first_look must be ≥ 0 and before the end"),
        (
            lambda: cmaxsprt_boundary(5, time=1.0, history="x"),
            "history must be one of between, last_event, next",
        ),
        (lambda: cmaxsprt_power(0.0, 5, time=1.0), "critical must lie in (0, 60], got 0.0"),
        (
            lambda: cmaxsprt_power(1.0, 5, time=1.0, relative_risk=0),
            "relative_risk must lie in (0, 1000], got 0",
        ),
        (lambda: cmaxsprt_ratio([1], [0.0], historical_cases=5), "time must be > 0, got 0.0"),
    ],
)
def test_what_cannot_be_is_refused(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        call()  # type: ignore[operator]
