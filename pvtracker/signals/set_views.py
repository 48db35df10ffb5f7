"""Closed room: the sizes of the analysis sets by arm, by the definitions of a run."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.cuts import set_tables
from pvtracker.cuts.sets import sets_of
from pvtracker.cuts.unreadable import tells_unreadable
from pvtracker.signals import inference, queries, taking_out
from pvtracker.signals.actions.runs import data_of
from pvtracker.signals.tables import definitions_of
from pvtracker.studies.definitions import CHOICES
from pvtracker.studies.pages import study_page

SAID = ("analysis set", "first exposure", "crossover")  # of the definitions, those that the sets go by


@require_safe
@tells_unreadable
def signal_sets(request: HttpRequest, code: str, run_id: uuid.UUID) -> HttpResponse:
    """Enrolled, randomised, treated and per protocol side by side, and who is left out of which, with the reason."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    run = queries.run_for(study, run_id)
    ask = taking_out.looked(request, study, object_kind="analysis sets of a run", object_id=str(run.id))
    if ask:
        return ask
    found = sets_of(data_of(run), analysis_arm=run.analysis_arm)
    tables = {"sizes": set_tables.sizes_table(found), "reasons": set_tables.reasons_table(found)}
    whole = {**tables, "people": set_tables.people_table(found)}
    file = taking_out.file_of(request, run, tables=whole)
    if file:
        return file
    said = definitions_of(run, inference=inference.is_shown(request))
    context = {
        **tables,
        "people": set_tables.people_table(found, most=set_tables.MOST_SHOWN),
        "run": run,
        "arm": CHOICES["analysis_arm"][run.analysis_arm],
        "definitions": {name: said[name] for name in SAID if name in said},
    }
    return render(request, "signals/sets.html", context)
