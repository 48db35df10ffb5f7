"""What a person says to have a term watched, or to change what is expected of it."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from pvtracker.accounts.free_text import FreeTextField, NamesField
from pvtracker.monitoring import queries
from pvtracker.monitoring.enums import Level, Selection
from pvtracker.monitoring.models import Expectation
from pvtracker.monitoring.rules import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_RATE,
    SET_LABEL,
    WATCHED,
    Expected,
    WatchRefused,
    faults_of,
    to_confirm,
)
from pvtracker.studies.models import Study
from pvtracker.studies.queries import definitions_of

# What an expectation says in one field each
PLAIN = ("rate", "years", "margin", "warn_posterior", "warn_predictive", "based_on", "reason")
RATIO = re.compile(r"\s*(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)\s*")
COMMAS = re.compile(r"\s*[-+]?\d+(,\d+)+\s*")
NOT_A_NUMBER = "This is not a number. Write it as in 0.12."


class PointField(forms.FloatField):
    """A number with a decimal point. A comma is read in two ways, so that it is refused and both are told."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and COMMAS.fullmatch(value):
            plain = value.strip()[:20]
            point = f"{plain.replace(',', '.')} or " if plain.count(",") == 1 else ""
            raise forms.ValidationError(
                f"“{plain}” has a comma. Here decimals have a point and thousands no mark: write {point}"
                f"{plain.replace(',', '')}."
            )
        return super().to_python(value)


def number(label: str, help_text: str, *, required: bool = True, initial: float | None = None) -> PointField:
    return PointField(
        label=label,
        help_text=help_text,
        required=required,
        initial=initial,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": "It is missing. Enter a number.", "invalid": NOT_A_NUMBER},
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


LONGEST_SET = 400_000  # characters of its terms: as many as a study's queries have together
TERMS_HELP = "Of a set only: one a line, of any level, as the dictionary writes them."


class ExpectedForm(forms.Form):
    """What is expected, and when to warn."""

    use_required_attribute = False
    standing: tuple[str, ...] = ()  # terms that are watched already
    terms = NamesField(
        label="Terms of the set",
        required=False,
        max_length=LONGEST_SET,
        help_text=TERMS_HELP,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": f"At most {LONGEST_SET} characters are kept. Shorten it."},
    )
    rate = number(
        "Expected rate without treatment",
        "Participants with a first event per person-year, for example 0.12: twelve in a hundred person-years.",
    )
    sure = forms.BooleanField(label="The rate is meant as it is written", required=False)
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

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study
        self.queries = dict(definitions_of(study).queries)
        if self.queries:
            named = "; ".join(self.queries)
            self.fields[
                "terms"
            ].help_text = (
                f"{TERMS_HELP} Empty, under the name of a query of the study: its terms. There are {named}."
            )
        if not self.is_bound:
            del self.fields["sure"]  # asked of a rate that is hardly meant

    def clean_ratio(self) -> tuple[float, float]:
        found = RATIO.fullmatch(self.cleaned_data["ratio"])
        if not found:
            raise forms.ValidationError(
                "This is not a ratio. Write two numbers with a colon, as in 2:1; decimals have a point."
            )
        return float(found[1]), float(found[2])

    def clean_terms(self) -> tuple[str, ...]:
        lines = (" ".join(line.split()) for line in self.cleaned_data["terms"].splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))

    def expected(self) -> Expected:
        """What was said; the form is valid."""
        said = self.cleaned_data
        return Expected(
            **{name: said[name] for name in PLAIN},
            ratio_active=said["ratio"][0],
            ratio_reference=said["ratio"][1],
            members=said["terms"],
        )

    def check(self, *, is_set: bool | None, name: str) -> None:
        """The rules that need more than a field's own, of everything that could be read, each told at its field.

        `is_set` None: the level is not known. A set without terms has those of the study's query of its `name`, which
        were checked there or came with the dictionary, whose terms need not have occurred yet.
        """
        said = self.cleaned_data
        if is_set and said.get("terms") == ():
            said["terms"] = queries.members_of(self.queries, name) or ()
        given = {one: said[one] for one in PLAIN if one in said}
        if "ratio" in said:
            given["ratio_active"], given["ratio_reference"] = said["ratio"]
        if "terms" in said:
            given["members"] = said["terms"]
        self._ask(said)
        for field, sentence in faults_of(given, is_set=is_set):
            self.add_error(field, sentence)
        if is_set and "terms" not in self.errors:
            known = {*(queries.members_of(self.queries, name) or ()), *self.standing}
            new = tuple(term for term in said["terms"] if term not in known)
            self.check_names("terms", self.study, Level.SET, new)

    def _ask(self, said: dict[str, Any]) -> None:
        """Whether a rate is meant that hardly can be; the question stands in the form only where it is asked."""
        question = to_confirm(said["rate"]) if "rate" in said and said["rate"] <= MOST_RATE else ""
        if question and not said.get("sure"):
            self.add_error("rate", question)
        elif not question:
            del self.fields["sure"]

    def check_names(self, field: str, study: Study, level: Level, names: tuple[str, ...]) -> None:
        unknown = queries.unknown_names(study, level, names)
        if unknown:
            what = "term" if level is Level.SET else level.label.lower()
            self.add_error(
                field,
                f"No dictionary of this study has the {what} {', '.join(f'“{name}”' for name in unknown[:5])}. "
                "Write it as the dictionary does; under another name it would never be counted.",
            )


class WatchForm(ExpectedForm):
    """A term that is not watched yet."""

    field_order = ("level", "name", "terms", "selection")
    level = forms.ChoiceField(
        label="Level",
        choices=[
            *((one.value, one.label) for one in Level if one is not Level.SET),
            (Level.SET.value, SET_LABEL),
        ],
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

    def clean(self) -> dict[str, Any]:
        super().clean()
        said = self.cleaned_data
        level = Level(said["level"]) if "level" in said else None
        name = " ".join(said.get("name", "").split())
        self.check(is_set=None if level is None else level is Level.SET, name=name)
        if level is None or "name" in self.errors:
            return self.cleaned_data
        if level is not Level.SET:
            self.check_names("name", self.study, level, (name,))
        if "selection" in said and queries.is_watched(self.study, level, name, Selection(said["selection"])):
            self.add_error("name", WATCHED)
        return self.cleaned_data


class ChangeForm(ExpectedForm):
    """Another version of what is expected; `version` is the one that was read."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, latest: Expectation, study: Study, **kwargs: Any) -> None:
        kwargs.setdefault("initial", initial_of(latest))
        super().__init__(*args, study=study, **kwargs)
        self.watched, self.is_set = latest.watched, latest.watched.level == Level.SET
        self.standing = tuple(latest.members)
        names = self.fields["terms"]
        if isinstance(names, NamesField):
            names.stand("", self.standing)
        if not self.is_set:
            del self.fields["terms"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.cleaned_data.setdefault("terms", ())
        self.check(is_set=self.is_set, name=self.watched.name)
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


def refuse(form: forms.Form, refusal: WatchRefused) -> None:
    """Tell each fault at its field where the form has that, else above the form."""
    for field, sentence in refusal.faults:
        form.add_error(field if field in form.fields else None, sentence)


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
