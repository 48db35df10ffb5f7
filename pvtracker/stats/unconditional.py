"""Unconditional exact tests of two proportions: Barnard's and Boschloo's.

Method, sources and differences between programs: docs/methods/barnard.md and docs/methods/boschloo.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, gammaln, xlogy

from pvtracker.stats.fisher import hypergeometric_log_ratio, support
from pvtracker.stats.inputs import empty_arm_warning, tables
from pvtracker.stats.nuisance import polished, supremum
from pvtracker.stats.results import FloatArray, IntArray, PValues
from pvtracker.stats.two_sided import CELLS_AT_ONCE, LOG_TIE

LARGEST_ARM = 2_000  # four million tables: seconds. Beyond, exact enumeration would take minutes
TOO_LARGE = (
    f"an arm of more than {LARGEST_ARM:,} participants is not enumerated; use Fisher’s test or its mid-p"
)

# Fisher p-values of different margins that differ by less than this factor are ties: rounding is some 1e-12.
TIE = 1e-10

STEP = 0.05  # of the grid of risks, in units of 1 / √N on the arcsine scale


def barnard(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, *, berger_boos: float = 0.0
) -> PValues:
    """Barnard's unconditional exact test: the greatest probability, over a risk common to both arms, of a
    table whose pooled score statistic |z| is at least the observed.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (n,) or one number for all.
    N_arm, N_ref: participants of the arm and of the reference, the denominators, at most 2,000 each.
    berger_boos: γ; the risk is sought within its exact 1 − γ interval only, and γ is added to p. 0: everywhere.

    z² = N (x b − y a)² / (a b m (N − m)); a table without events, or with nothing else, has z = 0. Equal |z|
    are ties, exactly: z² is a quotient of whole numbers. The supremum may exceed the p given by 1e-8 at
    most; a p below 1e-300 may be given as 0. No event at all gives p = 1; an empty or too large arm gives
    nan and a warning. ValueError for counts that cannot be, or γ outside [0, 1).

    Source: Barnard GA (1947) Biometrika 34:123-138 (the idea); Suissa S, Shuster JJ (1985) J R Stat Soc A
    148:317-327 (score statistic, supremum); Berger RL, Boos DD (1994) JASA 89:1012-1016 (γ).
    """
    return _test(n_arm, N_arm, n_ref, N_ref, berger_boos, _by_score)


def boschloo(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    *,
    two_sided: Literal["minlike", "central"] = "minlike",
    berger_boos: float = 0.0,
) -> PValues:
    """Boschloo's unconditional exact test: the greatest probability, over a risk common to both arms, of a
    table whose Fisher p-value is at most the observed. Never larger than Fisher's p.

    two_sided: "minlike", the ordering statistic is Fisher's two-sided p (as in `fisher`), or "central",
    twice the smaller of the two one-sided Boschloo p-values, whose statistics are Fisher's one-sided p.
    Other arguments, edge cases and errors as for `barnard`; ValueError for another two_sided.

    Source: Boschloo RD (1970) Stat Neerl 24:1-35.
    """
    if two_sided == "minlike":
        return _test(n_arm, N_arm, n_ref, N_ref, berger_boos, _by_fisher)
    if two_sided != "central":
        raise ValueError(f"two_sided must be minlike or central, got {two_sided}")
    more = _test(n_arm, N_arm, n_ref, N_ref, berger_boos, _by_fisher_more)
    fewer = _test(n_arm, N_arm, n_ref, N_ref, berger_boos, _by_fisher_fewer)
    return PValues(p=np.minimum(1.0, 2 * np.minimum(more.p, fewer.p)), warning=more.warning)


# The more extreme a table, the smaller its key. Given the margins: counts in the arm, events, sizes of the arms
# and the probabilities of the counts.
Key = Callable[[IntArray, int, int, int, FloatArray], FloatArray]


def _by_score(x: IntArray, events: int, a: int, b: int, chance: FloatArray) -> FloatArray:
    others = a + b - events
    contrast = (x * b - (events - x) * a).astype(np.float64)
    # Whole numbers below 2**53 in both, so that equal quotients are equal floats.
    return -(contrast**2) / float(max(1, events * others))


def _by_fisher(x: IntArray, events: int, a: int, b: int, chance: FloatArray) -> FloatArray:
    rising = np.sort(chance)
    up_to = np.cumsum(rising)
    within: FloatArray = up_to[np.searchsorted(rising, chance * np.exp(LOG_TIE), side="right") - 1]
    return np.minimum(within, 1.0)


def _by_fisher_more(x: IntArray, events: int, a: int, b: int, chance: FloatArray) -> FloatArray:
    return np.minimum(np.cumsum(chance[::-1])[::-1], 1.0)


def _by_fisher_fewer(x: IntArray, events: int, a: int, b: int, chance: FloatArray) -> FloatArray:
    return np.minimum(np.cumsum(chance), 1.0)


def _test(
    n_arm: ArrayLike, N_arm: ArrayLike, n_ref: ArrayLike, N_ref: ArrayLike, berger_boos: float, key: Key
) -> PValues:
    if not 0 <= berger_boos < 1:
        raise ValueError(f"berger_boos must lie in [0, 1), got {berger_boos}")
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    warning = empty_arm_warning(a, b)
    warning[np.maximum(a, b) > LARGEST_ARM] = TOO_LARGE
    p = np.full(len(x), np.nan)
    usable = np.flatnonzero((a > 0) & (b > 0) & (np.maximum(a, b) <= LARGEST_ARM))
    for arm, ref in np.unique(np.stack([a[usable], b[usable]], axis=1), axis=0).tolist():
        rows = usable[(a[usable] == arm) & (b[usable] == ref)]
        p[rows] = _of_margin(Order.of(arm, ref, key), x[rows], x[rows] + y[rows], berger_boos)
    return PValues(p=p, warning=warning)


@dataclass(frozen=True, slots=True)
class Order:
    """All tables of two arms by how extreme they are, apart for each number of events m = 0..N."""

    total: int
    fewest: IntArray  # of the arm, by m
    keys: list[FloatArray]  # by count in the arm
    ordered: list[FloatArray]  # the same, most extreme first
    chances: list[FloatArray]  # of being as extreme as that or more, given m; a nought before the first

    @classmethod
    def of(cls, a: int, b: int, key: Key) -> Order:
        events = np.arange(a + b + 1)
        fewest, most = support(np.full_like(events, a), np.full_like(events, b), events)
        keys, ordered, chances = [], [], []
        for m in range(a + b + 1):
            x = np.arange(fewest[m], most[m] + 1)
            chance = _hypergeometric(x, m, a, b)
            found = key(x, m, a, b, chance)
            order = np.argsort(found, kind="stable")
            keys.append(found)
            ordered.append(found[order])
            chances.append(np.concatenate([[0.0], np.minimum(np.cumsum(chance[order]), 1.0)]))
        return cls(a + b, fewest, keys, ordered, chances)

    def key_of(self, x: IntArray, events: IntArray) -> FloatArray:
        pairs = zip(x.tolist(), events.tolist(), strict=True)
        return np.array([self.keys[m][count - self.fewest[m]] for count, m in pairs])

    def as_extreme(self, key: FloatArray) -> FloatArray:
        """P(a table is as extreme as the key or more | m), shape (keys, N + 1)."""
        limit = key * np.where(key > 0, 1 + TIE, 1.0)
        given = np.empty((len(key), self.total + 1))
        for m, (ordered, chances) in enumerate(zip(self.ordered, self.chances, strict=True)):
            given[:, m] = chances[np.searchsorted(ordered, limit, side="right")]
        return given


def _hypergeometric(x: IntArray, events: int, a: int, b: int) -> FloatArray:
    """P(x | events) at an odds ratio of one, built from ratios of neighbours."""
    steps = hypergeometric_log_ratio(np.int64(a), np.int64(b), np.int64(events), x[:-1])  # type: ignore[arg-type]
    log_chance = np.concatenate([[0.0], np.cumsum(steps)])
    chance = np.exp(log_chance - log_chance.max())
    total: FloatArray = chance / chance.sum()
    return total


def _of_margin(order: Order, x: IntArray, events: IntArray, berger_boos: float) -> FloatArray:
    key = order.key_of(x, events)
    # Without an interval for the risk tables with equal keys have equal p.
    asked = np.stack([key, events if berger_boos else np.zeros(len(key))], axis=1, dtype=np.float64)
    distinct, place = np.unique(asked, axis=0, return_inverse=True)
    p = np.empty(len(distinct))
    at_once = max(1, 4 * CELLS_AT_ONCE // (order.total + 1))
    for begin in range(0, len(distinct), at_once):
        some = distinct[begin : begin + at_once]
        p[begin : begin + at_once] = _suprema(order.as_extreme(some[:, 0]), some[:, 1], berger_boos)
    return np.minimum(p + berger_boos, 1.0)[place.reshape(-1)]


def _suprema(given: FloatArray, events: FloatArray, berger_boos: float) -> FloatArray:
    total = given.shape[1] - 1
    lowest, highest = np.zeros(len(given)), np.ones(len(given))
    if berger_boos:
        with np.errstate(invalid="ignore"):
            lowest = np.where(
                events > 0, betaincinv(np.maximum(events, 1), total - events + 1, berger_boos / 2), 0
            )
            highest = np.where(
                events < total, betaincinv(events + 1, np.maximum(total - events, 1), 1 - berger_boos / 2), 1
            )
    curve = _Common(given, lowest, highest)
    t = np.linspace(0, np.pi / 2, int(np.ceil(np.pi / 2 / STEP * np.sqrt(total))) + 2)
    if berger_boos:
        region = np.repeat(np.arange(len(given)), len(t))
        values = curve.value(region, np.tile(t, len(given))).reshape(len(given), len(t))
    else:
        values = given @ curve.binomial(np.sin(t) ** 2).T
    best, where = supremum(curve, t, values)
    return polished(curve, best, where, float(t[1]))


@dataclass(frozen=True, slots=True)
class _Common:
    """P(region) = Σ P(region | m) · Binomial(m; N, π), π = lowest + (highest − lowest) · sin² t."""

    given: FloatArray  # shape (r, N + 1)
    lowest: FloatArray  # shape (r,)
    highest: FloatArray

    def risk(self, region: IntArray, t: FloatArray) -> FloatArray:
        risk: FloatArray = self.lowest[region] + (self.highest - self.lowest)[region] * np.sin(t) ** 2
        return np.minimum(risk, 1.0)

    def binomial(self, risk: FloatArray) -> FloatArray:
        """Shape (c, N + 1)."""
        total = self.given.shape[1] - 1
        m = np.arange(total + 1)
        ways = gammaln(total + 1.0) - gammaln(m + 1.0) - gammaln(total - m + 1.0)
        chance: FloatArray = np.exp(ways + xlogy(m, risk[:, None]) + xlogy(total - m, 1 - risk[:, None]))
        return chance

    def value(self, region: IntArray, t: FloatArray) -> FloatArray:
        risk, found = self.risk(region, t), np.empty(len(t))
        at_once = max(1, CELLS_AT_ONCE // self.given.shape[1])
        for begin in range(0, len(t), at_once):
            part = slice(begin, begin + at_once)
            found[part] = np.einsum("ij,ij->i", self.binomial(risk[part]), self.given[region[part]])
        return found

    def stretch(self, region: IntArray, left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
        total = self.given.shape[1] - 1
        low, high = self.risk(region, left), self.risk(region, right)
        length = 2 * np.sqrt(total) * (np.arcsin(np.sqrt(high)) - np.arcsin(np.sqrt(low)))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            information = total / np.minimum(low * (1 - low), high * (1 - high))
            bend = np.sqrt(2) / 8 * information * (high - low) ** 2
        return length, np.where(high > low, bend, 0.0)
