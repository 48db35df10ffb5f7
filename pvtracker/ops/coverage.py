"""How often limits hold and tests err in trials of a given size, and how many findings are false among many terms.

Limits and tests of two proportions and of two rates: exactly, every outcome of both arms weighted by its probability;
outcomes together less likely than 1e-12 are left out. False discovery: simulated trials of many terms from a fixed
seed. Further parts of the page: `coverage_courses`, `coverage_hierarchical`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from pvtracker import stats
from pvtracker.ops import coverage_courses, coverage_hierarchical
from pvtracker.stats.results import FloatArray, IntArray

SIZES = ((38, 36), (500, 500))  # of the founding trial, and of a large one
RISKS = ((0.02, 0.02), (0.05, 0.05), (0.15, 0.05), (0.2, 0.1), (0.3, 0.3), (0.5, 0.3))  # arm, reference
NULLS = (0.02, 0.05, 0.1, 0.3)
MOST_EXACT = 100  # participants of an arm up to which the unconditional methods are taken over all tables
LEFT_OUT = 1e-12
TRIALS, SEED = 400, 20090315
SYSTEMS, TERMS = 8, 6  # body systems, and terms of each; background risks of the terms of a system:
BACKGROUND = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
HARMED = {"none": 0, "one system of eight": 1}  # body systems with all terms harmed
RATIO = 3.0
LEVEL = 0.1

LIMITS: dict[str, tuple[Callable[..., Any], Callable[[float, float], float], bool]] = {
    "rd_mn": (stats.risk_difference_mn, lambda p, q: p - q, False),
    "risk_difference_newcombe": (stats.risk_difference_newcombe, lambda p, q: p - q, False),
    "risk_difference_agresti_caffo": (stats.risk_difference_agresti_caffo, lambda p, q: p - q, False),
    "rd_exact": (stats.risk_difference_exact, lambda p, q: p - q, True),
    "rr_koopman": (stats.risk_ratio_koopman, lambda p, q: p / q, False),
    "or_conditional": (stats.odds_ratio_conditional, lambda p, q: p * (1 - q) / (q * (1 - p)), False),
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
DISCOVERY: dict[str, Callable[[FloatArray, Any], FloatArray]] = {
    "Fisher, not adjusted": lambda p, system: p,
    "benjamini_hochberg": lambda p, system: stats.benjamini_hochberg(p),
    "benjamini_yekutieli": lambda p, system: stats.benjamini_yekutieli(p),
    "dfdr_2004": lambda p, system: stats.double_fdr_2004(p, system).p_adjusted,
    "dfdr_2012": lambda p, system: stats.double_fdr_2012(p, system).p_adjusted,
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Probability that the limits hold the true value, and that it lies below or above them."""

    holds: float
    below: float
    above: float


@dataclass(frozen=True, slots=True)
class Discovery:
    """Means over trials: share of false ones among the findings (0 without any), trials with a false one, share of the
    harmed terms that were found (nan where none is harmed)."""

    false_share: float
    any_false: float
    found: float


def tables(N_arm: int, N_ref: int, risk_arm: float, risk_ref: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Events of both arms and the probability of each pair, shape (n,)."""
    x, p = _likely(N_arm, risk_arm)
    y, q = _likely(N_ref, risk_ref)
    return np.repeat(x, len(y)), np.tile(y, len(x)), np.outer(p, q).ravel()


def _likely(N: int, risk: float) -> tuple[IntArray, FloatArray]:
    k = np.arange(N + 1)
    log_p = gammaln(N + 1) - gammaln(k + 1) - gammaln(N - k + 1) + xlogy(k, risk) + xlog1py(N - k, -risk)
    p = np.exp(log_p)
    kept = p > LEFT_OUT / (N + 1)
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
    function, effect, _ = LIMITS[method]
    x, y, weight = tables(N_arm, N_ref, risk_arm, risk_ref)
    return _held(function(x, N_arm, y, N_ref), effect(risk_arm, risk_ref), weight)


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
    slack = 1e-9 * max(1.0, abs(true))  # limits are sought to about so much
    below = float(weight[found.low > true + slack].sum())
    above = float(weight[found.high < true - slack].sum())
    return Coverage(1 - below - above, below, above)


def size(test: str, N_arm: int, N_ref: int, risk: float, *, alpha: float = 0.05) -> float:
    """Probability of p ≤ alpha where both arms have this risk."""
    x, y, weight = tables(N_arm, N_ref, risk, risk)
    p = TESTS[test][0](x, N_arm, y, N_ref).p
    return float(weight[p <= alpha].sum())


def discovery(
    N_arm: int, N_ref: int, harmed: int, *, trials: int = TRIALS, seed: int = SEED
) -> dict[str, Discovery]:
    """Simulated trials in which `harmed` body systems have all risks times RATIO in the arm; findings at LEVEL."""
    rng = np.random.default_rng(seed)
    system = np.repeat([f"system {n}" for n in range(SYSTEMS)], TERMS)
    risk = np.tile(BACKGROUND, SYSTEMS)
    is_harmed = np.repeat(np.arange(SYSTEMS) < harmed, TERMS)
    x = rng.binomial(N_arm, np.where(is_harmed, RATIO, 1.0) * risk, (trials, len(risk)))
    y = rng.binomial(N_ref, risk, (trials, len(risk)))
    p = stats.fisher(x.ravel(), N_arm, y.ravel(), N_ref).p.reshape(x.shape)
    result = {}
    for name, adjusted in DISCOVERY.items():
        flags = np.array([adjusted(one, system) <= LEVEL for one in p]) & (x * N_ref > y * N_arm)
        false, total = (flags & ~is_harmed).sum(axis=1), flags.sum(axis=1)
        found = float(flags[:, is_harmed].mean()) if harmed else float("nan")
        result[name] = Discovery(
            float((false / np.maximum(total, 1)).mean()), float((false > 0).mean()), found
        )
    return result


def page() -> str:
    """docs/reference/coverage.md."""
    lines = [
        "# Coverage, size and false discovery",
        "",
        "Written by `python3 manage.py coverage --page docs/reference/coverage.md`; the code is "
        "`pvtracker/ops/coverage.py`. Two proportions: exact, every table of both arms weighted by its probability. "
        "Risks are arm / reference.",
        "",
        "## Do 95 % limits hold the true value?",
        "",
        "In percent: holds (true value below the limits, above them); 95 (2.5, 2.5) would be perfect. `rd_exact`, like "
        "the unconditional tests below, is taken over all tables of the small trial only.",
    ]
    for N_arm, N_ref in SIZES:
        lines += ["", f"### Limits, {N_arm} against {N_ref} participants", ""]
        lines += _head("method", [f"{p:g} / {q:g}" for p, q in RISKS])
        lines += [
            limits_line(method, N_arm, N_ref)
            for method, (_, _, slow) in LIMITS.items()
            if not slow or max(N_arm, N_ref) <= MOST_EXACT
        ]
    lines += ["", "## How often is p ≤ 5 % where nothing differs?", "", "In percent, by the common risk."]
    for N_arm, N_ref in SIZES:
        lines += ["", f"### Tests, {N_arm} against {N_ref} participants", ""]
        lines += _head("test", [f"{p:g}" for p in NULLS])
        lines += [
            size_line(test, N_arm, N_ref)
            for test, (_, slow) in TESTS.items()
            if not slow or max(N_arm, N_ref) <= MOST_EXACT
        ]
    lines += [
        "",
        "## The same of rates",
        "",
        "Exact: every pair of Poisson counts of both arms weighted by its probability; each participant is followed "
        f"{YEARS_EACH:g} years. Rates a year, arm / reference; in percent as above.",
    ]
    for N_arm, N_ref in SIZES:
        lines += ["", f"### Limits of rates, {N_arm} against {N_ref} participants", ""]
        lines += _head("method", [f"{p:g} / {q:g}" for p, q in RATES])
        lines += [rate_limits_line(method, N_arm, N_ref) for method in RATE_LIMITS]
        lines += ["", f"### p ≤ 5 % where rates are the same, {N_arm} against {N_ref} participants", ""]
        lines += _head("test", [f"{rate:g}" for rate in RATE_NULLS])
        lines += [rate_size_line(test, N_arm, N_ref) for test in RATE_TESTS]
    lines += [
        "",
        "## How many findings among many terms are false?",
        "",
        f"{TRIALS} simulated trials each, seed {SEED}: {SYSTEMS} body systems of {TERMS} terms with background risks "
        f"{', '.join(f'{risk:g}' for risk in BACKGROUND)}; a harmed system has all its risks times {RATIO:g} in the "
        f"arm. Fisher’s p, adjusted, at {LEVEL:g}; a finding is an excess in the arm. In percent: mean share of false "
        "ones among the findings; trials with a false one; mean share of the harmed terms that were found.",
        "",
        "| trial | harmed | adjustment | false share | any false | found |",
        "|---|---|---|--:|--:|--:|",
    ]
    for N_arm, N_ref in SIZES:
        for words, harmed in HARMED.items():
            lines += discovery_lines(N_arm, N_ref, words, harmed)
    lines += coverage_courses.lines() + coverage_hierarchical.lines()
    return "\n".join(lines) + "\n"


def _head(first: str, others: list[str]) -> list[str]:
    return ["| " + " | ".join([first, *others]) + " |", "|---" * (len(others) + 1) + "|"]


def limits_line(method: str, N_arm: int, N_ref: int) -> str:
    cells = [_percents(coverage(method, N_arm, N_ref, p, q)) for p, q in RISKS]
    return f"| `{method}` | " + " | ".join(cells) + " |"


def rate_limits_line(method: str, N_arm: int, N_ref: int) -> str:
    cells = [_percents(rate_coverage(method, N_arm, N_ref, p, q)) for p, q in RATES]
    return f"| `{method}` | " + " | ".join(cells) + " |"


def rate_size_line(test: str, N_arm: int, N_ref: int) -> str:
    return (
        f"| `{test}` | "
        + " | ".join(f"{100 * rate_size(test, N_arm, N_ref, rate):.2f}" for rate in RATE_NULLS)
        + " |"
    )


def size_line(test: str, N_arm: int, N_ref: int) -> str:
    return f"| `{test}` | " + " | ".join(f"{100 * size(test, N_arm, N_ref, p):.2f}" for p in NULLS) + " |"


def discovery_lines(N_arm: int, N_ref: int, words: str, harmed: int) -> list[str]:
    lines = []
    for name, one in discovery(N_arm, N_ref, harmed).items():
        cells = [
            f"{N_arm} v {N_ref}",
            words,
            name,
            f"{100 * one.false_share:.1f}",
            f"{100 * one.any_false:.1f}",
        ]
        cells.append("" if np.isnan(one.found) else f"{100 * one.found:.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _percents(one: Coverage) -> str:
    return f"{100 * one.holds:.1f} ({100 * one.below:.1f}, {100 * one.above:.1f})"
