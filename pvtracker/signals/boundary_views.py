"""Closed room: a boundary over the looks that were held, and the path of one term against it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.signals import (
    boundaries,
    boundary_chart,
    boundary_settings,
    inference,
    look_queries,
    looks,
    queries,
    tables,
    taking_out,
)
from pvtracker.signals.boundary_design import Design, Drawn
from pvtracker.signals.boundary_forms import BoundaryForm
from pvtracker.signals.boundary_settings import KINDS, USUAL
from pvtracker.signals.boundary_standing import STANDS
from pvtracker.signals.boundary_tables import does_table, looks_table
from pvtracker.signals.looks import Held, Signed
from pvtracker.signals.models import Result
from pvtracker.signals.tables import about
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page

PAGES = {
    "maxsprt": "maxsprt.md",
    "cmaxsprt": "maxsprt.md",
    "toxicity": "toxicity-boundary.md",
    "beta_binomial": "toxicity-boundary.md",
}
NO_END = (
    "Nothing is drawn yet: write what is planned at the end. It is not read off the data that is looked at, for then "
    "no error would be kept."
)
BY_STUDY = "Planned at the end is filled in with {:,}, the participants that the study plans."


@require_safe
def signal_boundary(request: HttpRequest, code: str, row_id: int) -> HttpResponse:
    """What earlier runs counted of a term against the boundary that a signed plan has for it, or against one that is
    tried here; nothing is typed that a run knows."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    row = queries.over_all(queries.row_for(study, row_id))
    ask = taking_out.looked(
        request,
        study,
        object_kind="boundary of a term",
        object_id=str(row.run_id),
        detail=f"{tables.about(row)}, {row.term}, {row.arm}",
    )
    if ask:
        return ask
    shown = inference.is_shown(request)
    held = looks.held_of(row)
    tried = any(name in request.GET for name in (*BoundaryForm.base_fields, *boundary_settings.LABELS))
    signed = None if tried else looks.signed_for(row, held)
    form = BoundaryForm(request.GET if tried else None, participants=study.planned_participants)
    design, remark = _design(form, signed, study)
    problem = remark if design is None else ""
    drawn: Drawn | None = None
    if shown and design is not None:
        try:
            drawn = boundaries.drawn([one.look for one in held], design)
        except ValueError as fault:
            problem = f"No boundary is drawn: {fault}."
    spec = boundary_chart.path_chart(drawn, row.arm) if drawn else None
    title = KINDS[design.kind] if design else ""
    facts = boundary_settings.in_words(design) if design and shown else []
    found: dict[str, Any] = {
        "looks": looks_table(held, drawn, row),
        "does": does_table(drawn) if drawn else None,
    }
    whence = signed.said if signed else ("Tried on the page; no plan is behind it.",)
    file = taking_out.file_of(
        request,
        row.run,
        tables=found,
        pictures={"path": (f"{row.term}: {title or 'boundary'}", spec)},
        about=[
            ("Term", f"{row.term} ({about(row)})"),
            ("Arm", f"{row.arm} against {row.reference}"),
            *(facts and [*facts, ("Where it is from", " ".join(whence))]),
        ],
    )
    if file:
        return file
    wrong = form.is_bound and bool(form.errors)
    looked = [step.look for step in drawn.steps if step.look] if drawn else []
    crossed = [step.look for step in drawn.steps if step.crosses] if drawn else []
    context = {
        **found,
        "run": row.run,
        "row": row,
        "about": about(row),
        "form": form if wrong else BoundaryForm(initial=_initial(design)),
        "signed": signed,
        "shares_off": looks.shares_off_of(row, signed) if signed else [],
        "tried": tried,
        "facts": [{"label": label, "value": value} for label, value in facts],
        "problem": problem,
        "spec": spec,
        "title": title,
        "crossed": crossed,
        "fell_back": STANDS if crossed and looked and crossed[-1] is not looked[-1] else "",
        "drawn": drawn,
        "inference": shown,
        "hidden_text": inference.HIDDEN,
        "page": PAGES.get(design.kind, "group-sequential.md") if design else "",
        "back": tables.term_url(row),
        "remarks": _remarks(held, row),
        "definitions": tables.definitions_of(row.run, inference=shown),
        "whence": remark if shown and design else "",
    }
    return render(request, "signals/boundary.html", context, status=422 if wrong else 200)


def _design(form: BoundaryForm, signed: Signed | None, study: Study) -> tuple[Design | None, str]:
    """What was signed, or is tried; and a sentence: whence the planned end that nobody typed, or why there is no
    design."""
    if signed:
        return signed.boundary.design, ""
    by_study = BY_STUDY.format(study.planned_participants) if study.planned_participants else ""
    if not form.is_bound:
        if not study.planned_participants:
            return None, NO_END
        return Design(USUAL, planned=study.planned_participants), by_study
    if not form.is_valid():
        return None, ""
    settings, typed = form.settings(), form.given()["planned"]
    return boundary_settings.design_of(form.chosen_kind, settings), "" if typed else by_study


def _remarks(held: list[Held], row: Result) -> list[str]:
    """What the looks do not share, and which runs are none."""
    runs = [one.run for one in held]
    told = []
    if missing := look_queries.not_looked(row, runs):
        dates = ", ".join(map(str, missing))
        told.append(
            f"Not a look, for no run by this analysis arm screened it there (level, selection, query, arm or pool): "
            f"{dates}."
        )
    if others := sorted({one.row.term for one in held if one.row} - {row.term}):
        told.append(f"Spelled otherwise in other runs, and the same term: {', '.join(others)}.")
    if differing := queries.differing_definitions(runs):
        told.append(
            f"The looks were not counted by the same definitions: {'; '.join(differing)}. Steps of the path may be "
            "that, not the data."
        )
    return told


def _initial(design: Design | None) -> dict[str, Any]:
    """A design as the form shows it."""
    return {"kind": USUAL} if design is None else {"kind": design.kind, **boundary_settings.typed(design)}
