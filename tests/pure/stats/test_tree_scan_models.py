"""The Bernoulli and Poisson models of the tree scan against TreeScan, TreeMineR and all that can happen."""

from __future__ import annotations

import re
from itertools import product
from math import exp, factorial, log
from typing import Any

import numpy as np
import pytest

from pvtracker.stats import TreeScan, tree_replicates, tree_scan, tree_scan_bernoulli, tree_scan_poisson
from tests.pure.stats import trees
from tests.pure.stats.against import Against
from tests.pure.stats.trees import above, agrees, deviance, four_cells, spread, tail

SMALL = (["all", "one", "a", "b", "c"], ["", "all", "one", "one", "all"])
LEAVES = ["a", "b", "c"]
TREESCAN = "TreeScan test_example_sets.cpp, commit 9d323122"
# Node: observed cases, expected as printed, log-likelihood ratio, p (of 9,999 replicates; Bernoulli of 999)
POISSON = {
    "Leaf9": (14, 2.68, 13.136308, 0.0001),
    "Node3": (33, 16.1, 11.148394, 0.0001),
    "Leaf4": (6, 2.68, 1.619486, 0.4879),
    "Leaf8": (9, 5.37, 1.156791, 0.64),
}
UNCONDITIONAL = {
    "Node3": (33, 22.5, 5.09544, 0.008),
    "Leaf9": (14, 8.0, 5.062032, 0.01),
    "Node2": (17, 15.0, 0.267462, 0.956),
    "Leaf5": (4, 3.5, 0.0716735, 0.994),
}
CONDITIONAL = {
    "Node3": (33, 25.78, 4.55287, 0.031),
    "Leaf9": (14, 9.17, 4.062552, 0.076),
    "Leaf4": (6, 4.58, 0.591424, 0.937),
    "Leaf8": (9, 7.45, 0.4512, 0.966),
}


def sums(x: list[int], node: str) -> int:
    up = above(*SMALL)
    return sum(count for leaf, count in zip(LEAVES, x, strict=True) if node in up[leaf])


@pytest.mark.parametrize("model", ["poisson", "unconditional", "conditional"])
def test_the_examples_of_treescan(model: str, against: Against) -> None:
    links = trees.treescan_file("tree.tre")
    child, parent = [row[0] for row in links], [row[1] for row in links]
    expected = {"poisson": POISSON, "unconditional": UNCONDITIONAL, "conditional": CONDITIONAL}[model]
    if model == "poisson":
        rows, key, theirs = trees.treescan_file("Poisson.cas"), "tree_scan_poisson", 9999
        columns = [row[0] for row in rows], [int(row[1]) for row in rows], [float(row[2]) for row in rows]
        found = tree_scan_poisson(*columns, child, parent, replicates=20_000)
    else:
        key, theirs = "tree_scan_bernoulli", 999
        case, control = (dict(trees.treescan_file(f"Bernoulli.{kind}")) for kind in ("cas", "ctl"))
        leaf = sorted(case | control)
        counted = [[int(kind.get(name, 0)) for name in leaf] for kind in (case, control)]
        half = 0.5 if model == "unconditional" else None
        found = tree_scan_bernoulli(leaf, *counted, child, parent, probability=half, replicates=20_000)
    at = [found.node.tolist().index(name) for name in expected]
    cases, mean, llr, p = (np.array(column) for column in zip(*expected.values(), strict=True))
    assert found.cases[at].tolist() == cases.tolist()
    np.testing.assert_allclose(found.expected[at], mean, atol=0.0051 if model != "poisson" else 0.051)
    against(key, TREESCAN, "program", found.llr[at], llr, within=5.1e-7)
    # Both p-values are counts of replicates; 4.5 standard errors of their difference
    error = np.sqrt(found.p[at] * (1 - found.p[at]) * (1 / theirs + 1 / 20_000)) + 1 / theirs
    assert (np.abs(found.p[at] - p) <= 4.5 * error).all()


def one_of_two(total: int, every: float, x: int, n: float) -> tuple[list[str], list[int], list[float]]:
    return ["a", "c"], [x, total - x], [n, every - n]


def test_the_ratios_of_treescans_unit_tests(against: Against) -> None:
    """unittest_Loglikelihood.cpp: 100 cases of 100 expected, or of 500 observations; log-likelihoods of the conditional
    Bernoulli model less that of the null, −250.201211 (from its LogLikelihoodRatio of −10.13851: 240.062701)."""
    source = "TreeScan unittest_Loglikelihood.cpp"

    def poisson(x: int, n: float, conditional: bool) -> float:
        rows = one_of_two(100, 100.0, x, n)
        found = tree_scan_poisson(*rows, *SMALL, conditional=conditional, replicates=1)
        return float(found.llr[found.node.tolist().index("a")])

    def bernoulli(x: int, n: int, probability: float | None) -> float:
        leaf, cases, every = one_of_two(100, 500, x, n)
        controls = [int(all_) - case for all_, case in zip(every, cases, strict=True)]
        found = tree_scan_bernoulli(leaf, cases, controls, *SMALL, probability=probability, replicates=1)
        return float(found.llr[found.node.tolist().index("a")])

    found = [
        poisson(12, 5.35, True),
        poisson(100, 50.0, True),
        poisson(12, 5.35, False),
        poisson(100, 50.0, False),
    ]
    against(
        "tree_scan_poisson",
        source,
        "program",
        found,
        [3.2830035, 69.314718, 3.043721, 19.314718],
        within=5.1e-7,
    )
    assert poisson(12, 15.35, True) == poisson(10, 10.0, True) == poisson(12, 15.35, False) == 0
    null = -10.13851 - 240.062701
    found = [bernoulli(*table, None) for table in ((10, 10), (50, 50), (100, 100), (100, 150))]
    theirs = [-233.689952 - null, -156.974443 - null, -null, -95.477125 - null]
    against("tree_scan_bernoulli", source, "program", found, theirs, within=1.1e-6)
    found = [bernoulli(*table, 0.5) for table in ((10, 10), (50, 50), (100, 100), (100, 150))]
    theirs = [6.931471, 34.657359, 69.314718, 8.494951]
    against("tree_scan_bernoulli", source, "program", found, theirs, within=1.1e-6)
    assert bernoulli(1, 7, None) == bernoulli(1, 7, 0.5) == 0


def test_what_treescan_prints_of_vaccines_in_korea(against: Against) -> None:
    """Vignette of R rtreescan (Jeong, Lee & Jung; sjheo91/rtreescan), output of TreeScan on reports to KAERS. Printed:
    the counts of two organ classes and their terms; the rest is one node, with the totals that the expected numbers
    1.70 and 4.08 of 5 and 12 (of 17 among 50), and 3.62 of 5 (of 21 among 29) tell."""
    source = "vignette of R rtreescan, output of TreeScan"
    terms = {"1820": ["57", "54", "58", "1880", "1881", "1910", "other 1820"], "1810": ["716", "725", "730"]}
    links = [("all", ""), ("rest", "all"), ("1820", "all"), ("1810", "all")]
    links += [(term, above_it) for above_it, below in terms.items() for term in below]
    child, parent = zip(*links, strict=True)

    def ratios(key: str, found: TreeScan, printed: dict[str, float]) -> None:
        at = [found.node.tolist().index(name) for name in printed]
        against(key, source, "published", found.llr[at], list(printed.values()), within=5.1e-7)

    key = "tree_scan_poisson"
    table = (["57", "54", "58", "other 1820", "rest"], [4, 1, 1, 0, 11])
    found = tree_scan_poisson(*table, [5, 1, 2, 4, 38], child, parent, replicates=9)
    ratios(key, found, {"57": 1.304919, "1820": 0.544281})
    loose = tree_scan_poisson(["57"], [4], [2.5], child, parent, conditional=False, replicates=9)
    ratios(key, loose, {"57": 0.380015})

    key = "tree_scan_bernoulli"
    few = (["1881", "1880", "57", "1910"], [20, 8, 4, 4], [0, 0, 0, 0])
    half = tree_scan_bernoulli(*few, child, parent, probability=0.5, replicates=9)
    ratios(key, half, {"1881": 13.862944, "1880": 5.545177, "57": 2.772589, "1910": 2.772589})
    leaf = ["1881", "1880", "1910", "57", "other 1820", "716", "730", "725", "rest"]
    cases, controls = [5, 2, 1, 1, 0, 1, 1, 2, 8], [0, 0, 0, 0, 2, 0, 0, 1, 5]
    printed = {"1881": 1.804736, "1880": 0.673353, "1820": 0.408288, "1810": 0.0917694}
    ratios(key, tree_scan_bernoulli(leaf, cases, controls, child, parent, replicates=9), printed)
    # The same as a trial: every case a participant of the arm, every control one of the reference, with one event each
    where = np.concatenate([np.repeat(leaf, cases), np.repeat(leaf, controls)])
    trial = (np.repeat([1, 0], [sum(cases), sum(controls)]), np.arange(len(where)), where, child, parent)
    ratios("tree_scan", tree_scan(*trial, replicates=9), printed)
    ratios("tree_scan", tree_scan(*trial, null="events_conditional", replicates=9), printed)


def test_the_ratios_of_treeminer(against: Against) -> None:
    """Its tests/testthat/_snaps/TreeMineR.md (commit 3abb8e70): p = 1/11."""
    rows = [
        (122, 669, 16.187145),
        (132, 782, 13.657855),
        (241, 1687, 12.268163),
        (210, 1438, 11.957318),
        (133, 822, 11.797748),
        (306, 2281, 10.806142),
        (207, 1452, 10.423109),
        (114, 712, 9.711722),
        (207, 1483, 9.287006),
        (109, 690, 8.803335),
    ]
    exposed, unexposed, llr = zip(*rows, strict=True)
    names = [f"cut {i}" for i in range(len(rows))]
    found = tree_scan_bernoulli(
        names,
        exposed,
        unexposed,
        ["all", *names],
        ["", *["all"] * len(names)],
        probability=1 / 11,
        replicates=1,
    )
    against(
        "tree_scan_bernoulli", "TreeMineR _snaps/TreeMineR.md", "program", found.llr[1:], llr, within=5e-8
    )


def test_the_vignette_of_treeminer(against: Against) -> None:
    """articles/Tree-based-scan-statistics.md of entjos/TreeMineR (commit 4e8a59d7), "Let's do a test run": p = 1/11."""
    exposed, unexposed = [127, 337, 254, 221, 219, 134], [674, 2329, 1708, 1467, 1453, 784]
    printed = [18.52600, 18.32574, 15.78202, 14.57499, 14.47571, 14.47115]
    names = [f"cut {i}" for i in range(6)]
    tree = (["all", *names], ["", *["all"] * 6])
    found = tree_scan_bernoulli(names, exposed, unexposed, *tree, probability=1 / 11, replicates=1)
    ratios = found.llr[1:] / 10, np.array(printed) / 10
    against("tree_scan_bernoulli", "vignette of R TreeMineR", "published", *ratios, within=5.1e-7)


def test_the_diagnoses_of_treeminer_by_event(against: Against) -> None:
    """Its _snaps/TreeScan.md (commit 1fe063bb): counts and ratios at p = 1/2, where it takes deficits for findings."""
    theirs = {
        "20": (420, 2759, 962.4608),
        "19": (400, 2598, 900.3181),
        "V01-X59": (303, 1868, 627.3549),
        "01": (247, 1606, 556.9007),
        "C00-C97": (148, 933, 317.6328),
        "14": (120, 855, 312.1327),
    }
    rows, child, parent = trees.treeminer()
    leaf = [row["leaf"] for row in rows]
    exposed = [int(row["exposed"]) for row in rows]
    table = (leaf, exposed, [1 - each for each in exposed], child, parent)
    found = tree_scan_bernoulli(*table, probability=0.5, alternative="less", replicates=1)
    at = [found.node.tolist().index(name) for name in theirs]
    assert [(found.cases[i], found.controls[i]) for i in at] == [(x, y) for x, y, _ in theirs.values()]
    against(
        "tree_scan_bernoulli",
        "TreeMineR _snaps/TreeScan.md, its diagnoses",
        "program",
        found.llr[at],
        [llr for *_, llr in theirs.values()],
        within=1.7e-7,
    )
    assert tree_scan_bernoulli(*table, probability=0.5, replicates=1).llr[at].tolist() == [0.0] * 6


def test_all_draws_of_a_conditional_bernoulli_model() -> None:
    x, n = [3, 1, 0], [3, 3, 4]

    def ratios(cases: list[int]) -> dict[str, float]:
        both = {node: (sums(cases, node), sums(n, node)) for node in SMALL[0]}
        return {node: four_cells(k, m, 4, 10) if k > m * 0.4 + 1e-9 else 0.0 for node, (k, m) in both.items()}

    exact = tail(((chance, ratios(cases)) for chance, cases in spread(n, 4)), ratios(x))
    found = tree_scan_bernoulli(LEAVES, x, [0, 2, 4], *SMALL, replicates=20_000)
    agrees(found, exact, 20_000)


@pytest.mark.parametrize("minimum", [1, 2, 3])
def test_all_draws_of_an_unconditional_bernoulli_model(minimum: int) -> None:
    """Nodes with fewer cases than the minimum are no candidates, neither here nor in what is drawn."""
    x, n, p = [3, 1, 0], [3, 3, 2], 0.3

    def ratios(cases: list[int]) -> dict[str, float]:
        found = {}
        for node in SMALL[0]:
            k, m = sums(cases, node), sums(n, node)
            found[node] = (
                deviance((k, m - k), (m * p, m * (1 - p))) if k >= minimum and k > m * p + 1e-9 else 0.0
            )
        return found

    def outcomes() -> list[tuple[float, dict[str, float]]]:
        draws = ((sum(cases), cases) for cases in product([0, 1], repeat=8))
        return [
            (p**k * (1 - p) ** (8 - k), ratios([sum(each[:3]), sum(each[3:6]), sum(each[6:])]))
            for k, each in draws
        ]

    options: dict[str, Any] = {"probability": p, "minimum_cases": minimum, "replicates": 20_000}
    found = tree_scan_bernoulli(LEAVES, x, [0, 2, 2], *SMALL, **options)
    agrees(found, tail(outcomes(), ratios(x)), 20_000)
    for threads in (1, 3):
        again = tree_scan_bernoulli(LEAVES, x, [0, 2, 2], *SMALL, threads=threads, **options)
        np.testing.assert_array_equal(again.p, found.p)


def test_all_draws_of_the_poisson_models() -> None:
    x, weight = [4, 1, 0], [1.0, 0.5, 1.5]

    def ratios(cases: list[int], mean: list[float], closed: bool) -> dict[str, float]:
        found, total, up = {}, sum(cases), above(*SMALL)
        for node in SMALL[0]:
            k = sums(cases, node)
            e = sum(m for leaf, m in zip(LEAVES, mean, strict=True) if node in up[leaf])
            if closed:
                ratio = deviance((k, total - k), (e, total - e)) if node != "all" else 0.0
            else:
                ratio = (k * log(k / e) if k else 0.0) - (k - e)
            found[node] = ratio if k > e + 1e-9 else 0.0
        return found

    def chance(cases: tuple[int, ...]) -> float:
        return float(np.prod([exp(-m) * m**k / factorial(k) for k, m in zip(cases, weight, strict=True)]))

    every = list(product(range(16), repeat=3))
    found = tree_scan_poisson(LEAVES, x, weight, *SMALL, conditional=False, replicates=20_000)
    exact = tail(
        ((chance(each), ratios(list(each), weight, False)) for each in every), ratios(x, weight, False)
    )
    agrees(found, exact, 20_000)

    five, scaled = [each for each in every if sum(each) == 5], [m * 5 / 3 for m in weight]
    whole = sum(chance(each) for each in five)
    exact = tail(
        ((chance(each) / whole, ratios(list(each), scaled, True)) for each in five), ratios(x, scaled, True)
    )
    found = tree_scan_poisson(LEAVES, x, weight, *SMALL, replicates=20_000)
    agrees(found, exact, 20_000)
    assert (found.null, found.expected[0]) == ("conditional", pytest.approx(5))


def test_rows_of_a_node_add_up_and_deficits_mirror_excesses() -> None:
    whole = tree_scan_bernoulli(["a", "b"], [5, 2], [1, 7], *SMALL, replicates=500)
    parts = tree_scan_bernoulli(["a", "b", "a"], [4, 2, 1], [0, 7, 1], *SMALL, replicates=500)
    np.testing.assert_array_equal(whole.p, parts.p)
    mirrored = tree_scan_bernoulli(["a", "b"], [1, 7], [5, 2], *SMALL, alternative="less", replicates=500)
    np.testing.assert_allclose(whole.llr, mirrored.llr, atol=1e-12)
    both = tree_scan_bernoulli(["a", "b"], [5, 2], [1, 7], *SMALL, alternative="two-sided", replicates=500)
    less = tree_scan_bernoulli(["a", "b"], [5, 2], [1, 7], *SMALL, alternative="less", replicates=500)
    np.testing.assert_allclose(both.llr, np.maximum(whole.llr, less.llr))
    poisson = tree_scan_poisson(LEAVES, [1, 2, 3], [2, 4, 6], *SMALL, replicates=9, threads=1, seed=4)
    assert poisson.llr == pytest.approx([0] * 5, abs=1e-12)
    few = tree_scan_poisson(LEAVES, [4, 1, 0], [1, 1, 1], *SMALL, minimum_cases=5, alternative="greater")
    assert few.llr[SMALL[0].index("a")] == 0 and few.llr[SMALL[0].index("one")] > 0
    lower = tree_scan_poisson(LEAVES, [4, 1, 0], [1, 1, 1], *SMALL, alternative="less", replicates=200)
    assert lower.llr[SMALL[0].index("c")] > 0 == lower.llr[SMALL[0].index("a")]


def test_large_counts_are_scanned_by_other_means_to_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    table = (LEAVES, [300, 100, 50], [200, 300, 400])
    looked_up = tree_scan_bernoulli(*table, *SMALL, replicates=50)
    monkeypatch.setattr(tree_replicates, "MOST_TABLED", 0)
    monkeypatch.setattr(tree_replicates, "BLOCK_CELLS", 40)
    found = tree_scan_bernoulli(*table, *SMALL, replicates=50)
    np.testing.assert_allclose(found.llr, looked_up.llr, rtol=1e-9)
    millions = tree_replicates.from_urns([(np.array([2_000_000, 1_000_000, 5]), 600_000)])
    drawn = millions(np.random.default_rng(1), 50)
    assert drawn.shape == (2, 50)
    assert abs(drawn[0].mean() - 400_000) < 400 and drawn.sum(axis=0).min() >= 599_995
    many = tree_scan_poisson(
        LEAVES, [300, 70_000, 5], [300, 69_000, 9], *SMALL, conditional=False, replicates=9
    )
    assert many.llr[SMALL[0].index("b")] == pytest.approx(70_000 * log(70 / 69) - 1000)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tree_scan_bernoulli(["a"], [1, 2], [1], *SMALL), "node and cases must both have shape (n,)"),
        (lambda: tree_scan_bernoulli(["a"], [1], 1, *SMALL), "node and controls must both have shape (n,)"),
        (lambda: tree_scan_bernoulli(["x"], [1], [1], *SMALL), "node must name nodes of the tree, got 'x'"),
        (lambda: tree_scan_bernoulli(["a"], [-1], [1], *SMALL), "cases must be ≥ 0, got -1"),
        (
            lambda: tree_scan_bernoulli(["a"], [1], [1], *SMALL, probability=1.0),
            "probability must lie strictly between 0 and 1, got 1.0",
        ),
        (
            lambda: tree_scan_poisson(["a"], [1], [0.0], *SMALL),
            "cases must be 0 where none is expected, got 1",
        ),
        (lambda: tree_scan_poisson(["a"], [1], [np.inf], *SMALL), "expected must be finite and ≥ 0, got inf"),
        (lambda: tree_scan_poisson(["a"], [1], [-1.0], *SMALL), "expected must be finite and ≥ 0, got -1.0"),
        (lambda: tree_scan_poisson(["a"], [0.5], [1.0], *SMALL), "cases must be whole numbers, got 0.5"),
    ],
)
def test_what_cannot_be_is_refused(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        call()  # type: ignore[operator]


def test_nothing_counted_and_nothing_expected() -> None:
    for found in (
        tree_scan_poisson([], [], [], *SMALL, replicates=9),
        tree_scan_poisson(["a"], [0], [0.0], *SMALL, conditional=False, replicates=9),
        tree_scan_bernoulli([], [], [], *SMALL, replicates=9),
        tree_scan_bernoulli([], [], [], *SMALL, probability=0.2, replicates=9),
    ):
        assert found.p.tolist() == [1.0] * 5 and found.llr.tolist() == [0.0] * 5
        assert set(found.warning) == {"nothing was counted in this node"}
