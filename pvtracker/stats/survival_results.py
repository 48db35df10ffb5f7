"""What the statistics of the time to the first event return. A number that does not exist is nan, and then `warning`
says why."""

from dataclasses import dataclass

from pvtracker.stats.results import FloatArray, IntArray, TextArray


@dataclass(frozen=True, slots=True)
class EventFree:
    """Share without the event, one row for each arm and time, in that order; every array of shape (rows,).

    `at_risk`: participants without event and under observation just before the time; `events` and `censored`: since
    the row before, or since the beginning. `variance` is Greenwood's.
    """

    arm: TextArray
    time: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    estimate: FloatArray
    variance: FloatArray
    low: FloatArray
    high: FloatArray
    warning: TextArray
    interval: str
    confidence_level: float


@dataclass(frozen=True, slots=True)
class Incidence:
    """Share with the event while death competes, one row for each arm and time; every array of shape (rows,).

    `deaths`: before the event, since the row before. `dead`: share that died before the event. `one_minus_km`: what
    one minus Kaplan–Meier would say, censored at death, for comparison only: it is too large.
    """

    arm: TextArray
    time: FloatArray
    at_risk: IntArray
    events: IntArray
    deaths: IntArray
    censored: IntArray
    estimate: FloatArray
    variance: FloatArray
    low: FloatArray
    high: FloatArray
    dead: FloatArray
    one_minus_km: FloatArray
    warning: TextArray
    interval: str
    variance_method: str
    confidence_level: float


@dataclass(frozen=True, slots=True)
class IncidenceDifference:
    """Cumulative incidence in both arms and arm - reference, one row for each time; every array of shape (times,)."""

    time: FloatArray
    at_risk_arm: IntArray
    incidence_arm: FloatArray
    at_risk_ref: IntArray
    incidence_ref: FloatArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    warning: TextArray
    confidence_level: float


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Participants by arm and time: still at risk just before it, and what became of the others up to and including
    it; every array of shape (arms · times,)."""

    arm: TextArray
    time: FloatArray
    at_risk: IntArray
    events: IntArray
    deaths: IntArray
    censored: IntArray


@dataclass(frozen=True, slots=True)
class CurveTest:
    """A test that all arms have the same curve: one row for each arm, and what all say together.

    `observed` events, `expected` under the null. p is nan where `warning` says why there is none.
    """

    arm: TextArray
    participants: IntArray
    observed: IntArray
    expected: FloatArray
    chi_square: float
    degrees_of_freedom: int
    p: float
    warning: str | None


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """Hazard ratio of the arm to the reference with limits and p-values; every array of shape (terms,).

    `low` and `high` come from the (profile) likelihood, `wald_low` and `wald_high` from the standard error of the
    logarithm.
    """

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    p_likelihood: FloatArray
    p_score: FloatArray
    p_wald: FloatArray
    wald_low: FloatArray
    wald_high: FloatArray
    log_standard_error: FloatArray
    events_arm: IntArray
    events_ref: IntArray
    warning: TextArray
    confidence_level: float


@dataclass(frozen=True, slots=True)
class TimeLost:
    """Mean time lost to the event up to tau: rows arm, reference, and their difference (of: which)."""

    of: TextArray
    estimate: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    warning: TextArray
    p: float
    tau: float
    confidence_level: float


@dataclass(frozen=True, slots=True)
class PeriodHazards:
    """Events per year in both arms and their ratio, one row for each period; every array of shape (periods,).

    `entered`: participants who were observed in the period at all; `years`: their follow-up within it.
    """

    period: TextArray
    entered_arm: IntArray
    events_arm: IntArray
    years_arm: FloatArray
    rate_arm: FloatArray
    low_arm: FloatArray
    high_arm: FloatArray
    entered_ref: IntArray
    events_ref: IntArray
    years_ref: FloatArray
    rate_ref: FloatArray
    low_ref: FloatArray
    high_ref: FloatArray
    ratio: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    warning: TextArray
    confidence_level: float
