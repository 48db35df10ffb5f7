"""The statistics of a screening run, one line each in METHODS. To add one: a function in `stats`, a line here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pvtracker import stats
from pvtracker.cuts.derive import QUERY
from pvtracker.signals import (
    further_methods,
    hierarchical_methods,
    period_methods,
    stratified_methods,
    time_methods,
)
from pvtracker.signals.method import (
    FAMILY,
    FIRST_EVENTS,
    POINTS,
    Columns,
    Comparison,
    Counted,
    Method,
    Scale,
    Source,
    Threshold,
)
from pvtracker.signals.run_definitions import DEFINITIONS
from pvtracker.signals.tree import scan_terms
from pvtracker.stats.results import DoubleFdr, Interval, PValues
from pvtracker.stats.tree_scan import REPLICATES

__all__ = ["METHODS", "Columns", "Comparison", "Counted", "Method", "Scale", "Source", "Threshold"]

ONE_SYSTEM_LEVEL = "double FDR groups preferred terms by organ class; it says nothing at this level"
UNCODED_LEVEL = "no term of this level is coded: the tree scan says nothing"
NO_TREE = "queries overlap and stand beside the tree: the tree scan says nothing of them"


def _interval(function: Callable[..., Interval]) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        found = function(c.n_arm, c.N_arm, c.n_ref, c.N_ref)
        nothing = np.full(len(c.n_arm), np.nan)
        return Columns(found.estimate, found.low, found.high, nothing, nothing, found.warning)

    return compute


def _test(function: Callable[..., PValues], *, adjust: bool = False) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        found = function(c.n_arm, c.N_arm, c.n_ref, c.N_ref)
        nothing = np.full(len(c.n_arm), np.nan)
        adjusted = stats.benjamini_hochberg_by_group(found.p, c.family) if adjust else nothing
        return Columns(nothing, nothing, nothing, found.p, adjusted, found.warning)

    return compute


def _rate_ratio(c: Comparison) -> Columns:
    found = stats.rate_ratio_exact(c.n_arm, c.person_years_arm, c.n_ref, c.person_years_ref)
    nothing = np.full(len(c.n_arm), np.nan)
    return Columns(found.estimate, found.low, found.high, found.p, nothing, found.warning)


def _double_fdr(function: Callable[..., DoubleFdr]) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        tested = stats.fisher(c.n_arm, c.N_arm, c.n_ref, c.N_ref)
        nothing, adjusted = np.full(len(c.n_arm), np.nan), np.full(len(c.n_arm), np.nan)
        warning = tested.warning
        terms = c.body_system != ""
        for family in np.unique(c.family[terms]):
            rows = np.flatnonzero(terms & (c.family == family))
            found = function(tested.p[rows], c.body_system[rows].astype(str))
            adjusted[rows] = found.p_adjusted
            # an empty arm explains more than the missing p that follows from it
            warning[rows] = [
                first or second for first, second in zip(warning[rows], found.warning, strict=True)
            ]
        warning[~terms] = ONE_SYSTEM_LEVEL
        return Columns(nothing, nothing, nothing, tested.p, adjusted, warning)

    return compute


def _tree_scan(c: Comparison) -> Columns:
    """p: of the term alone, arms permuted, which is Fisher's one-sided p; p_adjusted: over all terms of all levels."""
    source, nothing = c.source, np.full(len(c.n_arm), np.nan)
    found = {
        (row.level, row.term, row.selection, row.arm): row
        for row in scan_terms(
            source.people,
            source.events,
            source.arms,
            levels=tuple(dict.fromkeys(level for level, *_ in source.labels)),
            selections=tuple(dict.fromkeys(selection for _, _, selection, _ in source.labels)),
            seed=c.seed,
        )
    }
    rows = [found.get(label) for label in source.labels]
    adjusted = [np.nan if row is None or row.p is None else row.p for row in rows]
    warning = [
        (NO_TREE if label[0] == QUERY else UNCODED_LEVEL) if row is None else row.warning or None
        for row, label in zip(rows, source.labels, strict=True)
    ]
    from scipy.stats import hypergeom  # not above: it takes a second, which each start of a process would pay

    with np.errstate(invalid="ignore"):
        alone = hypergeom.sf(c.n_arm - 1, c.N_arm + c.N_ref, c.n_arm + c.n_ref, c.N_arm)
    adjusted_p = np.array(adjusted, dtype=np.float64)
    p = np.where(np.isnan(adjusted_p), np.nan, alone)
    return Columns(nothing, nothing, nothing, p, adjusted_p, np.array(warning, dtype=object))


METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method(
            "rd_mn",
            "Risk difference, Miettinen–Nurminen",
            _interval(stats.risk_difference_mn),
            "1",
            Threshold("low", 0.0),
            "risk-difference.md",
            0.0,
            POINTS,
            definition=DEFINITIONS["risk_difference_mn"],
        ),
        Method(
            "rr_koopman",
            "Risk ratio, Koopman",
            _interval(stats.risk_ratio_koopman),
            "1",
            Threshold("low", 1.0),
            "risk-ratio.md",
            1.0,
            definition=DEFINITIONS["risk_ratio_koopman"],
        ),
        Method(
            "or_conditional",
            "Odds ratio, conditional",
            _interval(stats.odds_ratio_conditional),
            "1",
            Threshold("low", 1.0),
            "odds-ratio.md",
            1.0,
            definition=DEFINITIONS["odds_ratio_conditional"],
        ),
        Method(
            "fisher",
            "Fisher’s exact test",
            _test(stats.fisher, adjust=True),
            "1",
            Threshold("p_adjusted", 0.1),
            "fisher.md",
            definition=f"{DEFINITIONS['fisher']} {DEFINITIONS['benjamini_hochberg']} {FAMILY}",
        ),
        Method(
            "fisher_midp",
            "Fisher’s mid-p test",
            _test(stats.fisher_midp),
            "1",
            Threshold("p", 0.05),
            "fisher-midp.md",
            definition=DEFINITIONS["fisher_midp"],
        ),
        Method(
            "eair_ratio",
            "Exposure-adjusted incidence rate ratio, exact",
            _rate_ratio,
            "2",
            Threshold("low", 1.0),
            "rate-ratio.md",
            1.0,
            definition=f"{FIRST_EVENTS} {DEFINITIONS['rate_ratio_exact']}",
        ),
        Method(
            "dfdr_2004",
            "Double FDR, Mehrotra & Heyse 2004",
            _double_fdr(stats.double_fdr_2004),
            "1",
            Threshold("p_adjusted", 0.1),
            "double-fdr.md",
            definition=f"Of Fisher’s p. {DEFINITIONS['double_fdr_2004']} {FAMILY}",
        ),
        Method(
            "dfdr_2012",
            "Double FDR, Mehrotra & Adewale 2012",
            _double_fdr(stats.double_fdr_2012),
            "1",
            Threshold("p_adjusted", 0.1),
            "double-fdr.md",
            definition=f"Of Fisher’s p. {DEFINITIONS['double_fdr_2012']} {FAMILY}",
        ),
        Method(
            "boschloo",
            "Boschloo’s test",
            _test(stats.boschloo),
            "1",
            Threshold("p", 0.05),
            "boschloo.md",
            definition=DEFINITIONS["boschloo"],
            default=False,
        ),
        Method(
            "rd_exact",
            "Risk difference, exact unconditional",
            _interval(stats.risk_difference_exact),
            "2",
            Threshold("low", 0.0),
            "risk-difference-exact.md",
            0.0,
            POINTS,
            definition=DEFINITIONS["risk_difference_exact"],
            default=False,
        ),
        *hierarchical_methods.METHODS,
        Method(
            "tree_scan",
            "Tree scan, participants permuted",
            _tree_scan,
            "1",
            Threshold("p_adjusted", 0.05),
            "tree-scan.md",
            definition=f"Arms permuted among the participants of arm and reference, {REPLICATES} times from seed "
            f"{{seed}}. Nodes are the terms of all levels of the run. {DEFINITIONS['tree_scan']} The adjusted p is "
            "that of the scan, within selection and arm; p is of the term alone, one-sided.",
            default=False,
        ),
        *further_methods.METHODS,
        *period_methods.METHODS,
        *time_methods.METHODS,
        *stratified_methods.METHODS,
    )
}


def may_flag(key: str) -> bool:
    """Does the method flag an excess at all? One that this version of the program no longer has did."""
    return key not in METHODS or METHODS[key].flags


DEFAULT_METHODS = tuple(key for key, method in METHODS.items() if method.default)
FURTHER_METHODS = tuple(key for key, method in METHODS.items() if not method.default)
