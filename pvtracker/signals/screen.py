"""A screening run as a pure function: a cut with its arms in, result rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData, CutError
from pvtracker.cuts.derive import Arms, TermCounts
from pvtracker.cuts.sites import sites_of
from pvtracker.cuts.term_queries import Queries, by_query
from pvtracker.signals import silence, triggers
from pvtracker.signals.methods import (
    DEFAULT_METHODS,
    METHODS,
    Columns,
    Comparison,
    Method,
    Source,
    Threshold,
)
from pvtracker.signals.pieces import LEVELS as LEVELS
from pvtracker.signals.pieces import Asked, Piece, pieces_of
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.time_methods import with_deaths
from pvtracker.stats.results import BoolArray, FloatArray
from pvtracker.stats.tree_scan import SEED
from pvtracker.studies.definitions import Definitions

CODED_OR_NOT = ("SOC", "PT")  # levels that are shown even where nothing is coded
Progress = Callable[[int, int, str], None]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Screen:
    """The rows of a run with the definitions they rest on."""

    rows: list[ResultRow]
    settings: dict[str, Any]
    methods: dict[str, str]  # key → version


@dataclass(frozen=True, slots=True)
class Prepared:
    """A cut of which people, events and counts are derived, ready for any piece of the run."""

    asked: Asked
    data: CutData
    arms: Arms
    people: pd.DataFrame
    events: pd.DataFrame
    counts: list[TermCounts]
    totals: Any
    follow_up: Any

    def compute(self, piece: Piece, tell: Tell = lambda text: None) -> list[ResultRow]:
        """The rows of one piece."""
        counts = [table for table in self.counts if table.selection in piece.selections]
        blocks = _Blocks.of(
            counts,
            self.arms,
            self.totals,
            self.follow_up,
            derive.body_systems(self.events),
            self.people,
            self.events,
            self.asked.seed,
            derive.rules_of(self.data).queries,
        )
        said = {}
        for key in piece.methods:
            tell(METHODS[key].label)
            said[key] = METHODS[key].compute(blocks.comparison)
        thresholds = {key: self.asked.threshold(key) for key in piece.methods}
        return list(blocks.rows(said, thresholds, self.asked.analysis_arm))

    def assemble(self, rows: list[ResultRow]) -> Screen:
        """The run from the rows of all its pieces, whoever computed them in which order: sorted by level, selection,
        arm, term and method."""
        asked = self.asked
        place: dict[str, dict[str, int]] = {
            name: {one: index for index, one in enumerate(ordered)}
            for name, ordered in (
                ("level", asked.levels),
                ("selection", asked.selections),
                ("method", asked.methods),
                ("arm", [name for name, _ in self.arms.sides]),
            )
        }
        ordered = sorted(
            rows,
            key=lambda row: (
                place["level"][row.level],
                place["selection"][row.selection],
                place["arm"][row.arm],
                row.term,
                place["method"][row.method],
            ),
        )
        cases = triggers.triggers(
            self.data,
            analysis_arm=asked.analysis_arm,
            special_interest=derive.rules_of(self.data).special_interest,
        )
        return Screen(
            rows=ordered,
            settings=_settings(self)
            | {
                "triggers": triggers.stated(cases),
                "liver_left_out": triggers.liver_left_out(self.data, self.people),
                "sites": sites_of(self.data).stated(),
            },
            methods={key: METHODS[key].version for key in asked.methods},
        )


def prepare(data: CutData, asked: Asked, tell: Tell = lambda text: None) -> Prepared:
    """Choose who is analysed and which events count, and count them. The study's queries are a level of every run.

    CutError when the protocol names no reference arm, or no other. A level without any coded term (all "Not coded") is
    left out when it is neither SOC nor PT.
    """
    arms = derive.arms_of(data)
    if arms.reference is None:
        raise CutError(
            "The protocol names no reference arm; name one (import_study --reference) and freeze again."
        )
    if not arms.active:
        raise CutError("The protocol names no arm besides the reference, so there is nothing to compare.")
    tell("Choosing treatment-emergent events")
    people = with_deaths(data, derive.analysis_set(data, analysis_arm=asked.analysis_arm))
    events = derive.emergent_events(data, people)
    tell("Counting participants and events")
    size, queries = len(arms.names), derive.rules_of(data).queries
    if queries:
        asked = replace(asked, levels=(derive.QUERY, *asked.levels))
    counts = [
        table
        for level in asked.levels
        if level in (*CODED_OR_NOT, derive.QUERY) or _is_coded(events, level)
        for table in derive.count_terms(
            people,
            by_query(events, queries) if level == derive.QUERY else events,
            level=level,
            selections=tuple(asked.selections),
            arms=size,
        )
    ]
    totals, follow_up = derive.arm_totals(people, size)
    return Prepared(asked, data, arms, people, events, counts, totals, follow_up)


def _is_coded(events: pd.DataFrame, level: str) -> bool:
    return bool((events[derive.LEVELS[level]].fillna(derive.NOT_CODED) != derive.NOT_CODED).any())


def screen(
    data: CutData,
    *,
    analysis_arm: str,
    levels: Sequence[str] = LEVELS,
    selections: Sequence[str] = derive.SELECTIONS,
    methods: Sequence[str] = DEFAULT_METHODS,
    limits: Mapping[str, float] | None = None,
    seed: int = SEED,
    rules: Definitions | None = None,
    progress: Progress = lambda done, total, text: None,
) -> Screen:
    """Compare each active arm and pool with the reference, for every term of every level and selection, by each method.

    `rules`: the definitions, those of the cut when not given; they stand in the settings, whole and in words. CutError
    as `prepare`.
    """
    data = data if rules is None else derive.under(data, rules)
    return screen_asked(
        data, Asked(analysis_arm, levels, selections, methods, limits or {}, seed), progress=progress
    )


def screen_asked(data: CutData, asked: Asked, *, progress: Progress) -> Screen:
    """All pieces of the run one after the other."""
    pieces = pieces_of(asked.methods, asked.selections)
    steps, done = 2 + sum(len(piece.methods) for piece in pieces), 0

    def tell(text: str) -> None:
        nonlocal done
        progress(done, steps, text)
        done += 1

    prepared = prepare(data, asked, tell)
    return prepared.assemble([row for piece in pieces for row in prepared.compute(piece, tell)])


def _settings(of: Prepared) -> dict[str, Any]:
    data, arms, asked = of.data, of.arms, of.asked
    assert arms.reference is not None  # noqa: S101  # checked by the caller
    sizes = [
        {"name": name, "participants": int(n), "follow_up_years": float(years)}
        for name, n, years in zip(arms.names, of.totals, of.follow_up, strict=True)
    ]
    pools = [
        {
            "name": name,
            "arms": [arms.names[index] for index in members],
            "participants": int(of.totals[list(members)].sum()),
            "follow_up_years": float(of.follow_up[list(members)].sum()),
        }
        for name, members in arms.pools
    ]
    return {
        "analysis_arm": asked.analysis_arm,
        "reference": arms.names[arms.reference],
        "arms": sizes,
        "pools": pools,
        "would_have_shown": silence.overview([*sizes, *pools], arms.names[arms.reference]),
        "treated_without_arm": int((of.people["arm"].to_numpy() < 0).sum()),
        "terms": {f"{table.level} {table.selection}": len(table.terms) for table in of.counts},
        "levels": list(asked.levels),
        "selections": list(asked.selections),
        "levels_without_terms": [
            level for level in asked.levels if level not in {table.level for table in of.counts}
        ],
        "rules": replace(derive.rules_of(data), analysis_arm=asked.analysis_arm).stated(),
        "definitions": derive.definitions(data)
        | {
            METHODS[key].label: METHODS[key].definition.replace("{seed}", str(asked.seed))
            for key in asked.methods
            if METHODS[key].definition
        },
        "thresholds": {key: str(asked.threshold(key)) for key in asked.methods},
        "seed": asked.seed,
        "confidence_level": 0.95,
    }


@dataclass(frozen=True, slots=True)
class _Blocks:
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
        queries: Queries,
    ) -> _Blocks:
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
            source=Source(people, events, arms, labels, queries),
            seed=seed,
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
        """Rows in the order level, selection, arm, term, method."""
        c = self.comparison
        shared = zip(
            self.labels,
            c.n_arm.tolist(),
            c.N_arm.tolist(),
            c.n_ref.tolist(),
            c.N_ref.tolist(),
            self.events_arm.tolist(),
            self.events_ref.tolist(),
            c.person_years_arm.tolist(),
            c.person_years_ref.tolist(),
            self.follow_up_arm.tolist(),
            strict=True,
        )
        counted = c.n_arm * c.N_ref > c.n_ref * c.N_arm
        said = {
            key: _said(thresholds[key], columns, _more(METHODS[key], columns, counted))
            for key, columns in found.items()
        }
        for index, (label, n_arm, N_arm, n_ref, N_ref, e_arm, e_ref, py_arm, py_ref, fu_arm) in enumerate(
            shared
        ):
            level, term, selection, arm = label
            for key, columns in said.items():
                estimate, low, high, p, p_adjusted, posterior, flag, warning = columns[index]
                yield ResultRow(
                    level,
                    term,
                    selection,
                    arm,
                    self.reference,
                    n_arm,
                    N_arm,
                    n_ref,
                    N_ref,
                    e_arm,
                    e_ref,
                    py_arm,
                    py_ref,
                    fu_arm,
                    self.follow_up_ref,
                    key,
                    estimate,
                    low,
                    high,
                    p,
                    p_adjusted,
                    posterior,
                    flag,
                    warning,
                    analysis_arm,
                )


def _more(method: Method, columns: Columns, counted: BoolArray) -> BoolArray:
    """Is it more in the arm? As the method itself measures it: time, strata and exposure may turn what was counted."""
    if columns.more is not None:
        return columns.more
    if method.null_value is None:
        return counted
    with np.errstate(invalid="ignore"):
        found: BoolArray = columns.estimate > method.null_value
    return found


def _said(threshold: Threshold, columns: Columns, more: Any) -> list[tuple[Any, ...]]:
    """The method's numbers as plain values: None instead of nan and infinity, with the reason in the warning."""
    flag = (threshold.flags(columns) & more).tolist()
    warnings = _warnings(columns)
    posterior = np.full(len(flag), np.nan) if columns.posterior is None else columns.posterior
    numbers = [
        [
            value if known else None
            for value, known in zip(array.tolist(), np.isfinite(array).tolist(), strict=True)
        ]
        for array in (columns.estimate, columns.low, columns.high, columns.p, columns.p_adjusted, posterior)
    ]
    return list(zip(*numbers, flag, warnings, strict=True))


def _warnings(columns: Columns) -> list[str]:
    texts = ["" if text is None else str(text) for text in columns.warning]
    for name, beyond in (
        ("the estimate and the upper limit are", np.isinf(columns.estimate)),
        ("the upper limit is", np.isinf(columns.high) & ~np.isinf(columns.estimate)),
    ):
        for index in np.flatnonzero(beyond):
            texts[index] = texts[index] or f"a zero cell: {name} infinite"
    return texts
