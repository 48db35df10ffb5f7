"""Benjamini-Yekutieli and group Benjamini-Hochberg."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import benjamini_hochberg, benjamini_yekutieli, group_bh
from tests.pure.stats.against import Against
from tests.pure.stats.c212_figures import FDR_P, FDR_SYSTEM
from tests.pure.stats.test_benjamini_hochberg import THROMBOLYSIS
from tests.pure.stats.test_double_fdr import C212_P, C212_SYSTEM, EXAMPLE_P, EXAMPLE_SYSTEM

# R 4.2.2 with the procedure of c212 as its R/c212TST.R, c212LSL.R and c212GBH.R have it (the package is not to be
# had): shares of true nulls by group, and positions (from 0) of what is flagged.
C212 = "procedure of R c212, run in R on its example"
EXAMPLE = "procedure of R c212, run in R on Example 4.1 of Mehrotra & Adewale (2012)"
RUNS = [
    (C212, "tst", 0.05, [1, 0.25, 0, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    (C212, "lsl", 0.05, [1, 0.5, 0.2857142857, 1], [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]),
    (C212, "lsl", 0.1, [1, 0.5, 0.2857142857, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    (EXAMPLE, "tst", 0.05, [0.8, 1, 1, 0.8, 1, 1], [3, 5, 22]),
    (EXAMPLE, "lsl", 0.05, [0.8, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5]),
    (EXAMPLE, "tst", 0.1, [0.4, 1, 0.8333333333, 0.8, 1, 1], [0, 1, 2, 3, 4, 5, 9, 17, 22]),
    (EXAMPLE, "lsl", 0.1, [0.8, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5, 9]),
]


@pytest.mark.parametrize(("source", "estimate", "alpha", "shares", "flagged"), RUNS)
def test_shares_and_flags_of_c212(
    source: str, estimate: str, alpha: float, shares: list[float], flagged: list[int], against: Against
) -> None:
    p, group = (C212_P, C212_SYSTEM) if source == C212 else (EXAMPLE_P, EXAMPLE_SYSTEM)
    found = group_bh(p, group, null_share=estimate, alpha=alpha)  # type: ignore[arg-type]
    first = [group.index(label) for label in dict.fromkeys(group)]
    against("group_bh", f"{source}, shares", "program", found.null_share[first], shares, within=5.1e-11)
    wanted = np.isin(np.arange(len(p)), flagged)
    against("group_bh", f"{source}, flags", "program", found.flag, wanted, within=0)


def test_the_example_in_the_paper_on_c212(against: Against) -> None:
    """Carragher & Robertson, paper/paper.md of rcarragh/c212, "Multiple Hypothesis Testing": GBH at 5 % flags nine,
    with weighted p of 0 in the third body system and of p itself in the second."""
    found = group_bh(FDR_P, FDR_SYSTEM, alpha=0.05)
    p, system = np.array(FDR_P), np.array(FDR_SYSTEM)
    printed = (system == 3) | np.isin(p, [0.005333, 0.016013])
    source = "Carragher & Robertson, paper on R c212"
    against("group_bh", f"{source}, flags", "published", found.flag, printed, within=0)
    share = found.null_share[printed]
    weighted = p[printed] * share / (1 - share)
    expected = np.where(system == 3, 0, p)[printed]
    against("group_bh", f"{source}, weighted p", "published", weighted, expected, within=5.1e-7)


def test_the_example_on_the_help_page_of_c212(against: Against) -> None:
    """man/c212GBH.rd of cran/c212: eleven of seventeen are flagged at 5 %, with their weighted p."""
    found = group_bh(C212_P, C212_SYSTEM, alpha=0.05)
    printed = np.isin(C212_SYSTEM, [2, 3])
    against("group_bh", "R c212, help page of c212.GBH, flags", "published", found.flag, printed, within=0)
    share = found.null_share[printed]
    weighted = np.array(C212_P)[printed] * share / (1 - share)
    expected = [0.0033333333, 0.0003333333, 0.0016666667, 0.0511670000, *[0] * 7]
    source = "R c212, help page of c212.GBH, weighted p"
    against("group_bh", source, "published", weighted, expected, within=5.1e-11)


def flagged_by_steps(p: np.ndarray, group: np.ndarray, share: np.ndarray, alpha: float) -> set[int]:
    """The second stage in the words of the paper: the largest i with the i-th weighted p ≤ i α / (N (1 − π̄))."""
    if share.min() == 1:
        return set()
    weighted = [value * one / (1 - one) if one < 1 else np.inf for value, one in zip(p, share, strict=True)]
    order = np.argsort(weighted, kind="stable")
    level = alpha / (1 - share.mean())
    passing = [i for i in range(1, len(p) + 1) if weighted[order[i - 1]] <= i * level / len(p)]
    return set(order[: max(passing, default=0)].tolist())


@pytest.mark.parametrize("estimate", ["tst", "lsl"])
def test_flags_of_random_trials_are_those_of_the_steps_of_the_paper(estimate: str, against: Against) -> None:
    rng = np.random.default_rng(20100101)
    some = 0
    for size in range(1, 60):
        p = np.round(rng.random(size) ** rng.choice([1, 4]), 4)
        group = rng.integers(0, 4, size)
        found = group_bh(p, group, null_share=estimate, alpha=0.1109)  # type: ignore[arg-type]
        wanted = flagged_by_steps(p, group, found.null_share, 0.1109)
        flags = np.isin(np.arange(size), list(wanted))
        against(
            "group_bh", "steps of the paper, flags of 59 trials", "brute force", found.flag, flags, within=0
        )
        some += bool(wanted)
        again = found.p_adjusted[~found.flag & (found.null_share < 1)]
        assert (again > 0.1109).all() and (found.p_adjusted[found.flag] <= 0.1109).all()
    assert some > 10


def test_shares_by_hand() -> None:
    """Four p, alpha 0.05: first stage at 0.05/1.05 rejects 0.01 and 0.02 (≤ 2/4 · 0.0476); slopes 4.04, 3.06, 5 rise at
    the third: (5 + 1)/4 is more than one."""
    p, group = [0.01, 0.02, 0.6, 0.9], ["skin"] * 4
    assert group_bh(p, group).null_share.tolist() == [0.5] * 4
    assert group_bh(p, group, null_share="lsl").null_share.tolist() == [1.0] * 4
    assert not group_bh(p, group, null_share="lsl").flag.any()
    assert group_bh([0.2, 1.0], ["eye", "eye"], null_share="lsl").null_share.tolist() == [1.0] * 2
    # at 0.05 the first stage rejects up to 0.0476
    assert group_bh([0.049, 0.0476, 0.0477], ["a", "b", "c"]).null_share.tolist() == [1, 0, 1]
    # every p of the eye is rejected by the first stage: its share is 0 and the whole group is flagged
    both = group_bh([0.001, 0.002, 0.5, 0.9], ["eye", "eye", "ear", "ear"])
    assert both.null_share.tolist() == [0, 0, 1, 1] and both.flag.tolist() == [True, True, False, False]
    assert both.p_adjusted.tolist() == [0, 0, 1, 1]


def test_a_missing_p_counts_nowhere_and_order_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    p, group, order = rng.random(40) ** 3, rng.integers(0, 3, 40), rng.permutation(40)
    found, other = group_bh(p, group), group_bh(p[order], np.array(["a", "c", "b"])[group[order]])
    np.testing.assert_allclose(other.p_adjusted, found.p_adjusted[order])
    with_gap = group_bh(np.append(p, np.nan), np.append(group, 0))
    np.testing.assert_array_equal(with_gap.p_adjusted[:-1], found.p_adjusted)
    assert np.isnan(with_gap.p_adjusted[-1]) and not with_gap.flag[-1]
    assert with_gap.warning[-1] == "no p-value: the event is not counted in any family"
    assert group_bh([], []).p_adjusted.shape == (0,)
    assert not group_bh([np.nan], [1]).flag.any()


def test_benjamini_yekutieli_equals_scipy_and_r(against: Against) -> None:
    rng = np.random.default_rng(20010101)
    for size in (1, 2, 7, 100):
        p = np.round(rng.random(size) ** 3, 3)
        expected = scipy_stats.false_discovery_control(p, method="by")
        source = "SciPy, false_discovery_control(method='by')"
        against("benjamini_yekutieli", source, "program", benjamini_yekutieli(p), expected, within=1e-13)
    # R 4.2.2: p.adjust(the fifteen p-values, "BY"), and of c(0.01, NA, 0.02, 0.5)
    fifteen = [
        *(0.00497734348984, 0.00995468697969, 0.03152317543568, 0.11821190788378, 0.20008920829171),
        *(0.21189262285334, 0.21189262285334, 0.21402577006327, 0.25384451798202, *[1.0] * 6),
    ]
    for p, expected in (
        (THROMBOLYSIS, fifteen),
        ([0.01, np.nan, 0.02, 0.5], [0.055, np.nan, 0.055, 11 / 12]),
    ):
        against(
            "benjamini_yekutieli", "R, p.adjust", "program", benjamini_yekutieli(p), expected, within=1e-12
        )
    assert benjamini_yekutieli([]).shape == (0,)
    assert (benjamini_yekutieli(THROMBOLYSIS) >= benjamini_hochberg(THROMBOLYSIS)).all()


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="null_share must be tst or lsl, got 'storey'"):
        group_bh([0.1], [1], null_share="storey")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1, got 0"):
        group_bh([0.1], [1], alpha=0)
    with pytest.raises(ValueError, match=r"p and group must both have shape \(n,\)"):
        group_bh([0.1, 0.2], [1])
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\] or be nan, got 1.2"):
        benjamini_yekutieli([1.2])
