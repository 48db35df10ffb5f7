"""The sampler leaves the joint distribution of parameters and counts as it is.

Chains start at independent draws from the priors, with counts drawn given them; then sweeps and fresh counts take
turns. If each part of a sweep is right, everything still has its prior distribution afterwards (Geweke 2004, J Am Stat
Assoc 99:799-804, here with independent chains): every parameter is compared with the distribution that the model gives
it, and no two of them, nor counts and parameters, may go together beyond what the model says.
"""

import numpy as np
import pytest
from scipy import stats as known
from scipy.special import expit

from pvtracker.stats.bayes import zeros
from pvtracker.stats.bayes.likelihood import Arms, Binomial, Likelihood, Poisson
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.bayes.sampler import Sampler
from pvtracker.stats.bayes.state import State, Systems, from_priors

CHAINS, SWEEPS = 5000, 12
SMALLEST_P = 1e-4  # of some thirty p-values in each case, with fixed seeds
FURTHEST = 5.3  # standard errors of a mean or of a covariance, of some four thousand in each case
PRIORS = Priors(
    mu_gamma_0_0=-1.2,
    tau2_gamma_0_0=0.6,
    mu_theta_0_0=0.4,
    tau2_theta_0_0=0.5,
    alpha_gamma_0_0=4.0,
    beta_gamma_0_0=1.5,
    alpha_theta_0_0=5.0,
    beta_theta_0_0=1.2,
    alpha_gamma=3.5,
    beta_gamma=0.8,
    alpha_theta=4.5,
    beta_theta=2.0,
    lambda_alpha=0.7,
    lambda_beta=1.6,
)
SIZES = np.array([4, 2, 1])
# very unequal, so that slips between the arms show
SIZE_ARM = np.array([[8.0], [60.0], [8.0], [60.0], [8.0], [60.0], [20.0]])
SIZE_REFERENCE = np.array([[60.0], [8.0], [60.0], [8.0], [60.0], [8.0], [20.0]])


def counts(kind: type, state: State, chance: np.random.Generator) -> Arms:
    if kind is Binomial:
        reference = chance.binomial(SIZE_REFERENCE.astype(int), expit(state.gamma)).astype(float)
        arm = chance.binomial(SIZE_ARM.astype(int), expit(state.eta)).astype(float)
    else:
        reference = chance.poisson(SIZE_REFERENCE * np.exp(state.gamma)).astype(float)
        arm = chance.poisson(SIZE_ARM * np.exp(state.eta)).astype(float)
    return Arms(
        kind(reference, SIZE_REFERENCE), kind(arm, SIZE_ARM), kind(reference + arm, SIZE_REFERENCE + SIZE_ARM)
    )


def pivots(state: State, systems: Systems, common_gamma: bool) -> dict[str, np.ndarray]:
    """Every parameter as its probability in the distribution that the model gives it, given those above it: uniform,
    and all of them independent. (rows, chains); theta where there is an effect, nan elsewhere."""
    p = PRIORS
    normal, gamma_variances = known.norm(), state.sigma2_gamma[:1] if common_gamma else state.sigma2_gamma
    sd = np.sqrt
    of_terms = [
        systems.spread(values)
        for values in (state.mu_gamma, state.sigma2_gamma, state.mu_theta, state.sigma2_theta)
    ]
    theta = normal.cdf((state.eta - state.gamma - of_terms[2]) / sd(of_terms[3]))
    found = {
        "mu_gamma_0": normal.cdf((state.mu_gamma_0 - p.mu_gamma_0_0) / sd(p.tau2_gamma_0_0)),
        "mu_theta_0": normal.cdf((state.mu_theta_0 - p.mu_theta_0_0) / sd(p.tau2_theta_0_0)),
        "tau2_gamma_0": known.invgamma.cdf(state.tau2_gamma_0, p.alpha_gamma_0_0, scale=p.beta_gamma_0_0),
        "tau2_theta_0": known.invgamma.cdf(state.tau2_theta_0, p.alpha_theta_0_0, scale=p.beta_theta_0_0),
        "alpha_pi": known.expon.cdf(state.alpha_pi - 1, scale=1 / p.lambda_alpha),
        "beta_pi": known.expon.cdf(state.beta_pi - 1, scale=1 / p.lambda_beta),
        "mu_gamma": normal.cdf((state.mu_gamma - state.mu_gamma_0) / sd(state.tau2_gamma_0)),
        "mu_theta": normal.cdf((state.mu_theta - state.mu_theta_0) / sd(state.tau2_theta_0)),
        "sigma2_gamma": known.invgamma.cdf(gamma_variances, p.alpha_gamma, scale=p.beta_gamma),
        "sigma2_theta": known.invgamma.cdf(state.sigma2_theta, p.alpha_theta, scale=p.beta_theta),
        "pi": known.beta.cdf(state.pi, state.alpha_pi, state.beta_pi),
        "gamma": normal.cdf((state.gamma - of_terms[0]) / sd(of_terms[1])),
        "theta": np.where(state.on, theta, np.nan),
    }
    return {name: np.atleast_2d(values) for name, values in found.items()}


def surprises(kind: type, state: State, arms: Arms, systems: Systems) -> dict[str, np.ndarray]:
    """What is left when its expectation is taken away: mean zero given everything above it."""

    def residual(of: Likelihood, eta: np.ndarray) -> np.ndarray:
        expected = of.n * (expit(eta) if kind is Binomial else np.exp(eta))
        return (of.y - expected) / np.sqrt(expected * (1 - expit(eta)) if kind is Binomial else expected)

    return {
        "on": state.on - (1 - systems.spread(state.pi)),
        "counts of the reference": residual(arms.reference, state.gamma),
        "counts of the arm": residual(arms.arm, state.eta),
    }


def rows_of(
    state: State, kind: type, arms: Arms, systems: Systems, common_gamma: bool
) -> dict[str, np.ndarray]:
    """Rows with mean zero, no two of which go together: place and distance from the middle of each pivot, surprises."""
    found = {}
    for name, values in pivots(state, systems, common_gamma).items():
        place = np.nan_to_num(values - 0.5)
        distance = np.where(np.isnan(values), 0, np.abs(values - 0.5) - 0.25)
        found |= {f"{name} {i}": row for i, row in enumerate(place)}
        found |= {f"distance of {name} {i}": row for i, row in enumerate(np.nan_to_num(distance))}
    for name, values in surprises(kind, state, arms, systems).items():
        found |= {f"{name} {i}": row for i, row in enumerate(values)}
    return found


@pytest.mark.parametrize(
    ("kind", "common_gamma", "largest_system"),
    [(Binomial, False, 256), (Binomial, True, 2), (Poisson, False, 256)],
    ids=["binomial", "binomial, one variance, a system too large for the sum", "Poisson"],
)
def test_a_sweep_leaves_the_joint_distribution_as_it_is(
    kind: type, common_gamma: bool, largest_system: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zeros, "LARGEST_SYSTEM", largest_system)
    chance = np.random.Generator(np.random.PCG64(20261128))
    systems = Systems(SIZES)
    state = from_priors(systems, CHAINS, PRIORS, chance, common_gamma=common_gamma)
    arms = counts(kind, state, chance)
    sampler = Sampler(systems, PRIORS, state, arms, chance, common_gamma=common_gamma)
    started = state.gamma.copy(), state.mu_theta_0.copy(), state.on.copy()
    for _ in range(SWEEPS):
        arms = counts(kind, state, chance)
        sampler.see(arms)
        sampler.sweep()
    for name, values in pivots(state, systems, common_gamma).items():
        for row in values:
            p = known.kstest(row[~np.isnan(row)], "uniform").pvalue
            assert p > SMALLEST_P, f"{name}: p = {p}"
    rows = rows_of(state, kind, arms, systems, common_gamma)
    table = np.stack(list(rows.values()))
    table /= np.sqrt((table * table).mean(1, keepdims=True))
    alone = np.abs(table.sum(1)) / np.sqrt(CHAINS)
    assert alone.max() < FURTHEST, list(rows)[alone.argmax()]
    together = np.abs(np.triu(table @ table.T, 1)) / np.sqrt(CHAINS)
    worst = np.unravel_index(together.argmax(), together.shape)
    assert together.max() < FURTHEST, [list(rows)[i] for i in worst]
    # and the chains did move
    assert np.corrcoef(state.gamma.ravel(), started[0].ravel())[0, 1] < 0.85
    assert np.corrcoef(state.mu_theta_0, started[1])[0, 1] < 0.7
    assert np.mean(state.on == started[2]) < 0.9
    assert (state.eta == state.gamma)[~state.on].all()
    assert state.of_arm == pytest.approx(arms.arm.value(state.eta), rel=1e-12)
    assert state.of_reference == pytest.approx(arms.reference.value(state.gamma), rel=1e-12)
