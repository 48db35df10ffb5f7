"""What people fill in to take a step with a signal, or to raise one by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.signals.enums import Measure, Step
from pvtracker.signals.labels import LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.queries import WHICH
from pvtracker.studies.models import Arm, Study

LONGEST_REASON = 2000
LONGEST_TEXT = 20_000
USUAL_DAYS = 30


def words(label: str, help_text: str = "", *, rows: int = 3, most: int = LONGEST_TEXT) -> forms.CharField:
    """A text that must say something."""
    return forms.CharField(
        label=label,
        max_length=most,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={
            "required": "It is empty. Write at least one sentence, were it that nothing was found.",
            "max_length": f"At most {most} characters are kept. Shorten it.",
        },
    )


class StepForm(forms.Form):
    """Any step: the reason, and which version of the signal, and which run, the person read."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": "The reason is missing. Say in a few words why.",
            "max_length": f"At most {LONGEST_REASON} characters are kept. Shorten it.",
        },
    )
    what = forms.CharField(max_length=20, widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    run = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)  # whose numbers were read


class PlanForm(StepForm):
    """Who follows it, until when."""

    field_order = ("follower", "due_on", "reason")
    follower = forms.ChoiceField(
        label="Owner", error_messages={"invalid_choice": "Choose one of the people listed."}
    )
    due_on = forms.DateField(
        label="Due on",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": "Give a day.", "invalid": "Write a day as in 2026-03-05."},
    )

    def __init__(self, *args: Any, people: list[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.username: person for person in people}
        chosen = self.fields["follower"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 - for the type checker
        chosen.choices = [(name, person.full_name) for name, person in self.people.items()]
        self.fields["due_on"].initial = timezone.localdate() + timedelta(days=USUAL_DAYS)


class AssessForm(StepForm):
    """What the assessment rests on, and what was concluded."""

    field_order = ("participants", "narratives", "time_course", "literature", "alternatives", "reason")
    participants = words(
        "Participants looked at", "Which of them, by number, and how they were chosen.", rows=2
    )
    narratives = words("What the narratives say")
    time_course = words("Time course", "From treatment to onset, on stopping and on starting again.")
    literature = words("Literature", "What is known of this product and of its class; what was searched.")
    alternatives = words(
        "Other causes", "The disease, other medication, chance, how the event was looked for."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "Conclusion"


class ActForm(StepForm):
    """What is done about it."""

    field_order = ("measure", "reason")
    measure = forms.ChoiceField(
        label="Action",
        choices=Measure.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is done.", "invalid_choice": "Choose one of those listed."},
    )


# The heading of each form, and its button.
TITLES = {
    Step.PLAN: ("Owner and due date", "Save"),
    Step.VALIDATE: ("Validate", "Validate"),
    Step.CONFIRM: ("Confirm", "Confirm"),
    Step.DISMISS: ("Not a signal", "Record that it is none"),
    Step.ASSESS: ("Assess", "Record the assessment"),
    Step.ACT: ("Decide on an action", "Record the action"),
    Step.CLOSE: ("Close", "Close"),
    Step.REOPEN: ("Re-open", "Re-open"),
}


def form_of(step: Step, data: Any, *, version: int, run: str, people: list[Account]) -> StepForm:
    """The form of a step; each has ids of its own, because several stand on one page."""
    given: dict[str, Any] = {
        "data": data,
        "auto_id": f"id_{step.value}_%s",
        "initial": {"what": step.value, "version": version, "run": run},
    }
    if step is Step.PLAN:
        return PlanForm(**given, people=people)
    kinds: dict[Step, type[StepForm]] = {Step.ASSESS: AssessForm, Step.ACT: ActForm}
    return kinds.get(step, StepForm)(**given)


class HandForm(forms.Form):
    """A signal that no run flagged."""

    use_required_attribute = False
    term = forms.CharField(
        label="Event",
        max_length=200,
        help_text="The term as it is coded. A single event of special interest is enough.",
        error_messages={"required": "Write the term that the signal is about."},
    )
    level = forms.ChoiceField(choices=list(reversed(LEVEL_LABELS.items())), initial="PT")
    selection = forms.ChoiceField(label="Which events", choices=list(SELECTION_LABELS.items()))
    arm = forms.ChoiceField(required=False)
    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "The reason is missing. Say in a few words why."},
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        arms = Arm.objects.filter(study=study, is_reference=False).order_by("ordinal", "code")
        chosen = self.fields["arm"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 - for the type checker
        chosen.choices = [("", "No arm alone"), *((arm.name, arm.name) for arm in arms)]


class WhichForm(forms.Form):
    """Which signals the list shows; what cannot be read shows the open ones."""

    show = forms.ChoiceField(choices=list(WHICH.items()), required=False)

    def chosen(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("show") or "open"
