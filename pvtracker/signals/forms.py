"""What a person chooses: a screening to run, and a part of its rows to look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms

from pvtracker.cuts import closed, derive
from pvtracker.signals.labels import LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.methods import FURTHER_METHODS, METHODS
from pvtracker.signals.screen import LEVELS
from pvtracker.studies.models import AnalysisArm, Study


class RunForm(forms.Form):
    cut = forms.ChoiceField(
        label="Data cut", error_messages={"invalid_choice": "Choose one of the cuts listed."}
    )
    analysis_arm = forms.ChoiceField(
        label="Analysis arm",
        choices=AnalysisArm.choices,
        error_messages={"invalid_choice": "The analysis arm is actual or planned."},
    )
    also = forms.MultipleChoiceField(
        label="Further methods",
        choices=[(key, METHODS[key].label) for key in FURTHER_METHODS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=f"Some take minutes; “{METHODS['berry_berry_priors'].label}” takes several for each arm and "
        "selection of events. Whatever the plan does not have is a departure from it, and the run says so.",
        error_messages={"invalid_choice": "Choose from the methods shown."},
    )

    def __init__(self, *args: Any, study: Study, usual_arm: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cuts = closed.joined_cuts(study)
        self.fields["cut"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (str(cut.id), f"{cut.date} · frozen {cut.made_at:%Y-%m-%d %H:%M} · {cut.sha256[:12]}")
            for cut in cuts
        ]
        self.fields["analysis_arm"].initial = usual_arm or study.analysis_arm


class FilterForm(forms.Form):
    """Each choice falls back to its first one, so that any address shows something."""

    level = forms.ChoiceField(required=False)
    selection = forms.ChoiceField(label="Events", required=False)
    arm = forms.ChoiceField(required=False)
    method = forms.ChoiceField(required=False)

    def __init__(
        self,
        *args: Any,
        arms: list[str],
        methods: Collection[str],
        levels: Sequence[str] = LEVELS,
        selections: Collection[str] = derive.SELECTIONS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (key, LEVEL_LABELS.get(key, key)) for key in reversed(levels)
        ]
        self.fields["selection"].choices = [  # type: ignore[attr-defined]
            (key, SELECTION_LABELS.get(key, key)) for key in selections
        ]
        self.fields["arm"].choices = [(arm, arm) for arm in arms]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (m.key, m.label) for m in METHODS.values() if m.key in methods
        ]

    def chosen(self) -> dict[str, str]:
        """The valid choices; the first of each where none, or no valid one, was made, and '' where there is none to
        choose, as of arms in a run of a study that has the reference alone."""
        self.is_valid()
        return {
            name: self.cleaned_data.get(name) or next((str(key) for key, _ in field.choices), "")  # type: ignore[attr-defined]
            for name, field in self.fields.items()
        }
