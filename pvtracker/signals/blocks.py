"""The counts of a run as one block under another, what each method says of them, and the result rows of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts.derive import Arms, TermCounts
from pvtracker.cuts.periods import Periods
from pvtracker.cuts.term_queries import Queries
from pvtracker.signals.methods import METHODS, Columns, Comparison, Counted, Method, Source, Threshold
from pvtracker.signals.rows import ResultRow
from pvtracker.stats.results import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Blocks:
    """The counts of all levels, selections and active arms, one under another, so that each method runs once."""

    labels: list[tuple[str, str, str, str]]  # level, term, selection, arm of each row
    reference: str
    comparison: Comparison
    events_arm: Any
    events_ref: Any
    follow_up_arm: FloatArray
    follow_up_ref: float

    @classmethod
    def of(
        cls,
        counts: Sequence[TermCounts],
        arms: Arms,
        totals: Any,
        follow_up: Any,
        systems: dict[str, str],
        people: pd.DataFrame,
        events: pd.DataFrame,
        seed: int,
        margin: float,
        queries: Queries,
        periods: Periods | None,
    ) -> Blocks:
        reference = arms.reference
        assert reference is not None  # noqa: S101  # checked by the caller
        pieces = [(table, list(members)) for table in counts for _, members in arms.sides]
        lengths = [len(table.terms) for table, _ in pieces]

        def stacked(of: Callable[[TermCounts, list[int]], Any], kind: type) -> Any:
            return np.concatenate(
                [np.asarray(of(*piece), dtype=kind) for piece in pieces] or [np.array([], kind)]
            )

        def repeated(values: Sequence[Any], kind: type) -> Any:
            return np.repeat(np.asarray(values, dtype=kind), lengths)

        labels = [
            (t.level, term, t.selection, side) for t in counts for side, _ in arms.sides for term in t.terms
        ]
        comparison = Comparison(
            n_arm=stacked(lambda t, a: t.participants[:, a].sum(axis=1), np.int64),
            N_arm=repeated([totals[members].sum() for _, members in pieces], np.int64),
            n_ref=stacked(lambda t, a: t.participants[:, reference], np.int64),
            N_ref=repeated([totals[reference] for _ in pieces], np.int64),
            person_years_arm=stacked(lambda t, a: t.person_years[:, a].sum(axis=1), np.float64),
            person_years_ref=stacked(lambda t, a: t.person_years[:, reference], np.float64),
            family=repeated(range(len(pieces)), np.int64),
            body_system=stacked(
                lambda t, a: [systems[term] if t.level == "PT" else "" for term in t.terms], object
            ),
            source=Source(people, events, arms, labels, queries, periods),
            seed=seed,
            margin=margin,
        )
        return cls(
            labels=labels,
            reference=arms.names[reference],
            comparison=comparison,
            events_arm=stacked(lambda t, a: t.events[:, a].sum(axis=1), np.int64),
            events_ref=stacked(lambda t, a: t.events[:, reference], np.int64),
            follow_up_arm=repeated([follow_up[members].sum() for _, members in pieces], np.float64),
            follow_up_ref=float(follow_up[reference]),
        )

    def rows(
        self, found: dict[str, Columns], thresholds: Mapping[str, Threshold], analysis_arm: str
    ) -> Iterator[ResultRow]:
        """Rows in the order level, selection, arm, term, method, period or prior; the row over all of them is first,
        and is flagged when one of the periods is."""
        c = self.comparison
        over_all = Counted(
            c.n_arm,
            c.N_arm,
            c.n_ref,
            c.N_ref,
            self.events_arm,
            self.events_ref,
            c.person_years_arm,
            c.person_years_ref,
            self.follow_up_arm,
            np.full(len(c.n_arm), self.follow_up_ref),
        ).plain()
        said = {
            key: _said(thresholds[key], columns, _more(METHODS[key], columns, c))
            for key, columns in found.items()
        }
        parts = {
            key: [
                (
                    part,
                    over_all if part.counts is None else part.counts.plain(),
                    _said(thresholds[key], part.columns, _more(METHODS[key], part.columns, c)),
                    part.there.tolist(),
                )
                for part in columns.within
            ]
            for key, columns in found.items()
        }
        for index, (level, term, selection, arm) in enumerate(self.labels):
            finding: list[Any] = [level, term, selection, arm, self.reference]
            for key, told in said.items():
                there = [part for part in parts[key] if part[3][index]]
                *numbers, flag, warning, further = told[index]
                periods = [rows[index] for part, _, rows, _ in there if part.of == "period"]
                flag = any(said_in[-3] for said_in in periods) if periods else flag
                values = [*finding, *over_all[index], key, *numbers, flag, warning, analysis_arm]
                yield ResultRow(*(*values, "", *further, ""))
                for part, counts, rows, _ in there:
                    *numbers, further = rows[index]
                    values = [*finding, *counts[index], key, *numbers, analysis_arm]
                    period, prior = (part.name if part.of == kind else "" for kind in ("period", "prior"))
                    yield ResultRow(*(*values, period, *further, prior))


def _more(method: Method, columns: Columns, c: Comparison) -> BoolArray:
    """Is it more in the arm? As the method itself measures it: time, strata and exposure may turn what was counted."""
    if columns.more is not None:
        return columns.more
    if method.null_value is None:
        return c.n_arm * c.N_ref > c.n_ref * c.N_arm
    with np.errstate(invalid="ignore"):
        found: BoolArray = columns.estimate > method.null_value
    return found


def _said(threshold: Threshold, columns: Columns, more: Any) -> list[tuple[Any, ...]]:
    """The method's numbers as plain values: None instead of nan and infinity, with the reason in the warning; the last
    are the two that only a posterior has."""
    flag = (threshold.flags(columns) & more).tolist()

    def plain(array: FloatArray | None) -> list[float | None]:
        if array is None:
            return [None] * len(flag)
        known = np.isfinite(array).tolist()
        return [value if there else None for value, there in zip(array.tolist(), known, strict=True)]

    usual = (columns.estimate, columns.low, columns.high, columns.p, columns.p_adjusted, columns.posterior)
    further = zip(plain(columns.beyond_margin), plain(columns.r_hat), strict=True)
    return list(zip(*map(plain, usual), flag, _warnings(columns), further, strict=True))


def _warnings(columns: Columns) -> list[str]:
    texts = ["" if text is None else str(text) for text in columns.warning]
    for name, beyond in (
        ("the estimate and the upper limit are", np.isinf(columns.estimate)),
        ("the upper limit is", np.isinf(columns.high) & ~np.isinf(columns.estimate)),
    ):
        for index in np.flatnonzero(beyond):
            texts[index] = texts[index] or f"a zero cell: {name} infinite"
    return texts
