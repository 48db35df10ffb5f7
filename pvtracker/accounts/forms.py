"""Forms of the door: password, code, first code of a new authenticator."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core import context
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django import forms
from django.http import HttpRequest, HttpResponse

from pvtracker.accounts import adapter, factors
from pvtracker.accounts.models import Account


def _code() -> forms.CharField:
    return forms.CharField(
        label="Code",
        max_length=20,
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
        error_messages={"required": "Type the code that your authenticator app shows now."},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


def _password(label: str, autocomplete: str, required: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=512,
        error_messages={"required": required},
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class SignInForm(forms.Form):
    """User name and password. Whatever is wrong with them, one sentence says so."""

    username = forms.CharField(
        label="User name",
        max_length=60,
        error_messages={"required": "Type your user name."},
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = _password("Password", "current-password", "Type your password.")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.account: Account | None = None

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            self.account = adapter.AccountAdapter().authenticate(
                self.request, username=given["username"].strip(), password=given["password"]
            )
            if self.account is None:
                raise forms.ValidationError(adapter.REFUSED)
        return given

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Go on to the second factor, or in."""
        asked = Login(user=self.account, redirect_url=redirect_url)
        response: HttpResponse = perform_password_login(
            request, {"username": self.cleaned_data["username"]}, asked
        )
        return response


class CodeForm(forms.Form):
    """The code beside the password. Wrong, used before, or too many tries: one sentence."""

    code = _code()
    again = False

    def __init__(self, *args: Any, user: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.authenticator: Authenticator | None = None

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        self.authenticator = adapter.spend_code_at_the_door(context.request, self.user, code)
        if self.authenticator is None:
            raise forms.ValidationError(adapter.CODE_REFUSED)
        self.authenticator.user = self.user
        return code

    def save(self) -> None:
        """Note in the session that the code was given."""
        post_authentication(context.request, self.authenticator, reauthenticated=self.again)


class CodeAgainForm(CodeForm):
    """The code once more, within a session."""

    again = True


class PasswordAgainForm(forms.Form):
    """The password once more, before one's own sign-in is changed."""

    password = _password("Password", "current-password", "Type your password.")

    def __init__(self, *args: Any, user: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        known = adapter.AccountAdapter().authenticate(
            context.request, username=self.user.username, password=password
        )
        if known is None or known.pk != self.user.pk:
            raise forms.ValidationError(adapter.REFUSED)
        return password


class FirstCodeForm(forms.Form):
    """A new authenticator app is taken only when it shows the right code."""

    code = _code()

    def __init__(self, *args: Any, user: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.secret: str = auth.get_totp_secret(regenerate=not self.is_bound)
        self.fields["code"].help_text = "Six digits that the app shows for this room."

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if factors.counter_of(self.secret, code) is None:
            raise forms.ValidationError(
                "This is not the code of the key shown here. Check that the clock of your device is right and type"
                " the code that the app shows now."
            )
        return code


class NewPasswordForm(forms.Form):
    """A password of one's own choice, typed twice, with the old one."""

    old = _password("Password until now", "current-password", "Type the password that you have now.")
    new = _password("New password", "new-password", "Choose a new password of 12 characters or more.")
    again = _password("New password once more", "new-password", "Type the new password once more.")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("new") and given.get("again") and given["new"] != given["again"]:
            self.add_error("again", "The two new passwords differ. Type the same one twice.")
        return given
