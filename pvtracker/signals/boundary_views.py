"""Closed room: a boundary over the looks that were held, and the path of one term against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.lib.rounding import fixed, share
from pvtracker.signals import boundaries, boundary_chart, inference, queries, tables, taking_out
from pvtracker.signals.boundaries import MOST, STOPPING, Design, Drawn, Look
from pvtracker.signals.evidence import sizes_of
from pvtracker.signals.models import Result, Run
from pvtracker.signals.tables import Table, about
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page

KINDS = {
    "obrien_fleming": "Group-sequential, Lan–DeMets with O’Brien–Fleming type spending",
    "pocock": "Group-sequential, Lan–DeMets with Pocock type spending",
    "haybittle_peto": "Group-sequential, Haybittle–Peto",
    "maxsprt": "MaxSPRT, binomial",
    "toxicity": "Continuous toxicity boundary of the arm",
    "beta_binomial": "Bayesian beta-binomial stopping of the arm",
}
USUAL = "obrien_fleming"
PAGES = {"maxsprt": "maxsprt.md", "toxicity": "toxicity-boundary.md", "beta_binomial": "toxicity-boundary.md"}


class BoundaryForm(forms.Form):
    """Which boundary; each number has a default, so that the page shows something at once."""

    kind = forms.ChoiceField(label="Boundary", choices=list(KINDS.items()), required=False)
    measure = forms.ChoiceField(
        label="Information",
        choices=[("participants", "Participants"), ("events", "Participants with the event")],
        required=False,
        help_text="Of the group-sequential boundaries.",
    )
    planned = forms.IntegerField(
        label="Planned at the end",
        required=False,
        min_value=1,
        max_value=boundaries.MOST_OTHERWISE,
        help_text="Participants, or participants with the event; of stopping rules, participants of the arm.",
        error_messages={"invalid": "Planned at the end is a whole number. Write digits only."},
    )
    alpha = forms.FloatField(
        label="One-sided error of all looks",
        required=False,
        min_value=0.001,
        max_value=0.25,
        error_messages={"invalid": "The error is a number such as 0.025. Write it with a point."},
    )
    risk = forms.FloatField(
        label="Acceptable risk in the arm, %",
        required=False,
        min_value=0.1,
        max_value=90,
        help_text="Of the stopping rules.",
        error_messages={"invalid": "The risk is a percentage such as 10. Write it with a point."},
    )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        kind, planned = told.get("kind") or USUAL, told.get("planned")
        if planned and planned > (most := boundaries.most_of(kind)):
            self.add_error(
                "planned",
                f"“{KINDS[kind]}” is computed up to {most:,} planned at the end. Write at most that.",
            )
        return told


@dataclass(frozen=True, slots=True)
class _Held:
    """A look with the run that it is read from, and the term's row there (None: nobody had the event)."""

    look: Look
    run: Run
    row: Result | None


@require_safe
def signal_boundary(request: HttpRequest, code: str, row_id: int) -> HttpResponse:
    """What earlier runs counted of a term against a boundary that is chosen here; nothing is typed that a run knows."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    row = queries.over_all(queries.row_for(study, row_id))
    ask = taking_out.looked(
        request,
        study,
        object_kind="boundary of a term",
        object_id=str(row.run_id),
        detail=f"{row.level}, {row.selection}, {row.term}, {row.arm}",
    )
    if ask:
        return ask
    shown = inference.is_shown(request)
    held = [_held(run, at, row) for run, at in queries.looks_at(row)]
    form = BoundaryForm(
        request.GET if any(name in request.GET for name in BoundaryForm.base_fields) else None
    )
    design, whence = _design(form, held[-1].look, study)
    problem = ""
    drawn: Drawn | None = None
    if shown and design is not None:
        try:
            drawn = boundaries.drawn([one.look for one in held], design)
        except ValueError as fault:
            problem = f"No boundary is drawn: {fault}."
    spec = boundary_chart.path_chart(drawn, row.arm) if drawn and design else None
    title = f"{row.term}: {KINDS[design.kind] if design else 'boundary'}"
    found: dict[str, Any] = {
        "looks": _looks_table(held, drawn, row),
        "does": _does_table(drawn) if drawn else None,
    }
    file = taking_out.file_of(
        request,
        row.run,
        tables=found,
        pictures={"path": (title, spec)},
        about=[
            ("Term", f"{row.term} ({about(row)})"),
            ("Arm", f"{row.arm} against {row.reference}"),
            *(_facts(design) if design and shown else []),
        ],
    )
    if file:
        return file
    context = {
        **found,
        "run": row.run,
        "row": row,
        "about": about(row),
        "form": form if form.is_bound and form.errors else BoundaryForm(initial=_initial(design)),
        "problem": problem,
        "spec": spec,
        "title": KINDS[design.kind] if design else "",
        "crossed": [step.look for step in drawn.steps if step.crosses] if drawn else [],
        "drawn": drawn,
        "inference": shown,
        "hidden_text": inference.HIDDEN,
        "page": PAGES.get(design.kind, "group-sequential.md") if design else "",
        "back": tables.term_url(row),
        "remarks": _remarks(held, row),
        "whence": whence if shown else "",
    }
    return render(
        request, "signals/boundary.html", context, status=422 if form.is_bound and form.errors else 200
    )


def _held(run: Run, at: Result | None, row: Result) -> _Held:
    """A run as a look. Where nobody had the event, the run says how many participants each arm has."""
    if at is not None:
        return _Held(Look(run.cut.date, at.n_arm, at.N_arm, at.n_ref, at.N_ref), run, at)
    sizes = sizes_of(run)
    return _Held(Look(run.cut.date, 0, sizes[row.arm], 0, sizes[row.reference]), run, None)


def _design(form: BoundaryForm, last: Look, study: Study) -> tuple[Design | None, str]:
    """What was chosen, with defaults for the rest, and whence the planned end that nobody typed; no design where a
    field is refused."""
    if form.is_bound and not form.is_valid():
        return None, ""
    chosen = form.cleaned_data if form.is_bound else {}
    kind = chosen.get("kind") or USUAL
    measure = chosen.get("measure") or "participants"
    alpha = chosen.get("alpha") or (0.1 if kind == "toxicity" else 0.05 if kind == "maxsprt" else 0.025)
    risk = (chosen.get("risk") or 100 * min(max(last.n_ref / max(last.N_ref, 1), 0.05), 0.9)) / 100
    design = Design(kind, measure, chosen.get("planned") or 1, alpha, round(risk, 4))
    if chosen.get("planned"):
        return design, ""
    planned, whence = _planned(design, last, study)
    told = f"Planned at the end is filled in with {planned:,}, {whence}."
    return replace(design, planned=planned), told


def _planned(design: Design, last: Look, study: Study) -> tuple[int, str]:
    """The planned end where none was typed, and where it is from."""
    there, unknown = max(boundaries.amount(design, last), 1), "; no plan for it is known here"
    if design.kind in STOPPING:
        found, whence = there, f"what is in already{unknown}"
    elif design.kind in MOST or design.measure == "events":
        found, whence = 2 * there, f"twice what is in already{unknown}"
    elif (study.planned_participants or 0) >= there:
        found, whence = study.planned_participants or 0, "the participants that the study plans"
    else:
        found, whence = there, f"what is in already{unknown}"
    most = boundaries.most_of(design.kind)
    return (most, "the most of this boundary") if found >= most else (found, whence)


def _remarks(held: list[_Held], row: Result) -> list[str]:
    """What the looks do not share, and which runs are none."""
    runs = [one.run for one in held]
    told = []
    if missing := queries.not_looked(row, runs):
        dates = ", ".join(map(str, missing))
        told.append(
            f"Not a look, for no run by this analysis arm screened it there (level, selection, query, arm or pool): "
            f"{dates}."
        )
    if differing := queries.differing_definitions(runs):
        told.append(
            f"The looks were not counted by the same definitions: {'; '.join(differing)}. Steps of the path may be "
            "that, not the data."
        )
    return told


def _initial(design: Design | None) -> dict[str, Any]:
    if design is None:
        return {}
    return {
        "kind": design.kind,
        "measure": design.measure,
        "planned": design.planned,
        "alpha": design.alpha,
        "risk": round(100 * design.risk, 2),
    }


def _facts(design: Design) -> list[tuple[str, str]]:
    facts = [("Boundary", KINDS[design.kind]), ("Planned at the end", str(design.planned))]
    if design.kind in STOPPING:
        facts.append(("Acceptable risk in the arm", f"{fixed(100 * design.risk, 1)} %"))
    if design.kind == "beta_binomial":
        return [*facts, ("Threshold of the posterior probability", f"{boundaries.THRESHOLD:g}")]
    return [*facts, ("One-sided error of all looks", f"{design.alpha:g}")]


def _looks_table(held: list[_Held], drawn: Drawn | None, row: Result) -> Table:
    steps = {step.look: step for step in drawn.steps if step.look} if drawn else {}
    columns = ["Cut-off date", "Arm, n/N", "Reference, n/N"]
    columns += [drawn.across, drawn.upwards, "Boundary", ""] if drawn else []
    rows = []
    for one in held:
        cells: list[Table] = [
            {
                "text": str(one.run.cut.date),
                "url": reverse("signal_run", args=[row.run.study.code, one.run.id]),
            },
            {"text": share(one.look.n_arm, one.look.N_arm), "numeric": True},
            {"text": share(one.look.n_ref, one.look.N_ref), "numeric": True},
        ]
        if one.row is not None:
            cells[1]["url"] = cells[2]["url"] = tables.participants_url(one.row)
        step = steps.get(one.look)
        if drawn:
            texts = ("", "", "", "no more information than the next look")
            if step:
                texts = (*_numbers(step.at, step.path, step.bound), "crosses" if step.crosses else "")
            cells += [{"text": text, "numeric": n < 3} for n, text in enumerate(texts)]
        rows.append({"cells": cells})
    for step in drawn.steps if drawn else ():
        if step.look is None:
            line = ("planned end", "", "", *_numbers(step.at, None, step.bound), "")
            rows.append({"cells": [{"text": text, "numeric": 0 < n < 6} for n, text in enumerate(line)]})
    return {
        "caption": "The looks: what each run counted",
        "columns": [{"label": label, "numeric": 0 < n < 6} for n, label in enumerate(columns)],
        "rows": rows,
        "note": "One look for each cut-off date: the last run on it that screened the term, by the same analysis arm.",
        "empty": "",
    }


def _numbers(at: float, path: float | None, bound: float | None) -> tuple[str, str, str]:
    digits = 2 if at <= 1 else 0
    told = "" if path is None else fixed(path, digits)
    return fixed(at, digits), told, "none can cross" if bound is None else fixed(bound, digits)


def _does_table(drawn: Drawn) -> Table:
    mean = (
        "Mean share of the information used" if drawn.steps[-1].at <= 1 else f"Mean, {drawn.across.lower()}"
    )
    digits = 2 if drawn.steps[-1].at <= 1 else 1
    return {
        "caption": "What this boundary does",
        "columns": [
            {"label": label, "numeric": True} for label in (drawn.truth, "Probability to cross", mean)
        ],
        "rows": [
            {
                "cells": [
                    {"text": truth, "numeric": True},
                    {"text": fixed(crosses, 3), "numeric": True},
                    {"text": fixed(used, digits), "numeric": True},
                ]
            }
            for truth, crosses, used in drawn.does
        ],
        "note": f"{drawn.how}; the looks to come are the planned end alone.",
        "empty": "",
    }
