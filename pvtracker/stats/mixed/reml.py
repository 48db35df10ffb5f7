"""Restricted maximum likelihood of the covariance of the weeks, by average-information steps.

Means are β_t · z in week t, or linear in fewer parameters (`restriction`). Formulas: docs/methods/mmrm.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from pvtracker.stats.mixed.covariances import STRUCTURES, Made
from pvtracker.stats.mixed.patterns import Patterns
from pvtracker.stats.results import FloatArray

MOST_STEPS = 200
ENOUGH = 1e-14  # decrement: how far, in squared standard errors, the next step would lead
NEAR_PEAK = 0.1  # from here on steps by the observed information: Newton's
STALLED = 1e-7  # no more than this where rounding ends the search before
LEAST_EIGENVALUE = 1e-9  # of the correlation matrix; what lies below counts as singular
LEAST_VARIANCE = 1e-14  # of a week, as a share of the largest


class NotFitted(Exception):
    """The sentence says why; `remedy` what to do, where that is not a simpler covariance or fewer weeks."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class State:
    """The likelihood at one covariance.

    `minus_two`: −2 log-likelihood; `beta`: (weeks, q); `phi`: its covariance, (weeks · q, weeks · q), week by week;
    `omega`: inverse of the covariance of each pattern, 0 where nothing is seen.
    """

    made: Made
    minus_two: float
    beta: FloatArray
    phi: FloatArray
    omega: FloatArray
    rz: FloatArray  # Σ residual zᵀ, (patterns, weeks, q)
    rr: FloatArray  # Σ residual residualᵀ
    zpz: FloatArray  # Σ covariance of the fitted means


@dataclass(frozen=True, slots=True)
class Fitted:
    state: State
    parameters: FloatArray
    covariance: FloatArray  # of the parameters
    spread: FloatArray  # derivative of the inverse of phi by each parameter, negative: (parameters, qT, qT)
    steps: int
    decrement: float


def fitted(data: Patterns, structure: str, restriction: FloatArray | None = None) -> Fitted:
    """The fit; NotFitted where the likelihood has no peak that can be trusted."""
    kind = STRUCTURES[structure]
    parameters = kind.start(_near(data, restriction))
    state = _state(data, kind.made(parameters, data.weeks), restriction)
    if state is None:
        raise NotFitted("no covariance to begin with could be found")
    damping, decrement, steps = 0.0, np.inf, 0
    while steps < MOST_STEPS:
        steps += 1
        slope = _slope(data, state)
        step, decrement = _step(slope, _bend(data, state, near=decrement < NEAR_PEAK), damping)
        if decrement < ENOUGH:
            break
        tried, length = None, 1.0
        while length > 1e-6:
            candidate = parameters + length * step
            made = kind.made(candidate, data.weeks)
            tried = _state(data, made, restriction) if _least(made.matrix) > 0 else None
            if tried is not None and tried.minus_two <= state.minus_two + 1e-12 * abs(state.minus_two):
                break
            tried, length = None, length / 2
        if tried is None:
            if damping > 1e3:
                break
            damping = max(10 * damping, 1e-3)
            continue
        damping = damping / 10 if damping > 1e-4 else 0.0
        parameters, state = candidate, tried
        if _least(state.made.matrix) < LEAST_EIGENVALUE:
            break
    return _ended(data, state, parameters, steps)


def _ended(
    data: Patterns, state: State, parameters: FloatArray, steps: int, *, enough: float = STALLED
) -> Fitted:
    """With the observed information; NotFitted where it is no peak."""
    if _least(state.made.matrix) < LEAST_EIGENVALUE:
        raise NotFitted("the likelihood rises up to a covariance that is singular")
    slope, spread = _slope(data, state), _spread(data, state)
    bend = _observed_information(data, state, spread)
    try:
        inverse = linalg.cho_solve(linalg.cho_factor(bend), np.eye(len(bend)))
    except linalg.LinAlgError:
        raise NotFitted("the search ended where the likelihood has no peak") from None
    decrement = float(slope @ inverse @ slope)
    if not decrement < enough:
        raise NotFitted(f"the search did not come to the peak of the likelihood in {steps} steps")
    return Fitted(state, parameters, 2 * inverse, spread, steps, decrement)


def _least(matrix: FloatArray) -> float:
    """Smallest eigenvalue of the correlations; not above 0 where the matrix is no covariance, or in a week next to
    none: where a step must not lead."""
    variance = np.diag(matrix)
    if not np.isfinite(matrix).all() or variance.min() <= LEAST_VARIANCE * variance.max():
        return -1.0
    sd = np.sqrt(variance)
    return float(np.linalg.eigvalsh(matrix / np.outer(sd, sd))[0])


def _near(data: Patterns, restriction: FloatArray | None) -> FloatArray:
    """Covariance of least-squares residuals over the participants who have both weeks, made definite."""
    one = _state(data, Made(np.eye(data.weeks), np.empty(0), None), restriction)
    if one is None:
        raise NotFitted("the means cannot be told apart")
    seen = data.seen.astype(np.float64)
    together = np.einsum("p,ps,pt->st", data.number, seen, seen)
    mask = seen[:, :, None] * seen[:, None, :]
    cross = np.sum(one.rr * mask, axis=0) / np.maximum(together, 1.0)
    variance = np.diag(cross).copy()
    if (variance <= LEAST_VARIANCE * variance.max()).any():
        raise NotFitted(
            "in one of the weeks the values are fitted without any residual", "leave that week out"
        )
    shrunk = 1.0
    while True:
        matrix = shrunk * cross + (1 - shrunk) * np.diag(variance)
        sd = np.sqrt(variance)
        if np.linalg.eigvalsh(matrix / np.outer(sd, sd))[0] > 0.01:
            return np.asarray(matrix, dtype=np.float64)
        shrunk *= 0.8


def _state(data: Patterns, made: Made, restriction: FloatArray | None) -> State | None:
    """None where the means cannot be estimated, or the covariance cannot be turned round."""
    weeks, q = data.weeks, data.regressors
    seen = data.seen.astype(np.float64)
    mask = seen[:, :, None] * seen[:, None, :]
    filled = made.matrix * mask + (1 - seen)[:, :, None] * np.eye(weeks)
    try:
        omega = np.linalg.inv(filled) * mask
    except np.linalg.LinAlgError:
        return None
    log_det = np.linalg.slogdet(filled)[1]
    information = np.einsum("pts,pab->tasb", omega, data.zz, optimize=True).reshape(weeks * q, weeks * q)
    toward = np.einsum("pts,pas->ta", omega, data.zy, optimize=True).reshape(-1)
    reduced = information if restriction is None else restriction.T @ information @ restriction
    if not np.isfinite(reduced).all():
        return None
    try:
        factor = linalg.cho_factor(reduced)
    except linalg.LinAlgError:
        return None
    inverse = linalg.cho_solve(factor, np.eye(len(reduced)))
    phi = inverse if restriction is None else restriction @ inverse @ restriction.T
    beta = (phi @ toward).reshape(weeks, q)
    yz = data.zy.swapaxes(1, 2)
    fit = beta @ data.zz
    rz = yz - fit
    rr = data.yy - yz @ beta.T - beta @ data.zy + fit @ beta.T
    zpz = np.einsum("tasb,pab->pts", phi.reshape(weeks, q, weeks, q), data.zz, optimize=True)
    minus_two = (
        float(data.number @ log_det)
        + 2 * float(np.log(np.diag(factor[0])).sum())
        + float(np.sum(omega * rr))
        + (data.values - len(reduced)) * float(np.log(2 * np.pi))
    )
    return State(made, minus_two, beta, phi, omega, rz, rr, zpz)


def _slope(data: Patterns, state: State) -> FloatArray:
    """Derivatives of −2 log-likelihood by the parameters."""
    value: FloatArray = np.tensordot(state.made.first, _by_cell(data, state), 2)
    return value


def _by_cell(data: Patterns, state: State) -> FloatArray:
    omega = state.omega
    value: FloatArray = np.sum(
        data.number[:, None, None] * omega - omega @ (state.rr + state.zpz) @ omega, axis=0
    )
    return value


def _quadratic(state: State, right: FloatArray) -> FloatArray:
    """Σ over patterns of trace(V_h Ω V_k right), (parameters, parameters)."""
    weeks, many = len(state.made.matrix), len(state.made.first)
    # cells [a, b, c, d]: Ω[b, c] right[d, a]
    cells = state.omega.reshape(-1, weeks * weeks).T @ right.reshape(-1, weeks * weeks)
    cells = cells.reshape(weeks, weeks, weeks, weeks).transpose(3, 0, 1, 2).reshape(weeks**2, weeks**2)
    flat = state.made.first.reshape(many, weeks**2)
    found = flat @ cells @ flat.T
    value: FloatArray = (found + found.T) / 2
    return value


def _average_information(state: State) -> FloatArray:
    """yᵀ P V_h P V_k P y."""
    weeks, many, q = len(state.made.matrix), len(state.made.first), state.beta.shape[1]
    left = state.omega @ state.rz
    toward = state.omega.reshape(-1, weeks * weeks).T @ left.reshape(-1, weeks * q)  # [t, c, d, a]
    toward = toward.reshape(weeks, weeks, weeks, q).transpose(0, 3, 1, 2).reshape(weeks * q, weeks**2)
    moved = toward @ state.made.first.reshape(many, weeks**2).T
    found: FloatArray = _quadratic(state, state.omega @ state.rr @ state.omega) - moved.T @ state.phi @ moved
    return found


def _spread(data: Patterns, state: State) -> FloatArray:
    """Xᵀ Ω V_h Ω X of each parameter, (parameters, weeks · q, weeks · q)."""
    weeks, many, q = data.weeks, len(state.made.first), data.regressors
    flat = state.omega.reshape(-1, weeks * weeks)
    first = state.made.first.reshape(many, weeks**2)
    spread = np.empty((many, weeks, q, weeks, q))
    for a in range(q):
        for b in range(a, q):
            # [t, c, d, s]: Σ zz[a, b] Ω[t, c] Ω[d, s]
            cells = (flat * data.zz[:, a, b, None]).T @ flat
            cells = cells.reshape(weeks, weeks, weeks, weeks).transpose(0, 3, 1, 2).reshape(-1, weeks**2)
            found = (first @ cells.T).reshape(many, weeks, weeks)
            spread[:, :, a, :, b] = found
            spread[:, :, b, :, a] = found.swapaxes(1, 2)
    return spread.reshape(many, weeks * q, weeks * q)


def _observed_information(data: Patterns, state: State, spread: FloatArray | None = None) -> FloatArray:
    """Second derivatives of −2 log-likelihood."""
    spread = _spread(data, state) if spread is None else spread
    omega, many = state.omega, len(state.made.first)
    expected = _quadratic(state, data.number[:, None, None] * omega - 2 * omega @ state.zpz @ omega)
    lead = (state.phi @ spread).reshape(many, -1)
    turned = (state.phi @ spread).swapaxes(1, 2).reshape(many, -1)
    expected += lead @ turned.T
    bend = 2 * _average_information(state) - expected
    if state.made.second is not None:
        bend = bend + np.tensordot(state.made.second, _by_cell(data, state), 2)
    value: FloatArray = (bend + bend.T) / 2
    return value


def _bend(data: Patterns, state: State, *, near: bool) -> FloatArray:
    """The matrix that a step is taken by: far from the peak the average information, which is never negative, near it
    the observed one (Newton's steps), unless that bends downwards in a parameter."""
    observed = _observed_information(data, state) if near else None
    if observed is not None and (np.diag(observed) > 0).all():
        return observed
    return _average_information(state)


def _step(slope: FloatArray, bend: FloatArray, damping: float) -> tuple[FloatArray, float]:
    """Step downhill and its decrement."""
    diagonal = np.diag(bend)
    scale = np.sqrt(np.maximum(diagonal, 1e-12 * diagonal.max()))
    scaled = bend / np.outer(scale, scale)
    if not (np.isfinite(scaled).all() and np.isfinite(slope).all()):
        raise NotFitted("the search came to where the likelihood cannot be computed")
    while True:
        try:
            factor = linalg.cho_factor(scaled + damping * np.eye(len(slope)))
        except linalg.LinAlgError:
            damping = max(10 * damping, 1e-8)
            continue
        step = -linalg.cho_solve(factor, slope / scale) / scale
        return step, float(-slope @ step)
