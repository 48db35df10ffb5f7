"""Reading the looks that a study's runs were at one term, in the order of looking."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import QuerySet

from pvtracker.lib.term_names import folded
from pvtracker.signals.evidence import KEY, Key, as_queried, key_of, was_screened
from pvtracker.signals.models import Result, Run
from pvtracker.signals.queries import runs_of


def looks_at(row: Result) -> list[tuple[Run, Result | None]]:
    """What was looked at of a row's term up to its run, in the order of looking; the last is the row itself, or the
    first of its run's."""
    first = Result.over_all.filter(run=row.run, **dict(zip(KEY, key_of(row), strict=True))).earliest("id")
    first.run = row.run
    return [*looks_before(key_of(row), row.run), (row.run, first)]


def looks_before(key: Key, run: Run) -> list[tuple[Run, Result | None]]:
    """What was looked at of a finding before a run, stored or not, in the order of looking: of each other cut, whatever
    its cut-off date, the first run by the same analysis arm that screened it, with its row of one method (None: nobody
    had the event). The run's own cut was looked at when it was first screened. A term is the same whatever its capitals
    and spaces."""
    runs = list(_by_the_same_arm(run))
    found = _however_spelled(runs, key)
    looks: dict[uuid.UUID, tuple[Run, Result | None]] = {}
    for one in runs:
        one.study = run.study
        at = found.get(one.id)
        if not _looked(one, at, key):
            continue
        if one.cut_id == run.cut_id:
            break
        if at is not None:
            at.run = one
        looks.setdefault(one.cut_id, (one, at))
    return list(looks.values())


def began_with(row: Result) -> Run:
    """The first run on the cut of a row that screened its term: with it that cut was looked at, whatever runs on it
    came after."""
    key, runs = key_of(row), list(_by_the_same_arm(row.run).filter(cut=row.run.cut_id))
    found = _however_spelled(runs, key)
    return next((one for one in runs if _looked(one, found.get(one.id), key)), row.run)


def _looked(run: Run, found: Result | None, key: Key) -> bool:
    """Was the finding looked for in this run, with this row of it or none?"""
    return found is not None or was_screened(run, as_queried(run, key))


def _however_spelled(runs: Sequence[Run], key: Key) -> dict[uuid.UUID, Result]:
    """The finding's row of one method in each of these runs that has it. Of several spellings in one run, each counted
    by itself, the one that most participants had."""
    level, term, selection, arm, reference = key
    methods = {
        method for run in runs for method in list(run.methods)[:1]
    }  # every method has a row of each finding
    where = {
        "level": level,
        "selection": selection,
        "arm": arm,
        "reference": reference,
        "method__in": methods,
    }
    table = Result.over_all.filter(run__in=runs, **where)
    wanted = folded(term)
    spellings = [one for one in table.values_list("term", flat=True).distinct() if folded(one) == wanted]
    found: dict[uuid.UUID, Result] = {}
    for row in table.filter(term__in=spellings).order_by("run_id", "id"):
        before = found.get(row.run_id)
        if before is None or row.n_arm + row.n_ref > before.n_arm + before.n_ref:
            found[row.run_id] = row
    return found


def _by_the_same_arm(run: Run) -> QuerySet[Run]:
    """Runs by the same analysis arm, made before it, the earliest first."""
    runs = runs_of(run.study).filter(analysis_arm=run.analysis_arm).order_by("made_at", "id")
    return runs.filter(made_at__lt=run.made_at) if run.made_at else runs


def not_looked(row: Result, looks: Iterable[Run]) -> list[date]:
    """Earlier cut-off dates of which no run screened the row's term, so that they are none of the looks."""
    held, on = {run.cut.date for run in looks}, row.run.cut.date
    return sorted({run.cut.date for run in _by_the_same_arm(row.run) if run.cut.date < on} - held)
