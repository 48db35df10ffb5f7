"""Statistics of a screening run that compare the arms within the strata that the study names: only where named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pvtracker import stats
from pvtracker.cuts import derive
from pvtracker.cuts.term_queries import by_query
from pvtracker.signals.method import POINTS, Columns, Comparison, Method, Source, Threshold
from pvtracker.signals.run_definitions import DEFINITIONS
from pvtracker.stats.results import BoolArray, ChiSquared, IntArray, Interval, PValues, TextArray

NO_STRATA = "the study names no strata (definitions): nothing is stratified"
RULE = "Within the strata that the study's definitions name; a stratum without participants of both arms adds nothing."
ONE, SEVERAL = ("stratum", "has", "is"), ("strata", "have", "are")


@dataclass(frozen=True, slots=True)
class Stratified:
    """Participants with the event and participants, arm and reference: each of shape (rows, strata)."""

    n_arm: IntArray
    N_arm: IntArray
    n_ref: IntArray
    N_ref: IntArray


def by_stratum(source: Source) -> Stratified:
    """The counts of each row of a comparison in each stratum of `people`, strata in alphabetical order."""
    people, arms = source.people, source.arms
    if arms.reference is None:
        raise ValueError("a stratified comparison needs a reference arm")
    code, names = pd.factorize(people["stratum"], sort=True)
    size, strata = len(arms.names), len(names)
    arm = people["arm"].to_numpy()
    crossed = people.assign(arm=np.where(arm >= 0, arm * strata + code, -1))
    totals = derive.arm_totals(crossed, size * strata)[0].reshape(size, strata)
    counted: dict[tuple[str, str, str], IntArray] = {}
    for level, selection in dict.fromkeys((level, selection) for level, _, selection, _ in source.labels):
        events = by_query(source.events, source.queries) if level == derive.QUERY else source.events
        [table] = derive.count_terms(crossed, events, level=level, selections=[selection], arms=size * strata)
        by_term = zip(table.terms, table.participants.reshape(-1, size, strata), strict=True)
        counted |= {(level, term, selection): row for term, row in by_term}
    members = {name: list(within) for name, within in arms.sides}
    rows = [counted[level, term, selection] for level, term, selection, _ in source.labels]
    sides = [members[side] for *_, side in source.labels]
    shape = (len(rows), strata)
    return Stratified(
        n_arm=np.array([row[s].sum(axis=0) for row, s in zip(rows, sides, strict=True)]).reshape(shape),
        N_arm=np.array([totals[s].sum(axis=0) for s in sides]).reshape(shape),
        n_ref=np.array([row[arms.reference] for row in rows]).reshape(shape),
        N_ref=np.array([totals[arms.reference] for _ in rows]).reshape(shape),
    )


def _within(of: Callable[[Stratified], Interval | PValues | ChiSquared]) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        nothing = np.full(len(c.n_arm), np.nan)
        if "stratum" not in c.source.people or not len(c.n_arm):
            warning = np.full(len(c.n_arm), NO_STRATA, dtype=object)
            return Columns(nothing, nothing, nothing, nothing, nothing, warning)
        counted = by_stratum(c.source)
        found = of(counted)
        warning = _with_left_out(found.warning, counted)
        if isinstance(found, Interval):
            # an infinite estimate is told by its lower limit; without one it is none
            endless = np.isinf(found.estimate) & np.isnan(found.low)
            estimate = np.where(endless, np.nan, found.estimate)
            return Columns(estimate, found.low, found.high, nothing, nothing, warning)
        more = np.zeros(len(nothing), bool) if isinstance(found, ChiSquared) else _more(counted)
        return Columns(nothing, nothing, nothing, found.p, nothing, warning, more=more)

    return compute


def _with_left_out(warning: TextArray, s: Stratified) -> TextArray:
    """The warnings of the rows and, behind them, who of the row's participants is in a stratum of one arm only."""
    one_arm = (s.N_arm > 0) != (s.N_ref > 0)
    strata = one_arm.sum(axis=1)
    people, had = (np.where(one_arm, both, 0).sum(axis=1) for both in (s.N_arm + s.N_ref, s.n_arm + s.n_ref))
    said = warning.copy()
    for row in np.flatnonzero(strata):
        many, (name, has, out) = strata[row], ONE if strata[row] == 1 else SEVERAL
        who = (
            f"{people[row]} participant{'' if people[row] == 1 else 's'}, {had[row]} of them with the event,"
        )
        left_out = f"{many} {name} with {who} {has} one arm only and {out} left out"
        said[row] = f"{said[row]}; {left_out}" if said[row] else left_out
    return said


def _more(s: Stratified) -> BoolArray:
    """More in the arm than the margins of the strata let expect."""
    people = s.N_arm + s.N_ref
    expected = (s.n_arm + s.n_ref) * s.N_arm / np.maximum(people, 1)
    found: BoolArray = s.n_arm.sum(axis=1) > expected.sum(axis=1)
    return found


METHODS = (
    Method(
        "rd_mn_stratified",
        "Stratified risk difference, Miettinen–Nurminen",
        _within(lambda s: stats.risk_difference_mn_stratified(s.n_arm, s.N_arm, s.n_ref, s.N_ref)),
        "1",
        Threshold("low", 0.0),
        "stratified.md",
        0.0,
        POINTS,
        definition=f"{RULE} {DEFINITIONS['risk_difference_mn_stratified']}",
        default=False,
    ),
    Method(
        "cmh_exact",
        "Cochran–Mantel–Haenszel test, exact",
        _within(lambda s: stats.cmh_exact(s.n_arm, s.N_arm, s.n_ref, s.N_ref)),
        "1",
        Threshold("p", 0.05),
        "cmh.md",
        definition=f"{RULE} {DEFINITIONS['cmh_exact']}",
        default=False,
    ),
    Method(
        "rd_mh",
        "Stratified risk difference, Mantel–Haenszel",
        _within(lambda s: stats.risk_difference_mh(s.n_arm, s.N_arm, s.n_ref, s.N_ref)),
        "1",
        Threshold("low", 0.0),
        "stratified.md",
        0.0,
        POINTS,
        definition=f"{RULE} {DEFINITIONS['risk_difference_mh']}",
        default=False,
    ),
    Method(
        "rr_mh",
        "Stratified risk ratio, Mantel–Haenszel",
        _within(lambda s: stats.risk_ratio_mh(s.n_arm, s.N_arm, s.n_ref, s.N_ref)),
        "1",
        Threshold("low", 1.0),
        "stratified.md",
        1.0,
        definition=f"{RULE} {DEFINITIONS['risk_ratio_mh']}",
        default=False,
    ),
    Method(
        "or_mh",
        "Stratified odds ratio, Mantel–Haenszel",
        _within(lambda s: stats.odds_ratio_mh(s.n_arm, s.N_arm, s.n_ref, s.N_ref)),
        "1",
        Threshold("low", 1.0),
        "stratified.md",
        1.0,
        definition=f"{RULE} {DEFINITIONS['odds_ratio_mh']}",
        default=False,
    ),
    Method(
        "or_stratified_exact",
        "Stratified odds ratio, exact",
        _within(lambda s: stats.odds_ratio_stratified_exact(s.n_arm, s.N_arm, s.n_ref, s.N_ref)),
        "1",
        Threshold("low", 1.0),
        "cmh.md",
        1.0,
        definition=f"{RULE} {DEFINITIONS['odds_ratio_stratified_exact']}",
        default=False,
    ),
    Method(
        "breslow_day",
        "Breslow–Day test of alike odds ratios",
        _within(lambda s: stats.breslow_day(s.n_arm, s.N_arm, s.n_ref, s.N_ref)),
        "1",
        Threshold("p", 0.05),
        "breslow-day.md",
        definition=f"{RULE} {DEFINITIONS['breslow_day']} It flags nothing: that strata differ is no excess in the arm.",
        flags=False,
        default=False,
    ),
)
