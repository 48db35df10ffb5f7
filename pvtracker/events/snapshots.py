"""The canonical content of one version of an event: for the history, the sponsor feed and, later, the
signature.

Everything that the version said, by codes that are stable outside the database. No arm, and no internal
number; the only ids are random UUIDs. Equal content gives equal JSON: sets are sorted, dates are as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pvtracker.coding.models import Term
from pvtracker.coding.scales import SCALES
from pvtracker.events.enums import ActionTaken, Assessor, Causality, EventState, Outcome, SeriousnessCriterion
from pvtracker.events.models import AdverseEvent, Assessment

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that two versions say differently, in words; '' where a version says nothing."""

    label: str
    before: str
    after: str


def body_of(event: AdverseEvent, assessments: Iterable[Assessment]) -> Body:
    """The content of the event as it stands.

    Reads `event.study`, `event.participant.site`, `event.term.release` and each `assessment.intervention`:
    load them with the event, or each costs a query.
    """
    return {
        "id": str(event.id),
        "study": event.study.code,
        "participant": str(event.participant_id),
        "subject": event.participant.subject,
        "site": event.participant.site.code,
        "number": event.number,
        "verbatim": event.verbatim,
        "term": _term(event.term),
        "onset": event.onset,
        "end": event.end,
        "ongoing": event.ongoing,
        "aware_on": event.aware_on,
        "phase": event.phase,
        "scale": event.scale,
        "grade": event.grade,
        "severity_reported": event.severity_reported,
        "serious": event.serious,
        "criteria": sorted(event.criteria),
        "outcome": event.outcome,
        "outcome_reported": event.outcome_reported,
        "assessments": sorted(
            (
                {
                    "intervention": a.intervention.code,
                    "assessor": a.assessor,
                    "causality": a.causality,
                    "causality_reported": a.causality_reported,
                    "action_taken": a.action_taken,
                    "action_reported": a.action_reported,
                }
                for a in assessments
            ),
            key=lambda a: (a["intervention"], a["assessor"]),
        ),
        "narrative": event.narrative,
        "state": event.state,
        "version": event.version,
    }


def _term(term: Term | None) -> dict[str, str] | None:
    if term is None:
        return None
    return {
        "dictionary": term.release.dictionary,
        "release": term.release.number,
        "lowest_level_term": term.lowest_level_term,
        "preferred_term": term.preferred_term,
        "high_level_term": term.high_level_term,
        "high_level_group_term": term.high_level_group_term,
        "system_organ_class": term.system_organ_class,
    }


def differences(before: Body, after: Body, names: Mapping[str, str] | None = None) -> list[Change]:
    """What changed from one version to the next, field by field, in the words of the form.

    `names` are the interventions' by code, where a person reads it.
    """
    old, new = in_words(before, names), in_words(after, names)
    labels = dict.fromkeys([*new, *old])
    return [
        Change(label, old.get(label, ""), new.get(label, ""))
        for label in labels
        if old.get(label, "") != new.get(label, "")
    ]


def content(body: Body) -> Body:
    """The body without what every version changes: two equal contents mean that nothing was changed."""
    return {key: value for key, value in body.items() if key not in {"version"}}


def in_words(body: Body, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """Each field as a reader sees it, by its label; interventions by `names`, else by code."""
    named = names or {}
    term = body["term"]
    words = {
        "Description": body["verbatim"],
        "Coded term": f"{term['preferred_term']} ({term['system_organ_class']})" if term else "",
        "Dictionary": f"{term['dictionary']} {term['release']}" if term else "",
        "Onset": body["onset"],
        "End": body["end"],
        "Ongoing": "yes" if body["ongoing"] else "no",
        "Site aware on": body["aware_on"],
        "Phase": phase_in_words(body["phase"]),
        "Severity": _severity(body["scale"], body["grade"]),
        "Severity as delivered": body["severity_reported"],
        "Serious": {True: "yes", False: "no", None: ""}[body["serious"]],
        "Seriousness criteria": "; ".join(_label(SeriousnessCriterion, key) for key in body["criteria"]),
        "Outcome": _label(Outcome, body["outcome"]),
        "Outcome as delivered": body.get("outcome_reported", ""),  # an old version may have none
        "Narrative": body["narrative"],
        "State": _label(EventState, body["state"]),
    }
    for judgement in body["assessments"]:
        who = _label(Assessor, judgement["assessor"]).lower()
        about = f"{named.get(judgement['intervention'], judgement['intervention'])}, {who}"
        words[f"Related to {about}"] = _label(Causality, judgement["causality"])
        words[f"Relatedness as delivered: {about}"] = judgement["causality_reported"]
        words[f"Action taken with {about}"] = _label(ActionTaken, judgement["action_taken"])
        words[f"Action as delivered: {about}"] = judgement.get("action_reported", "")
    return words


def phase_in_words(phase: str) -> str:
    """A phase of the trial as it was delivered, its parts apart."""
    return phase.replace("_", " ")


def _severity(key: str, number: int | None) -> str:
    if number is None:
        return ""
    scale = SCALES.get(key)
    return f"{number} {scale.word(number)} ({scale.name})" if scale else f"{number} ({key})"


def _label(choices: Any, key: str) -> str:
    return str(choices(key).label) if key in choices.values else key
