"""Counts in, posterior out: chains are run until they have met, or for as long as allowed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvtracker.stats.bayes.diagnostics import (
    LARGEST_R_HAT,
    SMALLEST_EFFECTIVE_SIZE,
    Convergence,
    convergence,
    indicator_size,
)
from pvtracker.stats.bayes.likelihood import Arms, Binomial, Poisson
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.sampler import Sampler
from pvtracker.stats.bayes.state import LEVEL_2, LEVEL_3, State, Systems, from_priors
from pvtracker.stats.results import FloatArray, Hierarchical, IntArray, Parameters, TextArray

BLOCK = 32  # terms looked at together, so that copies stay small
SPREAD = 0.3  # of the starting points about what the counts say
NUMBERS = (
    *("mean", "sd", "low", "high", "p_zero", "p_positive", "p_beyond_margin"),
    *("r_hat", "ess_bulk", "ess_tail", "ess_probability"),
)
TOLD = 7  # of them are the posterior's, and refused where the chains have not met
SINGLE = np.float32  # of the kept draws: seven digits of a number known to two


@dataclass(frozen=True, slots=True)
class Running:
    """How long chains run: `draws` of each, then twice as many, and so on until all have met, at most `most_draws`."""

    seed: int
    chains: int
    warm_up: int
    draws: int
    most_draws: int

    def __post_init__(self) -> None:
        for name, least in (
            ("seed", 0),
            ("chains", 2),
            ("warm_up", 50),
            ("draws", 100),
            ("most_draws", self.draws),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise ValueError(f"{name} must be a whole number, got {value}")
            if value < least:
                raise ValueError(f"{name} must be ≥ {least}, got {value}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be said of each effect."""

    margin: float
    confidence_level: float


class Kept:
    """The draws of the chains: theta, and the parameters that terms share."""

    def __init__(self) -> None:
        self.theta: list[NDArray[np.float32]] = []
        self.shared: list[FloatArray] = []

    def keep(self, state: State) -> None:
        self.theta.append(state.theta.astype(SINGLE))
        self.shared.append(
            np.concatenate([np.atleast_2d(getattr(state, name)) for name in (*LEVEL_2, *LEVEL_3)])
        )


def fit(
    kind: type[Binomial] | type[Poisson],
    counts: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    system: IntArray,
    labels: TextArray,
    raw: FloatArray,
    warning: TextArray,
    priors: Priors,
    running: Running,
    asked: Asked,
    *,
    common_gamma: bool,
) -> Hierarchical:
    """Checked arguments: y and n of arm and reference, the number of each term's system. Terms with a warning take no
    part and stay nan."""
    size = len(raw)
    numbers = np.full((len(NUMBERS), size), np.nan)
    parts = np.flatnonzero([text is None for text in warning])
    if not len(parts):
        return _result(numbers, raw, warning, _no_parameters(), running, asked, 0)
    systems, rows, names = _ordered(system[parts], labels)
    rows = parts[rows]
    y_arm, n_arm, y_ref, n_ref = (values[rows][:, None] for values in counts)
    arms = Arms(kind(y_ref, n_ref), kind(y_arm, n_arm), kind(y_ref + y_arm, n_ref + n_arm))
    sampler = started(systems, arms, priors, running, common_gamma)
    kept, done, until = Kept(), 0, running.draws
    while True:
        for _ in range(done, until):
            sampler.sweep()
            kept.keep(sampler.state)
        done, until = until, min(2 * until, running.most_draws)
        found, theta_met = _theta(kept.theta, asked)
        parameters, met = _parameters(kept.shared, names, asked)
        if (theta_met.all() and met.all()) or done == running.most_draws:
            break
    refused = ~theta_met | ~_shared_met(met, systems)
    for position in np.flatnonzero(refused):
        warning[rows[position]] = _why(found[:, position], parameters, met, systems.of_term[position])
    found[:TOLD, refused] = np.nan
    numbers[:, rows] = found
    return _result(numbers, raw, warning, parameters, running, asked, done)


def _ordered(system: IntArray, labels: TextArray) -> tuple[Systems, IntArray, list[str]]:
    """Systems with the larger first, the terms' places in that order, and the systems' names."""
    present, index, sizes = np.unique(system, return_inverse=True, return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return (
        Systems(sizes[order]),
        np.argsort(rank[index.reshape(-1)], kind="stable"),
        [str(labels[present[i]]) for i in order],
    )


def started(systems: Systems, arms: Arms, priors: Priors, running: Running, common_gamma: bool) -> Sampler:
    """Chains begin apart: parameters at draws from the priors, terms about what their counts say. Then they warm up."""
    chance = np.random.Generator(np.random.PCG64(running.seed))
    state = from_priors(systems, running.chains, priors, chance, common_gamma=common_gamma)
    shape = state.gamma.shape
    state.gamma = arms.reference.crude() + SPREAD * chance.standard_normal(shape)
    arm = arms.arm.crude() + SPREAD * chance.standard_normal(shape)
    state.eta = np.where(state.on, arm, state.gamma)
    sampler = Sampler(systems, priors, state, arms, chance, common_gamma=common_gamma)
    for turn in range(running.warm_up):
        sampler.sweep(fit=max(0.02, (1 + turn) ** -0.7))
    return sampler


def _theta(kept: list[NDArray[np.float32]], asked: Asked) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The NUMBERS of each term, and whether the chains have met there."""
    terms = kept[0].shape[0]
    numbers = np.full((len(NUMBERS), terms), np.nan)
    tail = (1 - asked.confidence_level) / 2
    for begin in range(0, terms, BLOCK):
        some = slice(begin, begin + BLOCK)
        draws = np.stack([draw[some] for draw in kept], axis=-1).astype(np.float64)
        is_zero, is_positive, is_beyond = draws == 0, draws > 0, draws > np.log(asked.margin)
        flat = draws.reshape(len(draws), -1)
        numbers[0, some], numbers[1, some] = flat.mean(1), flat.std(1, ddof=1)
        numbers[2:4, some] = np.quantile(flat, [tail, 1 - tail], axis=1)
        for row, share in enumerate((is_zero, is_positive, is_beyond), start=4):
            numbers[row, some] = share.mean(axis=(1, 2))
        of_theta = convergence(draws)
        numbers[7:10, some] = of_theta.r_hat, of_theta.ess_bulk, of_theta.ess_tail
        numbers[10, some] = np.min(
            [indicator_size(share) for share in (is_zero, is_positive, is_beyond)], axis=0
        )
    met = Convergence(*numbers[7:10]).met & (numbers[10] >= SMALLEST_EFFECTIVE_SIZE)
    return numbers, met


def _parameters(
    kept: list[FloatArray], names: list[str], asked: Asked
) -> tuple[Parameters, NDArray[np.bool_]]:
    draws = np.stack(kept, axis=-1)
    flat, tail = draws.reshape(len(draws), -1), (1 - asked.confidence_level) / 2
    low, high = np.quantile(flat, [tail, 1 - tail], axis=1)
    found = convergence(draws)
    texts = [f"{name}[{system}]" for name in LEVEL_2 for system in names] + list(LEVEL_3)
    return (
        Parameters(
            np.array(texts, dtype=object),
            flat.mean(1),
            flat.std(1, ddof=1),
            low,
            high,
            found.r_hat,
            found.ess_bulk,
            found.ess_tail,
        ),
        found.met,
    )


def _no_parameters() -> Parameters:
    nothing = np.array([])
    return Parameters(np.array([], dtype=object), *[nothing] * 7)


def _shared_met(met: NDArray[np.bool_], systems: Systems) -> NDArray[np.bool_]:
    """Of each term: whether the parameters of its system and those of all systems have met."""
    own = np.logical_and.reduce(met[: len(LEVEL_2) * systems.number].reshape(len(LEVEL_2), -1), axis=0)
    return np.asarray(own[systems.of_term] & met[len(LEVEL_2) * systems.number :].all())


def _why(numbers: FloatArray, parameters: Parameters, met: NDArray[np.bool_], system: int) -> str:
    """The worst of a refused term's own convergence and of that of parameters which it rests on."""
    number = (len(met) - len(LEVEL_3)) // len(LEVEL_2)
    rests = [system + number * k for k in range(len(LEVEL_2))] + list(
        range(len(met) - len(LEVEL_3), len(met))
    )
    worst = {"theta": (numbers[7], np.min(numbers[8:11]))} | {
        str(parameters.name[i]): (parameters.r_hat[i], min(parameters.ess_bulk[i], parameters.ess_tail[i]))
        for i in rests
        if not met[i]
    }
    name, (r_hat, effective) = max(worst.items(), key=lambda item: np.nan_to_num(item[1][0], nan=np.inf))
    return (
        f"refused, the chains have not met: R-hat of {name} is {r_hat:.3f} (must be < {LARGEST_R_HAT}), its effective "
        f"size {effective:.0f} (must be ≥ {SMALLEST_EFFECTIVE_SIZE:.0f})"
    )


def _result(
    numbers: FloatArray,
    raw: FloatArray,
    warning: TextArray,
    parameters: Parameters,
    running: Running,
    asked: Asked,
    done: int,
) -> Hierarchical:
    return Hierarchical(
        **dict(zip(NUMBERS, numbers, strict=True)),
        raw=raw,
        warning=warning,
        parameters=parameters,
        margin=asked.margin,
        confidence_level=asked.confidence_level,
        seed=running.seed,
        chains=running.chains,
        draws=done,
    )
