"""Reading runs and their rows."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.http import Http404

from pvtracker.signals.comparing import Change, compare
from pvtracker.signals.models import Result, Run
from pvtracker.studies.models import Study


def runs_of(study: Study) -> QuerySet[Run]:
    """Runs of a study, the latest first."""
    return Run.objects.filter(study=study).select_related("cut").order_by("-made_at", "-id")


def run_for(study: Study, run_id: uuid.UUID) -> Run:
    """The run of this study; Http404 when there is none."""
    run = runs_of(study).filter(id=run_id).first()
    if run is None:
        raise Http404("No such run.")
    return run


def run_before(run: Run) -> Run | None:
    """The run that this one is compared with: the last one made before it of the same analysis arm, on another cut that
    is no later."""
    earlier = runs_of(run.study).filter(analysis_arm=run.analysis_arm, cut__date__lte=run.cut.date)
    return earlier.filter(made_at__lt=run.made_at).exclude(cut=run.cut_id).first()


def changes(run: Run, before: Run, *, method: str) -> list[Change[Result]]:
    """What became of the findings that a method flagged in either run."""
    now, then = (list(Result.objects.filter(run=one, method=method)) for one in (run, before))
    return compare(now=now, before=then)


def row_for(study: Study, row_id: int) -> Result:
    """The result row of this study; Http404 when there is none."""
    row = Result.objects.filter(study=study, id=row_id).select_related("run", "run__cut").first()
    if row is None:
        raise Http404("No such row.")
    return row


def same_term(row: Result) -> list[Result]:
    """The rows of the same run, term, selection and method: one for each active arm."""
    where = {name: getattr(row, name) for name in ("run", "level", "selection", "term", "method")}
    return list(Result.objects.filter(**where).order_by("id"))


def results(run: Run, *, level: str, selection: str, arm: str, method: str) -> list[Result]:
    """One table of a run, the strongest evidence first: by the method's p (Fisher's where it has none), then by
    participants, then by term."""
    table = Result.objects.filter(run=run, level=level, selection=selection, arm=arm)
    fisher = dict(table.filter(method="fisher").values_list("term", "p"))

    def evidence(row: Result) -> tuple[float, int, str]:
        p = row.p if row.p is not None else fisher.get(row.term)
        return (2.0 if p is None else p, -row.n_arm - row.n_ref, row.term)

    return sorted(table.filter(method=method), key=evidence)


def flagged(run: Run, method: str = "fisher") -> QuerySet[Result]:
    """Rows that a method flagged, smallest adjusted p first."""
    found = Result.objects.filter(run=run, method=method, flag=True)
    return found.order_by("p_adjusted", "p", "level", "selection", "arm", "term")
