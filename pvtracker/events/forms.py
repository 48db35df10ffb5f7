"""The form of an adverse event. It reads what was typed; whether that makes sense is for `rules` alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pvtracker.accounts.free_text import FreeTextField
from pvtracker.coding.scales import SCALES, Grade
from pvtracker.events.details import EventDetails, Judgement
from pvtracker.events.enums import ActionTaken, Assessor, Causality, Outcome, SeriousnessCriterion
from pvtracker.events.models import AdverseEvent, Assessment
from pvtracker.events.rules import DUPLICATE, Finding
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Intervention

REASON_LIMIT = 500
DATE_HINT = "YYYY-MM-DD; write only YYYY-MM or YYYY if no more is known."


def _date_field(label: str, hint: str = DATE_HINT) -> forms.CharField:
    box = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, required=False, help_text=hint, widget=box)


class EventForm(forms.Form):
    """All that a clinician says of an event. No field is required here: the rules say what is missing, and
    why.
    """

    submission_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    term = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    verbatim = forms.CharField(
        label="What happened",
        required=False,
        help_text="Diagnosis, or the leading sign or symptom, in your words; one event per form.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    onset = _date_field("Onset")
    onset_unknown = forms.BooleanField(label="Unknown", required=False)
    end = _date_field("End")
    end_unknown = forms.BooleanField(label="Unknown", required=False)
    ongoing = forms.BooleanField(label="Ongoing", required=False)
    aware_on = _date_field("Site became aware", "When the site learnt of it; reporting clocks start here.")
    grade = forms.TypedChoiceField(required=False)  # its choices are those of the study's scale
    serious = forms.TypedChoiceField(
        label="Serious",
        required=False,
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda text: text == "yes",
        empty_value=None,
        help_text="Serious is not severe: yes if any criterion applies.",
        widget=forms.RadioSelect,
    )
    criteria = forms.MultipleChoiceField(
        label="Criteria, if serious",
        required=False,
        choices=SeriousnessCriterion.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    outcome = forms.ChoiceField(label="Outcome", required=False, choices=[("", "–"), *Outcome.choices])
    narrative = forms.CharField(
        label="Narrative",
        required=False,
        strip=False,
        help_text="Course, treatment and relevant history, where they matter. No names.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    separate = forms.BooleanField(
        label="This is a separate event",
        required=False,
        help_text="Only if you have looked at the other one.",
    )
    reason = FreeTextField(
        label="Reason for the change",
        required=False,
        max_length=REASON_LIMIT,
        help_text="Kept in the history, for example: “end date learnt at the week 12 visit”.",
        error_messages={"required": "The reason is missing. Say in a few words why the record is changed."},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        interventions: Iterable[Intervention],
        scale: str,
        may_judge: bool,
        standing: Iterable[Assessment] = (),
        event: AdverseEvent | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        """`standing` are the investigator's judgements so far: kept where the writer may not judge."""
        super().__init__(data, initial=dict(initial or {}))
        self.interventions = list(interventions)
        self.may_judge = may_judge
        self.standing = {a.intervention_id: a for a in standing if a.assessor == Assessor.INVESTIGATOR}
        self.event = event
        self.duplicate = False
        self.fields["grade"] = forms.TypedChoiceField(
            label="Severity grade",
            required=False,
            choices=_grades(scale, event),
            coerce=int,
            empty_value=None,
            widget=forms.RadioSelect,
        )
        for name in ("verbatim", "narrative"):  # the rules answer for control characters, in one sentence
            field = self.fields[name]
            kept = [v for v in field.validators if not isinstance(v, ProhibitNullCharactersValidator)]
            field.validators = kept
        if event is None:
            del self.fields["reason"], self.fields["version"]
            self.fields["verbatim"].widget.attrs["autofocus"] = True
        else:
            del self.fields["submission_key"], self.fields["separate"]
            self.fields["reason"].required = self.fields["version"].required = True
        for intervention in self.interventions:
            self._add_judgement(intervention)

    def _add_judgement(self, intervention: Intervention) -> None:
        """Two selects: related to it, and what was done with it."""
        standing = self.standing.get(intervention.id)
        if self.may_judge:
            self.fields[f"causality_{intervention.id}"] = forms.ChoiceField(
                label=f"Related to {intervention.name}",
                required=False,
                choices=[("", "–"), *Causality.choices],
                initial=standing.causality if standing else "",
            )
        self.fields[f"action_{intervention.id}"] = forms.ChoiceField(
            label=f"Action taken with {intervention.name}",
            required=False,
            choices=[("", "–"), *ActionTaken.choices],
            initial=standing.action_taken if standing else "",
        )

    def judgement_rows(self) -> list[dict[str, Any]]:
        """One row per intervention for the table: its name and its two fields, or what stands where none may
        judge.
        """
        rows = []
        for intervention in self.interventions:
            standing = self.standing.get(intervention.id)
            rows.append(
                {
                    "intervention": intervention,
                    "causality": self[f"causality_{intervention.id}"] if self.may_judge else None,
                    "standing": standing.get_causality_display() if standing and standing.causality else "",
                    "action": self[f"action_{intervention.id}"],
                }
            )
        return rows

    def details(self) -> EventDetails:
        """What was said. Valid forms only."""
        said = self.cleaned_data
        return EventDetails(
            verbatim=said["verbatim"],
            term=said["term"],
            onset=said["onset"],
            onset_unknown=said["onset_unknown"],
            end=said["end"],
            end_unknown=said["end_unknown"],
            ongoing=said["ongoing"],
            aware_on=said["aware_on"],
            grade=said["grade"],
            serious=said["serious"],
            criteria=frozenset(said["criteria"]),
            outcome=said["outcome"],
            narrative=said["narrative"],
            judgements=tuple(self._judgement(intervention.id) for intervention in self.interventions),
        )

    def _judgement(self, intervention: uuid.UUID) -> Judgement:
        standing = self.standing.get(intervention)
        kept = standing.causality if standing else ""
        return Judgement(
            intervention=intervention,
            causality=self.cleaned_data[f"causality_{intervention}"] if self.may_judge else kept,
            action_taken=self.cleaned_data[f"action_{intervention}"],
        )

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Put each finding at its field, as one sentence with its remedy."""
        for finding in findings:
            self.duplicate = self.duplicate or finding.rule == DUPLICATE
            self.add_error(finding.field if finding.field in self.fields else None, finding.sentence)


class OpinionForm(forms.Form):
    """The sponsor's own opinion on causality, per intervention."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = FreeTextField(
        label="Reason",
        max_length=REASON_LIMIT,
        help_text="Kept in the history.",
        error_messages={"required": "The reason is missing. Say in a few words what the opinion rests on."},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        interventions: Iterable[Intervention],
        standing: Iterable[Assessment],
        version: int,
    ) -> None:
        super().__init__(data, initial={"version": version})
        self.interventions = list(interventions)
        opinions = {a.intervention_id: a.causality for a in standing if a.assessor == Assessor.SPONSOR}
        for intervention in self.interventions:
            self.fields[f"causality_{intervention.id}"] = forms.ChoiceField(
                label=f"Related to {intervention.name}, in the sponsor's opinion",
                required=False,
                choices=[("", "–"), *Causality.choices],
                initial=opinions.get(intervention.id, ""),
            )
        self.order_fields([name for name in self.fields if name != "reason"])

    def opinions(self) -> tuple[Judgement, ...]:
        """What was said. Valid forms only."""
        return tuple(
            Judgement(intervention=i.id, causality=self.cleaned_data[f"causality_{i.id}"])
            for i in self.interventions
        )


class ReasonForm(forms.Form):
    """Why an event is void."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = FreeTextField(
        label="Why should this event not have been recorded?",
        max_length=REASON_LIMIT,
        help_text="For example: “entered for the wrong participant”, “duplicate of event 3”.",
        error_messages={"required": "The reason is missing. Say in a few words why the event is void."},
    )


class LockForm(forms.Form):
    """Why an event is locked."""

    use_required_attribute = False
    reason = FreeTextField(
        label="Why is it locked?",
        max_length=REASON_LIMIT,
        help_text="For example: “reviewed for the board's meeting”.",
        error_messages={"required": "The reason is missing. Say in a few words why."},
    )


class OpenLockForm(forms.Form):
    """Why a lock should be opened; for who decides, a comment, needed when it stays closed."""

    use_required_attribute = False
    reason = FreeTextField(
        label="Why should the lock be opened?",
        max_length=REASON_LIMIT,
        error_messages={"required": "The reason is missing. Say in a few words why."},
    )

    def __init__(self, *args: Any, deciding: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if deciding:
            self.fields["reason"].label = "Comment on your decision"
            self.fields["reason"].help_text = "Needed where the lock stays closed."
            self.fields["reason"].required = False


class ScopeForm(LockForm):
    """Which events are locked together."""

    participant = forms.CharField(
        label="Participant",
        max_length=60,
        required=False,
        help_text="A participant's code; empty locks everybody's events in this study.",
    )
    up_to = forms.DateField(
        label="With an onset up to",
        input_formats=["%Y-%m-%d"],
        help_text="As 2026-03-31. Events of unknown onset are locked too.",
        error_messages={
            "required": "Give the last day, as 2026-03-31.",
            "invalid": "Write the day as 2026-03-31.",
        },
    )
    field_order = ("participant", "up_to", "reason")

    def __init__(self, *args: Any, participants: QuerySet[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.participants = participants

    def clean_participant(self) -> Participant | None:
        """The participant of this code; None for everybody."""
        code = self.cleaned_data["participant"].strip()
        if not code:
            return None
        found = self.participants.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(f"There is no participant {code} in this study.")
        return found


def as_typed(event: AdverseEvent) -> dict[str, Any]:
    """The event as the form shows it before anything is changed."""
    ended = event.outcome and event.outcome not in {
        Outcome.NOT_RECOVERED,
        Outcome.RECOVERING,
        Outcome.UNKNOWN,
    }
    return {
        "version": event.version,
        "term": event.term_id,
        "verbatim": event.verbatim,
        "onset": event.onset,
        "onset_unknown": not event.onset,
        "end": event.end,
        "end_unknown": bool(ended and not event.end and not event.ongoing),
        "ongoing": event.ongoing,
        "aware_on": event.aware_on,
        "grade": event.grade,
        "serious": {True: "yes", False: "no", None: None}[event.serious],
        "criteria": event.criteria,
        "outcome": event.outcome,
        "narrative": event.narrative,
    }


def as_drafted(form: EventForm, body: Mapping[str, list[str]]) -> dict[str, Any]:
    """A draft's texts as initial values of the form: shown as typed, held to no rule."""
    drafted: dict[str, Any] = {}
    for name, field in form.fields.items():
        texts = body.get(name, [])
        if isinstance(field, forms.MultipleChoiceField):
            drafted[name] = texts
        elif isinstance(field, forms.BooleanField):
            drafted[name] = bool(texts)
        else:
            drafted[name] = texts[-1] if texts else ""
    return drafted


def _grades(scale_key: str, event: AdverseEvent | None) -> list[tuple[int, SafeString]]:
    """The grades of the study's scale with their definitions; a stored grade beside the scale stays
    choosable.
    """
    scale = SCALES.get(scale_key)
    grades = list(scale.grades) if scale else []
    if event is not None and event.grade and event.grade not in {grade.number for grade in grades}:
        grades.append(Grade(event.grade, "", "Stored, but not a grade of this scale."))
    return [
        (
            grade.number,
            format_html(
                '<span><strong>{} {}</strong><span class="pv-choices-help">{}</span></span>',
                grade.number,
                grade.name,
                grade.definition,
            ),
        )
        for grade in grades
    ]
