"""Exact two-sided p-values of discrete distributions with one peak: the probability of what is no more
likely.

Shared by Fisher's test (hypergeometric) and the rate ratio (binomial). One row is one distribution over the
whole numbers first..last; many observed values may ask about the same row, so tables with equal margins
cost one row.
"""

from collections.abc import Callable, Iterator

import numpy as np

from pvtracker.stats.results import FloatArray, IntArray

# Outcomes whose probabilities differ by less than this factor are ties: R's fisher.test and binom.test use
# the same. It stands far above rounding (1e-12) and far below any difference that matters.
LOG_TIE = float(np.log1p(1e-7))

CELLS_AT_ONCE = 1_000_000  # bounds memory: some 8 MB per work array

# Beyond this many powers of e a probability is zero in float64.
VANISHING = 745.0

# (rows, k) -> log(P(k + 1) / P(k)), shapes (r,) and (w,) -> (r, w); rows index the distributions.
LogRatio = Callable[[IntArray, IntArray], FloatArray]


def two_sided(
    first: IntArray, last: IntArray, log_ratio: LogRatio, row: IntArray, value: IntArray
) -> tuple[FloatArray, FloatArray]:
    """(p, mid-p) of each observed value, shapes (q,).

    p = P(outcomes no more likely than the observed); mid-p counts those as likely as the observed by half.
    first, last: shapes (r,), the support of each row; row, value: shapes (q,).
    A value outside the support, which `essential` may have cut, is taken as its end: its p is below 1e-300.
    """
    p, mid_p = np.empty(len(row)), np.empty(len(row))
    inside = np.clip(value, first[row], last[row])
    order = np.argsort(row, kind="stable")
    starts = np.searchsorted(row[order], np.arange(len(first) + 1))
    for rows, width in batches(last - first + 1):
        asked = np.concatenate([order[starts[r] : starts[r + 1]] for r in rows])
        place = np.repeat(np.arange(len(rows)), starts[rows + 1] - starts[rows])
        log_p = log_weights(rows, first[rows], last[rows], width, log_ratio)
        p[asked], mid_p[asked] = _tails(log_p, place, inside[asked] - first[row[asked]])
    return p, mid_p


def essential(
    first: IntArray, last: IntArray, mean: FloatArray, trials: IntArray
) -> tuple[IntArray, IntArray]:
    """The part of the support that float64 can see: outside it all probability together is zero.

    For a sum of so many independent yes/no trials with this mean, by Hoeffding's inequality (1963). Small
    supports stay whole; of a thousand million outcomes less than one in a thousand is left.
    """
    reach = np.sqrt(trials * (VANISHING / 2)) + 2
    return (
        np.maximum(first, np.floor(mean - reach).astype(np.int64)),
        np.minimum(last, np.ceil(mean + reach).astype(np.int64)),
    )


def batches(widths: IntArray) -> Iterator[tuple[IntArray, int]]:
    """Rows in groups of like width, few enough to be held as one rectangle."""
    order = np.argsort(widths, kind="stable")
    end = len(order)
    while end:
        width = int(widths[order[end - 1]])
        begin = max(0, end - max(1, CELLS_AT_ONCE // width))
        yield order[begin:end], width
        end = begin


def log_weights(
    rows: IntArray, first: IntArray, last: IntArray, width: int, log_ratio: LogRatio
) -> FloatArray:
    """Log probabilities up to a constant per row, shape (r, width), -inf beyond the support.

    Built from ratios of neighbours rather than from log-gammas, which for large counts lose six digits to
    cancellation.
    """
    weights = np.zeros((len(rows), width))
    steps = np.arange(width - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = log_ratio(rows, first[:, None] + steps)
    weights[:, 1:] = np.where(first[:, None] + steps < last[:, None], ratio, 0.0)
    np.cumsum(weights, axis=1, out=weights)
    weights -= weights.max(axis=1, keepdims=True)
    weights[first[:, None] + np.arange(width) > last[:, None]] = -np.inf
    return weights


def _tails(log_p: FloatArray, place: IntArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
    probability = np.exp(log_p)
    # Each tail is summed from its thin end, so that a p-value of 1e-200 keeps its digits.
    zero = np.zeros((len(log_p), 1))
    up_to = np.hstack([zero, np.cumsum(probability, axis=1)])
    from_on = np.hstack([np.cumsum(probability[:, ::-1], axis=1)[:, ::-1], zero])
    total, peak = up_to[:, -1], np.argmax(log_p, axis=1)
    observed = log_p[place, at]

    def no_more_likely_than(threshold: FloatArray) -> FloatArray:
        left = _first(log_p, place, np.zeros_like(at), peak[place] + 1, threshold, rising=True)
        right = _first(
            log_p, place, peak[place] + 1, np.full_like(at, log_p.shape[1]), threshold, rising=False
        )
        tails: FloatArray = (up_to[place, left] + from_on[place, right]) / total[place]
        return np.minimum(tails, 1.0)

    as_likely_or_less = no_more_likely_than(observed + LOG_TIE)
    less_likely = no_more_likely_than(observed - LOG_TIE)
    return as_likely_or_less, (as_likely_or_less + less_likely) / 2


def _first(
    log_p: FloatArray, place: IntArray, begin: IntArray, end: IntArray, threshold: FloatArray, *, rising: bool
) -> IntArray:
    """First position in begin..end where log_p exceeds the threshold (rising) or no longer does (falling)."""
    last_column = log_p.shape[1] - 1
    for _ in range(int(log_p.shape[1]).bit_length()):
        middle = (begin + end) // 2
        exceeds = log_p[place, np.minimum(middle, last_column)] > threshold
        found = exceeds if rising else ~exceeds
        searching = begin < end
        end = np.where(searching & found, middle, end)
        begin = np.where(searching & ~found, middle + 1, begin)
    return begin
