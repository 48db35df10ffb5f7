"""What system administrators state about accounts, and what somebody new states about themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from pvtracker.accounts.free_text import FreeTextField

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
            "required": f"{label}: the record needs it. Write it in one sentence.",
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
        help_text="When this human has an account in the other room: the id that stands on its page there.",
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
    again = forms.CharField(
        label="Password once more",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Type the password once more."},
    )

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
