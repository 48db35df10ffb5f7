"""What must hold between the fields of an adverse event: one rule, one function, one stable id, for every
channel.

`examine` answers with findings. A form refuses what `Finding.form` calls ``refuse`` and stores the rest with
a query; an import stores everything and queries it. Dates are intervals: a rule finds a contradiction only
where it is certain. Rules of conformance named CG…, FB… are those of the CDISC CORE library that the rule
answers to.
"""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.events.rules import course, dates, relatedness, severity, words
from pvtracker.events.rules.facts import (
    DUPLICATE,
    NARRATIVE_LIMIT,
    VERBATIM_LIMIT,
    AssessmentFacts,
    EventFacts,
    Finding,
    ParticipantFacts,
    Rule,
    read_date,
)

RULES: tuple[Rule, ...] = (
    words.verbatim_given,
    words.verbatim_length,
    words.text_characters,
    words.unspecific_verbatim,
    words.possible_duplicate,
    words.event_of_screen_failure,
    dates.date_readable,
    dates.date_in_range,
    dates.not_in_future,
    dates.onset_given,
    dates.onset_unknown,
    dates.unknown_with_date,
    dates.partial_onset,
    dates.onset_before_consent,
    dates.onset_after_death,
    dates.onset_after_follow_up,
    dates.end_not_before_onset,
    course.end_given,
    course.ongoing_with_end,
    severity.fatal_end_equals_death,
    dates.aware_before_onset,
    dates.aware_given,
    severity.grade_given,
    severity.severity_understood,
    severity.grade_on_scale,
    severity.grade_beyond_term,
    severity.grade_5_needs_fatal_outcome,
    severity.serious_given,
    severity.criterion_needs_serious,
    severity.fatal_needs_serious,
    severity.serious_needs_criterion,
    severity.fatal_needs_death_criterion,
    relatedness.causality_given,
    relatedness.causality_understood,
    relatedness.action_understood,
    relatedness.related_but_never_exposed,
    relatedness.related_before_exposure,
    relatedness.dose_action_on_procedure,
    relatedness.dose_action_on_single_dose,
    course.outcome_given,
    course.outcome_understood,
    course.ongoing_with_outcome,
    severity.death_criterion_needs_fatal_outcome,
    course.outcome_with_end,
    words.narrative_length,
)


def examine(facts: EventFacts) -> list[Finding]:
    """Everything that the rules find, in the order of the form; at most one finding per rule and field."""
    return [finding for rule in RULES for finding in rule(facts)]


def refusals(findings: Iterable[Finding]) -> list[Finding]:
    """Those for which a form does not save."""
    return [finding for finding in findings if finding.form == "refuse"]


__all__ = [
    "DUPLICATE",
    "NARRATIVE_LIMIT",
    "RULES",
    "VERBATIM_LIMIT",
    "AssessmentFacts",
    "EventFacts",
    "Finding",
    "ParticipantFacts",
    "Rule",
    "examine",
    "read_date",
    "refusals",
]
