"""A screening run as a pure function: a cut with its arms in, result rows out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData, CutError
from pvtracker.cuts.derive import Arms, TermCounts
from pvtracker.cuts.periods import Periods, periods_of
from pvtracker.cuts.sites import sites_of
from pvtracker.cuts.term_queries import by_query
from pvtracker.signals import silence, triggers
from pvtracker.signals.blocks import Blocks
from pvtracker.signals.method import MARGIN
from pvtracker.signals.methods import DEFAULT_METHODS, METHODS
from pvtracker.signals.pieces import LEVELS as LEVELS
from pvtracker.signals.pieces import Asked, Piece, pieces_of
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.time_methods import with_deaths
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
    periods: Periods | None

    def compute(self, piece: Piece, tell: Tell = lambda text: None) -> list[ResultRow]:
        """The rows of one piece."""
        counts = [table for table in self.counts if table.selection in piece.selections]
        blocks = Blocks.of(
            counts,
            self.arms,
            self.totals,
            self.follow_up,
            derive.body_systems(self.events),
            self.people,
            self.events,
            self.asked.seed,
            self.asked.margin,
            derive.rules_of(self.data).queries,
            self.periods,
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
                "liver_left_out": triggers.liver_left_out(
                    self.data, triggers.people_of(self.data, analysis_arm=asked.analysis_arm)
                ),
                "sites": sites_of(self.data).stated(),
            },
            methods={key: METHODS[key].version for key in asked.methods},
        )


def prepare(data: CutData, asked: Asked, tell: Tell = lambda text: None) -> Prepared:
    """Choose who is analysed and which events count, and count them. The study's queries are a level of every run.

    CutError when the protocol names no reference arm, or no other, or too many events are of special interest. A level
    without any coded term (all "Not coded") is left out when it is neither SOC nor PT.
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
    special = derive.rules_of(data).special_interest
    if fault := triggers.too_wide(data, analysis_arm=asked.analysis_arm, special_interest=special):
        raise CutError(fault)
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
    return Prepared(asked, data, arms, people, events, counts, totals, follow_up, periods_of(data, people))


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
    margin: float = MARGIN,
    rules: Definitions | None = None,
    progress: Progress = lambda done, total, text: None,
) -> Screen:
    """Compare each active arm and pool with the reference, for every term of every level and selection, by each method.

    `rules`: the definitions, those of the cut when not given; they stand in the settings, whole and in words. CutError
    as `prepare`.
    """
    data = data if rules is None else derive.under(data, rules)
    return screen_asked(
        data, Asked(analysis_arm, levels, selections, methods, limits or {}, seed, margin), progress=progress
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
            METHODS[key].label: METHODS[key].said(seed=asked.seed, margin=asked.margin)
            for key in asked.methods
            if METHODS[key].definition
        },
        "thresholds": {key: METHODS[key].flagged_where(asked.threshold(key)) for key in asked.methods},
        "seed": asked.seed,
        "margin": asked.margin,
        "confidence_level": 0.95,
    }
