"""Closed room: what the sites' data is like, all arms together, as the run found it."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.signals import inference, queries, site_quality, taking_out
from pvtracker.signals.tables import definitions_of
from pvtracker.studies.pages import study_page


@require_safe
def signal_sites(request: HttpRequest, code: str, run_id: uuid.UUID) -> HttpResponse:
    """Reporting against the other sites, gaps, late awareness, and late entry."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    run = queries.run_for(study, run_id)
    found, inferred = site_quality.read(run.settings), inference.is_shown(request)
    if taking_out.asked(request):
        ask = taking_out.looked(request, study, object_kind="sites of a run", object_id=str(run.id))
        if ask:
            return ask
    shown = {
        "reporting": site_quality.reporting_table(found, inferred=inferred) if found else None,
        "gaps": site_quality.gaps_table(found) if found else None,
        "late": site_quality.late_table(found) if found else None,
        "entry": site_quality.entry_table(found) if found else None,
    }
    chart = site_quality.dot_plot(found) if found and inferred and len(found.sites) > 1 else None
    file = taking_out.file_of(
        request, run, tables=shown, pictures={"reporting": (site_quality.PICTURE, chart)}
    )
    if file:
        return file
    context = {
        **shown,
        "run": run,
        "facts": site_quality.summary(run.settings, inferred=inferred),
        "chart": chart,
        "definitions": definitions_of(run, inference=inferred),
        "chart_title": site_quality.PICTURE,
        "inference": inferred,
        "hidden_text": inference.HIDDEN,
    }
    return render(request, "signals/sites.html", context)
