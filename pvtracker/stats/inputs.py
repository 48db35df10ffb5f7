"""Checks of what the statistics are given. Errors name the rule, the argument and the value."""

from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.results import FloatArray, IntArray, TextArray

LARGEST_COUNT = 2**30  # a thousand million: no trial is larger, and work and memory stay bounded

# Texts or whole numbers that name a group: the calculator reads what is typed for them as it stands.
Labels = Annotated[ArrayLike, "labels"]

EMPTY_ARM = "empty arm: no participant in the arm"
EMPTY_REFERENCE = "empty arm: no participant in the reference arm"


def counts(name: str, value: ArrayLike, *, strata: bool = False) -> IntArray:
    """The value as whole numbers, scalar or shape (n,); ValueError if not whole, negative or not finite.

    strata: shape (strata,) or (n, strata) instead.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold whole numbers, got {array.dtype} values")
    if array.ndim > 1 + strata:
        shapes = "(strata,) or (n, strata)" if strata else "(n,)"
        raise ValueError(f"{name} must be a number or have shape {shapes}, got shape {array.shape}")
    refuse(name, "must be finite", array, ~np.isfinite(array))
    refuse(name, "must be ≥ 0", array, array < 0)
    refuse(name, "must be whole numbers", array, array != np.floor(array))
    refuse(name, f"must be ≤ {LARGEST_COUNT}", array, array > LARGEST_COUNT)
    return array.astype(np.int64)


def follow_up(name: str, value: ArrayLike) -> FloatArray:
    """The value as follow-up time, scalar or shape (n,); ValueError if negative or not finite."""
    array = numbers(name, value)
    refuse(name, "must be finite", array, ~np.isfinite(array))
    refuse(name, "must be ≥ 0", array, array < 0)
    return array


def probabilities(name: str, value: ArrayLike) -> FloatArray:
    """The value as probabilities, scalar or shape (n,), nan allowed; ValueError outside [0, 1]."""
    array = numbers(name, value)
    refuse(name, "must lie in [0, 1] or be nan", array, (array < 0) | (array > 1))
    return array


def numbers(name: str, value: ArrayLike) -> FloatArray:
    """The value as float64, scalar or shape (n,)."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold numbers, got {array.dtype} values")
    if array.ndim > 1:
        raise ValueError(f"{name} must be a number or have shape (n,), got shape {array.shape}")
    return array.astype(np.float64)


def level(name: str, value: float) -> float:
    """A confidence level, power or significance level: ValueError unless 0 < value < 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value}")
    return float(value)


def same_length(**arrays: IntArray | FloatArray) -> int:
    """Length n of the arguments once numbers are repeated; ValueError when two lengths differ."""
    lengths = {name: array.shape[0] for name, array in arrays.items() if array.ndim == 1}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"arguments must have the same length, got {lengths}")
    return next(iter(lengths.values()), 1)


def tables(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Participants with the event and participants of both arms, each with shape (n,)."""
    x, a = counts("n_arm", n_arm), counts("N_arm", N_arm)
    y, b = counts("n_ref", n_ref), counts("N_ref", N_ref)
    size = same_length(n_arm=x, N_arm=a, n_ref=y, N_ref=b)
    x, a, y, b = (np.broadcast_to(each, size) for each in (x, a, y, b))
    refuse("n_arm", "must be ≤ N_arm", x, x > a)
    refuse("n_ref", "must be ≤ N_ref", y, y > b)
    return x, a, y, b


def stratified_tables(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """The same for tables of several strata, each with shape (n, strata); shape (strata,) holds for all n."""
    given = {"n_arm": n_arm, "N_arm": N_arm, "n_ref": n_ref, "N_ref": N_ref}
    arrays = {name: np.atleast_2d(counts(name, value, strata=True)) for name, value in given.items()}
    try:
        x, a, y, b = np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = {name: array.shape for name, array in arrays.items()}
        raise ValueError(f"arguments must have the same terms and strata, got {shapes}") from None
    refuse("n_arm", "must be ≤ N_arm", x, x > a)
    refuse("n_ref", "must be ≤ N_ref", y, y > b)
    return x, a, y, b


def no_warning(size: int) -> TextArray:
    """An array of None, to be filled where something is to be said."""
    return np.full(size, None, dtype=object)


def empty_arm_warning(N_arm: IntArray, N_ref: IntArray) -> TextArray:
    """The warning of tables with an empty arm, None elsewhere."""
    warning = no_warning(len(N_arm))
    warning[N_ref == 0] = EMPTY_REFERENCE
    warning[N_arm == 0] = EMPTY_ARM
    return warning


def refuse(name: str, rule: str, array: IntArray | FloatArray, wrong: np.ndarray) -> None:
    if np.any(wrong):
        raise ValueError(f"{name} {rule}, got {np.atleast_1d(array)[np.atleast_1d(wrong)][0]}")
