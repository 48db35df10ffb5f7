"""What a trial of this size could have detected: power of Fisher's test, and the smallest risk it would find.

Method, sources and limits: docs/methods/detectable.md.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtrc, gammaln, ndtr, ndtri, xlog1py, xlogy

from pvtracker.stats.fisher import fisher
from pvtracker.stats.inputs import (
    counts,
    empty_arm_warning,
    level,
    no_warning,
    numbers,
    refuse,
    same_length,
)
from pvtracker.stats.results import Detectable, FloatArray, IntArray
from pvtracker.stats.roots import bracketed_roots

EXACT = "exact"
APPROXIMATE = "normal approximation"
NOTHING = "no risk, however high, would be detected with this power"

MOST_WORK = 3_000_000  # cells of hypergeometric rows per round; above it the normal approximation stands in
NEGLIGIBLE = 1e-10  # reference counts less likely than this are left out of the power


def smallest_significant_count(N_arm: int, N_ref: int, n_ref: ArrayLike, *, alpha: float = 0.05) -> IntArray:
    """Fewest participants with the event in the arm that give two-sided Fisher p < alpha against n_ref,
    shape (n,).

    Only excesses in the arm count. N_arm + 1 where no count suffices. ValueError for counts that cannot be.
    """
    alpha = level("alpha", alpha)
    ref = np.atleast_1d(counts("n_ref", n_ref))
    refuse("n_ref", "must be ≤ N_ref", ref, ref > N_ref)
    # p falls as the excess grows, so halving finds the first significant count. The search begins where the
    # risks are equal, so deficits are never met.
    low = np.floor(ref * (N_arm / max(N_ref, 1))).astype(np.int64)
    high = np.full(len(ref), N_arm + 1)
    while (low < high).any():
        middle = (low + high) // 2
        significant = fisher(np.minimum(middle, N_arm), N_arm, ref, N_ref).p < alpha
        found = significant | (middle > N_arm)
        high, low = np.where(found, middle, high), np.where(found, low, np.minimum(middle + 1, high))
    return high


def fisher_power(risk_arm: float, N_arm: int, risk_ref: float, N_ref: int, *, alpha: float = 0.05) -> float:
    """Probability that Fisher's two-sided test finds a significant excess in the arm, exact.

    risk_arm, risk_ref: true risks in [0, 1]; N_arm, N_ref: participants. Significant deficits do not count:
    the question is whether harm would have been seen.
    """
    for name, risk in (("risk_arm", risk_arm), ("risk_ref", risk_ref)):
        refuse(name, "must lie in [0, 1]", np.asarray([risk]), ~(0 <= np.asarray([risk]) <= 1))
    ref = _likely_counts(N_ref, risk_ref)
    needed = smallest_significant_count(N_arm, N_ref, ref, alpha=alpha)
    return float(_power(np.asarray([risk_arm]), N_arm, needed, _binomial(ref, N_ref, risk_ref))[0])


def smallest_detectable(
    N_arm: ArrayLike,
    N_ref: ArrayLike,
    risk_ref: ArrayLike,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    most_work: int = MOST_WORK,
) -> Detectable:
    """The smallest risk in the arm that two-sided Fisher p < alpha would find with this power, shape (n,).

    N_arm, N_ref: participants, whole numbers ≥ 0; risk_ref: risk in the reference, in [0, 1], shape (n,) or
    one number for all. `difference` = risk − risk_ref; `ratio` = risk / risk_ref (infinity against a risk
    of 0). Exact by enumeration of the reference counts; where that would be long (many participants, common
    event) by the continuity-corrected normal approximation, and `method` says which; `most_work`, in cells of the
    enumeration, is where it becomes long. Nothing detectable, or an empty arm, gives nan and a warning. ValueError for
    values that cannot be.

    power: probability with which it is to be found, in (0, 1). most_work: cells of the enumeration from which the
    approximation is taken.

    Source: Bennett & Hsu (1960) Biometrika 47:393-398 (exact); Casagrande, Pike & Smith (1978) Biometrics
    34:483-486 and Fleiss, Levin & Paik (2003) Statistical Methods for Rates and Proportions, section 4.5
    (approximate).
    """
    power, alpha = level("power", power), level("alpha", alpha)
    a, b, r = counts("N_arm", N_arm), counts("N_ref", N_ref), numbers("risk_ref", risk_ref)
    refuse("risk_ref", "must lie in [0, 1]", r, ~((r >= 0) & (r <= 1)))
    if not most_work >= 0:
        raise ValueError(f"most_work must be ≥ 0, got {most_work}")
    size = same_length(N_arm=a, N_ref=b, risk_ref=r)
    a, b, r = np.broadcast_to(a, size), np.broadcast_to(b, size), np.broadcast_to(r, size)
    risk, reached = np.full(size, np.nan), np.full(size, np.nan)
    method, warning = no_warning(size), empty_arm_warning(a, b)
    for i in np.flatnonzero((a > 0) & (b > 0)):
        found, at, how = _smallest_risk(int(a[i]), int(b[i]), float(r[i]), power, alpha, most_work)
        risk[i], reached[i], method[i] = found, at, how
        warning[i] = NOTHING if np.isnan(found) else None
    with np.errstate(divide="ignore", invalid="ignore"):
        return Detectable(risk, risk - r, risk / r, reached, method, warning)


def _smallest_risk(
    N_arm: int, N_ref: int, risk_ref: float, power: float, alpha: float, most_work: int
) -> tuple[float, float, str]:
    ref = _likely_counts(N_ref, risk_ref)
    exact = float(len(ref)) * min(N_arm, int(ref[-1]) * (N_arm + N_ref) // N_ref + 1) <= most_work
    if exact:
        needed = smallest_significant_count(N_arm, N_ref, ref, alpha=alpha)
        weight = _binomial(ref, N_ref, risk_ref)

    def power_at(risk: FloatArray) -> FloatArray:
        if exact:
            return _power(risk, N_arm, needed, weight)
        return _approximate_power(risk, N_arm, risk_ref, N_ref, alpha)

    method = EXACT if exact else APPROXIMATE
    everyone = np.array([1.0])
    if risk_ref == 1 or power_at(everyone)[0] < power:
        return np.nan, np.nan, method
    root = bracketed_roots(lambda risk: power_at(risk) - power, np.array([risk_ref]), everyone, relative=1e-9)
    return float(root[0]), float(power_at(root)[0]), method


def _likely_counts(N: int, risk: float) -> IntArray:
    """Reference counts that are not negligible, by Hoeffding's and Chernoff's bounds on the binomial's
    tails."""
    mean, log_bound = N * risk, -np.log(NEGLIGIBLE)
    reach = min(np.sqrt(N * log_bound / 2), np.sqrt(2 * mean * log_bound) + log_bound)
    return np.arange(max(0, int(mean - reach)), min(N, int(mean + reach) + 1) + 1)


def _binomial(count: IntArray, N: int, risk: float) -> FloatArray:
    ways = gammaln(N + 1.0) - gammaln(count + 1.0) - gammaln(N - count + 1.0)
    probability: FloatArray = np.exp(ways + xlogy(count, risk) + xlog1py(N - count, -risk))
    return probability


def _power(risk: FloatArray, N_arm: int, needed: IntArray, weight: FloatArray) -> FloatArray:
    """Power at each risk, shape (m,): chance of at least the needed count, weighted over the reference
    counts."""
    enough = np.where(needed <= N_arm, bdtrc(np.minimum(needed, N_arm) - 1.0, N_arm, risk[:, None]), 0.0)
    # The count needed against no event at all is never 0, so bdtrc is not asked for "more than -1".
    power: FloatArray = enough @ weight
    return power


def _approximate_power(risk: FloatArray, N_arm: int, risk_ref: float, N_ref: int, alpha: float) -> FloatArray:
    """Normal approximation with the continuity correction that makes it follow Fisher's test."""
    share, difference = N_ref / N_arm, risk - risk_ref
    with np.errstate(divide="ignore", invalid="ignore"):
        correction = (share + 1) / (share * difference)
        corrected = np.maximum(2 * N_arm - correction, 0) ** 2 / (4 * N_arm)
        pooled = (risk + share * risk_ref) / (share + 1)
        null = np.sqrt((share + 1) * pooled * (1 - pooled))
        true = np.sqrt(share * risk * (1 - risk) + risk_ref * (1 - risk_ref))
        z = (difference * np.sqrt(share * corrected) - ndtri(1 - alpha / 2) * null) / true
    power: FloatArray = np.where(difference > 0, ndtr(np.nan_to_num(z, nan=-np.inf)), 0.0)
    return power
