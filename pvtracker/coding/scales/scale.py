"""What a severity scale is."""

from __future__ import annotations

from dataclasses import dataclass


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

    def word(self, number: int | None) -> str:
        """The scale's own word for a grade, '' for none or for a grade that it does not have."""
        return next((grade.name for grade in self.grades if grade.number == number), "")
