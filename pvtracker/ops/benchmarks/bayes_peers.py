"""What Berry and Berry's model is measured against: the R package c212, or plain moves where R has it not."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pvtracker.ops.benchmarks import r

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
STAND_IN_SWEEPS, STAND_IN_WARM_UP = 6_000, 1_000

R_SCRIPT = """
suppressMessages(library(c212))
given <- read.csv("given.csv")
taken <- sapply(1:RUNS, function(seed) {
  set.seed(seed)
  one <- system.time(capture.output(fit <<- c212.BB(given)))
  c(one[["elapsed"]], one[["user.self"]] + one[["sys.self"]])
})
worth <- function(draws) effectiveSize(mcmc.list(lapply(seq_len(nrow(draws)), function(chain) mcmc(draws[chain, ]))))
places <- do.call(rbind, lapply(seq_along(fit$nAE), function(b) cbind(b, seq_len(fit$nAE[b]))))
theirs <- apply(places, 1, function(at) worth(fit$theta[, at[1], at[2], ]))
ours <- array(readBin("ours.bin", "double", prod(OURS)), OURS)
ours <- apply(ours, 1, worth)
write.table(cbind(ours, theirs), "worth.txt", row.names = FALSE, col.names = FALSE)
cat(min(taken[1, ]), min(taken[2, ]), fit$burnin, fit$iter, dim(fit$theta), sep = "\\n", file = "told.txt")
writeBin(as.vector(fit$theta), "theta.bin")
# chains, quantities, draws
one <- function(values) array(values, c(dim(values)[1], 1, dim(values)[2]))
shared <- c(fit[c("mu.gamma", "mu.theta", "sigma2.gamma", "sigma2.theta", "pi")],
  lapply(fit[c("mu.gamma.0", "mu.theta.0", "tau2.gamma.0", "tau2.theta.0", "alpha.pi", "beta.pi")], one))
writeBin(unlist(lapply(shared, function(values) as.vector(aperm(values, c(1, 3, 2))))), "shared.bin")
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """What it is; seconds of wall clock and of processor; draws of theta and of what terms share (quantities, chains,
    draws), after how many that were dropped; effective sizes of each theta by R coda, ours and its."""

    name: str
    wall: float
    processor: float
    theta: np.ndarray
    dropped: int
    shared: np.ndarray | None = None
    coda: tuple[np.ndarray, np.ndarray] | None = None


def c212(ours: np.ndarray, runs: int) -> Peer | None:
    """c212.BB with its defaults, if an R has it; `ours` are our draws of theta (terms, chains, draws)."""
    version = r.version("c212")
    if version is None:
        return None
    number = np.arange(len(ARM)) - np.searchsorted(SYSTEMS, SYSTEMS) + 1
    lines = ["B,j,AE,Group,Count,Total"]
    for group, counts in ((1, REFERENCE), (2, ARM)):
        lines += [
            f"system{b},{j},term{i:02},{group},{count},{PARTICIPANTS}"
            for i, (b, j, count) in enumerate(zip(SYSTEMS, number, counts, strict=True))
        ]
    script = R_SCRIPT.replace("RUNS", str(runs)).replace("OURS", f"c({', '.join(map(str, ours.shape))})")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "given.csv").write_text("\n".join(lines) + "\n")
        (place / "ours.bin").write_bytes(ours.tobytes("F"))
        r.run(script, place)
        wall, processor, *told = (place / "told.txt").read_text().split()
        dropped, iterations, *shape = (int(one) for one in told)
        theta = np.fromfile(place / "theta.bin").reshape(shape, order="F")
        shared = np.fromfile(place / "shared.bin").reshape((shape[0], shape[3], -1), order="F")
        coda = np.loadtxt(place / "worth.txt").T
    return Peer(
        f"R package c212 {version}, c212.BB with its defaults: {shape[0]} chains of {iterations:,}, the first "
        f"{dropped:,} dropped",
        float(wall),
        float(processor),
        theta[:, SYSTEMS, number - 1].transpose(1, 0, 2),
        dropped,
        shared.transpose(2, 0, 1),
        (coda[0], coda[1]),
    )


def stand_in() -> Peer:
    """Three chains of plain moves."""
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

    begun, begun_processor = time.perf_counter(), time.process_time()
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
    name = f"stand-in, no R with c212: plain moves in NumPy, {chains} chains of {STAND_IN_SWEEPS:,}, scaled"
    processor, wall = time.process_time() - begun_processor, time.perf_counter() - begun
    return Peer(name, wall, processor, kept.transpose(1, 2, 0), STAND_IN_WARM_UP)


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
