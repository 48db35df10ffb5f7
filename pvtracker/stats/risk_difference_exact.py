"""Difference of two risks with exact unconditional limits.

Method, sources and differences between programs: docs/methods/risk-difference-exact.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ndtri

from pvtracker.stats.inputs import empty_arm_warning, level, tables
from pvtracker.stats.nuisance import supremum
from pvtracker.stats.results import BoolArray, FloatArray, IntArray, Interval
from pvtracker.stats.risk_difference import constrained_reference_risk, score_limits
from pvtracker.stats.two_sided import CELLS_AT_ONCE

LARGEST_ARM = 1_000
TOO_LARGE = (
    f"an arm of more than {LARGEST_ARM:,} participants is not enumerated; use the Miettinen–Nurminen limits"
)

PRECISION = 1e-6  # of a limit, which is given on its outer side
TIE = 1e-8  # of score statistics; rounding is some 1e-12
P_PRECISION = 1e-7  # a p-value within this of the level counts as at the level

# The outermost difference that is not rejected is sought from outside: from that many standard errors beyond the
# score limit, in steps of at most that many.
FIRST, STEP = 0.5, 0.1

GRID = 0.25  # step of the nuisance risk, in units of 1 / √N on the arcsine scale
CANDIDATES = 6  # local maxima that a bisection follows before all risks are searched again
LEFT_OUT = 1e-13  # probability beyond the counts that are summed
MOST_ROUNDS = 40
CACHED = 32_768  # elements of a work array: what the processor keeps close


def risk_difference_exact(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    *,
    confidence_level: float = 0.95,
    inversion: Literal["one-sided", "two-sided"] = "one-sided",
) -> Interval:
    """Risk in the arm minus risk in the reference, with exact unconditional limits.

    n_arm, n_ref: participants with the event, whole numbers ≥ 0, shape (n,) or one number for all.
    N_arm, N_ref: participants of the arm and of the reference, the denominators, at most 1,000 each.
    inversion: "one-sided", each limit inverts a one-sided test at (1 − confidence_level) / 2 (Chan & Zhang);
    "two-sided", both invert one test by the absolute statistic (Agresti & Min), shorter on average.

    A difference d is rejected when sup P(as extreme | risks that differ by d) is at most the level; tables are
    ordered by the score statistic at d. The limits are the outermost differences not rejected, to 1e-6 on the outer
    side. An empty or too large arm gives nan and a warning. ValueError for counts that cannot be, a confidence level
    outside (0, 1), or another inversion.

    Source: Chan ISF, Zhang Z (1999) Biometrics 55:1202-1209; Agresti A, Min Y (2001) Biometrics 57:963-971.
    """
    confidence_level = level("confidence_level", confidence_level)
    if inversion not in ("one-sided", "two-sided"):
        raise ValueError(f"inversion must be one-sided or two-sided, got {inversion}")
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    warning = empty_arm_warning(a, b)
    warning[np.maximum(a, b) > LARGEST_ARM] = TOO_LARGE
    estimate, low, high = (np.full(len(x), np.nan) for _ in range(3))
    both = (a > 0) & (b > 0)
    estimate[both] = x[both] / a[both] - y[both] / b[both]
    usable = np.flatnonzero(both & (np.maximum(a, b) <= LARGEST_ARM))
    for arm, ref in np.unique(np.stack([a[usable], b[usable]], axis=1), axis=0).tolist():
        rows = usable[(a[usable] == arm) & (b[usable] == ref)]
        # Naming the outcome the other way turns an upper limit into a lower one.
        asked = np.concatenate([np.stack([x[rows], y[rows]], 1), np.stack([arm - x[rows], ref - y[rows]], 1)])
        if arm == ref:  # and then swapping the arms too gives the same difference again
            mirrored = np.stack([ref - asked[:, 1], arm - asked[:, 0]], 1)
            asked = np.where((asked[:, :1] > mirrored[:, :1]), mirrored, asked)
        distinct, place = np.unique(asked, axis=0, return_inverse=True)
        search = _Search(arm, ref, confidence_level, two_sided=inversion == "two-sided")
        limits = search.lower_limits(distinct[:, 0], distinct[:, 1])[place.reshape(-1)]
        low[rows], high[rows] = limits[: len(rows)], -limits[len(rows) :]
    return Interval(estimate, low, high, confidence_level, warning)


class _Search:
    """Lower limits of the tables of two arms."""

    def __init__(self, a: int, b: int, confidence_level: float, *, two_sided: bool) -> None:
        self.a, self.b, self.two_sided = a, b, two_sided
        self.level = 1 - confidence_level if two_sided else (1 - confidence_level) / 2
        self.quantile = float(ndtri((1 + confidence_level) / 2))
        self.t = np.linspace(0, np.pi / 2, int(np.ceil(np.pi / 2 / GRID * np.sqrt(a + b))) + 2)

    def lower_limits(self, x: IntArray, y: IntArray) -> FloatArray:
        limits = np.full(len(x), -1.0)
        sought = np.flatnonzero((x > 0) | (y < self.b))  # an estimate of −1 is its own limit
        at_once = max(1, 4 * CELLS_AT_ONCE // (max(self.a, len(self.t)) + 1))
        for begin in range(0, len(sought), at_once):
            part = sought[begin : begin + at_once]
            limits[part] = self._limits(x[part], y[part])
        return limits

    def _limits(self, x: IntArray, y: IntArray) -> FloatArray:
        outer, inner = self._bracket(x, y)
        rejected = outer.copy()  # the innermost difference known to be rejected
        where = self._peaks(x, y, inner)
        todo = np.arange(len(x))
        for _ in range(MOST_ROUNDS):
            outer[todo] = self._bisect(x[todo], y[todo], rejected[todo], inner[todo], where[todo])
            exceeds, peak = self._exceeds(x[todo], y[todo], outer[todo])
            exceeds &= outer[todo] > rejected[todo]
            todo, peak = todo[exceeds], peak[exceeds]
            if not len(todo):
                return outer
            # Another risk than those followed makes this difference acceptable: follow it too.
            inner[todo] = outer[todo]
            where = np.hstack([where, where[:, :1]])
            where[todo, -1] = peak
        raise ArithmeticError(f"no limit found for {x[todo][0]} of {self.a} v {y[todo][0]} of {self.b}")

    def _bracket(self, x: IntArray, y: IntArray) -> tuple[FloatArray, FloatArray]:
        """A rejected difference, and beyond it the first of the steps inwards that is not.

        Steps are powers of two, so that many tables look at the same differences and share the work.
        """
        size = np.ones(len(x))
        beyond = (self.quantile + FIRST) * size
        start = score_limits(x / 1.0, self.a * size, y / 1.0, self.b * size, beyond)[0]
        estimate = x / self.a - y / self.b
        step = 2.0 ** np.floor(np.log2(STEP * (estimate - start) / beyond))
        outer = np.maximum(np.floor(start / step) * step, -1.0)
        inner = estimate.copy()  # where nothing is rejected, whatever the level
        todo, stride = np.flatnonzero(outer > -1), 4 * step
        while len(todo):  # outwards, until it is rejected; −1 is
            exceeds = self._exceeds_together(x[todo], y[todo], outer[todo])
            todo = todo[exceeds]
            outer[todo] = np.maximum(outer[todo] - stride[todo], -1.0)
            stride[todo] *= 2
            todo = todo[outer[todo] > -1]
        todo = np.arange(len(x))
        while len(todo):  # inwards, until it is not
            further = outer[todo] + step[todo]
            todo, further = todo[further < estimate[todo]], further[further < estimate[todo]]
            exceeds = self._exceeds_together(x[todo], y[todo], further)
            inner[todo[exceeds]] = further[exceeds]
            todo, further = todo[~exceeds], further[~exceeds]
            outer[todo] = further
        return outer, inner

    def _exceeds_together(self, x: IntArray, y: IntArray, d: FloatArray) -> BoolArray:
        """As `_exceeds`; what tables at the same difference share is found once."""
        exceeds = np.zeros(len(x), dtype=bool)
        for difference in np.unique(d):
            rows = np.flatnonzero(d == difference)
            curve = self._curve(x[rows], y[rows], d[rows])
            exceeds[rows] = self._above(curve, curve.profile(self.t))[0]
        return exceeds

    def _bisect(
        self, x: IntArray, y: IntArray, outer: FloatArray, inner: FloatArray, where: FloatArray
    ) -> FloatArray:
        """The outer end of a bracket of the given precision, when only the risks at `where` are looked at."""
        outer, inner = outer.copy(), inner.copy()
        rows, columns = where.shape
        region = np.repeat(np.arange(rows), columns)
        ends = self._curve(x, y, outer), self._curve(x, y, inner)
        while (inner - outer).max(initial=0.0) > PRECISION:
            middle = (outer + inner) / 2
            between = _Shifted.of(self.a, self.b, x, y, middle, two_sided=self.two_sided, between=ends)
            values = between.value(region, where.ravel()).reshape(rows, columns)
            accepted = values.max(axis=1) > self.level + P_PRECISION
            inner, outer = np.where(accepted, middle, inner), np.where(accepted, outer, middle)
            ends = ends[0].replaced(between, ~accepted), ends[1].replaced(between, accepted)
        return outer

    def _exceeds(self, x: IntArray, y: IntArray, d: FloatArray) -> tuple[BoolArray, FloatArray]:
        """Whether the greatest p over all risks that differ by d exceeds the level, and where it was found."""
        curve = self._curve(x, y, d)
        return self._above(curve, self._profile(curve))

    def _above(self, curve: _Shifted, values: FloatArray) -> tuple[BoolArray, FloatArray]:
        enough = self.level + P_PRECISION
        best, where = supremum(curve, self.t, values, enough=enough, tolerance=P_PRECISION)
        return best > enough, where

    def _peaks(self, x: IntArray, y: IntArray, d: FloatArray) -> FloatArray:
        """Positions of the highest local maxima, by parabolas through the grid; shape (r, candidates)."""
        values = np.pad(self._profile(self._curve(x, y, d)), ((0, 0), (1, 1)), constant_values=-1.0)
        before, at, after = values[:, :-2], values[:, 1:-1], values[:, 2:]
        order = np.argsort(np.where((at >= before) & (at >= after), -at, 1.0), axis=1)[:, :CANDIDATES]
        before, at, after = (np.take_along_axis(each, order, axis=1) for each in (before, at, after))
        bend = 2 * at - before - after
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = np.where(bend > 0, (after - before) / (2 * bend), 0.0)
        position: FloatArray = self.t[order] + np.clip(shift, -0.5, 0.5) * self.t[1]
        return np.clip(position, 0.0, np.pi / 2)

    def _profile(self, curve: _Shifted) -> FloatArray:
        rows = len(curve.d)
        values = curve.value(np.repeat(np.arange(rows), len(self.t)), np.tile(self.t, rows))
        return values.reshape(rows, len(self.t))

    def _curve(self, x: IntArray, y: IntArray, d: FloatArray) -> _Shifted:
        return _Shifted.of(self.a, self.b, x, y, d, two_sided=self.two_sided)


@dataclass(frozen=True, slots=True)
class _Shifted:
    """P(region) when the risks are π and π + d, π = lowest + width · sin² t: a curve for each table.

    A count k in the arm is in the region with up to `most[k]` events in the reference (−1: with none), and in
    two-sided searches also with `fewest[k]` or more.
    """

    a: int
    b: int
    d: FloatArray  # shape (r,)
    most: IntArray  # shape (r, a + 1)
    fewest: IntArray | None

    @classmethod
    def of(
        cls,
        a: int,
        b: int,
        x: IntArray,
        y: IntArray,
        d: FloatArray,
        *,
        two_sided: bool,
        between: tuple[_Shifted, _Shifted] | None = None,
    ) -> _Shifted:
        """between: the regions at two differences on either side; only where they differ is the statistic computed."""
        observed = _statistic(x, a, y, b, d)
        if two_sided:
            observed = np.abs(observed)
        known = None if between is None else (between[0].most, between[1].most)
        most = _frontier(a, b, d, observed - TIE, known)
        if not two_sided:
            return cls(a, b, d, most, None)
        # Seen from the other outcome what is far below is far above, at the opposite difference.
        if between is not None and between[0].fewest is not None and between[1].fewest is not None:
            known = (b - between[0].fewest[:, ::-1], b - between[1].fewest[:, ::-1])
        return cls(a, b, d, most, b - _frontier(a, b, -d, observed - TIE, known)[:, ::-1])

    def replaced(self, other: _Shifted, rows: BoolArray) -> _Shifted:
        """These regions, and the other ones in the rows named."""
        fewest = None
        if self.fewest is not None and other.fewest is not None:
            fewest = np.where(rows[:, None], other.fewest, self.fewest)
        most = np.where(rows[:, None], other.most, self.most)
        return _Shifted(self.a, self.b, np.where(rows, other.d, self.d), most, fewest)

    def profile(self, t: FloatArray) -> FloatArray:
        """Of all regions at the same risks, shape (r, g): their differences must be equal."""
        ref, arm = self._risks(np.zeros(len(t), dtype=np.int64), t)
        k, in_arm = _binomial(self.a, arm)
        j, in_ref = _binomial(self.b, ref)
        up_to = np.zeros((len(t), j.shape[1] + 1))
        np.cumsum(in_ref, axis=1, out=up_to[:, 1:])
        row = np.arange(len(t))[:, None] * up_to.shape[1]
        found = np.empty((len(self.d), len(t)))
        for at in range(len(self.d)):
            chance = up_to.ravel()[row + np.clip(self.most[at][k] + 1 - j[:, :1], 0, j.shape[1])]
            if self.fewest is not None:
                fewer = np.clip(self.fewest[at][k] - j[:, :1], 0, j.shape[1])
                chance += up_to[:, -1:] - up_to.ravel()[row + fewer]
            found[at] = np.einsum("ij,ij->i", in_arm, chance)
        return np.minimum(found, 1.0)

    def value(self, region: IntArray, t: FloatArray) -> FloatArray:
        found = np.empty(len(t))
        at_once = max(1, CACHED // (2 * _reach(max(self.a, self.b)) + 2))
        for begin in range(0, len(t), at_once):
            part = slice(begin, begin + at_once)
            found[part] = self._value(region[part], t[part])
        return found

    def _value(self, region: IntArray, t: FloatArray) -> FloatArray:
        ref, arm = self._risks(region, t)
        k, in_arm = _binomial(self.a, arm)
        j, in_ref = _binomial(self.b, ref)
        up_to = np.zeros((len(t), j.shape[1] + 1))
        np.cumsum(in_ref, axis=1, out=up_to[:, 1:])

        def below(count: IntArray) -> FloatArray:  # P(fewer events in the reference)
            return np.take_along_axis(up_to, np.clip(count - j[:, :1], 0, j.shape[1]), axis=1)

        chance = below(self.most[region[:, None], k] + 1)
        if self.fewest is not None:
            chance += up_to[:, -1:] - below(self.fewest[region[:, None], k])
        value: FloatArray = np.einsum("ij,ij->i", in_arm, chance)
        return np.minimum(value, 1.0)

    def _risks(self, region: IntArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of the reference and of the arm."""
        d = self.d[region]
        ref = np.maximum(0.0, -d) + (1 - np.abs(d)) * np.sin(t) ** 2
        return np.clip(ref, 0.0, 1.0), np.clip(ref + d, 0.0, 1.0)

    def stretch(self, region: IntArray, left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
        ends = zip(self._risks(region, left), self._risks(region, right), (self.b, self.a), strict=True)
        length, information = np.zeros(len(left)), np.zeros(len(left))
        width = (1 - np.abs(self.d[region])) * (np.sin(right) ** 2 - np.sin(left) ** 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            for low, high, size in ends:
                length += 2 * np.sqrt(size) * (np.arcsin(np.sqrt(high)) - np.arcsin(np.sqrt(low)))
                information += size / np.minimum(low * (1 - low), high * (1 - high))
            bend = np.sqrt(2) / 8 * information * width**2
        return length, np.where(width > 0, bend, 0.0)


def _statistic(x: IntArray, a: int, y: IntArray, b: int, d: FloatArray) -> FloatArray:
    """(x/a − y/b − d) / √V(d), V at the most likely risks that differ by d; 0 where both vanish."""
    xs, ys = x.astype(np.float64), y.astype(np.float64)
    ref = constrained_reference_risk(xs, np.full(len(xs), float(a)), ys, np.full(len(xs), float(b)), d)
    arm = np.clip(ref + d, 0.0, 1.0)
    apart = xs / a - ys / b - d
    with np.errstate(divide="ignore", invalid="ignore"):
        value = apart / np.sqrt(arm * (1 - arm) / a + ref * (1 - ref) / b)
    return np.where(np.abs(apart) < 1e-14, 0.0, value)


def _frontier(
    a: int,
    b: int,
    d: FloatArray,
    at_least: FloatArray,
    known: tuple[IntArray, IntArray] | None = None,
) -> IntArray:
    """The most events in the reference with which each count of the arm has a statistic that great, −1 where it never
    has; shape (r, a + 1). The statistic falls with the events in the reference.

    known: the same at two other differences; where they agree their answer is taken.
    """
    most = np.empty((len(d), a + 1), dtype=np.int64)
    if known is None:
        if len(d) > (b + 1) // 8 and (d == d[0]).all():
            return _frontier_of_all(a, b, float(d[0]), at_least)
        asked = np.arange(most.size)
    else:
        most[:] = known[0]
        asked = np.flatnonzero(known[0] != known[1])
    for begin in range(0, len(asked), CACHED):
        part = asked[begin : begin + CACHED]
        row, count = part // (a + 1), part % (a + 1)
        most.reshape(-1)[part] = _most(a, b, count, d[row], at_least[row])
    return most


def _frontier_of_all(a: int, b: int, d: float, at_least: FloatArray) -> IntArray:
    """The same for many tables at one difference: the statistic of every outcome is computed once."""
    count, other = (each.ravel() for each in np.indices((a + 1, b + 1)))
    statistic = np.concatenate(
        [
            _statistic(count[begin : begin + CACHED], a, other[begin : begin + CACHED], b, np.full(1, d))
            for begin in range(0, len(count), CACHED)
        ]
    ).reshape(a + 1, b + 1)
    return np.array([np.count_nonzero(statistic >= limit, axis=1) - 1 for limit in at_least])


def _most(a: int, b: int, count: IntArray, d: FloatArray, at_least: FloatArray) -> IntArray:
    low, high = np.full(len(count), -1), np.full(len(count), b + 1)
    open_ = np.arange(len(count))
    while len(open_):
        middle = (low[open_] + high[open_]) // 2
        great = _statistic(count[open_], a, middle, b, d[open_]) >= at_least[open_]
        low[open_[great]], high[open_[~great]] = middle[great], middle[~great]
        open_ = open_[high[open_] - low[open_] > 1]
    return low


def _reach(size: int) -> int:
    """Counts within this of the mean hold all but LEFT_OUT, by Hoeffding's inequality."""
    return int(np.ceil(np.sqrt(size / 2 * np.log(2 / LEFT_OUT)))) + 1


def _binomial(size: int, risk: FloatArray) -> tuple[IntArray, FloatArray]:
    """Counts around the mean and their probabilities, shapes (c, w)."""
    reach = _reach(size)
    width = min(size + 1, 2 * reach + 1)
    first = np.clip(np.floor(size * risk).astype(np.int64) - reach, 0, size + 1 - width)
    count = first[:, None] + np.arange(width)
    every = np.arange(size + 1)
    ways = gammaln(size + 1.0) - gammaln(every + 1.0) - gammaln(size - every + 1.0)
    smallest = np.finfo(float).tiny
    log_risk, log_other = np.log(np.maximum(risk, smallest)), np.log(np.maximum(1 - risk, smallest))
    log_chance = ways[count] + size * log_other[:, None] + count * (log_risk - log_other)[:, None]
    return count, np.exp(log_chance)
