"""How many findings among many terms are false, in simulated trials of many terms from a fixed seed.

Two kinds of trials: terms that come independently, in a number of each drawn by itself, for the procedures that adjust
p-values; and participants who are likelier or less likely to have the terms of a body system, for the scan of a tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pvtracker import stats
from pvtracker.ops.coverage_simulated import SIZES
from pvtracker.stats.results import BoolArray, FloatArray
from pvtracker.stats.tree_scan import TrialNull

TRIALS, SEED = 400, 20090315
SYSTEMS, TERMS = 8, 6  # body systems, and terms of each; background risks of the terms of a system:
BACKGROUND = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
HARMED = {"none": 0, "one system of eight": 1}  # body systems with all terms harmed
RATIO = 3.0
LEVEL = 0.1

DISCOVERY: dict[str, Callable[[FloatArray, Any], FloatArray]] = {
    "Fisher, not adjusted": lambda p, system: p,
    "benjamini_hochberg": lambda p, system: stats.benjamini_hochberg(p),
    "benjamini_yekutieli": lambda p, system: stats.benjamini_yekutieli(p),
    "double_fdr_2004": lambda p, system: stats.double_fdr_2004(p, system).p_adjusted,
    "double_fdr_2012": lambda p, system: stats.double_fdr_2012(p, system).p_adjusted,
    "double_fdr_2012_within": lambda p, system: stats.double_fdr_2012_within(p, system).p_adjusted,
    "group_bh": lambda p, system: stats.group_bh(p, system, alpha=LEVEL).p_adjusted,
    "group_bh, lowest slope": lambda p, system: (
        stats.group_bh(p, system, alpha=LEVEL, null_share="lsl").p_adjusted
    ),
}

# The scan's trials: participants with a frailty of their own in each body system.
SCANS, REPLICATES, SCAN_LEVEL, FRAILTY = 400, 199, 0.05, 2.0
SCAN_NULLS: tuple[TrialNull, ...] = ("participants", "events_conditional", "events_unconditional")


@dataclass(frozen=True, slots=True)
class Discovery:
    """Means over trials: share of false ones among the findings (0 without any) with its standard error, trials with a
    false one, share of the harmed terms that were found (nan where none is harmed)."""

    false_share: float
    standard_error: float
    any_false: float
    found: float


def told(flags: BoolArray, is_harmed: BoolArray) -> Discovery:
    """flags: shape (trials, terms)."""
    false, total = (flags & ~is_harmed).sum(axis=1), flags.sum(axis=1)
    share = false / np.maximum(total, 1)
    return Discovery(
        float(share.mean()),
        float(share.std() / np.sqrt(len(share))),
        float((false > 0).mean()),
        float(flags[:, is_harmed].mean()) if is_harmed.any() else float("nan"),
    )


def discovery(
    N_arm: int, N_ref: int, harmed: int, *, trials: int = TRIALS, seed: int = SEED
) -> dict[str, Discovery]:
    """Simulated trials in which `harmed` body systems have all risks times RATIO in the arm; findings at LEVEL."""
    rng = np.random.default_rng(seed)
    system = np.repeat([f"system {n}" for n in range(SYSTEMS)], TERMS)
    risk = np.tile(BACKGROUND, SYSTEMS)
    is_harmed = np.repeat(np.arange(SYSTEMS) < harmed, TERMS)
    x = rng.binomial(N_arm, np.where(is_harmed, RATIO, 1.0) * risk, (trials, len(risk)))
    y = rng.binomial(N_ref, risk, (trials, len(risk)))
    p = stats.fisher(x.ravel(), N_arm, y.ravel(), N_ref).p.reshape(x.shape)
    excess = x * N_ref > y * N_arm
    return {
        name: told(np.array([adjusted(one, system) <= LEVEL for one in p]) & excess, is_harmed)
        for name, adjusted in DISCOVERY.items()
    }


def scan(N_arm: int, N_ref: int, harmed: int, null: TrialNull, *, trials: int = SCANS) -> Discovery:
    """The scan of the same terms under their body systems and one root: a node without a harmed term is false."""
    nodes = [f"t{n}" for n in range(SYSTEMS * TERMS)] + [f"s{n}" for n in range(SYSTEMS)] + ["all"]
    parents = [f"s{n // TERMS}" for n in range(SYSTEMS * TERMS)] + ["all"] * SYSTEMS + [""]
    names, place = np.array(nodes), {name: at for at, name in enumerate(nodes)}
    is_harmed = np.repeat(np.arange(SYSTEMS) < harmed, TERMS)
    of_node = np.concatenate([is_harmed, np.arange(SYSTEMS) < harmed, [harmed > 0]])
    in_arm = np.repeat([1, 0], [N_arm, N_ref])
    risk = np.tile(BACKGROUND, SYSTEMS)
    flags = np.zeros((trials, len(nodes)), dtype=bool)
    for trial in range(trials):
        rng = np.random.default_rng([SEED, harmed, N_arm, N_ref, trial])
        own = np.repeat(rng.gamma(1 / FRAILTY, FRAILTY, (len(in_arm), SYSTEMS)), TERMS, axis=1)
        times = np.where(is_harmed & (in_arm[:, None] == 1), RATIO, 1.0)
        who, term = np.nonzero(rng.random((len(in_arm), len(risk))) < -np.expm1(-own * risk * times))
        one = stats.tree_scan(
            in_arm, who, names[term], nodes, parents, null=null, replicates=REPLICATES, seed=trial, threads=1
        )
        at = np.array([place[name] for name in one.node])
        flags[trial, at] = one.p <= SCAN_LEVEL
    return told(flags, of_node)


def finding_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    rows = [
        line
        for N_arm, N_ref in SIZES
        for words, harmed in HARMED.items()
        for line in discovery_lines(N_arm, N_ref, words, harmed)
    ]
    return [
        "## How many findings among many terms are false?",
        "",
        f"{TRIALS} simulated trials each, seed {SEED}: {SYSTEMS} body systems of {TERMS} terms with background risks "
        f"{', '.join(f'{risk:g}' for risk in BACKGROUND)}; a harmed system has all its risks times {RATIO:g} in the "
        f"arm. Fisher’s p, adjusted, at {LEVEL:g}; a finding is an excess in the arm. In percent: mean share of false "
        "ones among the findings (the false discovery rate) with the standard error of the simulation; trials with a "
        "false one; mean share of the harmed terms that were found.",
        "",
        *HEAD,
        *rows,
        "",
        "Where nothing is harmed `double_fdr_2004` and `group_bh` (two stages) find something more "
        "often than the level says, the more the larger the trial; `double_fdr_2012` and the lowest "
        "slope keep it. They are read beside the others, not alone.",
    ]


def scan_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    rows = [
        line
        for N_arm, N_ref in SIZES
        for words, harmed in HARMED.items()
        for line in scans(N_arm, N_ref, words, harmed)
    ]
    return [
        "## How often does the scan of a tree err?",
        "",
        f"{SCANS} simulated trials each, seed {SEED}, {REPLICATES} replicates: the same terms under "
        "their body systems and one root, but each participant has a frailty of its own in each body system (gamma, "
        f"variance {FRAILTY:g}) that multiplies the risks of its terms, so that who has one of them has others. A "
        f"finding is a node with p ≤ {SCAN_LEVEL:g}; where nothing is harmed, trials with a false one are the "
        "family-wise error. Where a system is harmed, a node above or among its terms is no false one.",
        "",
        HEAD[0].replace("adjustment", "method, null"),
        HEAD[1],
        *rows,
        "",
        "The two nulls that count events take those of a participant for independent. Here, where a participant has a "
        "term once at most, they err hardly more; where one has many events of a class they do: see "
        "[the page](../methods/tree-scan.md). The default permutes participants.",
    ]


HEAD = [
    "| trial | harmed | adjustment | false share | any false | found |",
    "|---|---|---|--:|--:|--:|",
]


def discovery_lines(N_arm: int, N_ref: int, words: str, harmed: int) -> Iterator[str]:
    for name, one in discovery(N_arm, N_ref, harmed).items():
        statistic, comma, option = name.partition(", ")
        shown = f"`{statistic}`{comma}{option}" if statistic in stats.__all__ else name
        yield _line(f"{N_arm} v {N_ref}", words, shown, one)


def scans(N_arm: int, N_ref: int, words: str, harmed: int) -> Iterator[str]:
    for null in SCAN_NULLS:
        yield _line(
            f"{N_arm} v {N_ref}",
            words,
            f"`tree_scan`, {null.replace('_', ', ')}",
            scan(N_arm, N_ref, harmed, null),
        )


def _line(trial: str, words: str, name: str, one: Discovery) -> str:
    cells = [
        trial,
        words,
        name,
        f"{100 * one.false_share:.1f} ± {100 * one.standard_error:.1f}",
        f"{100 * one.any_false:.1f}",
        "" if np.isnan(one.found) else f"{100 * one.found:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"
