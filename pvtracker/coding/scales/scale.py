"""What a severity scale is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Grade:
    """One step of a scale. `number` is 1 to 5, `name` the scale's own word, `definition` its general text."""

    number: int
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A named, versioned scale. `key` is stored with each event and never changes; a retired scale is read
    only.
    """

    key: str
    name: str
    source: str
    grades: tuple[Grade, ...]
    retired: bool = False
    highest: Mapping[str, int] = field(
        default_factory=dict
    )  # of terms that do not have every grade, in lower case

    def highest_of(self, *terms: str) -> int | None:
        """The highest grade that the scale defines for one of these terms; None where it defines them all."""
        found = (self.highest.get(" ".join(term.split()).casefold()) for term in terms)
        return next((highest for highest in found if highest is not None), None)

    def word(self, number: int | None) -> str:
        """The scale's own word for a grade, '' for none or for a grade that it does not have."""
        return next((grade.name for grade in self.grades if grade.number == number), "")
