"""Mean time lost to the event up to a horizon, in two arms and their difference, while death competes.

Method, sources and differences between programs: docs/methods/restricted-mean-time-lost.md.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from pvtracker.stats.aalen_johansen import competing
from pvtracker.stats.event_times import event_times, in_two_arms, normal_quantile, risk, times
from pvtracker.stats.inputs import EMPTY_ARM, EMPTY_REFERENCE, no_warning
from pvtracker.stats.results import FloatArray, IntArray
from pvtracker.stats.survival_results import TimeLost

NO_VARIANCE = "no event up to tau, or all at one time: the variance is 0 and gives no limits"
ONE_WITHOUT = (
    "one arm has no event up to tau, or all at one time: its variance is 0, the limits are too narrow"
)
NOT_OBSERVED = "nobody of this arm is observed up to tau: take a smaller one"
NO_DIFFERENCE = "an arm has no estimate: nor has the difference"


def restricted_mean_time_lost(
    time: ArrayLike,
    event: ArrayLike,
    in_arm: ArrayLike,
    *,
    tau: float | None = None,
    confidence_level: float = 0.95,
) -> TimeLost:
    """Mean time with the event behind a participant between 0 and tau, per arm, and arm - reference.

    time: from the start to the first of event, death and end of observation, ≥ 0, shape (N,) or one number for all.
    event: 1 had the event, 2 died before it, 0 was censored. in_arm: 1 for participants of the arm, 0 for the
    reference. tau: horizon in the unit of time, > 0; none: the longest that both arms are observed.

    The area under Aalen and Johansen's cumulative incidence, its variance by the delta method, normal limits cut to
    what is possible, p of no difference from the normal distribution. No event in an arm: variance 0 and a warning.
    An arm that is not observed up to tau: nan and a warning. ValueError for values that cannot be.

    Source: Andersen (2013) Stat Med 32:5278-5285 (the measure); variance derived from the definition.
    """
    z = normal_quantile(confidence_level)
    end, what = event_times(time, event)
    arm = in_two_arms(in_arm, len(end))
    two = [(end[arm == one], what[arm == one]) for one in (1, 0)]
    horizon = _longest(two) if tau is None else float(times("tau", tau))
    if tau is not None and horizon == 0:
        raise ValueError(f"tau must be > 0, got {tau}")
    estimate, variance = np.full((2, 3), np.nan)
    warning = no_warning(3)
    for row, (members, empty) in enumerate(zip(two, (EMPTY_ARM, EMPTY_REFERENCE), strict=True)):
        if not len(members[0]):
            warning[row] = empty
        elif horizon > observed_up_to(*members):
            warning[row] = NOT_OBSERVED
        else:
            estimate[row], variance[row] = time_lost(*members, horizon)
            warning[row] = NO_VARIANCE if variance[row] == 0 else None
    estimate[2], variance[2] = estimate[0] - estimate[1], variance[0] + variance[1]
    if np.isnan(estimate[2]):
        warning[2] = NO_DIFFERENCE
    elif not variance[:2].all():
        warning[2] = ONE_WITHOUT if variance[2] else NO_VARIANCE
    error = np.sqrt(variance)
    reach = np.where(error > 0, z * error, np.nan)
    least = np.array([0.0, 0.0, -horizon])
    low, high = np.maximum(estimate - reach, least), np.minimum(estimate + reach, horizon)
    p = float(2 * ndtr(-abs(estimate[2]) / error[2])) if error[2] > 0 else np.nan
    of = np.array(["arm", "reference", "difference"], dtype=object)
    return TimeLost(of, estimate, error, low, high, warning, p, horizon, confidence_level)


def observed_up_to(time: FloatArray, event: IntArray) -> float:
    """How far the cumulative incidence is known: for ever where the last to leave were not censored."""
    last = time.max()
    return float(last) if (event[time == last] == 0).any() else np.inf


def time_lost(time: FloatArray, event: IntArray, tau: float) -> tuple[float, float]:
    """Area under the cumulative incidence of one arm from 0 to tau, and its variance.

    The variance is the sum over times s of Var(G₁ events + G₂ deaths) / at_risk², both multinomial, where G₂ is
    -∫(F(u) - F(s))du / (1 - q) from s to tau, G₁ is G₂ + (tau - s) S(s-), and q is the share who fail at s.
    """
    table = risk(time, event)
    curve = competing(table)
    upper = np.minimum(np.append(table.time[1:], np.inf), tau)
    width = np.maximum(upper - table.time, 0.0)
    area = np.cumsum((curve.incidence * width)[::-1])[::-1]  # from each time to tau
    share, died = table.events / table.at_risk, table.deaths / table.at_risk
    fails = (table.events + table.deaths) / table.at_risk  # 1 exactly where all fail
    rest = np.maximum(tau - table.time, 0.0)
    above = np.where(fails < 1, area - curve.incidence * rest, 0.0) / np.where(fails < 1, 1 - fails, 1.0)
    of_death = -above
    of_event = rest * curve.before - above
    mean = of_event * share + of_death * died
    spread = (of_event**2 * share + of_death**2 * died - mean**2) / table.at_risk
    return float(area[0]), float(np.sum(np.maximum(spread, 0.0)))  # from tau on all is 0


def _longest(two: list[tuple[FloatArray, IntArray]]) -> float:
    """The longest time up to which both arms are known, or up to the last time where both are known for ever."""
    arms = [members for members in two if len(members[0])]
    known = min((observed_up_to(*members) for members in arms), default=0.0)
    return known if np.isfinite(known) else float(max(members[0].max() for members in arms))
