"""Berry and Berry's model on the sample data of the R package c212 (45 terms), and on 187 terms.

The peer is c212 where an R has it. Elsewhere a stand-in: its kind of moves (a random walk for each gamma, a random walk
or a jump to zero for each theta, one draw after another for the rest), in NumPy. Either is asked for the time that it
takes to the effective size that ours has for the θ of which it knows least.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of
from pvtracker.ops.rooms import Installation
from pvtracker.stats.bayes.diagnostics import convergence

PARTICIPANTS = 450  # in each arm
SYSTEMS = np.repeat(np.arange(8), [1, 4, 7, 5, 8, 11, 3, 6])
REFERENCE = np.array(
    [
        *(19, 20, 24, 25, 18, 17, 23, 11, 26, 23, 15, 25, 26, 22, 25, 21, 17, 57, 64, 45, 72, 49, 64, 51, 45),
        *(22, 26, 30, 21, 23, 19, 17, 19, 19, 25, 16, 12, 25, 24, 28, 35, 25, 18, 16, 28),
    ]
)
ARM = np.array(
    [
        *(27, 42, 44, 21, 21, 64, 62, 41, 48, 59, 45, 50, 30, 16, 26, 23, 11, 62, 58, 56, 56, 38, 42, 50, 48),
        *(18, 19, 25, 19, 17, 19, 10, 21, 26, 18, 15, 21, 21, 23, 19, 21, 25, 14, 13, 32),
    ]
)
# c212's own tests print standard errors for 120,000 draws of this data (summary.dat of rcarragh/c212); 3 chains of
# 60,000 took 4.8 s when they were measured on such a machine.
C212_SMALLEST, C212_MEDIAN, C212_SECONDS = 2_313, 7_240, 4.8
STAND_IN_SWEEPS, STAND_IN_WARM_UP = 6_000, 1_000

R_SCRIPT = """
suppressMessages(library(c212))
given <- read.csv("given.csv")
made <- system.time(fit <- c212.BB(given))
cat(made[["elapsed"]], dim(fit$theta), sep = "\\n", file = "told.txt")
writeBin(as.vector(fit$theta), "theta.bin")
"""


def run(installation: Installation) -> Measurement:
    def ours() -> stats.Hierarchical:
        return stats.berry_berry(ARM, PARTICIPANTS, REFERENCE, PARTICIPANTS, SYSTEMS)

    found = ours()
    seconds = best_of(3, ours)
    begun = time.process_time()
    ours()
    processor = time.process_time() - begun
    smallest, median = found.ess_bulk.min(), np.median(found.ess_bulk)
    peer, peer_seconds, peer_theta = _c212() or _stand_in()
    peer_size = _sizes(peer_theta).min()
    large = _many_terms()
    return Measurement(
        what=f"{len(ARM)} terms of c212’s sample data, to R-hat < 1.01 of every quantity, looking at that included",
        seconds=seconds,
        peer=peer,
        peer_seconds=float(peer_seconds * smallest / peer_size),
        goal="5 × c212’s effective draws per second; 187 terms in 5 s",
        more={
            "processor time, s": round(processor, 2),
            "effective draws of θ, smallest": round(float(smallest)),
            "of the peer in its run": round(float(peer_size)),
            "times c212 by its printed errors and 4.8 s, by processor time, smallest θ": round(
                float(smallest / processor / (C212_SMALLEST / C212_SECONDS)), 1
            ),
            "the same, θ in the middle": round(float(median / processor / (C212_MEDIAN / C212_SECONDS)), 1),
            "largest difference of a mean θ from the peer’s": round(
                float(np.abs(found.mean - peer_theta.mean(axis=(1, 2))).max()), 3
            ),
            **large,
        },
    )


def _many_terms() -> dict[str, float | int | str]:
    """187 terms in 23 body systems, 84 against 86, most of them rare."""
    chance = np.random.default_rng(5)
    system = np.sort(np.concatenate([np.arange(23), chance.integers(0, 23, 164)]))
    gamma = chance.normal(-4, 1, 187)
    theta = np.where(chance.random(187) < 0.8, 0, chance.normal(0.8, 0.6, 187))
    reference = chance.binomial(86, 1 / (1 + np.exp(-gamma)))
    arm = chance.binomial(84, 1 / (1 + np.exp(-gamma - theta)))
    begun, processor = time.perf_counter(), time.process_time()
    found = stats.berry_berry(arm, 84, reference, 86, system)
    taken, processor = time.perf_counter() - begun, time.process_time() - processor
    return {
        "187 terms, s": round(taken, 2),
        "187 terms, processor time, s": round(processor, 2),
        "187 terms, largest R-hat of any quantity": round(
            float(max(found.r_hat.max(), found.parameters.r_hat.max())), 4
        ),
    }


def _sizes(theta: np.ndarray) -> np.ndarray:
    sizes: np.ndarray = convergence(theta).ess_bulk
    return sizes


def _c212() -> tuple[str, float, np.ndarray] | None:
    """c212 with its defaults, if an R has it: seconds, and draws of theta (terms, chains, draws)."""
    program = shutil.which("Rscript")
    if program is None or subprocess.run([program, "-e", "library(c212)"], capture_output=True).returncode:
        return None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        number = np.arange(len(ARM)) - np.searchsorted(SYSTEMS, SYSTEMS) + 1
        lines = ["B,j,AE,Group,Count,Total"]
        for group, counts in ((1, REFERENCE), (2, ARM)):
            lines += [
                f"system{b},{j},term{i:02},{group},{count},{PARTICIPANTS}"
                for i, (b, j, count) in enumerate(zip(SYSTEMS, number, counts, strict=True))
            ]
        (place / "given.csv").write_text("\n".join(lines) + "\n")
        subprocess.run([program, "-e", R_SCRIPT], cwd=place, check=True, capture_output=True)
        seconds, *shape = (place / "told.txt").read_text().split()
        chains, _, _, draws = (int(one) for one in shape)
        theta = np.fromfile(place / "theta.bin").reshape([int(one) for one in shape], order="F")
    terms = theta[:, SYSTEMS, number - 1]  # chains, terms, draws
    return f"R package c212, {chains} chains, {draws} draws kept", float(seconds), terms.transpose(1, 0, 2)


def _stand_in() -> tuple[str, float, np.ndarray]:
    """Three chains of plain moves: seconds, and draws of theta (terms, chains, draws)."""
    chance = np.random.default_rng(1)
    chains, terms, systems = 3, len(ARM), int(SYSTEMS.max()) + 1
    starts, sizes = np.searchsorted(SYSTEMS, np.arange(systems)), np.bincount(SYSTEMS)[:, None]
    x, y = REFERENCE[:, None], ARM[:, None]
    gamma = np.log(x / (PARTICIPANTS - x)) + 0.3 * chance.standard_normal((terms, chains))
    theta = 0.3 * chance.standard_normal((terms, chains))
    mu = {"gamma": np.full((systems, chains), -3.0), "theta": np.zeros((systems, chains))}
    sigma2 = {name: np.ones((systems, chains)) for name in mu}
    tau2 = {name: np.ones(chains) for name in mu}
    pi, alpha, beta = np.full((systems, chains), 0.5), np.full(chains, 1.5), np.full(chains, 1.5)
    kept = np.empty((STAND_IN_SWEEPS, terms, chains))

    def log_likelihood(gamma: np.ndarray, theta: np.ndarray) -> np.ndarray:
        eta = gamma + theta
        of_reference = x * gamma - PARTICIPANTS * np.log1p(np.exp(gamma))
        return np.asarray(of_reference + y * eta - PARTICIPANTS * np.log1p(np.exp(eta)))

    def totals(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, starts, axis=0)

    def taken(difference: np.ndarray) -> np.ndarray:
        return np.log(chance.random(difference.shape)) < difference

    def log_prior(theta: np.ndarray) -> np.ndarray:
        own_mean, own_variance = mu["theta"][SYSTEMS], sigma2["theta"][SYSTEMS]
        slab = np.log1p(-pi)[SYSTEMS] - 0.5 * np.log(2 * np.pi * own_variance)
        slab -= 0.5 * (theta - own_mean) ** 2 / own_variance
        return np.asarray(np.where(theta == 0, np.log(pi)[SYSTEMS], slab))

    begun = time.perf_counter()
    for sweep in range(-STAND_IN_WARM_UP, STAND_IN_SWEEPS):
        new = gamma + 0.2 * chance.standard_normal(gamma.shape)
        centre, width = mu["gamma"][SYSTEMS], sigma2["gamma"][SYSTEMS]
        prior = 0.5 * ((gamma - centre) ** 2 - (new - centre) ** 2) / width
        gamma = np.where(taken(log_likelihood(new, theta) - log_likelihood(gamma, theta) + prior), new, gamma)
        to_zero = chance.random(theta.shape) < 0.5
        new = np.where(to_zero, 0.0, theta + 0.2 * chance.standard_normal(theta.shape))
        # the density of a step between zero and elsewhere stands on one side of the ratio only
        step = -0.5 * (theta - new) ** 2 / 0.04 - 0.5 * np.log(2 * np.pi * 0.04)
        bias = np.where(new == 0, np.where(theta == 0, 0.0, step), np.where(theta == 0, -step, 0.0))
        difference = (
            log_likelihood(gamma, new) - log_likelihood(gamma, theta) + log_prior(new) - log_prior(theta)
        )
        theta = np.where(taken(difference + bias), new, theta)
        on = theta != 0
        effects = totals(on.astype(float))
        for name, values, count in (("gamma", gamma, sizes), ("theta", theta, effects)):
            precision = systems / tau2[name] + 0.1
            top = mu[name].sum(0) / tau2[name] / precision + chance.standard_normal(chains) / np.sqrt(
                precision
            )
            precision = count / sigma2[name] + 1 / tau2[name]
            mean = (totals(values) / sigma2[name] + top / tau2[name]) / precision
            mu[name] = mean + chance.standard_normal(mean.shape) / np.sqrt(precision)
            spread = 1 + 0.5 * ((mu[name] - top) ** 2).sum(0)
            tau2[name] = spread / chance.standard_gamma(3 + systems / 2, chains)
            from_mean = (values - mu[name][SYSTEMS]) * (on if name == "theta" else 1)
            sigma2[name] = (1 + 0.5 * totals(from_mean**2)) / chance.standard_gamma(
                3 + 0.5 * count, mean.shape
            )
        alpha, beta = _walk(alpha, beta, pi, chance)
        pi = np.clip(chance.beta(alpha + sizes - effects, beta + effects), 1e-12, 1 - 1e-12)
        if sweep >= 0:
            kept[sweep] = theta
    seconds = time.perf_counter() - begun
    peer = f"stand-in, no R with c212: plain moves in NumPy, {chains} chains of {STAND_IN_SWEEPS:,}, scaled"
    return peer, seconds, kept.transpose(1, 2, 0)


def _walk(
    alpha: np.ndarray, beta: np.ndarray, pi: np.ndarray, chance: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One step of alpha and beta, given pi."""
    from scipy.special import betaln

    def log_density(alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
        of_pi = (alpha - 1) * np.log(pi) + (beta - 1) * np.log1p(-pi) - betaln(alpha, beta)
        return np.where((alpha > 1) & (beta > 1), of_pi.sum(0) - alpha - beta, -np.inf)

    new_alpha, new_beta = alpha + 0.5 * chance.standard_normal(3), beta + 0.5 * chance.standard_normal(3)
    with np.errstate(invalid="ignore"):
        difference = log_density(np.abs(new_alpha), np.abs(new_beta)) - log_density(alpha, beta)
    go = np.log(chance.random(3)) < difference
    return np.where(go, np.abs(new_alpha), alpha), np.where(go, np.abs(new_beta), beta)
