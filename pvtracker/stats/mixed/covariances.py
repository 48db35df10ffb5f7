"""Structures of the covariance of the weeks: parameters, the matrix that they make, and its derivatives.

Parameters are variances and covariances ("unstructured", "compound symmetry") or variances and correlations: the scale
on which Kenward and Roger's second derivatives are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pvtracker.stats.results import FloatArray

Covariance = Literal["unstructured", "toeplitz", "ar1", "compound symmetry"]
ORDER: tuple[Covariance, ...] = ("unstructured", "toeplitz", "ar1", "compound symmetry")  # of falling back


@dataclass(frozen=True, slots=True)
class Made:
    """The matrix (weeks, weeks), its derivatives by each parameter (parameters, weeks, weeks), and by each two
    (parameters, parameters, weeks, weeks), None where these are 0."""

    matrix: FloatArray
    first: FloatArray
    second: FloatArray | None


@dataclass(frozen=True, slots=True)
class Structure:
    """`start`: parameters near a given matrix."""

    start: Callable[[FloatArray], FloatArray]
    made: Callable[[FloatArray, int], Made]


def _unstructured_start(near: FloatArray) -> FloatArray:
    value: FloatArray = near[np.tril_indices(len(near))]
    return value


def _unstructured(parameters: FloatArray, weeks: int) -> Made:
    row, column = np.tril_indices(weeks)
    first = np.zeros((len(row), weeks, weeks))
    first[np.arange(len(row)), row, column] = first[np.arange(len(row)), column, row] = 1.0
    matrix = np.zeros((weeks, weeks))
    matrix[row, column] = matrix[column, row] = parameters
    return Made(matrix, first, None)


def _compound_start(near: FloatArray) -> FloatArray:
    weeks = len(near)
    variance = float(np.trace(near)) / weeks
    shared = (float(near.sum()) - weeks * variance) / (weeks * (weeks - 1))
    return np.array([variance - shared, shared])


def _compound(parameters: FloatArray, weeks: int) -> Made:
    first = np.stack([np.eye(weeks), np.ones((weeks, weeks))])
    return Made(np.tensordot(parameters, first, 1), first, None)


def _lags(weeks: int) -> FloatArray:
    return np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks))).astype(np.float64)


def _by_lag(near: FloatArray) -> FloatArray:
    """Mean correlation at each lag from 1."""
    sd = np.sqrt(np.diag(near))
    correlation, lag = near / np.outer(sd, sd), _lags(len(near))
    return np.array([correlation[lag == one].mean() for one in range(1, len(near))])


def _toeplitz_start(near: FloatArray) -> FloatArray:
    return np.append(np.diag(near), _by_lag(near))


def _toeplitz(parameters: FloatArray, weeks: int) -> Made:
    lag = _lags(weeks)
    each = np.stack([(lag == one).astype(np.float64) for one in range(1, weeks)])
    correlation = np.eye(weeks) + np.tensordot(parameters[weeks:], each, 1)
    return _scaled(parameters[:weeks], correlation, each, np.zeros((weeks - 1, weeks - 1, weeks, weeks)))


def _ar1_start(near: FloatArray) -> FloatArray:
    return np.append(np.diag(near), np.clip(_by_lag(near)[0], -0.9, 0.9))


def _ar1(parameters: FloatArray, weeks: int) -> Made:
    lag, r = _lags(weeks), float(parameters[-1])
    first = lag * r ** np.maximum(lag - 1, 0)
    second = lag * (lag - 1) * r ** np.maximum(lag - 2, 0)
    return _scaled(parameters[:weeks], r**lag, first[None], second[None, None])


def _scaled(variance: FloatArray, correlation: FloatArray, by: FloatArray, by_two: FloatArray) -> Made:
    """Variances times correlations: the parameters of the correlation follow the variances."""
    weeks, many = len(variance), len(by)
    sd = np.sqrt(np.maximum(variance, 0.0))
    scale = np.outer(sd, sd)
    matrix = scale * correlation
    share = np.zeros((weeks, weeks, weeks))  # power of each variance in each cell
    for one in range(weeks):
        share[one, one, :] += 0.5
        share[one, :, one] += 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        part = share / variance[:, None, None]
        first = np.concatenate([part * matrix, by * scale])
        second = np.zeros((weeks + many, weeks + many, weeks, weeks))
        second[:weeks, :weeks] = part[:, None] * part[None] * matrix
        for one in range(weeks):
            second[one, one] -= part[one] / variance[one] * matrix
        second[:weeks, weeks:] = part[:, None] * (by * scale)[None]
        second[weeks:, :weeks] = second[:weeks, weeks:].swapaxes(0, 1)
        second[weeks:, weeks:] = by_two * scale
    return Made(matrix, first, second)


STRUCTURES: dict[str, Structure] = {
    "unstructured": Structure(_unstructured_start, _unstructured),
    "toeplitz": Structure(_toeplitz_start, _toeplitz),
    "ar1": Structure(_ar1_start, _ar1),
    "compound symmetry": Structure(_compound_start, _compound),
}
