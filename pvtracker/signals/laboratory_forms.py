"""What a person chooses on the laboratory pages: cut, arm of analysis, table of grades; weeks of the mixed model."""

from __future__ import annotations

from typing import Any

from django import forms

from pvtracker.coding.scales import SCALES
from pvtracker.coding.scales.laboratory import LABORATORY
from pvtracker.cuts.models import Cut
from pvtracker.signals.laboratory_model import Weeks
from pvtracker.studies.models import AnalysisArm

NO_GRADES = "none"
LAST_WEEK = 10_000


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


class WeeksForm(forms.Form):
    """Which planned weeks are in the model."""

    first = forms.IntegerField(
        label="From week", required=False, min_value=0, max_value=LAST_WEEK, help_text="Empty: the first."
    )
    last = forms.IntegerField(
        label="To week", required=False, min_value=0, max_value=LAST_WEEK, help_text="Empty: the last."
    )
    every = forms.IntegerField(
        label="Each n-th planned week",
        required=False,
        min_value=1,
        max_value=100,
        help_text="1: all of them, 2: every other, counted back from the last. Empty: as close as can be fitted.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["invalid"] = "Give a whole number, such as 4, or leave it empty."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first is not None and last is not None and first > last:
            self.add_error(
                "last", f"Must not come before the first, week {first}: give a later week, or none."
            )
        return cleaned


def weeks_of(form: WeeksForm) -> Weeks | None:
    """None where the form is not valid."""
    if not form.is_valid():
        return None
    return Weeks(**{name: form.cleaned_data[name] for name in ("first", "last", "every")})
