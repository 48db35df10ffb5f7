"""Rules about how the event went on and ended."""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.events.enums import Outcome
from pvtracker.events.rules.facts import (
    EventFacts,
    Finding,
    as_delivered,
    outcome_label,
    query,
    refuse,
)

_ENDED = frozenset({Outcome.RECOVERED, Outcome.RECOVERED_WITH_SEQUELAE, Outcome.FATAL})
_NOT_ENDED = frozenset({Outcome.NOT_RECOVERED, Outcome.RECOVERING})


def ongoing_with_end(facts: EventFacts) -> Iterable[Finding]:
    if facts.ongoing and (facts.end_text or facts.end_unknown):
        said = f"has the end {facts.end_text}" if facts.end_text else "has an unknown end"
        yield refuse(
            "ongoing-with-end", "end", f"The event is ticked as ongoing and {said}.", "Keep one of the two."
        )


def ongoing_with_outcome(facts: EventFacts) -> Iterable[Finding]:
    if facts.ongoing and facts.outcome in _ENDED:
        yield refuse(
            "ongoing-with-outcome",
            "outcome",
            f"The event is ticked as ongoing, but its outcome is “{outcome_label(facts)}”.",
            "Remove “ongoing” and give the end, or correct the outcome.",
        )


def end_given(facts: EventFacts) -> Iterable[Finding]:
    if facts.outcome in _ENDED and not (facts.end_text or facts.ongoing or facts.end_unknown):
        yield refuse(
            "end-given",
            "end",
            f"The outcome is “{outcome_label(facts)}”, but the end is missing.",
            "Write the year, month or day that is known, or tick “unknown”.",
        )


def outcome_given(facts: EventFacts) -> Iterable[Finding]:
    if not facts.outcome and not facts.outcome_reported:
        yield refuse(
            "outcome-given", "outcome", "The outcome is missing.", "Choose one; “Unknown” is one of them."
        )


def outcome_understood(facts: EventFacts) -> Iterable[Finding]:
    if not facts.outcome and facts.outcome_reported:
        yield refuse(
            "outcome-understood",
            "outcome",
            f"The outcome was delivered as {as_delivered([facts.outcome_reported])}, which is none of the known "
            "outcomes.",
            "Choose the outcome that is meant; a fatal one above all.",
        )


def outcome_with_end(facts: EventFacts) -> Iterable[Finding]:
    if facts.outcome in _NOT_ENDED and facts.end is not None:  # CORE FB3409
        yield query(
            "outcome-with-end",
            "outcome",
            f"The outcome is “{outcome_label(facts)}”, yet the event has an end ({facts.end}).",
            "Correct the outcome, or remove the end.",
        )
