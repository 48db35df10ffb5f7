"""What the rules examine, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pvtracker.events.enums import Outcome
from pvtracker.lib.partial_dates import PartialDate, PartialDateError, parse

VERBATIM_LIMIT = 400
NARRATIVE_LIMIT = 100_000
DUPLICATE = "possible-duplicate"  # the one question that a form puts before it saves


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """One judgement. `intervention` is the name shown to the reader; `kind` of `studies.InterventionKind`, or
    ''. `*_reported` is what was delivered, whether or not we have a word for it.
    """

    intervention: str
    assessor: str
    causality: str = ""
    action_taken: str = ""
    kind: str = ""
    causality_reported: str = ""
    action_reported: str = ""


@dataclass(frozen=True, slots=True)
class ParticipantFacts:
    """What is known of the participant. `today` is the day at the site, in its time zone."""

    today: date
    consented_on: PartialDate | None = None
    first_exposure: PartialDate | None = None  # of any intervention
    exposed_interventions: frozenset[str] = frozenset()  # names, as in AssessmentFacts
    died_on: PartialDate | None = None
    screen_failure: bool = False
    born_not_before: date | None = None  # from consent and age
    given_once: frozenset[str] = frozenset()  # names of products given on one day only
    followed_until: date | None = (
        None  # end of participation and the study's window after it, where both are known
    )


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event as it would be stored. `*_text` is what was typed, the date what it says (None: unknown or
    unreadable). `*_reported` is what was delivered, whether or not we have a word for it.
    """

    participant: ParticipantFacts
    verbatim: str
    scale: str
    coded: tuple[str, ...] = ()  # names of the coded term
    onset_text: str = ""
    onset: PartialDate | None = None
    onset_unknown: bool = False
    end_text: str = ""
    end: PartialDate | None = None
    end_unknown: bool = False
    ongoing: bool = False
    aware_on_text: str = ""
    aware_on: PartialDate | None = None
    grade: int | None = None
    severity_reported: str = ""
    serious: bool | None = None
    criteria: frozenset[str] = frozenset()
    outcome: str = ""
    outcome_reported: str = ""
    narrative: str = ""
    assessments: tuple[AssessmentFacts, ...] = ()
    duplicates: tuple[int, ...] = ()  # numbers of events with the same words (or term) and the same onset


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found in one field. `form` says what a form does with it; an import always stores and
    queries.
    """

    rule: str
    field: str  # verbatim, onset, end, aware_on, grade, serious, criteria, outcome, assessments, narrative
    message: str
    remedy: str
    form: Literal["refuse", "query"]

    @property
    def sentence(self) -> str:
        """Rule and remedy in one line."""
        return f"{self.message} {self.remedy}".strip()


Rule = Callable[[EventFacts], Iterable[Finding]]


def read_date(text: str) -> PartialDate | None:
    """The date that `text` says, None if it is empty or unreadable; unreadable text is found by
    `date_readable`.
    """
    try:
        return parse(text)
    except PartialDateError:
        return None


def refuse(rule: str, field: str, message: str, remedy: str) -> Finding:
    """A finding for which a form does not save."""
    return Finding(rule, field, message, remedy, "refuse")


def query(rule: str, field: str, message: str, remedy: str) -> Finding:
    """A finding that is stored with a question."""
    return Finding(rule, field, message, remedy, "query")


def as_delivered(words: Iterable[str]) -> str:
    """Delivered words, each once, in quotes and not endlessly long."""
    return ", ".join(f"“{word[:100]}”" for word in dict.fromkeys(words))


def outcome_label(facts: EventFacts) -> str:
    """The outcome as the form shows it."""
    return Outcome(facts.outcome).label if facts.outcome in Outcome.values else facts.outcome


def names_of(assessments: Iterable[AssessmentFacts]) -> str:
    """The interventions, each once, in their order: “A, B and C”."""
    names = list(dict.fromkeys(a.intervention for a in assessments))
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
