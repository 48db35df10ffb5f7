"""The form of a study's plan. What is chosen is checked by `plan.check`, whose sentences name the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from pvtracker.cuts import derive
from pvtracker.signals import stratified_methods, time_methods
from pvtracker.signals.boundary_forms import PlannedBoundaryForm, typed_of
from pvtracker.signals.boundary_settings import MOST_BOUNDARIES
from pvtracker.signals.labels import COLUMN_LABELS, LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.method import FLAGS_NOTHING, MARGIN
from pvtracker.signals.methods import DEFAULT_METHODS, METHODS, may_flag
from pvtracker.signals.pieces import ALL_LEVELS
from pvtracker.signals.plan import (
    BUILT_IN,
    BY_HAND,
    EVERY_DAYS,
    MOST_DAYS,
    MOST_MARGIN,
    MOST_SEED,
    WHEN,
    Plan,
    Planned,
    PlanRefused,
    boundary_field,
    check,
    event_faults,
)
from pvtracker.stats.tree_scan import SEED
from pvtracker.studies.models import AnalysisArm

SLOW = f"“{METHODS['berry_berry_priors'].label}” takes several for each arm and selection of events"
REASON_LIMIT = 2000
UNCOUNTED = (
    "How many boundaries were sent cannot be told, so none is kept and none is removed. Open the page again, and write "
    f"at most {MOST_BOUNDARIES}."
)
FEWEST_BOUNDARIES = 1  # that are offered; more are added one by one
GROUPS = (  # title and methods; what stands in none is shown last
    ("Methods of every run without a plan", DEFAULT_METHODS),
    ("Proportions", ("boschloo", "barnard", "rd_exact", "rd_newcombe", "or_midp")),
    ("Stratified", tuple(one.key for one in stratified_methods.METHODS)),
    ("Rates and time", ("rate_ratio_midp", "rate_difference_mn", *(one.key for one in time_methods.METHODS))),
    ("Many terms", ("by", "group_bh", "tree_scan")),
    ("Bayesian", ("berry_berry", "berry_berry_priors", "berry_berry_poisson", "berry_berry_periods")),
)


FLAGGING = {key: one for key, one in METHODS.items() if one.flags}


class PlanOfStudyForm(forms.Form):
    """All of a plan, and why it is so; `bounded` are the forms of its boundaries."""

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
        help_text=f"The first {len(DEFAULT_METHODS)} are those of a run without a plan; some others take minutes; "
        f"{SLOW}.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose the methods by which each term is compared."},
    )
    raising = forms.MultipleChoiceField(
        label="Methods whose flag raises a signal",
        choices=[(key, one.label) for key, one in FLAGGING.items()],
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
    margin = forms.FloatField(
        required=False,
        min_value=1,
        max_value=MOST_MARGIN,
        help_text=f"Bayesian methods tell how likely a ratio above this is. Left empty: {MARGIN:g}.",
        error_messages={"invalid": "The margin is a ratio, such as 2."},
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

    def __init__(
        self,
        *args: Any,
        boundaries: Sequence[Mapping[str, Any]] = (),
        arms: Sequence[str] = (),
        reference: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.bounded = self._boundary_forms(boundaries)
        for one in self.bounded:
            one.name_arms(arms, reference)
        for key, method in FLAGGING.items():
            own = method.threshold
            sign = "at most" if own.column in ("p", "p_adjusted") else "above"
            self.fields[f"limit_{key}"] = forms.FloatField(
                label=f"Limit of {method.label}",
                required=False,
                help_text=f"Flags where {COLUMN_LABELS[own.column]} is {sign} this. Left empty: {own.limit:g}.",
                error_messages={"invalid": "Give a number, such as 0.05."},
            )

    def _boundary_forms(self, shown: Sequence[Mapping[str, Any]]) -> list[PlannedBoundaryForm]:
        """One for each boundary that was sent, or is shown, in its place."""
        if self.is_bound:
            count = _count(self.data)
            return [
                PlannedBoundaryForm(self.data, prefix=_prefix(place), empty_permitted=True)
                for place in range(count)
            ]
        count = max(FEWEST_BOUNDARIES, len(shown))
        filled = [*shown, *({} for _ in range(count - len(shown)))]
        return [PlannedBoundaryForm(prefix=_prefix(n), initial=dict(one)) for n, one in enumerate(filled)]

    @property
    def may_add(self) -> bool:
        return len(self.bounded) < MOST_BOUNDARIES

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The methods in groups: of each whether it is chosen, its limit, and whether its flag raises a signal. A group
        is open where a method is chosen, a limit is its own no more, or something is wrong."""
        placed = {key for _, keys in GROUPS for key in keys}
        rest = ("Other methods", tuple(key for key in METHODS if key not in placed))
        chosen, raising = self["methods"].value() or [], self["raising"].value() or []
        told = []
        for title, keys in (*GROUPS, rest):
            rows: list[dict[str, Any]] = [
                {
                    "key": key,
                    "label": METHODS[key].label,
                    "chosen": key in chosen,
                    "raises": key in raising,
                    "limit": self[f"limit_{key}"] if key in FLAGGING else None,
                    "says": "" if key in FLAGGING else FLAGS_NOTHING,
                    "own": f"{METHODS[key].threshold.limit:g}",
                }
                for key in METHODS
                if key in keys
            ]
            count = sum(row["chosen"] for row in rows)
            changed = any(row["limit"] is not None and _changed(row["limit"], row["own"]) for row in rows)
            if rows:
                told.append({"title": title, "rows": rows, "count": count, "open": bool(count or changed)})
        return told

    def clean(self) -> dict[str, Any]:
        """Every fault at once: those of the fields, of the boundaries, and those of the plan as a whole, for which a
        usual value stands where a field is wrong already."""
        told = super().clean() or self.cleaned_data
        sent = self.data.get("boundaries")
        if sent is not None and str(_count(self.data)) != sent:
            self.add_error(None, UNCOUNTED)
        places = [n for n, form in enumerate(self.bounded) if form.is_valid() and form.counts]
        plan = self._plan(places)
        for form in (one for one in self.bounded if one.errors):  # one that is whole is checked with the plan
            event = (form.cleaned_data.get("level") or "PT", form.cleaned_data.get("selection") or "all")
            for name, sentence in event_faults(plan, *event).items():
                if name not in form.errors:
                    form.add_error(name, sentence)
        try:
            check(plan)
        except PlanRefused as refusal:
            for name, sentence in refusal.faults.items():
                self._refuse(name, sentence, places)
        if wrong := [str(n + 1) for n, form in enumerate(self.bounded) if form.errors]:
            self.add_error(
                None, f"Boundary {', '.join(wrong)}: what is wrong is named below and beside its fields."
            )
        return told

    def _refuse(self, name: str, sentence: str, places: Sequence[int]) -> None:
        for number, place in enumerate(places):
            stem = boundary_field(number, "")
            if name.startswith(stem):
                return self.bounded[place].add_error(name.removeprefix(stem), sentence)
        if name not in self.errors:
            self.add_error(name or None, sentence)
        return None

    def plan(self) -> Plan:
        """What was chosen; of a valid form."""
        return self._plan([n for n, form in enumerate(self.bounded) if form.counts])

    def _plan(self, places: Sequence[int]) -> Plan:
        told = self.cleaned_data
        when, days = told.get("when") or BY_HAND, 1 if "days" in self.errors else told.get("days")
        methods = told.get("methods") or BUILT_IN.keys
        limits = {key: told.get(f"limit_{key}") for key in methods}
        return Plan(
            levels=tuple(told.get("levels") or BUILT_IN.levels),
            selections=tuple(told.get("selections") or BUILT_IN.selections),
            methods=tuple(
                Planned(
                    key,
                    METHODS[key].threshold.limit if limit is None else limit,
                    key in told.get("raising", ()),
                )
                for key, limit in limits.items()
            ),
            analysis_arm=told.get("analysis_arm") or AnalysisArm.ACTUAL.value,
            seed=SEED if told.get("seed") is None else told["seed"],
            margin=MARGIN if told.get("margin") is None else told["margin"],
            when=when,
            days=days if when == EVERY_DAYS else None,
            boundaries=tuple(self.bounded[place].boundary() for place in places),
        )


def with_one_more(data: QueryDict, **of: Any) -> PlanOfStudyForm:
    """What was typed, unjudged, with room for one more boundary."""
    names = PlanOfStudyForm(boundaries=())
    many = ("levels", "selections", "methods", "raising")
    initial = {name: data.getlist(name) if name in many else data.get(name) for name in names.fields}
    blank = names.bounded[0]
    shown = [
        {name: data.get(f"{_prefix(place)}-{name}") for name in blank.fields} for place in range(_count(data))
    ]
    form = PlanOfStudyForm(initial=initial, boundaries=[*shown, {}][:MOST_BOUNDARIES], **of)
    form.bounded[-1].added = True
    return form


def _prefix(place: int) -> str:
    return boundary_field(place, "").removesuffix("-")


def _count(data: Mapping[str, Any]) -> int:
    """How many boundaries were sent; what is no number is none."""
    sent = str(data.get("boundaries", ""))
    return min(int(sent), MOST_BOUNDARIES) if sent.isascii() and sent.isdigit() and len(sent) < 4 else 0


def _changed(limit: forms.BoundField, own: str) -> bool:
    """Is the limit wrong, or another than the method's own?"""
    shown = str(limit.value() if limit.value() not in (None, "") else own)
    return bool(limit.errors) or shown not in (own, str(float(own)))


def initial_of(plan: Plan, *, version: int, usual_arm: str) -> dict[str, Any]:
    """A plan as the form shows it; a method outside the plan has its own limit and would raise."""
    left = [key for key in FLAGGING if key not in plan.keys]
    limits = {f"limit_{key}": one.threshold.limit for key, one in FLAGGING.items()}
    return {
        **limits,
        **{f"limit_{one.key}": one.limit for one in plan.methods if may_flag(one.key)},
        "levels": list(plan.levels),
        "selections": list(plan.selections),
        "methods": list(plan.keys),
        "raising": [*plan.raising, *left],
        "analysis_arm": plan.analysis_arm or usual_arm,
        "seed": plan.seed,
        "margin": plan.margin,
        "when": plan.when,
        "days": plan.days,
        "version": version,
    }


def shown_of(plan: Plan) -> list[dict[str, Any]]:
    """The boundaries of a plan as the form shows them."""
    return [typed_of(one) for one in plan.boundaries]
