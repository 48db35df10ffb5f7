"""Stopping rules for one arm against R stoppingrule's published output, all sequences and SciPy's beta distribution."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from pvtracker.stats import (
    beta_binomial_boundary,
    beta_binomial_posterior,
    stopping_characteristics,
    toxicity_boundary,
)
from tests.pure.stats.against import Against

README = "R stoppingrule README, calc.rule(ns = 1:50, p0 = 0.20, type = 'Pocock', alpha = 0.10)"
# "N evaluable", "Reject If N >=" of its table.rule
RULE = [
    *((3, 4, 3), (5, 6, 4), (7, 9, 5), (10, 12, 6), (13, 16, 7), (17, 19, 8), (20, 23, 9), (24, 26, 10)),
    *((27, 30, 11), (31, 34, 12), (35, 38, 13), (39, 41, 14), (42, 45, 15), (46, 49, 16), (50, 50, 17)),
]


def test_the_pocock_rule_of_stoppingrule(against: Against) -> None:
    found = toxicity_boundary(50, risk=0.2, alpha=0.1)
    theirs = [events for first, last, events in RULE for _ in range(first, last + 1)]
    against("toxicity_boundary", README, "program", found.events[2:], theirs, within=0)
    assert found.events[:2].tolist() == [2, 3]  # none stops: more than there are participants
    against("toxicity_boundary", README, "program", found.stop_probability, 0.09977254, within=5e-9)
    seen = stopping_characteristics(found.participants, found.events, risk=[0.2, 0.25, 0.3, 0.35, 0.4])
    source = README.split(",")[0] + ", OC.rule"
    chance = [0.09977254, 0.27689051, 0.53974016, 0.78266569, 0.92684148]
    evaluated = [46.72419, 41.93172, 34.66321, 26.59365, 19.62976]
    against("stopping_characteristics", source, "program", seen.stop_probability, chance, within=5e-9)
    against("stopping_characteristics", source, "program", seen.participants, evaluated, within=1e-6)


def sequences(size: int, p: float) -> list[tuple[float, np.ndarray]]:
    """Every sequence of events with its probability, as running counts."""
    every = [np.cumsum(sequence) for sequence in product([0, 1], repeat=size)]
    return [(float(p ** counts[-1] * (1 - p) ** (size - counts[-1])), counts) for counts in every]


@pytest.mark.parametrize("looks", [None, [2, 5, 9]])
def test_the_toxicity_boundary_against_all_sequences(looks: list[int] | None, against: Against) -> None:
    """The largest common level whose overall probability stays below alpha, by trying every level there is."""
    p, alpha, when = 0.3, 0.15, looks or list(range(1, 10))
    best = (0.0, [n + 1 for n in when], 0.0)
    for level in sorted({scipy_stats.binom.sf(x - 1, n, p) for n in when for x in range(1, n + 1)}):
        rule = [
            next((x for x in range(1, n + 1) if scipy_stats.binom.sf(x - 1, n, p) <= level + 1e-12), n + 1)
            for n in when
        ]
        overall = sum(
            chance
            for chance, counts in sequences(9, p)
            if any(counts[n - 1] >= x for n, x in zip(when, rule, strict=True))
        )
        if overall <= alpha:
            best = (level, rule, overall)
    found = toxicity_boundary(9, risk=p, alpha=alpha, looks=looks)
    against("toxicity_boundary", "all sequences", "brute force", found.events, best[1], within=0)
    against(
        "toxicity_boundary", "all sequences", "brute force", found.stop_probability, best[2], within=1e-12
    )
    assert found.level == pytest.approx(best[0]) and found.participants.tolist() == when


def test_characteristics_against_all_sequences(against: Against) -> None:
    when, rule = [2, 4, 5, 8], [2, 3, 6, 5]
    for p in (0.0, 0.35, 1.0):
        stop = size = events = 0.0
        for chance, counts in sequences(8, p):
            at = next((n for n, x in zip(when, rule, strict=True) if counts[n - 1] >= x), None)
            stop += chance * (at is not None)
            size += chance * (at or 8)
            events += chance * counts[(at or 8) - 1]
        found = stopping_characteristics(when, rule, risk=p)
        ours = [found.stop_probability[0], found.participants[0], found.events[0]]
        against(
            "stopping_characteristics",
            "all sequences",
            "brute force",
            ours,
            [stop, size, events],
            within=1e-12,
        )


def test_a_rule_that_never_stops() -> None:
    none = toxicity_boundary(3, risk=0.5, alpha=0.01)
    assert none.events.tolist() == [2, 3, 4] and none.level == 0 and none.stop_probability == 0
    assert stopping_characteristics(none.participants, none.events, risk=1.0).stop_probability[0] == 0


def test_the_posterior_is_a_beta_distribution(against: Against) -> None:
    x, n = np.array([0, 3, 10]), np.array([0, 12, 10])
    found = beta_binomial_posterior(x, n, prior=(0.4, 1.6), risk=0.2)
    theirs = scipy_stats.beta.sf(0.2, x + 0.4, n - x + 1.6)
    against("beta_binomial_posterior", "SciPy stats.beta", "program", found, theirs, within=1e-12)
    found = beta_binomial_posterior(x, n, risk=0.2, margin=0.1)
    np.testing.assert_allclose(found, scipy_stats.beta.sf(0.3, x + 0.5, n - x + 0.5))


def test_an_uncertain_reference_against_integration(against: Against) -> None:
    for (x, n), (a, b), margin in (((4, 10), (20, 80), 0.0), ((1, 3), (2, 5), 0.1), ((9, 20), (3, 4), -0.05)):

        def height(q: float, x: int = x, n: int = n, a: float = a, b: float = b, m: float = margin) -> float:
            return float(
                scipy_stats.beta.pdf(q, a, b)
                * scipy_stats.beta.sf(min(max(q + m, 0), 1), x + 0.5, n - x + 0.5)
            )

        theirs = integrate.quad(height, 0, 1, epsabs=1e-12, points=[0.05, 0.9], limit=400)[0]
        found = beta_binomial_posterior(x, n, reference=(a, b), margin=margin)
        against("beta_binomial_posterior", "SciPy integrate.quad", "program", found, theirs, within=1e-9)
    sharp = beta_binomial_posterior(4, 10, reference=(2e5, 8e5))
    assert sharp[0] == pytest.approx(beta_binomial_posterior(4, 10, risk=0.2)[0], abs=1e-5)


@pytest.mark.parametrize("looks", [None, [4, 8]])
def test_the_bayesian_rule_stops_where_the_posterior_reaches_the_threshold(
    looks: list[int] | None, against: Against
) -> None:
    options = {"prior": (1.0, 4.0), "risk": 0.25, "margin": 0.05}
    found = beta_binomial_boundary(8, threshold=0.9, looks=looks, **options)
    for n, x in zip(found.participants.tolist(), found.events.tolist(), strict=True):
        every = beta_binomial_posterior(np.arange(n + 1), n, **options)
        assert (every >= 0.9).tolist() == [count >= x for count in range(n + 1)]
        posterior = scipy_stats.beta.sf(0.3, 1 + np.arange(n + 1), 4 + n - np.arange(n + 1))
        fewest = next((count for count in range(n + 1) if posterior[count] >= 0.9), x)
        against("beta_binomial_boundary", "SciPy stats.beta, every count", "program", x, fewest, within=0)
    stop = sum(
        chance
        for chance, counts in sequences(8, 0.3)
        if any(counts[n - 1] >= x for n, x in zip(found.participants, found.events, strict=True))
    )
    assert found.stop_probability == pytest.approx(stop) and found.level == 0.9
    uncertain = beta_binomial_boundary(8, threshold=0.9, prior=(1.0, 4.0), reference=(3.0, 7.0), looks=looks)
    assert (uncertain.events >= found.events).all()
    seen = stopping_characteristics(uncertain.participants, uncertain.events, risk=0.3)
    assert uncertain.stop_probability == pytest.approx(seen.stop_probability[0])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: toxicity_boundary(0, risk=0.2), "participants must be a whole number from 1 to 2000, got 0"),
        (lambda: toxicity_boundary(9, risk=0.0), "risk must lie strictly between 0 and 1, got 0.0"),
        (
            lambda: toxicity_boundary(9, risk=0.2, alpha=1.0),
            "alpha must lie strictly between 0 and 1, got 1.0",
        ),
        (
            lambda: toxicity_boundary(9, risk=0.2, looks=[3, 8]),
            "looks must increase from above 0 to participants",
        ),
        (lambda: beta_binomial_posterior(2, 1, risk=0.2), "events must be ≤ participants, got 2"),
        (lambda: beta_binomial_posterior(1, 2), "name a risk or a reference, one of them"),
        (
            lambda: beta_binomial_posterior(1, 2, risk=0.1, reference=(1, 1)),
            "name a risk or a reference, one of",
        ),
        (
            lambda: beta_binomial_posterior(1, 2, risk=0.9, margin=0.2),
            "risk + margin must lie strictly between",
        ),
        (lambda: beta_binomial_posterior(1, 2, risk=0.9, margin=1.0), "margin must lie in (-1, 1), got 1.0"),
        (lambda: beta_binomial_posterior(1, 2, risk=0.5, prior=(0, 1)), "prior must hold the two positive"),
        (lambda: beta_binomial_posterior(1, 2, reference=(1, 2, 3)), "reference must hold the two positive"),
        (
            lambda: beta_binomial_boundary(5, risk=0.5, threshold=0),
            "threshold must lie strictly between 0 and 1",
        ),
        (
            lambda: stopping_characteristics([1, 2], [1], risk=0.1),
            "participants and events must have the same",
        ),
        (
            lambda: stopping_characteristics([2, 2], [1, 1], risk=0.1),
            "participants must increase from above 0",
        ),
        (lambda: stopping_characteristics([2001], [1], risk=0.1), "participants must be ≤ 2000, got 2001"),
        (lambda: stopping_characteristics([2], [1], risk=1.1), "risk must lie in [0, 1], got 1.1"),
    ],
)
def test_what_cannot_be_is_refused(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        call()  # type: ignore[operator]
