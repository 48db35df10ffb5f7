"""Two samples of numbers: Student's and Welch's limits, and exact tests of ranks or means.

Method, sources and differences between programs: docs/methods/mean-by-week.md and docs/methods/time-weighted-area.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import stdtr, stdtrit

from pvtracker.stats.results import FloatArray, IntArray

MOST_RANKED = 200  # participants up to which ranks are counted out
MOST_SPLITS = 200_000  # splits into two arms up to which all are made
MOST_CELLS = 2_000_000  # of replicates by participants held at once
ROUNDING = 1e-10  # relative to the largest deviation: as extreme as the observed; to the largest value: the same value
NO_SPREAD = 1e-12  # a standard deviation below this share of the largest value is rounding


@dataclass(frozen=True, slots=True)
class Moments:
    """Size, mean and standard deviation (n − 1), each of shape (samples,); nan where there is none."""

    n: IntArray
    mean: FloatArray
    sd: FloatArray

    def limits(self, confidence_level: float) -> tuple[FloatArray, FloatArray]:
        """Student's limits of the mean."""
        with np.errstate(invalid="ignore", divide="ignore"):
            reach = stdtrit(self.n - 1.0, (1 + confidence_level) / 2) * self.sd / np.sqrt(self.n)
        return self.mean - reach, self.mean + reach


@dataclass(frozen=True, slots=True)
class Welch:
    """Difference of two means with limits, degrees of freedom and p, each of shape (samples,)."""

    difference: FloatArray
    low: FloatArray
    high: FloatArray
    degrees: FloatArray
    p: FloatArray


def moments(group: IntArray, value: FloatArray, size: int) -> Moments:
    """Of the values of each group 0 … size − 1."""
    n = np.bincount(group, minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group, value, minlength=size) / n
        square = np.bincount(group, (value - mean[group]) ** 2, minlength=size)
        sd = np.where(n > 1, np.sqrt(square / np.maximum(n - 1, 1)), np.nan)
    # What differs by rounding only is the same.
    largest = np.zeros(size)
    np.maximum.at(largest, group, np.abs(value))
    sd[(n > 1) & (sd <= NO_SPREAD * largest)] = 0.0
    return Moments(n, mean, sd)


def welch(arm: Moments, ref: Moments, confidence_level: float) -> Welch:
    """Mean of the arm − mean of the reference, variances not assumed to be equal."""
    with np.errstate(invalid="ignore", divide="ignore"):
        of_arm, of_ref = arm.sd**2 / arm.n, ref.sd**2 / ref.n
        variance = of_arm + of_ref
        degrees = variance**2 / (of_arm**2 / (arm.n - 1) + of_ref**2 / (ref.n - 1))
        difference, error = arm.mean - ref.mean, np.sqrt(variance)
        reach = stdtrit(degrees, (1 + confidence_level) / 2) * error
        p = 2 * stdtr(degrees, -np.abs(difference) / error)
    return Welch(difference, difference - reach, difference + reach, degrees, p)


def rank_p(value: FloatArray, in_arm: IntArray, *, replicates: int, seed: int) -> tuple[float, str]:
    """Two-sided p of Wilcoxon's rank sum, midranks for ties, and how it was found.

    The share of splits whose rank sum is at least as far from its mean as the observed one.
    """
    place, ties = np.unique(_merged(value), return_inverse=True, return_counts=True)[1:]
    rank = (2 * np.cumsum(ties) - ties + 1)[place]  # midranks, doubled: whole numbers
    size = int(in_arm.sum())
    if len(value) > MOST_RANKED:
        return _sampled(rank.astype(np.float64), in_arm, replicates, seed)
    total = int(rank.sum())
    ways = np.zeros((size + 1, total + 1))  # splits with so many in the arm and this rank sum
    ways[0, 0] = 1.0
    reached = 0
    for many, one in enumerate(rank.tolist(), start=1):
        most = min(many, size)
        ways[1 : most + 1, one : reached + one + 1] += ways[:most, : reached + 1].copy()
        reached += one
    sums = np.arange(total + 1)
    away = np.abs(sums * len(value) - total * size)  # whole numbers: no rounding
    observed = abs(int(rank[in_arm == 1].sum()) * len(value) - total * size)
    return float(ways[size, away >= observed].sum() / ways[size].sum()), "exact"


def permutation_p(value: FloatArray, in_arm: IntArray, *, replicates: int, seed: int) -> tuple[float, str]:
    """Two-sided p of the difference of means among all splits into arms of these sizes, and how it was found."""
    size, value = int(in_arm.sum()), _merged(value)
    smaller = min(size, len(value) - size)
    if comb(len(value), smaller) > MOST_SPLITS:
        return _sampled(value, in_arm, replicates, seed)
    chosen = np.array(list(combinations(range(len(value)), smaller)), dtype=np.int64)
    centred = value - value.mean()
    away = np.abs(centred[chosen].sum(axis=1))
    observed = abs(float(centred[in_arm == (1 if smaller == size else 0)].sum()))
    slack = ROUNDING * max(float(away.max()), 1e-300)
    return float(np.mean(away >= observed - slack)), "exact"


def _merged(value: FloatArray) -> FloatArray:
    """Values that differ from their sorted neighbour by rounding only are the same: the lowest of them."""
    order = np.argsort(value, kind="stable")
    ranked = value[order]
    apart = np.diff(ranked) > ROUNDING * np.abs(value).max(initial=0.0)
    first = np.flatnonzero(np.append(True, apart)[: len(value)])
    merged = np.empty_like(value)
    merged[order] = np.repeat(ranked[first], np.diff(np.append(first, len(value))))
    return merged


def _sampled(value: FloatArray, in_arm: IntArray, replicates: int, seed: int) -> tuple[float, str]:
    """Share of random splits at least as extreme, the observed one among them."""
    rng = np.random.default_rng(seed)
    centred, size = value - value.mean(), int(in_arm.sum())
    observed = abs(float(centred[in_arm == 1].sum()))
    slack = ROUNDING * float(np.abs(centred).sum())
    block, as_far = max(1, MOST_CELLS // len(value)), 0
    for begin in range(0, replicates, block):
        many = min(block, replicates - begin)
        shuffled = rng.permuted(np.broadcast_to(centred, (many, len(value))), axis=1)
        as_far += int(np.sum(np.abs(shuffled[:, :size].sum(axis=1)) >= observed - slack))
    return (as_far + 1) / (replicates + 1), f"{replicates} random splits"
