"""What a group-sequential boundary does where looks come with numbers of events: exact, by recursion.

Method and when it matters: docs/methods/group-sequential.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ndtr

from pvtracker.stats.inputs import counts, refuse
from pvtracker.stats.results import FloatArray, IntArray, SequentialCrossing

MOST = 4000  # participants with the event: every one is a step of the recursion over all counts


def group_sequential_events_crossing(
    n_arm: ArrayLike, n_ref: ArrayLike, events: ArrayLike, z: ArrayLike, *, ratio: float
) -> SequentialCrossing:
    """Probability that an excess in the arm crosses the boundary at each look first, by Fisher's one-sided p ≤ Φ(−z).

    events: participants with the event up to each look, increasing, at most 4,000; n_arm, n_ref: participants, from the
    look before on at risk, never fewer than before; all of shape (looks,). z: bounds, infinite where none. ratio: of
    the rates, arm ÷ reference: with x and y of them having had it, the next is of the arm with probability
    ratio (n_arm − x) / (ratio (n_arm − x) + n_ref − y). At ratio 1 the arm's count is hypergeometric.
    `expected_fraction` is of `events` at the last look.

    Source: derived from the definition, the chain of first events under proportional rates.
    """
    a, b, d = (
        np.atleast_1d(counts(name, told))
        for name, told in (("n_arm", n_arm), ("n_ref", n_ref), ("events", events))
    )
    bounds = np.atleast_1d(np.asarray(z, dtype=np.float64))
    if not (len(a) and a.shape == b.shape == d.shape == bounds.shape and not np.isnan(bounds).any()):
        raise ValueError(
            f"n_arm, n_ref, events and z must have the same length, got {a.shape}, {b.shape}, {d.shape}, {bounds.shape}"
        )
    for name, size in (("n_arm", a), ("n_ref", b)):
        refuse(name, "must not fall from look to look", size, np.diff(size, prepend=0) < 0)
    refuse("events", "must increase from above 0", d, np.diff(d, prepend=0) <= 0)
    refuse("events", f"must be ≤ {MOST}", d, d > MOST)
    refuse("events", "must be ≤ n_arm + n_ref", d, d > a + b)
    if not 0 < ratio < np.inf:
        raise ValueError(f"ratio must be > 0, got {ratio}")
    state: FloatArray = np.ones(
        1
    )  # probability that so many of the events were the arm's, without having crossed
    crossed, used, before = np.zeros(len(d)), 0.0, 0
    for look, (N_arm, N_ref, total, bound) in enumerate(
        zip(a.tolist(), b.tolist(), d.tolist(), bounds.tolist(), strict=True)
    ):
        used += float(state.sum()) * (total - before)
        for had in range(before, total):
            x = np.arange(had + 1)
            arm, ref = ratio * np.maximum(N_arm - x, 0), np.maximum(N_ref - (had - x), 0)
            part = arm / np.maximum(arm + ref, 1e-300)
            state = np.append(state * (1 - part), 0.0) + np.append(0.0, state * part)
        beyond = _one_sided_p(N_arm, N_ref, total) <= float(ndtr(-bound)) * (1 + 1e-9)
        crossed[look] = float(state[beyond].sum())
        state = np.where(beyond, 0.0, state)
        before = total
    return SequentialCrossing(crossed, 0 * crossed, float(crossed.sum()), used / before)


def _one_sided_p(N_arm: int, N_ref: int, total: int) -> FloatArray:
    """Fisher's one-sided p of every count of the arm among so many with the event; above 1 of what cannot be."""
    x = np.arange(total + 1)
    possible = (x <= N_arm) & (total - x <= N_ref)
    at = x[possible]
    ways = _log_ways(N_arm, at) + _log_ways(N_ref, total - at) - _log_ways(N_arm + N_ref, np.array([total]))
    p = np.full(total + 1, 2.0)
    p[possible] = np.cumsum(np.exp(ways)[::-1])[::-1]
    return p


def _log_ways(N: int, n: IntArray) -> FloatArray:
    ways: FloatArray = gammaln(N + 1.0) - gammaln(n + 1.0) - gammaln(N - n + 1.0)
    return ways
