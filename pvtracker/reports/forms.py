"""What a person chooses when making a report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from pvtracker.reports.queries import usable_cuts
from pvtracker.studies.models import AnalysisArm, Study


class MakeForm(forms.Form):
    """The cut and, in the closed room, by which arm participants are counted."""

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cut"] = forms.ChoiceField(
            label="Data cut",
            choices=[
                (str(cut.id), f"{cut.date} · frozen {cut.made_at:%Y-%m-%d %H:%M} · {cut.sha256[:12]}")
                for cut in usable_cuts(study)
            ],
            error_messages={
                "invalid_choice": "This is not a cut of the study. Choose one of the cuts listed.",
                "required": "A report rests on a data cut. Choose one of the cuts listed.",
            },
        )
        if settings.ROOM == "closed":
            self.fields["analysis_arm"] = forms.ChoiceField(
                label="Analysis arm",
                choices=AnalysisArm.choices,
                initial=study.analysis_arm,
                error_messages={
                    "invalid_choice": "The analysis arm is actual or planned. Choose one of the two.",
                    "required": "A closed report counts participants by an arm. Choose actual or planned.",
                },
            )
