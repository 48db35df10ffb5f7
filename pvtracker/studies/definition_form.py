"""What a person states about the definitions of a study: one field for each setting, and why it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from pvtracker.accounts.free_text import FreeTextField
from pvtracker.studies.actions.definitions import check_protocol
from pvtracker.studies.definition_terms import check_terms
from pvtracker.studies.definition_text import (
    pools_of,
    pools_text,
    queries_of,
    queries_text,
    reasons_of,
    reasons_text,
    terms_of,
    terms_text,
    windows_of,
    windows_text,
    words_of,
    words_text,
)
from pvtracker.studies.definitions import (
    CHOICES,
    HELP,
    MAPPINGS,
    MOST_DAYS,
    NAMES,
    STRATA,
    DefinitionError,
    Definitions,
    parse,
)
from pvtracker.studies.forms import reason_field
from pvtracker.studies.models import Study

EXAMPLES = {
    "intervention_windows": " One line for each: CODE = 28, or CODE = none.",
    "phase_windows": " One line for each: PHASE = 7, or PHASE = none.",
    "not_per_protocol": " One line for each: SUBJECT = no second dose.",
    "pools": " One line for each: Any active dose = LOW, HIGH.",
    "exposed_to": " Codes, separated by commas.",
    "special_interest": " One a line.",
    "queries": " One line for each, its terms separated by semicolons: Malignancy = Lymphoma; Leukaemias.",
}
LONGEST = 4_000  # characters of a field of lines
# Some hundreds of participants, pasted from a list; standardised queries, which have hundreds of terms.
LONGEST_OF = {"not_per_protocol": 60_000, "queries": 400_000}
NOT_DAYS = f"Write a whole number of days from 0 to {MOST_DAYS}, or nothing."
READ: dict[str, Callable[[str], Any]] = {
    "not_per_protocol": reasons_of,
    "pools": pools_of,
    "exposed_to": words_of,
    "special_interest": terms_of,
    "queries": queries_of,
}
WRITE: dict[str, Callable[[Any], str]] = {
    "not_per_protocol": reasons_text,
    "pools": pools_text,
    "exposed_to": words_text,
    "special_interest": terms_text,
    "queries": queries_text,
}


def _names(text: str) -> list[str]:
    return [line.partition("=")[0] for line in text.splitlines()]


def _reasons(text: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines()]


def _names_and_terms(text: str) -> list[str]:
    pairs = [line.partition("=") for line in text.splitlines()]
    return [part for name, _, value in pairs for part in (name, *value.split(";"))]


# What a person words freely in a field. Codes of arms and interventions are words of the protocol: no others are taken.
WORDED: dict[str, Callable[[str], list[str]]] = {
    "phase_windows": _names,
    "not_per_protocol": _reasons,
    "pools": _names,
    "special_interest": str.splitlines,
    "queries": _names_and_terms,
}


class NamesField(FreeTextField):
    """Names in lines, examined one by one: two that stand one after the other are no phrase."""

    def __init__(self, *, parts: Callable[[str], list[str]], **more: Any) -> None:
        super().__init__(**more)
        self.parts = parts

    def texts(self, value: str) -> list[str]:
        return list(dict.fromkeys(part.strip() for part in self.parts(value)))


class DefinitionsForm(forms.Form):
    """`found` is the record once the form is valid."""

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages={
            "required": "This page lost the version that it was opened with. Open it again.",
            "invalid": "This page lost the version that it was opened with. Open it again.",
        },
    )

    def __init__(self, *args: Any, study: Study, now: Definitions, **more: Any) -> None:
        super().__init__(*args, **more)
        self.study = study
        self.now = self.found = now
        self.fields["version"].initial = study.version
        stated = now.stated()
        for name in NAMES:
            self.fields[name] = _field(name)
            self.fields[name].initial = _shown(name, stated[name])
        self.fields["reason"] = reason_field(
            "Reason for change", "For example the amendment of the protocol or of the analysis plan."
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        stated = {}
        for name in NAMES:
            if name in said:
                try:
                    value = _read(name, said[name])
                    parse({name: value})
                except ValueError as fault:  # of a refused setting, too
                    self._refuse(name, str(fault))
                else:
                    stated[name] = value
        self.found = parse(stated)  # those that can be; the others are told
        known = "queries" not in self.errors  # else a query's name would be called unknown
        for name, sentence in self._faults(known).items():
            self._refuse(name, sentence)
        return said

    def _faults(self, known: bool) -> dict[str, str]:
        """What the protocol or the dictionaries do not have; of terms only where queries are `known`."""
        faults: dict[str, str] = {}
        try:
            check_protocol(self.study, self.found)
        except DefinitionError as refusal:
            faults |= refusal.faults
        try:
            if known:
                check_terms(self.study, self.found, standing=self.now)
        except DefinitionError as refusal:
            faults |= refusal.faults
        return faults

    def _refuse(self, name: str, sentence: str) -> None:
        """A sentence at its field, without the label that stands there."""
        self.add_error(name, told_at_field(name, sentence))


def told_at_field(name: str, sentence: str) -> str:
    """A refusal, which begins with the name of the setting, as it stands beside that name."""
    said = sentence.removeprefix(f"{HELP[name][0]}: ")
    return f"{said[0].upper()}{said[1:]}"


def _field(name: str) -> forms.Field:
    label, hint = HELP[name]
    hint += EXAMPLES.get(name, "")
    if name in CHOICES:
        words = "Choose one of the answers."
        return forms.ChoiceField(
            label=label,
            help_text=hint,
            choices=[(key, f"{text[0].upper()}{text[1:]}") for key, text in CHOICES[name].items()],
            error_messages={"required": words, "invalid_choice": words},
        )
    if name.endswith("_days"):
        errors = dict.fromkeys(("invalid", "min_value", "max_value"), NOT_DAYS)
        return forms.IntegerField(
            label=label,
            help_text=hint,
            required=False,
            min_value=0,
            max_value=MOST_DAYS,
            error_messages=errors,
        )
    if name == "strata":
        choices = [(key, key.capitalize()) for key in STRATA]
        return forms.MultipleChoiceField(
            label=label,
            help_text=hint,
            required=False,
            choices=choices,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": f"Choose among {', '.join(STRATA)}."},
        )
    longest = LONGEST_OF.get(name, LONGEST)
    said: dict[str, Any] = {
        "label": label,
        "help_text": hint,
        "required": False,
        "max_length": longest,
        "widget": forms.TextInput if name == "exposed_to" else forms.Textarea(attrs={"rows": 3}),
        "error_messages": {"max_length": f"At most {longest} characters are kept. Shorten it."},
    }
    return NamesField(parts=WORDED[name], **said) if name in WORDED else forms.CharField(**said)


def _shown(name: str, value: Any) -> Any:
    if name in MAPPINGS or name in WRITE:
        return WRITE.get(name, windows_text)(value)
    return value


def _read(name: str, value: Any) -> Any:
    if name in MAPPINGS or name in READ:
        return READ.get(name, windows_of)(value)
    return value
