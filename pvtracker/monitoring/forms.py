"""What a person says to have a term watched, or to change what is expected of it."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from pvtracker.accounts.free_text import FreeTextField
from pvtracker.monitoring import queries
from pvtracker.monitoring.enums import Level, Selection
from pvtracker.monitoring.models import Expectation
from pvtracker.monitoring.rules import LONGEST_NAME, LONGEST_TEXT, Expected, WatchRefused, check_expected
from pvtracker.studies.models import Study

RATIO = re.compile(r"\s*(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)\s*")
NOT_A_NUMBER = "This is not a number. Write it as in 0.12."


def number(
    label: str, help_text: str, *, required: bool = True, initial: float | None = None
) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        help_text=help_text,
        required=required,
        initial=initial,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": f"{label}: it is missing. Enter a number.", "invalid": NOT_A_NUMBER},
    )


def sentences(label: str, help_text: str, missing: str) -> FreeTextField:
    return FreeTextField(
        label=label,
        help_text=help_text,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": missing,
            "max_length": f"At most {LONGEST_TEXT} characters are kept. Shorten it.",
        },
    )


class ExpectedForm(forms.Form):
    """What is expected, and when to warn."""

    use_required_attribute = False
    terms = FreeTextField(
        label="Preferred terms of the set",
        required=False,
        help_text="Of a set only: one a line, as the dictionary writes them.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    rate = number(
        "Expected rate without treatment",
        "Participants with a first event per person-year, for example 0.12: twelve in a hundred person-years.",
    )
    years = number(
        "What this expectation is worth",
        "Person-years of experience behind it. Few make it vague: 20 is a hint, 1,000 a large registry.",
    )
    ratio = forms.CharField(
        label="Allocation ratio of the protocol",
        max_length=20,
        initial="1:1",
        help_text="All active arms together : reference, for example 2:1. From it comes the share of follow-up "
        "under treatment; who is in which arm is not known here.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "The allocation ratio is missing. Write it as in 2:1."},
    )
    margin = number(
        "Ratio of interest", "Treatment ÷ background beyond which it matters: 2 is a doubling.", initial=2.0
    )
    warn_posterior = number(
        "Warn when the probability of more than this ratio reaches",
        "Between 0 and 1, for example 0.8. Empty: this gives no warning.",
        required=False,
        initial=0.8,
    )
    warn_predictive = number(
        "Warn when the probability of so many without treatment falls to",
        "Between 0 and 1, for example 0.025. Empty: this gives no warning.",
        required=False,
    )
    based_on = sentences(
        "Source of the expectation",
        "A registry, an earlier trial, a paper: enough that somebody else finds it.",
        "The source is missing. Say where the expected rate comes from.",
    )
    reason = sentences(
        "Reason",
        "Why it is watched, or what is changed and why.",
        "The reason is missing. Say in a few words why.",
    )

    def clean_ratio(self) -> tuple[float, float]:
        found = RATIO.fullmatch(self.cleaned_data["ratio"])
        if not found:
            raise forms.ValidationError("This is not a ratio. Write two numbers with a colon, as in 2:1.")
        return float(found[1]), float(found[2])

    def clean_terms(self) -> tuple[str, ...]:
        lines = (" ".join(line.split()) for line in self.cleaned_data["terms"].splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))

    def expected(self) -> Expected:
        """What was said; the form is valid."""
        said = self.cleaned_data
        return Expected(
            **{
                name: said[name]
                for name in (
                    "rate",
                    "years",
                    "margin",
                    "warn_posterior",
                    "warn_predictive",
                    "based_on",
                    "reason",
                )
            },
            ratio_active=said["ratio"][0],
            ratio_reference=said["ratio"][1],
            members=said["terms"],
        )

    def check(self, *, is_set: bool, study: Study) -> None:
        """The rules that need more than one field, told at the field that they are about."""
        if self.errors:
            return
        try:
            check_expected(self.expected(), is_set=is_set)
        except WatchRefused as refusal:
            self.refuse(refusal)
        else:
            self.check_names("terms", study, Level.PT, self.cleaned_data["terms"])

    def check_names(self, field: str, study: Study, level: Level, names: tuple[str, ...]) -> None:
        unknown = queries.unknown_names(study, level, names)
        if unknown:
            what = level.label.lower()
            self.add_error(
                field,
                f"No dictionary of this study has the {what} {', '.join(f'“{name}”' for name in unknown[:5])}. "
                "Write it as the dictionary does; under another name it would never be counted.",
            )

    def refuse(self, refusal: WatchRefused) -> None:
        """A sentence of a rule or an action, at its field where the form has that."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


class WatchForm(ExpectedForm):
    """A term that is not watched yet."""

    field_order = ("level", "name", "terms", "selection")
    level = forms.ChoiceField(
        label="Level",
        choices=Level.choices,
        error_messages={"required": "Choose a level.", "invalid_choice": "Choose one of the levels listed."},
    )
    name = FreeTextField(
        label="Term, or name of the set",
        max_length=LONGEST_NAME,
        help_text="A term as the dictionary writes it; capitals do not matter.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "The term is missing. Write it as the dictionary does.",
            "max_length": f"A name has at most {LONGEST_NAME} characters. Shorten it.",
        },
    )
    selection = forms.ChoiceField(
        label="Which events",
        choices=Selection.choices,
        error_messages={
            "required": "Choose which events count.",
            "invalid_choice": "Choose one of those listed.",
        },
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            level = Level(self.cleaned_data["level"])
            self.check(is_set=level is Level.SET, study=self.study)
            if level is not Level.SET:
                self.check_names("name", self.study, level, (" ".join(self.cleaned_data["name"].split()),))
        return self.cleaned_data


class ChangeForm(ExpectedForm):
    """Another version of what is expected; `version` is the one that was read."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, latest: Expectation, study: Study, **kwargs: Any) -> None:
        kwargs.setdefault("initial", initial_of(latest))
        super().__init__(*args, **kwargs)
        self.study, self.is_set = study, latest.watched.level == Level.SET
        if not self.is_set:
            del self.fields["terms"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.cleaned_data.setdefault("terms", ())
        self.check(is_set=self.is_set, study=self.study)
        return self.cleaned_data


class EndForm(forms.Form):
    """Why a term is no longer watched."""

    use_required_attribute = False
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    reason = sentences(
        "Reason",
        "It stays with the record; the term can be watched again.",
        "The reason is missing. Say why.",
    )


def initial_of(latest: Expectation) -> dict[str, Any]:
    """A form as the latest version says it; the reason is given anew."""
    return {
        "terms": "\n".join(latest.members),
        "rate": latest.rate,
        "years": latest.years,
        "ratio": f"{latest.ratio_active:g}:{latest.ratio_reference:g}",
        "margin": latest.margin,
        "warn_posterior": latest.warn_posterior,
        "warn_predictive": latest.warn_predictive,
        "based_on": latest.based_on,
        "version": latest.version,
    }
