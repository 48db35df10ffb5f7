"""Level 1: gamma, theta and whether theta is zero, drawn together for each term.

Given levels 2 and 3 the terms are independent, so each is proposed anew, independently of where it stands, from an
approximation of its own conditional: with what chance theta is zero, and for either case a t distribution around the
peak. Peak and curvature come from two Newton steps from a point that depends on the counts alone, so that proposal and
its density are functions of counts and levels 2 and 3; the rule of Metropolis and Hastings makes the draw exact. Tails
of the t are heavier than those of the target, so that no place is left rarely.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np

from pvtracker.stats.bayes.likelihood import Arms, Likelihood
from pvtracker.stats.bayes.state import State, Systems
from pvtracker.stats.results import BoolArray, FloatArray

FREEDOM = 8.0  # of the t distributions: -1/4th powers of a uniform number are two square roots
LARGEST_LOG_ODDS = 6.0  # neither case is proposed less often than once in 400
CONSTANT_1 = lgamma((FREEDOM + 1) / 2) - lgamma(FREEDOM / 2) - 0.5 * log(FREEDOM * pi)
CONSTANT_2 = -log(2 * pi)


@dataclass(slots=True)
class Expansions:
    """Where the Newton steps begin, with slope + curvature · point and curvature of the likelihood there."""

    reference: FloatArray
    arm: FloatArray
    both: FloatArray
    linear: tuple[FloatArray, FloatArray, FloatArray]
    curvature: tuple[FloatArray, FloatArray, FloatArray]

    @classmethod
    def at(cls, arms: Arms, reference: FloatArray, arm: FloatArray, both: FloatArray) -> Expansions:
        found = [
            _linear(of, at) for of, at in ((arms.reference, reference), (arms.arm, arm), (arms.both, both))
        ]
        return cls(
            reference,
            arm,
            both,
            (found[0][0], found[1][0], found[2][0]),
            (found[0][1], found[1][1], found[2][1]),
        )

    @classmethod
    def from_counts(cls, arms: Arms) -> Expansions:
        return cls.at(arms, arms.reference.crude(), arms.arm.crude(), arms.both.crude())


def _linear(of: Likelihood, at: FloatArray) -> tuple[FloatArray, FloatArray]:
    _, slope, curvature = of.expanded(at)
    return slope + curvature * at, curvature


@dataclass(slots=True)
class Peaks:
    """The proposal of a sweep. With an effect: peak (reference, arm) and precision matrix (a, -c; -c, b). Without: peak
    and precision. `log_on`, `log_off`: logarithms of the chances of the two cases."""

    reference: FloatArray
    arm: FloatArray
    a: FloatArray
    b: FloatArray
    c: FloatArray
    determinant: FloatArray
    none: FloatArray
    precision: FloatArray
    log_on: FloatArray
    log_off: FloatArray


def update_terms(
    state: State,
    systems: Systems,
    arms: Arms,
    points: Expansions,
    chance: np.random.Generator,
) -> tuple[Peaks, BoolArray]:
    """Draws gamma, eta and on of every term and chain anew, and keeps the likelihood of the new state; returns the
    proposal and where it was taken."""
    precision_gamma, precision_theta = 1 / state.sigma2_gamma, 1 / state.sigma2_theta
    log_prior_odds = systems.spread(
        np.log1p(-state.pi) - np.log(state.pi) + 0.5 * np.log(precision_theta / (2 * pi))
    )
    pg, pt = systems.spread(precision_gamma), systems.spread(precision_theta)
    mg, mt = systems.spread(state.mu_gamma), systems.spread(state.mu_theta)
    peaks = _peaks(arms, points, pg, pt, mg, mt, log_prior_odds)
    shape = state.gamma.shape
    for_case, for_radius, for_angle, for_rule = chance.random((4, *shape))
    on = for_case < np.exp(peaks.log_on)
    # squared distance of a bivariate t from its centre: P(Q > q) = (1 + q / FREEDOM) ** (-FREEDOM / 2)
    radius = np.sqrt(FREEDOM * (1 / np.sqrt(np.sqrt(1 - for_radius)) - 1))
    angle = 2 * pi * for_angle
    first, second = radius * np.cos(angle), radius * np.sin(angle)
    step = first * np.sqrt(peaks.a / peaks.determinant)
    eta = np.where(on, peaks.arm + step, peaks.none + first / np.sqrt(peaks.precision))
    gamma = np.where(on, peaks.reference + (peaks.c * step + np.sqrt(peaks.a) * second) / peaks.a, eta)
    of_reference, of_arm = arms.reference.value(gamma), arms.arm.value(eta)

    def log_weight(gamma: FloatArray, eta: FloatArray, on: BoolArray, likelihood: FloatArray) -> FloatArray:
        from_mean = eta - gamma - mt
        prior = np.where(on, log_prior_odds - 0.5 * pt * from_mean * from_mean, 0.0)
        from_mean = gamma - mg
        return likelihood + prior - 0.5 * pg * from_mean * from_mean - _log_density(peaks, gamma, eta, on)

    difference = log_weight(gamma, eta, on, of_reference + of_arm)
    difference -= log_weight(state.gamma, state.eta, state.on, state.of_reference + state.of_arm)
    taken = np.log1p(-for_rule) < difference
    state.gamma = np.where(taken, gamma, state.gamma)
    state.eta = np.where(taken, eta, state.eta)
    state.on = np.where(taken, on, state.on)
    state.of_reference = np.where(taken, of_reference, state.of_reference)
    state.of_arm = np.where(taken, of_arm, state.of_arm)
    return peaks, taken


def _peaks(
    arms: Arms,
    points: Expansions,
    pg: FloatArray,
    pt: FloatArray,
    mg: FloatArray,
    mt: FloatArray,
    log_prior_odds: FloatArray,
) -> Peaks:
    pull, push = pg * mg, pt * mt
    a, b = points.curvature[0] + pg + pt, points.curvature[1] + pt
    right_1, right_2 = points.linear[0] + pull - push, points.linear[1] + push
    determinant = a * b - pt * pt
    x, y = (b * right_1 + pt * right_2) / determinant, (pt * right_1 + a * right_2) / determinant
    value_1, slope_1, curved_1 = arms.reference.expanded(x)
    value_2, slope_2, curved_2 = arms.arm.expanded(y)
    a, b = curved_1 + pg + pt, curved_2 + pt
    right_1, right_2 = slope_1 + curved_1 * x + pull - push, slope_2 + curved_2 * y + push
    determinant = a * b - pt * pt
    reference, arm = (b * right_1 + pt * right_2) / determinant, (pt * right_1 + a * right_2) / determinant
    dx, dy = reference - x, arm - y
    with_effect = (
        value_1 + dx * (slope_1 - 0.5 * curved_1 * dx) + value_2 + dy * (slope_2 - 0.5 * curved_2 * dy)
    )
    with_effect -= 0.5 * (pg * (reference - mg) ** 2 + pt * (arm - reference - mt) ** 2 + np.log(determinant))

    z = (points.linear[2] + pull) / (points.curvature[2] + pg)
    value, slope, curved = arms.both.expanded(z)
    precision = curved + pg
    none = (slope + curved * z + pull) / precision
    dz = none - z
    without = value + dz * (slope - 0.5 * curved * dz) - 0.5 * (pg * (none - mg) ** 2 + np.log(precision))

    log_odds = log_prior_odds + with_effect - without + 0.5 * log(2 * pi)
    # the better approximation is not needed where one case is all but certain
    log_odds = np.clip(np.nan_to_num(log_odds), -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
    log_on = -np.log1p(np.exp(-log_odds))
    return Peaks(reference, arm, a, b, pt, determinant, none, precision, log_on, log_on - log_odds)


def _log_density(peaks: Peaks, gamma: FloatArray, eta: FloatArray, on: BoolArray) -> FloatArray:
    """Of the proposal: with an effect a bivariate t, without one a t on the line gamma = eta."""
    dx, dy, dz = gamma - peaks.reference, eta - peaks.arm, gamma - peaks.none
    distance = np.where(
        on, peaks.a * dx * dx - 2 * peaks.c * dx * dy + peaks.b * dy * dy, peaks.precision * dz * dz
    )
    power = np.where(on, FREEDOM / 2 + 1, FREEDOM / 2 + 0.5)
    scale = np.where(on, peaks.determinant, peaks.precision)
    case = np.where(on, peaks.log_on + CONSTANT_2, peaks.log_off + CONSTANT_1)
    density: FloatArray = case + 0.5 * np.log(scale) - power * np.log1p(distance / FREEDOM)
    return density
