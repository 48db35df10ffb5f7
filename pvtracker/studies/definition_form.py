"""What a person states about the definitions of a study: one field for each setting, and why it changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django import forms

from pvtracker.accounts.free_text import NamesField, saying_of_nulls
from pvtracker.studies.actions.definitions import check_protocol
from pvtracker.studies.definition_faults import Fault, placed, sentences
from pvtracker.studies.definition_terms import check_terms
from pvtracker.studies.definition_text import (
    MOST_WRITTEN,
    SHAPES,
    Read,
    ages_of,
    ages_text,
    lines_of,
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
    readable,
)
from pvtracker.studies.forms import reason_field
from pvtracker.studies.models import Study

EXAMPLES = {
    "intervention_windows": f" One line for each: {SHAPES['intervention_windows']}.",
    "phase_windows": f" One line for each: {SHAPES['phase_windows']}.",
    "not_per_protocol": f" One line for each: {SHAPES['not_per_protocol']}.",
    "pools": f" One line for each: {SHAPES['pools']}, for example Any active dose = LOW, HIGH.",
    "exposed_to": " Codes, separated by commas.",
    "age_groups": " Whole years, separated by commas.",
    "special_interest": " One a line.",
    "queries": f" One line for each: {SHAPES['queries']}, for example Malignancy = Lymphoma; Leukaemias. A query of "
    f"more than {MOST_WRITTEN} terms, such as import_smq brings, stands here by its name and their number: leave the "
    "line to keep it, take the line out to drop it.",
}
LONGEST = 4_000  # characters of a field of lines
# Some hundreds of participants, pasted from a list; queries of hundreds of terms, pasted before they stand.
LONGEST_OF = {"not_per_protocol": 60_000, "queries": 400_000}
NOT_DAYS = f"Write a whole number of days from 0 to {MOST_DAYS}, or nothing."
READ: dict[str, Callable[[str], Read]] = {
    "not_per_protocol": reasons_of,
    "pools": pools_of,
    "exposed_to": words_of,
    "age_groups": ages_of,
    "special_interest": terms_of,
}
WRITE: dict[str, Callable[[Any], str]] = {
    "not_per_protocol": reasons_text,
    "pools": pools_text,
    "exposed_to": words_text,
    "age_groups": ages_text,
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
            shown = _shown(name, stated[name])
            field = self.fields[name] = _field(name)
            field.initial = shown
            if isinstance(field, NamesField):
                terms = (term for _, terms in now.queries for term in terms) if name == "queries" else ()
                field.stand(shown, terms)
        self.fields["reason"] = reason_field(
            "Reason for change", "For example the amendment of the protocol or of the analysis plan."
        )

    def clean(self) -> dict[str, Any]:
        """Every fault at once: of what can be read of each field, line by line, the protocol and the dictionaries are
        asked too."""
        said = super().clean() or self.cleaned_data
        stated, faults = {}, defaultdict[str, list[Fault]](list)
        for name in NAMES:
            typed = said[name] if name in said else self._refused_text(name)
            if typed is not None or name in said:
                stated[name], wrong = self._read(name, typed)
                faults[name] += wrong
        self.found, wrong_of = readable(stated)
        faults["queries"] += wrong_of.pop("queries", ())
        # a query that cannot be read is a query all the same, as an event of special interest
        called = (
            {one.of or one.what for one in faults["queries"]}
            if "queries" in stated
            else dict(self.now.queries)
        )
        for some in (wrong_of, self._unknown(called)):
            for name, more in some.items():
                faults[name] += more
        for name in NAMES:
            if faults[name]:
                text = self.data.get(self.add_prefix(name), "") if _has_lines(name) else ""
                for said_of in sentences(placed(faults[name], lines_of(text))):
                    self.add_error(name, said_of)
        return said

    def _refused_text(self, name: str) -> str | None:
        """What was typed in a field of names of which a word was refused: its lines are read all the same."""
        field, typed = self.fields[name], self.data.get(self.add_prefix(name), "")
        fits = isinstance(field, NamesField) and len(typed) <= (field.max_length or 0) and "\0" not in typed
        return typed if fits else None

    def _read(self, name: str, typed: Any) -> Read:
        if name == "queries":
            return queries_of(typed, dict(self.now.queries))
        if name in SHAPES and name not in READ:
            return windows_of(typed, SHAPES[name])
        return READ[name](typed) if name in READ else Read(typed, [])

    def _unknown(self, called: Collection[str]) -> dict[str, list[Fault]]:
        """What the protocol or the dictionaries do not have; `called`: names of queries that could not be read."""
        faults = defaultdict[str, list[Fault]](list)
        for ask in (
            partial(check_protocol, self.study, self.found),
            partial(check_terms, self.study, self.found, standing=self.now, called=called),
        ):
            try:
                ask()
            except DefinitionError as refusal:
                for name, some in refusal.each.items():
                    faults[name] += some
        return faults


def _has_lines(name: str) -> bool:
    return name in SHAPES or name == "special_interest"


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
        "widget": forms.TextInput
        if name in ("exposed_to", "age_groups")
        else forms.Textarea(attrs={"rows": 3}),
        "error_messages": {"max_length": f"At most {longest} characters are kept. Shorten it."},
    }
    return (
        NamesField(parts=WORDED[name], **said) if name in WORDED else saying_of_nulls(forms.CharField(**said))
    )


def _shown(name: str, value: Any) -> Any:
    if name in MAPPINGS or name in WRITE:
        return WRITE.get(name, windows_text)(value)
    return value
