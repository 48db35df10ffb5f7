"""Forms of the code break. What is wrong is said in a sentence; what was typed stays."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone

from pvtracker.accounts.models import Account
from pvtracker.accounts.reauthentication import needs_code
from pvtracker.allocation import queries
from pvtracker.allocation.actions.code_break import Asked, Assessed
from pvtracker.allocation.enums import Category
from pvtracker.studies.models import Membership, Study
from pvtracker.studies.rules import running

MOST_TEXT = 2_000


def words(label: str, required: str, *, help_text: str = "", optional: bool = False) -> forms.CharField:
    """A text of some lines, with the sentence that asks for it."""
    return forms.CharField(
        label=label,
        required=not optional,
        help_text=help_text,
        max_length=MOST_TEXT,
        widget=_TextWithoutLimit(attrs={"rows": 3}),
        error_messages={
            "required": required,
            "max_length": f"This text is too long: at most {MOST_TEXT} characters are kept. Shorten it.",
        },
    )


def line(
    label: str, required: str, *, help_text: str = "", most: int = 120, optional: bool = False
) -> forms.CharField:
    """A text of one line."""
    return forms.CharField(
        label=label,
        required=not optional,
        help_text=help_text,
        max_length=most,
        error_messages={
            "required": required,
            "max_length": f"This is too long: at most {most} characters are kept. Shorten it.",
        },
    )


class _TextWithoutLimit(forms.Textarea):
    """A text area that lets the browser cut nothing off: too long a text is refused with a sentence instead."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attributes = super().build_attrs(base_attrs, extra_attrs)
        attributes.pop("maxlength", None)
        return attributes


class ConfirmForm(forms.Form):
    """The signed-in person shows once more to be the account's owner."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "This step needs your password once more."},
    )
    code = forms.CharField(
        label="Code of your authenticator",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": "Enter the code that your authenticator shows now."},
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_code(account):
            del self.fields["code"]


class AskForm(forms.Form):
    """One participant's arm, for one person, for one use."""

    subject = line(
        "Participant",
        "Name the participant whose arm has to be known.",
        help_text="The number as the site knows it, or the full subject identifier.",
        most=60,
    )
    category = forms.ChoiceField(
        label="Why",
        choices=Category.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why the arm has to be known."},
    )
    reason = words("The reason in words", "Say what happened and why blinded treatment is not enough.")
    emergency = forms.TypedChoiceField(
        label="Is it an emergency?",
        choices=[("no", "No: a second person approves first"), ("yes", "Yes: the arm is shown at once")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="After an emergency a second person has to countersign within 24 hours.",
        error_messages={"required": "Say whether it is an emergency."},
    )
    recipient_name = line("Who needs to know", "Name the person who is to be told.")
    recipient_role = line(
        "In what role",
        "Say who this person is to the participant.",
        help_text="For example: treating physician.",
    )
    recipient_username = line(
        "User name in this room",
        "",
        help_text="Only if this person has an account in the closed room and works in this study.",
        most=60,
        optional=True,
    )
    expected_use = words("What will be done with it", "Say what the person will decide by knowing the arm.")
    confirmed = forms.BooleanField(
        label="I have read this and ask for the code break all the same",
        required=False,
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study

    def clean_subject(self) -> str:
        """The subject identifier of whom the number names; one that names several has to be written out."""
        typed = str(self.cleaned_data["subject"]).strip()
        meant = queries.subjects_named(self.study, typed)
        if len(meant) > 1:
            raise forms.ValidationError(
                f"{len(meant)} participants have the number {typed}: {', '.join(meant[:5])}. Give the whole identifier."
            )
        return meant[0] if meant else typed

    def clean_recipient_username(self) -> str:
        """The id of the account; the person has to work in the study today."""
        name = str(self.cleaned_data["recipient_username"]).strip()
        if not name:
            return ""
        today = timezone.localdate()
        members = Membership.objects.filter(running(today), study=self.study, starts_on__lte=today)
        found = members.filter(account__username__iexact=name, account__is_active=True).first()
        if found is None:
            raise forms.ValidationError(
                f"Nobody with the user name {name} works in this study in the closed room. "
                "Leave the field empty for a person outside this room."
            )
        return str(found.account_id)

    def asked(self) -> Asked:
        told = self.cleaned_data
        return Asked(
            subject=told["subject"],
            category=told["category"],
            reason=told["reason"],
            emergency=told["emergency"],
            recipient_name=told["recipient_name"],
            recipient_role=told["recipient_role"],
            recipient_account=told["recipient_username"],
            expected_use=told["expected_use"],
        )


class OpinionForm(ConfirmForm):
    """What the second person says."""

    opinion = forms.ChoiceField(
        label="Your answer",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose your answer.",
            "invalid_choice": "Choose one of the two answers.",
        },
    )
    note = words("Why", "Say why; the record is read later by people who were not there.")
    field_order = ("opinion", "note", "password", "code")

    def __init__(self, *args: Any, emergency: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers = ("Countersign", "Object") if emergency else ("Approve", "Decline")
        self.fields["opinion"].choices = list(zip(("yes", "no"), answers, strict=True))  # type: ignore[attr-defined]


class ShowForm(ConfirmForm):
    """Before the arm is shown; `again` is asked from the second time on."""

    again = words("Why again", "The arm was shown before. Say why it has to be shown again.")
    field_order = ("again", "password", "code")

    def __init__(self, *args: Any, shown_before: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not shown_before:
            del self.fields["again"]


class ToldForm(forms.Form):
    """Who was told, when and how."""

    name = line("Who was told", "Name the person who was told.")
    role = line("In what role", "Say who this person is.")
    at = forms.DateTimeField(
        label="When (UTC)",
        input_formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"],
        help_text="For example 2026-03-05 14:30.",
        error_messages={
            "required": "Say when the person was told.",
            "invalid": "Write day and time in UTC as in 2026-03-05 14:30.",
        },
    )
    how = line("How", "Say how: in person, by telephone, by sealed letter …", most=200)

    def clean_at(self) -> datetime.datetime:
        at: datetime.datetime = self.cleaned_data["at"]
        if at > timezone.now() + datetime.timedelta(minutes=1):
            raise forms.ValidationError("This time lies in the future. Write when the person was told.")
        return at


class ImpactForm(forms.Form):
    """What the code break does to the blind and to the analysis."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    effect = words("How the blind is affected", "Say who is unblinded now and what follows for the trial.")
    measures = words(
        "What was done", "Say what was done to keep everybody else blinded, or that nothing was."
    )
    analysis = words("For the analysis", "Say how the analysis treats this participant.")
    reason = words("Why it is changed", "Say why the assessment is changed.")

    def __init__(self, *args: Any, first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if first:
            del self.fields["reason"]

    def assessed(self) -> Assessed:
        told = self.cleaned_data
        return Assessed(told["effect"], told["measures"], told["analysis"], told.get("reason", ""))


class AlarmForm(forms.Form):
    """What is done about participants who became deducible."""

    measures = words("What is done", "Say what is done about it, or why nothing has to be.")
