"""R packages that were run here, commands beside the figures: c212 and TreeMineR of their own data, ratesci of sparse
tables."""

from __future__ import annotations

import pytest

from pvtracker.stats import risk_difference_mn, tree_scan, tree_scan_bernoulli
from tests.pure.stats import trees
from tests.pure.stats.against import Against
from tests.pure.stats.c212_figures import LONG
from tests.pure.stats.test_berry_berry import of_c212


def test_a_long_run_of_c212(against: Against) -> None:
    found = of_c212()
    for name, expected in zip(("mean", "sd", "p_zero", "p_positive"), LONG.T, strict=True):
        source = "R package c212 0.98, c212.BB on its sample data, 600,000 draws"
        against("berry_berry", source, "program", getattr(found, name), expected, within=0.012)


def test_the_diagnoses_of_treeminer_by_participant(against: Against) -> None:
    """TreeMineR 1.0.2 in R 4.2.2 on these files: 3,413 cuts, 321 of them with a ratio of zero.

    found <- TreeMineR(diagnoses, paths, p = 1/11, n_monte_carlo_sim = 1, random_seed = 1); found[c(1:10, 500, 1000,
    1500), ]; sum(found$llr)
    """
    theirs = {
        "12": (127, 674, 18.525996966888),
        "19": (337, 2329, 18.325738817448),
        "V01-X59": (254, 1708, 15.782019680690),
        "02": (221, 1467, 14.574993969399),
        "V01-V99": (219, 1453, 14.475707022112),
        "11": (134, 784, 14.471148080104),
        "20": (333, 2419, 13.790842323162),
        "01": (220, 1498, 12.877279176696),
        "15": (134, 828, 11.896318916970),
        "18": (117, 717, 10.716216351181),
        "N10-N16": (10, 52, 1.543274501188),
        "D696": (1, 1, 1.106911091483),
        "E111": (1, 2, 0.678973127523),
    }
    rows, child, parent = trees.treeminer()
    arm = {row["id"]: int(row["exposed"]) for row in rows}
    number = {who: i for i, who in enumerate(arm)}
    who, leaf = [number[row["id"]] for row in rows], [row["leaf"] for row in rows]
    counted = tree_scan([*arm.values()], who, leaf, child, parent, replicates=1)
    at = [counted.node.tolist().index(name) for name in theirs]
    assert [(counted.cases[i], counted.controls[i]) for i in at] == [(x, y) for x, y, _ in theirs.values()]
    cuts = counted.node.tolist()  # it takes each for itself: terms of a tree without levels
    found = tree_scan_bernoulli(
        cuts,
        counted.cases,
        counted.controls,
        ["every cut", *cuts],
        ["", *["every cut"] * len(cuts)],
        probability=1 / 11,
        replicates=1,
    )
    ratio = dict(zip(found.node.tolist(), found.llr, strict=True))
    source = "TreeMineR 1.0.2, its diagnoses by participant"
    llr = [each for *_, each in theirs.values()]
    against("tree_scan_bernoulli", source, "program", [ratio[name] for name in theirs], llr, within=2e-11)
    both = (counted.cases > 0) & (counted.controls > 0)
    assert both.sum() == 3413
    kept = [ratio[name] for name, is_kept in zip(cuts, both, strict=True) if is_kept]
    assert kept.count(0) == 321
    assert sum(kept) == pytest.approx(3196.855, abs=5e-4)


def test_sparse_tables_in_ratesci(against: Against) -> None:
    """scoreci(x1, 38, x2, 36, skew = FALSE, precis = 9), R/scoreci.R of petelaud/ratesci (commit 035f42ad), R 4.2.2."""
    rows = [
        (0, 0, -0.097610507, 0.092950637),
        (1, 0, -0.072593405, 0.136073829),
        (6, 0, 0.053002606, 0.305323469),
        (8, 1, 0.039997266, 0.341936785),
        (38, 36, -0.092950637, 0.097610507),
        (37, 30, 0.007459688, 0.298248922),
        (2, 9, -0.368551372, -0.038054714),
        (20, 18, -0.198459797, 0.248582637),
        (0, 4, -0.254339354, -0.012891930),
        (3, 36, -0.972968195, -0.790862848),
    ]
    arm, reference, low, high = zip(*rows, strict=True)
    found = risk_difference_mn(arm, 38, reference, 36)
    source = "R ratesci, scoreci without skewness"
    against("risk_difference_mn", source, "program", found.low, low, within=1.5e-9)
    against("risk_difference_mn", source, "program", found.high, high, within=1.5e-9)
