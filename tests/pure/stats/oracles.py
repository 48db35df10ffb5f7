"""Slow, plain re-implementations of score statistics, to hold the fast ones against."""

from math import inf, log

from scipy import optimize


def log_likelihood(x: int, a: int, risk_arm: float, y: int, b: int, risk_ref: float) -> float:
    terms = ((x, risk_arm), (a - x, 1 - risk_arm), (y, risk_ref), (b - y, 1 - risk_ref))
    if any(count and chance <= 0 for count, chance in terms):
        return -inf
    return sum(count * log(chance) for count, chance in terms if count)


def most_likely_reference_risk(
    x: int, a: int, y: int, b: int, arm_of: "RiskOfArm", low: float, high: float
) -> float:
    """The reference risk in [low, high] with the greatest likelihood, by search: the likelihood has one
    peak."""

    def minus(risk: float) -> float:
        return -log_likelihood(x, a, arm_of(risk), y, b, risk)

    found = optimize.minimize_scalar(minus, bounds=(low, high), method="bounded", options={"xatol": 1e-13})
    return min((low, float(found.x), high), key=minus)


class RiskOfArm:
    """The arm's risk as a function of the reference risk: p + difference, or ratio · p."""

    def __init__(self, *, difference: float = 0.0, ratio: float = 1.0) -> None:
        self.difference, self.ratio = difference, ratio

    def __call__(self, risk_ref: float) -> float:
        return min(1.0, max(0.0, self.ratio * risk_ref + self.difference))


def score_of_difference(difference: float, x: int, a: int, y: int, b: int) -> float:
    """Miettinen and Nurminen's statistic, with the factor N / (N - 1)."""
    arm_of = RiskOfArm(difference=difference)
    p = most_likely_reference_risk(x, a, y, b, arm_of, max(0.0, -difference), min(1.0, 1 - difference))
    variance = arm_of(p) * (1 - arm_of(p)) / a + p * (1 - p) / b
    return (x / a - y / b - difference) ** 2 / (variance * (a + b) / (a + b - 1))


def pearson_at_ratio(ratio: float, x: int, a: int, y: int, b: int) -> float:
    """Koopman's statistic in Pearson's form: two binomials, each (observed - expected)² / variance."""
    arm_of = RiskOfArm(ratio=ratio)
    p = most_likely_reference_risk(x, a, y, b, arm_of, 0.0, min(1.0, 1 / ratio))
    q = arm_of(p)
    return _squared_pearson_residual(x, a, q) + _squared_pearson_residual(y, b, p)


def _squared_pearson_residual(observed: int, size: int, risk: float) -> float:
    if observed == size * risk:
        return 0.0  # also where the risk is 0 or 1 and the variance vanishes
    return (observed - size * risk) ** 2 / (size * risk * (1 - risk))
