"""What must hold between the fields of an adverse event: one rule, one function, one stable id, for every
channel.

`examine` answers with findings. A form refuses what `Finding.form` calls ``refuse`` and stores the rest with
a query; an import stores everything and queries it. Dates are intervals: a rule finds a contradiction only
where it is certain. Rules of conformance named CG…, FB… are those of the CDISC CORE library that the rule
answers to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pvtracker.coding.scales import SCALES
from pvtracker.events.enums import RELATED, ActionTaken, Assessor, Outcome, SeriousnessCriterion
from pvtracker.events.text import control_characters, same_words
from pvtracker.lib.partial_dates import (
    PartialDate,
    PartialDateError,
    certainly_after,
    certainly_before,
    parse,
)

VERBATIM_LIMIT = 400
NARRATIVE_LIMIT = 100_000
DUPLICATE = "possible-duplicate"  # the one question that a form puts before it saves


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """One judgement. `intervention` is the name shown to the reader; `kind` of `studies.InterventionKind`, or
    ''.
    """

    intervention: str
    assessor: str
    causality: str = ""
    action_taken: str = ""
    kind: str = ""


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


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event as it would be stored. `*_text` is what was typed, the date what it says (None: unknown or
    unreadable).
    """

    participant: ParticipantFacts
    verbatim: str
    scale: str
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
    serious: bool | None = None
    criteria: frozenset[str] = frozenset()
    outcome: str = ""
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
        return f"{self.message} {self.remedy}"


Rule = Callable[[EventFacts], Iterable[Finding]]


def read_date(text: str) -> PartialDate | None:
    """The date that `text` says, None if it is empty or unreadable; unreadable text is found by
    `date_readable`.
    """
    try:
        return parse(text)
    except PartialDateError:
        return None


def examine(facts: EventFacts) -> list[Finding]:
    """Everything that the rules find, in the order of the form; at most one finding per rule and field."""
    return [finding for rule in RULES for finding in rule(facts)]


def refusals(findings: Iterable[Finding]) -> list[Finding]:
    """Those for which a form does not save."""
    return [finding for finding in findings if finding.form == "refuse"]


# --- words --------------------------------------------------------------------------------------------------


def verbatim_given(facts: EventFacts) -> Iterable[Finding]:
    if not facts.verbatim.strip():
        yield _refuse(
            "verbatim-given",
            "verbatim",
            "The event has no description.",
            "Write what happened in your words.",
        )


def verbatim_length(facts: EventFacts) -> Iterable[Finding]:
    length = len(facts.verbatim)
    if length > VERBATIM_LIMIT:
        yield _refuse(
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
            yield _refuse(
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
        yield _query(
            "unspecific-verbatim",
            "verbatim",
            f"“{facts.verbatim}” does not name a medical event and cannot be coded.",
            "Write the diagnosis, or the leading sign or symptom; for a death, its cause.",
        )


def narrative_length(facts: EventFacts) -> Iterable[Finding]:
    length = len(facts.narrative)
    if length > NARRATIVE_LIMIT:
        yield _refuse(
            "narrative-length",
            "narrative",
            f"The narrative has {length:,} characters; at most {NARRATIVE_LIMIT:,} fit.",
            f"Shorten it by {length - NARRATIVE_LIMIT:,} characters.",
        )


# --- dates --------------------------------------------------------------------------------------------------


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
            yield _refuse("date-readable", field, f"The {name} cannot be read: {message}.", remedy)


def date_in_range(facts: EventFacts) -> Iterable[Finding]:
    born = facts.participant.born_not_before
    for field, name, _, day in _dates(facts):
        if born is not None and day is not None and day.latest < born:
            yield _refuse(
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
            yield _refuse(
                rules[field],
                field,
                f"The {name} {day} lies in the future; today is {today} at the site.",
                "Tick “ongoing” if the event has not ended." if field == "end" else "Check the date.",
            )


def onset_given(facts: EventFacts) -> Iterable[Finding]:
    if not facts.onset_text and not facts.onset_unknown:
        yield _refuse(
            "onset-given",
            "onset",
            "The onset is missing.",
            "Write the year, month or day that is known, or tick “unknown”.",
        )


def onset_unknown(facts: EventFacts) -> Iterable[Finding]:
    if facts.onset_unknown and not facts.onset_text:
        yield _query(
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
            yield _refuse(
                "unknown-with-date",
                field,
                f"The {name} has a date and is also ticked as unknown.",
                "Keep one of the two.",
            )


def partial_onset(facts: EventFacts) -> Iterable[Finding]:
    if facts.onset is not None and facts.onset.precision in {"year", "month"}:
        missing = "month and day are" if facts.onset.precision == "year" else "day is"
        yield _query(
            "partial-onset",
            "onset",
            f"The onset {facts.onset} is partial: the {missing} not known.",
            "Complete it when it can be found out.",
        )


def end_not_before_onset(facts: EventFacts) -> Iterable[Finding]:
    if certainly_before(facts.end, facts.onset):
        yield _refuse(
            "end-not-before-onset",
            "end",
            f"The end {facts.end} lies before the onset {facts.onset}.",
            "Correct whichever is wrong.",
        )


def onset_before_consent(facts: EventFacts) -> Iterable[Finding]:
    consent = facts.participant.consented_on
    if certainly_before(facts.onset, consent):
        yield _query(
            "onset-before-consent",
            "onset",
            f"The onset {facts.onset} lies before consent ({consent}); such an event is not "
            "treatment-emergent.",
            "Confirm the date, or record it as medical history.",
        )


def aware_before_onset(facts: EventFacts) -> Iterable[Finding]:
    if certainly_before(facts.aware_on, facts.onset):
        yield _query(
            "aware-before-onset",
            "aware_on",
            f"The site became aware on {facts.aware_on}, before the onset {facts.onset}.",
            "Check both dates; reporting clocks start at awareness as entered.",
        )


def onset_after_death(facts: EventFacts) -> Iterable[Finding]:
    died = facts.participant.died_on
    if certainly_after(facts.onset, died):
        yield _query(
            "onset-after-death",
            "onset",
            f"The onset {facts.onset} lies after the participant's death ({died}).",
            "Check both dates.",
        )


# --- course and outcome -------------------------------------------------------------------------------------

_ENDED = frozenset({Outcome.RECOVERED, Outcome.RECOVERED_WITH_SEQUELAE, Outcome.FATAL})
_NOT_ENDED = frozenset({Outcome.NOT_RECOVERED, Outcome.RECOVERING})


def ongoing_with_end(facts: EventFacts) -> Iterable[Finding]:
    if facts.ongoing and (facts.end_text or facts.end_unknown):
        said = f"has the end {facts.end_text}" if facts.end_text else "has an unknown end"
        yield _refuse(
            "ongoing-with-end", "end", f"The event is ticked as ongoing and {said}.", "Keep one of the two."
        )


def ongoing_with_outcome(facts: EventFacts) -> Iterable[Finding]:
    if facts.ongoing and facts.outcome in _ENDED:
        yield _refuse(
            "ongoing-with-outcome",
            "outcome",
            f"The event is ticked as ongoing, but its outcome is “{_outcome(facts)}”.",
            "Remove “ongoing” and give the end, or correct the outcome.",
        )


def end_given(facts: EventFacts) -> Iterable[Finding]:
    if facts.outcome in _ENDED and not (facts.end_text or facts.ongoing or facts.end_unknown):
        yield _refuse(
            "end-given",
            "end",
            f"The outcome is “{_outcome(facts)}”, but the end is missing.",
            "Write the year, month or day that is known, or tick “unknown”.",
        )


def outcome_given(facts: EventFacts) -> Iterable[Finding]:
    if not facts.outcome:
        yield _refuse(
            "outcome-given", "outcome", "The outcome is missing.", "Choose one; “Unknown” is one of them."
        )


def outcome_with_end(facts: EventFacts) -> Iterable[Finding]:
    if facts.outcome in _NOT_ENDED and facts.end is not None:  # CORE FB3409
        yield _query(
            "outcome-with-end",
            "outcome",
            f"The outcome is “{_outcome(facts)}”, yet the event has an end ({facts.end}).",
            "Correct the outcome, or remove the end.",
        )


# --- severity and seriousness -------------------------------------------------------------------------------


def grade_given(facts: EventFacts) -> Iterable[Finding]:
    if facts.grade is None:
        yield _refuse(
            "grade-given", "grade", "The severity grade is missing.", "Choose the grade that fits best."
        )


def grade_on_scale(facts: EventFacts) -> Iterable[Finding]:
    scale = SCALES.get(facts.scale)
    if facts.grade is None:
        return
    if scale is None:
        yield _refuse(
            "grade-on-scale",
            "grade",
            f"The severity scale “{facts.scale}” is not known.",
            "Ask the study administrator to set the study's scale.",
        )
    elif facts.grade not in {grade.number for grade in scale.grades}:
        numbers = ", ".join(str(grade.number) for grade in scale.grades)
        yield _refuse(
            "grade-on-scale",
            "grade",
            f"{scale.name} has no grade {facts.grade}.",
            f"Choose one of {numbers}.",
        )


def serious_given(facts: EventFacts) -> Iterable[Finding]:
    if facts.serious is None:
        yield _refuse(
            "serious-given",
            "serious",
            "It is not said whether the event is serious.",
            "Answer yes if any of the criteria applies, else no.",
        )


def serious_needs_criterion(facts: EventFacts) -> Iterable[Finding]:
    if facts.serious and not facts.criteria:  # CORE CG0042
        yield _refuse(
            "serious-needs-criterion",
            "criteria",
            "The event is serious, but no criterion is ticked.",
            "Tick each criterion that applies.",
        )


def criterion_needs_serious(facts: EventFacts) -> Iterable[Finding]:
    named = facts.criteria - {SeriousnessCriterion.DEATH}
    if facts.serious is False and named:
        labels = ", ".join(SeriousnessCriterion(key).label.lower() for key in sorted(named))
        yield _refuse(
            "criterion-needs-serious",
            "serious",
            f"The event is marked not serious, but a criterion is ticked: {labels}.",
            "Mark it serious, or untick the criterion.",
        )


def fatal_needs_serious(facts: EventFacts) -> Iterable[Finding]:
    fatal = facts.outcome == Outcome.FATAL or SeriousnessCriterion.DEATH in facts.criteria
    if facts.serious is False and fatal:
        yield _refuse(
            "fatal-needs-serious",
            "serious",
            "The event is fatal, but it is marked not serious; a death is always serious.",
            "Mark it serious and tick “Results in death”, or correct the outcome.",
        )


def fatal_needs_death_criterion(facts: EventFacts) -> Iterable[Finding]:
    named = facts.criteria - {SeriousnessCriterion.DEATH}
    if facts.outcome == Outcome.FATAL and facts.serious and named == facts.criteria and named:
        yield _query(
            "fatal-needs-death-criterion",
            "criteria",
            "The outcome is fatal, but “Results in death” is not ticked.",
            "Tick it if the participant died of this event.",
        )


def death_criterion_needs_fatal_outcome(facts: EventFacts) -> Iterable[Finding]:
    if SeriousnessCriterion.DEATH in facts.criteria and facts.outcome and facts.outcome != Outcome.FATAL:
        yield _refuse(
            "death-criterion-needs-fatal-outcome",
            "outcome",
            f"“Results in death” is ticked, but the outcome is “{_outcome(facts)}”.",
            "Set the outcome to fatal, or untick the criterion.",
        )


def grade_5_needs_fatal_outcome(facts: EventFacts) -> Iterable[Finding]:
    if facts.grade == 5 and facts.outcome and facts.outcome != Outcome.FATAL:
        yield _refuse(
            "grade-5-needs-fatal-outcome",
            "grade",
            f"Grade 5 means death, but the outcome is “{_outcome(facts)}”.",
            "Correct the grade or the outcome.",
        )


def fatal_end_equals_death(facts: EventFacts) -> Iterable[Finding]:
    died = facts.participant.died_on
    if facts.outcome != Outcome.FATAL or facts.end is None or died is None:
        return
    if certainly_before(facts.end, died) or certainly_after(facts.end, died):  # CORE FB0612
        yield _refuse(
            "fatal-end-equals-death",
            "end",
            f"A fatal event ends on the day of death, but its end is {facts.end} and the death is recorded "
            f"as {died}.",
            "Correct whichever is wrong.",
        )


# --- relatedness --------------------------------------------------------------------------------------------


def causality_given(facts: EventFacts) -> Iterable[Finding]:
    if not any(a.causality for a in facts.assessments if a.assessor == Assessor.INVESTIGATOR):
        yield _query(
            "causality-given",
            "assessments",
            "No investigator has judged whether an intervention caused the event.",
            "An investigator of the site judges each intervention.",
        )


def related_but_never_exposed(facts: EventFacts) -> Iterable[Finding]:
    exposed = facts.participant.exposed_interventions
    # background treatment has no exposures of its own: it is concomitant medication
    given = [a for a in facts.assessments if a.kind != "background"]
    names = _names(a for a in given if a.causality in RELATED and a.intervention not in exposed)
    if names:
        yield _query(
            "related-but-never-exposed",
            "assessments",
            f"The event is judged related to {names}, but no exposure to it is recorded.",
            "Check the judgement, or record the exposure.",
        )


def related_before_exposure(facts: EventFacts) -> Iterable[Finding]:
    first = facts.participant.first_exposure
    names = _names(a for a in facts.assessments if a.causality in RELATED)
    if names and certainly_before(facts.onset, first):
        yield _query(
            "related-before-exposure",
            "assessments",
            f"The event is judged related to {names}, but its onset {facts.onset} lies before first "
            f"exposure ({first}).",
            "Check the onset and the judgement.",
        )


def dose_action_on_procedure(facts: EventFacts) -> Iterable[Finding]:
    dose = {ActionTaken.DOSE_REDUCED, ActionTaken.DOSE_INCREASED}
    names = _names(a for a in facts.assessments if a.kind == "procedure" and a.action_taken in dose)
    if names:
        yield _query(
            "dose-action-on-procedure",
            "assessments",
            f"The action taken changes a dose, but {names} is a procedure.",
            "Choose “Not applicable”, or “Interrupted” if it was stopped.",
        )


# --- beside other records -----------------------------------------------------------------------------------


def possible_duplicate(facts: EventFacts) -> Iterable[Finding]:
    if facts.duplicates:
        numbers = ", ".join(str(number) for number in facts.duplicates[:10])
        yield _query(
            DUPLICATE,
            "verbatim",
            f"The same event with the same onset stands already as number {numbers} of this participant.",
            "Say that it is a separate event, or void the one that is wrong; nothing is merged by itself.",
        )


def event_of_screen_failure(facts: EventFacts) -> Iterable[Finding]:
    if facts.participant.screen_failure:
        yield _query(
            "event-of-screen-failure",
            "verbatim",
            "The participant failed screening.",
            "Confirm that the event belongs to this participant.",
        )


RULES: tuple[Rule, ...] = (
    verbatim_given,
    verbatim_length,
    text_characters,
    unspecific_verbatim,
    possible_duplicate,
    event_of_screen_failure,
    date_readable,
    date_in_range,
    not_in_future,
    onset_given,
    onset_unknown,
    unknown_with_date,
    partial_onset,
    onset_before_consent,
    onset_after_death,
    end_not_before_onset,
    end_given,
    ongoing_with_end,
    fatal_end_equals_death,
    aware_before_onset,
    grade_given,
    grade_on_scale,
    grade_5_needs_fatal_outcome,
    serious_given,
    criterion_needs_serious,
    fatal_needs_serious,
    serious_needs_criterion,
    fatal_needs_death_criterion,
    causality_given,
    related_but_never_exposed,
    related_before_exposure,
    dose_action_on_procedure,
    outcome_given,
    ongoing_with_outcome,
    death_criterion_needs_fatal_outcome,
    outcome_with_end,
    narrative_length,
)


def _refuse(rule: str, field: str, message: str, remedy: str) -> Finding:
    return Finding(rule, field, message, remedy, "refuse")


def _query(rule: str, field: str, message: str, remedy: str) -> Finding:
    return Finding(rule, field, message, remedy, "query")


def _outcome(facts: EventFacts) -> str:
    return Outcome(facts.outcome).label if facts.outcome in Outcome.values else facts.outcome


def _names(assessments: Iterable[AssessmentFacts]) -> str:
    """The interventions, each once, in their order: “A, B and C”."""
    names = list(dict.fromkeys(a.intervention for a in assessments))
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
