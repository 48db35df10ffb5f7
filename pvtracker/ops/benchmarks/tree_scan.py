"""A tree scan of 22,989 events in some 9,942 nodes, 11,000 participants and 9,999 replicates, by participants.

The peer is the R package TreeMineR on its own data, where an R has it: it is run with few replicates and with more, and
the seconds of one more count for the rest. Elsewhere the data is simulated, of that size, and a stand-in does the same
scan one replicate at a time, as one would write it first.
"""

from __future__ import annotations

import csv
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of, peak_megabytes, r, seconds_of
from pvtracker.ops.rooms import Installation
from pvtracker.stats.tree import tree

PEOPLE, IN_ARM, EVENTS = 11_000, 1_000, 22_989
WIDTHS = (22, 230, 1_689, 8_000)  # nodes of each level below the root: 9,942 in all
REPLICATES, STAND_IN = 9_999, 200
FEW, MORE = 20, 220  # replicates of TreeMineR
GOAL = "faster than TreeScan 2.4 on two threads, 4.4 s (R TreeMineR: 375 s)"

R_SCRIPT = """
suppressMessages(library(TreeMineR))
codes <- as.character(icd_10_se$pathString)
used <- data.frame(pathString = codes[sub(".*/", "", codes) %in% diagnoses$leaf])
write.csv(diagnoses, "diagnoses.csv", row.names = FALSE)
write.csv(used, "paths.csv", row.names = FALSE)
taken <- function(replicates) {
  one <- system.time(found <<- TreeMineR(diagnoses, used, p = SHARE, n_monte_carlo_sim = replicates, random_seed = 1))
  c(one[["elapsed"]], one[["user.self"]] + one[["sys.self"]])
}
write.table(rbind(taken(FEW), taken(MORE)), "taken.txt", row.names = FALSE, col.names = FALSE)
write.csv(found, "found.csv", row.names = FALSE)
"""


class Trial(NamedTuple):
    """Arm of each participant; participant and term of each event; the hierarchy."""

    arm: np.ndarray
    who: np.ndarray
    term: list[str]
    child: list[str]
    parent: list[str]


class TreeMineR(NamedTuple):
    """Its data; the cuts that it kept: exposed, others, ratio, p; wall clock and processor time of all replicates."""

    version: str
    trial: Trial
    cut: list[str]
    exposed: np.ndarray
    others: np.ndarray
    llr: np.ndarray
    p: np.ndarray
    wall: float
    processor: float


def run(installation: Installation) -> Measurement:
    miner = _treeminer()
    trial = miner.trial if miner else _trial()
    arm, who, term, child, parent = trial

    def ours() -> stats.TreeScan:
        return stats.tree_scan(*trial, replicates=REPLICATES)

    seconds = best_of(3, ours)
    begun = time.process_time()
    observed = ours()
    processor = time.process_time() - begun
    by_event = best_of(1, lambda: stats.tree_scan(*trial, null="events_unconditional"))
    more: dict[str, float | int | str] = {
        "processor time of both threads, s": round(processor, 2),
        "events held for independent, s": round(by_event, 2),
    }
    if miner:
        peer, peer_seconds = (
            f"R package TreeMineR {miner.version} on its own data, one thread: {FEW} and {MORE} replicates, scaled to "
            f"{REPLICATES}",
            miner.wall,
        )
        more |= {"the peer’s processor time, s": round(miner.processor), **_against(miner, observed)}
    else:
        peer = f"stand-in, no R with TreeMineR: NumPy one replicate at a time ({STAND_IN}, scaled to {REPLICATES})"
        hierarchy = tree(child, parent)
        number = {name: i for i, name in enumerate(hierarchy.names)}
        node, event = hierarchy.members(np.array([number[name] for name in term]))
        pairs = np.unique(node * PEOPLE + who[event])

        def loop() -> list[float]:
            chance = np.random.default_rng(1)
            return [_largest(pairs, chance.permutation(arm), len(child)) for _ in range(STAND_IN)]

        peer_seconds = seconds_of(loop) * REPLICATES / STAND_IN
        difference = abs(_largest(pairs, arm, len(child)) - observed.llr.max())
        more["largest ratio apart from the stand-in"] = float(difference)
    return Measurement(
        what=f"{len(who)} events, {len(child)} nodes, {len(arm)} participants, {REPLICATES} replicates, two threads",
        seconds=seconds,
        peer=peer,
        peer_seconds=peer_seconds,
        goal=GOAL,
        more={**more, "peak, MB": peak_megabytes()},
    )


def _against(miner: TreeMineR, observed: stats.TreeScan) -> dict[str, float | int | str]:
    """Its counts and ratios, and the time of its null: each cut an independent binomial number, so that cuts are terms
    of a tree without levels. Its p-values differ: in each replicate it drops cuts without an event in one arm."""
    at = {name: i for i, name in enumerate(observed.node)}
    rows = np.array([at[name] for name in miner.cut])
    same = (observed.cases[rows] == miner.exposed) & (observed.controls[rows] == miner.others)
    with_events = np.flatnonzero(observed.cases + observed.controls)
    cuts = [f"cut {i}" for i in with_events]

    begun = time.perf_counter()
    found = stats.tree_scan_bernoulli(
        cuts,
        observed.cases[with_events],
        observed.controls[with_events],
        ["all", *cuts],
        ["", *["all"] * len(cuts)],
        probability=IN_ARM / PEOPLE,
        replicates=REPLICATES,
    )
    seconds = time.perf_counter() - begun
    place = {name: i for i, name in enumerate(found.node)}
    found_rows = np.array([place[f"cut {at[name]}"] for name in miner.cut])
    return {
        "its null with all cuts, ours, s": round(seconds, 2),
        "cuts with events, and those that it drops": f"{len(with_events)}, {len(with_events) - len(rows)}",
        "cuts that it kept with other counts than ours": int((~same).sum()),
        "largest difference of a ratio from the peer’s": float(
            np.abs(found.llr[found_rows] - miner.llr).max()
        ),
        "cuts with p ≤ 0.05: ours (arms permuted), the peer’s": (
            f"{int((observed.p <= 0.05).sum())}, {int((miner.p <= 0.05).sum())}"
        ),
    }


def _treeminer() -> TreeMineR | None:
    """TreeMineR on its diagnoses and on the ICD-10 codes that they use, if an R has it with them."""
    version = r.version("TreeMineR")
    if version is None:
        return None
    script = (
        R_SCRIPT.replace("SHARE", f"{IN_ARM} / {PEOPLE}").replace("FEW", str(FEW)).replace("MORE", str(MORE))
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        r.run(script, place)

        def rows(name: str) -> list[dict[str, str]]:
            with (place / name).open(newline="") as file:
                return list(csv.DictReader(file))

        diagnoses, paths, found = rows("diagnoses.csv"), rows("paths.csv"), rows("found.csv")
        few, more = np.loadtxt(place / "taken.txt")
    wall, processor = more + (more - few) / (MORE - FEW) * (REPLICATES - MORE)
    exposed = {row["id"]: int(row["exposed"]) for row in diagnoses}
    number = {who: i for i, who in enumerate(exposed)}
    arm = np.array([*exposed.values(), *[1] * (IN_ARM - sum(exposed.values()))])  # some have no diagnosis
    codes = [row["pathString"].split("/") for row in paths]
    links = dict.fromkeys((below, up) for path in codes for up, below in zip(["", *path], path, strict=False))
    trial = Trial(
        np.pad(arm, (0, PEOPLE - len(arm))),
        np.array([number[row["id"]] for row in diagnoses]),
        [row["leaf"] for row in diagnoses],
        [below for below, _ in links],
        [up for _, up in links],
    )
    return TreeMineR(
        version,
        trial,
        [row["cut"] for row in found],
        np.array([int(row["n1"]) for row in found]),
        np.array([int(row["n0"]) for row in found]),
        np.array([float(row["llr"]) for row in found]),
        np.array([float(row["p"]) for row in found]),
        float(wall),
        float(processor),
    )


def _trial() -> Trial:
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
    return Trial(arm, chance.integers(0, PEOPLE, EVENTS), term, child, parent)


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
