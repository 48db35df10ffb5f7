"""A tree scan of 22,989 events in 9,942 nodes, 11,000 participants and 9,999 replicates, by participants.

The size is that of the diagnoses of the R package TreeMineR: simulated data of that size, since no peer installs. The
stand-in does the same scan one replicate at a time, as one would write it first.
"""

from __future__ import annotations

import time

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of, peak_megabytes, seconds_of
from pvtracker.ops.rooms import Installation
from pvtracker.stats.tree import tree

PEOPLE, IN_ARM, EVENTS = 11_000, 1_000, 22_989
WIDTHS = (22, 230, 1_689, 8_000)  # nodes of each level below the root: 9,942 in all
REPLICATES, STAND_IN = 9_999, 200


def run(installation: Installation) -> Measurement:
    arm, who, term, child, parent = _trial()

    def ours() -> stats.TreeScan:
        return stats.tree_scan(arm, who, term, child, parent, replicates=REPLICATES)

    seconds = best_of(3, ours)
    begun = time.process_time()
    observed = ours()
    processor = time.process_time() - begun
    hierarchy = tree(child, parent)
    number = {name: i for i, name in enumerate(hierarchy.names)}
    node, event = hierarchy.members(np.array([number[name] for name in term]))
    pairs = np.unique(node * PEOPLE + who[event])

    def loop() -> list[float]:
        chance = np.random.default_rng(1)
        return [_largest(pairs, chance.permutation(arm), len(child)) for _ in range(STAND_IN)]

    difference = abs(_largest(pairs, arm, len(child)) - observed.llr.max())
    by_event = best_of(1, lambda: stats.tree_scan(arm, who, term, child, parent, null="events_unconditional"))
    return Measurement(
        what=f"{EVENTS} events, {len(child)} nodes, {PEOPLE} participants, {REPLICATES} replicates, two threads",
        seconds=seconds,
        peer=f"stand-in, no peer: NumPy one replicate at a time ({STAND_IN}, scaled to {REPLICATES})",
        peer_seconds=seconds_of(loop) * REPLICATES / STAND_IN,
        goal="faster than TreeScan 2.4 on two threads, 4.4 s (R TreeMineR: 375 s)",
        more={
            "processor time of both threads, s": round(processor, 2),
            "events held for independent, s": round(by_event, 2),
            "largest ratio apart from the stand-in": float(difference),
            "peak, MB": peak_megabytes(),
        },
    )


def _trial() -> tuple[np.ndarray, np.ndarray, list[str], list[str], list[str]]:
    """A root and four levels, events at the lowest two, most participants with one to four."""
    chance = np.random.default_rng(7)
    child, parent, above = ["all"], [""], ["all"]
    for level, width in enumerate(WIDTHS):
        names = [f"{level}-{i}" for i in range(width)]
        child += names
        parent += [above[i] for i in np.sort(chance.integers(0, len(above), width))]
        above = names
    term = [child[i] for i in chance.integers(sum(WIDTHS[:2]) + 1, len(child), EVENTS)]
    arm = (np.arange(PEOPLE) < IN_ARM).astype(np.int64)
    return arm, chance.integers(0, PEOPLE, EVENTS), term, child, parent


def _largest(pairs: np.ndarray, arm: np.ndarray, nodes: int) -> float:
    """The largest ratio of the tables of participants with and without the event, by arm."""
    node, who = pairs // PEOPLE, pairs % PEOPLE
    n, x = np.bincount(node, minlength=nodes), np.bincount(node, arm[who], minlength=nodes)
    total = 0.0 * n
    for held, mean in (
        (x, n * IN_ARM / PEOPLE),
        (n - x, n * (1 - IN_ARM / PEOPLE)),
        (IN_ARM - x, IN_ARM - n * IN_ARM / PEOPLE),
        (PEOPLE - IN_ARM - n + x, (PEOPLE - n) * (1 - IN_ARM / PEOPLE)),
    ):
        some = held > 0
        total[some] += held[some] * np.log(held[some] / mean[some])
    return float(total[x > n * IN_ARM / PEOPLE].max(initial=0.0))
