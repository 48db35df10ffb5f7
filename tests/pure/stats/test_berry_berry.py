"""Berry and Berry's model against c212, JAGS, and integrals by quadrature.

JAGS 4.3.1 (rjags, R 4.2.2), by hand: 3 chains, 10,000 dropped, 400,000 kept every 20th, of the model of
docs/methods/berry-berry.md written out as x[k] ~ dbin(pc[k], 132), logit(pc[k]) <- g[k], t[k] <- on[k] * s[k],
on[k] ~ dbern(1 - p[b[k]]) and so on; standard errors of means and probabilities about 0.002. Limits by a run of
3 chains, 7,000 dropped, 120,000 kept every tenth: apply(draws, 2, quantile, c(.025, .975)).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.special import roots_genlaguerre, roots_laguerre

from pvtracker.stats import berry_berry, berry_berry_poisson, prior_sensitivity
from pvtracker.stats.berry_berry import ALTERNATIVES, under_priors
from pvtracker.stats.results import Hierarchical
from tests.pure.stats.against import Against
from tests.pure.stats.c212_figures import HELP_PAGE, PAPER, PARAMETERS, PARTICIPANTS, TERMS
from tests.pure.stats.jags_figures import FIGURES, LIMITS, MMRV

QUICK = {"chains": 4, "warm_up": 50, "draws": 100, "most_draws": 100}
OTHER_PRIORS = {
    "mu_gamma_0_0": -1.0,
    "tau2_gamma_0_0": 2.0,
    "mu_theta_0_0": 0.3,
    "tau2_theta_0_0": 0.8,
    "alpha_gamma_0_0": 4.0,
    "beta_gamma_0_0": 2.0,
    "alpha_theta_0_0": 5.0,
    "beta_theta_0_0": 1.5,
    "alpha_gamma": 2.5,
    "beta_gamma": 1.2,
    "alpha_theta": 3.5,
    "beta_theta": 0.8,
    "lambda_alpha": 0.7,
    "lambda_beta": 1.4,
}
SHORT = {"draws": 500}
PARTS = ("mean", "sd", "low", "high", "p_zero", "p_positive", "p_beyond_margin")
SMALL = ([8, 5, 3, 1, 0, 9], [38] * 6, [2, 4, 4, 0, 0, 9], [36] * 6, ["skin"] * 3 + ["gut"] * 2 + ["eye"])


@cache
def of_c212() -> Hierarchical:
    system, reference, arm = TERMS[:, :3].T
    return berry_berry(arm, PARTICIPANTS, reference, PARTICIPANTS, system.astype(int))


def test_the_sample_data_of_c212(against: Against) -> None:
    """Within four standard errors of c212's 120,000 draws, each of which is worth a twentieth or less, and of ours."""
    found, (mean, sd, error, positive) = of_c212(), TERMS[:, 3:].T
    assert not any(found.warning)
    ours = found.sd / np.sqrt(found.ess_bulk)
    assert (np.abs(found.mean - mean) < 4 * np.hypot(error, ours) + 1e-6).all()
    source = "R package c212 0.98, c212.BB on its sample data, figures of its own tests"
    against("berry_berry", source, "program", found.mean, mean, within=0.025)
    against("berry_berry", source, "program", found.sd, sd, within=0.025)
    against("berry_berry", source, "program", found.p_positive, positive, within=0.025)
    at = {name: i for i, name in enumerate(found.parameters.name)}
    assert at.keys() == PARAMETERS.keys()
    for name, (mean_of, sd_of, error_of) in PARAMETERS.items():
        i = at[name]
        ours_of = found.parameters.sd[i] / np.sqrt(found.parameters.ess_bulk[i])
        assert abs(found.parameters.mean[i] - mean_of) < 4.5 * np.hypot(error_of, ours_of), name
        assert found.parameters.sd[i] == pytest.approx(sd_of, rel=0.1), name


def test_what_the_authors_of_c212_print(against: Against, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds as for c212's own tests: both sides are draws."""
    found = of_c212()
    above = np.flatnonzero(found.p_positive > 0.9)
    assert above.tolist() == list(PAPER)
    paper, page = "Carragher & Robertson, paper on R c212", "R c212, help page of c212.ptheta"
    against("berry_berry", paper, "published", found.p_positive[above], list(PAPER.values()), within=0.025)
    against("berry_berry", page, "published", found.p_positive[:6], HELP_PAGE, within=0.025)
    system, reference, arm = TERMS[:, :3].T
    source = {name: priors for name, priors in ALTERNATIVES.items() if not priors}
    monkeypatch.setattr(sys.modules["pvtracker.stats.berry_berry"], "ALTERNATIVES", source)
    table = prior_sensitivity(
        arm, PARTICIPANTS, reference, PARTICIPANTS, system.astype(int), seed=2, chains=12
    )
    assert set(table.prior) == source.keys() and not any(table.warning)
    against(
        "prior_sensitivity", paper, "published", table.p_positive[above], list(PAPER.values()), within=0.025
    )
    against("prior_sensitivity", page, "published", table.p_positive[:6], HELP_PAGE, within=0.025)


@pytest.mark.parametrize("variant", FIGURES)
def test_the_vaccine_example_in_jags(variant: str, against: Against) -> None:
    """The counts of the vaccine example of Berry & Berry (2004) and Mehrotra & Heyse (2004), 40 terms."""
    system, reference, arm = MMRV.T
    if variant.startswith("Poisson"):
        years = 12 + np.arange(40) % 5, 10 + np.arange(40) % 7
        options: dict[str, Any] = {**OTHER_PRIORS}
        if variant == "Poisson, common":
            options |= {"gamma_variance": "common", "confidence_level": 0.9}
        found = berry_berry_poisson(arm, years[0], reference, years[1], system, **options)
    else:
        variance: Any = variant
        found = berry_berry(arm, 148, reference, 132, system, gamma_variance=variance)
    key = "berry_berry_poisson" if variant.startswith("Poisson") else "berry_berry"
    assert not any(found.warning)
    for name, expected in FIGURES[variant].items():
        against(key, "JAGS 4.3.1, vaccine example", "program", getattr(found, name), expected, within=0.02)
    if variant in LIMITS:
        for name, limits in LIMITS[variant].items():
            source = "JAGS 4.3.1, vaccine example, limits"
            against(key, source, "program", getattr(found, name), limits, within=0.06)


def integrated(
    likelihood: Callable[[np.ndarray, np.ndarray], np.ndarray],
    p: dict[str, float],
    margin: float,
    confidence_level: float,
) -> dict[str, float]:
    """The posterior of the only term by quadrature over gamma and theta, on a grid; everything above them is integrated
    out beforehand: variances over their inverse gamma distributions, pi over the means of alpha and beta. The limits
    are where the distribution function, which jumps by the mass at zero, first reaches either tail."""

    def variances(shape: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
        nodes, weights = roots_genlaguerre(30, shape - 1)
        return scale / nodes, weights / weights.sum()

    def prior(of: str, x: np.ndarray) -> np.ndarray:
        top, top_weight = variances(p[f"alpha_{of}_0_0"], p[f"beta_{of}_0_0"])
        own, own_weight = variances(p[f"alpha_{of}"], p[f"beta_{of}"])
        total = (p[f"tau2_{of}_0_0"] + top[:, None] + own).ravel()
        weight = np.outer(top_weight, own_weight).ravel()
        from_mean = x[:, None] - p[f"mu_{of}_0_0"]
        return (weight * np.exp(-0.5 * from_mean**2 / total) / np.sqrt(2 * np.pi * total)).sum(1)

    nodes, weights = roots_laguerre(80)
    alpha, beta = 1 + nodes / p["lambda_alpha"], 1 + nodes / p["lambda_beta"]
    of_zero = (np.outer(weights, weights) * (alpha[:, None] / (alpha[:, None] + beta))).sum()
    gamma, theta = np.linspace(-14, 8, 331), np.linspace(-12, 12, 2401)
    step = gamma[1] - gamma[0], theta[1] - theta[0]
    of_gamma = prior("gamma", gamma)
    zero = of_zero * (of_gamma * likelihood(gamma, np.zeros(1))[:, 0]).sum() * step[0]
    joint = (
        (1 - of_zero)
        * prior("theta", theta)
        * (of_gamma[:, None] * likelihood(gamma, theta)).sum(0)
        * step[0]
    )
    total = zero + joint.sum() * step[1]
    density, zero = joint * step[1] / total, zero / total
    mean = (density * theta).sum()
    up_to = np.cumsum(density) + np.where(theta >= 0, zero, 0)
    tail = (1 - confidence_level) / 2
    return {
        "low": theta[np.searchsorted(up_to, tail)],
        "high": theta[np.searchsorted(up_to, 1 - tail)],
        "mean": mean,
        "sd": np.sqrt((density * theta**2).sum() - mean**2),
        "p_zero": zero,
        "p_positive": density[theta > 0].sum(),
        "p_beyond_margin": density[theta > np.log(margin)].sum(),
    }


DEFAULTS = {name: value for name, value in berry_berry.__kwdefaults__.items() if name in OTHER_PRIORS}


@pytest.mark.parametrize(
    ("x", "y", "priors", "margin", "confidence_level"),
    [(7, 2, DEFAULTS, 2.0, 0.95), (3, 0, OTHER_PRIORS, 1.5, 0.8)],
    ids=["the source's priors", "other priors, a zero cell"],
)
def test_a_single_term_by_quadrature(
    x: int,
    y: int,
    priors: dict[str, float],
    margin: float,
    confidence_level: float,
    against: Against,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def log_chance(count: int, size: int, eta: np.ndarray) -> np.ndarray:
        return count * eta - size * np.logaddexp(0, eta)

    def binomial(gamma: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.exp(log_chance(y, 36, gamma)[:, None] + log_chance(x, 38, gamma[:, None] + theta))

    def poisson(gamma: np.ndarray, theta: np.ndarray) -> np.ndarray:
        eta = gamma[:, None] + theta
        return np.exp((y * gamma - 20.5 * np.exp(gamma))[:, None] + x * eta - 17.0 * np.exp(eta))

    asked = (priors, margin, confidence_level)
    told: dict[str, Any] = {"margin": margin, "confidence_level": confidence_level, "chains": 96}
    options: dict[str, Any] = {**priors, **told}
    if priors is OTHER_PRIORS:  # as a line of the table of sensitivity
        monkeypatch.setattr(sys.modules["pvtracker.stats.berry_berry"], "ALTERNATIVES", {"other": priors})
        line = prior_sensitivity(x, 38, y, 36, ["skin"], **told)
        for name, value in integrated(binomial, *asked).items():
            if hasattr(line, name):
                source = "quadrature of a single term"
                against(
                    "prior_sensitivity", source, "brute force", getattr(line, name)[0], value, within=0.03
                )
    for key, found, expected in (
        ("berry_berry", berry_berry(x, 38, y, 36, ["skin"], **options), integrated(binomial, *asked)),
        (
            "berry_berry_poisson",
            berry_berry_poisson(x, 17.0, y, 20.5, ["skin"], **options),
            integrated(poisson, *asked),
        ),
    ):
        assert found.warning[0] is None
        for name, value in expected.items():
            against(
                key, "quadrature of a single term", "brute force", getattr(found, name)[0], value, within=0.03
            )


def test_the_same_seed_gives_the_same_bits() -> None:
    first, again, other = (berry_berry(*SMALL, seed=seed, **QUICK) for seed in (5, 5, 6))
    for field in fields(Hierarchical):
        one, two = getattr(first, field.name), getattr(again, field.name)
        if isinstance(one, np.ndarray) and one.dtype != object:
            assert one.tobytes() == two.tobytes(), field.name
    assert first.parameters.mean.tobytes() == again.parameters.mean.tobytes()
    assert (first.parameters.mean != other.parameters.mean).all()
    assert (first.seed, other.seed, first.chains, first.draws) == (5, 6, 4, 100)


@cache
def small() -> Hierarchical:
    return berry_berry(*SMALL, **SHORT)


def close(one: Hierarchical, other: Hierarchical, terms: list[int]) -> None:
    """Means and probabilities within five standard errors of their difference."""
    error = np.hypot(one.sd / np.sqrt(one.ess_bulk), (other.sd / np.sqrt(other.ess_bulk))[terms])
    assert (np.abs(one.mean - other.mean[terms]) < 5 * error).all()
    for name in ("p_zero", "p_positive", "p_beyond_margin"):
        p, q = getattr(one, name), getattr(other, name)[terms]
        error = np.sqrt(p * (1 - p) / one.ess_probability + q * (1 - q) / other.ess_probability[terms])
        assert (np.abs(p - q) < 5 * error).all(), name


def test_order_and_names_do_not_matter() -> None:
    order = [5, 2, 0, 4, 1, 3]
    shuffled = [np.asarray(values)[order] for values in SMALL]
    names = {"skin": 3, "gut": 1, "eye": 2}
    close(berry_berry(*shuffled[:4], [names[name] for name in shuffled[4]], **SHORT), small(), order)


def test_the_unit_of_time_does_not_matter_if_the_prior_goes_along() -> None:
    """A rate in months is a twelfth: so is the prior's, whose mean of log rates is moved."""
    x, _, y, _, system = SMALL
    years = berry_berry_poisson(x, 40.0, y, 35.0, system, **SHORT)
    months = berry_berry_poisson(x, 480.0, y, 420.0, system, mu_gamma_0_0=-np.log(12), **SHORT)
    close(months, years, list(range(6)))
    assert not np.allclose(months.parameters.mean, years.parameters.mean)


def test_what_is_said_holds_together() -> None:
    found = small()
    assert (found.low <= found.mean).all() and (found.mean <= found.high).all()
    assert (found.p_positive + found.p_zero <= 1).all() and (found.p_beyond_margin <= found.p_positive).all()
    assert found.raw[0] == pytest.approx(np.log(8 * 34 / (30 * 2)))
    assert found.raw[3] == np.inf and np.isnan(found.raw[4])
    assert (np.abs(found.mean[:3]) < np.abs(found.raw[:3])).all()  # shrunk
    wider = berry_berry(*SMALL, confidence_level=0.99, margin=1.0, **SHORT)
    assert (
        (wider.low <= found.low).all()
        and (wider.high >= found.high).all()
        and (wider.high > found.high).any()
    )
    assert (wider.p_beyond_margin == wider.p_positive).all()
    assert (wider.mean == found.mean).all()


def test_a_system_lends_to_its_own() -> None:
    """Two events against none are more of a signal beside others of their body system."""
    x, y = [2, 9, 9, 9, 2], [0, 1, 1, 1, 0]
    found = berry_berry(x, 40, y, 40, ["skin"] * 4 + ["eye"], **SHORT)
    assert found.p_positive[0] > found.p_positive[4] + 0.05
    assert found.mean[0] > found.mean[4]


def test_chains_that_have_not_met_are_refused() -> None:
    found = berry_berry(*SMALL, **QUICK)
    refused = np.array([text is not None for text in found.warning])
    assert refused.all()
    for name in PARTS:
        assert np.isnan(getattr(found, name)).all(), name
    assert np.isfinite(found.r_hat).all() and np.isfinite(found.ess_bulk).all()
    assert str(found.warning[0]).startswith("refused, the chains have not met: R-hat of ")
    assert str(found.warning[0]).endswith("(must be ≥ 400)")


def test_chains_run_until_they_have_met() -> None:
    found = berry_berry(*SMALL, chains=4, warm_up=50, draws=100, most_draws=20_000)
    assert not any(found.warning)
    assert found.draws > 100 and found.draws % 100 == 0
    assert (
        (found.r_hat < 1.01).all() and (found.ess_bulk >= 400).all() and (found.ess_probability >= 400).all()
    )
    assert (found.parameters.r_hat < 1.01).all() and (found.parameters.ess_tail >= 400).all()


def test_an_empty_arm_stops_no_other_term() -> None:
    x, a, y, b, system = (list(values) for values in SMALL)
    found = berry_berry([*x, 0, 0], [*a, 0, 38], [*y, 3, 0], [*b, 36, 0], [*system, "skin", "ear"], **SHORT)
    assert list(found.warning[6:]) == [
        "empty arm: no participant in the arm",
        "empty arm: no participant in the reference arm",
    ]
    assert np.isnan([found.mean[6:], found.p_zero[6:], found.r_hat[6:]]).all()
    for name in PARTS:
        assert (getattr(found, name)[:6] == getattr(small(), name)).all(), name
    alone = berry_berry([0], [0], [0], [5], ["ear"])
    assert np.isnan(alone.mean).all() and len(alone.parameters.name) == 0
    timeless = berry_berry_poisson([1, 0], [0, 4], [0, 0], [4, 0], ["a", "b"])
    assert list(timeless.warning) == [
        "events but no follow-up time in the arm",
        "no follow-up time in the reference arm",
    ]


def test_no_terms_at_all() -> None:
    assert len(berry_berry([], [], [], [], []).mean) == 0


def test_one_table_of_all_priors(monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = {"more zeros expected": ALTERNATIVES["more zeros expected"]}
    module = sys.modules["pvtracker.stats.berry_berry"]
    with monkeypatch.context() as patch:
        patch.setattr(module, "ALTERNATIVES", fewer)
        found = prior_sensitivity(*SMALL, **SHORT)
    assert found.prior.tolist() == ["more zeros expected"] * 6
    assert found.term.tolist() == list(range(6))
    assert not any(found.warning)
    assert (found.p_zero > small().p_zero + 0.02).all()
    under: list[dict[str, float]] = []

    def posterior(**priors: float) -> Hierarchical:
        under.append(priors)
        return small()

    with monkeypatch.context() as patch:
        asked: list[tuple[Any, ...]] = []
        patch.setattr(
            module, "berry_berry", lambda *given, **options: asked.append((given, options)) or small()
        )
        other: dict[str, Any] = {
            "margin": 1.5,
            "confidence_level": 0.8,
            "gamma_variance": "common",
            "seed": 7,
        }
        other |= {"chains": 12, "warm_up": 100, "draws": 700, "most_draws": 1400}
        whole = prior_sensitivity(*SMALL, **other)
    assert asked == [(SMALL, other | priors) for priors in ALTERNATIVES.values()]
    assert whole.prior.tolist() == [name for name in ALTERNATIVES for _ in range(6)]
    for name in ("mean", "low", "high", "p_zero", "p_positive", "p_beyond_margin"):
        assert (getattr(whole, name).reshape(-1, 6) == getattr(small(), name)).all()
    table = under_priors(posterior, ALTERNATIVES)
    assert under == list(ALTERNATIVES.values()) and under[0] == {}
    assert (table.p_positive.reshape(-1, 6) == small().p_positive).all()
    assert not set().union(*under) - set(OTHER_PRIORS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_arm": [39, 5, 3, 1, 0, 9]}, "n_arm must be ≤ N_arm, got 39"),
        ({"body_system": ["skin"]}, r"body_system must have shape \(6,\)"),
        ({"body_system": [1.0, 1, 1, 1, 1, np.nan]}, "must label every term, got nan"),
        ({"margin": 0.0}, "margin must be > 0 and finite, got 0.0"),
        ({"margin": np.inf}, "margin must be > 0 and finite"),
        ({"confidence_level": 1.0}, "confidence_level must lie strictly between 0 and 1"),
        ({"gamma_variance": "none"}, "gamma_variance must be 'system' or 'common', got 'none'"),
        ({"seed": -1}, "seed must be ≥ 0, got -1"),
        ({"seed": 1.5}, "seed must be a whole number, got 1.5"),
        ({"chains": 1}, "chains must be ≥ 2, got 1"),
        ({"warm_up": 10}, "warm_up must be ≥ 50"),
        ({"draws": 99}, "draws must be ≥ 100"),
        ({"draws": 500, "most_draws": 499}, "most_draws must be ≥ 500, got 499"),
        ({"tau2_theta_0_0": 0.0}, "tau2_theta_0_0 must be > 0, got 0.0"),
        ({"lambda_beta": -1.0}, "lambda_beta must be > 0"),
        ({"mu_theta_0_0": np.nan}, "mu_theta_0_0 must be finite, got nan"),
        ({"alpha_gamma": np.inf}, "alpha_gamma must be finite"),
    ],
)
def test_values_that_cannot_be(change: dict[str, Any], message: str) -> None:
    arguments = dict(zip(("n_arm", "N_arm", "n_ref", "N_ref", "body_system"), SMALL, strict=True)) | change
    with pytest.raises(ValueError, match=message):
        berry_berry(**arguments)
