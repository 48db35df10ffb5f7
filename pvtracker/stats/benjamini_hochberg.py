"""False discovery rate: adjusted p-values of Benjamini and Hochberg, over one family or over many at once, and of
Benjamini and Yekutieli.

Methods and sources: docs/methods/benjamini-hochberg.md, benjamini-yekutieli.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.inputs import Labels, probabilities
from pvtracker.stats.results import FloatArray, IntArray


def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """Adjusted p-values of one family, shape (n,): min over j ≥ i of min(1, m p(j) / j) for the i-th
    smallest.

    p: probabilities in [0, 1], shape (n,). A nan stays nan and is not counted in m, as in R's p.adjust.
    ValueError for values outside [0, 1] or a wrong shape.

    Source: Benjamini & Hochberg (1995) J R Stat Soc B 57:289-300, procedure (1); as adjusted p-values
    Yekutieli & Benjamini (1999) J Stat Plan Inference 82:171-196.
    """
    values = probabilities("p", p)
    if values.ndim != 1:
        raise ValueError(f"p must have shape (n,), got shape {values.shape}")
    return adjust(values, np.zeros(len(values), dtype=np.int64))


def benjamini_hochberg_by_group(p: ArrayLike, group: Labels) -> FloatArray:
    """Adjusted p-values, shape (n,), each within its own group of tests.

    p: as for `benjamini_hochberg`; group: whole-number or text label of each test's family, shape (n,).
    """
    values, index = grouped(p, group, name="group")
    return adjust(values, index)


def benjamini_yekutieli(p: ArrayLike) -> FloatArray:
    """Adjusted p-values of one family that hold under any dependence of the tests, shape (n,).

    Those of `benjamini_hochberg` times 1 + 1/2 + … + 1/m, at most 1. Argument, missing values and errors as there.

    Source: Benjamini & Yekutieli (2001) Ann Stat 29:1165-1188, theorem 1.3.
    """
    adjusted = benjamini_hochberg(p)
    tests = np.count_nonzero(~np.isnan(adjusted))
    return np.minimum(1.0, adjusted * np.sum(1 / np.arange(1, tests + 1)))


def grouped(p: ArrayLike, group: Labels, *, name: str) -> tuple[FloatArray, IntArray]:
    """p-values and group numbers 0, 1, …, both of shape (n,); ValueError when the shapes differ."""
    values, labels = probabilities("p", p), np.asarray(group)
    if values.ndim != 1 or labels.shape != values.shape:
        raise ValueError(
            f"p and {name} must both have shape (n,), got shapes {values.shape} and {labels.shape}"
        )
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(f"{name} must label every test, got nan")
    index = np.unique(labels, return_inverse=True)[1]
    return values, index.reshape(-1).astype(np.int64)


def adjust(values: FloatArray, group: IntArray) -> FloatArray:
    """Benjamini and Hochberg within each group; checked arguments."""
    adjusted = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        return adjusted
    order = known[np.lexsort((values[known], group[known]))]
    sorted_group = group[order]
    size = np.bincount(group[known])[sorted_group]
    position = np.arange(len(order)) - np.searchsorted(sorted_group, sorted_group) + 1
    raw = np.minimum(1.0, values[order] * (size / position))  # never below p, even after rounding

    # Running minimum from the end of each group. Whole-number ranks with the group in front keep it exact:
    # a smaller group number always wins, so the minimum starts afresh at each group's end.
    ranked, rank = np.unique(raw, return_inverse=True)
    key = sorted_group * len(ranked) + rank.reshape(-1)
    lowest = np.minimum.accumulate(key[::-1])[::-1]
    adjusted[order] = ranked[lowest - sorted_group * len(ranked)]
    return adjusted
