"""What the statistics return: frozen arrays of shape (n,), one entry per table, and a warning beside each
number."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.object_]  # str, or None where there is nothing to say


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two-sided limits. A number that does not exist is nan, and then `warning` says
    why."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    confidence_level: float
    warning: TextArray


@dataclass(frozen=True, slots=True)
class RateRatio:
    """A ratio of incidence rates with its two-sided limits and the exact p-value of a ratio of one."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    confidence_level: float
    warning: TextArray


@dataclass(frozen=True, slots=True)
class PValues:
    """Two-sided p-values, nan where `warning` says why there is none."""

    p: FloatArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class ChiSquared:
    """A statistic with its degrees of freedom and p-value, nan where `warning` says why there is none."""

    statistic: FloatArray
    degrees: IntArray
    p: FloatArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class DoubleFdr:
    """What a double false discovery rate procedure says of each event.

    `p_body_system` is the adjusted p-value of the event's body system, `p_event` the adjusted p-value of
    the event in the second step, `p_adjusted` the smallest common level at which the event is flagged,
    `flag` whether it is flagged at the levels asked for.
    """

    p_adjusted: FloatArray
    p_body_system: FloatArray
    p_event: FloatArray
    flag: BoolArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class GroupFdr:
    """What a group-weighted false discovery rate procedure says of each event.

    `p_adjusted` is the smallest level at which the event is flagged with the weights held; `null_share` the estimated
    share of true null hypotheses in the event's group, which makes its weight; `flag` whether it is flagged at the
    level asked for.
    """

    p_adjusted: FloatArray
    null_share: FloatArray
    flag: BoolArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class MeanCumulative:
    """Mean cumulative events of a participant at each time, shape (times,), with standard error and limits."""

    time: FloatArray
    at_risk: IntArray
    events: IntArray
    mean: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    confidence_level: float
    warning: TextArray


@dataclass(frozen=True, slots=True)
class MeanCumulativeDifference:
    """Mean cumulative events of both arms at each time, shape (times,), and their difference with limits."""

    time: FloatArray
    mean_arm: FloatArray
    mean_ref: FloatArray
    difference: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    confidence_level: float
    warning: TextArray


@dataclass(frozen=True, slots=True)
class NegativeBinomial:
    """Rates of both arms and their ratio under one dispersion; a number that does not exist is nan."""

    rate_arm: float
    rate_ref: float
    ratio: float
    low: float
    high: float
    p: float
    dispersion: float
    confidence_level: float
    limits: str
    warning: str | None


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest risk in the arm that would be detected, as risk, difference and ratio, with the power
    there."""

    risk: FloatArray
    difference: FloatArray
    ratio: FloatArray
    power: FloatArray
    method: TextArray
    warning: TextArray


@dataclass(frozen=True, slots=True)
class TreeScan:
    """What a tree scan says of each node of the hierarchy.

    `cases` and `controls` are what was counted (in the arm and in the reference; no controls in a Poisson model),
    `expected` the cases that the null expects, `llr` the log-likelihood ratio, 0 where there is no excess, `p` the
    Monte Carlo p-value, adjusted for all nodes. `largest_llr` is the largest ratio in each replicate, from the largest
    on: position ⌊alpha · (replicates + 1)⌋ of it is what must be exceeded for p ≤ alpha.
    """

    node: TextArray
    cases: IntArray
    controls: IntArray
    expected: FloatArray
    llr: FloatArray
    p: FloatArray
    warning: TextArray
    largest_llr: FloatArray
    null: str
    alternative: str
    seed: int


@dataclass(frozen=True, slots=True)
class BlindedRate:
    """What pooled counts tell without any arm, shape (n,): see `blinded_rate`."""

    expected: FloatArray
    p_exceeds: FloatArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    ratio: FloatArray
    p_margin: FloatArray
    margin: float
    confidence_level: float
    warning: TextArray


@dataclass(frozen=True, slots=True)
class BlindedWarning:
    """What a watch over pooled counts can see, shape (n,): see `blinded_warning`."""

    needed: FloatArray
    expected: FloatArray
    false_warning: FloatArray
    chance: FloatArray
    ratio: float
    warning: TextArray


@dataclass(frozen=True, slots=True)
class SequentialBoundary:
    """A group-sequential boundary, every array of shape (looks,): the z-value that is to be exceeded, its nominal
    p-value (of one side, or of both when `sides` is 2), and the error spent up to each look, all sides together."""

    fraction: FloatArray
    z: FloatArray
    p_nominal: FloatArray
    spent: FloatArray
    sides: int


@dataclass(frozen=True, slots=True)
class SequentialCrossing:
    """Probability to cross a boundary at each look first, above and below, shape (looks,); their sum `total`, and the
    share of all information that is used on average."""

    above: FloatArray
    below: FloatArray
    total: float
    expected_fraction: float


@dataclass(frozen=True, slots=True)
class MaxSprt:
    """A MaxSPRT: the critical value of its log-likelihood ratio, the error that it has, and the boundary: so many
    `cases` are a signal up to `limit` (what the limit counts, the function says), both of shape (checks,)."""

    critical: float
    error: float
    cases: IntArray
    limit: FloatArray


@dataclass(frozen=True, slots=True)
class MaxSprtPerformance:
    """Probability of a signal, mean time to it where it comes, and mean length of the surveillance."""

    power: float
    time_to_signal: float
    length: float


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """Stop when so many `events` have come among so many `participants`, both of shape (looks,); `level` is what each
    look was made with, `stop_probability` the probability to stop at all at the risk that is still acceptable."""

    participants: IntArray
    events: IntArray
    level: float
    stop_probability: float


@dataclass(frozen=True, slots=True)
class StoppingCharacteristics:
    """Of each true risk, shape (risks,): the probability to stop, and the mean numbers of participants and events."""

    risk: FloatArray
    stop_probability: FloatArray
    participants: FloatArray
    events: FloatArray


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a posterior says of the parameters that terms share, shape (parameters,): `name` as in the model, with the
    body system in brackets where each has its own."""

    name: TextArray
    mean: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray
    r_hat: FloatArray
    ess_bulk: FloatArray
    ess_tail: FloatArray


@dataclass(frozen=True, slots=True)
class Hierarchical:
    """Posterior of the effect theta of each term: a log odds ratio or log rate ratio, arm ÷ reference.

    `p_zero`, `p_positive`, `p_beyond_margin` are the probabilities that theta is exactly zero, above zero, above the
    logarithm of `margin`; `raw` is the estimate from the term's own counts, infinite with a zero cell, nan without any
    event. `r_hat`, `ess_bulk`, `ess_tail` are of theta, `ess_probability` the smallest effective size of the
    probabilities. Where the chains have not met, the numbers of the posterior are nan and `warning` says so;
    `parameters` are always told, with their own convergence.
    """

    mean: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray
    p_zero: FloatArray
    p_positive: FloatArray
    p_beyond_margin: FloatArray
    raw: FloatArray
    r_hat: FloatArray
    ess_bulk: FloatArray
    ess_tail: FloatArray
    ess_probability: FloatArray
    warning: TextArray
    parameters: Parameters
    margin: float
    confidence_level: float
    seed: int
    chains: int
    draws: int  # of each chain, after warming up


@dataclass(frozen=True, slots=True)
class PriorSensitivity:
    """The posterior of each term under several priors, one line for each prior and term, shape (priors · terms,)."""

    prior: TextArray
    term: IntArray  # its position in the arguments, from 0
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    p_zero: FloatArray
    p_positive: FloatArray
    p_beyond_margin: FloatArray
    r_hat: FloatArray
    warning: TextArray
