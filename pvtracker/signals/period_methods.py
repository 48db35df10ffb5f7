"""The hierarchical model over periods as a statistic of a screening run: only in runs that name it.

In each period: participants with an event within it, and years within it to the first of them (`cuts/periods.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pvtracker import stats
from pvtracker.cuts import derive
from pvtracker.signals.hierarchical_methods import BEYOND_RATES, PREFERRED_TERMS_ONLY
from pvtracker.signals.method import (
    RATE_RATIO,
    Columns,
    Comparison,
    Counted,
    Method,
    Posterior,
    Source,
    Threshold,
    Within,
)
from pvtracker.signals.run_definitions import DEFINITIONS
from pvtracker.stats.results import Hierarchical, IntArray

NO_PHASES = "the study names no phases (definitions, windows by phase): nothing is said of periods"
NOBODY = "nobody of the arm or of the reference is followed in this period"
LARGEST = "the probability is that of the period where it is largest: {}"
NONE_KNOWN = "no probability is known in any period; their rows say why"


def by_period(source: Source) -> list[tuple[str, Counted]]:
    """The counts of each row of a comparison of preferred terms within each period; of other levels zeros."""
    if source.periods is None:
        return []
    if source.arms.reference is None:
        raise ValueError("a comparison needs a reference arm")
    size, reference = len(source.arms.names), (source.arms.reference,)
    members = [source.arms.members(side) for *_, side in source.labels]
    selections = tuple(dict.fromkeys(selection for _, _, selection, _ in source.labels))
    found = []
    for name, people, events in source.periods.within(source.people, source.events):
        totals, years = derive.arm_totals(people, size)
        nobody = (np.zeros(size, np.int64), np.zeros(size, np.int64), years)
        counted = {
            (table.selection, term): columns
            for table in derive.count_terms(people, events, level="PT", selections=selections, arms=size)
            for term, *columns in zip(
                table.terms, table.participants, table.events, table.person_years, strict=True
            )
        }
        rows = [
            counted.get((selection, term), nobody) if level == "PT" else nobody
            for level, term, selection, _ in source.labels
        ]

        def summed(values: Sequence[Any], sides: Sequence[Sequence[int]], kind: type) -> Any:
            pairs = zip(values, sides, strict=True)
            return np.array([one[list(side)].sum() for one, side in pairs], dtype=kind)

        had, happened, time = ([row[at] for row in rows] for at in range(3))
        each, followed, of_ref = [totals] * len(rows), [years] * len(rows), [reference] * len(rows)
        found.append(
            (
                name,
                Counted(
                    *(summed(v, s, np.int64) for s in (members, of_ref) for v in (had, each)),
                    *(summed(happened, s, np.int64) for s in (members, of_ref)),
                    *(summed(v, s, np.float64) for v in (time, followed) for s in (members, of_ref)),
                ),
            )
        )
    return found


def _berry_berry_periods(c: Comparison) -> Columns:
    """Each family of preferred terms by itself; its entries are period after period, the terms in the order of the
    rows."""
    size, nothing = len(c.n_arm), np.full(len(c.n_arm), np.nan)
    terms, periods = c.body_system != "", by_period(c.source)
    if not periods:
        warning = np.where(terms, NO_PHASES, PREFERRED_TERMS_ONLY).astype(object)
        return Columns(nothing, nothing, nothing, nothing, nothing, warning, posterior=nothing)
    said = [Posterior(size, NOBODY) for _ in periods]
    for family in np.unique(c.family[terms]):
        rows = np.flatnonzero(terms & (c.family == family))
        entered = [
            (one, counts)
            for one, (_, counts) in zip(said, periods, strict=True)
            if counts.N_arm[rows[0]] and counts.N_ref[rows[0]]
        ]
        if entered:
            found = fitted([counts for _, counts in entered], rows, c)
            for at, (one, _) in enumerate(entered):
                one.take(rows, found, slice(at * len(rows), (at + 1) * len(rows)))
    posterior = np.stack([one.posterior for one in said])
    known = np.asarray(~np.isnan(posterior).all(axis=0))
    largest = np.where(np.isnan(posterior), -1.0, posterior).argmax(axis=0)
    warning = np.full(size, PREFERRED_TERMS_ONLY, dtype=object)
    for row in np.flatnonzero(terms):
        warning[row] = LARGEST.format(periods[largest[row]][0]) if known[row] else NONE_KNOWN
    return Columns(
        *(nothing, nothing, nothing, nothing, nothing),
        warning,
        posterior=np.where(known, np.take_along_axis(posterior, largest[None], 0)[0], np.nan),
        within=tuple(
            Within(name, counts, one.columns(), terms)
            for one, (name, counts) in zip(said, periods, strict=True)
        ),
    )


def fitted(periods: Sequence[Counted], rows: IntArray, c: Comparison) -> Hierarchical:
    """The calculator's own figures of some rows in these periods, period after period."""
    x, t, y, u = (
        np.concatenate([getattr(counts, name)[rows] for counts in periods])
        for name in ("n_arm", "person_years_arm", "n_ref", "person_years_ref")
    )
    return stats.berry_berry_periods(
        x,
        t,
        y,
        u,
        np.tile(c.body_system[rows].astype(str), len(periods)),
        np.repeat(np.arange(len(periods)), len(rows)),
        margin=c.margin,
        seed=c.seed,
    )


METHODS = (
    Method(
        "berry_berry_periods",
        "Bayesian hierarchical rate ratio by period, Berry & Berry",
        _berry_berry_periods,
        "1",
        Threshold("posterior", 0.95),
        "berry-berry-periods.md",
        1.0,
        RATE_RATIO,
        definition="In each period the participants with an event within it, and their years within it to the first. "
        "The periods are the phases that the definitions name (windows by phase): each exposure that carries a phase "
        "opens it, to the end of the phase’s window; a day in two belongs to the exposure that began last, and what is "
        "left of the follow-up is a period of its own. An event lies in the period of its day, one of unknown day in "
        f"none. {DEFINITIONS['berry_berry_periods']} {BEYOND_RATES} Flagged over all periods where it is in one.",
        default=False,
    ),
)
