"""What a person states about who works where."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from pvtracker.accounts.free_text import FreeTextField
from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import study_roles
from pvtracker.studies.models import Membership, Site, Study

DAY = ["%Y-%m-%d"]
NOT_A_DAY = "This is not a day. Enter it as YYYY-MM-DD, for example 2026-03-31."


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def reason_field(label: str, hint: str) -> FreeTextField:
    """A sentence of at most 300 characters, which stays in the record."""
    return FreeTextField(
        label=label,
        max_length=300,
        help_text=hint,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "The record needs a reason. Write it in one sentence.",
            "max_length": "A reason has at most 300 characters. Say it shorter.",
        },
    )


class ProposeForm(forms.Form):
    username = forms.CharField(
        label="User name",
        max_length=60,
        help_text="As the person types it at sign-in. A system administrator invites who has none.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        error_messages={"required": "A role is given to an account. Enter the person's user name."},
    )
    role = forms.ChoiceField(
        label="Role", error_messages={"required": "A membership gives a role. Choose one."}
    )
    site = forms.ChoiceField(label="Site", required=False, help_text="For a role at one site only.")
    starts_on = forms.DateField(
        label="First day",
        widget=day_input(),
        error_messages={"invalid": NOT_A_DAY, "required": NOT_A_DAY},
        input_formats=DAY,
    )
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        help_text="Empty: until somebody ends it.",
        widget=day_input(),
        error_messages={"invalid": NOT_A_DAY},
        input_formats=DAY,
    )
    reason = reason_field("Reason", "Why this person needs the role, for example a delegation log entry.")

    def __init__(self, *args: Any, study: Study, **more: Any) -> None:
        super().__init__(*args, **more)
        roles = study_roles(settings.ROOM)
        self.fields["role"].choices = [("", "Choose …"), *((key, role.label) for key, role in roles.items())]  # type: ignore[attr-defined]  # a choice field
        self.sites = {site.code: site for site in Site.objects.filter(study=study).order_by("code")}
        self.fields["site"].choices = [("", "No site: the whole study"), *((c, c) for c in self.sites)]  # type: ignore[attr-defined]  # a choice field
        self.fields["starts_on"].initial = timezone.localdate()

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        self.account = Account.objects.filter(username__iexact=name.strip(), is_active=True).first()
        if self.account is None:
            raise forms.ValidationError(
                "No active account of this room has this user name. Check its spelling, or ask a system administrator "
                "to invite the person."
            )
        return name

    def site_given(self) -> Site | None:
        return self.sites.get(self.cleaned_data["site"])


class EndForm(forms.Form):
    ends_on = forms.DateField(
        label="Last day",
        widget=day_input(),
        help_text="Today or an earlier day: access ends at once.",
        error_messages={
            "invalid": NOT_A_DAY,
            "required": "A membership ends on a day. Enter it as YYYY-MM-DD.",
        },
        input_formats=DAY,
    )
    reason = reason_field("Reason", "Why this person no longer works here.")


class DecideForm(forms.Form):
    decision = forms.ChoiceField(
        label="Decision",
        choices=[("approve", "Approve"), ("decline", "Decline")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you approve or decline."},
    )
    reason = reason_field("Reason", "On what your decision rests.")


class ReviewForm(forms.Form):
    """One choice per running membership, and one reason for all."""

    reason = reason_field("Reason", "On what this review rests, for example the delegation log of which day.")

    def __init__(self, *args: Any, memberships: list[Membership], **more: Any) -> None:
        super().__init__(*args, **more)
        self.memberships = memberships
        for membership in memberships:
            self.fields[f"m-{membership.id}"] = forms.ChoiceField(
                label=f"{membership.account.full_name}, {membership.role_label}",
                choices=[("keep", "Keep"), ("end", "End")],
                widget=forms.RadioSelect,
                error_messages={
                    "required": f"{membership.account.full_name} as {membership.role_label.lower()}: keep or end?"
                },
            )

    def rows(self) -> list[tuple[Membership, forms.BoundField]]:
        """Each membership beside its choice."""
        return [(membership, self[f"m-{membership.id}"]) for membership in self.memberships]
