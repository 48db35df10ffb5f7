"""How often limits hold and tests err in trials of a given size, exactly: two proportions, two rates, and one of each.

Every outcome of both arms is weighted by its probability; outcomes together less likely than LEFT_OUT are left out.
Where limits or p-values are dear, only the outcomes at the border are asked for: DEAR, ORDERED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from pvtracker import stats
from pvtracker.ops.coverage_simulated import SIZES
from pvtracker.stats.results import BoolArray, FloatArray, IntArray

RISKS = ((0.02, 0.02), (0.05, 0.05), (0.15, 0.05), (0.2, 0.1), (0.3, 0.3), (0.5, 0.3))  # arm, reference
NULLS = (0.02, 0.05, 0.1, 0.3)
MOST_EXACT = 100  # participants of an arm up to which the unconditional methods are taken over all tables
LEFT_OUT = 1e-12
LEFT_OUT_OF_DEAR = 1e-9

LIMITS: dict[str, tuple[Callable[..., Any], Callable[[float, float], float], bool]] = {
    "risk_difference_mn": (stats.risk_difference_mn, lambda p, q: p - q, False),
    "risk_difference_newcombe": (stats.risk_difference_newcombe, lambda p, q: p - q, False),
    "risk_difference_agresti_caffo": (stats.risk_difference_agresti_caffo, lambda p, q: p - q, False),
    "risk_difference_exact": (stats.risk_difference_exact, lambda p, q: p - q, True),
    "risk_ratio_koopman": (stats.risk_ratio_koopman, lambda p, q: p / q, False),
    "risk_ratio_mn": (stats.risk_ratio_mn, lambda p, q: p / q, False),
    "odds_ratio_conditional": (stats.odds_ratio_conditional, lambda p, q: p * (1 - q) / (q * (1 - p)), False),
    "odds_ratio_midp": (stats.odds_ratio_midp, lambda p, q: p * (1 - q) / (q * (1 - p)), False),
}
YEARS_EACH = 1.92  # 100 weeks
RATES = (
    (0.02, 0.02),
    (0.05, 0.05),
    (0.15, 0.05),
    (0.2, 0.1),
    (0.5, 0.5),
    (1.0, 0.5),
)  # a year: arm, reference
RATE_NULLS = (0.02, 0.05, 0.2, 0.5)
RATE_LIMITS: dict[str, tuple[Callable[..., Any], Callable[[float, float], float]]] = {
    "rate_ratio_exact": (stats.rate_ratio_exact, lambda p, q: p / q),
    "rate_ratio_midp": (stats.rate_ratio_midp, lambda p, q: p / q),
    "rate_difference_mn": (stats.rate_difference_mn, lambda p, q: p - q),
}
RATE_TESTS = ("rate_ratio_exact", "rate_ratio_midp")
TESTS: dict[str, tuple[Callable[..., Any], bool]] = {
    "fisher": (stats.fisher, False),
    "fisher_midp": (stats.fisher_midp, False),
    "boschloo": (stats.boschloo, True),
    "barnard": (stats.barnard, True),
}
ONE_ARM: dict[str, tuple[Callable[..., Any], bool]] = {  # and whether it is a rate
    "proportion_clopper_pearson": (stats.proportion_clopper_pearson, False),
    "incidence_rate_exact": (stats.incidence_rate_exact, True),
}
ONE_ARM_RISKS = (0.01, 0.02, 0.05, 0.1, 0.3, 0.5)
# What a test orders tables by: p never falls as it rises.
ORDERED: dict[str, Callable[[IntArray, int, IntArray, int], FloatArray]] = {
    "boschloo": lambda x, a, y, b: stats.fisher(x, a, y, b).p,
    "barnard": lambda x, a, y, b: -((x * b - y * a) ** 2 / np.maximum((x + y) * (a + b - x - y), 1)),
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Probability that the limits hold the true value, and that it lies below or above them."""

    holds: float
    below: float
    above: float


def tables(N_arm: int, N_ref: int, risk_arm: float, risk_ref: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Events of both arms and the probability of each pair, shape (n,)."""
    x, p = _likely(N_arm, risk_arm)
    y, q = _likely(N_ref, risk_ref)
    return np.repeat(x, len(y)), np.tile(y, len(x)), np.outer(p, q).ravel()


def _likely(N: int, risk: float, left_out: float = LEFT_OUT) -> tuple[IntArray, FloatArray]:
    k = np.arange(N + 1)
    log_p = gammaln(N + 1) - gammaln(k + 1) - gammaln(N - k + 1) + xlogy(k, risk) + xlog1py(N - k, -risk)
    p = np.exp(log_p)
    kept = p > left_out / (N + 1)
    return k[kept], p[kept]


def counts(mean_arm: float, mean_ref: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Events of both arms, Poisson with these means, and the probability of each pair, shape (n,)."""
    x, p = _likely_counts(mean_arm)
    y, q = _likely_counts(mean_ref)
    return np.repeat(x, len(y)), np.tile(y, len(x)), np.outer(p, q).ravel()


def _likely_counts(mean: float) -> tuple[IntArray, FloatArray]:
    k = np.arange(int(mean + 12 * np.sqrt(mean) + 40))
    p = np.exp(xlogy(k, mean) - mean - gammaln(k + 1))
    kept = p > LEFT_OUT / len(k)
    return k[kept], p[kept]


def coverage(method: str, N_arm: int, N_ref: int, risk_arm: float, risk_ref: float) -> Coverage:
    """Of the method's 95 % limits. Where there are none they hold everything."""
    function, effect, dear = LIMITS[method]
    if dear and max(N_arm, N_ref) > MOST_EXACT:
        return border_coverage(method, N_arm, N_ref, risk_arm, risk_ref)
    x, y, weight = tables(N_arm, N_ref, risk_arm, risk_ref)
    return _held(function(x, N_arm, y, N_ref), effect(risk_arm, risk_ref), weight)


def border_coverage(method: str, N_arm: int, N_ref: int, risk_arm: float, risk_ref: float) -> Coverage:
    """The same, asking few tables: limits never fall as events of the arm are added, nor rise as events of the
    reference are. So the true value lies below the limits up to some number of events of the reference, for each of the
    arm; that border is sought from where the score limits have it."""
    function, effect, _ = LIMITS[method]
    true = effect(risk_arm, risk_ref)
    slack = _slack(true)
    x, p = _likely(N_arm, risk_arm, LEFT_OUT_OF_DEAR)
    y, q = _likely(N_ref, risk_ref, LEFT_OUT_OF_DEAR)
    guess = stats.risk_difference_mn(np.repeat(x, len(y)), N_arm, np.tile(y, len(x)), N_ref)
    score_low, score_high = (each.reshape(len(x), len(y)) for each in (guess.low, guess.high))
    few = border(
        lambda row, column: function(x[row], N_arm, y[column], N_ref).low > true + slack,
        (score_low > true).sum(axis=1),
        len(y),
    )
    last = len(y) - 1
    many = border(
        lambda row, column: function(x[row], N_arm, y[last - column], N_ref).high < true - slack,
        (score_high < true).sum(axis=1),
        len(y),
    )
    up_to = np.concatenate([[0.0], np.cumsum(q)])
    below, above = float(p @ up_to[few]), float(p @ (up_to[-1] - up_to[len(y) - many]))
    return Coverage(1 - below - above, below, above)


def border(is_beyond: Callable[[IntArray, IntArray], BoolArray], guess: IntArray, columns: int) -> IntArray:
    """How many columns of each row are beyond, from the first on, where a column beyond has all before it beyond."""
    least, most = np.zeros_like(guess), np.full_like(guess, columns)
    at = guess.copy()
    while (rows := np.flatnonzero(least < most)).size:
        asked = np.clip(at[rows], least[rows], most[rows] - 1)
        beyond = is_beyond(rows, asked)
        least[rows], most[rows] = (
            np.where(beyond, asked + 1, least[rows]),
            np.where(beyond, most[rows], asked),
        )
        at[rows] = np.where(beyond, asked + 1, asked - 1)
    return least


def one_arm_coverage(method: str, N: int, risk: float) -> Coverage:
    """Of the 95 % limits of one risk; or of one rate a year, each participant followed YEARS_EACH."""
    function, rate = ONE_ARM[method]
    k, weight = _likely_counts(risk * N * YEARS_EACH) if rate else _likely(N, risk)
    return _held(function(k, N * YEARS_EACH if rate else N), risk, weight)


def rate_coverage(method: str, N_arm: int, N_ref: int, rate_arm: float, rate_ref: float) -> Coverage:
    """Of the method's 95 % limits, each participant followed YEARS_EACH."""
    function, effect = RATE_LIMITS[method]
    years_arm, years_ref = N_arm * YEARS_EACH, N_ref * YEARS_EACH
    x, y, weight = counts(rate_arm * years_arm, rate_ref * years_ref)
    return _held(function(x, years_arm, y, years_ref), effect(rate_arm, rate_ref), weight)


def rate_size(test: str, N_arm: int, N_ref: int, rate: float, *, alpha: float = 0.05) -> float:
    """Probability of p ≤ alpha where both arms have this rate."""
    years_arm, years_ref = N_arm * YEARS_EACH, N_ref * YEARS_EACH
    x, y, weight = counts(rate * years_arm, rate * years_ref)
    p = RATE_LIMITS[test][0](x, years_arm, y, years_ref).p
    return float(weight[p <= alpha].sum())


def _held(found: Any, true: float, weight: FloatArray) -> Coverage:
    slack = _slack(true)
    below = float(weight[found.low > true + slack].sum())
    above = float(weight[found.high < true - slack].sum())
    return Coverage(1 - below - above, below, above)


def _slack(true: float) -> float:
    return 1e-9 * max(1.0, abs(true))  # limits are sought to about so much


def size(test: str, N_arm: int, N_ref: int, risk: float, *, alpha: float = 0.05) -> float:
    """Probability of p ≤ alpha where both arms have this risk."""
    function, dear = TESTS[test]
    x, y, weight = tables(N_arm, N_ref, risk, risk)
    if dear and max(N_arm, N_ref) > MOST_EXACT:
        return float(weight[ordered_rejected(test, x, N_arm, y, N_ref, alpha)].sum())
    return float(weight[function(x, N_arm, y, N_ref).p <= alpha].sum())


def ordered_rejected(test: str, x: IntArray, N_arm: int, y: IntArray, N_ref: int, alpha: float) -> BoolArray:
    """Which tables have p ≤ alpha, asking few: p never falls as what the test orders them by rises."""
    function, key = TESTS[test][0], ORDERED[test](x, N_arm, y, N_ref)
    distinct, where, place = np.unique(key, return_index=True, return_inverse=True)
    rejected, accepted = 0, len(distinct)
    while rejected < accepted:
        middle = (rejected + accepted) // 2
        if function(x[where[middle]], N_arm, y[where[middle]], N_ref).p[0] <= alpha:
            rejected = middle + 1
        else:
            accepted = middle
    return place.reshape(-1) < rejected


def proportion_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    told = [
        "## Do 95 % limits hold the true value?",
        "",
        "Two proportions: exact, every table of both arms weighted by its probability. Risks are arm / reference. In "
        "percent: holds (true value below the limits, above them); 95 (2.5, 2.5) would be perfect. "
        f"`risk_difference_exact` in the large trial: tables together less likely than {LEFT_OUT_OF_DEAR:g} are left "
        "out, and limits are taken to rise with the events of the arm and to fall with those of the reference, so that "
        "only tables at the border are asked. " + example_of_exact_limits(),
    ]
    for N_arm, N_ref in SIZES:
        told += ["", f"### Limits, {N_arm} against {N_ref} participants", ""]
        told += _head("method", [f"{p:g} / {q:g}" for p, q in RISKS])
        told += [limits_line(method, N_arm, N_ref) for method in LIMITS]
    return told


def example_of_exact_limits() -> str:
    """So that a change of what takes minutes shows at once."""
    one = stats.risk_difference_exact(75, 500, 50, 500)
    return f"Of 75 of 500 against 50 of 500 they are {one.low[0]:.5f} and {one.high[0]:.5f}."


def size_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    told = ["## How often is p ≤ 5 % where nothing differs?", "", "In percent, by the common risk; exact."]
    for N_arm, N_ref in SIZES:
        told += ["", f"### Tests, {N_arm} against {N_ref} participants", ""]
        told += _head("test", [f"{p:g}" for p in NULLS])
        told += [size_line(test, N_arm, N_ref) for test in TESTS]
    return told


def rate_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    told = [
        "## The same of rates",
        "",
        "Exact: every pair of Poisson counts of both arms weighted by its probability; each participant is followed "
        f"{YEARS_EACH:g} years. Rates a year, arm / reference; in percent as above. Where participants differ: below.",
    ]
    for N_arm, N_ref in SIZES:
        told += ["", f"### Limits of rates, {N_arm} against {N_ref} participants", ""]
        told += _head("method", [f"{p:g} / {q:g}" for p, q in RATES])
        told += [rate_limits_line(method, N_arm, N_ref) for method in RATE_LIMITS]
        told += ["", f"### p ≤ 5 % where rates are the same, {N_arm} against {N_ref} participants", ""]
        told += _head("test", [f"{rate:g}" for rate in RATE_NULLS])
        told += [rate_size_line(test, N_arm, N_ref) for test in RATE_TESTS]
    return told


def one_arm_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    told = [
        "## One risk, one rate",
        "",
        f"Exact, as above, by the true risk, or rate a year (each participant followed {YEARS_EACH:g} years).",
        "",
        *_head("method", [f"{risk:g}" for risk in ONE_ARM_RISKS]),
    ]
    return told + [one_arm_line(method, N) for N in dict.fromkeys(sum(SIZES, ())) for method in ONE_ARM]


def _head(first: str, others: list[str]) -> list[str]:
    return ["| " + " | ".join([first, *others]) + " |", "|---" * (len(others) + 1) + "|"]


def one_arm_line(method: str, N: int) -> str:
    cells = [percents(one_arm_coverage(method, N, risk)) for risk in ONE_ARM_RISKS]
    return f"| `{method}`, {N} participants | " + " | ".join(cells) + " |"


def limits_line(method: str, N_arm: int, N_ref: int) -> str:
    cells = [percents(coverage(method, N_arm, N_ref, p, q)) for p, q in RISKS]
    return f"| `{method}` | " + " | ".join(cells) + " |"


def rate_limits_line(method: str, N_arm: int, N_ref: int) -> str:
    cells = [percents(rate_coverage(method, N_arm, N_ref, p, q)) for p, q in RATES]
    return f"| `{method}` | " + " | ".join(cells) + " |"


def rate_size_line(test: str, N_arm: int, N_ref: int) -> str:
    return (
        f"| `{test}` | "
        + " | ".join(f"{100 * rate_size(test, N_arm, N_ref, rate):.2f}" for rate in RATE_NULLS)
        + " |"
    )


def size_line(test: str, N_arm: int, N_ref: int) -> str:
    return f"| `{test}` | " + " | ".join(f"{100 * size(test, N_arm, N_ref, p):.2f}" for p in NULLS) + " |"


def percents(one: Coverage) -> str:
    return f"{100 * one.holds:.1f} ({100 * one.below:.1f}, {100 * one.above:.1f})"
