"""Whether the hierarchical model's posterior is calibrated, and how many of its findings are false in small trials.

Simulation-based calibration: parameters are drawn from the priors and counts from the parameters; the rank of each true
value among draws from the posterior of those counts must be uniform (Talts et al. 2018, arXiv:1804.06788; where draws
are the same, as zeros are, the rank is drawn among them). Everything from a fixed seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, expit

from pvtracker import stats
from pvtracker.stats.bayes.fit import Running, started
from pvtracker.stats.bayes.likelihood import Arms, Binomial
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.state import LEVEL_2, LEVEL_3, State, Systems, from_priors
from pvtracker.stats.results import FloatArray, IntArray

N_ARM, N_REF = 38, 36
REPLICATES, SEED = 400, 20180421
SIZES = (4, 3, 2)  # terms of each body system
CHAINS, WARM_UP, SWEEPS, BETWEEN = 24, 200, 100, 25  # a draw of each chain after every 25 sweeps: 96 draws
BINS = 8
PRIORS = Priors(0.0, 10.0, 0.0, 10.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 1.0, 1.0)  # as in the source

TRIALS = {"none": 30, "one system of eight": 15}
HARMED_SYSTEM, RATIO = 5, 3.0  # the largest, of 11 terms
SYSTEM_SIZES = (1, 4, 7, 5, 8, 11, 3, 6)
BACKGROUND = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
FLAGGED = 0.95  # the screen's rule: posterior above it


@dataclass(frozen=True, slots=True)
class Found:
    """Of simulated trials: share of terms without harm that were flagged, of trials with such a flag, of harmed terms
    that were flagged (nan where none is), and of terms that were refused."""

    flagged: float
    any_flagged: float
    found: float
    refused: float


def ranks(*, replicates: int = REPLICATES, seed: int = SEED) -> dict[str, IntArray]:
    """Rank of the true value among the draws, 0 to their number, for each quantity, shape (replicates,)."""
    systems = Systems(np.array(SIZES))
    chance = np.random.Generator(np.random.PCG64(seed))
    truth = from_priors(systems, replicates, PRIORS, chance, common_gamma=False)
    counts = [
        chance.binomial(size, expit(log_odds)).astype(np.float64)
        for size, log_odds in ((N_REF, truth.gamma), (N_ARM, truth.eta))
    ]
    true, drawn = _told(truth), []
    for one in range(replicates):
        y_ref, y_arm = (each[:, [one]] for each in counts)
        n_ref, n_arm = np.full_like(y_ref, N_REF), np.full_like(y_arm, N_ARM)
        arms = Arms(Binomial(y_ref, n_ref), Binomial(y_arm, n_arm), Binomial(y_ref + y_arm, n_ref + n_arm))
        running = Running(seed + one, CHAINS, WARM_UP, 100, 100)
        sampler = started(systems, arms, PRIORS, running, False)
        kept = []
        for sweep in range(1, SWEEPS + 1):
            sampler.sweep()
            if sweep % BETWEEN == 0:
                kept.append(_told(sampler.state))
        drawn.append({name: np.concatenate([each[name] for each in kept]) for name in true})
    found = {}
    for name, values in true.items():
        draws = np.stack([each[name] for each in drawn])
        below = (draws < values[:, None]).sum(axis=1)
        same = (draws == values[:, None]).sum(axis=1)
        found[name] = below + chance.integers(0, same + 1)
    return found


def _told(state: State) -> dict[str, FloatArray]:
    """The first term of each system, the parameters of the first system, and those of all: shape (chains,)."""
    first = np.cumsum(SIZES) - np.array(SIZES)
    told = {f"theta[{system}]": state.theta[term].copy() for system, term in enumerate(first)}
    told |= {f"{name}[0]": getattr(state, name)[0].copy() for name in LEVEL_2}
    return told | {name: np.array(getattr(state, name)) for name in LEVEL_3}


def uniform_p(rank: IntArray) -> float:
    """Chi-squared p-value that ranks among CHAINS · SWEEPS / BETWEEN draws are uniform, in BINS bins."""
    many = CHAINS * SWEEPS // BETWEEN + 1
    edges = np.round(np.arange(BINS + 1) * many / BINS)
    observed = np.histogram(rank, edges - 0.5)[0]
    expected = len(rank) * np.diff(edges) / many
    return float(chdtrc(BINS - 1, np.sum((observed - expected) ** 2 / expected)))


def discovery(harmed: bool, *, trials: int, seed: int = SEED) -> Found:
    """45 terms in 8 body systems; in the harmed one all risks are RATIO times as high in the arm."""
    rng = np.random.default_rng(seed)
    system = np.repeat(np.arange(len(SYSTEM_SIZES)), SYSTEM_SIZES)
    risk = np.resize(BACKGROUND, len(system))
    is_harmed = (system == HARMED_SYSTEM) & harmed
    flags, refused = [], []
    for trial in range(trials):
        x, y = rng.binomial(N_ARM, np.where(is_harmed, RATIO, 1.0) * risk), rng.binomial(N_REF, risk)
        fit = stats.berry_berry(x, N_ARM, y, N_REF, system, seed=seed + trial)
        refused.append(np.isnan(fit.p_positive))
        flags.append(np.nan_to_num(fit.p_positive) > FLAGGED)
    flag = np.array(flags)
    return Found(
        float(flag[:, ~is_harmed].mean()),
        float(flag[:, ~is_harmed].any(axis=1).mean()),
        float(flag[:, is_harmed].mean()) if harmed else float("nan"),
        float(np.mean(refused)),
    )


def lines() -> list[str]:
    """The sections of docs/reference/coverage.md."""
    return [*rank_lines(), *discovery_lines()]


def rank_lines() -> list[str]:
    told = [
        "",
        "## Is the hierarchical model’s posterior calibrated?",
        "",
        f"`berry_berry`, simulation-based calibration: {REPLICATES} trials of {N_ARM} against {N_REF} participants, "
        f"{len(SIZES)} body systems of {', '.join(map(str, SIZES))} terms, parameters drawn from the priors (seed "
        f"{SEED}). Ranks of the true value among {CHAINS * SWEEPS // BETWEEN} draws of the posterior, {CHAINS} chains: "
        f"p-value that they are uniform ({BINS} bins), and in percent how often the true value lies in the lowest "
        "twentieth, the middle half and the highest twentieth of the draws: 5, 50 and 5 would be perfect.",
        "",
        "| quantity | p | lowest 5 % | middle 50 % | highest 5 % |",
        "|---|--:|--:|--:|--:|",
    ]
    many = CHAINS * SWEEPS // BETWEEN + 1
    for name, rank in ranks().items():
        place = (rank + 0.5) / many
        shares = (place < 0.05, (place > 0.25) & (place < 0.75), place > 0.95)
        told.append(
            f"| `{name}` | {uniform_p(rank):.2f} | "
            + " | ".join(f"{100 * s.mean():.1f}" for s in shares)
            + " |"
        )
    return told


def discovery_lines() -> list[str]:
    told = [
        "",
        "## How many findings of the hierarchical model are false?",
        "",
        f"{N_ARM} against {N_REF} participants, {sum(SYSTEM_SIZES)} terms in {len(SYSTEM_SIZES)} body systems of "
        f"{', '.join(map(str, SYSTEM_SIZES))}, background risks {', '.join(f'{risk:g}' for risk in BACKGROUND)} in "
        f"turn; a harmed system (the largest) has all its risks times {RATIO:g} in the arm. A finding is P(θ > 0) > "
        f"{FLAGGED:g}, the screen’s rule, priors as in the source. In percent.",
        "",
        "| harmed | trials | terms without harm that are found | trials with such a finding | harmed terms that are "
        "found | terms refused |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for words, trials in TRIALS.items():
        one = discovery(words != "none", trials=trials)
        cells = [f"{100 * one.flagged:.2f}", f"{100 * one.any_flagged:.1f}"]
        cells += ["" if np.isnan(one.found) else f"{100 * one.found:.1f}", f"{100 * one.refused:.1f}"]
        told.append(f"| {words} | {trials} | " + " | ".join(cells) + " |")
    return told
