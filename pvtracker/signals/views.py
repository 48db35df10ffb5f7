"""Closed room: screening runs, their findings, and starting one."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.jobs.actions import enqueue
from pvtracker.signals import actions, charts, queries, silence, site_quality, tables, triggers
from pvtracker.signals.comparing import counted
from pvtracker.signals.forms import FilterForm, RunForm
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study
from pvtracker.studies.queries import actor_for, has_permission, study_for

PER_PAGE = 30
MOST_FINDINGS = 40
MOST_POINTS = 500


@require_safe
def signals(request: HttpRequest, code: str) -> HttpResponse:
    """What the latest run flagged, every run of the study, and the form that starts another."""
    study = _study(request, code, Permission.READ_SIGNALS)
    ask = look(request, study, Permission.READ_SIGNALS, object_kind="signals")
    return ask or _signals(request, study, _run_form(request, study))


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Queue a screening and show its progress."""
    study = _study(request, code, Permission.RUN_SIGNALS)
    form = RunForm(request.POST, study=study)
    if not form.is_valid():
        ask = look(request, study, Permission.RUN_SIGNALS, object_kind="signals")
        return ask or _signals(request, study, form, status=422)
    job = enqueue(
        task="signals.detect",
        study_id=study.id,
        parameters={key: form.cleaned_data[key] for key in ("cut", "analysis_arm")},
        by=actor_for(request.user, Permission.RUN_SIGNALS, study),
        unique_key=f"{form.cleaned_data['cut']} {form.cleaned_data['analysis_arm']}",
    )
    return redirect("job", job.id)


@require_safe
def signal_run(request: HttpRequest, code: str, run_id: uuid.UUID) -> HttpResponse:
    """The rows of one run for one level, selection, arm and method, as charts and as a table."""
    study = _study(request, code, Permission.READ_SIGNALS)
    run = queries.run_for(study, run_id)
    form = FilterForm(request.GET, arms=_active_arms(run), methods=run.methods)
    chosen = form.chosen()
    shown = ", ".join(chosen[name] for name in ("level", "selection", "arm", "method"))
    ask = look(
        request,
        study,
        Permission.READ_SIGNALS,
        object_kind="screening run",
        object_id=str(run.id),
        detail=shown,
    )
    if ask:
        return ask
    page = Paginator(queries.results(run, **chosen), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "form": FilterForm(initial=chosen, arms=_active_arms(run), methods=run.methods),
        "facts": tables.run_facts(run),
        "definitions": run.settings["definitions"],
        "threshold": run.settings["thresholds"][chosen["method"]],
        "page": page,
        "table": tables.results_table(list(page), chosen),
        "silence": silence.table(list(page)),
        "cases": _cases(run),
        "sites": site_quality.summary(run.settings),
        **_since(run, chosen["method"]),
        **_charts(run, chosen, list(page)),
    }
    return render(request, "signals/run.html", context)


@require_safe
def signal_participants(request: HttpRequest, code: str, row_id: int) -> HttpResponse:
    """The participants and events behind a number of a run, read from the cut that the run rests on."""
    study = _study(request, code, Permission.READ_SIGNALS)
    row = queries.row_for(study, row_id)
    ask = look(
        request,
        study,
        Permission.READ_SIGNALS,
        object_kind="participants of a run",
        object_id=str(row.run_id),
        detail=f"{row.level}, {row.selection}, {row.term}",
    )
    if ask:
        return ask
    chosen = {name: getattr(row, name) for name in ("level", "selection", "arm", "method")}
    context = {
        "term": row.term,
        "facts": tables.counted_facts(row.run, queries.same_term(row)),
        "table": tables.participants_table(actions.events_behind(row), row),
        "back": f"{reverse('signal_run', args=[study.code, row.run_id])}?{urlencode(chosen)}",
    }
    return render(request, "signals/participants.html", context)


def _since(run: Run, method: str) -> dict[str, Any]:
    """What changed since the run before, where there is one."""
    before = queries.run_before(run, method)
    if before is None:
        return {}
    changes = queries.changes(run, before, method=method)
    return {
        "before": before,
        "judged_alike": queries.is_judged_alike(run, before, method),
        "changed": [(kind, count) for kind, count in counted(changes).items() if count],
        "changes": tables.changes_table(changes, before),
    }


def _charts(run: Run, chosen: dict[str, str], shown: list[Result]) -> dict[str, Any]:
    """The specifications: dot plot of the rows shown, volcano of the whole table."""
    if not shown:
        return {}
    where = {key: chosen[key] for key in ("level", "selection", "arm")}
    differences = {r.term: r for r in queries.results(run, **where, method="rd_mn")}
    test = chosen["method"] if METHODS[chosen["method"]].threshold.column == "p" else "fisher"
    tested = queries.results(run, **where, method=test)[:MOST_POINTS]
    plotted = (
        shown if METHODS[chosen["method"]].null_value is not None else [differences[r.term] for r in shown]
    )
    points = [differences[r.term] for r in tested if r.term in differences]
    return {
        "dot_plot": charts.dot_plot(plotted),
        "dot_plot_table": tables.results_table(plotted, {**chosen, "method": plotted[0].method}),
        "volcano": charts.volcano(points, {r.term: r.p for r in tested}),
        "volcano_table": tables.volcano_table(points, {r.term: r.p for r in tested}, METHODS[test].label),
        "left_out": len(differences) - len(points),
    }


def _signals(request: HttpRequest, study: Study, form: RunForm | None, *, status: int = 200) -> HttpResponse:
    runs = list(queries.runs_of(study)[:50])
    latest = runs[0] if runs else None
    context = {
        "runs": runs,
        "latest": latest,
        "facts": tables.run_facts(latest) if latest else [],
        "findings": tables.findings_table(list(queries.flagged(latest)[:MOST_FINDINGS])) if latest else None,
        "cases": len(triggers.kept_in(latest.settings)) if latest else 0,
        "silence": silence.overview_table(_would_have_shown(latest)) if latest else None,
        "form": form,
        "unread": queries.unread_of(study, request.user),
    }
    return render(request, "signals/signals.html", context, status=status)


def _would_have_shown(run: Run) -> list[dict[str, Any]]:
    """As the run keeps it; a run of an earlier version keeps the arms' sizes only."""
    kept: list[dict[str, Any]] | None = run.settings.get("would_have_shown")
    return silence.overview(run.settings["arms"], run.settings["reference"]) if kept is None else kept


def _cases(run: Run) -> dict[str, Any]:
    """The single cases of the run, each with the address of its signal."""
    code, known = run.study.code, queries.cases_of(run.study)
    addresses = {name: reverse("signal", args=[code, signal]) for name, signal in known.items()}
    return triggers.table(triggers.kept_in(run.settings), addresses)


def _run_form(request: HttpRequest, study: Study) -> RunForm | None:
    """For those who may run; the board reads only."""
    if not has_permission(request.user, Permission.RUN_SIGNALS, study=study):
        return None
    return RunForm(study=study)


def _active_arms(run: Run) -> list[str]:
    return [arm["name"] for arm in run.settings["arms"] if arm["name"] != run.settings["reference"]]


def _study(request: HttpRequest, code: str, permission: Permission) -> Study:
    study = study_for(request.user, code, permission)
    request.study = study  # type: ignore[attr-defined]  # read by web.context.room
    return study
