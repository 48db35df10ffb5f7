"""Events per year of follow-up where participants differ: negative binomial rates of two arms, and their ratio.

Method, sources and differences between programs: docs/methods/negative-binomial.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri, erfc, gammaln, ndtri

from pvtracker.stats.brent import brentq
from pvtracker.stats.inputs import counts, follow_up, level, refuse
from pvtracker.stats.results import FloatArray, IntArray, NegativeBinomial

Limits = Literal["profile", "wald"]
NO_EVENT_ARM = "no event in the arm: the ratio is 0, and has a profile limit only"
NO_EVENT_REFERENCE = "no event in the reference arm: the ratio is infinite, and has a profile limit only"
NO_EVENT = "no event in either arm: the ratio does not exist"
NO_TIME = "no follow-up time in one of the arms"
FEW = (
    "fewer than 10 participants with an event, or fewer than 2 followed in an arm: limits and p are too sure; use the "
    "exact rate ratio"
)
LEAST, MOST = -16.0, 8.0  # log dispersion: from as good as Poisson to a few participants with all events
AS_POISSON = 1e-6  # no more dispersion than this is none
FARTHEST = 40.0  # log ratio


def rate_ratio_negative_binomial(
    events: ArrayLike,
    years: ArrayLike,
    in_arm: ArrayLike,
    *,
    limits: Limits = "profile",
    confidence_level: float = 0.95,
) -> NegativeBinomial:
    """Rate in the arm divided by rate in the reference, events of a participant being negative binomial.

    events, years: number of events and follow-up of each participant, shape (N,), years > 0; in_arm: 1 for each of the
    arm, 0 for each of the reference. The mean is rate · years, the variance mean + dispersion · mean², one dispersion
    for both arms, ≥ 0; all by maximum likelihood. limits "profile": ratios whose likelihood, rates and dispersion
    fitted anew, is not too small (chi-squared), p likewise; "wald": on the log scale with the expected information.
    An arm without events has a profile limit on one side only. ValueError for values that cannot be.

    Source: Lawless (1987) Can J Stat 15:209-225 (model and information); profile limits derived from the definition.
    """
    confidence_level = level("confidence_level", confidence_level)
    if limits not in get_args(Limits):
        raise ValueError(f"limits must be {' or '.join(get_args(Limits))}, got {limits!r}")
    y, t, arm = counts("events", events), follow_up("years", years), counts("in_arm", in_arm)
    if y.ndim != 1 or not y.shape == t.shape == arm.shape:
        raise ValueError(
            f"events, years and in_arm must have one shape (N,), got {y.shape}, {t.shape} and {arm.shape}"
        )
    refuse("years", "must be > 0", t, t <= 0)
    refuse("in_arm", "must be 0 or 1", arm, arm > 1)
    one, ref = _Arm(y[arm == 1], t[arm == 1]), _Arm(y[arm == 0], t[arm == 0])
    nan = float("nan")
    if not (len(one.t) and len(ref.t)):
        return NegativeBinomial(nan, nan, nan, nan, nan, nan, nan, confidence_level, limits, NO_TIME)
    dispersion, best = _fitted(one, ref, None)
    rate, rate_ref = one.rate(dispersion), ref.rate(dispersion)
    ratio = nan if rate == rate_ref == 0 else (rate / rate_ref if rate_ref else float("inf"))
    warning = None
    if not (rate and rate_ref):
        warning = NO_EVENT if not (rate or rate_ref) else NO_EVENT_ARM if not rate else NO_EVENT_REFERENCE
    elif int((y > 0).sum()) < 10 or min(len(one.t), len(ref.t)) < 2:
        warning = FEW
    if limits == "wald" or warning == NO_EVENT:
        low, high, p = _wald(one, ref, rate, rate_ref, dispersion, confidence_level)
    else:
        low, high, p = _profile(one, ref, ratio, best, confidence_level)
    told = 0.0 if dispersion <= AS_POISSON else dispersion
    return NegativeBinomial(rate, rate_ref, ratio, low, high, p, told, confidence_level, limits, warning)


@dataclass(frozen=True, slots=True)
class _Arm:
    """Events and follow-up of the participants of one arm."""

    y: IntArray
    t: FloatArray

    def rate(self, dispersion: float) -> float:
        """The most likely rate at this dispersion: the score falls from above zero to below."""
        return _most_likely_rate(self.y, self.t, dispersion)

    def log_likelihood(self, rate: float, dispersion: float) -> float:
        """Without what depends on the events alone."""
        mean = rate * self.t
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(self.y > 0, self.y * (np.log(mean) - np.log1p(dispersion * mean)), 0.0)
        size = 1 / dispersion
        terms = _log_rising(self.y, size) + own - np.log1p(dispersion * mean) * size
        return float(np.sum(terms))

    def information(self, rate: float, dispersion: float) -> float:
        mean = rate * self.t
        return float(np.sum(mean / (1 + dispersion * mean)))


def _log_rising(y: IntArray, size: float) -> FloatArray:
    """log of size (size + 1) … (size + y − 1) ÷ size^y, without the cancellation of log-gammas for a large size."""
    if size < 1e5:
        value: FloatArray = gammaln(y + size) - gammaln(size) - y * np.log(size)
        return value
    steps = np.concatenate(([0.0], np.cumsum(np.log1p(np.arange(int(y.max(initial=0))) / size))))
    return steps[y]


def _most_likely_rate(y: IntArray, t: FloatArray, dispersion: float) -> float:
    if not y.any():
        return 0.0

    def score(log_rate: float) -> float:
        mean = np.exp(log_rate) * t
        return float(np.sum((y - mean) / (1 + dispersion * mean)))

    each = np.log(y[y > 0] / t[y > 0])
    low, high = float(np.log(y.sum() / t.sum())), float(np.max(each))
    low = min(low, high) - 1.0
    while score(low) < 0:
        low -= 2.0
    while score(high) > 0:
        high += 1.0
    return float(np.exp(brentq(score, low, high, xtol=1e-13, rtol=1e-14)))


def _fitted(one: _Arm, ref: _Arm, log_ratio: float | None) -> tuple[float, float]:
    """Dispersion and log-likelihood at the maximum: free, or with this ratio of the rates."""

    def minus(log_dispersion: float) -> float:
        dispersion = float(np.exp(log_dispersion))
        if log_ratio is None:
            rates = one.rate(dispersion), ref.rate(dispersion)
        else:
            factor = float(np.exp(log_ratio))
            y, t = np.concatenate((one.y, ref.y)), np.concatenate((one.t * factor, ref.t))
            common = _most_likely_rate(y, t, dispersion)
            rates = common * factor, common
        return -one.log_likelihood(rates[0], dispersion) - ref.log_likelihood(rates[1], dispersion)

    grid = np.linspace(LEAST, MOST, 25)
    start = int(np.argmin([minus(each) for each in grid]))
    bounds = grid[max(start - 1, 0)], grid[min(start + 1, len(grid) - 1)]
    from scipy import optimize  # see brent.py

    found = optimize.minimize_scalar(minus, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    best = min((float(found.x), *bounds), key=minus)
    return float(np.exp(best)), -minus(best)


def _wald(
    one: _Arm, ref: _Arm, rate: float, rate_ref: float, dispersion: float, confidence_level: float
) -> tuple[float, float, float]:
    if not (rate and rate_ref):
        return float("nan"), float("nan"), float("nan")
    error = np.sqrt(1 / one.information(rate, dispersion) + 1 / ref.information(rate_ref, dispersion))
    centre, reach = np.log(rate / rate_ref), float(ndtri((1 + confidence_level) / 2)) * error
    p = erfc(abs(centre) / error / np.sqrt(2))
    return float(np.exp(centre - reach)), float(np.exp(centre + reach)), float(p)


def _profile(
    one: _Arm, ref: _Arm, ratio: float, best: float, confidence_level: float
) -> tuple[float, float, float]:
    quantile = float(chdtri(1, 1 - confidence_level))

    def excess(log_ratio: float) -> float:
        return 2 * (best - _fitted(one, ref, log_ratio)[1]) - quantile

    p = float(erfc(np.sqrt(max(excess(0.0) + quantile, 0.0) / 2)))
    ends = []
    for side in (-1, 1):
        if (side < 0 and ratio == 0) or (side > 0 and ratio == np.inf):
            ends.append(0.0 if side < 0 else float("inf"))
            continue
        inside = np.log(ratio) if 0 < ratio < np.inf else -side * FARTHEST
        step = 1.0
        outside = inside + side * step if 0 < ratio < np.inf else 0.0
        while 0 < ratio < np.inf and excess(outside) < 0:
            step *= 2
            outside = inside + side * step
        while not 0 < ratio < np.inf and excess(outside) < 0:
            outside += side * step
        ends.append(float(np.exp(brentq(excess, inside, outside, xtol=1e-10))))
    return ends[0], ends[1], p
