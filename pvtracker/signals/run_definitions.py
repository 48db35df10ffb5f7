"""What each statistic of a run is: the calculator's sentences, without the choices that a run does not have.

A run calls every function as it is without being told more (`methods.py`): where the calculator's sentence names what
it may be told instead, that of a run says what is done.
"""

from __future__ import annotations

from pvtracker.stats.berry_berry import ALTERNATIVES
from pvtracker.stats.definitions import DEFINITIONS as OF_CALCULATOR
from pvtracker.stats.definitions import LIMITS

SYMBOLS = {  # of the numbers of the priors, as docs/methods/berry-berry.md has them
    "tau2_gamma_0_0": "τ²_γ00",
    "tau2_theta_0_0": "τ²_θ00",
    "beta_gamma_0_0": "β_γ00",
    "beta_theta_0_0": "β_θ00",
    "beta_gamma": "β_γ",
    "beta_theta": "β_θ",
    "lambda_alpha": "λ_α",
    "lambda_beta": "λ_β",
}


def priors_in_words() -> str:
    """Every prior of the sensitivity by its name, with the numbers that it changes."""
    said = []
    for name, changed in ALTERNATIVES.items():
        numbers = ", ".join(f"{SYMBOLS[number]} = {value:g}" for number, value in changed.items())
        said.append(f"{name} ({numbers})" if numbers else name)
    return "; ".join(said)


_LEVELS = OF_CALCULATOR["berry_berry"].partition(LIMITS)[2]
_PRIORS = ("priors unless told:", "priors:")
_EXPONENTIALS = ("limits are equal tails", "limits are exponentials of equal tails")
IN_A_RUN: dict[str, tuple[tuple[str, str], ...]] = {  # words of the calculator, and what a run says instead
    "risk_difference_exact": ((" unless told two-sided (Agresti & Min)", ""),),
    "boschloo": ((" unless told “central”, twice the smaller of two one-sided p", ""),),
    "tree_scan": ((" unless told another null", ""), (" unless told", "")),
    "group_bh": ((" unless told", ""),),
    "risk_difference_mn_stratified": ((" unless told alike", ""),),
    "risk_difference_mh": ((" unless told Greenland–Robins", ""),),
    "odds_ratio_stratified_exact": ((", the observed number by half where mid_p is yes", ""),),
    "breslow_day": ((" unless told", ""),),
    "berry_berry": (("Posterior mean", "Exponential of the posterior mean"), _EXPONENTIALS, _PRIORS),
    "berry_berry_poisson": (
        ("Posterior mean", "Exponential of the posterior mean"),
        ("per unit of time", "per person-year"),
        _EXPONENTIALS,
        _PRIORS,
    ),
    "berry_berry_periods": (
        ("Posterior mean", "Exponential of the posterior mean"),
        ("over all periods unless told", "over all periods"),
        _EXPONENTIALS,
        _PRIORS,
    ),
    "prior_sensitivity": (
        ("Posterior mean", "Exponential of the posterior mean"),
        ("; limits and probabilities as for berry_berry.", LIMITS + _LEVELS),
        _EXPONENTIALS,
        ("priors unless told:", "the source’s priors:"),
    ),
}


def in_a_run(key: str) -> str:
    """The sentence of a statistic in a run."""
    said = OF_CALCULATOR[key]
    for words, instead in IN_A_RUN.get(key, ()):
        if words not in said:
            raise ValueError(f"the definition of {key} does not say “{words}”")
        said = said.replace(words, instead, 1)
    return said


DEFINITIONS = {key: in_a_run(key) for key in OF_CALCULATOR}
