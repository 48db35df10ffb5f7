"""Whether the hierarchical models' posterior is calibrated, and how many of their findings are false.

Simulation-based calibration: parameters are drawn from the priors and counts from the parameters; the rank of each true
value among draws from the posterior of those counts must be uniform (Talts et al. 2018, arXiv:1804.06788; where draws
are the same, as zeros are, the rank is drawn among them). Everything from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc, expit

from pvtracker import stats
from pvtracker.ops.coverage import YEARS_EACH
from pvtracker.ops.coverage_simulated import SIZES
from pvtracker.stats.bayes.fit import Running, started
from pvtracker.stats.bayes.likelihood import Arms, Binomial, Poisson
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.state import LEVEL_2, LEVEL_3, State, Systems, from_priors
from pvtracker.stats.results import FloatArray, IntArray

SEED = 20180421
CHAINS, WARM_UP, SWEEPS, BETWEEN = 24, 200, 100, 25  # a draw of each chain after every 25 sweeps: 96 draws
BINS = 8
MOST_EVENTS = 1e15  # of a drawn rate: beyond, counts are no whole numbers any more
PRIORS = Priors(0.0, 10.0, 0.0, 10.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 1.0, 1.0)  # as in the source


@dataclass(frozen=True, slots=True)
class Model:
    """`terms`: of each body system, of all periods together where there are several. Rates have follow-up."""

    terms: tuple[int, ...]
    is_rate: bool


# Periods that share what belongs to a body system are, to the model, more terms of it.
MODELS = {
    "berry_berry": Model((4, 3, 2), is_rate=False),
    "berry_berry_poisson": Model((4, 3, 2), is_rate=True),
    "berry_berry_periods": Model((8, 6, 4), is_rate=True),
}

# Trials of the calibration, by model and the first arm's size: each takes a quarter of a second.
REPLICATES = {
    (name, N_arm): 400 if name == "berry_berry" and N_arm == 38 else 100
    for name in MODELS
    for N_arm, _ in SIZES
}

HARMED_SYSTEM, RATIO = 5, 3.0  # the largest, of 11 terms
SYSTEM_SIZES = (1, 4, 7, 5, 8, 11, 3, 6)
BACKGROUND = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
FLAGGED = 0.95  # the screen's rule: posterior above it
PERIODS = (0.25, 0.75)  # of the follow-up; the harm is in both
HARM = {"none": False, "one system of eight": True}
# Simulated trials without harm and with it, by model and the first arm's size: a fit takes 2 to 15 seconds.
TRIALS = {
    ("berry_berry", 38): (30, 15),
    ("berry_berry_poisson", 38): (10, 5),
    ("berry_berry_periods", 38): (6, 4),
    ("berry_berry", 500): (6, 4),
    ("berry_berry_poisson", 500): (6, 4),
    ("berry_berry_periods", 500): (4, 2),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Of simulated trials: share of terms without harm that were flagged, of trials with such a flag, of harmed terms
    that were flagged (nan where none is), and of terms that were refused."""

    flagged: float
    any_flagged: float
    found: float
    refused: float


def ranks(name: str, N_arm: int, N_ref: int, *, replicates: int, seed: int = SEED) -> dict[str, IntArray]:
    """Rank of the true value among the draws, 0 to their number, for each quantity, shape (replicates,)."""
    model = MODELS[name]
    systems = Systems(np.array(model.terms))
    kind: Callable[..., Any] = Poisson if model.is_rate else Binomial
    size_ref, size_arm = (N * YEARS_EACH if model.is_rate else float(N) for N in (N_ref, N_arm))
    chance = np.random.Generator(np.random.PCG64(seed))
    truth = from_priors(systems, replicates, PRIORS, chance, common_gamma=False)
    counts = [
        (
            chance.poisson(np.minimum(size * np.exp(value), MOST_EVENTS))
            if model.is_rate
            else chance.binomial(int(size), expit(value))
        ).astype(np.float64)
        for size, value in ((size_ref, truth.gamma), (size_arm, truth.eta))
    ]
    true, drawn = _told(truth, systems), []
    for one in range(replicates):
        y_ref, y_arm = (each[:, [one]] for each in counts)
        n_ref, n_arm = np.full_like(y_ref, size_ref), np.full_like(y_arm, size_arm)
        arms = Arms(kind(y_ref, n_ref), kind(y_arm, n_arm), kind(y_ref + y_arm, n_ref + n_arm))
        running = Running(seed + one, CHAINS, WARM_UP, 100, 100)
        sampler = started(systems, arms, PRIORS, running, False)
        kept = []
        for sweep in range(1, SWEEPS + 1):
            sampler.sweep()
            if sweep % BETWEEN == 0:
                kept.append(_told(sampler.state, systems))
        drawn.append({name: np.concatenate([each[name] for each in kept]) for name in true})
    found = {}
    for name, values in true.items():
        draws = np.stack([each[name] for each in drawn])
        below = (draws < values[:, None]).sum(axis=1)
        same = (draws == values[:, None]).sum(axis=1)
        found[name] = below + chance.integers(0, same + 1)
    return found


def _told(state: State, systems: Systems) -> dict[str, FloatArray]:
    """The first term of each system, the parameters of the first system, and those of all: shape (chains,)."""
    told = {f"theta[{system}]": state.theta[term].copy() for system, term in enumerate(systems.starts)}
    told |= {f"{name}[0]": getattr(state, name)[0].copy() for name in LEVEL_2}
    return told | {name: np.array(getattr(state, name)) for name in LEVEL_3}


def uniform_p(rank: IntArray) -> float:
    """Chi-squared p-value that ranks among CHAINS · SWEEPS / BETWEEN draws are uniform, in BINS bins."""
    many = CHAINS * SWEEPS // BETWEEN + 1
    edges = np.round(np.arange(BINS + 1) * many / BINS)
    observed = np.histogram(rank, edges - 0.5)[0]
    expected = len(rank) * np.diff(edges) / many
    return float(chdtrc(BINS - 1, np.sum((observed - expected) ** 2 / expected)))


def discovery(name: str, N_arm: int, N_ref: int, harmed: bool, *, trials: int, seed: int = SEED) -> Found:
    """45 terms in 8 body systems; in the harmed one all risks (or rates a year) are RATIO times as high in the arm."""
    rng = np.random.default_rng(seed)
    system = np.repeat(np.arange(len(SYSTEM_SIZES)), SYSTEM_SIZES)
    risk = np.resize(BACKGROUND, len(system))
    is_harmed = (system == HARMED_SYSTEM) & harmed
    both = np.where(is_harmed, RATIO, 1.0) * risk
    flags, refused = [], []
    for trial in range(trials):
        if name == "berry_berry":
            x, y = rng.binomial(N_arm, both), rng.binomial(N_ref, risk)
            fit = stats.berry_berry(x, N_arm, y, N_ref, system, seed=seed + trial)
        else:
            parts = PERIODS if name == "berry_berry_periods" else (1.0,)
            years_arm, years_ref = (np.repeat(parts, len(risk)) * N * YEARS_EACH for N in (N_arm, N_ref))
            x, y = (
                rng.poisson(np.tile(r, len(parts)) * t) for r, t in ((both, years_arm), (risk, years_ref))
            )
            given = (x, years_arm, y, years_ref, np.tile(system, len(parts)))
            period = np.repeat(np.arange(len(parts)), len(risk))
            fit = (
                stats.berry_berry_periods(*given, period, seed=seed + trial)
                if len(parts) > 1
                else stats.berry_berry_poisson(*given, seed=seed + trial)
            )
        refused.append(np.isnan(fit.p_positive))
        flags.append(np.nan_to_num(fit.p_positive) > FLAGGED)
    flag = np.array(flags)
    is_harmed = np.resize(is_harmed, flag.shape[1])
    return Found(
        float(flag[:, ~is_harmed].mean()),
        float(flag[:, ~is_harmed].any(axis=1).mean()),
        float(flag[:, is_harmed].mean()) if harmed else float("nan"),
        float(np.mean(refused)),
    )


def rank_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    told = [
        "## Are the hierarchical models’ posteriors calibrated?",
        "",
        f"Simulation-based calibration: {max(REPLICATES.values())} trials of 38 against 36 in `berry_berry`, else "
        f"{min(REPLICATES.values())}; 3 body systems of 4, 3, 2 terms (two periods "
        "of each, which share what belongs to a body system, in `berry_berry_periods`), parameters drawn from the "
        f"priors (seed {SEED}), each participant followed {YEARS_EACH:g} years where there are rates. Ranks of the "
        f"true value among {CHAINS * SWEEPS // BETWEEN} draws of the posterior, {CHAINS} chains: p-value that they are "
        f"uniform ({BINS} bins), and in percent how often the true value lies in the lowest twentieth, the middle half "
        "and the highest twentieth of the draws: 5, 50 and 5 would be perfect (standard errors of the simulation: "
        + " or ".join(
            f"{_error(0.05, many):.1f}, {_error(0.5, many):.1f}, {_error(0.05, many):.1f}"
            for many in sorted(set(REPLICATES.values()), reverse=True)
        )
        + ").",
        "",
        "| arms | model | quantity | p | lowest 5 % | middle 50 % | highest 5 % |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for N_arm, N_ref in SIZES:
        for name in MODELS:
            told += ranked_lines(name, N_arm, N_ref)
    return told


def _error(share: float, replicates: int) -> float:
    return 100 * float(np.sqrt(share * (1 - share) / replicates))


def ranked_lines(name: str, N_arm: int, N_ref: int) -> list[str]:
    many = CHAINS * SWEEPS // BETWEEN + 1
    told = []
    for quantity, rank in ranks(name, N_arm, N_ref, replicates=REPLICATES[name, N_arm]).items():
        place = (rank + 0.5) / many
        shares = (place < 0.05, (place > 0.25) & (place < 0.75), place > 0.95)
        cells = [f"{N_arm} v {N_ref}", f"`{name}`", f"`{quantity}`", f"{uniform_p(rank):.2f}"]
        told.append("| " + " | ".join([*cells, *(f"{100 * s.mean():.1f}" for s in shares)]) + " |")
    return told


def discovery_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    told = [
        "## How many findings of the hierarchical models are false?",
        "",
        f"{sum(SYSTEM_SIZES)} terms in {len(SYSTEM_SIZES)} body systems of {', '.join(map(str, SYSTEM_SIZES))}, "
        f"background risks (or rates a year) {', '.join(f'{risk:g}' for risk in BACKGROUND)} in turn; a harmed system "
        f"(the largest) has all its risks times {RATIO:g} in the arm. With rates each participant is followed "
        f"{YEARS_EACH:g} years, with periods {PERIODS[0]:.0%} and {PERIODS[1]:.0%} of them. A finding is "
        f"P(θ > 0) > {FLAGGED:g}, the screen’s rule, priors as in the source. In percent. So few trials tell the order "
        "of magnitude only.".replace("%", " %"),
        "",
        "| arms | model | harmed | trials | terms without harm that are found | trials with such a finding | harmed "
        "terms that are found | terms refused |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for N_arm, N_ref in SIZES:
        for name in MODELS:
            for (words, harmed), trials in zip(HARM.items(), TRIALS[name, N_arm], strict=True):
                told += discovered_lines(name, N_arm, N_ref, words, harmed, trials)
    return told


def discovered_lines(name: str, N_arm: int, N_ref: int, words: str, harmed: bool, trials: int) -> list[str]:
    one = discovery(name, N_arm, N_ref, harmed, trials=trials)
    cells = [f"{100 * one.flagged:.2f}", f"{100 * one.any_flagged:.1f}"]
    cells += ["" if np.isnan(one.found) else f"{100 * one.found:.1f}", f"{100 * one.refused:.1f}"]
    return [f"| {N_arm} v {N_ref} | `{name}` | {words} | {trials} | " + " | ".join(cells) + " |"]
