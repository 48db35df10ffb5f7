"""Group-weighted false discovery rate: groups with more true effects weigh more.

Method, sources and differences between programs: docs/methods/group-bh.md.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.benjamini_hochberg import adjust, grouped
from pvtracker.stats.double_fdr import NO_P
from pvtracker.stats.inputs import Labels, level, no_warning
from pvtracker.stats.results import FloatArray, GroupFdr, IntArray

NullShare = Literal["tst", "lsl"]


def group_bh(p: ArrayLike, group: Labels, *, null_share: NullShare = "tst", alpha: float = 0.05) -> GroupFdr:
    """Hu, Zhao and Zhou's adaptive group Benjamini-Hochberg procedure.

    p: p-values, shape (n,), in [0, 1]; a nan stays nan and counts nowhere, with a warning. group: label of each test's
    group (of an event: its body system), shape (n,).
    Each p is weighted by π/(1 − π), π the share of true null hypotheses in its group, estimated from the group's own
    p-values: "tst", two stages: 1 − (rejections of Benjamini-Hochberg at alpha/(1 + alpha)) / tests; "lsl", the lowest
    slope. One Benjamini-Hochberg procedure over all weighted p follows, at alpha/(1 − π̄), π̄ the mean of π over all
    tests. A group with π = 1 is never flagged, one with π = 0 wholly; with π = 1 in all groups nothing is.
    ValueError for p outside [0, 1], differing shapes, an unknown estimate or a level outside (0, 1).

    null_share: how the share of true null hypotheses is estimated, "tst" (two stages) or "lsl" (lowest slope).

    Source: Hu, Zhao & Zhou (2010) JASA 105:1215-1227; second stage at alpha, as the R package c212 carries it out.
    """
    alpha = level("alpha", alpha)
    if null_share not in get_args(NullShare):
        raise ValueError(f"null_share must be {' or '.join(get_args(NullShare))}, got {null_share!r}")
    values, index = grouped(p, group, name="group")
    known = ~np.isnan(values)
    warning = no_warning(len(values))
    warning[~known] = NO_P
    shares = _two_stage(values, index, alpha) if null_share == "tst" else _lowest_slope(values, index)
    share = np.where(known, shares[index], np.nan)
    mean = float(np.mean(share[known])) if known.any() else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        weighted = values * share / (1 - share) * (1 - mean)
    # weighted p may be beyond 1, infinite, or 0 times infinite: never flagged
    hopeless = known & ((share == 1) | (mean == 1))
    weighted = np.where(hopeless, 1.0, np.minimum(weighted, 1.0))
    p_adjusted = adjust(weighted, np.zeros(len(values), dtype=np.int64))
    p_adjusted = np.where(hopeless, 1.0, p_adjusted)
    return GroupFdr(p_adjusted, share, (p_adjusted <= alpha) & ~hopeless, warning)


def _two_stage(values: FloatArray, index: IntArray, alpha: float) -> FloatArray:
    """Share of true nulls in each group; groups without any p have 1."""
    groups = int(index.max(initial=-1)) + 1
    tests = np.bincount(index[~np.isnan(values)], minlength=groups)
    rejected = np.bincount(index[adjust(values, index) <= alpha / (1 + alpha)], minlength=groups)
    return np.where(tests > 0, (tests - rejected) / np.maximum(tests, 1), 1.0)


def _lowest_slope(values: FloatArray, index: IntArray) -> FloatArray:
    """The same from the line through (1, n + 1) and the i-th smallest p: l = (n + 1 − i)/(1 − p), taken where it rises
    for the first time, or at the last."""
    shares = np.ones(int(index.max(initial=-1)) + 1)
    for group in range(len(shares)):
        its = np.sort(values[(index == group) & ~np.isnan(values)])
        if not len(its):
            continue
        with np.errstate(divide="ignore"):
            slope = np.arange(len(its), 0, -1) / (1 - its)
        rises = np.flatnonzero(slope[1:] > slope[:-1])
        at = slope[rises[0] + 1] if len(rises) else slope[-1]
        shares[group] = min(1.0, (np.floor(at) + 1) / len(its))
    return shares
