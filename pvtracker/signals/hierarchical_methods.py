"""The Bayesian hierarchical models as statistics of a screening run: only in runs that name them.

Each family of preferred terms (one selection, one arm against the reference) is a model by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pvtracker import stats
from pvtracker.signals.method import (
    FIRST_EVENTS,
    HIERARCHY,
    ODDS_RATIO,
    RATE_RATIO,
    Columns,
    Comparison,
    Method,
    Posterior,
    Threshold,
    Within,
)
from pvtracker.signals.run_definitions import DEFINITIONS, priors_in_words
from pvtracker.stats.berry_berry import ALTERNATIVES
from pvtracker.stats.results import Hierarchical, IntArray

PREFERRED_TERMS_ONLY = (
    "preferred terms borrow from others of their organ class; nothing is said at this level"
)
LEADING = 20  # terms of a family that are told under every prior
NOT_LEADING = f"not among the {LEADING} most likely terms of its selection and arm under any of the priors"
NOT_RANKED = "not ranked: the chains have not met under the source’s priors, nor under any other"
SMALLEST = "the probability is the smallest of the priors, that under: {}"
NONE_KNOWN = "no number: the chains have not met under: {}"
REFUSED = "smallest of the probabilities known, not flagged: the chains have not met under: {}"
BEYOND_ODDS = "P(odds ratio > {margin}) is the posterior probability of an odds ratio above the run’s margin."
BEYOND_RATES = "P(rate ratio > {margin}) is the posterior probability of a rate ratio above the run’s margin."
PRIORS = (
    f"The priors, with what each changes of the source’s (symbols as on the methods page): {priors_in_words()}. The "
    "variance of “top means known less” is four times the source’s: with ten times, 100, the chains did not meet."
)


def _families(c: Comparison) -> list[IntArray]:
    """Rows of each family of preferred terms."""
    terms = c.body_system != ""
    return [np.flatnonzero(terms & (c.family == family)) for family in np.unique(c.family[terms])]


def _of_families(fitted: Callable[[Comparison, IntArray], Hierarchical]) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        said = Posterior(len(c.n_arm), PREFERRED_TERMS_ONLY)
        for rows in _families(c):
            said.take(rows, fitted(c, rows))
        return said.columns()

    return compute


def _counts(c: Comparison, rows: IntArray) -> tuple[Any, ...]:
    """Participants with the event and participants, arm and reference, and organ classes."""
    counted = (each[rows] for each in (c.n_arm, c.N_arm, c.n_ref, c.N_ref))
    return (*counted, c.body_system[rows].astype(str))


def _binomial(c: Comparison, rows: IntArray) -> Hierarchical:
    return stats.berry_berry(*_counts(c, rows), margin=c.margin, seed=c.seed)


def _poisson(c: Comparison, rows: IntArray) -> Hierarchical:
    """Of the rates to the first event."""
    x, t, y, u = (each[rows] for each in (c.n_arm, c.person_years_arm, c.n_ref, c.person_years_ref))
    systems = c.body_system[rows].astype(str)
    return stats.berry_berry_poisson(x, t, y, u, systems, margin=c.margin, seed=c.seed)


def _priors(c: Comparison) -> Columns:
    """A row for each prior and leading term; the row over all has the smallest probability, so that it is flagged when
    the term is under every prior."""
    size, names = len(c.n_arm), list(ALTERNATIVES)
    said = {name: Posterior(size, NOT_LEADING) for name in names}
    largest, leading = np.full(size, -1.0), np.zeros(size, dtype=bool)
    for rows in _families(c):
        found = stats.prior_sensitivity(*_counts(c, rows), margin=c.margin, seed=c.seed)
        for at, name in enumerate(names):
            said[name].take(rows, found, slice(at * len(rows), (at + 1) * len(rows)))
        known = np.stack([np.nan_to_num(said[name].posterior[rows], nan=-1.0) for name in names])
        largest[rows] = known.max(axis=0)
        leading[rows[np.argsort(-largest[rows], kind="stable")[:LEADING]]] = True
    posterior = np.stack([said[name].posterior for name in names])
    known_or_two = np.where(np.isnan(posterior), 2.0, posterior)
    smallest, smallest_known = known_or_two.argmin(axis=0), known_or_two.min(axis=0)
    not_told = np.where(largest < 0, NOT_RANKED, NOT_LEADING)
    warning = np.where(c.body_system != "", not_told, PREFERRED_TERMS_ONLY).astype(object)
    for row in np.flatnonzero(leading):
        refused = [name for name in names if np.isnan(said[name].posterior[row])]
        words = NONE_KNOWN if len(refused) == len(names) else REFUSED
        warning[row] = (
            words.format(", ".join(refused))[:300] if refused else SMALLEST.format(names[smallest[row]])
        )
    nothing = np.full(size, np.nan)
    return Columns(
        *(nothing, nothing, nothing, nothing, nothing),
        warning,
        posterior=np.where(leading & (smallest_known < 2), smallest_known, np.nan),
        more=np.asarray(~np.isnan(posterior).any(axis=0)),  # no flag where a prior is refused
        within=tuple(Within(name, None, one.columns(), leading, of="prior") for name, one in said.items()),
    )


METHODS = (
    Method(
        "berry_berry",
        "Bayesian hierarchical odds ratio, Berry & Berry",
        _of_families(_binomial),
        "1",
        Threshold("posterior", 0.95),
        "berry-berry.md",
        1.0,
        ODDS_RATIO,
        definition=f"{HIERARCHY} {DEFINITIONS['berry_berry']} {BEYOND_ODDS}",
        default=False,
    ),
    Method(
        "berry_berry_priors",
        "Sensitivity to priors, Berry & Berry",
        _priors,
        "2",
        Threshold("posterior", 0.95),
        "berry-berry.md",
        1.0,
        ODDS_RATIO,
        definition=f"{HIERARCHY} {DEFINITIONS['prior_sensitivity']} {PRIORS} {BEYOND_ODDS} Told of the {LEADING} "
        "terms of a selection and arm that are most likely more frequent in the arm under any of the priors. "
        "Flagged over all where the smallest of the probabilities is above the limit.",
        default=False,
    ),
    Method(
        "berry_berry_poisson",
        "Bayesian hierarchical rate ratio, Berry & Berry with exposure",
        _of_families(_poisson),
        "1",
        Threshold("posterior", 0.95),
        "berry-berry.md",
        1.0,
        RATE_RATIO,
        definition=f"{HIERARCHY} {FIRST_EVENTS} {DEFINITIONS['berry_berry_poisson']} {BEYOND_RATES}",
        default=False,
    ),
)
