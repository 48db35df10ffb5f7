"""Reading runs and their rows."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.http import Http404

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
