"""Closed room: screening runs, their findings, and starting one."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.cuts import closed, derive
from pvtracker.cuts.data import CutError
from pvtracker.cuts.unreadable import tells_unreadable
from pvtracker.jobs.actions import Refused
from pvtracker.signals import (
    actions,
    crossings,
    inference,
    looks,
    orders,
    planning,
    queries,
    ranking,
    run_list,
    run_pictures,
    shrinkage,
    silence,
    site_quality,
    tables,
    taking_out,
    tree_map,
    triggers,
)
from pvtracker.signals.boundary_tables import judged_table
from pvtracker.signals.comparing import counted
from pvtracker.signals.enums import AskedFrom
from pvtracker.signals.forms import FilterForm, RunForm
from pvtracker.signals.labels import (
    SELECTION_LABELS,
    events_label,
    level_label,
    period_label,
    threshold_words,
)
from pvtracker.signals.methods import METHODS, may_flag
from pvtracker.signals.models import Result, Run
from pvtracker.signals.screen import LEVELS
from pvtracker.signals.sentences import overview_of
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page
from pvtracker.studies.queries import actor_for, has_permission

PER_PAGE = 30
MOST_FINDINGS = 40


@require_safe
def signals(request: HttpRequest, code: str) -> HttpResponse:
    """What the latest run flagged, every run of the study, and the form that starts another."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    ask = taking_out.looked(request, study, object_kind="signals")
    return ask or _signals(request, study, _run_form(request, study))


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Queue a screening and show its progress."""
    study = study_page(request, code, Permission.RUN_SIGNALS)
    form = RunForm(request.POST, study=study)
    if not form.is_valid():
        ask = look(request, study, Permission.RUN_SIGNALS, object_kind="signals")
        return ask or _signals(request, study, form, status=422)
    told = form.cleaned_data
    try:
        asked = actions.request_for(
            study=study,
            cut_id=uuid.UUID(told["cut"]),
            analysis_arm=told["analysis_arm"],
            also=told["also"],
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        ask = look(request, study, Permission.RUN_SIGNALS, object_kind="signals")
        return ask or _signals(request, study, form, status=422)
    order = actions.place_order(
        request=asked,
        asked_from=AskedFrom.HAND,
        by=actor_for(request.user, Permission.RUN_SIGNALS, study),
    )
    return redirect("signal_order", study.code, order.id)


@require_safe
def signal_run(request: HttpRequest, code: str, run_id: uuid.UUID) -> HttpResponse:
    """The rows of one run for one level, selection, arm and method, as charts and as a table."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    run = queries.run_for(study, run_id)
    inferred = inference.is_shown(request)
    offered = _offered(run)
    offered["methods"] = [key for key in run.methods if inferred or tables.is_estimate(key)] or list(
        run.methods
    )
    form = FilterForm(request.GET, **offered)
    chosen = form.chosen()
    named = (level_label(chosen["level"]), events_label(chosen["selection"]), chosen["arm"])
    shown = ", ".join((*named, METHODS[chosen["method"]].label))
    ask = taking_out.looked(request, study, object_kind="screening run", object_id=str(run.id), detail=shown)
    if ask:
        return ask
    rows = queries.results(run, **chosen, by_evidence=inferred)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    parted = queries.by_part(list(page), run)
    context = {
        "run": run,
        "form": FilterForm(initial=chosen, **offered),
        "facts": tables.run_facts(run, inference=inferred),
        "definitions": tables.definitions_of(run, inference=inferred),
        "threshold": threshold_words(run.settings["thresholds"].get(chosen["method"], ""))
        if inferred and may_flag(chosen["method"])
        else "",
        "page": page,
        "heading": ranking.heading(chosen["method"], inference=inferred),
        "order": ranking.in_words(chosen["method"], inference=inferred),
        "table": tables.results_table(parted, chosen, inference=inferred),
        "silence": silence.table(list(page)) if inferred else None,
        "cases": _cases(run),
        "bounded": judged_table(run) if inferred else None,
        "shares_off": looks.shares_off(run) if inferred else [],  # of boundaries, which are hidden, too
        "sites": site_quality.summary(run.settings, inferred=inferred),
        **(_since(run, chosen["method"]) if inferred else {}),
        **run_pictures.pictures(run, chosen, parted, inferred=inferred),
        **_shrinkage(run, rows, chosen["method"], inferred=inferred),
        **inference.switch(inferred),
    }
    return _run_file(request, run, rows, chosen, context) or render(request, "signals/run.html", context)


@require_safe
@tells_unreadable
def signal_participants(request: HttpRequest, code: str, row_id: int) -> HttpResponse:
    """The participants and events behind a number of a run, read from the cut that the run rests on."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    row = queries.row_for(study, row_id)
    ask = taking_out.looked(
        request,
        study,
        object_kind="participants of a run",
        object_id=str(row.run_id),
        detail=f"{tables.about(row)}, {row.term}",
    )
    if ask:
        return ask
    happened = actions.events_behind(row)
    about = [("Term", f"{row.term} ({tables.about(row)})")]
    if row.period:
        about.append(("Period", period_label(row.period)))
    if row.prior:
        about.append(("Prior", row.prior))
    if taking_out.asked(request):
        table = tables.participants_table(happened, row)
        file = taking_out.file_of(request, row.run, tables={"events": table}, about=about)
        if file:
            return file
    page = Paginator(happened, PER_PAGE).get_page(request.GET.get("page"))
    chosen = {name: getattr(row, name) for name in ("level", "selection", "arm", "method")}
    context = {
        "term": row.term,
        "facts": tables.counted_facts(row.run, queries.same_term(row)),
        "page": page,
        "table": tables.participants_table(list(page), row),
        "of_term": tables.term_url(row),
        "back": f"{reverse('signal_run', args=[study.code, row.run_id])}?{urlencode(chosen)}",
        "definitions": tables.definitions_of(row.run, inference=inference.is_shown(request)),
    }
    return render(request, "signals/participants.html", context)


# What a table of a run's page was chosen by, where it is not all that the form offers.
CHOSEN_BY: dict[str, tuple[str, ...]] = {
    "cases": (),
    "boundaries": (),
    "changes": ("Method",),
    "silence": ("Level", "Events", "Arm", "Order"),
    "shrinkage": ("Level", "Events", "Arm", "Method"),
}


def _run_file(
    request: HttpRequest, run: Run, rows: list[Result], chosen: dict[str, str], context: dict[str, Any]
) -> HttpResponse | None:
    """A table or picture of the run's page as a file: of the tables every row, of pictures what is drawn."""
    out = taking_out.asked(request)
    if out is None:
        return None
    inferred, page = context["inference"], context["page"]
    parted = queries.by_part(rows, run)
    drawn = run_pictures.pictures(run, chosen, parted, inferred=inferred, most=None)
    pictures = {key: context.get(key.replace("-", "_")) for key in ("dot-plot", "volcano")}
    found = {
        "results": tables.results_table(parted, chosen, inference=inferred),
        "cases": context["cases"],
        "boundaries": context["bounded"],
        "silence": silence.table(rows) if inferred else None,
        "changes": context.get("changes"),
        "dot-plot": drawn.get("dot_plot_table"),
        "volcano": drawn.get("volcano_table"),
        "shrinkage": context.get("shrinkage", {}).get("table"),
    }
    chose = {
        "Level": level_label(chosen["level"]),
        "Events": SELECTION_LABELS.get(chosen["selection"], chosen["selection"]),
        "Arm": chosen["arm"],
        "Method": METHODS[chosen["method"]].label,
        "Order": context["order"],
    }
    about = [(name, chose[name]) for name in CHOSEN_BY.get(out.what, chose)]
    if out.format == taking_out.SVG and out.what == "dot-plot":
        about.append(("Terms drawn", f"{page.start_index()}–{page.end_index()} of {page.paginator.count}"))
    if out.format == taking_out.SVG and out.what == "volcano" and context.get("left_out"):
        about.append(("Not drawn", f"{context['left_out']} terms with the weakest evidence"))
    pictures["shrinkage"] = context.get("shrinkage", {}).get("spec")
    titles = {
        "shrinkage": shrinkage.TITLE,
        "dot-plot": "Estimates" + (" with 95 % intervals" if inferred else ""),
        "volcano": "Volcano plot",
    }
    drawings = {key: (titles[key], spec) for key, spec in pictures.items()}
    return taking_out.file_of(request, run, tables=found, pictures=drawings, about=about)


def _shrinkage(run: Run, rows: list[Result], method: str, *, inferred: bool) -> dict[str, Any]:
    """How the hierarchical model drew the terms in, where its rows are shown: the organ classes are the cut's; or why
    they cannot be read."""
    if not (inferred and rows and method == shrinkage.METHOD and rows[0].level == "PT"):
        return {}
    try:
        data = closed.load_joined(run.cut, only=(*derive.DATASETS, "arms"))
        people = derive.analysis_set(data, analysis_arm=run.analysis_arm)
    except CutError as fault:
        return {"no_shrinkage": str(fault)}
    found = shrinkage.shrinkage(rows, derive.body_systems(derive.emergent_events(data, people)))
    return {"shrinkage": {**found, "title": shrinkage.TITLE, "description": shrinkage.DESCRIPTION}}


def _since(run: Run, method: str) -> dict[str, Any]:
    """What changed since the run before, where there is one."""
    before = queries.run_before(run, method)
    if before is None:
        return {}
    changes, unknown = queries.changes(run, before, method=method)
    return {
        "before": before,
        "judged_otherwise": "; ".join(queries.judged_otherwise(run, before, method)),
        "unknown_changes": unknown,
        "changed": [(kind, count) for kind, count in counted(changes).items() if count],
        "changes": tables.changes_table(changes, before),
    }


def _signals(request: HttpRequest, study: Study, form: RunForm | None, *, status: int = 200) -> HttpResponse:
    runs = list(queries.runs_of(study)[:50])
    latest = runs[0] if runs else None
    inferred = inference.is_shown(request)
    context = {
        "runs": run_list.rows_of(runs),
        "latest": latest,
        "form": form,
        "unread": queries.unread_of(study, request.user),
        "used": planning.in_use(study),
        "unfinished": orders.unfinished(study),
        **inference.switch(inferred),
        **(_overview(latest, study, inferred=inferred) if latest else {}),
    }
    if taking_out.asked(request) and status == 200:
        if latest is None:
            raise Http404("No run has been made.")
        maps = {f"tree-map-{n}": one for n, one in enumerate(context["maps"])}
        file = taking_out.file_of(
            request,
            latest,
            tables={
                "findings": context["findings"],
                "silence": context["silence"],
                **{key: one["map"]["table"] for key, one in maps.items()},
            },
            pictures={key: (one["title"], tree_map.as_svg(one["map"])) for key, one in maps.items()},
        )
        if file:
            return file
    return render(request, "signals/signals.html", context, status=status)


def _in_words(run: Run) -> list[str]:
    """Is anything different, and how sure are we: of each active arm."""
    compared = sum(run.settings.get("terms", {}).values())
    told = []
    for arm in _active_arms(run):
        adjusted, flagged = queries.flags_of(run, arm)
        told += overview_of(
            arm,
            run.settings["reference"],
            compared=compared,
            adjusted=adjusted,
            flagged=flagged,
            strongest=queries.strongest(run, arm),
        )
    return told


def _overview(latest: Run, study: Study, *, inferred: bool) -> dict[str, Any]:
    """What the latest run found: what it flagged (or the largest differences), and its organ classes."""
    latest.study = study
    if inferred:
        rows = queries.with_run(queries.flagged(latest)[:MOST_FINDINGS], latest)
        findings = tables.findings_table(rows)
    else:
        findings = tables.largest_table(queries.largest(latest, MOST_FINDINGS))
    return {
        "facts": tables.run_facts(latest, inference=inferred),
        "definitions": tables.definitions_of(latest, inference=inferred),
        "findings": findings,
        "cases": triggers.counted(triggers.kept_in(latest.settings)),
        "silence": silence.overview_table(_would_have_shown(latest)) if inferred else None,
        "crossed": crossings.overview(study, latest) if inferred else None,
        "sentences": _in_words(latest) if inferred else [],
        "maps": [
            {
                "key": f"tree-map-{n}",
                "title": f"Organ classes, {arm} against {latest.settings['reference']}",
                "map": tree_map.tree_map(rows),
            }
            for n, (arm, rows) in enumerate(queries.systems(latest).items())
        ],
    }


def _would_have_shown(run: Run) -> list[dict[str, Any]]:
    """As the run keeps it; a run of an earlier version keeps the arms' sizes only."""
    kept: list[dict[str, Any]] | None = run.settings.get("would_have_shown")
    return silence.overview(run.settings["arms"], run.settings["reference"]) if kept is None else kept


def _cases(run: Run) -> dict[str, Any]:
    """The single cases of the run, each with the address of its signal."""
    code, known = run.study.code, queries.cases_of(run.study)
    addresses = {name: reverse("signal", args=[code, signal]) for name, signal in known.items()}
    return triggers.table(triggers.kept_in(run.settings), addresses, run.settings.get("liver_left_out", {}))


def _run_form(request: HttpRequest, study: Study) -> RunForm | None:
    """For those who may run; the board reads only."""
    if not has_permission(request.user, Permission.RUN_SIGNALS, study=study):
        return None
    return RunForm(study=study, usual_arm=planning.in_use(study).plan.analysis_arm)


def _offered(run: Run) -> dict[str, Any]:
    """What can be chosen of a run."""
    counted = {name.split()[0] for name in run.settings.get("terms", {})}
    levels = [level for level in run.settings.get("levels", LEVELS) if level in counted or not counted]
    return {
        "arms": _active_arms(run),
        "methods": run.methods,
        "levels": levels,
        "selections": run.settings.get("selections", derive.SELECTIONS),
    }


def _active_arms(run: Run) -> list[str]:
    sides = [*run.settings["arms"], *run.settings.get("pools", [])]
    return [side["name"] for side in sides if side["name"] != run.settings["reference"]]
