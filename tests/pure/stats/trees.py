"""The tree scan written out slowly: counts by loops, ratios by formula, nulls by going through all that can happen."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from csv import DictReader
from itertools import combinations, product
from math import comb, log

import numpy as np

from pvtracker.stats import TreeScan
from tests.shared import shared_path

# A root, two classes with three terms, and a term under both classes
CHILD = ["all", "eye", "skin", "pain", "blur", "rash", "itch"]
PARENT = ["", "all", "all", "eye", "eye", "skin", "skin"]
BOTH = ([*CHILD, "swelling", "swelling"], [*PARENT, "eye", "skin"])
Sets = dict[str, set[str]]


def above(child: Sequence[str], parent: Sequence[str]) -> Sets:
    """Every node with itself and all above it, by walking up."""
    links = list(zip(child, parent, strict=True))

    def walk(node: str) -> set[str]:
        return {node}.union(*(walk(up) for name, up in links if name == node and up))

    return {node: walk(node) for node in child}


def deviance(observed: Iterable[float], expected: Iterable[float]) -> float:
    """Half of the deviance of the cells of a table: Σ O ln(O/E)."""
    return sum(o * log(o / e) for o, e in zip(observed, expected, strict=True) if o)


def four_cells(x: int, n: int, cases: int, total: int, expected: float | None = None) -> float:
    """x of the node's n among `cases` of `total`: the likelihood ratio of the conditional Bernoulli model."""
    e = n * cases / total if expected is None else expected
    return deviance(
        (x, n - x, cases - x, total - n - cases + x), (e, n - e, cases - e, total - n - cases + e)
    )


def tail(
    outcomes: Iterable[tuple[float, dict[str, float]]], observed: dict[str, float]
) -> dict[str, tuple[float, float]]:
    """Of each node: its ratio, and the probability that the largest ratio is as large."""
    found = [(chance, max(ratios.values())) for chance, ratios in outcomes]
    assert abs(sum(chance for chance, _ in found) - 1) < 1e-9, "all that can happen"
    return {
        node: (ratio, sum(chance for chance, largest in found if largest >= ratio - 1e-9))
        for node, ratio in observed.items()
    }


def arms_within(stratum: Sequence[int], arm: Sequence[int]) -> Iterator[list[int]]:
    """All labellings with as many of the arm in each stratum."""
    members = {s: [i for i, its in enumerate(stratum) if its == s] for s in set(stratum)}
    ways = [combinations(people, sum(arm[i] for i in people)) for people in members.values()]
    for chosen in product(*ways):
        inside = {i for group in chosen for i in group}
        yield [int(i in inside) for i in range(len(arm))]


def spread(n: Sequence[int], total: int) -> Iterator[tuple[float, list[int]]]:
    """All ways to draw `total` from leaves that hold n, with their probabilities."""
    for x in product(*(range(size + 1) for size in n)):
        if sum(x) == total:
            ways = float(np.prod([comb(size, k) for size, k in zip(n, x, strict=True)]))
            yield ways / comb(sum(n), total), list(x)


def agrees(found: TreeScan, exact: dict[str, tuple[float, float]], replicates: int) -> None:
    """Ratios to rounding; p-values within 4.5 standard errors of the binomial of the replicates."""
    assert {str(node) for node in found.node} == exact.keys()
    for node, llr, p in zip(found.node, found.llr, found.p, strict=True):
        ratio, true = exact[str(node)]
        assert abs(llr - ratio) < 1e-9, node
        bound = 4.5 * (true * (1 - true) / replicates) ** 0.5 + 1 / (replicates + 1)
        assert abs(p - true) <= bound, (node, p, true)


def treescan_file(name: str) -> list[list[str]]:
    """Rows of an example of TreeScan."""
    path = shared_path(f"data/treescan-examples/{name}")
    lines = path.read_text().splitlines()
    return [[item.strip() for item in line.split(",")] for line in lines if line.strip()]


def treeminer() -> tuple[list[dict[str, str]], list[str], list[str]]:
    """The diagnoses of TreeMineR, and the links of the codes that they use."""

    def rows(name: str) -> list[dict[str, str]]:
        with gzip.open(shared_path(f"data/treeminer/{name}"), "rt") as file:
            return list(DictReader(file))

    paths = [row["pathString"].split("/") for row in rows("icd_10_se_used_paths.csv.gz")]
    links = dict.fromkeys((below, up) for path in paths for up, below in zip(["", *path], path, strict=False))
    return rows("diagnoses.csv.gz"), [below for below, _ in links], [up for _, up in links]
