"""Bayesian hierarchical models of many adverse events: terms borrow from others of their body system.

Model, priors, sources and checks: docs/methods/berry-berry.md. How it is computed: docs/adr/0022-*.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.bayes.fit import Asked, Running, fit
from pvtracker.stats.bayes.likelihood import Binomial, Poisson
from pvtracker.stats.bayes.priors import Priors
from pvtracker.stats.inputs import (
    Labels,
    counts,
    empty_arm_warning,
    follow_up,
    level,
    no_warning,
    same_length,
    tables,
)
from pvtracker.stats.results import FloatArray, Hierarchical, IntArray, PriorSensitivity, TextArray

GammaVariance = Literal["system", "common"]

# One number or a pair changed at a time, each well away from its default. Top means of a tenfold variance are not among
# them: the chains do not meet, effects being lost among means far from any data.
ALTERNATIVES: dict[str, dict[str, float]] = {
    "as in the source": {},
    "top means known less": {"tau2_gamma_0_0": 40.0, "tau2_theta_0_0": 40.0},
    "systems more alike": {"beta_gamma_0_0": 0.25, "beta_theta_0_0": 0.25},
    "systems less alike": {"beta_gamma_0_0": 4.0, "beta_theta_0_0": 4.0},
    "effects more alike": {"beta_theta": 0.25},
    "effects less alike": {"beta_theta": 4.0},
    "rates more alike": {"beta_gamma": 0.25},
    "rates less alike": {"beta_gamma": 4.0},
    "more zeros expected": {"lambda_alpha": 0.1},
    "fewer zeros expected": {"lambda_beta": 0.1},
}


def berry_berry(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    body_system: Labels,
    *,
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
    """Berry and Berry's three-level model of participants with each event, a point mass on no effect.

    n_arm, n_ref: participants with the event, N_arm, N_ref: participants, whole numbers, shape (n,) or one number for
    all. body_system: label of each term's body system, shape (n,). theta is the log odds ratio. margin: the ratio
    whose excess `p_beyond_margin` is the probability of. Limits are equal tails. The fourteen numbers of the priors are
    named as in the model. gamma_variance: whether each body system has its own variance of log odds in the reference
    arm, or all share one.

    Chains are run until R-hat < 1.01 and effective sizes (bulk, tail, of the probabilities) are at least 400 for every
    theta and shared parameter, `draws` of each chain, then twice as many, and so on, at most
    `most_draws`. A term for which, for whose body
    system or for whose top level that is not reached is refused: nan, with a warning. The same seed gives the same bits
    on the same machine. An arm without participants: nan and a warning. ValueError for values that cannot be.

    mu_gamma_0_0: mean of the prior of the mean log odds (or log rate) in the reference. tau2_gamma_0_0: variance of
    that prior. mu_theta_0_0: mean of the prior of the mean effect theta. tau2_theta_0_0: variance of that prior.
    alpha_gamma_0_0, beta_gamma_0_0: shape and scale of the inverse gamma prior of the variance, between body systems,
    of the mean log odds (or log rate). alpha_theta_0_0, beta_theta_0_0: shape and scale of the same prior for the
    mean effect. alpha_gamma, beta_gamma: shape and scale of the inverse gamma prior of the variance of log odds (or
    log rates) within a body system. alpha_theta, beta_theta: shape and scale of the same prior for effects.
    lambda_alpha, lambda_beta: rates of the exponential priors of the two parameters of the beta distribution of the
    probability of no effect. chains: how many chains are run. warm_up: draws of each chain that are thrown away at
    its start. draws: draws of each chain at first. most_draws: draws of each chain at most, when they are doubled
    because they do not agree.

    Source: Berry & Berry (2004) Biometrics 60:418-426.
    """
    x, a, y, b = tables(n_arm, N_arm, n_ref, N_ref)
    system, labels = _systems(body_system, len(x))
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = np.log(x.astype(float)) - np.log(a - x) - np.log(y) + np.log(b - y)
    return fit(
        Binomial,
        (x.astype(float), a.astype(float), y.astype(float), b.astype(float)),
        system,
        labels,
        raw,
        empty_arm_warning(a, b),
        Priors(
            mu_gamma_0_0,
            tau2_gamma_0_0,
            mu_theta_0_0,
            tau2_theta_0_0,
            alpha_gamma_0_0,
            beta_gamma_0_0,
            alpha_theta_0_0,
            beta_theta_0_0,
            alpha_gamma,
            beta_gamma,
            alpha_theta,
            beta_theta,
            lambda_alpha,
            lambda_beta,
        ),
        Running(seed, chains, warm_up, draws, most_draws),
        _asked(margin, confidence_level),
        common_gamma=_common(gamma_variance),
    )


def berry_berry_poisson(
    events_arm: ArrayLike,
    years_arm: ArrayLike,
    events_ref: ArrayLike,
    years_ref: ArrayLike,
    body_system: Labels,
    *,
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
    """The same model of events in follow-up time: Poisson counts, theta is the log rate ratio.

    events_arm, events_ref: events (or participants, with follow-up to the first event), whole numbers; years_arm,
    years_ref: follow-up, in any unit of time as long as it is the same: a log rate of 0, about which the priors are
    centred, is one event per unit. Everything else as for `berry_berry`; no follow-up time: nan and a warning.

    Source: Xia, Ma & Carlin (2011) J Biopharm Stat 21:1006-1029.
    """
    x, y = counts("events_arm", events_arm), counts("events_ref", events_ref)
    t, u = follow_up("years_arm", years_arm), follow_up("years_ref", years_ref)
    size = same_length(events_arm=x, years_arm=t, events_ref=y, years_ref=u)
    x, y = np.broadcast_to(x, size), np.broadcast_to(y, size)
    t, u = np.broadcast_to(t, size), np.broadcast_to(u, size)
    system, labels = _systems(body_system, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = np.log(x.astype(float)) - np.log(t) - np.log(y) + np.log(u)
    warning = no_warning(size)
    for events, time, arm in ((y, u, "the reference arm"), (x, t, "the arm")):
        warning[(time == 0) & (events == 0)] = f"no follow-up time in {arm}"
        warning[(time == 0) & (events > 0)] = f"events but no follow-up time in {arm}"
    return fit(
        Poisson,
        (x.astype(float), t, y.astype(float), u),
        system,
        labels,
        raw,
        warning,
        Priors(
            mu_gamma_0_0,
            tau2_gamma_0_0,
            mu_theta_0_0,
            tau2_theta_0_0,
            alpha_gamma_0_0,
            beta_gamma_0_0,
            alpha_theta_0_0,
            beta_theta_0_0,
            alpha_gamma,
            beta_gamma,
            alpha_theta,
            beta_theta,
            lambda_alpha,
            lambda_beta,
        ),
        Running(seed, chains, warm_up, draws, most_draws),
        _asked(margin, confidence_level),
        common_gamma=_common(gamma_variance),
    )


def prior_sensitivity(
    n_arm: ArrayLike,
    N_arm: ArrayLike,
    n_ref: ArrayLike,
    N_ref: ArrayLike,
    body_system: Labels,
    *,
    margin: float = 2.0,
    confidence_level: float = 0.95,
    gamma_variance: GammaVariance = "system",
    seed: int = 1,
    chains: int = 24,
    warm_up: int = 200,
    draws: int = 1000,
    most_draws: int = 10_000,
) -> PriorSensitivity:
    """`berry_berry` under the priors of the source and under nine others, each with one or two numbers changed tenfold
    or fourfold: in one table, one line for each prior and term.

    Arguments and errors as for `berry_berry`. What the priors are: ALTERNATIVES, and docs/methods/berry-berry.md.
    """

    def under(**priors: float) -> Hierarchical:
        return berry_berry(
            n_arm,
            N_arm,
            n_ref,
            N_ref,
            body_system,
            margin=margin,
            confidence_level=confidence_level,
            gamma_variance=gamma_variance,
            seed=seed,
            chains=chains,
            warm_up=warm_up,
            draws=draws,
            most_draws=most_draws,
            **priors,
        )

    return under_priors(under, ALTERNATIVES)


def under_priors(
    posterior: Callable[..., Hierarchical], alternatives: Mapping[str, Mapping[str, float]]
) -> PriorSensitivity:
    """What `posterior` says under each of the named priors, given to it as keywords."""
    found = {name: posterior(**priors) for name, priors in alternatives.items()}

    def column(name: str) -> FloatArray:
        return np.concatenate([getattr(one, name) for one in found.values()])

    terms = [len(one.mean) for one in found.values()]
    return PriorSensitivity(
        prior=np.repeat(np.array(list(found), dtype=object), terms),
        term=np.concatenate([np.arange(number) for number in terms]),
        mean=column("mean"),
        low=column("low"),
        high=column("high"),
        p_zero=column("p_zero"),
        p_positive=column("p_positive"),
        p_beyond_margin=column("p_beyond_margin"),
        r_hat=column("r_hat"),
        warning=np.concatenate([one.warning for one in found.values()]),
    )


def _systems(body_system: Labels, size: int) -> tuple[IntArray, TextArray]:
    """The number of each term's body system, and the systems' labels by number."""
    given = np.asarray(body_system)
    if given.shape != (size,):
        raise ValueError(
            f"body_system must have shape ({size},), one label for each term, got shape {given.shape}"
        )
    if given.dtype.kind == "f" and np.isnan(given).any():
        raise ValueError("body_system must label every term, got nan")
    labels, index = np.unique(given, return_inverse=True)
    return index.reshape(-1).astype(np.int64), labels.astype(object)


def _asked(margin: float, confidence_level: float) -> Asked:
    if not 0 < margin < np.inf:
        raise ValueError(f"margin must be > 0 and finite, got {margin}")
    return Asked(float(margin), level("confidence_level", confidence_level))


def _common(gamma_variance: str) -> bool:
    if gamma_variance not in get_args(GammaVariance):
        raise ValueError(f"gamma_variance must be 'system' or 'common', got {gamma_variance!r}")
    return gamma_variance == "common"
