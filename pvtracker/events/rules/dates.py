"""Rules about dates: intervals, of which only certain contradictions count."""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.events.rules.facts import EventFacts, Finding, query, refuse
from pvtracker.lib.partial_dates import (
    PartialDate,
    PartialDateError,
    certainly_after,
    certainly_before,
    parse,
)


def _dates(facts: EventFacts) -> tuple[tuple[str, str, str, PartialDate | None], ...]:
    """Field, name in a sentence, text and date of each date of the event."""
    return (
        ("onset", "onset", facts.onset_text, facts.onset),
        ("end", "end", facts.end_text, facts.end),
        ("aware_on", "date of awareness", facts.aware_on_text, facts.aware_on),
    )


def date_readable(facts: EventFacts) -> Iterable[Finding]:
    for field, name, text, _ in _dates(facts):
        try:
            parse(text)
        except PartialDateError as error:
            message, _, remedy = str(error).rpartition(". ")
            yield refuse("date-readable", field, f"The {name} cannot be read: {message}.", remedy)


def date_in_range(facts: EventFacts) -> Iterable[Finding]:
    born = facts.participant.born_not_before
    for field, name, _, day in _dates(facts):
        if born is not None and day is not None and day.latest < born:
            yield refuse(
                "date-in-range",
                field,
                f"The {name} {day} lies before the participant was born ({born.year} or later, by age at "
                "consent).",
                "Check the year.",
            )


def not_in_future(facts: EventFacts) -> Iterable[Finding]:
    today = facts.participant.today
    rules = {"onset": "onset-not-in-future", "end": "end-not-in-future", "aware_on": "aware-not-in-future"}
    for field, name, _, day in _dates(facts):
        if day is not None and day.earliest > today:
            yield refuse(
                rules[field],
                field,
                f"The {name} {day} lies in the future; today is {today} at the site.",
                "Tick “ongoing” if the event has not ended." if field == "end" else "Check the date.",
            )


def onset_given(facts: EventFacts) -> Iterable[Finding]:
    if not facts.onset_text and not facts.onset_unknown:
        yield refuse(
            "onset-given",
            "onset",
            "The onset is missing.",
            "Write the year, month or day that is known, or tick “unknown”.",
        )


def onset_unknown(facts: EventFacts) -> Iterable[Finding]:
    if facts.onset_unknown and not facts.onset_text:
        yield query(
            "onset-unknown",
            "onset",
            "The onset is unknown, so the event counts as if it began after first exposure.",
            "Write at least the year as soon as it is known.",
        )


def unknown_with_date(facts: EventFacts) -> Iterable[Finding]:
    said_twice = (
        ("onset", "onset", facts.onset_unknown and facts.onset_text),
        ("end", "end", facts.end_unknown and facts.end_text),
    )
    for field, name, contradiction in said_twice:
        if contradiction:
            yield refuse(
                "unknown-with-date",
                field,
                f"The {name} has a date and is also ticked as unknown.",
                "Keep one of the two.",
            )


def partial_onset(facts: EventFacts) -> Iterable[Finding]:
    if facts.onset is not None and facts.onset.precision in {"year", "month"}:
        missing = "month and day are" if facts.onset.precision == "year" else "day is"
        yield query(
            "partial-onset",
            "onset",
            f"The onset {facts.onset} is partial: the {missing} not known.",
            "Complete it when it can be found out.",
        )


def end_not_before_onset(facts: EventFacts) -> Iterable[Finding]:
    if certainly_before(facts.end, facts.onset):
        yield refuse(
            "end-not-before-onset",
            "end",
            f"The end {facts.end} lies before the onset {facts.onset}.",
            "Correct whichever is wrong.",
        )


def onset_before_consent(facts: EventFacts) -> Iterable[Finding]:
    consent = facts.participant.consented_on
    if certainly_before(facts.onset, consent):
        yield query(
            "onset-before-consent",
            "onset",
            f"The onset {facts.onset} lies before consent ({consent}); such an event is not "
            "treatment-emergent.",
            "Confirm the date, or record it as medical history.",
        )


def aware_before_onset(facts: EventFacts) -> Iterable[Finding]:
    if certainly_before(facts.aware_on, facts.onset):
        yield query(
            "aware-before-onset",
            "aware_on",
            f"The site became aware on {facts.aware_on}, before the onset {facts.onset}.",
            "Check both dates; reporting clocks start at awareness as entered.",
        )


def onset_after_follow_up(facts: EventFacts) -> Iterable[Finding]:
    until = facts.participant.followed_until
    if until is not None and facts.onset is not None and facts.onset.earliest > until:
        yield query(
            "onset-after-follow-up",
            "onset",
            f"The onset {facts.onset} lies after the participant's safety follow-up, which ended on {until}.",
            "Confirm that the event is to be followed; it is kept in any case.",
        )


def aware_given(facts: EventFacts) -> Iterable[Finding]:
    if facts.serious and not facts.aware_on_text:
        yield query(
            "aware-given",
            "aware_on",
            "The event is serious, but it is not said when the site became aware of it.",
            "Write the date: reporting clocks start there.",
        )


def onset_after_death(facts: EventFacts) -> Iterable[Finding]:
    died = facts.participant.died_on
    if certainly_after(facts.onset, died):
        yield query(
            "onset-after-death",
            "onset",
            f"The onset {facts.onset} lies after the participant's death ({died}).",
            "Check both dates.",
        )
