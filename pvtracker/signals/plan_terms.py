"""Events that a plan names and that the latest cut does not have: misspelt, it may be, for the closed room has no
dictionary. What is told warns and refuses nothing: an event that nobody has had yet is rightly named beforehand."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pvtracker.audit.context import Actor
from pvtracker.cuts import closed, derive
from pvtracker.cuts.data import CutError
from pvtracker.cuts.models import Cut
from pvtracker.lib.term_names import folded
from pvtracker.signals.labels import level_label
from pvtracker.signals.plan import Plan
from pvtracker.studies.models import Study

Names = Mapping[str, Mapping[str, str]]  # level → what is compared of a name → the name
ALIKE = 0.6  # of difflib's ratio
MOST_KEPT = 8  # cuts whose names a process remembers
_read: dict[uuid.UUID, Names] = {}


def unknown_in(plan: Plan, study: Study, *, by: Actor) -> list[str]:
    """A sentence for each event of a boundary that the latest cut does not have at its level, whoever had it; [] before
    the first cut, and where the cut cannot be read."""
    cut = closed.latest_joined(study) if plan.boundaries else None
    if cut is None:
        return []
    try:
        return unlike(plan, _names_of(cut, by), on=str(cut.date))
    except CutError:  # a run says so; a plan can be written all the same
        return []


def unlike(plan: Plan, names: Names, *, on: str) -> list[str]:
    """The same of the names of a cut of this date, each with the name there that is most like it."""
    told = []
    for level, term in dict.fromkeys((one.level, one.term) for one in plan.boundaries):
        known = names.get(level, {})
        if folded(term) in known:
            continue
        like = get_close_matches(folded(term), known, n=1, cutoff=ALIKE)
        near = f" Like it: {known[like[0]]}." if like else ""
        told.append(
            f"The latest cut, of {on}, has no {level_label(level).lower()} “{term}”.{near} A boundary counts only what "
            "is spelled as the dictionary spells it; if nobody has had it yet, make sure of its name."
        )
    return told


def _names_of(cut: Cut, by: Actor) -> Names:
    """The names in a cut, which never changes: opened, and the opening recorded, once in a process."""
    if (kept := _read.get(cut.id)) is not None:
        return kept
    closed.record_opening(cut, by=by, reason="names of events, for the boundaries of the plan")
    data = closed.load_joined(cut, only=("adverse_events",))
    events = data.adverse_events
    told: dict[str, Iterable[str]] = {
        level: events[column].dropna().unique() for level, column in derive.LEVELS.items()
    }
    told[derive.QUERY] = [name for name, _ in derive.rules_of(data).queries]
    found = {level: {folded(str(name)): str(name) for name in some if name} for level, some in told.items()}
    while len(_read) >= MOST_KEPT:
        _read.pop(next(iter(_read)), None)
    _read[cut.id] = found
    return found
