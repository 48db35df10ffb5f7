"""A delivered event made to fit its columns: what is too long is shortened, kept whole in the narrative, and asked
about. Nothing of it is lost.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pvtracker.coding.actions import LONGEST_TERM
from pvtracker.events.rules import VERBATIM_LIMIT
from pvtracker.events.text import one_line
from pvtracker.formats.records import AssessmentRecord, EventRecord, Problem

NUMBERED = re.compile(r"[^-]*-([0-9]+)(?:-([0-9]+))?")  # AE-3, and AE-3-2 for a second row of that number
LONGEST_DATE = 40  # a query quotes no more of an unreadable one
LIMITS = {
    "verbatim": ("description", VERBATIM_LIMIT),
    "onset": ("onset", LONGEST_DATE),
    "end": ("end", LONGEST_DATE),
    "aware_on": ("date of awareness", LONGEST_DATE),
    "severity_reported": ("severity", 40),
    "outcome_reported": ("outcome", 200),
    "phase": ("phase", 40),
    "lowest_level_term": ("lowest level term", LONGEST_TERM),
    "preferred_term": ("preferred term", LONGEST_TERM),
    "high_level_term": ("high level term", LONGEST_TERM),
    "high_level_group_term": ("high level group term", LONGEST_TERM),
    "system_organ_class": ("system organ class", LONGEST_TERM),
}
JUDGEMENT_LIMITS = {"causality_reported": ("causality", 40), "action_reported": ("action taken", 200)}


def fitted(record: EventRecord) -> EventRecord:
    """The record with every text short enough to be stored, and a problem for each that was not."""
    changes, too_long = _shortened(record, LIMITS)
    judgements: list[AssessmentRecord] = []
    for judged in record.assessments:
        judgement_changes, more = _shortened(judged, JUDGEMENT_LIMITS)
        judgements.append(replace(judged, **judgement_changes))
        too_long += more
    if not too_long:
        return record
    notes = [f"The {name} as delivered: {text}" for _, name, _, text in too_long]
    changes["narrative"] = "\n".join(filter(None, [record.narrative, *notes]))
    problems = {(problem.rule, problem.field): problem for problem in record.problems}
    for field, name, limit, text in too_long:
        problem = _problem(field, name, limit, text)
        problems.setdefault((problem.rule, problem.field), problem)
    return replace(record, **changes, assessments=tuple(judgements), problems=tuple(problems.values()))


def _shortened(
    record: EventRecord | AssessmentRecord, limits: dict[str, tuple[str, int]]
) -> tuple[dict[str, Any], list[tuple[str, str, int, str]]]:
    """The changes to the record; field, name, limit and whole text of everything that was too long."""
    changes: dict[str, Any] = {}
    too_long = []
    for field, (name, limit) in limits.items():
        text = str(getattr(record, field))
        if field == "verbatim":
            text = one_line(text)  # as it is stored; the normal form can be the longer one
        if len(text) > limit:
            changes[field] = text[: limit - 1].rstrip() + "…"
            too_long.append((field, name, limit, text))
    return changes, too_long


def _problem(field: str, name: str, limit: int, text: str) -> Problem:
    rule = "verbatim-length" if field == "verbatim" else "too-long"
    message = (
        f"The {name} has {len(text):,} characters; at most {limit} fit. It is shortened, and stands whole in the "
        "narrative. Say it in fewer words."
    )
    return Problem(rule, field, message)


def sequence_of(source_id: str) -> tuple[int, int, str]:
    """AE-2 before AE-10, and AE-2-2 between them; anything else by its letters, last."""
    found = NUMBERED.fullmatch(source_id)
    return (int(found[1]), int(found[2] or 1), source_id) if found else (10**15, 0, source_id)
