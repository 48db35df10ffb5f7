"""The fields of a statistic of the catalogue, as texts that the calculator reads."""

from __future__ import annotations

from typing import Any

from django import forms

from pvtracker.stats.calculator.apart import compute_apart
from pvtracker.stats.calculator.arguments import Argument, Refused, arguments_of, read, split, told
from pvtracker.stats.calculator.computed import Computed
from pvtracker.stats.calculator.helps import helps, sentence
from pvtracker.stats.catalogue import STATISTICS, Statistic

MOST_VALUES = (
    500  # of an argument: a page is no place for a file, and the answer comes while the reader waits
)
HINTS = {
    "numbers": "one number, or several with commas between, one for each table (stratum) or participant",
    "labels": "labels with commas between",
}


class MethodForm(forms.Form):
    method = forms.ChoiceField(choices=[(one.key, f"{one.label} ({one.key})") for one in STATISTICS.values()])


class ArgumentsForm(forms.Form):
    """One field for each argument; `computed` after a valid one."""

    prefix = "given"  # an argument may be called as anything else of a page
    computed: list[Computed]

    def __init__(self, *args: Any, statistic: Statistic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.statistic = statistic
        first: dict[str, str] = {}  # which argument said it first, by what it said
        for argument in arguments_of(statistic).values():
            field = _field(argument, plain(helps(statistic)[argument.name]))
            said_by = first.setdefault(str(field.help_text), argument.name)
            if said_by != argument.name:
                field.help_text = f"As for {said_by}."
            self.fields[argument.name] = field

    def clean(self) -> dict[str, Any]:
        texts: dict[str, str] = {}
        for argument in arguments_of(self.statistic).values():
            text = str(self.cleaned_data.get(argument.name, ""))
            if fault := _fault(argument, text):  # the form says the name before it
                own = fault.removeprefix(argument.name).lstrip(" ,:")
                self.add_error(argument.name, f"{own[:1].upper()}{own[1:]}")
            elif text:
                texts[argument.name] = text
        if not self.errors:
            try:
                self.computed = compute_apart(self.statistic, texts)
            except Refused as refusal:
                self.add_error(None, str(refusal))
        return self.cleaned_data


def plain(text: str) -> str:
    """A text of a docstring without the marks that say what is a name there."""
    return text.replace("`", "")


def _field(argument: Argument, said: str) -> forms.Field:
    about: dict[str, Any] = {
        "label": argument.name,
        "required": False,
    }  # its own sentences say what is missing
    if not argument.needed:
        about["initial"] = "" if argument.default is None else told(argument.default)
    choices = ("yes", "no") if argument.kind == "yes or no" else argument.choices
    if choices:
        return forms.ChoiceField(choices=[(one, one) for one in choices], help_text=sentence(said), **about)
    about["help_text"] = f"{sentence(said)} Type {HINTS.get(argument.kind, argument.takes)}."
    widget = forms.Textarea(attrs={"rows": 2}) if argument.many else forms.TextInput()
    widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(widget=widget, **about)


def _fault(argument: Argument, text: str) -> str:
    """What is wrong with the text of one field, '' where nothing is."""
    if not text:
        return f"{argument.name} is needed; give {argument.kind}." if argument.needed else ""
    if argument.many and len(split(text)) > MOST_VALUES:
        return f"{argument.name} has more than {MOST_VALUES} values; the command “calculate” reads any number of them."
    try:
        read(argument, text)
    except Refused as refusal:
        return str(refusal)
    return ""
