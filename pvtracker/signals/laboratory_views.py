"""Closed room: laboratory values and vital signs by arm."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.coding.scales import SCALES
from pvtracker.cuts import laboratory as rules
from pvtracker.cuts.data import CutData
from pvtracker.cuts.unreadable import tells_unreadable
from pvtracker.signals import (
    laboratory,
    laboratory_charts,
    laboratory_courses,
    laboratory_detail,
    laboratory_model,
)
from pvtracker.signals import laboratory_closed_tables as closed_tables
from pvtracker.signals import laboratory_tables as tables
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_counts import GRADE_SHIFT, SHIFT
from pvtracker.signals.laboratory_courses import Section
from pvtracker.signals.laboratory_forms import WeeksForm, weeks_of
from pvtracker.signals.laboratory_pages import (
    Asked,
    as_facts,
    ask_for,
    facts_of,
    file_of,
    reference_of,
    with_shared,
)

BOXES = "Values over the weeks, by arm"
SHOWN = {
    "contrasts": "contrasts",
    "shift": "shift",
    "grades": "grades",
    "grade-shift": "grade_shift",
    "slopes": "slopes",
}  # key of a file: name on the page


@require_safe
@tells_unreadable
def laboratory_list(request: HttpRequest, code: str) -> HttpResponse:
    """Every analyte with what is flagged first."""
    asked = ask_for(request, code, "every analyte")
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load()
    lab = asked.read(data)
    found = laboratory.overview(lab)
    if not asked.inference:
        found = sorted(found, key=lambda one: lab.analytes.index(one.analyte))
    opened, revealing = ([one for one in found if one.analyte.closed == told] for told in (False, True))
    shown = {
        "table": tables.overview_table(
            lab, opened, url=asked.analyte, inference=asked.inference, opens=asked.opens
        ),
        "closed_table": closed_tables.closed_table(revealing, url=asked.analyte, opens=asked.opens)
        if revealing
        else None,
    }
    file = file_of(
        request, asked, data, tables={"analytes": shown["table"], "closed-analytes": shown["closed_table"]}
    )
    if file:
        return file
    context = {
        **shown,
        "edish": asked.address("laboratory_edish"),
        "facts": [
            *facts_of(asked, lab),
            *as_facts(
                ("In another unit, left out", rules.left_out(data, "")),
                ("Results without a number, left out", rules.without_number(data)),
            ),
        ],
    }
    return render(request, "signals/laboratory.html", with_shared(asked, data, context))


@require_safe
@tells_unreadable
def laboratory_analyte(request: HttpRequest, code: str) -> HttpResponse:
    """One analyte; the first of the cut where none is named."""
    name = request.GET.get("analyte", "")
    asked = ask_for(request, code, f"analyte {name[:40]}" if name else "the first analyte")
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load(*([name] if name else []))
    name = name or next((one.code for one in rules.analytes(data)), "")
    lab = asked.read(data, name)
    if not lab.analytes:
        raise Http404("No such analyte in this cut.")
    found = laboratory_detail.detail(lab)
    analyte = found.summary.analyte
    arms, reference = lab.arms.names, reference_of(lab)
    limits = lab.values[["low", "high"]].median()
    log = found.log or (analyte.closed and bool((lab.values["value"] > 0).all()))
    unit = f", {analyte.unit}" if analyte.unit else ""
    opens = partial(asked.opens, analyte=analyte.code)
    boxes = (
        laboratory_charts.boxes(
            found.boxes,
            arms=arms,
            reference=reference,
            title=f"{analyte.name}{unit}",
            limits=[(str(label), float(value)) for label, value in limits.items() if value == value],
            log=log,
        )
        if found.boxes
        else None
    )
    shown = {
        "boxes_table": tables.boxes_table(found.boxes, analyte.unit),
        "contrasts": tables.contrasts_table(
            found.summary.contrasts, reference, inference=asked.inference, opens=opens
        ),
        "shift": found.shift
        and tables.shift_rows(
            found.shift, arms, what="the range", note=tables.RANGE_NOTE, opens=partial(opens, count=SHIFT)
        ),
        "grade_shift": found.grade_shift
        and tables.shift_rows(
            found.grade_shift,
            arms,
            what="grades",
            note=tables.GRADE_NOTE,
            opens=partial(opens, count=GRADE_SHIFT),
        ),
        "grades": found.grades
        and tables.grades_table(found.grades, arms, SCALES[asked.scale].name, opens=opens),
        "slopes": found.slopes
        and tables.slopes_table(found.slopes, arms, analyte.unit, log=found.log, inference=asked.inference),
    }
    outliers = partial(tables.outliers_table, lab, found, url=asked.participant(lab))
    courses = _courses(request, asked, data, lab)
    file = file_of(
        request,
        asked,
        data,
        tables={
            "boxes": shown["boxes_table"],
            **{key: shown[name] for key, name in SHOWN.items()},
            "outliers": outliers(every=True),
            "detections": courses.get("detections"),
            **{one.key: one.table for one in _sections(courses)},
        },
        pictures={
            "boxes": (BOXES, boxes),
            **{one.key: (one.title, one.chart) for one in courses["sections"]},
        },
        about=(("Analyte", f"{analyte.name} ({analyte.code}){unit}"),),
    )
    if file:
        return file
    context = {
        **shown,
        **courses,
        "analyte": analyte,
        "hidden": {"analyte": analyte.code},
        "facts": [
            *facts_of(asked, lab),
            *as_facts(
                ("Values", f"{found.summary.values} of {found.summary.participants} participants"),
                ("Measured after baseline only", f"{found.summary.without_baseline} participants"),
                ("In another unit, left out", rules.left_out(data, analyte.code)),
                (
                    f"Results without a number{'' if analyte.closed else ', left out'}",
                    rules.without_number(data, analyte.code),
                ),
                ("Above a limit, counted at it", int(lab.values["at_least"].sum())),
                *([("Not above 0, left out of logarithms", found.off_scale)] if found.off_scale else []),
                ("At visits without a planned week", found.unplanned),
            ),
        ],
        "boxes": boxes,
        "boxes_title": BOXES,
        "outliers": outliers(),
        "back": asked.address("laboratory"),
    }
    return render(request, "signals/laboratory_analyte.html", with_shared(asked, data, context))


def _sections(courses: dict[str, Any]) -> list[Section]:
    model = courses.get("model")
    return [*courses["sections"], *([model] if model else [])]


def _courses(request: HttpRequest, asked: Asked, data: CutData, lab: Laboratory) -> dict[str, Any]:
    """What is told of the course over the weeks: of an open analyte, or of one that tells the arm."""
    if not lab.analytes[0].closed:
        found = laboratory_courses.sections(lab, inference=asked.inference)
        return {"sections": found, **(_model(request, asked, lab) if found else {})}
    results = asked.with_texts(data, lab)
    opens = partial(asked.opens, analyte=lab.analytes[0].code)
    shares = laboratory_courses.detected(results, lab, inference=asked.inference, opens=opens)
    return {
        "detections": closed_tables.detections_table(results, lab, opens=opens),
        "sections": [shares] if shares else [],
    }


def _model(request: HttpRequest, asked: Asked, lab: Laboratory) -> dict[str, Any]:
    """The mixed model once it is asked for, as it may take seconds, and the choice of its weeks."""
    if not laboratory_model.may_have_model(lab):
        return {}
    form = WeeksForm(request.GET if request.GET.get("model") == "yes" else None)
    weeks = weeks_of(form)
    return {
        "weeks": form,
        "weeks_hidden": {**asked.chosen, "analyte": lab.analytes[0].code, "model": "yes"},
        "model_title": laboratory_model.MODEL,
        "model": weeks and laboratory_model.section(lab, weeks, inference=asked.inference),
    }
