"""Have the chains met, and how many independent draws are theirs worth?

Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021) Bayesian Analysis 16:667-718: chains are split in halves and
draws replaced by normal scores of their ranks. R-hat is the greater of that of the scores and that of the scores of
distances from the median. Bulk effective size is that of the scores, tail effective size the smaller of those of being
at or below the 5 % and the 95 % quantile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from pvtracker.stats.results import BoolArray, FloatArray, IntArray

LARGEST_R_HAT = 1.01
SMALLEST_EFFECTIVE_SIZE = 400.0


@dataclass(frozen=True, slots=True)
class Convergence:
    """Of each quantity, (n,): nan where the draws are all the same."""

    r_hat: FloatArray
    ess_bulk: FloatArray
    ess_tail: FloatArray

    @property
    def met(self) -> BoolArray:
        """Where R-hat < 1.01 and both effective sizes are at least 400; nan is not met."""
        enough = np.minimum(self.ess_bulk, self.ess_tail) >= SMALLEST_EFFECTIVE_SIZE
        return np.asarray((self.r_hat < LARGEST_R_HAT) & enough)


def convergence(draws: FloatArray) -> Convergence:
    """Of draws with shape (quantities, chains, draws of each chain), at least four of each chain."""
    quantities, _, length = draws.shape
    half = length // 2
    if half < 2:
        raise ValueError(f"draws must hold at least four of each chain, got {length}")
    # the middle one of an odd number belongs to neither half
    halves = np.concatenate([draws[:, :, :half], draws[:, :, length - half :]], axis=1)
    found = np.full((3, quantities), np.nan)
    table = ndtri((np.arange(2, 2 * halves[0].size + 1) / 2 - 0.375) / (halves[0].size + 0.25))
    for number, draw in enumerate(halves):
        values = draw.ravel()
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        if ordered[0] == ordered[-1]:
            continue
        scores = np.empty_like(values)
        scores[order] = table[_twice_ranks(ordered) - 2]
        distance = np.abs(ordered - _median(ordered))
        again = np.argsort(distance, kind="stable")  # falls, then rises: quickly sorted
        folded = np.empty_like(values)
        folded[order[again]] = table[_twice_ranks(distance[again]) - 2]
        low, high = np.quantile(draws[number], [0.05, 0.95])
        kinds = np.stack(
            [
                each.reshape(draw.shape)
                for each in (scores, folded, _beyond(values, low), _beyond(values, high))
            ]
        )
        r_hats, sizes = _r_hat_and_size(kinds)
        found[:, number] = np.nanmax(r_hats[:2]), sizes[0], sizes[2:].min()
    return Convergence(*found)


def _twice_ranks(ordered: FloatArray) -> IntArray:
    """Twice the average rank of each of sorted values, from 2 on: equal values share theirs."""
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(ordered))
    shared: IntArray = (starts + ends + 1)[np.cumsum(first) - 1]
    return shared


def _median(ordered: FloatArray) -> float:
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else 0.5 * (ordered[middle - 1] + ordered[middle]))


def _beyond(values: FloatArray, quantile: float) -> FloatArray:
    """Whether each value is at most the quantile; where all are (a heap of equal values), whether it is less."""
    found = values <= quantile
    return (values < quantile if found.all() else found).astype(np.float64)


def _r_hat_and_size(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Potential scale reduction and effective size of quantities, (quantities, chains, draws of each chain).

    The sum of autocorrelations ends where a pair of neighbours is no longer positive (Geyer's initial positive
    sequence), and pairs never rise (his initial monotone sequence).
    """
    _, chains, length = draws.shape
    means = draws.mean(axis=2)
    centred = draws - means[:, :, None]
    within = np.einsum("qcn,qcn->q", centred, centred) / (chains * (length - 1))
    total = within * (length - 1) / length
    if chains > 1:
        total = total + means.var(axis=1, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        r_hat = np.sqrt(total / within)

    def correlation(lag: int) -> FloatArray:
        product = np.einsum("qcn,qcn->q", centred[:, :, : length - lag], centred[:, :, lag:])
        found: FloatArray = 1 - (within - product / (chains * length)) / total
        return found

    with np.errstate(invalid="ignore", divide="ignore"):
        even, odd = np.ones(len(draws)), correlation(1)
        before = np.full(len(draws), np.inf)
        time, going, lag = np.full(len(draws), -1.0), even + odd > 0, 0
        while going.any() and lag < length - 5:
            before = np.where(going, np.minimum(even + odd, before), before)
            time += np.where(going, 2 * before, 0)
            lag += 2
            even, odd = correlation(lag), correlation(lag + 1)
            ends = going & ~(even + odd > 0)
            time += np.where(ends, np.maximum(even, 0), 0)
            going &= ~ends
        time += np.where(going, np.maximum(even, 0), 0)
        most = chains * length
        # chains that swing may be worth more than their number of draws, but not without limit
        return r_hat, most / np.maximum(time, 1 / np.log10(most))


def indicator_size(draws: BoolArray) -> FloatArray:
    """Effective sizes of the shares of true draws, (quantities, chains, draws of each chain), not ranked: ranks of two
    values are two values. Where all draws are alike it is their number: nothing is known of how they would vary."""
    half = draws.shape[2] // 2
    halves = np.concatenate([draws[:, :, :half], draws[:, :, draws.shape[2] - half :]], axis=1)
    alike = halves.all(axis=(1, 2)) | ~halves.any(axis=(1, 2))
    sizes = np.full(len(halves), float(halves[0].size))
    if not alike.all():
        sizes[~alike] = _r_hat_and_size(halves[~alike].astype(np.float64))[1]
    return sizes
