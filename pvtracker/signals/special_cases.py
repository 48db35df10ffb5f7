"""Signals of single cases beside what the run counted: of a term of special interest how many had it in each arm."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Lower

from pvtracker.lib.rounding import share
from pvtracker.lib.term_names import folded
from pvtracker.signals import queries, tables
from pvtracker.signals.labels import level_label
from pvtracker.signals.models import Result, Run, Signal
from pvtracker.signals.triggers import CASE, kept_in, of_term

EACH_ITS_OWN = "each case has its own"
Counts = dict[str, list[dict[str, str]]]  # of each signal, by its name, the lines of `counts_in`


def names_of(run: Run) -> dict[str, str]:
    """The terms of special interest of a run, by the names of their signals."""
    return {of_term(name): name for one in kept_in(run.settings) for name in one.named}


def cases_in(settings: Mapping[str, Any]) -> Counter[str]:
    """How many cases a run holds of each signal, by its name."""
    return Counter(name for one in kept_in(settings) for name in one.signals)


def in_words(count: int) -> str:
    """Of so many cases; a run that holds none says so."""
    return {0: "no case", 1: "a single case"}.get(count, f"{count:,} cases")


def counts_in(run: Run, signals: Iterable[Signal]) -> Counts:
    """Who had a term of special interest in each arm, of all treatment-emergent events, with the address of the page of
    the term; of each level that has a term of this name. Nothing of any other single case."""
    wanted = {one.term for one in signals if one.level == CASE}
    named = {folded(term): name for name, term in names_of(run).items() if name in wanted}
    told: Counts = defaultdict(list)
    if not named:
        return told
    methods = Result.over_all.filter(run=run).order_by("id").values_list("method", flat=True)[:1]
    rows = Result.over_all.filter(run=run, selection="all", method__in=list(methods))
    rows = (
        rows.annotate(lowered=Lower("term"))
        .filter(lowered__in=[name.lower() for name in named])
        .order_by("id")
    )
    for row in queries.with_run(rows, run):
        if (name := named.get(folded(row.term))) is None:
            continue
        counted = f"{share(row.n_arm, row.N_arm)} v {share(row.n_ref, row.N_ref)}"
        who = f"{row.arm} v {row.reference}, {level_label(row.level).lower()}"
        told[name].append({"label": who, "value": counted, "url": tables.term_url(row)})
    return told


@dataclass(frozen=True, slots=True)
class Beside:
    """What the list says of single cases: how many the newest run holds, and who had the term, by signal name."""

    cases: Mapping[str, int]
    counts: Counts

    def flags(self, signal: Signal) -> str:
        """In the place of flags."""
        return f"{in_words(self.cases.get(signal.term, 0))}, without a test"

    def now(self, signal: Signal) -> str:
        """In the place of the counts of a finding."""
        return "; ".join(f"{one['label']}: {one['value']}" for one in self.counts.get(signal.term, ())) or "–"


def beside(run: Run | None, signals: Collection[Signal]) -> Beside:
    """Of the signals of one page of the list."""
    if run is None or not any(one.level == CASE for one in signals):
        return Beside({}, {})
    return Beside(cases_in(run.settings), counts_in(run, signals))
