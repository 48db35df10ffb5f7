"""Levels, selections, arms, periods and what methods flag by, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pvtracker.signals.models import Result
    from pvtracker.signals.rows import ResultRow

SELECTION_LABELS = {
    "all": "All",
    "serious": "Serious",
    "criterion": "With a seriousness criterion",
    "grade3plus": "Grade 3 or more",
    "related": "Related",
}
EVENTS = {  # the same with the word for what is selected
    "all": "all events",
    "serious": "serious events",
    "criterion": "events with a seriousness criterion",
    "grade3plus": "events of grade 3 or more",
    "related": "related events",
}
LEVEL_LABELS = {
    "PT": "Preferred term",
    "HLT": "High level term",
    "HLGT": "High level group term",
    "SOC": "Organ class",
    "query": "Query",
}
ARM_LABELS = {"actual": "Actual: treatment received", "planned": "Planned: as randomised"}
COLUMN_LABELS = {  # what a method's limit is held against
    "low": "the lower limit",
    "p": "p",
    "p_adjusted": "the adjusted p",
    "posterior": "the posterior probability",
}


def level_label(level: str) -> str:
    """A level in words."""
    return LEVEL_LABELS.get(level, level)


def events_label(selection: str) -> str:
    """A selection of events in words."""
    return EVENTS.get(selection, selection)


def finding_label(term: str, level: str, selection: str) -> str:
    """A term with its level and selection of events in words."""
    return f"{term} ({level_label(level).lower()}, {events_label(selection)})"


def rules_in_words(definitions: Mapping[str, str]) -> dict[str, str]:
    """The definitions of a run, selections of events by their names instead of their keys."""
    return {
        SELECTION_LABELS[name].lower() if name in SELECTION_LABELS else name: said
        for name, said in definitions.items()
    }


def threshold_words(kept: str) -> str:
    """The threshold of a method as a run keeps it, such as `more in the arm, and low > 0`, as a person says it."""
    for column, label in COLUMN_LABELS.items():
        for sign, said in (("≤", "at most"), (">", "above")):
            kept = kept.replace(f"and {column.replace('_', ' ')} {sign} ", f"and {label} {said} ")
    return kept


def part_label(row: Result | ResultRow) -> str:
    """The period or the prior that a row is of; '' over all."""
    return f"prior: {row.prior}" if row.prior else period_label(row.period)


def period_label(period: str) -> str:
    """A phase as it was delivered, its parts apart."""
    return period.replace("_", " ")
