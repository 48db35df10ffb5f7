"""Free text that stands at once where everybody of the room reads it: reasons, comments, decisions.

It cannot be held back, as the text of an event is, because the record that it explains is written with it. So in the
open room a text that may tell an arm is refused where it is typed, with the words that were found and the remedy.
Which check that is, a setting names: accounts and studies know no arms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.module_loading import import_string

MOST_LINES = 5  # that are named
NO_NULL = ProhibitNullCharactersValidator(
    "A null character stands in the text, and cannot be kept. Take it out, or type the text anew."
)


def saying_of_nulls(field: forms.CharField) -> forms.CharField:
    """The same field; Django's own sentence about a null character says no remedy."""
    others = [one for one in field.validators if not isinstance(one, ProhibitNullCharactersValidator)]
    field.validators = [*others, NO_NULL]
    return field


class TextsRefused(forms.ValidationError):
    """What one of `settings.FREE_TEXT_VALIDATORS` raises: the sentence, and the texts that it is about."""

    def __init__(self, message: str, texts: Collection[str]) -> None:
        super().__init__(message)
        self.texts = texts


class FreeTextField(forms.CharField):
    """A text field whose content is examined by `settings.FREE_TEXT_VALIDATORS`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        saying_of_nulls(self)

    def texts(self, value: str) -> Sequence[str]:
        """What is examined of the content, each by itself."""
        return [value]

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and len(value) <= (self.max_length or len(value)):  # what is too long is refused unread
            for path in settings.FREE_TEXT_VALIDATORS:
                import_string(path)(*self.texts(value))


class NamesField(FreeTextField):
    """Names in lines, examined one by one: two that stand one after the other are no phrase.

    Those that stand already (`stand`) are not examined again: they were, or came with the dictionary, as the terms of a
    standardised query do; else one such term would keep everything beside it from being changed.
    """

    def __init__(self, *, parts: Callable[[str], list[str]] = str.splitlines, **more: Any) -> None:
        super().__init__(**more)
        self.parts = parts
        self.standing: frozenset[str] = frozenset()

    def stand(self, text: str, names: Iterable[str] = ()) -> None:
        """Take the names in a text, and further ones, for those that stand."""
        self.standing = frozenset((*self.texts(text), *names))

    def validate(self, value: Any) -> None:
        """What is refused in one of several lines is told with its line."""
        try:
            super().validate(value)
        except TextsRefused as refusal:
            lines, refused = value.splitlines(), frozenset(refusal.texts)
            wrong = [
                str(at) for at, line in enumerate(lines, start=1) if not refused.isdisjoint(self.texts(line))
            ]
            if len(lines) < 2 or not wrong:
                raise
            more = f" and {len(wrong) - MOST_LINES} more" if len(wrong) > MOST_LINES else ""
            where = f"Line{'s' if len(wrong) > 1 else ''} {', '.join(wrong[:MOST_LINES])}{more}: "
            raise forms.ValidationError([f"{where}{said}" for said in refusal.messages]) from refusal

    def texts(self, value: str) -> list[str]:
        named = dict.fromkeys(" ".join(part.split()) for part in self.parts(value))
        return [name for name in named if name not in self.standing]
