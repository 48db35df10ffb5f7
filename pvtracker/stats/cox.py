"""Hazard ratio of two arms by Cox's partial likelihood, for one event or for many at once.

Method, sources and differences between programs: docs/methods/cox.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, chdtri, expit

from pvtracker.stats.event_times import EVENT, event_times, groups, in_two_arms, normal_quantile
from pvtracker.stats.inputs import EMPTY_ARM, EMPTY_REFERENCE, Labels, no_warning
from pvtracker.stats.results import FloatArray, IntArray, TextArray
from pvtracker.stats.roots import bracketed_roots, outside_of
from pvtracker.stats.survival_results import HazardRatio

NOT_TOGETHER = (
    "no event while both arms were at risk: the ratio does not exist, its limits are 0 and infinity"
)
NONE_IN_ARM = "no event of the arm while both were at risk: the likelihood is monotone, the estimate 0"
NONE_IN_REF = (
    "no event of the reference while both were at risk: the likelihood is monotone, the estimate infinity"
)


def cox(
    time: ArrayLike,
    event: ArrayLike,
    in_arm: ArrayLike,
    *,
    stratum: Labels | None = None,
    confidence_level: float = 0.95,
) -> HazardRatio:
    """Cox's hazard ratio of the arm to the reference, ties after Efron, with limits and three p-values.

    time: from the start to the event or to the end of observation, ≥ 0; event: 1 had the event, 0 was censored, 2 died
    before (a death is taken as censoring: the ratio is that of the hazards among the living). Shapes (N,), or
    (N, terms) for the times to each of many events of the same participants; one number for all. in_arm: 1 for
    participants of the arm, 0 for the reference. stratum: label of each participant, with a baseline hazard of its own.

    low and high are the values that the likelihood ratio test does not reject; p_likelihood, p_score and p_wald test a
    ratio of one. Where one arm has no event the estimate is 0 or infinity, the other limit and the first two p-values
    stand, and Wald's are nan. No event while both arms are at risk, or an empty arm: nan, and a warning. ValueError for
    values that cannot be.

    Source: Cox (1972) J R Stat Soc B 34:187-220; Efron (1977) J Am Stat Assoc 72:557-565.
    """
    z = normal_quantile(confidence_level)
    end, what = _by_term(time, event)
    arm = in_two_arms(in_arm, len(end))
    strata = groups("stratum", stratum, len(end))[1]
    terms = end.shape[1]
    events_arm, events_ref = (np.sum(what[arm == one] == EVENT, axis=0) for one in (1, 0))
    fit = _likelihood(end, what, arm, strata)
    log_estimate, kind = _peak(fit)
    highest = _highest(fit, log_estimate)
    quantile = float(chdtri(1, 1 - confidence_level))
    low, high = (np.exp(_limit(fit, log_estimate, highest, quantile, kind, side)) for side in (-1.0, 1.0))
    zero = np.zeros(terms)
    information_at_one, finite = fit.information(zero), kind == FINITE
    with np.errstate(divide="ignore", invalid="ignore"):
        score = fit.slope(zero) ** 2 / information_at_one
        error = np.where(finite, 1 / np.sqrt(fit.information(np.where(finite, log_estimate, 0.0))), np.nan)
        wald = (log_estimate / error) ** 2
    ratio = np.maximum(2 * (highest - fit.value(zero)), 0.0)
    nothing = kind == NOTHING
    p_likelihood, p_score, p_wald = (
        np.where(nothing, np.nan, chdtrc(1, statistic)) for statistic in (ratio, score, wald)
    )
    empty = not arm.any() or bool(arm.all())
    low, high = (np.where(empty, np.nan, limit) for limit in (low, high))
    wald_low, wald_high = np.exp(log_estimate - z * error), np.exp(log_estimate + z * error)
    warning = _warnings(kind, EMPTY_ARM if not arm.any() else EMPTY_REFERENCE if arm.all() else None)
    return HazardRatio(
        np.exp(log_estimate), low, high, p_likelihood, p_score, p_wald, wald_low, wald_high, error,
        events_arm, events_ref, warning, confidence_level,
    )  # fmt: skip


FINITE, ZERO, INFINITE, NOTHING = range(4)  # what the estimate is


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Efron's partial likelihood of each term as a function of β, the logarithm of the ratio, without its constant.

    One entry for each event that tells of β: l(β) = arm · β - Σ log(1 + exp(logit + β)), where exp(logit) is arm to
    reference of those at risk, less the share of those tied who came before. `term`: to which term it belongs; `arm`:
    of each term, the events of the arm among them; `size`: of each term, their number.
    """

    logit: FloatArray
    term: IntArray
    arm: FloatArray
    size: FloatArray

    def value(self, beta: FloatArray) -> FloatArray:
        return self.arm * beta - self._sum(np.logaddexp(0.0, self.logit + beta[self.term]))

    def slope(self, beta: FloatArray) -> FloatArray:
        return self.arm - self._sum(expit(self.logit + beta[self.term]))

    def information(self, beta: FloatArray) -> FloatArray:
        eta = self.logit + beta[self.term]
        return self._sum(expit(eta) * expit(-eta))

    def at_infinity(self) -> FloatArray:
        """The value as β grows, where all events are the arm's."""
        return -self._sum(self.logit)

    def _sum(self, each: FloatArray) -> FloatArray:
        return np.bincount(self.term, weights=each, minlength=len(self.arm)).astype(np.float64)


def _by_term(time: ArrayLike, event: ArrayLike) -> tuple[FloatArray, IntArray]:
    """Times and events, shape (N, terms)."""
    one, other = np.asarray(time), np.asarray(event)
    if max(one.ndim, other.ndim) > 2:
        raise ValueError(
            f"time and event must have shape (N,) or (N, terms), got {one.shape} and {other.shape}"
        )
    if max(one.ndim, other.ndim) < 2:
        end, what = event_times(time, event)
        return end[:, None], what[:, None]
    one, other = (each[:, None] if each.ndim == 1 else each for each in (one, other))
    try:
        one, other = np.broadcast_arrays(one, other)
    except ValueError:
        raise ValueError(
            f"time and event must be of the same participants and terms, got shapes {one.shape} and {other.shape}"
        ) from None
    end, what = event_times(one.ravel(), other.ravel())
    return end.reshape(one.shape), what.reshape(one.shape)


def _likelihood(end: FloatArray, what: IntArray, arm: IntArray, strata: IntArray) -> Likelihood:
    terms = end.shape[1]
    parts: list[FloatArray] = []
    size, from_arm = np.zeros((2, terms))
    for term in range(terms):
        logit, from_arm[term] = _told_by_events(end[:, term], what[:, term] == EVENT, arm, strata)
        size[term] = len(logit)
        parts.append(logit)
    return Likelihood(
        np.concatenate(parts) if parts else np.zeros(0),
        np.repeat(np.arange(terms), size.astype(np.int64)),
        from_arm,
        size,
    )


def _told_by_events(
    end: FloatArray, came: np.ndarray, arm: IntArray, strata: IntArray
) -> tuple[FloatArray, float]:
    """The logit of each event of one term at which both arms are at risk, and how many of these are the arm's."""
    # Numbers that rise with the time and, before that, with the stratum: one sorted row serves all strata.
    rank = np.unique(end, return_inverse=True)[1].reshape(-1)
    width = len(end) + 1
    place = rank + strata * width
    here, first, ties = np.unique(place[came], return_inverse=True, return_counts=True)
    ties_arm = np.bincount(first[arm[came] == 1], minlength=len(here))
    last = (here // width + 1) * width
    in_arm, in_ref = (np.sort(place[arm == one]) for one in (1, 0))
    n_arm, n_ref = (np.searchsorted(row, last) - np.searchsorted(row, here) for row in (in_arm, in_ref))
    both = (n_arm > 0) & (n_ref > 0)
    n_arm, n_ref, ties, ties_arm = n_arm[both], n_ref[both], ties[both], ties_arm[both]
    before = np.arange(ties.sum()) - np.repeat(np.cumsum(ties) - ties, ties)  # of each event among those tied
    share = before / np.repeat(ties, ties)
    of_arm = np.repeat(n_arm, ties) - share * np.repeat(ties_arm, ties)
    of_ref = np.repeat(n_ref, ties) - share * np.repeat(ties - ties_arm, ties)
    return np.log(of_arm / of_ref), float(ties_arm.sum())


def _peak(fit: Likelihood) -> tuple[FloatArray, IntArray]:
    """Where each likelihood is highest (infinite where it is monotone, nan where it is flat), and of which kind."""
    kind = np.select(
        [fit.size == 0, fit.arm == 0, fit.arm == fit.size], [NOTHING, ZERO, INFINITE], default=FINITE
    )
    zero = np.zeros(len(kind))
    slope = fit.slope(zero)
    sought = (kind == FINITE) & (slope != 0)
    direction = np.where(slope < 0, -1.0, 1.0)

    def downhill(beta: FloatArray) -> FloatArray:
        return np.where(sought, -direction * fit.slope(beta), 0.0)

    outside = outside_of(downhill, zero, direction, sought)
    peak = np.where(sought, bracketed_roots(downhill, zero, outside), 0.0)
    ends = {ZERO: -np.inf, INFINITE: np.inf, NOTHING: np.nan}
    for one, value in ends.items():
        peak[kind == one] = value
    return peak, kind


def _highest(fit: Likelihood, log_estimate: FloatArray) -> FloatArray:
    value = fit.value(np.where(np.isfinite(log_estimate), log_estimate, 0.0))
    value[log_estimate == -np.inf] = 0.0
    return np.where(log_estimate == np.inf, fit.at_infinity(), value)


def _limit(
    fit: Likelihood,
    log_estimate: FloatArray,
    highest: FloatArray,
    quantile: float,
    kind: IntArray,
    side: float,
) -> FloatArray:
    """Logarithm of the lower (side -1) or upper (1) value at which twice the loss of log-likelihood is the quantile."""
    unbounded = (kind == NOTHING) | (kind == (ZERO if side < 0 else INFINITE))
    inside = np.where(kind == FINITE, log_estimate, 0.0)
    # Of a monotone likelihood 0 is as good a start as any; it may lie on either side of the limit.
    sign = np.where(2 * (highest - fit.value(inside)) <= quantile, 1.0, -1.0)

    def loss(beta: FloatArray) -> FloatArray:
        return np.where(unbounded, 0.0, sign * (2 * (highest - fit.value(beta)) - quantile))

    outside = outside_of(loss, inside, side * sign, ~unbounded)
    return np.where(unbounded, side * np.inf, bracketed_roots(loss, inside, outside))


def _warnings(kind: IntArray, empty: str | None) -> TextArray:
    warning = no_warning(len(kind))
    for one, text in ((ZERO, NONE_IN_ARM), (INFINITE, NONE_IN_REF), (NOTHING, NOT_TOGETHER)):
        warning[kind == one] = text
    if empty:
        warning[:] = empty
    return warning
