"""The state of all chains, and its draw from the priors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.results import BoolArray, FloatArray, IntArray


class Systems:
    """Terms lie in rows, the terms of a body system beneath each other, larger systems first; chains in columns."""

    def __init__(self, sizes: IntArray) -> None:
        self.sizes = sizes
        self.number = len(sizes)
        self.terms = int(sizes.sum())
        self.of_term = np.repeat(np.arange(self.number), sizes)
        self.starts = np.cumsum(sizes) - sizes
        self.counts = sizes.astype(np.float64)[:, None]

    def totals(self, values: FloatArray) -> FloatArray:
        """Sums over the terms of each system."""
        return np.add.reduceat(values, self.starts, axis=0)

    def spread(self, values: FloatArray) -> FloatArray:
        """Each system's value beside each of its terms."""
        return values[self.of_term]


@dataclass(slots=True)
class State:
    """Level 1: `gamma` of the reference arm and `eta` = gamma + theta of the arm, (terms, chains); equal where `on` is
    false (no effect). Level 2, (systems, chains). Level 3, (chains,)."""

    gamma: FloatArray
    eta: FloatArray
    on: BoolArray
    mu_gamma: FloatArray
    mu_theta: FloatArray
    sigma2_gamma: FloatArray
    sigma2_theta: FloatArray
    pi: FloatArray
    mu_gamma_0: FloatArray
    mu_theta_0: FloatArray
    tau2_gamma_0: FloatArray
    tau2_theta_0: FloatArray
    alpha_pi: FloatArray
    beta_pi: FloatArray
    of_reference: FloatArray  # log likelihood of the counts of the reference arm at gamma, (terms, chains)
    of_arm: FloatArray  # and of the arm's at eta

    @property
    def theta(self) -> FloatArray:
        return np.where(self.on, self.eta - self.gamma, 0.0)


LEVEL_2 = ("mu_gamma", "mu_theta", "sigma2_gamma", "sigma2_theta", "pi")
LEVEL_3 = ("mu_gamma_0", "mu_theta_0", "tau2_gamma_0", "tau2_theta_0", "alpha_pi", "beta_pi")


def from_priors(
    systems: Systems, chains: int, priors: Priors, chance: np.random.Generator, *, common_gamma: bool
) -> State:
    """Independent draws of everything from the priors, one per chain; the likelihood is left to whoever has counts."""
    p = priors
    shape = (systems.number, chains)
    normal, gamma = chance.standard_normal, chance.standard_gamma
    mu_gamma_0 = p.mu_gamma_0_0 + np.sqrt(p.tau2_gamma_0_0) * normal(chains)
    mu_theta_0 = p.mu_theta_0_0 + np.sqrt(p.tau2_theta_0_0) * normal(chains)
    tau2_gamma_0 = p.beta_gamma_0_0 / gamma(p.alpha_gamma_0_0, chains)
    tau2_theta_0 = p.beta_theta_0_0 / gamma(p.alpha_theta_0_0, chains)
    alpha_pi = 1 + chance.standard_exponential(chains) / p.lambda_alpha
    beta_pi = 1 + chance.standard_exponential(chains) / p.lambda_beta
    mu_gamma = mu_gamma_0 + np.sqrt(tau2_gamma_0) * normal(shape)
    mu_theta = mu_theta_0 + np.sqrt(tau2_theta_0) * normal(shape)
    sigma2_gamma = p.beta_gamma / gamma(p.alpha_gamma, (1, chains) if common_gamma else shape)
    sigma2_gamma = np.broadcast_to(sigma2_gamma, shape).copy()
    sigma2_theta = p.beta_theta / gamma(p.alpha_theta, shape)
    pi = chance.beta(np.broadcast_to(alpha_pi, shape), beta_pi)
    each = (systems.terms, chains)
    reference = systems.spread(mu_gamma) + np.sqrt(systems.spread(sigma2_gamma)) * normal(each)
    on = chance.random(each) >= systems.spread(pi)
    theta = systems.spread(mu_theta) + np.sqrt(systems.spread(sigma2_theta)) * normal(each)
    return State(
        gamma=reference,
        eta=np.where(on, reference + theta, reference),
        on=on,
        mu_gamma=mu_gamma,
        mu_theta=mu_theta,
        sigma2_gamma=sigma2_gamma,
        sigma2_theta=sigma2_theta,
        pi=pi,
        mu_gamma_0=mu_gamma_0,
        mu_theta_0=mu_theta_0,
        tau2_gamma_0=tau2_gamma_0,
        tau2_theta_0=tau2_theta_0,
        alpha_pi=alpha_pi,
        beta_pi=beta_pi,
        of_reference=np.full(each, np.nan),
        of_arm=np.full(each, np.nan),
    )
