"""How often the limits of a measurement's difference between arms hold in a trial whose participants drop out.

Simulated from a fixed seed. Who drops out, depends on the last value that was seen: missing at random, not completely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pvtracker import stats
from pvtracker.ops.coverage_simulated import SIZES
from pvtracker.stats.course_results import MeansByWeek, MixedRepeated
from pvtracker.stats.mixed.small_samples import Degrees
from pvtracker.stats.results import FloatArray, IntArray

SEED = 20220608
TRIALS = (2000, 1000)  # of each size in SIZES
WEEKS = (4, 12, 24, 36, 48, 100)
SD = (90.0, 100.0, 110.0, 120.0, 130.0, 150.0)  # of a CD4 count, given baseline and arm
CORRELATION = 0.8  # of neighbouring weeks, its powers beyond
BASELINE = (500.0, 150.0)  # mean and standard deviation
FALL, SLOPE = -1.0, 0.7  # cells a week from baseline; slope on baseline
LOST = -1.9  # logit of leaving after a visit, for who is at the mean, and by how much per 100 cells below it:
LOST_BY = 0.8
EFFECTS = {"no difference": 0.0, "a difference that grows to 90 cells": 0.9}  # cells a week
DEGREES: tuple[Degrees, ...] = ("kenward-roger", "satterthwaite")
MEANS = "mean_by_week"


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of trials, of each week: limits hold the true difference; mean error of the estimate; trials refused; and
    the limits in the first trial's last week."""

    holds: FloatArray
    error: FloatArray
    refused: int
    first: tuple[float, float]


def trial(
    rng: np.random.Generator, effect: float, N_arm: int = SIZES[0][0], N_ref: int = SIZES[0][1]
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Counts, shape (participants, weeks), nan after dropping out; arms; baselines."""
    arm = np.repeat([1, 0], [N_arm, N_ref])
    weeks, sd = np.array(WEEKS), np.array(SD)
    lag = np.abs(np.subtract.outer(np.arange(len(weeks)), np.arange(len(weeks))))
    covariance = np.outer(sd, sd) * CORRELATION**lag
    baseline = rng.normal(*BASELINE, len(arm))
    mean = (
        BASELINE[0] + SLOPE * (baseline - BASELINE[0])[:, None] + FALL * weeks + effect * np.outer(arm, weeks)
    )
    y = mean + rng.multivariate_normal(np.zeros(len(weeks)), covariance, len(arm))
    centre = BASELINE[0] + FALL * weeks
    leaves = rng.random(y.shape) < 1 / (1 + np.exp(-(LOST - LOST_BY * (y - centre) / 100)))
    gone = np.cumsum(leaves, axis=1) - leaves > 0
    return np.where(gone, np.nan, y), arm, baseline


def held(effect: float, N_arm: int, N_ref: int, *, trials: int, seed: int = SEED) -> dict[str, Held]:
    """Of each method, over trials with this difference in cells a week."""
    rng = np.random.default_rng(seed)
    true = effect * np.array(WEEKS)
    people = N_arm + N_ref
    who, week = np.repeat(np.arange(people), len(WEEKS)), np.tile(WEEKS, people)
    found: dict[str, list[tuple[np.ndarray, FloatArray]]] = {method: [] for method in (*DEGREES, MEANS)}
    first: dict[str, tuple[float, float]] = {}
    for _ in range(trials):
        y, arm, baseline = trial(rng, effect, N_arm, N_ref)
        rows = who, week, y.ravel(), np.repeat(arm, len(WEEKS))
        before = np.repeat(baseline, len(WEEKS))
        told: dict[str, MixedRepeated | MeansByWeek] = {MEANS: stats.mean_by_week(*rows)}
        for degrees in DEGREES:
            told[degrees] = stats.mmrm(*rows, baseline=before, degrees=degrees)
        for method, one in told.items():
            first.setdefault(method, (float(one.low[-1]), float(one.high[-1])))
            error = one.difference - true
            if np.isfinite(error).all():
                found[method].append(((one.low <= true) & (true <= one.high), error))
    return {
        method: Held(
            np.mean([holds for holds, _ in each], axis=0),
            np.mean([error for _, error in each], axis=0),
            trials - len(each),
            first[method],
        )
        for method, each in found.items()
    }


def course_lines() -> list[str]:
    """The section of docs/reference/coverage.md."""
    told = [
        "## Do the limits of a measurement’s difference hold where participants drop out?",
        "",
        f"Simulated trials, seed {SEED}, {TRIALS[0]:,} of the small size and {TRIALS[1]:,} of the large: CD4 counts in "
        f"weeks {', '.join(map(str, WEEKS))}, standard deviations {SD[0]:g} to {SD[-1]:g}, correlations "
        f"{CORRELATION:g} to the number of visits between; whoever had a low count is likelier to leave, so that about "
        "half are left in the last week. In percent: 95 % limits that hold the true difference (standard error of the "
        f"simulation {_error(TRIALS[0]):.1f} and {_error(TRIALS[1]):.1f}); in brackets the mean error in cells. `mmrm` "
        "with baseline, unstructured; a trial that it refuses is counted. The last column has the limits of the first "
        f"trial, week {WEEKS[-1]}.",
        "",
        "| arms | trial | method | "
        + " | ".join(f"week {week}" for week in WEEKS)
        + " | refused | first trial |",
        "|---|---|---|" + "---|" * len(WEEKS) + "--:|---|",
    ]
    for (N_arm, N_ref), trials in zip(SIZES, TRIALS, strict=True):
        for words, effect in EFFECTS.items():
            for method, one in held(effect, N_arm, N_ref, trials=trials).items():
                told.append(line(N_arm, N_ref, words, method, one))
    return [
        *told,
        "",
        "`mean_by_week` takes who is left for who began: with this leaving its differences shrink (the mean error "
        "grows with the weeks), and in the large trial its limits hold them less often than they say.",
    ]


def line(N_arm: int, N_ref: int, words: str, method: str, one: Held) -> str:
    cells = [f"{100 * holds:.1f} ({error:+.1f})" for holds, error in zip(one.holds, one.error, strict=True)]
    return (
        f"| {begin(N_arm, N_ref, words, method)} | {' | '.join(cells)} | {one.refused} | {first_trial(one)} |"
    )


def begin(N_arm: int, N_ref: int, words: str, method: str) -> str:
    return f"{N_arm} v {N_ref} | {words} | " + (f"`{MEANS}`" if method == MEANS else f"`mmrm`, {method}")


def first_trial(one: Held) -> str:
    return f"{one.first[0]:.2f} … {one.first[1]:.2f}"


def _error(trials: int) -> float:
    """Standard error, in percent, of a share of 95 % in so many trials."""
    return 100 * float(np.sqrt(0.05 * 0.95 / trials))
