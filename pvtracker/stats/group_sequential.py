"""Group-sequential boundaries for looks at accumulating data: alpha spending and Haybittle-Peto.

Method, sources and when not to use it: docs/methods/group-sequential.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from pvtracker.stats.brent import brentq
from pvtracker.stats.inputs import level, numbers
from pvtracker.stats.normal_paths import CLOSEST, Path, along
from pvtracker.stats.results import FloatArray, SequentialBoundary, SequentialCrossing

Spending = Literal["obrien_fleming", "pocock", "power", "hwang_shih_decani"]
Overspent = Literal["refuse", "spend the rest"]
MOST_DRIFT = 20.0
NOTHING = 1e-9  # of alpha: less is left only by rounding


def spent_alpha(
    fraction: ArrayLike,
    *,
    alpha: float = 0.025,
    spending: Spending = "obrien_fleming",
    parameter: float | None = None,
) -> FloatArray:
    """Error of one side that may be spent up to these shares of the information, shape (looks,).

    "obrien_fleming" 2 − 2 Φ(z(1 − alpha/2) / √t); "pocock" alpha ln(1 + (e − 1) t); "power" alpha t^parameter;
    "hwang_shih_decani" alpha (1 − e^(−parameter t)) / (1 − e^(−parameter)), alpha t where parameter is 0.

    fraction: shares of the information, in [0, 1], shape (looks,). spending: the function by which alpha is spent.
    parameter: exponent or rate of the spending functions that have one.

    Source: Lan & DeMets (1983) Biometrika 70:659-663; Kim & DeMets (1987) Biometrika 74:149-154 (power); Hwang, Shih &
    DeCani (1990) Stat Med 9:1439-1445.
    """
    alpha, t = level("alpha", alpha), _fractions(fraction)
    if spending not in get_args(Spending):
        raise ValueError(f"spending must be one of {', '.join(get_args(Spending))}, got {spending!r}")
    with_parameter = spending in ("power", "hwang_shih_decani")
    if with_parameter != (parameter is not None):
        raise ValueError(
            f"{spending} spending {'needs a' if with_parameter else 'has no'} parameter, got {parameter}"
        )
    if spending == "obrien_fleming":
        spent = 2 * ndtr(-ndtri(1 - alpha / 2) / np.sqrt(t))
    elif spending == "pocock":
        spent = alpha * np.log1p((np.e - 1) * t)
    elif spending == "power":
        if not (parameter and 0 < parameter < np.inf):
            raise ValueError(f"parameter of power spending must be > 0, got {parameter}")
        spent = alpha * t**parameter
    elif not (parameter is not None and -100 <= parameter <= 100):
        raise ValueError(f"parameter of Hwang-Shih-DeCani spending must lie in [-100, 100], got {parameter}")
    else:
        spent = alpha * (np.expm1(-parameter * t) / np.expm1(-parameter) if parameter else t)
    result: FloatArray = np.minimum(spent, alpha)
    return result


def group_sequential_boundary(
    fraction: ArrayLike,
    *,
    alpha: float = 0.025,
    spending: Spending = "obrien_fleming",
    parameter: float | None = None,
    sides: int = 1,
    information: ArrayLike | None = None,
) -> SequentialBoundary:
    """Boundary at looks with these shares of the planned information, by alpha spending.

    fraction: increasing, in (0, 1], shape (looks,): looks that were held, and those to come; a bound depends on those
    before it only. alpha: error of all looks together; sides 2 halves it between excess and deficit. information:
    of each look, in any unit, where it does not go with `fraction`, as when more came than was planned: the fraction
    then says what is spent, the information how the looks hang together. ValueError for looks that cannot be, or bring
    less than 0.0001 of the information that is in by then; the first may come as early as it will.

    spending, parameter: as for `spent_alpha`. sides: 1 for an excess only, 2 for excess and deficit.

    Source: Lan & DeMets (1983) Biometrika 70:659-663; integration as in Jennison & Turnbull (2000) chapter 19.
    """
    t = _fractions(fraction)
    share = _per_side(alpha, sides)
    spent = spent_alpha(t, alpha=share, spending=spending, parameter=parameter) * sides
    path = Path(two_sided=sides == 2)
    steps = np.diff(spent, prepend=0.0)
    times = t if information is None else _in_all(information, len(t))
    z, above, below = along(times, path, lambda look, time: path.bound(time, float(steps[look])))
    return _boundary(t, z, np.cumsum(above + below), sides)


def haybittle_peto_boundary(
    fraction: ArrayLike,
    *,
    alpha: float = 0.025,
    interim_z: float = 3.0,
    sides: int = 1,
    overspent: Overspent = "refuse",
) -> SequentialBoundary:
    """A fixed high bound at all looks but the last, whose bound makes the error of all looks together alpha.

    fraction: increasing, the last 1. overspent: what is done where the looks before the last would spend the whole
    error, "refuse" (a ValueError) or "spend the rest" (a look whose fixed bound would spend more than is left has the
    bound that spends what is left, and no later one can cross, bound infinite; so none takes back a look before it).

    interim_z: bound of every look but the last, as a z-value.

    Source: Haybittle (1971) Br J Radiol 44:793-797; Peto et al. (1976) Br J Cancer 34:585-612. They left the last bound
    at its fixed value; the exact one is by the same integration as `group_sequential_boundary`.
    """
    t = _fractions(fraction)
    if t[-1] != 1:
        raise ValueError(f"the last look must be at all the information, fraction 1, got {t[-1]}")
    if not 0 < interim_z < 10:
        raise ValueError(f"interim_z must lie in (0, 10), got {interim_z}")
    if overspent not in get_args(Overspent):
        raise ValueError(f"overspent must be one of {', '.join(get_args(Overspent))}, got {overspent!r}")
    allowed, path, used = _per_side(alpha, sides) * sides, Path(two_sided=sides == 2), 0.0

    def decide(look: int, time: float) -> float:
        nonlocal used
        left, last = allowed - used, look + 1 == len(t)
        if last and overspent == "refuse" and left <= 0:
            raise ValueError(f"the looks at z = {interim_z} spend {used:.4f}, more than alpha")
        if overspent == "spend the rest" and left < NOTHING * allowed:
            return np.inf
        fixed = sum(path.crossing(time, interim_z))
        z = interim_z
        if last or (overspent == "spend the rest" and fixed > left):
            z = path.bound(time, left)
            fixed = sum(path.crossing(time, z))
        used += fixed
        return z

    z, above, below = along(t, path, decide)
    return _boundary(t, z, np.cumsum(above + below), sides)


def group_sequential_crossing(
    fraction: ArrayLike, z: ArrayLike, *, drift: float = 0.0, sides: int = 1
) -> SequentialCrossing:
    """Probability to cross this boundary at each look: operating characteristics under the normal approximation.

    fraction, sides: as for `group_sequential_boundary`. z: bounds, shape (looks,), infinite where none. drift:
    expected z-value at all the information: 0 gives the error, z(1 − alpha) + z(power) that of a trial with one look.
    The trial goes on until a bound is crossed or the last look.
    """
    t, bounds = _fractions(fraction), np.asarray(z, dtype=np.float64)
    if bounds.shape != t.shape or np.isnan(bounds).any():
        raise ValueError(f"z must hold a bound for each of {len(t)} looks, got {bounds.tolist()}")
    if not abs(drift) <= MOST_DRIFT:
        raise ValueError(f"drift must lie in [-{MOST_DRIFT:g}, {MOST_DRIFT:g}], got {drift}")
    _per_side(0.5, sides)
    _, above, below = along(t, Path(drift=drift, two_sided=sides == 2), lambda look, time: bounds[look])
    each = above + below
    left = np.concatenate([[1.0], 1 - np.cumsum(each)[:-1]])
    expected = float(left @ np.diff(t, prepend=0.0))
    return SequentialCrossing(above, below, float(each.sum()), expected)


def group_sequential_drift(fraction: ArrayLike, z: ArrayLike, *, power: float = 0.8, sides: int = 1) -> float:
    """The drift that this boundary detects (by its upper bound) with this power; ValueError when no drift up to 20
    does, or already none.

    fraction, z, sides: as for `group_sequential_crossing`. power: probability to cross the upper bound, in (0, 1).
    """
    power = level("power", power)

    def missing(drift: float) -> float:
        return float(group_sequential_crossing(fraction, z, drift=drift, sides=sides).above.sum()) - power

    if missing(0.0) >= 0 or missing(MOST_DRIFT) <= 0:
        raise ValueError(f"no drift in (0, {MOST_DRIFT:g}) is detected with power {power}")
    return brentq(missing, 0.0, MOST_DRIFT, xtol=1e-11)


def _boundary(t: FloatArray, z: FloatArray, spent: FloatArray, sides: int) -> SequentialBoundary:
    return SequentialBoundary(t, z, sides * ndtr(-z), spent, sides)


def _per_side(alpha: float, sides: int) -> float:
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2, got {sides}")
    return level("alpha", alpha) / sides


def _in_all(information: ArrayLike, looks: int) -> FloatArray:
    """Information as shares of that of the last look."""
    told = np.atleast_1d(numbers("information", information))
    if len(told) != looks or not (told > 0).all() or (np.diff(told) <= 0).any():
        raise ValueError(
            f"information must be > 0 and increase, one for each of {looks} looks, got {told.tolist()}"
        )
    return _fractions(told / told[-1])


def _fractions(fraction: ArrayLike | Sequence[float]) -> FloatArray:
    t = np.atleast_1d(numbers("fraction", fraction))
    if not (t.size and (t > 0).all() and (t <= 1).all()):
        raise ValueError(f"fraction must hold shares of the information in (0, 1], got {t.tolist()}")
    if (np.diff(t, prepend=0.0) < CLOSEST * (1 - 1e-9) * t).any():
        raise ValueError(
            f"each look must bring at least {CLOSEST:g} of the information that is in by then, got {t.tolist()}"
        )
    return t
