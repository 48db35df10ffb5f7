"""Rules about the judgements on interventions."""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.events.enums import RELATED, ActionTaken, Assessor
from pvtracker.events.rules.facts import EventFacts, Finding, as_delivered, names_of, query
from pvtracker.lib.partial_dates import certainly_before


def causality_given(facts: EventFacts) -> Iterable[Finding]:
    said = (a for a in facts.assessments if a.assessor == Assessor.INVESTIGATOR)
    if not any(a.causality or a.causality_reported for a in said):
        yield query(
            "causality-given",
            "assessments",
            "No investigator has judged whether an intervention caused the event.",
            "An investigator of the site judges each intervention.",
        )


def causality_understood(facts: EventFacts) -> Iterable[Finding]:
    unknown = [a for a in facts.assessments if a.causality_reported and not a.causality]
    if unknown:
        yield query(
            "causality-understood",
            "assessments",
            f"The causality of {names_of(unknown)} was delivered as "
            f"{as_delivered(a.causality_reported for a in unknown)}, which is none of the known words.",
            "Choose the judgement that is meant; until then the event does not count as related.",
        )


def action_understood(facts: EventFacts) -> Iterable[Finding]:
    unknown = [a for a in facts.assessments if a.action_reported and not a.action_taken]
    if unknown:
        yield query(
            "action-understood",
            "assessments",
            f"The action taken with {names_of(unknown)} was delivered as "
            f"{as_delivered(a.action_reported for a in unknown)}, which is none of the known words.",
            "Choose the action that is meant; until then it does not count as a withdrawal.",
        )


def related_but_never_exposed(facts: EventFacts) -> Iterable[Finding]:
    exposed = facts.participant.exposed_interventions
    # background treatment has no exposures of its own: it is concomitant medication
    given = [a for a in facts.assessments if a.kind != "background"]
    names = names_of(a for a in given if a.causality in RELATED and a.intervention not in exposed)
    if names:
        yield query(
            "related-but-never-exposed",
            "assessments",
            f"The event is judged related to {names}, but no exposure to it is recorded.",
            "Check the judgement, or record the exposure.",
        )


def related_before_exposure(facts: EventFacts) -> Iterable[Finding]:
    first = facts.participant.first_exposure
    names = names_of(a for a in facts.assessments if a.causality in RELATED)
    if names and certainly_before(facts.onset, first):
        yield query(
            "related-before-exposure",
            "assessments",
            f"The event is judged related to {names}, but its onset {facts.onset} lies before first "
            f"exposure ({first}).",
            "Check the onset and the judgement.",
        )


def dose_action_on_single_dose(facts: EventFacts) -> Iterable[Finding]:
    dose = {ActionTaken.DOSE_REDUCED, ActionTaken.DOSE_INCREASED}
    once = facts.participant.given_once
    names = names_of(a for a in facts.assessments if a.intervention in once and a.action_taken in dose)
    if names:
        yield query(
            "dose-action-on-single-dose",
            "assessments",
            f"The action taken changes a dose, but {names} was given on one day only.",
            "Choose “Not applicable” where no further dose was planned.",
        )


def dose_action_on_procedure(facts: EventFacts) -> Iterable[Finding]:
    dose = {ActionTaken.DOSE_REDUCED, ActionTaken.DOSE_INCREASED}
    names = names_of(a for a in facts.assessments if a.kind == "procedure" and a.action_taken in dose)
    if names:
        yield query(
            "dose-action-on-procedure",
            "assessments",
            f"The action taken changes a dose, but {names} is a procedure.",
            "Choose “Not applicable”, or “Interrupted” if it was stopped.",
        )
