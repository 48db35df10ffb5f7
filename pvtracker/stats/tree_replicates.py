"""The machinery of the tree scan: log-likelihood ratios of nodes, and their largest value in replicates of the null.

Counts of all nodes in a block of replicates are one sparse product. Nodes with the same expectation share their
likelihood, which grows with the count beyond it: only the largest (or smallest) count among them is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import xlogy

from pvtracker.stats.results import FloatArray, IntArray

BLOCK = 256  # replicates at a time, fewer where there are many units: what is drawn then stays below 64 MB
BLOCK_CELLS = 8_000_000
MOST_TABLED = 2**21  # larger counts are rare, and their differences of k ln k would be inexact
TIE = 1e-7  # ratios that differ by less are equal: tables in another order, the same to the last digits

Draw = Callable[[np.random.Generator, int], Any]  # replicates of the units, shape (units, size)


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Log-likelihood ratio of the cases x in each of n nodes, against an expectation.

    Half of the Poisson deviance over the cells of a table, Σ O ln(O/E) − (O − E), where a cell holds O = base + sign·x.
    One cell is the unconditional Poisson model, two (cases and controls of the node) the unconditional Bernoulli, two
    (cases of the node and elsewhere) the conditional Poisson, four the conditional Bernoulli model.
    """

    expected: FloatArray  # (n,)
    bases: IntArray  # (n, cells)
    signs: tuple[int, ...]
    alternative: str = "greater"
    minimum_cases: int = 1

    def ratio(self, cases: Any) -> FloatArray:
        """Of cases with shape (n,) or (n, replicates)."""
        x = np.asarray(cases, dtype=np.int64)
        wide = (slice(None),) + (None,) * (x.ndim - 1)
        largest = int(self.bases.max(initial=0)) + int(x.max(initial=0))
        ratio = np.zeros(x.shape)
        for base, sign in zip(self.bases.T, self.signs, strict=True):
            held = base[wide] + sign * x
            mean = np.maximum(base + sign * self.expected, np.finfo(float).tiny)[wide]
            if largest <= MOST_TABLED:
                ratio += _k_ln_k(largest.bit_length())[held] - held * np.log(mean)
            else:
                ratio += xlogy(held, held / mean)
        if sum(self.signs):  # an open total; elsewhere what one cell has more another has less
            ratio -= x - self.expected[wide]
        wanted = np.zeros(x.shape, dtype=bool)
        if self.alternative != "less":
            wanted |= x > self.expected[wide]
        if self.alternative != "greater":
            wanted |= x < self.expected[wide]
        if self.alternative == "greater":
            wanted &= x >= self.minimum_cases
        return np.where(wanted, np.maximum(ratio, 0.0), 0.0)

    def of(self, nodes: IntArray) -> Likelihood:
        return Likelihood(
            self.expected[nodes], self.bases[nodes], self.signs, self.alternative, self.minimum_cases
        )


@cache
def _k_ln_k(bits: int) -> FloatArray:
    """k ln k of every k below a power of two: far quicker to look up than a logarithm is to take."""
    k = np.arange(1 << bits, dtype=np.float64)
    table: FloatArray = xlogy(k, k)
    return table


def largest_ratios(
    incidence: sparse.csr_array,
    likelihood: Likelihood,
    draw: Draw,
    *,
    most: int,
    replicates: int,
    seed: int,
    threads: int,
) -> FloatArray:
    """The largest ratio over all nodes in each replicate of the null, shape (replicates,).

    incidence: 1 where a unit (participant, leaf) belongs to a node, (nodes, units). draw: replicates of the units.
    most: no count of a node exceeds it. Each block has a generator of its own, whatever the number of threads.
    """
    keys = np.column_stack([likelihood.bases, likelihood.expected])
    alike = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(alike, kind="stable")
    starts = np.flatnonzero(np.diff(alike[order], prepend=-1))
    kind = next(kind for kind in (np.uint8, np.uint16, np.int32, np.int64) if most <= np.iinfo(kind).max)
    sorted_rows, first = incidence[order].astype(kind), likelihood.of(order[starts])

    def block(work: tuple[np.random.SeedSequence, int]) -> FloatArray:
        seeded, size = work
        units = np.ascontiguousarray(draw(np.random.default_rng(seeded), size), dtype=kind)
        counts = sorted_rows @ units
        ratio = np.zeros(size)
        if likelihood.alternative != "less":
            ratio = first.ratio(np.maximum.reduceat(counts, starts, axis=0)).max(axis=0, initial=0.0)
        if likelihood.alternative != "greater":
            fewest = first.ratio(np.minimum.reduceat(counts, starts, axis=0)).max(axis=0, initial=0.0)
            ratio = np.maximum(ratio, fewest)
        return ratio

    at_a_time = int(np.clip(BLOCK_CELLS // max(incidence.shape[1], 1), 8, BLOCK))
    sizes = [min(at_a_time, replicates - done) for done in range(0, replicates, at_a_time)]
    work = list(zip(np.random.SeedSequence(seed).spawn(len(sizes)), sizes, strict=True))
    with ThreadPoolExecutor(threads) as pool:  # numpy and SciPy let the other thread work meanwhile
        return np.concatenate(list(pool.map(block, work)))


def p_values(observed: FloatArray, largest: FloatArray) -> FloatArray:
    """(1 + replicates whose largest ratio is as large) / (1 + replicates), shape (n,); equal within TIE counts."""
    smaller = np.searchsorted(np.sort(largest), observed - TIE)
    p: FloatArray = (1 + len(largest) - smaller) / (1 + len(largest))
    return p


def from_urns(urns: list[tuple[IntArray, int]]) -> Draw:
    """Cases drawn without replacement from each urn. An urn: how many observations each unit has, the last being no
    unit but all others that may be drawn; and how many are drawn."""

    def draw(rng: np.random.Generator, size: int) -> Any:
        drawn = [
            rng.multivariate_hypergeometric(sizes, cases, size, method=_method(sizes))[:, :-1]
            for sizes, cases in urns
        ]
        return np.concatenate(drawn, axis=1).T

    return draw


def _method(sizes: IntArray) -> Any:
    """Counting out the urn is faster unless it is large."""
    return "count" if int(sizes.sum()) <= 20 * len(sizes) + 1_000_000 else "marginals"
