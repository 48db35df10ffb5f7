"""The form of a study's plan. What is chosen is checked by `plan.check`, whose sentences name the field."""

from __future__ import annotations

from typing import Any

from django import forms

from pvtracker.cuts import derive
from pvtracker.signals.labels import LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.methods import DEFAULT_METHODS, METHODS
from pvtracker.signals.pieces import ALL_LEVELS
from pvtracker.signals.plan import EVERY_DAYS, MOST_DAYS, MOST_SEED, WHEN, Plan, Planned
from pvtracker.studies.models import AnalysisArm

REASON_LIMIT = 2000


class PlanOfStudyForm(forms.Form):
    """All of a plan, and why it is so."""

    use_required_attribute = False
    levels = forms.MultipleChoiceField(
        label="Levels",
        choices=[(level, LEVEL_LABELS.get(level, level)) for level in ALL_LEVELS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose the preferred term, and other levels as you need them."},
    )
    selections = forms.MultipleChoiceField(
        label="Events",
        choices=[(key, SELECTION_LABELS[key]) for key in derive.SELECTIONS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose all events, and other selections as you need them."},
    )
    methods = forms.MultipleChoiceField(
        label="Methods",
        choices=[(key, one.label) for key, one in METHODS.items()],
        help_text=f"The first {len(DEFAULT_METHODS)} are those of a run without a plan; some others take minutes.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose the methods by which each term is compared."},
    )
    raising = forms.MultipleChoiceField(
        label="Methods whose flag raises a signal",
        choices=[(key, one.label) for key, one in METHODS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Of those chosen above. A flag of any other is shown with the run and raises nothing.",
    )
    analysis_arm = forms.ChoiceField(
        label="Analysis arm",
        choices=AnalysisArm.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "The analysis arm is actual or planned. Choose one."},
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=MOST_SEED,
        help_text="Of methods that draw at random: the same seed gives the same numbers.",
        error_messages={
            "required": "Give the seed, a whole number.",
            "invalid": "The seed is a whole number.",
        },
    )
    when = forms.ChoiceField(
        label="When it is run",
        choices=list(WHEN.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose when it is run."},
    )
    days = forms.IntegerField(
        label="Days between two runs",
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text="Counted from the signature. A cut is run once: its rows would be the same again.",
        error_messages={"invalid": "Give a whole number of days."},
    )
    reason = forms.CharField(
        label="Reason for this version",
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": "The reason is missing. Say in a few words why the plan is as it is.",
            "max_length": f"At most {REASON_LIMIT} characters are kept. Shorten it.",
        },
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)  # the latest one that was read

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, method in METHODS.items():
            own = method.threshold
            sign = "at most" if own.column in ("p", "p_adjusted") else "above"
            self.fields[f"limit_{key}"] = forms.FloatField(
                label=method.label,
                required=False,
                help_text=f"Flags where {_column(own.column)} is {sign} this. Left empty: {own.limit:g}.",
                error_messages={"invalid": "Give a number, such as 0.05."},
            )

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[f"limit_{key}"] for key in METHODS]

    def plan(self) -> Plan:
        """What was chosen; not checked yet."""
        told = self.cleaned_data
        return Plan(
            levels=tuple(told["levels"]),
            selections=tuple(told["selections"]),
            methods=tuple(
                Planned(
                    key,
                    METHODS[key].threshold.limit if told[f"limit_{key}"] is None else told[f"limit_{key}"],
                    key in told["raising"],
                )
                for key in told["methods"]
            ),
            analysis_arm=told["analysis_arm"],
            seed=told["seed"],
            when=told["when"],
            days=told["days"] if told["when"] == EVERY_DAYS else None,
        )


def _column(name: str) -> str:
    return {"low": "the lower limit", "p": "p", "p_adjusted": "the adjusted p", "posterior": "the posterior"}[
        name
    ]


def initial_of(plan: Plan, *, version: int, usual_arm: str) -> dict[str, Any]:
    """A plan as the form shows it; a method outside the plan has its own limit and would raise."""
    left = [key for key in METHODS if key not in plan.keys]
    limits = {f"limit_{key}": METHODS[key].threshold.limit for key in METHODS}
    return {
        **limits,
        **{f"limit_{one.key}": one.limit for one in plan.methods},
        "levels": list(plan.levels),
        "selections": list(plan.selections),
        "methods": list(plan.keys),
        "raising": [*plan.raising, *left],
        "analysis_arm": plan.analysis_arm or usual_arm,
        "seed": plan.seed,
        "when": plan.when,
        "days": plan.days,
        "version": version,
    }
