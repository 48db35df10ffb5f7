"""What the laboratory pages share: choices of the address and the record of the look, facts, files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from pvtracker.accounts.roles import Permission
from pvtracker.coding.scales import SCALES
from pvtracker.cuts import closed, derive
from pvtracker.cuts import laboratory as rules
from pvtracker.cuts.data import CutData
from pvtracker.cuts.models import Cut
from pvtracker.lib.code_version import code_version
from pvtracker.signals import inference, laboratory, taking_out
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_forms import NO_GRADES, LaboratoryForm
from pvtracker.signals.tables import arm_label
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

    def address(self, name: str, *arguments: Any) -> str:
        """Another page of the same choices."""
        return f"{reverse(name, args=[self.study.code, *arguments])}?{self._query()}"

    def load(self, *analytes: str) -> CutData:
        """The cut, with the measurements of these analytes only where any is named."""
        return closed.load_joined(self.cut, only=laboratory.DATASETS, analytes=analytes or None)

    def read(self, data: CutData, analyte: str = "", subject: str = "") -> Laboratory:
        return laboratory.read(
            data,
            analysis_arm=self.chosen["analysis_arm"],
            scale=self.scale,
            analyte=analyte,
            subject=subject,
        )

    def with_texts(self, data: CutData, lab: Laboratory) -> pd.DataFrame:
        """The results of the one analyte of `lab`, also those without a number."""
        return rules.values(data, lab.people, analyte=lab.analytes[0].code, texts=True)

    def analyte(self, code: str) -> str:
        """The address of an analyte's page."""
        return f"{reverse('laboratory_analyte', args=[self.study.code])}?{self._query(analyte=code)}"

    def opens(self, n: int, **what: Any) -> str:
        """The address of the list of the `n` participants whom a number counts, `what` as in `laboratory_counts`."""
        return f"{reverse('laboratory_counted', args=[self.study.code])}?{self._query(**what)}" if n else ""

    def _query(self, **more: Any) -> str:
        return urlencode({**self.chosen, **more})

    def participant(self, lab: Laboratory) -> Any:
        """The address of a participant's page by row number; '' where the cut gives no id."""
        ids = lab.people["participant_id"].tolist()
        return lambda row: self.address("laboratory_participant", ids[row]) if ids[row] else ""


def ask_for(
    request: HttpRequest, code: str, what: str, *, participant: str = "", exact: bool = False
) -> Asked | HttpResponse:
    """The choices of the address, and the record of the look; or the page to answer with instead: why is asked first,
    or no cut is joined yet. `exact`: a choice that does not exist is not found, instead of another in its place."""
    study = study_page(request, code, Permission.READ_SIGNALS)
    cuts = list(closed.joined_cuts(study)[:50])
    form = LaboratoryForm(request.GET, cuts=cuts)
    chosen = form.chosen() if cuts else {}
    if exact and not form.is_valid():
        raise Http404("No such cut, arm or grades.")  # nothing was looked at
    if participant and cuts and not _is_there(form.cuts[chosen["cut"]], participant):
        raise Http404("No such participant in this cut.")  # nothing was looked at
    detail = f"{what}, {chosen['analysis_arm']} arm, cut {chosen['cut']}" if cuts else "no cut"
    if not cuts and taking_out.asked(request):
        raise Http404("No cut is joined yet.")
    ask = taking_out.looked(request, study, object_kind=KIND, object_id=participant, detail=detail)
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


def with_shared(asked: Asked, data: CutData, context: dict[str, Any]) -> dict[str, Any]:
    """What every one of these pages shows."""
    shared = {
        "form": asked.form,
        "cut": asked.cut,
        "definitions": definitions(data, inference=asked.inference),
        "inference": asked.inference,
        "hidden_text": inference.HIDDEN,
    }
    return {**shared, **context}


def facts_of(asked: Asked, lab: Laboratory) -> list[dict[str, Any]]:
    """What the numbers rest on."""
    totals = "; ".join(f"{name}: {n}" for name, n in zip(lab.arms.names, lab.totals, strict=True))
    without = int((lab.people["arm"] < 0).sum())
    return as_facts(
        ("Cut-off date", str(asked.cut.date)),
        ("Analysis arm", arm_label(asked.chosen["analysis_arm"])),
        ("Participants analysed", totals),
        *([("Analysed without an arm, left out", without)] if without else []),
        ("Cut sha256", asked.cut.sha256),
    )


def as_facts(*facts: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"label": label, "value": value} for label, value in facts]


def reference_of(lab: Laboratory) -> str:
    return "" if lab.arms.reference is None else lab.arms.names[lab.arms.reference]


def definitions(data: CutData, *, inference: bool) -> dict[str, str]:
    """What the numbers of these pages are by; without inference, not by what an analyte is flagged."""
    compared = {name: said for name, said in laboratory.COMPARED.items() if inference or name != "flag"}
    return {
        **{name: text for name, text in derive.definitions(data).items() if name in WHO},
        **rules.DEFINITIONS,
        **compared,
    }


def file_of(
    request: HttpRequest,
    asked: Asked,
    data: CutData,
    *,
    tables: Mapping[str, Any],
    pictures: Mapping[str, tuple[str, taking_out.Drawing]] | None = None,
    about: tuple[tuple[str, str], ...] = (),
) -> HttpResponse | None:
    """The file that was asked for, or None."""
    cut = asked.cut
    source = taking_out.Source(
        cut.id.hex[:8],
        (asked.study.code, "closed", "laboratory", str(cut.date)),
        (
            *taking_out.room_facts(asked.study),
            ("Data cut", str(cut.id)),
            ("Cut-off date", str(cut.date)),
            ("Cut sha256", cut.sha256),
            ("Analysis arm", arm_label(asked.chosen["analysis_arm"])),
            ("Grades", SCALES[asked.scale].name if asked.scale else "none"),
            ("Code version", code_version()),
        ),
        definitions(data, inference=asked.inference),
    )
    return taking_out.file_of(request, source, tables=tables, pictures=pictures, about=about)
