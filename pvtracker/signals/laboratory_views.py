"""Closed room: laboratory values and vital signs by arm, eDISH, and one participant's laboratory."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.coding.scales import SCALES
from pvtracker.cuts import closed, derive
from pvtracker.cuts import laboratory as rules
from pvtracker.cuts.data import CutData
from pvtracker.cuts.models import Cut
from pvtracker.signals import (
    inference,
    laboratory,
    laboratory_charts,
    laboratory_courses,
    laboratory_detail,
    laboratory_model,
    liver_tables,
)
from pvtracker.signals import laboratory_tables as tables
from pvtracker.signals import liver as livers
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_forms import NO_GRADES, LaboratoryForm, WeeksForm, weeks_of
from pvtracker.signals.liver_values import liver_values
from pvtracker.signals.tables import arm_label
from pvtracker.signals.unreadable import tells_unreadable
from pvtracker.stats.liver import LIVER_TESTS
from pvtracker.studies.looking import look
from pvtracker.studies.models import Study
from pvtracker.studies.pages import study_page

KIND = "laboratory"
WHO = (
    "analysis set",
    "arm",
    "first exposure",
)  # of the study's definitions, those that the laboratory rests on


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, once it is recorded that somebody looks at it."""

    study: Study
    cut: Cut
    chosen: dict[str, str]
    form: LaboratoryForm
    inference: bool

    @property
    def scale(self) -> str:
        return "" if self.chosen["grading"] == NO_GRADES else self.chosen["grading"]

    @property
    def query(self) -> str:
        return urlencode(self.chosen)

    def address(self, name: str, *arguments: Any) -> str:
        """Another page of the same choices."""
        return f"{reverse(name, args=[self.study.code, *arguments])}?{self.query}"

    def load(self) -> CutData:
        return closed.load_joined(self.cut, only=laboratory.DATASETS)

    def read(self, data: CutData, analyte: str = "", subject: str = "") -> Laboratory:
        return laboratory.read(
            data,
            analysis_arm=self.chosen["analysis_arm"],
            scale=self.scale,
            analyte=analyte,
            subject=subject,
        )

    def participant(self, lab: Laboratory) -> Any:
        """The address of a participant's page by row number; '' where the cut gives no id."""
        ids = lab.people["participant_id"].tolist()
        return lambda row: self.address("laboratory_participant", ids[row]) if ids[row] else ""


@require_safe
@tells_unreadable
def laboratory_list(request: HttpRequest, code: str) -> HttpResponse:
    """Every analyte with what is flagged first."""
    asked = _asked(request, code, "every analyte")
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load()
    lab = asked.read(data)
    found = laboratory.overview(lab)
    if not asked.inference:
        found = sorted(found, key=lambda one: lab.analytes.index(one.analyte))
    opened, revealing = ([one for one in found if one.analyte.closed == told] for told in (False, True))
    context = {
        "table": tables.overview_table(lab, opened, url=_analyte_url(asked), inference=asked.inference),
        "closed_table": tables.closed_table(revealing, url=_analyte_url(asked)) if revealing else None,
        "edish": asked.address("laboratory_edish"),
        "facts": [
            *_facts(asked, lab),
            *_as_facts(
                ("In another unit, left out", rules.left_out(data, "")),
                ("Results without a number, left out", rules.without_number(data)),
            ),
        ],
    }
    return render(request, "signals/laboratory.html", _with(asked, data, context))


@require_safe
@tells_unreadable
def laboratory_analyte(request: HttpRequest, code: str) -> HttpResponse:
    """One analyte; the first of the cut where none is named."""
    name = request.GET.get("analyte", "")
    asked = _asked(request, code, f"analyte {name[:40]}" if name else "the first analyte")
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load()
    name = name or next((one.code for one in rules.analytes(data)), "")
    lab = asked.read(data, name)
    if not lab.analytes:
        raise Http404("No such analyte in this cut.")
    found = laboratory_detail.detail(lab)
    analyte = found.summary.analyte
    arms, reference = lab.arms.names, _reference(lab)
    limits = lab.values[["low", "high"]].median()
    log = found.log or (analyte.closed and bool((lab.values["value"] > 0).all()))
    unit = f", {analyte.unit}" if analyte.unit else ""
    context = {
        "analyte": analyte,
        "hidden": {"analyte": analyte.code},
        "facts": [
            *_facts(asked, lab),
            *_as_facts(
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
        "boxes": laboratory_charts.boxes(
            found.boxes,
            arms=arms,
            reference=reference,
            title=f"{analyte.name}{unit}",
            limits=[(str(label), float(value)) for label, value in limits.items() if value == value],
            log=log,
        )
        if found.boxes
        else None,
        "boxes_table": tables.boxes_table(found.boxes, analyte.unit),
        "contrasts": tables.contrasts_table(found.summary.contrasts, reference, inference=asked.inference),
        "shift": found.shift
        and tables.shift_rows(found.shift, arms, what="the range", note=tables.RANGE_NOTE),
        "grade_shift": found.grade_shift
        and tables.shift_rows(found.grade_shift, arms, what="grades", note=tables.GRADE_NOTE),
        "grades": found.grades and tables.grades_table(found.grades, arms, SCALES[asked.scale].name),
        "outliers": tables.outliers_table(lab, found, url=asked.participant(lab)),
        "slopes": found.slopes
        and tables.slopes_table(found.slopes, arms, analyte.unit, log=found.log, inference=asked.inference),
        **_courses(request, asked, data, lab),
        "back": asked.address("laboratory"),
    }
    return render(request, "signals/laboratory_analyte.html", _with(asked, data, context))


@require_safe
@tells_unreadable
def laboratory_edish(request: HttpRequest, code: str) -> HttpResponse:
    """Peaks of the liver tests, possible cases of Hy's law first."""
    asked = _asked(request, code, "eDISH")
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load()
    lab = laboratory.without_values(data, analysis_arm=asked.chosen["analysis_arm"])
    found = livers.liver(data, lab)
    url = asked.participant(lab)
    peaks = found.peaks
    drawn = [
        laboratory_charts.Peak(
            subject=str(lab.people["subject"].iloc[row]),
            arm=lab.arms.names[int(lab.people["arm"].iloc[row])],
            transaminase=float(peaks.transaminase[place]),
            bilirubin=float(peaks.bilirubin[place]),
            quadrant=peaks.quadrant[place],
            case=bool(peaks.case[place]),
            url=url(row),
        )
        for place, row in enumerate(found.row)
        if peaks.quadrant[place]
    ]
    context = {
        "facts": [
            *_facts(asked, lab),
            *_as_facts(
                ("In the picture", f"{len(drawn)} participants"),
                ("Without a value of both kinds", f"{len(found.row) - len(drawn)} participants"),
                ("Values without an upper limit or not above 0, left out", found.unlimited),
                ("Values without a whole date, in no pair", found.undated),
                ("Results without a number, left out", rules.without_number(data, *LIVER_TESTS)),
                ("Above a limit of the method, counted at it", found.at_least),
            ),
        ],
        "cases": liver_tables.cases_table(lab, found, url=url),
        "quadrants": liver_tables.quadrants_table(lab, livers.quadrants_by_arm(lab, found)),
        "no_case": liver_tables.peaks_table(lab, found, url=url, no_case=True),
        "peaks": liver_tables.peaks_table(lab, found, url=url),
        "chart": laboratory_charts.edish(
            drawn,
            arms=[name for name in lab.arms.names if any(peak.arm == name for peak in drawn)],
            reference=_reference(lab),
            transaminase=livers.TRANSAMINASE_LIMIT,
            bilirubin=livers.BILIRUBIN_LIMIT,
        )
        if drawn
        else None,
        "rule": livers.RULE,
        "back": asked.address("laboratory"),
    }
    return render(request, "signals/laboratory_edish.html", _with(asked, data, context))


@require_safe
@tells_unreadable
def laboratory_participant(request: HttpRequest, code: str, subject_id: uuid.UUID) -> HttpResponse:
    """One participant's liver tests over time, and what lay beyond its limits."""
    asked = _asked(request, code, "one participant", participant=str(subject_id))
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load()
    everybody = data.participants
    subject = str(everybody.loc[everybody["participant"] == str(subject_id), "subject"].iloc[0])
    lab = asked.read(data, subject=subject)
    rows = [row for row, one in enumerate(lab.people["subject"]) if one == subject]
    if not rows or lab.people["arm"].iloc[rows[0]] < 0:
        raise Http404("No such participant in this cut.")
    person = lab.people.iloc[rows[0]]
    found = liver_values(rules.few_for(data, subject), lab.people).of(rows[0])
    tests = found.values[found.values["day"].notna()]
    points = [
        laboratory_charts.LiverPoint(
            str(row["analyte"]), float(tables.day_text(row["day"])), float(row["times"])
        )
        for test in LIVER_TESTS
        for row in tests[tests["analyte"] == test].to_dict("records")
    ]
    context = {
        "subject": person["subject"],
        "facts": [
            *_as_facts(
                ("Arm", lab.arms.names[int(person["arm"])]),
                (
                    "First exposure",
                    "unknown" if person.isna()["first_exposure"] else person["first_exposure"].date(),
                ),
                ("Follow-up, years", f"{person['follow_up_years']:.2f}"),
            ),
            *_facts(asked, lab),
            *_as_facts(
                (
                    "Liver tests without an upper limit or not above 0, left out",
                    sum(found.unlimited.values()),
                ),
                ("Liver tests without a whole date, not drawn", int(found.values["day"].isna().sum())),
            ),
        ],
        "chart": laboratory_charts.liver_course(
            points, transaminase=livers.TRANSAMINASE_LIMIT, bilirubin=livers.BILIRUBIN_LIMIT
        )
        if points
        else None,
        "course": liver_tables.course_table(tests),
        "beyond": liver_tables.beyond_table(lab, lab.values),
        "back": asked.address("laboratory_edish"),
    }
    return render(request, "signals/laboratory_participant.html", _with(asked, data, context))


def _asked(request: HttpRequest, code: str, what: str, *, participant: str = "") -> Asked | HttpResponse:
    """The choices of the address, and the record of the look; or the page to answer with instead: why is asked first,
    or no cut is joined yet."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    cuts = list(closed.joined_cuts(study)[:50])
    form = LaboratoryForm(request.GET, cuts=cuts)
    chosen = form.chosen() if cuts else {}
    if participant and cuts and not _is_there(form.cuts[chosen["cut"]], participant):
        raise Http404("No such participant in this cut.")  # nothing was looked at
    detail = f"{what}, {chosen['analysis_arm']} arm, cut {chosen['cut']}" if cuts else "no cut"
    ask = look(
        request, study, Permission.READ_SIGNALS, object_kind=KIND, object_id=participant, detail=detail
    )
    if ask:
        return ask
    if not cuts:
        return render(request, "signals/laboratory.html", {})
    shown = LaboratoryForm(initial=chosen, cuts=cuts)
    return Asked(study, form.cuts[chosen["cut"]], chosen, shown, inference.is_shown(request))


def _is_there(cut: Cut, participant: str) -> bool:
    """Whether the cut has this participant; nothing by arm is read for it."""
    people = closed.load_joined(cut, only=("participants",)).participants
    return bool((people["participant"] == participant).any())


def _with(asked: Asked, data: CutData, context: dict[str, Any]) -> dict[str, Any]:
    """What every one of these pages shows."""
    shared = {
        "form": asked.form,
        "cut": asked.cut,
        "definitions": {
            **{name: text for name, text in derive.definitions(data).items() if name in WHO},
            **rules.DEFINITIONS,
            **laboratory.COMPARED,
        },
        "inference": asked.inference,
        "hidden_text": inference.HIDDEN,
    }
    return {**shared, **context}


def _facts(asked: Asked, lab: Laboratory) -> list[dict[str, Any]]:
    """What the numbers rest on."""
    totals = "; ".join(f"{name}: {n}" for name, n in zip(lab.arms.names, lab.totals, strict=True))
    without = int((lab.people["arm"] < 0).sum())
    return _as_facts(
        ("Cut-off date", str(asked.cut.date)),
        ("Analysis arm", arm_label(asked.chosen["analysis_arm"])),
        ("Participants analysed", totals),
        *([("Analysed without an arm, left out", without)] if without else []),
        ("Cut sha256", asked.cut.sha256),
    )


def _as_facts(*facts: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"label": label, "value": value} for label, value in facts]


def _reference(lab: Laboratory) -> str:
    return "" if lab.arms.reference is None else lab.arms.names[lab.arms.reference]


def _analyte_url(asked: Asked) -> Any:
    address = reverse("laboratory_analyte", args=[asked.study.code])
    return lambda code: f"{address}?{urlencode({**asked.chosen, 'analyte': code})}"


def _courses(request: HttpRequest, asked: Asked, data: CutData, lab: Laboratory) -> dict[str, Any]:
    """What is told of the course over the weeks: of an open analyte, or of one that tells the arm."""
    if not lab.analytes[0].closed:
        found = laboratory_courses.sections(lab, inference=asked.inference)
        return {"sections": found, **(_model(request, asked, lab) if found else {})}
    results = _with_texts(asked, data, lab)
    shares = laboratory_courses.detected(results, lab, inference=asked.inference)
    return {
        "detections": tables.detections_table(results, lab),
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


def _with_texts(asked: Asked, data: CutData, lab: Laboratory) -> Any:
    """The results of a closed analyte, also those without a number."""
    people = derive.analysis_set(data, analysis_arm=asked.chosen["analysis_arm"])
    return rules.values(data, people, analyte=lab.analytes[0].code, texts=True)
