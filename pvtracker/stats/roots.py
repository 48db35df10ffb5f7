"""Roots of many monotone-in-sign functions at once: Chandrupatla's bracketing method on arrays."""

from collections.abc import Callable

import numpy as np

from pvtracker.stats.results import BoolArray, FloatArray

MOST_STEPS = 200  # bisection alone would need about 60; the method never does worse than a few times that
MOST_DOUBLINGS = 9  # on the log scale: a factor of exp(512), beyond any ratio of counts


def bracketed_roots(
    function: Callable[[FloatArray], FloatArray],
    inside: FloatArray,
    outside: FloatArray,
    *,
    relative: float = 1e-13,
    absolute: float = 1e-15,
) -> FloatArray:
    """One root of each function between inside and outside, where it is ≤ 0 inside and ≥ 0 outside; shapes
    (n,).

    function: takes positions, shape (n,), returns values, shape (n,). A value of exactly zero at the inside
    end is taken as below zero: there the estimate itself solves the equation, and the limit sought is the
    other root. relative, absolute: tolerances of the position.

    Source: Chandrupatla TR (1997) Adv Eng Software 28:145-149: inverse quadratic interpolation where it is
    safe, bisection elsewhere. Unlike Brent's method it has no history beyond three points, so arrays run in
    step.
    """
    a, b = outside.copy(), inside.copy()
    f_a = np.maximum(function(a), np.finfo(float).tiny)
    f_b = np.minimum(function(b), -np.finfo(float).tiny)
    step = np.full(len(a), 0.5)
    best, f_best = _nearer_zero(a, b, f_a, f_b)
    for _ in range(MOST_STEPS):
        tolerance = 2 * relative * np.abs(best) + absolute
        width = np.abs(b - a)
        done = (width <= 2 * tolerance) | (f_best == 0)
        if done.all():
            break
        # A finished element stays where it is; the others move.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            floor = np.minimum(0.5, tolerance / width)
        new = a + np.clip(step, floor, 1 - floor) * (b - a)
        new = np.where(done, best, new)
        f_new = np.where(done, f_best, function(new))

        same_side = np.sign(f_new) == np.sign(f_a)
        c, f_c = np.where(same_side, a, b), np.where(same_side, f_a, f_b)
        b, f_b = np.where(done | same_side, b, a), np.where(done | same_side, f_b, f_a)
        a, f_a = np.where(done, a, new), np.where(done, f_a, f_new)
        best, f_best = _nearer_zero(a, b, f_a, f_b)
        step = _next_step(a, b, c, f_a, f_b, f_c)
    return best


def outside_of(
    function: Callable[[FloatArray], FloatArray],
    inside: FloatArray,
    direction: FloatArray,
    sought: BoolArray,
    *,
    first_step: FloatArray | float = 1.0,
) -> FloatArray:
    """Positions at which each function is ≥ 0, found by ever longer steps from inside in its direction;
    shapes (n,).

    direction: -1 or 1; sought: false where no root exists, there the answer is without meaning;
    first_step: one length for all, or shape (n,).
    """
    distance = np.broadcast_to(first_step, len(inside))
    for _ in range(MOST_DOUBLINGS):
        outside = inside + direction * distance
        short = sought & ~(function(outside) >= 0)
        if not short.any():
            return np.asarray(outside)
        distance = np.where(short, 2 * distance, distance)
    raise ArithmeticError(f"no sign change within {distance[short][0] / 2} of {inside[short][0]}")


def _nearer_zero(
    a: FloatArray, b: FloatArray, f_a: FloatArray, f_b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    first: BoolArray = np.abs(f_a) < np.abs(f_b)
    return np.where(first, a, b), np.where(first, f_a, f_b)


def _next_step(
    a: FloatArray, b: FloatArray, c: FloatArray, f_a: FloatArray, f_b: FloatArray, f_c: FloatArray
) -> FloatArray:
    """Where between a (0) and b (1) to look next: by interpolation if the three points bend gently, else
    half-way."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        xi = (a - b) / (c - b)
        phi = (f_a - f_b) / (f_c - f_b)
        gentle = (1 - np.sqrt(1 - xi) < phi) & (phi < np.sqrt(xi))
        interpolated = f_a / (f_b - f_a) * f_c / (f_b - f_c) + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (
            f_c - f_b
        )
    return np.where(gentle & np.isfinite(interpolated), interpolated, 0.5)
