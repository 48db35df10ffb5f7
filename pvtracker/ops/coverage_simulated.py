"""Limits in simulated trials: how often they hold the true value, one line per kind of trial and method.

Each trial has a seed of its own, made of the family's, the case's position, the sizes of the arms and the trial's
number: fewer trials are the first of more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pvtracker.stats.results import FloatArray

SIZES = ((38, 36), (500, 500))  # of the founding trial, and of a large one
AT_ONCE = 100  # trials held together
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Method:
    """What is asked of each trial. `true`: the value to be held in a case, None where it is not asked there. `found`:
    lower and upper limits of each trial, shape (trials, 2), or p-values, shape (trials,): these hold what is true where
    they are above ALPHA."""

    true: Callable[[Any], float | None]
    found: Callable[[list[Any]], FloatArray]


def one_by_one(true: Callable[[Any], float | None], function: Callable[[Any], Any]) -> Method:
    """Of a function that takes one trial: its limits (nan where there are none), or its p-value."""
    return Method(true, lambda trials: np.array([function(trial) for trial in trials], dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Family:
    """Trials that are drawn alike, in several cases. `trials`: how many of each size in SIZES."""

    seed: int
    trials: tuple[int, int]
    cases: tuple[Any, ...]  # each with its `words`
    draw: Callable[[np.random.Generator, Any, int, int], Any]
    methods: dict[str, Method]


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of the trials with limits: hold the true value, lie above it, lie below it; share of all trials without
    limits; what the first trial gave. `below` is that the true value lies below the limits."""

    trials: int
    holds: float
    below: float
    above: float
    without: float
    first: FloatArray

    @property
    def standard_error(self) -> float:
        """Of `holds`, by the simulation."""
        many = max(1.0, self.trials * (1 - self.without))
        return float(np.sqrt(max(self.holds * (1 - self.holds), 0.0) / many))


def held(family: Family, position: int, N_arm: int, N_ref: int, trials: int) -> dict[str, Held]:
    """Of each method that is asked in the case at this position."""
    case = family.cases[position]
    asked = {name: one for name, one in family.methods.items() if one.true(case) is not None}
    found: dict[str, list[FloatArray]] = {name: [] for name in asked}
    for begin in range(0, trials, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, trials))
        drawn = [
            family.draw(np.random.default_rng([family.seed, position, N_arm, N_ref, n]), case, N_arm, N_ref)
            for n in numbers
        ]
        for name, method in asked.items():
            found[name].append(method.found(drawn))
    return {name: _held(np.concatenate(each), asked[name].true(case) or 0.0) for name, each in found.items()}


def _held(found: FloatArray, true: float) -> Held:
    first, without = np.atleast_1d(found[0]), np.isnan(found)
    if found.ndim == 1:
        rejects = float(np.mean(found[~without] <= ALPHA))
        return Held(len(found), 1 - rejects, np.nan, np.nan, float(without.mean()), first)
    missing = without.any(axis=1)
    low, high = found[~missing].T
    slack = 1e-9 * max(1.0, abs(true))  # limits are sought to about so much
    below, above = (
        float(np.mean(each)) if len(each) else np.nan for each in (low > true + slack, high < true - slack)
    )
    return Held(len(found), 1 - below - above, below, above, float(missing.mean()), first)


def simulated(family: Family) -> str:
    """How many trials, and from which seed."""
    small, large = family.trials
    many = (
        f"{small:,} of each size"
        if small == large
        else f"{small:,} of the small size, {large:,} of the large"
    )
    return f"Simulated trials of each case, {many} (seed {family.seed})"


HEAD = [
    "| arms | trial | method | holds | below | above | no limits | of the first trial |",
    "|---|---|---|--:|--:|--:|--:|---|",
]


def line(N_arm: int, N_ref: int, words: str, name: str, one: Held) -> str:
    """`name` is the statistic's, options behind a comma."""
    statistic, comma, option = name.partition(", ")
    sides = ["" if np.isnan(side) else f"{100 * side:.1f}" for side in (one.below, one.above)]
    cells = [
        f"{N_arm} v {N_ref}",
        words,
        f"`{statistic}`{comma}{option}",
        f"{100 * one.holds:.1f} ± {100 * one.standard_error:.1f}",
        *sides,
        f"{100 * one.without:.1f}",
        first_trial(one),
    ]
    return "| " + " | ".join(cells) + " |"


def first_trial(one: Held) -> str:
    return (
        " … ".join(f"{value:.6g}" for value in one.first) if len(one.first) > 1 else f"p = {one.first[0]:.6g}"
    )


def lines(family: Family) -> Iterator[str]:
    """The table: both sizes, all cases, all methods."""
    yield from HEAD
    for (N_arm, N_ref), trials in zip(SIZES, family.trials, strict=True):
        for position, case in enumerate(family.cases):
            for name, one in held(family, position, N_arm, N_ref, trials).items():
                yield line(N_arm, N_ref, case.words, name, one)
