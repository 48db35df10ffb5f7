"""What a person chooses on the laboratory pages: the cut, the arm of analysis, the table of grades."""

from __future__ import annotations

from typing import Any

from django import forms

from pvtracker.coding.scales import SCALES
from pvtracker.coding.scales.laboratory import LABORATORY
from pvtracker.cuts.models import Cut
from pvtracker.studies.models import AnalysisArm

NO_GRADES = "none"


class LaboratoryForm(forms.Form):
    """Each choice falls back to its default, so that any address shows something."""

    cut = forms.ChoiceField(label="Data cut", required=False)
    analysis_arm = forms.ChoiceField(label="Analysis arm", choices=AnalysisArm.choices, required=False)
    grading = forms.ChoiceField(
        label="Grades",
        choices=[*((key, SCALES[key].name) for key in LABORATORY), (NO_GRADES, "No grades")],
        required=False,
    )

    def __init__(self, *args: Any, cuts: list[Cut], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cut"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (str(cut.id), f"{cut.date} · frozen {cut.made_at:%Y-%m-%d %H:%M} · {cut.sha256[:12]}")
            for cut in cuts
        ]
        self.cuts = {str(cut.id): cut for cut in cuts}

    def chosen(self) -> dict[str, str]:
        """The valid choices; else the latest cut, and the analysis arm and the scale of that cut's study."""
        self.is_valid()
        cut = self.cuts[self.cleaned_data.get("cut") or next(iter(self.cuts))]
        stated = cut.manifest["settings"]
        scale = stated.get("severity_scale", "")
        return {
            "cut": str(cut.id),
            "analysis_arm": self.cleaned_data.get("analysis_arm") or stated["analysis_arm"],
            "grading": self.cleaned_data.get("grading") or (scale if scale in LABORATORY else NO_GRADES),
        }
