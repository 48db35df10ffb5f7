"""Does a site report fewer events than the others? Exact for events that come one by one, and by permutation for
participants who have many or none.

Method, sources and when not to use it: docs/methods/site-reporting.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from pvtracker.stats.benjamini_hochberg import benjamini_hochberg
from pvtracker.stats.inputs import Labels, counts, follow_up, level, no_warning, refuse, same_length
from pvtracker.stats.rates import rate_ratio_exact
from pvtracker.stats.results import FloatArray, IntArray, TextArray

Null = Literal["drawn", "normal"]

ONE_SITE = "there is no other site to compare with"
NO_TIME = "no follow-up: no rate exists"
NO_TIME_ELSEWHERE = "no follow-up at the other sites"
NO_EVENT = "no event at any site: no ratio exists"
BLOCK_CELLS = 4_000_000  # of replicates at a time, so that memory stays below 64 MB
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class SiteReporting:
    """One entry per site, in the order of the labels. A number that does not exist is nan, with a warning."""

    site: TextArray
    participants: IntArray
    events: IntArray
    years: FloatArray
    rate: FloatArray  # events per year of follow-up
    ratio: FloatArray  # of that to the rate of all other sites together
    low: FloatArray
    high: FloatArray
    p: FloatArray  # of a ratio of one: events come one by one
    p_permuted: FloatArray  # participants exchanged between sites
    p_adjusted: FloatArray  # the same for the number of sites
    warning: TextArray
    dispersion: (
        float  # variance of a participant's events over what a Poisson count would have; nan without events
    )
    confidence_level: float
    replicates: int
    seed: int


def site_reporting(
    events: ArrayLike,
    years: ArrayLike,
    site: Labels,
    *,
    confidence_level: float = 0.95,
    null: Null = "drawn",
    replicates: int = 1999,
    seed: int = 1,
) -> SiteReporting:
    """Events per year of each site against all other sites together.

    events: events of each participant, whole numbers ≥ 0, shape (N,) or one number for all; years: follow-up, ≥ 0;
    site: label of each participant's site, shape (N,).

    `ratio`, limits and `p` are those of `rate_ratio_exact`: given all events, those of the site are binomial. They hold
    where events come independently. Events of one participant cluster, and then they claim too much: `dispersion` says
    how much (1: not at all). `p_permuted` does not need it: participants, each with events and follow-up, are exchanged
    between the sites, which keep their numbers of participants; how far are the site's events from what its follow-up
    would have at the rate of all? Two-sided, twice the smaller tail, each tail (1 + replicates as far) / (1 +
    replicates). With `null` "normal" the exchanges are not drawn: the sum is normal with the variance that it has over
    all of them, which is close where sites have hundreds of participants. `p_adjusted`: Benjamini–Hochberg.
    ValueError for values that cannot be, or fewer than 99 replicates.

    null: exchanges between sites are "drawn", or their sum is taken as "normal".

    Source: derived from the definitions; limits as in `rate_ratio_exact`.
    """
    confidence_level = level("confidence_level", confidence_level)
    if null not in get_args(Null):
        raise ValueError(f"null must be {' or '.join(get_args(Null))}, got {null!r}")
    refuse("replicates", "must be ≥ 99", np.asarray([replicates]), np.asarray([replicates]) < 99)
    x, t, labels = counts("events", events), follow_up("years", years), np.asarray(site)
    if labels.ndim != 1:
        raise ValueError(f"site must have shape (N,), got shape {labels.shape}")
    size = same_length(events=x, years=t, site=labels)
    x, t = np.broadcast_to(x, size), np.broadcast_to(t, size)
    names, index = np.unique(labels, return_inverse=True)
    index = index.reshape(-1)
    people = np.bincount(index, minlength=len(names)).astype(np.int64)
    own = np.bincount(index, weights=x, minlength=len(names)).astype(np.int64)
    time = np.bincount(index, weights=t, minlength=len(names)).astype(np.float64)
    rest_time = t.sum() - time
    rest_time[(people == size) | (rest_time <= TIE * t.sum())] = 0.0  # what subtraction leaves is no time
    found = rate_ratio_exact(own, time, own.sum() - own, rest_time, confidence_level=confidence_level)
    warning = no_warning(len(names))
    usable = (time > 0) & (rest_time > 0)
    warning[usable & (own.sum() == 0)] = NO_EVENT
    warning[rest_time == 0] = NO_TIME_ELSEWHERE if len(names) > 1 else ONE_SITE
    warning[time == 0] = NO_TIME
    permuted = np.full(len(names), np.nan)
    if usable.any():
        beyond = x - t * (x.sum() / t.sum())
        observed = np.bincount(index, weights=beyond, minlength=len(names)).astype(np.float64)
        found_p = (
            _drawn(beyond, observed, people, replicates, seed)
            if null == "drawn"
            else _normal(beyond, observed, people)
        )
        permuted[usable] = found_p[usable]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(time > 0, own / time, np.nan)
    return SiteReporting(
        site=names.astype(object),
        participants=people,
        events=own,
        years=time,
        rate=rate,
        ratio=found.estimate,
        low=found.low,
        high=found.high,
        p=found.p,
        p_permuted=permuted,
        p_adjusted=benjamini_hochberg(permuted),
        warning=warning,
        dispersion=_dispersion(x, t),
        confidence_level=confidence_level,
        replicates=int(replicates),
        seed=int(seed),
    )


def _normal(beyond: FloatArray, observed: FloatArray, people: IntArray) -> FloatArray:
    """Two-sided p of each site, from the variance of a sum of so many participants drawn without replacement."""
    size = len(beyond)
    variance = people * (size - people) / max(size - 1, 1) * beyond.var()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, np.abs(observed) / np.sqrt(variance), 0.0)
    p: FloatArray = 2 * ndtr(-z)
    return p


def _drawn(
    beyond: FloatArray, observed: FloatArray, people: IntArray, replicates: int, seed: int
) -> FloatArray:
    """Two-sided p of each site. `beyond`: a participant's events less those that the follow-up would have."""
    starts = np.concatenate([[0], np.cumsum(people)[:-1]])
    chance = np.random.default_rng(seed)
    fewer, more = np.zeros(len(people)), np.zeros(len(people))
    block = max(1, BLOCK_CELLS // len(beyond))
    for begun in range(0, replicates, block):
        drawn = np.tile(beyond, (min(block, replicates - begun), 1))
        chance.permuted(drawn, axis=1, out=drawn)
        sums = np.add.reduceat(drawn, starts, axis=1)
        fewer += (sums <= observed + TIE).sum(axis=0)
        more += (sums >= observed - TIE).sum(axis=0)
    smaller: FloatArray = (1 + np.minimum(fewer, more)) / (1 + replicates)
    return np.minimum(1.0, 2 * smaller)


def _dispersion(x: IntArray, t: FloatArray) -> float:
    """Pearson's chi-squared over its degrees of freedom, at the rate of all."""
    followed = t > 0
    if x[followed].sum() == 0 or followed.sum() < 2:
        return float("nan")
    expected = t[followed] * (x[followed].sum() / t[followed].sum())
    return float(((x[followed] - expected) ** 2 / expected).sum() / (followed.sum() - 1))
