"""Rules about the words of an event."""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.events.rules.facts import (
    DUPLICATE,
    NARRATIVE_LIMIT,
    VERBATIM_LIMIT,
    EventFacts,
    Finding,
    query,
    refuse,
)
from pvtracker.events.text import control_characters, same_words


def verbatim_given(facts: EventFacts) -> Iterable[Finding]:
    if not facts.verbatim.strip():
        yield refuse(
            "verbatim-given",
            "verbatim",
            "The event has no description.",
            "Write what happened in your words.",
        )


def verbatim_length(facts: EventFacts) -> Iterable[Finding]:
    length = len(facts.verbatim)
    if length > VERBATIM_LIMIT:
        yield refuse(
            "verbatim-length",
            "verbatim",
            f"The description has {length} characters; at most {VERBATIM_LIMIT} fit.",
            "Name the event here and put the course into the narrative.",
        )


def text_characters(facts: EventFacts) -> Iterable[Finding]:
    fields = (
        ("verbatim", "description", control_characters(facts.verbatim)),
        ("narrative", "narrative", control_characters(facts.narrative, lines=True)),
    )
    for field, name, found in fields:
        if found:
            yield refuse(
                "text-characters",
                field,
                f"The {name} contains control characters ({', '.join(found[:5])}), which cannot be printed.",
                "Type that part again instead of pasting it.",
            )


UNSPECIFIC = frozenset(
    {
        "ae",
        "adverse event",
        "sae",
        "serious adverse event",
        "event",
        "see attached",
        "see attachment",
        "see above",
        "see below",
        "see narrative",
        "see notes",
        "as above",
        "as before",
        "as previous",
        "same",
        "same as before",
        "ditto",
        "death",
        "died",
        "fatal",
        "unknown",
        "not known",
        "unspecified",
        "other",
        "n/a",
        "na",
        "none",
        "nil",
        "tbc",
        "tbd",
        "to be confirmed",
        "?",
        "-",
        "symptoms",
        "side effect",
        "side effects",
        "reaction",
        "illness",
        "sick",
    }
)


def unspecific_verbatim(facts: EventFacts) -> Iterable[Finding]:
    if same_words(facts.verbatim).strip(" .") in UNSPECIFIC or same_words(facts.verbatim) in UNSPECIFIC:
        yield query(
            "unspecific-verbatim",
            "verbatim",
            f"“{facts.verbatim}” does not name a medical event and cannot be coded.",
            "Write the diagnosis, or the leading sign or symptom; for a death, its cause.",
        )


def narrative_length(facts: EventFacts) -> Iterable[Finding]:
    length = len(facts.narrative)
    if length > NARRATIVE_LIMIT:
        yield refuse(
            "narrative-length",
            "narrative",
            f"The narrative has {length:,} characters; at most {NARRATIVE_LIMIT:,} fit.",
            f"Shorten it by {length - NARRATIVE_LIMIT:,} characters.",
        )


def possible_duplicate(facts: EventFacts) -> Iterable[Finding]:
    if facts.duplicates:
        numbers = ", ".join(str(number) for number in facts.duplicates[:10])
        yield query(
            DUPLICATE,
            "verbatim",
            f"The same event with the same onset stands already as number {numbers} of this participant.",
            "Say that it is a separate event, or void the one that is wrong; nothing is merged by itself.",
        )


def event_of_screen_failure(facts: EventFacts) -> Iterable[Finding]:
    if facts.participant.screen_failure:
        yield query(
            "event-of-screen-failure",
            "verbatim",
            "The participant failed screening.",
            "Confirm that the event belongs to this participant.",
        )
