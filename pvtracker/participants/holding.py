"""Free texts of delivered rows that may tell an arm: taken out before a row is stored.

The same rule as for the texts of an adverse event (`events.holding`): blinded people, cuts and exports get `HELD` in
the text's place until a person has read it. Who keeps the text is no business of the rows: it is handed over.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from pvtracker.lib.arm_words import Lexicon
from pvtracker.participants.models import (
    Disposition,
    Exposure,
    Measurement,
    MedicalHistory,
    Medication,
    Participant,
    Visit,
)

HELD = "[held for review]"
# By kind of row: its SDTM domain, and what a person may have written freely. Keys, numbers and dates are not texts.
DOMAINS: dict[type[Model], str] = {
    Participant: "DM",
    Visit: "SV",
    Exposure: "EX",
    Disposition: "DS",
    Measurement: "LB",
    MedicalHistory: "MH",
    Medication: "CM",
}
MODELS = {domain: model for model, domain in DOMAINS.items()} | {"VS": Measurement}
FREE_TEXT: dict[type[Model], tuple[str, ...]] = {
    Participant: ("race", "ethnicity"),
    Visit: ("name", "phase"),
    Exposure: ("phase",),
    Disposition: ("category", "term", "verbatim"),
    Measurement: ("category", "name", "value_text", "unit_text", "unit", "visit"),
    MedicalHistory: ("category", "verbatim", "preferred_term", "system_organ_class"),
    Medication: ("verbatim", "coded", "medication_class", "indication", "dose_text"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """One text that was taken out of a row."""

    participant: uuid.UUID
    domain: str
    source_id: str
    field: str
    text: str
    words: tuple[str, ...]


# Given every row that was written over, and what was taken out of rows now, in the same transaction.
Keep = Callable[[type[Model], Sequence[tuple[uuid.UUID, str]], Sequence[Taken]], None]


@dataclass(slots=True)
class Watch:
    """What texts are held against, and who keeps those that may tell; each different text is looked at once."""

    words: Lexicon
    keep: Keep
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def found(self, text: str) -> tuple[str, ...]:
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = self.words.found(text) if any(map(str.isalpha, text)) else ()
        return found

    def take_out(
        self,
        model: type[Model],
        names: Sequence[str],
        values: list[Any],
        *,
        person: uuid.UUID,
        source_id: str,
    ) -> list[Taken]:
        """Replace each text that may tell an arm among `values`, which are in the order of `names`."""
        taken = []
        domain = DOMAINS[model]
        if model is Measurement:
            domain = values[names.index("domain")]
        for name in FREE_TEXT[model]:
            place = names.index(name)
            text = values[place]
            if text and (found := self.found(text)):
                values[place] = HELD
                taken.append(Taken(person, domain, source_id, name, text, found))
        return taken
