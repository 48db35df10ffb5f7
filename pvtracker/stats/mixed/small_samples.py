"""Standard errors and degrees of freedom of contrasts where the covariance is estimated.

Formulas and sources: docs/methods/mmrm.md.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from pvtracker.stats.mixed.patterns import Patterns
from pvtracker.stats.mixed.reml import Fitted
from pvtracker.stats.results import FloatArray

Degrees = Literal["kenward-roger", "satterthwaite"]


def satterthwaite(fit: Fitted, contrasts: FloatArray) -> FloatArray:
    """Degrees of freedom of each contrast, (contrasts, weeks · q)."""
    moved = contrasts @ fit.state.phi
    slope = np.einsum("ci,hij,cj->ch", moved, fit.spread, moved, optimize=True)
    variance = np.sum(moved * contrasts, axis=1)
    value: FloatArray = (
        2 * variance**2 / np.einsum("ch,hk,ck->c", slope, fit.covariance, slope, optimize=True)
    )
    return value


def adjusted(data: Patterns, fit: Fitted) -> FloatArray:
    """Kenward and Roger's covariance of β, (weeks · q, weeks · q)."""
    state, made = fit.state, fit.state.made
    weeks, q, many = data.weeks, data.regressors, len(made.first)
    omega, phi, w = state.omega, state.phi, fit.covariance
    flat = made.first.reshape(many, weeks**2)
    cells = (flat.T @ w @ flat).reshape(weeks, weeks, weeks, weeks).transpose(1, 2, 0, 3)  # [b, c, a, d]
    inner = (omega.reshape(-1, weeks**2) @ cells.reshape(weeks**2, weeks**2)).reshape(-1, weeks, weeks)
    if made.second is not None:
        inner = inner - np.tensordot(w, made.second, 2) / 4
    size = weeks * q
    total = np.einsum("pts,pab->tasb", omega @ inner @ omega, data.zz, optimize=True).reshape(size, size)
    weighted = (w @ fit.spread.reshape(many, -1)).reshape(many, size, size)
    total = total - np.sum(fit.spread @ phi @ weighted, axis=0)
    value: FloatArray = phi + 2 * phi @ total @ phi
    return (value + value.T) / 2
