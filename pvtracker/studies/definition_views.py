"""Open room: the definitions that a study is counted by, for everybody who reads its reports, and their change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.coding import queries as coding_queries
from pvtracker.studies import actions, queries
from pvtracker.studies.definition_form import DefinitionsForm
from pvtracker.studies.definition_text import value_text
from pvtracker.studies.definitions import HELP, NAMES, Definitions
from pvtracker.studies.pages import study_page
from pvtracker.studies.rules import StudyRefused

LEVELS = {  # as `cuts.derive` names them
    "preferred_term": "PT",
    "high_level_term": "HLT",
    "high_level_group_term": "HLGT",
    "system_organ_class": "SOC",
}


@require_safe
def definitions(request: HttpRequest, code: str) -> HttpResponse:
    """Every setting as it stands; the default is marked."""
    study = study_page(request, code, Permission.READ_OPEN_REPORTS)
    now = queries.definitions_of(study)
    context = {
        "table": settings_table(now),
        "version": study.version,
        "may_edit": queries.has_permission(request.user, Permission.SET_DEFINITIONS, study=study),
        "may_audit": queries.has_permission(request.user, Permission.READ_AUDIT, study=study),
    }
    return render(request, "studies/definitions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change them, for the cuts to come."""
    study = study_page(request, code, Permission.SET_DEFINITIONS)
    form = DefinitionsForm(request.POST or None, study=study, now=queries.definitions_of(study))
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.set_definitions(
                study=study,
                definitions=form.found,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["version"],
                by=queries.actor_for(request.user, Permission.SET_DEFINITIONS, study),
            )
        except StudyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            said = "The definitions hold for the cuts to come." if changed else "Nothing was changed."
            messages.success(request, said)
            return redirect("definitions", study.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "studies/definitions_edit.html", {"form": form}, status=status)


@require_safe
def terms(request: HttpRequest, code: str) -> HttpResponse:
    """Names of the dictionaries like the words typed so far, at every level that is counted, for a combobox."""
    study = study_page(request, code, Permission.READ_OPEN_REPORTS)
    found = coding_queries.suggest_names(request.GET.get("q", ""), study_id=study.id)
    options = [
        {"value": LEVELS[level], "label": name, "sub": level.replace("_", " ")} for name, level in found
    ]
    return render(request, "components/combobox_options.html", {"options": options})


def settings_table(now: Definitions) -> dict[str, Any]:
    """The settings in the shape of `components/table.html`."""
    stated, differing = now.stated(), now.differing()
    rows = []
    for name in NAMES:
        label, rule = HELP[name]
        mark = "" if name in differing else " (default)"
        rows.append({"cells": [{"text": t} for t in (label, value_text(name, stated[name]) + mark, rule)]})
    return {
        "caption": "Settings of this study",
        "columns": [{"label": label} for label in ("Definition", "In force", "What it says")],
        "rows": rows,
    }
