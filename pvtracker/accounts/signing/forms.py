"""What the signer fills in."""

from __future__ import annotations

from typing import Any

from django import forms

from pvtracker.accounts.signing.meanings import MEANINGS


class SignForm(forms.Form):
    """The meaning and the parts that prove who signs; of a continued series the password alone."""

    use_required_attribute = False
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)
    meaning = forms.ChoiceField(
        label="What your signature means",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what your signature means."},
    )
    username = forms.CharField(
        label="Your user name",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        error_messages={"required": "Enter your user name."},
    )
    password = forms.CharField(
        label="Your password",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )
    code = forms.CharField(
        label="Code of your authenticator",
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": "Enter the code that your authenticator shows now."},
    )

    def __init__(self, *args: Any, kind: str, continued: bool, coded: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        meaning = self.fields["meaning"]
        assert isinstance(meaning, forms.ChoiceField)  # noqa: S101 - for the type checker
        meaning.choices = [(known.key, f"{known.label}: {known.statement}") for known in MEANINGS[kind]]
        if len(MEANINGS[kind]) == 1:
            meaning.initial = MEANINGS[kind][0].key
        if continued:
            del self.fields["username"]
        if continued or not coded:
            del self.fields["code"]
