"""What a group-sequential boundary does to counts of participants with an event: exact, without the normal
approximation that it was made with.

Method and when it matters: docs/methods/group-sequential.md.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import toeplitz
from scipy.special import bdtrc, gammaln, log_ndtr, xlog1py, xlogy

from pvtracker.stats.inputs import counts, refuse
from pvtracker.stats.results import FloatArray, SequentialCrossing

Test = Literal["fisher", "score"]
MOST = 2000  # events of an arm: a state of the recursion is a pair of counts
BEYOND = 1e-14  # chance of more events in an arm than are followed


def group_sequential_counts_crossing(
    n_arm: ArrayLike,
    n_ref: ArrayLike,
    z: ArrayLike,
    *,
    risk_arm: float,
    risk_ref: float,
    test: Test = "fisher",
) -> SequentialCrossing:
    """Probability that an excess in the arm crosses the boundary at each look first, exact by recursion over counts.

    n_arm, n_ref: participants observed up to each look, shape (looks,), never fewer than before. z: bounds, infinite
    where none. risk_arm, risk_ref: true risks. test "fisher": the one-sided p of Fisher's test is at most Φ(−z);
    "score": the difference divided by its pooled standard error is at least z. `expected_fraction` is of n_arm + n_ref
    at the last look. Counts that are reached with a chance of 1e-14 at most are not followed. ValueError for values
    that cannot be, or risks with which more than 2,000 events in an arm would have to be followed.

    Source: derived from the definition; the recursion is that of Jennison & Turnbull (2000) chapter 12 for binary data.
    """
    a, b = np.atleast_1d(counts("n_arm", n_arm)), np.atleast_1d(counts("n_ref", n_ref))
    bounds = np.atleast_1d(np.asarray(z, dtype=np.float64))
    if not (len(a) and a.shape == b.shape == bounds.shape and not np.isnan(bounds).any()):
        raise ValueError(
            f"n_arm, n_ref and z must have the same length, got {a.shape}, {b.shape}, {bounds.shape}"
        )
    for name, size in (("n_arm", a), ("n_ref", b)):
        refuse(name, "must not fall from look to look", size, np.diff(size, prepend=0) < 0)
    if not a[-1] + b[-1]:
        raise ValueError("n_arm and n_ref must hold at least one participant at the last look")
    for name, risk in (("risk_arm", risk_arm), ("risk_ref", risk_ref)):
        if not 0 <= risk <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {risk}")
    if test not in get_args(Test):
        raise ValueError(f"test must be one of {', '.join(get_args(Test))}, got {test!r}")
    most_a, most_b = most_events(int(a[-1]), risk_arm), most_events(int(b[-1]), risk_ref)
    for name, size, most in (("n_arm", a, most_a), ("n_ref", b, most_b)):
        refuse(name, f"must make more than {MOST} events unlikely", size[-1:], np.array([most > MOST]))
    state: NDArray[np.float64] = np.ones((1, 1))  # probability of (x, y) without having crossed
    before_a = before_b = 0
    crossed, used, before = np.zeros(len(a)), 0.0, 0
    for look, (N_arm, N_ref, bound) in enumerate(zip(a.tolist(), b.tolist(), bounds.tolist(), strict=True)):
        used += float(state.sum()) * (N_arm + N_ref - before)
        state = (
            _more(before_a, N_arm - before_a, risk_arm, most_a)
            @ state
            @ _more(before_b, N_ref - before_b, risk_ref, most_b).T
        )
        beyond = _crosses(N_arm, N_ref, min(N_arm, most_a), min(N_ref, most_b), bound, test)
        crossed[look] = float(state[beyond].sum())
        state[beyond] = 0.0
        before_a, before_b, before = N_arm, N_ref, N_arm + N_ref
    return SequentialCrossing(crossed, 0 * crossed, float(crossed.sum()), used / before)


def most_events(N: int, risk: float) -> int:
    """Of N participants with this risk so many have the event at most, but for a chance of BEYOND."""
    if not 0 < risk < 1:
        return N * int(risk)
    beyond, most = -1, N  # the smallest count that is exceeded with no more than that chance, by halving
    while most - beyond > 1:
        middle = (beyond + most) // 2
        if bdtrc(middle, N, risk) <= BEYOND:
            most = middle
        else:
            beyond = middle
    return min(N, most + 1)


def _more(had: int, further: int, risk: float, most: int) -> FloatArray:
    """Chance of x events among had + further given y among had, for x and y up to `most`."""
    rows, columns = min(had + further, most) + 1, min(had, most) + 1
    k = np.arange(min(further + 1, rows))
    ways = gammaln(further + 1.0) - gammaln(k + 1.0) - gammaln(further - k + 1.0)
    chance = np.exp(ways + xlogy(k, risk) + xlog1py(further - k, -risk))
    column = np.concatenate([chance, np.zeros(rows - len(k))])
    table: FloatArray = toeplitz(column, np.concatenate([chance[:1], np.zeros(columns - 1)]))
    return table


def _crosses(N_arm: int, N_ref: int, most_x: int, most_y: int, z: float, test: str) -> NDArray[np.bool_]:
    """Where (x, y) lies beyond the bound, (most_x + 1, most_y + 1)."""
    x, y = np.arange(most_x + 1)[:, None], np.arange(most_y + 1)[None, :]
    if not (N_arm and N_ref) or z == np.inf:
        return np.zeros((most_x + 1, most_y + 1), dtype=bool)
    if test == "fisher":
        log_p = _fisher_log_p(N_arm, N_ref, most_x, most_y)
        as_extreme: NDArray[np.bool_] = log_p <= float(log_ndtr(-z)) + 1e-9
        return as_extreme
    pooled = (x + y) / (N_arm + N_ref)
    error = np.sqrt(pooled * (1 - pooled) * (1 / N_arm + 1 / N_ref))
    beyond: NDArray[np.bool_] = (error > 0) & (x / N_arm - y / N_ref >= z * error * (1 - 1e-12))
    return beyond


def _fisher_log_p(N_arm: int, N_ref: int, most_x: int, most_y: int) -> FloatArray:
    """Logarithm of the one-sided p of every table up to these counts, by summing along tables of equal total: as far as
    the arm can have all of it."""
    top = min(N_arm, most_x + most_y)
    x, y = np.arange(top + 1)[:, None], np.arange(most_y + 1)[None, :]
    ways = (
        (gammaln(N_arm + 1.0) - gammaln(x + 1.0) - gammaln(N_arm - x + 1.0))
        + (gammaln(N_ref + 1.0) - gammaln(y + 1.0) - gammaln(N_ref - y + 1.0))
    )  # fmt: skip
    m = np.arange(top + most_y + 1)
    every = gammaln(N_arm + N_ref + 1.0) - gammaln(m + 1.0) - gammaln(N_arm + N_ref - m + 1.0)
    chance = np.exp(ways - every[x + y])
    p = np.empty_like(chance)
    p[-1] = chance[-1]
    for row in range(top - 1, -1, -1):  # as extreme: x more of the arm, and y as many fewer
        p[row] = chance[row]
        p[row, 1:] += p[row + 1, :-1]
    result: FloatArray = np.log(np.clip(p[: most_x + 1], 1e-320, 1.0))
    return result
