"""The settings of a boundary as a person types them: tried on the page of a term, or named in the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from pvtracker.cuts import derive
from pvtracker.signals import allocation_ratio
from pvtracker.signals.allocation_ratio import Allocation
from pvtracker.signals.boundary_reach import never_by_arm
from pvtracker.signals.boundary_settings import (
    KINDS,
    LABELS,
    MEASURES,
    MOST_TERM,
    PERCENT,
    PLAN_ONLY,
    USES,
    USUAL,
    WHOLE,
    PlannedBoundary,
    design_of,
    faults_of,
    typed,
)
from pvtracker.signals.labels import LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.pieces import ALL_LEVELS

HELP = {
    "measure": "Of group-sequential boundaries: what a look knows more of. Events are the safer choice: they keep the "
    "error however they come, and after the last participant is in, only they still come.",
    "planned": "Of group-sequential boundaries participants of both arms, or those with the event; of MaxSPRT those "
    "with the event in both arms, of conditional MaxSPRT in the arm; of the other rules participants of the arm.",
    "alpha": "Such as 0.025. Of all but beta-binomial stopping.",
    "risk": "Such as 10. Of the toxicity boundary and of beta-binomial stopping.",
    "threshold": "Such as 0.95. Of beta-binomial stopping.",
    "prior_events": "Of beta-binomial stopping: the beta distribution of the risk beforehand. Left empty: 0.5.",
    "prior_free": "Of beta-binomial stopping. Left empty: 0.5.",
    "interim_z": "Of Haybittle–Peto. Left empty: 3.",
    "part": "Of MaxSPRT: of one arm and the reference, as randomised, such as 50. A pool has the odds of its arms. "
    "Where the arms are not alike, the allocation says it.",
    "allocation": "Of MaxSPRT, in place of the share: every arm with its number, the reference too, such as "
    f"{allocation_ratio.EXAMPLE}.",
    "looks": "Of group-sequential boundaries: the end among them. Looks may come at other times; it says beforehand "
    "what the boundary does, and whether Haybittle–Peto bears them.",
    "history_events": "Of conditional MaxSPRT: of the rate that the arm is held against.",
    "history_years": "Of conditional MaxSPRT: in which those events came. The error holds however the history ended.",
}
ALWAYS = ("kind", "measure", "planned", "alpha")  # shown at once; the others belong to some kinds
OFTEN_ALPHA = {
    "toxicity": 0.1,
    "maxsprt": 0.05,
    "cmaxsprt": 0.05,
}  # where one only tries; of the others 0.025
OFTEN_THRESHOLD = 0.95


class BoundaryForm(forms.Form):
    """The settings alone. What is left empty is tried with a usual value where there is one that is not read off the
    data."""

    use_required_attribute = False
    names = tuple(one for one in LABELS if one not in ("kind", *PLAN_ONLY))
    kind = forms.ChoiceField(label=LABELS["kind"], choices=list(KINDS.items()), required=False)
    measure = forms.ChoiceField(
        label=LABELS["measure"], choices=list(MEASURES.items()), required=False, help_text=HELP["measure"]
    )

    def __init__(self, *args: Any, participants: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.participants = participants  # that the study plans
        for name in (one for one in self.names if one not in ("measure", "allocation")):
            self.fields[name] = _number(name)

    @property
    def others(self) -> list[forms.BoundField]:
        """The settings of some kinds only."""
        return [self[name] for name in self.names if name not in ALWAYS]

    @property
    def others_open(self) -> bool:
        """Is one of them set, or wrong?"""
        return any(field.errors or field.value() not in (None, "") for field in self.others)

    @property
    def chosen_kind(self) -> str:
        return self.cleaned_data.get("kind") or USUAL

    def given(self) -> dict[str, Any]:
        """What was typed, percentages as shares; None of what was left empty."""
        told = {name: self.cleaned_data.get(name) for name in self.names}
        told["measure"] = told["measure"] or None
        return {
            name: round(value / 100, 8) if name in PERCENT and value is not None else value
            for name, value in told.items()
        }

    def settings(self) -> dict[str, Any]:
        """What the boundary is drawn with."""
        kind, given = self.chosen_kind, {n: v for n, v in self.given().items() if n in USES[self.chosen_kind]}
        if given.get("alpha") is None:
            given["alpha"] = OFTEN_ALPHA.get(kind, 0.025) if "alpha" in USES[kind] else None
        if "threshold" in given and given["threshold"] is None:
            given["threshold"] = OFTEN_THRESHOLD
        by_participants = "measure" in USES[kind] and given["measure"] != "events"
        if given["planned"] is None and by_participants:
            given["planned"] = self.participants
        return given

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        faults = faults_of(self.chosen_kind, self.checked())
        if "allocation" in self.errors:
            faults.pop("part", None)  # it is missing only because the allocation is wrong
        for name, sentence in faults.items():
            if name not in self.errors:
                self.add_error(name, sentence)
        return told

    def checked(self) -> dict[str, Any]:
        """The settings that are checked: of a boundary that is only tried the arm's share may be as it is."""
        settings = self.settings()
        return settings | {"part": settings.get("part") or 0.5} if "part" in settings else settings


class PlannedBoundaryForm(BoundaryForm):
    """A boundary of a plan with its event. All is typed; what is left as it was opened is no boundary."""

    level = forms.ChoiceField(
        choices=[(level, LEVEL_LABELS[level]) for level in (*ALL_LEVELS, derive.QUERY)], required=False
    )
    selection = forms.ChoiceField(
        label="Events", choices=[(key, SELECTION_LABELS[key]) for key in derive.SELECTIONS], required=False
    )
    spelled = forms.CharField(  # a `term` of other forms is an id
        label="Term",
        required=False,
        max_length=MOST_TERM,
        help_text="As the study’s dictionary spells it, or the name of a query of the study. Capitals do not matter. "
        "Names of the latest cut are offered while you type.",
        widget=forms.TextInput(attrs={"list": "names-of-events", "autocomplete": "off"}),
        error_messages={"max_length": f"At most {MOST_TERM} characters are kept. Shorten it."},
    )
    allocation = forms.CharField(
        label=LABELS["allocation"], required=False, max_length=2000, help_text=HELP["allocation"]
    )
    remove = forms.BooleanField(label="Remove this boundary", required=False)
    names = tuple(one for one in LABELS if one != "kind")
    field_order = ("spelled", "level", "selection", "kind", "measure", "planned", "alpha")
    added = False  # just now, so that it is open
    arms: tuple[str, ...] = ()
    reference = ""
    BLANK = {"level": "PT", "selection": "all", "kind": USUAL, "measure": "participants"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {**self.BLANK, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def name_arms(self, arms: Sequence[str], reference: str) -> None:
        """The arms of the study, which an allocation has to name."""
        self.arms, self.reference = tuple(arms), reference
        if arms:
            self.fields["allocation"].help_text = f"{HELP['allocation']} The study’s arms: {', '.join(arms)}."

    @property
    def name(self) -> str:
        """What the summary of faults calls it."""
        return f"Boundary {int((self.prefix or '-0').rpartition('-')[2]) + 1}"

    @property
    def at_once(self) -> list[forms.BoundField]:
        return [self[name] for name in ("spelled", "level", "selection", *ALWAYS)]

    @property
    def is_open(self) -> bool:
        """Is it set, or wrong?"""
        return bool(self.added or self.errors or self["spelled"].value())

    @property
    def counts(self) -> bool:
        """Is it a boundary of the plan?"""
        return self.has_changed() and not self.cleaned_data.get("remove")

    def clean_allocation(self) -> Allocation | None:
        try:
            found = allocation_ratio.parsed(self.cleaned_data["allocation"])
        except allocation_ratio.NoAllocation as fault:
            raise forms.ValidationError(str(fault)) from fault
        if said := allocation_ratio.fault_of(found) if found else "":
            raise forms.ValidationError(said)
        if said := allocation_ratio.strangers(found, self.arms):
            raise forms.ValidationError(said)
        return found or None

    def settings(self) -> dict[str, Any]:
        return self.given()

    def checked(self) -> dict[str, Any]:
        return self.given()

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("remove"):
            self._errors = forms.utils.ErrorDict()  # whatever is in it goes
            return self.cleaned_data
        told = super().clean()
        if "spelled" not in self.errors and not (told.get("spelled") or "").split():
            self.add_error(
                "spelled",
                "Its event is missing. Write the term as the study’s dictionary, or its query, spells it; or remove "
                "this boundary.",
            )
        if not self.errors and self.has_changed():
            for name, said in never_by_arm(self.boundary().design, self.arms, self.reference).items():
                self.add_error(name, said)
        return told

    def boundary(self) -> PlannedBoundary:
        """What was chosen; of a valid form."""
        told = self.cleaned_data
        design = design_of(self.chosen_kind, self.given(), fixed_before=True)
        return PlannedBoundary(told["level"] or "PT", told["selection"] or "all", told["spelled"], design)


def typed_of(boundary: PlannedBoundary) -> dict[str, Any]:
    """A boundary as the form shows it."""
    event = {"level": boundary.level, "selection": boundary.selection, "spelled": boundary.term}
    return {**event, "kind": boundary.design.kind, **typed(boundary.design)}


def _number(name: str) -> forms.Field:
    kind, remedy = (
        (forms.IntegerField, "It is a whole number. Write digits only.")
        if name in WHOLE
        else (forms.FloatField, "It is a number such as 0.025. Write it with a point.")
    )
    return kind(label=LABELS[name], required=False, help_text=HELP[name], error_messages={"invalid": remedy})
