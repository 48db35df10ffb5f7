"""What a person chooses: a screening to run, and a part of its rows to look at."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms

from pvtracker.cuts import closed, derive
from pvtracker.signals.methods import METHODS
from pvtracker.signals.screen import LEVELS
from pvtracker.studies.models import AnalysisArm, Study

SELECTION_LABELS = {
    "all": "All",
    "serious": "Serious",
    "criterion": "With a seriousness criterion",
    "grade3plus": "Grade 3 or more",
    "related": "Related",
}
LEVEL_LABELS = {"PT": "Preferred term", "SOC": "Organ class"}


class RunForm(forms.Form):
    cut = forms.ChoiceField(
        label="Data cut", error_messages={"invalid_choice": "Choose one of the cuts listed."}
    )
    analysis_arm = forms.ChoiceField(
        label="Analysis arm",
        choices=AnalysisArm.choices,
        error_messages={"invalid_choice": "The analysis arm is actual or planned."},
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cuts = closed.joined_cuts(study)
        self.fields["cut"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (str(cut.id), f"{cut.date} · frozen {cut.made_at:%Y-%m-%d %H:%M} · {cut.sha256[:12]}")
            for cut in cuts
        ]
        self.fields["analysis_arm"].initial = study.analysis_arm


class FilterForm(forms.Form):
    """Each choice falls back to its first one, so that any address shows something."""

    level = forms.ChoiceField(choices=[(key, LEVEL_LABELS[key]) for key in reversed(LEVELS)], required=False)
    selection = forms.ChoiceField(
        label="Events", choices=[(key, SELECTION_LABELS[key]) for key in derive.SELECTIONS], required=False
    )
    arm = forms.ChoiceField(required=False)
    method = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, arms: list[str], methods: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["arm"].choices = [(arm, arm) for arm in arms]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (m.key, m.label) for m in METHODS.values() if m.key in methods
        ]

    def chosen(self) -> dict[str, str]:
        """The valid choices; the first of each where none, or no valid one, was made."""
        self.is_valid()
        return {
            name: self.cleaned_data.get(name) or str(field.choices[0][0])  # type: ignore[attr-defined]
            for name, field in self.fields.items()
        }
