"""The greatest value over a nuisance risk, within a bound that is proved: what unconditional exact tests need.

The probability f(π) that a table falls in a region is the mean of an indicator (or of conditional probabilities), so by
the Cauchy-Schwarz inequality its slope is at most √(f(1 − f)) per unit of Fisher's arc length s, ds = √I(π) dπ, and its
second derivative in π at most √(f(1 − f)) · √2 · I(π), I being the information of the counts about π. Hence in a cell

    arcsin √f ≤ mean of its two ends + arc length / 4,
    f ≤ the larger end + √(f(1 − f)) · √2 · I · width² / 8.

Cells that may hold more than the best value found are halved until none may by more than the tolerance. Derived from
the definition; the moments of the derivatives are those of Krawtchouk's polynomials.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pvtracker.stats.results import FloatArray, IntArray

TOLERANCE = 1e-8  # what the true supremum may exceed the value given by
MOST_HALVINGS = 60


class Curve(Protocol):
    """Probabilities of several regions as functions of a position t in [0, π/2]; all arrays of shape (c,)."""

    def value(self, region: IntArray, t: FloatArray) -> FloatArray: ...

    def stretch(self, region: IntArray, left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Arc length of the cell, and √2 · I · width² / 8 with the largest information of the cell."""
        ...


def supremum(
    curve: Curve, t: FloatArray, values: FloatArray, *, enough: float = 2.0, tolerance: float = TOLERANCE
) -> tuple[FloatArray, FloatArray]:
    """The greatest value of each region, exceeded by the true supremum by no more than the tolerance, and its position;
    shapes (r,).

    t: grid of positions from 0 to π/2, shape (g,); values: of the regions there, shape (r, g). With `enough` only the
    side on which the supremum lies is sought: the search ends once a value lies above it, or none can.
    """
    top = values.argmax(axis=1)
    best, where = values[np.arange(len(values)), top], t[top]
    region = np.repeat(np.arange(len(values)), len(t) - 1)
    left, right = np.tile(t[:-1], len(values)), np.tile(t[1:], len(values))
    f_left, f_right = values[:, :-1].ravel(), values[:, 1:].ravel()
    for _ in range(MOST_HALVINGS):
        floor = np.maximum(best[region] + tolerance, enough if enough <= 1 else 0.0)
        at = np.flatnonzero(best[region] <= enough)
        at = at[highest(curve, region[at], left[at], right[at], f_left[at], f_right[at]) > floor[at]]
        if not len(at):
            break
        region, left, right, f_left, f_right = region[at], left[at], right[at], f_left[at], f_right[at]
        middle = (left + right) / 2
        f_middle = curve.value(region, middle)
        order = np.argsort(f_middle, kind="stable")  # of several for one region the greatest is written last
        order = order[f_middle[order] > best[region[order]]]
        best[region[order]], where[region[order]] = f_middle[order], middle[order]
        region = np.tile(region, 2)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
        f_left, f_right = np.concatenate([f_left, f_middle]), np.concatenate([f_middle, f_right])
    return best, where


def polished(curve: Curve, best: FloatArray, where: FloatArray, step: float) -> FloatArray:
    """Values at the tops of parabolas through log f beside the best position, where they are greater, shape (r,).

    For values below the tolerance, which the search leaves as exact as the grid.
    """
    every = np.arange(len(best))
    for width in (step, step / 16):
        left, right = np.maximum(where - width, 0.0), np.minimum(where + width, np.pi / 2)
        smallest = np.finfo(float).tiny
        below, at, above = (
            np.log(np.maximum(each, smallest))
            for each in (curve.value(every, left), best, curve.value(every, right))
        )
        bend = 2 * at - below - above
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = np.where(bend > 0, (above - below) / (2 * bend), 0.0)
        top = np.clip(where + np.clip(shift, -1.0, 1.0) * width, left, right)
        value = curve.value(every, top)
        where, best = np.where(value > best, top, where), np.maximum(best, value)
    return best


def highest(
    curve: Curve,
    region: IntArray,
    left: FloatArray,
    right: FloatArray,
    f_left: FloatArray,
    f_right: FloatArray,
) -> FloatArray:
    """No value within a cell lies above this, shape (c,)."""
    length, bend = curve.stretch(region, left, right)
    angle = (_angle(f_left) + _angle(f_right)) / 2 + length / 4
    by_slope = np.sin(np.minimum(angle, np.pi / 2)) ** 2
    deviation = np.where(by_slope >= 0.5, 0.5, np.sqrt(by_slope * (1 - by_slope)))
    with np.errstate(invalid="ignore"):
        by_bend = np.maximum(f_left, f_right) + np.where(deviation > 0, deviation * bend, 0.0)
    bound: FloatArray = np.minimum(by_slope, by_bend)
    return bound


def _angle(f: FloatArray) -> FloatArray:
    angle: FloatArray = np.arcsin(np.sqrt(np.clip(f, 0.0, 1.0)))
    return angle
