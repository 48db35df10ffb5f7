"""Further statistics of a screening run that need the counts only: never in every run, only where they are named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pvtracker import stats
from pvtracker.signals.method import (
    FAMILY,
    FIRST_EVENTS,
    POINTS,
    RATE,
    Columns,
    Comparison,
    Method,
    Threshold,
)
from pvtracker.signals.run_definitions import DEFINITIONS
from pvtracker.stats.results import FloatArray, IntArray, Interval, PValues

GROUP_FDR_ALPHA = 0.1  # of both stages of the group procedure; as the threshold of its flag
PREFERRED_TERMS_ONLY = "terms are grouped by organ class; nothing is said at this level"


def _nothing(c: Comparison) -> FloatArray:
    return np.full(len(c.n_arm), np.nan)


def _interval(function: Callable[..., Interval]) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        found = function(c.n_arm, c.N_arm, c.n_ref, c.N_ref)
        return Columns(found.estimate, found.low, found.high, _nothing(c), _nothing(c), found.warning)

    return compute


def _test(function: Callable[..., PValues]) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        found = function(c.n_arm, c.N_arm, c.n_ref, c.N_ref)
        return Columns(_nothing(c), _nothing(c), _nothing(c), found.p, _nothing(c), found.warning)

    return compute


def _rates(c: Comparison) -> tuple[IntArray, FloatArray, IntArray, FloatArray]:
    """Participants with the event and years to it, arm and reference."""
    return c.n_arm, c.person_years_arm, c.n_ref, c.person_years_ref


def _rate_ratio_midp(c: Comparison) -> Columns:
    found = stats.rate_ratio_midp(*_rates(c))
    return Columns(found.estimate, found.low, found.high, found.p, _nothing(c), found.warning)


def _rate_difference(c: Comparison) -> Columns:
    found = stats.rate_difference_mn(*_rates(c))
    return Columns(found.estimate, found.low, found.high, _nothing(c), _nothing(c), found.warning)


def _yekutieli(c: Comparison) -> Columns:
    """Of Fisher's p, over the terms of the same level, selection and arm."""
    tested = stats.fisher(c.n_arm, c.N_arm, c.n_ref, c.N_ref)
    adjusted = _nothing(c)
    for family in np.unique(c.family):
        rows = c.family == family
        adjusted[rows] = stats.benjamini_yekutieli(tested.p[rows])
    return Columns(_nothing(c), _nothing(c), _nothing(c), tested.p, adjusted, tested.warning)


def _group_bh(c: Comparison) -> Columns:
    """Of Fisher's p, preferred terms grouped by organ class."""
    tested = stats.fisher(c.n_arm, c.N_arm, c.n_ref, c.N_ref)
    adjusted, warning, terms = _nothing(c), tested.warning.copy(), c.body_system != ""
    warning[~terms] = PREFERRED_TERMS_ONLY
    for family in np.unique(c.family[terms]):
        rows = np.flatnonzero(terms & (c.family == family))
        found = stats.group_bh(tested.p[rows], c.body_system[rows].astype(str), alpha=GROUP_FDR_ALPHA)
        adjusted[rows] = found.p_adjusted
        warning[rows] = [first or second for first, second in zip(warning[rows], found.warning, strict=True)]
    return Columns(_nothing(c), _nothing(c), _nothing(c), tested.p, adjusted, warning)


METHODS = (
    Method(
        "rd_newcombe",
        "Risk difference, Newcombe’s hybrid score",
        _interval(stats.risk_difference_newcombe),
        "1",
        Threshold("low", 0.0),
        "risk-difference-newcombe.md",
        0.0,
        POINTS,
        definition=DEFINITIONS["risk_difference_newcombe"],
        default=False,
    ),
    Method(
        "or_midp",
        "Odds ratio, conditional mid-p",
        _interval(stats.odds_ratio_midp),
        "1",
        Threshold("low", 1.0),
        "odds-ratio.md",
        1.0,
        definition=DEFINITIONS["odds_ratio_midp"],
        default=False,
    ),
    Method(
        "barnard",
        "Barnard’s test",
        _test(stats.barnard),
        "1",
        Threshold("p", 0.05),
        "barnard.md",
        definition=DEFINITIONS["barnard"],
        default=False,
    ),
    Method(
        "rate_ratio_midp",
        "Exposure-adjusted incidence rate ratio, mid-p",
        _rate_ratio_midp,
        "1",
        Threshold("low", 1.0),
        "rate-ratio-midp.md",
        1.0,
        definition=f"{FIRST_EVENTS} {DEFINITIONS['rate_ratio_midp']}",
        default=False,
    ),
    Method(
        "rate_difference_mn",
        "Exposure-adjusted incidence rate difference, Miettinen–Nurminen",
        _rate_difference,
        "1",
        Threshold("low", 0.0),
        "rate-difference.md",
        0.0,
        RATE,
        definition=f"{FIRST_EVENTS} {DEFINITIONS['rate_difference_mn']}",
        default=False,
    ),
    Method(
        "by",
        "Benjamini–Yekutieli",
        _yekutieli,
        "1",
        Threshold("p_adjusted", 0.1),
        "benjamini-yekutieli.md",
        definition=f"Of Fisher’s p, for any dependence of the terms. {DEFINITIONS['benjamini_yekutieli']} {FAMILY}",
        default=False,
    ),
    Method(
        "group_bh",
        "Group Benjamini–Hochberg, Hu, Zhao & Zhou",
        _group_bh,
        "1",
        Threshold("p_adjusted", GROUP_FDR_ALPHA),
        "group-bh.md",
        definition=f"Of Fisher’s p of preferred terms, groups being organ classes, at {GROUP_FDR_ALPHA:g}. "
        f"{DEFINITIONS['group_bh']} {FAMILY}",
        default=False,
    ),
)
