"""What the statistics of repeated measurements return. A number that does not exist is nan, and then `warning` says
why."""

from dataclasses import dataclass

from pvtracker.stats.results import BoolArray, FloatArray, IntArray, TextArray


@dataclass(frozen=True, slots=True)
class MeansByWeek:
    """Mean of both arms in each week, and arm - reference; every array of shape (weeks,).

    On the scale log10 means, differences and their limits are of logarithms; the geometric means and their ratio (and
    its limits) are on the scale of measurement, nan on the other scale. `below`: how many of `n` were below a limit.
    """

    week: FloatArray
    n_arm: IntArray
    below_arm: IntArray
    mean_arm: FloatArray
    sd_arm: FloatArray
    low_arm: FloatArray
    high_arm: FloatArray
    geometric_mean_arm: FloatArray
    n_ref: IntArray
    below_ref: IntArray
    mean_ref: FloatArray
    sd_ref: FloatArray
    low_ref: FloatArray
    high_ref: FloatArray
    geometric_mean_ref: FloatArray
    difference: FloatArray
    low: FloatArray
    high: FloatArray
    degrees: FloatArray
    p: FloatArray
    ratio: FloatArray
    ratio_low: FloatArray
    ratio_high: FloatArray
    warning: TextArray
    scale: str
    confidence_level: float


@dataclass(frozen=True, slots=True)
class AreaRows:
    """Mean level of the participants who are compared: rows arm, reference, difference, every array of shape (3,).

    `n` were compared, `left_out` covered too little of the window; `coverage` is the mean share that those compared
    covered.
    """

    of: TextArray
    n: IntArray
    left_out: IntArray
    coverage: FloatArray
    mean: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class TimeWeightedArea:
    """Area of each participant within the window, shape (participants,), and the comparison of the arms.

    `covered`: days of the window between measurements (or held, with `edges` hold); `measured`: those between
    measurements alone, as a share of the window; `level`: area ÷ covered, nan where nothing is covered.
    """

    participant: TextArray
    in_arm: IntArray
    covered: FloatArray
    measured: FloatArray
    area: FloatArray
    level: FloatArray
    compared: BoolArray
    by: AreaRows
    degrees: float
    p_welch: float
    p: float
    p_method: str
    warning: str | None
    scale: str
    edges: str
    test: str
    confidence_level: float


@dataclass(frozen=True, slots=True)
class MixedRepeated:
    """Means of both arms in each week by a mixed model, and arm - reference; arrays of shape (weeks,).

    `mean`: at the mean baseline where there is one. `n`: participants of the model with a value in the week. Numbers
    of a week that is left out, and all where the model could not be fitted (`converged` false), are nan, and `warning`
    says why. `correlation`: of the weeks that are in the model, (weeks, weeks), and their standard deviation `sd`.
    `covariance`: the structure that was fitted; `fell_back`: why not the one asked for. `decrement`: how far the peak
    of the likelihood is, in squared standard errors of the covariance.
    """

    week: FloatArray
    n_arm: IntArray
    mean_arm: FloatArray
    low_arm: FloatArray
    high_arm: FloatArray
    n_ref: IntArray
    mean_ref: FloatArray
    low_ref: FloatArray
    high_ref: FloatArray
    difference: FloatArray
    standard_error: FloatArray
    degrees: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    ratio: FloatArray
    ratio_low: FloatArray
    ratio_high: FloatArray
    sd: FloatArray
    correlation: FloatArray
    warning: TextArray
    participants: int
    without_baseline: int
    values: int
    log_likelihood: float
    covariance: str
    fell_back: str | None
    converged: bool
    steps: int
    decrement: float
    degrees_by: str
    scale: str
    confidence_level: float


@dataclass(frozen=True, slots=True)
class DetectedByWeek:
    """Participants above detection among those measured, in each week; every array of shape (weeks,)."""

    week: FloatArray
    n_arm: IntArray
    detected_arm: IntArray
    share_arm: FloatArray
    low_arm: FloatArray
    high_arm: FloatArray
    n_ref: IntArray
    detected_ref: IntArray
    share_ref: FloatArray
    low_ref: FloatArray
    high_ref: FloatArray
    difference: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    warning: TextArray
    confidence_level: float
