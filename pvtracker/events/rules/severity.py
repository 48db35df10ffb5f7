"""Rules about severity and seriousness, which are two things."""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.coding.scales import SCALES
from pvtracker.events.enums import Outcome, SeriousnessCriterion
from pvtracker.events.rules.facts import (
    EventFacts,
    Finding,
    as_delivered,
    outcome_label,
    query,
    refuse,
)
from pvtracker.lib.partial_dates import certainly_after, certainly_before


def grade_given(facts: EventFacts) -> Iterable[Finding]:
    if facts.grade is None and not facts.severity_reported:
        yield refuse(
            "grade-given", "grade", "The severity grade is missing.", "Choose the grade that fits best."
        )


def severity_understood(facts: EventFacts) -> Iterable[Finding]:
    if facts.grade is None and facts.severity_reported:
        yield refuse(
            "severity-understood",
            "grade",
            f"The severity was delivered as {as_delivered([facts.severity_reported])}, which is no known grade.",
            "Choose the grade that is meant.",
        )


def grade_on_scale(facts: EventFacts) -> Iterable[Finding]:
    scale = SCALES.get(facts.scale)
    if facts.grade is None:
        return
    if scale is None:
        yield refuse(
            "grade-on-scale",
            "grade",
            f"The severity scale “{facts.scale}” is not known.",
            "Ask the study administrator to set the study's scale.",
        )
    elif facts.grade not in {grade.number for grade in scale.grades}:
        numbers = ", ".join(str(grade.number) for grade in scale.grades)
        yield refuse(
            "grade-on-scale",
            "grade",
            f"{scale.name} has no grade {facts.grade}.",
            f"Choose one of {numbers}.",
        )


def grade_beyond_term(facts: EventFacts) -> Iterable[Finding]:
    scale = SCALES.get(facts.scale)
    if (
        scale is None or facts.grade is None or facts.grade == 5
    ):  # a death is a death, whatever the table says
        return
    highest = scale.highest_of(*facts.coded, facts.verbatim)
    if highest is not None and facts.grade > highest:
        yield query(
            "grade-beyond-term",
            "grade",
            f"{scale.name} defines this event up to grade {highest}; it is recorded as grade {facts.grade}.",
            "Check the grade, or name the event that this grade belongs to.",
        )


def serious_given(facts: EventFacts) -> Iterable[Finding]:
    if facts.serious is None:
        yield refuse(
            "serious-given",
            "serious",
            "It is not said whether the event is serious.",
            "Answer yes if any of the criteria applies, else no.",
        )


def serious_needs_criterion(facts: EventFacts) -> Iterable[Finding]:
    if facts.serious and not facts.criteria:  # CORE CG0042
        yield refuse(
            "serious-needs-criterion",
            "criteria",
            "The event is serious, but no criterion is ticked.",
            "Tick each criterion that applies.",
        )


def criterion_needs_serious(facts: EventFacts) -> Iterable[Finding]:
    named = facts.criteria - {SeriousnessCriterion.DEATH}
    if facts.serious is False and named:
        labels = ", ".join(SeriousnessCriterion(key).label.lower() for key in sorted(named))
        yield refuse(
            "criterion-needs-serious",
            "serious",
            f"The event is marked not serious, but a criterion is ticked: {labels}.",
            "Mark it serious, or untick the criterion.",
        )


def fatal_needs_serious(facts: EventFacts) -> Iterable[Finding]:
    fatal = facts.outcome == Outcome.FATAL or SeriousnessCriterion.DEATH in facts.criteria
    if facts.serious is False and fatal:
        yield refuse(
            "fatal-needs-serious",
            "serious",
            "The event is fatal, but it is marked not serious; a death is always serious.",
            "Mark it serious and tick “Results in death”, or correct the outcome.",
        )


def fatal_needs_death_criterion(facts: EventFacts) -> Iterable[Finding]:
    named = facts.criteria - {SeriousnessCriterion.DEATH}
    if facts.outcome == Outcome.FATAL and facts.serious and named == facts.criteria and named:
        yield query(
            "fatal-needs-death-criterion",
            "criteria",
            "The outcome is fatal, but “Results in death” is not ticked.",
            "Tick it if the participant died of this event.",
        )


def death_criterion_needs_fatal_outcome(facts: EventFacts) -> Iterable[Finding]:
    if SeriousnessCriterion.DEATH in facts.criteria and facts.outcome and facts.outcome != Outcome.FATAL:
        yield refuse(
            "death-criterion-needs-fatal-outcome",
            "outcome",
            f"“Results in death” is ticked, but the outcome is “{outcome_label(facts)}”.",
            "Set the outcome to fatal, or untick the criterion.",
        )


def grade_5_needs_fatal_outcome(facts: EventFacts) -> Iterable[Finding]:
    if facts.grade == 5 and facts.outcome and facts.outcome != Outcome.FATAL:
        yield refuse(
            "grade-5-needs-fatal-outcome",
            "grade",
            f"Grade 5 means death, but the outcome is “{outcome_label(facts)}”.",
            "Correct the grade or the outcome.",
        )


def fatal_end_equals_death(facts: EventFacts) -> Iterable[Finding]:
    died = facts.participant.died_on
    if facts.outcome != Outcome.FATAL or facts.end is None or died is None:
        return
    if certainly_before(facts.end, died) or certainly_after(facts.end, died):  # CORE FB0612
        yield refuse(
            "fatal-end-equals-death",
            "end",
            f"A fatal event ends on the day of death, but its end is {facts.end} and the death is recorded "
            f"as {died}.",
            "Correct whichever is wrong.",
        )
