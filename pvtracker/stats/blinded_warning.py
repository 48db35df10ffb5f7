"""What a watch over pooled counts can see: the count from which it warns, and how likely that count is.

Method, derivation and when not to use it: docs/methods/blinded-rate.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.blinded_rate import Mixture, expected_rate, p_as_many, within
from pvtracker.stats.inputs import follow_up, level, no_warning, same_length
from pvtracker.stats.results import BlindedWarning

SOUGHT = 100_000  # the largest count that is tried: more events than any trial has participants
BEYOND = f"no count up to {SOUGHT} gives an early warning"


def blinded_warning(
    years: ArrayLike,
    background_rate: ArrayLike,
    *,
    background_years: float = 100.0,
    treated_share: float = 0.5,
    treated_years: float = 1.0,
    margin: float = 2.0,
    warn_posterior: float | None = None,
    warn_predictive: float | None = None,
    ratio: float = 2.0,
) -> BlindedWarning:
    """The smallest pooled count at which `blinded_rate` would give an early warning, and the chance of such a count.

    years: pooled follow-up, ≥ 0, shape (n,) or one number. background_rate, background_years, treated_share,
    treated_years and margin as in `blinded_rate`. There is an early warning when p_margin ≥ `warn_posterior`, or when
    p_exceeds ≤ `warn_predictive`; one of the two at least is given, each in (0, 1). ratio: the true treatment ÷
    background for which the chance is told, > 0.

    Returns, of each element: `needed`, the smallest count that warns (nan, and a warning, when none up to 100,000
    does);
    `expected` pooled events if treatment adds nothing; `false_warning` and `chance`, the probability of a count of
    `needed` or more if treatment adds nothing and if it multiplies the rate by `ratio`, the background as uncertain as
    `background_years` says. ValueError for values that cannot be.

    warn_posterior: warned from this posterior probability above the margin on, in (0, 1). warn_predictive: warned
    from this predictive probability downwards, in (0, 1).

    Source: derived from the definitions of `blinded_rate`.
    """
    years_ = follow_up("years", years)
    rate = expected_rate(background_rate, years_)
    share = level("treated_share", treated_share)
    within(background_years=background_years, treated_years=treated_years, margin=margin, ratio=ratio)
    if warn_posterior is None and warn_predictive is None:
        raise ValueError("warn_posterior or warn_predictive must be given")
    posterior = None if warn_posterior is None else level("warn_posterior", warn_posterior)
    predictive = None if warn_predictive is None else level("warn_predictive", warn_predictive)
    size = same_length(years=years_, background_rate=rate)
    t, r = np.broadcast_to(years_, size), np.broadcast_to(rate, size)
    needed, false_warning, chance = np.full((3, size), np.nan)
    warning = no_warning(size)
    rises = share * background_years > (1 - share) * treated_years
    for i in range(size):
        shape, time = float(r[i]) * background_years, float(t[i])

        def by_posterior(count: int, time: float = time, rate: float = float(r[i])) -> bool:
            split = Mixture.of(
                count,
                time,
                rate,
                background_years=background_years,
                treated_years=treated_years,
                treated_share=share,
            )
            return posterior is not None and split.above_ratio(margin) >= posterior

        def by_predictive(count: int, time: float = time, shape: float = shape) -> bool:
            return predictive is not None and p_as_many(count, shape, time, background_years) <= predictive

        most = SOUGHT if time else 0  # without follow-up there can be no event
        start = min(int(r[i] * time), most)
        firsts = []
        if predictive is not None:
            firsts.append(_first(by_predictive, start, most))
        if posterior is not None:  # where it falls with the count, or stays, no event warns or nothing does
            firsts.append(_first(by_posterior, start, most) if rises else _first(by_posterior, 0, 0))
        found = min((first for first in firsts if first is not None), default=None)
        if found is None:
            warning[i] = BEYOND
            continue
        needed[i] = found
        false_warning[i] = p_as_many(found, shape, time, background_years)
        chance[i] = p_as_many(found, shape, time * (1 + share * (ratio - 1)), background_years)
    return BlindedWarning(needed, r * t, false_warning, chance, ratio, warning)


def _first(warns: Callable[[int], bool], start: int, most: int) -> int | None:
    """The smallest count from 0 to `most` that warns, when every larger one does too; None when none does. Sought
    outward from `start`, because a count costs the more the larger it is."""
    silent, high, step = -1, start, max(1, start // 16)
    if warns(start):
        while high - step > silent and warns(high - step):
            high, step = high - step, 2 * step
        silent = max(silent, high - step)
    else:
        while not warns(high):
            if high == most:
                return None
            silent, high, step = high, min(high + step, most), 2 * step
    while high - silent > 1:
        middle = (silent + high) // 2
        silent, high = (silent, middle) if warns(middle) else (middle, high)
    return high
