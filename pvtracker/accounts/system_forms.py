"""What system administrators state about accounts, and what somebody new states about themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from pvtracker.accounts.free_text import FreeTextField
from pvtracker.accounts.models import Account, ResetWhat

DAY = ["%Y-%m-%d"]
NOT_A_DAY = "This is not a day. Enter it as YYYY-MM-DD, for example 2026-03-31."
PLAIN = {"autocomplete": "off"}


def sentence(
    label: str, hint: str, *, limit: int = 300, kind: type[forms.CharField] = FreeTextField
) -> forms.CharField:
    """A required line of text that stays in the record; a name is no free text."""
    return kind(
        label=label,
        max_length=limit,
        help_text=hint,
        widget=forms.TextInput(attrs=PLAIN),
        error_messages={
            "required": "This is missing, and the record needs it.",
            "max_length": f"{label}: at most {limit} characters fit. Say it shorter.",
        },
    )


def day(label: str, hint: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=hint,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": NOT_A_DAY, "invalid": NOT_A_DAY},
        input_formats=DAY,
    )


class InviteForm(forms.Form):
    username = sentence(
        "User name", "As typed at sign-in. A name is never given twice.", limit=60, kind=forms.CharField
    )
    full_name = sentence(
        "Full name", "As it stands on documents and under signatures.", limit=120, kind=forms.CharField
    )
    email = forms.EmailField(
        label="E-mail",
        required=False,
        error_messages={
            "invalid": "This is no e-mail address. Write it like name@example.org, or leave it empty."
        },
    )
    person = forms.UUIDField(
        label="Person",
        required=False,
        help_text="Only if this human has an account in the other room too: the person id on the page of that account.",
        widget=forms.TextInput(attrs=PLAIN),
        error_messages={
            "invalid": "This is no id of a person. Copy it from the account's page in the other room."
        },
    )
    reason = sentence("Reason", "Why this person needs an account.")


class ReasonForm(forms.Form):
    reason = sentence("Reason", "It stays in the record.")


class IdentityForm(forms.Form):
    how = sentence(
        "How the identity was checked", "For example: passport seen in a video call. No number of it."
    )


class ResetForm(forms.Form):
    """What an administrator asks for; what an open account can get differs from what a closed one can."""

    what = forms.ChoiceField(
        label="What is reset",
        widget=forms.RadioSelect,
        error_messages={"required": "Say what is reset.", "invalid_choice": "Say what is reset."},
    )
    identity = sentence(
        "How you made sure who asks", "For example: called back at the number in the delegation log."
    )
    reason = sentence("Reason", "What happened, for example: phone lost. It stays in the record.")
    by_mail = forms.BooleanField(
        label="Send the link to the person's e-mail address",
        required=False,
        initial=True,
        help_text="Otherwise whoever approves hands it over.",
    )

    def __init__(self, *args: Any, account: Account, **more: Any) -> None:
        super().__init__(*args, **more)
        open_ones = [ResetWhat.FACTORS, ResetWhat.PASSWORD, ResetWhat.BOTH]
        choices = open_ones if account.is_active else [ResetWhat.REOPEN]
        self.fields["what"].choices = [(one.value, one.label) for one in choices]  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["what"].initial = choices[0].value
        if not (settings.MAIL and account.email):
            del self.fields["by_mail"]


class DecideResetForm(forms.Form):
    decision = forms.ChoiceField(
        label="Decision",
        choices=[("approve", "Approve"), ("decline", "Decline")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you approve or decline."},
    )
    reason = sentence("Reason", "How you made sure that this person asked for it.")


class EmailForm(forms.Form):
    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="Where you are told that something needs you, and nothing else. Empty: nowhere.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": "This is no e-mail address. Write it like name@example.org, or leave it empty."
        },
    )


class AgencyLetterForm(forms.Form):
    agency = sentence("Agency", "To whom the letter went.", limit=120, kind=forms.CharField)
    sent_on = day("Sent on")
    reference = forms.CharField(
        label="Reference",
        required=False,
        max_length=200,
        help_text="Where the letter is kept.",
        widget=forms.TextInput(attrs=PLAIN),
    )


class TrainingForm(forms.Form):
    title = sentence("Training", "Which training it was.", limit=200)
    done_on = day("Done on")
    valid_until = day("Valid until", "The last day on which it counts.")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["done_on"].initial = timezone.localdate()


class JoinForm(forms.Form):
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 12 characters; a sentence does well. Nobody else will ever know it.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "An account needs a password. Choose one."},
    )
    code = forms.CharField(
        label="Code of the reset",
        max_length=40,
        help_text="Ten letters and digits. Whoever asked for the reset tells them to you.",
        widget=forms.TextInput(attrs=PLAIN),
        error_messages={"required": "Type the code that whoever asked for the reset told you."},
    )
    again = forms.CharField(
        label="Password once more",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Type the password once more."},
    )

    field_order = ["code", "password", "again"]

    def __init__(self, *args: Any, with_code: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not with_code:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("password") and cleaned.get("again") and cleaned["password"] != cleaned["again"]:
            self.add_error("again", "The two passwords differ. Type the same twice.")
        return cleaned


class AgreementForm(forms.Form):
    version = forms.CharField(widget=forms.HiddenInput)
    accept = forms.BooleanField(
        label="I have read this agreement and accept it",
        error_messages={
            "required": "Nobody works here without accepting the agreement. Tick the box, or sign out."
        },
    )
