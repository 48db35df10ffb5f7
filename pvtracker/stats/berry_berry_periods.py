"""The Bayesian hierarchical model over periods of a trial: what a term is thought to do in one may be learnt in others.

Model, sources and checks: docs/methods/berry-berry-periods.md.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.berry_berry import GammaVariance, berry_berry_poisson
from pvtracker.stats.inputs import Labels, counts, follow_up, same_length
from pvtracker.stats.results import Hierarchical, Parameters

Sharing = Literal["systems", "top", "none"]


def berry_berry_periods(
    events_arm: ArrayLike,
    years_arm: ArrayLike,
    events_ref: ArrayLike,
    years_ref: ArrayLike,
    body_system: Labels,
    period: Labels,
    *,
    sharing: Sharing = "systems",
    margin: float = 2.0,
    confidence_level: float = 0.95,
    mu_gamma_0_0: float = 0.0,
    tau2_gamma_0_0: float = 10.0,
    mu_theta_0_0: float = 0.0,
    tau2_theta_0_0: float = 10.0,
    alpha_gamma_0_0: float = 3.0,
    beta_gamma_0_0: float = 1.0,
    alpha_theta_0_0: float = 3.0,
    beta_theta_0_0: float = 1.0,
    alpha_gamma: float = 3.0,
    beta_gamma: float = 1.0,
    alpha_theta: float = 3.0,
    beta_theta: float = 1.0,
    lambda_alpha: float = 1.0,
    lambda_beta: float = 1.0,
    gamma_variance: GammaVariance = "system",
    seed: int = 1,
    chains: int = 24,
    warm_up: int = 200,
    draws: int = 1000,
    most_draws: int = 10_000,
) -> Hierarchical:
    """`berry_berry_poisson` of events within periods (procedure, treatment interruption, follow-up; or looks): one
    entry per term and period, each with a log rate ratio theta of its own.

    events_arm, events_ref: events of the term within the period, whole numbers, years_arm, years_ref: follow-up within
    it, shape (n,) or one number for all; body_system, period: labels, shape (n,). A term need not be in every period.
    sharing: what the periods have in common. "systems": the parameters of each body system (means and variances of log
    rates and effects, probability of no effect), so that a term borrows from its body system in all periods. "top":
    only what is above body systems, which differ between periods. "none": nothing, each period is a model of its own.
    Priors, chains, refusal, errors: as for `berry_berry_poisson`; with "none" and "top" the names of `parameters` carry
    the period.

    Source: the three-level interim models with a point mass of the R package c212 (level 1, 2 and 0).
    """
    if sharing not in get_args(Sharing):
        raise ValueError(f"sharing must be {', '.join(get_args(Sharing))}, got {sharing!r}")
    x, y = counts("events_arm", events_arm), counts("events_ref", events_ref)
    t, u = follow_up("years_arm", years_arm), follow_up("years_ref", years_ref)
    size = same_length(events_arm=x, years_arm=t, events_ref=y, years_ref=u)
    system, when = _texts("body_system", body_system, size), _texts("period", period, size)
    x, y = np.broadcast_to(x, size), np.broadcast_to(y, size)
    t, u = np.broadcast_to(t, size), np.broadcast_to(u, size)

    def fitted(rows: np.ndarray, systems: np.ndarray) -> Hierarchical:
        return berry_berry_poisson(
            x[rows],
            t[rows],
            y[rows],
            u[rows],
            systems,
            margin=margin,
            confidence_level=confidence_level,
            mu_gamma_0_0=mu_gamma_0_0,
            tau2_gamma_0_0=tau2_gamma_0_0,
            mu_theta_0_0=mu_theta_0_0,
            tau2_theta_0_0=tau2_theta_0_0,
            alpha_gamma_0_0=alpha_gamma_0_0,
            beta_gamma_0_0=beta_gamma_0_0,
            alpha_theta_0_0=alpha_theta_0_0,
            beta_theta_0_0=beta_theta_0_0,
            alpha_gamma=alpha_gamma,
            beta_gamma=beta_gamma,
            alpha_theta=alpha_theta,
            beta_theta=beta_theta,
            lambda_alpha=lambda_alpha,
            lambda_beta=lambda_beta,
            gamma_variance=gamma_variance,
            seed=seed,
            chains=chains,
            warm_up=warm_up,
            draws=draws,
            most_draws=most_draws,
        )

    if sharing == "systems":
        return fitted(np.arange(size), system)
    in_period = np.array([f"{one}, {other}" for one, other in zip(when, system, strict=True)], dtype=object)
    if sharing == "top":
        return fitted(np.arange(size), in_period.astype(str))
    periods = list(dict.fromkeys(when.tolist()))
    if not periods:
        return fitted(np.arange(0), system)
    rows = [np.flatnonzero(when == one) for one in periods]
    return _together(periods, rows, [fitted(its, system[its]) for its in rows])


def _texts(name: str, value: Labels, size: int) -> np.ndarray:
    """Labels as texts, shape (n,)."""
    given = np.asarray(value)
    if given.shape != (size,):
        raise ValueError(
            f"{name} must have shape ({size},), one label for each entry, got shape {given.shape}"
        )
    if given.dtype.kind == "f" and np.isnan(given).any():
        raise ValueError(f"{name} must label every entry, got nan")
    return given.astype(str)


ENTRIES = (
    *("mean", "sd", "low", "high", "p_zero", "p_positive", "p_beyond_margin", "raw"),
    *("r_hat", "ess_bulk", "ess_tail", "ess_probability", "warning"),
)
OF_PARAMETERS = ("mean", "sd", "low", "high", "r_hat", "ess_bulk", "ess_tail")


def _together(periods: list[str], rows: list[np.ndarray], found: list[Hierarchical]) -> Hierarchical:
    """Models of their own as one result, entries in the order of the arguments; `draws` of the longest."""
    order = np.argsort(np.concatenate(rows), kind="stable")
    entries = {name: np.concatenate([getattr(one, name) for one in found])[order] for name in ENTRIES}
    names = [
        f"{name} of {period}"
        for period, one in zip(periods, found, strict=True)
        for name in one.parameters.name
    ]
    parameters = {
        name: np.concatenate([getattr(one.parameters, name) for one in found]) for name in OF_PARAMETERS
    }
    first = found[0]
    return Hierarchical(
        **entries,
        parameters=Parameters(name=np.array(names, dtype=object), **parameters),
        margin=first.margin,
        confidence_level=first.confidence_level,
        seed=first.seed,
        chains=first.chains,
        draws=max(one.draws for one in found),
    )
