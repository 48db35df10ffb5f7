"""Checks of lists with one entry for each value or participant."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.inputs import Labels, numbers
from pvtracker.stats.results import FloatArray, TextArray


def labels(name: str, value: Labels) -> TextArray:
    """The value as texts, shape (n,); '' where nothing is known (None, nan)."""
    array = np.asarray(value, dtype=object)
    if array.ndim > 1:
        raise ValueError(f"{name} must be a label or have shape (n,), got shape {array.shape}")
    return np.array([_text(one) for one in np.atleast_1d(array).tolist()], dtype=object)


def _text(value: Any) -> str:
    return "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)


def long_numbers(name: str, value: ArrayLike) -> FloatArray:
    """The value as float64, shape (n,), nan allowed."""
    return np.atleast_1d(numbers(name, value))


def same_size(**arrays: Any) -> tuple[Any, ...]:
    """The arrays with one length; an array of one entry is repeated. ValueError when two lengths differ."""
    lengths = {name: len(array) for name, array in arrays.items() if len(array) != 1}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"arguments must have the same length, got {lengths}")
    size = next(iter(lengths.values()), 1)
    return tuple(np.broadcast_to(array, size) for array in arrays.values())
