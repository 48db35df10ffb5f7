"""Stopping rules for one arm, looked at after each participant or now and then: a Pocock-type toxicity boundary, a
Bayesian beta-binomial rule, and what either does at any true risk, exactly.

Methods, sources and when not to use them: docs/methods/toxicity-boundary.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtrc, betaincc, betaincinv

from pvtracker.stats.inputs import counts, level, refuse, same_length
from pvtracker.stats.results import FloatArray, IntArray, StoppingCharacteristics, StoppingRule

MOST = 2000  # participants
NODES = 200  # of the average over the reference's risk
ROUNDING = 1e-12


def toxicity_boundary(
    participants: int, *, risk: float, alpha: float = 0.05, looks: ArrayLike | None = None
) -> StoppingRule:
    """Stop when so many events have come among so many participants: each look has the same one-sided level.

    participants: participants of the arm when all are in, at most 2,000. risk: the risk that is still acceptable.
    alpha: probability to stop at all when the risk is just that; the level of each look is the largest that keeps it,
    exact. Looked at after every participant, or after each of `looks` (increasing, the last being all). `events` of
    the result are those that stop; more than `participants` where none does. `level` is the level of each look.
    ValueError for values that cannot be.

    looks: participants after whom it is looked at, increasing, the last being `participants`; none: after each.

    Source: Ivanova, Qaqish & Schell (2005) Biometrics 61:540-545; after Pocock (1977) Biometrika 64:191-199.
    """
    p, alpha, n = level("risk", risk), level("alpha", alpha), _looks(participants, looks)
    tails = _tails(n, p)
    levels = np.unique(tails[(tails > 0) & (tails <= alpha)])
    low, high = 0, len(levels)  # halve among the levels that can be: the first `low` keep alpha
    while low < high:
        middle = (low + high) // 2
        if _walk(n, _first(tails <= levels[middle] * (1 + ROUNDING), n), p)[0].sum() <= alpha:
            low = middle + 1
        else:
            high = middle
    reached = float(levels[low - 1]) if low else 0.0
    events = _first((tails <= reached * (1 + ROUNDING)) & (tails > 0), n)
    return StoppingRule(n, events, reached, float(_walk(n, events, p)[0].sum()))


def beta_binomial_posterior(
    events: ArrayLike,
    participants: ArrayLike,
    *,
    prior: tuple[float, float] = (0.5, 0.5),
    risk: float | None = None,
    reference: tuple[float, float] | None = None,
    margin: float = 0.0,
) -> FloatArray:
    """Posterior probability that the arm's risk is too high, shape (n,).

    prior: of the arm's risk, a beta distribution. Too high is above `risk`, if that is named, or above a reference's
    risk that is itself uncertain, a beta distribution `reference`; in both cases by more than `margin`.

    events: participants of the arm with the event. participants: participants of the arm. risk: the risk above
    which it is too high. reference: beta distribution of a reference's risk, two numbers, in place of `risk`.
    margin: by how much more the risk has to be too high.

    Source: Thall & Simon (1994) Biometrics 50:337-349.
    """
    x, n = counts("events", events), counts("participants", participants)
    size = same_length(events=x, participants=n)
    x, n = np.broadcast_to(x, size), np.broadcast_to(n, size)
    refuse("events", "must be ≤ participants", x, x > n)
    a, b = _beta("prior", prior)
    at, weight = _too_high(risk, reference, margin)
    result: FloatArray = betaincc(x[:, None] + a, (n - x)[:, None] + b, at) @ weight
    return result


def beta_binomial_boundary(
    participants: int,
    *,
    threshold: float,
    prior: tuple[float, float] = (0.5, 0.5),
    risk: float | None = None,
    reference: tuple[float, float] | None = None,
    margin: float = 0.0,
    looks: ArrayLike | None = None,
) -> StoppingRule:
    """Stop when the posterior probability that the arm's risk is too high reaches the threshold.

    participants, looks and `events` of the result: as for `toxicity_boundary`; prior, risk, reference, margin: as for
    `beta_binomial_posterior`. `level` is the threshold. `stop_probability` is at the true risk `risk`, or the
    reference's mean, with the margin added.

    threshold: posterior probability at which to stop, in (0, 1).
    """
    threshold, n = level("threshold", threshold), _looks(participants, looks)
    a, b = _beta("prior", prior)
    at, weight = _too_high(risk, reference, margin)
    events = np.empty(len(n), dtype=np.int64)
    for look, size in enumerate(n.tolist()):
        x = np.arange(size + 1)
        beyond = betaincc(x[:, None] + a, (size - x)[:, None] + b, at) @ weight >= threshold - ROUNDING
        events[look] = beyond.argmax() if beyond.any() else size + 1
    true = float(np.clip(at @ weight, 0.0, 1.0))
    return StoppingRule(n, events, threshold, float(_walk(n, events, true)[0].sum()))


def stopping_characteristics(
    participants: ArrayLike, events: ArrayLike, *, risk: ArrayLike
) -> StoppingCharacteristics:
    """What a stopping rule does at these true risks, exact, arrays of shape (risks,).

    participants, events: of the rule, shape (looks,): stop at a look when so many events have come. risk: true risks,
    shape (risks,). Observation ends with the stop or at the last look.
    """
    n, x = np.atleast_1d(counts("participants", participants)), np.atleast_1d(counts("events", events))
    if len(n) != len(x) or not len(n):
        raise ValueError(f"participants and events must have the same length, got {len(n)} and {len(x)}")
    refuse("participants", "must increase from above 0", n, np.diff(n, prepend=0) <= 0)
    refuse("participants", f"must be ≤ {MOST}", n, n > MOST)
    risks = np.atleast_1d(np.asarray(risk, dtype=np.float64))
    refuse("risk", "must lie in [0, 1]", risks, ~((risks >= 0) & (risks <= 1)))
    stop, size = np.empty(len(risks)), np.empty(len(risks))
    for i, p in enumerate(risks.tolist()):
        stopped, _ = _walk(n, x, p)
        stop[i] = stopped.sum()
        size[i] = stopped @ n + (1 - stop[i]) * n[-1]
    return StoppingCharacteristics(risks, stop, size, size * risks)  # events: Wald's identity


def _tails(n: IntArray, p: float) -> FloatArray:
    """P(at least x events among n) of every x, (looks, participants + 1); 0 where x > n."""
    x = np.arange(1, int(n[-1]) + 1)
    tails = np.where(x <= n[:, None], bdtrc(np.minimum(x - 1.0, n[:, None]), n[:, None], p), 0.0)
    return np.column_stack([np.ones(len(n)), tails])


def _first(beyond: np.ndarray, n: IntArray) -> IntArray:
    """The fewest events that are beyond at each look, not above its participants; else one more than those."""
    possible = beyond & (np.arange(beyond.shape[1]) <= n[:, None])
    first: IntArray = np.where(possible.any(axis=1), possible.argmax(axis=1), n + 1).astype(np.int64)
    return first


def _walk(n: IntArray, events: IntArray, p: float) -> tuple[FloatArray, FloatArray]:
    """Probability to stop at each look, and of each count at the end without a stop."""
    state, stopped, before = np.array([1.0]), np.zeros(len(n)), 0
    for look, (size, limit) in enumerate(zip(n.tolist(), events.tolist(), strict=True)):
        for _ in range(size - before):
            state = np.append(state * (1 - p), 0.0) + np.append(0.0, state * p)
        before = size
        stopped[look] = float(state[limit:].sum())
        state[limit:] = 0.0
    return stopped, state


def _too_high(
    risk: float | None, reference: tuple[float, float] | None, margin: float
) -> tuple[FloatArray, FloatArray]:
    """The risks above which the arm's is too high, with their weights."""
    if (risk is None) == (reference is None):
        raise ValueError("name a risk or a reference, one of them")
    if not -1 < margin < 1:
        raise ValueError(f"margin must lie in (-1, 1), got {margin}")
    if reference is None:
        return np.array([level("risk + margin", float(risk or 0.0) + margin)]), np.ones(1)
    a, b = _beta("reference", reference)
    unit, weight = np.polynomial.legendre.leggauss(NODES)
    t = (unit + 1) / 2
    u = t**4 * (35 - 84 * t + 70 * t**2 - 20 * t**3)  # flat at both ends, where the quantile is steep
    return np.clip(betaincinv(a, b, u) + margin, 0.0, 1.0), weight / 2 * 140 * t**3 * (1 - t) ** 3


def _beta(name: str, value: tuple[float, float]) -> tuple[float, float]:
    pair = np.asarray(value, dtype=np.float64)
    if pair.shape != (2,) or not ((pair > 0) & (pair < 1e6)).all():
        raise ValueError(f"{name} must hold the two positive parameters of a beta distribution, got {value}")
    return float(pair[0]), float(pair[1])


def _looks(participants: int, looks: ArrayLike | None) -> IntArray:
    if not (1 <= participants <= MOST and participants == int(participants)):
        raise ValueError(f"participants must be a whole number from 1 to {MOST}, got {participants}")
    if looks is None:
        return np.arange(1, int(participants) + 1)
    n = np.atleast_1d(counts("looks", looks))
    if not (len(n) and (np.diff(n, prepend=0) > 0).all() and n[-1] == participants):
        raise ValueError(f"looks must increase from above 0 to participants, got {n.tolist()}")
    return n
