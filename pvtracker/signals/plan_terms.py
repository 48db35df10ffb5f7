"""What the boundaries of a plan say that the latest cut does not bear out. Events that it does not have: misspelt, it
may be, for the closed room has no dictionary. And shares of the participants that the arms do not have. What is told
warns and refuses nothing: an event that nobody has had yet is rightly named beforehand."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from pvtracker.audit.context import Actor
from pvtracker.cuts import closed, derive
from pvtracker.cuts.data import CutData, CutError
from pvtracker.cuts.models import Cut
from pvtracker.lib.term_names import folded
from pvtracker.signals import arm_shares
from pvtracker.signals.labels import level_label
from pvtracker.signals.plan import ARMS, Plan
from pvtracker.studies.models import Study

Names = Mapping[str, Mapping[str, str]]  # level → what is compared of a name → the name
ALIKE = 0.6  # of difflib's ratio
NAMED = (derive.QUERY, "PT", "HLT", "HLGT", "SOC")  # in this order names are offered
MOST_KEPT = 8  # cuts whose names a process remembers
_read: dict[uuid.UUID, _Known] = {}


@dataclass(frozen=True, slots=True)
class _Known:
    """Of a cut: the names of events, and by analysis arm how many participants have each arm."""

    names: Names
    sizes: Mapping[str, Mapping[str, int]]
    reference: str


def doubts(plan: Plan, study: Study, *, by: Actor, inference: bool) -> list[str]:
    """A sentence for each event of a boundary that the latest cut does not have at its level, whoever had it, and for
    each arm whose share is not that of the boundaries; [] before the first cut, and where it cannot be read."""
    cut = closed.latest_joined(study) if plan.boundaries else None
    if cut is None:
        return []
    try:
        known = _known(cut, by)
    except CutError:  # a run says so; a plan can be written all the same
        return []
    sizes = known.sizes.get(plan.analysis_arm, {})
    sides = {name: [name] for name in sizes if name != known.reference}
    shares = arm_shares.against(plan.boundaries, sides, known.reference, sizes, inference=inference)
    if shares:  # of the arms, and to each who reads them
        closed.record_opening(cut, by=by, reason="sizes of arms, for the boundaries of the plan")
    return [
        *unlike(plan, known.names, on=str(cut.date)),
        *(f"In the latest cut, of {cut.date}, counting everyone with an arm: {said}" for said in shares),
    ]


def offered(study: Study, *, by: Actor) -> list[tuple[str, str]]:
    """The names of the latest cut with their levels in words, for who writes a boundary; [] where there is none that
    can be read."""
    cut = closed.latest_joined(study)
    if cut is None:
        return []
    try:
        names = _known(cut, by).names
    except CutError:
        return []
    return [
        (name, level_label(level))
        for level in NAMED
        if level in names
        for name in sorted(names[level].values())
    ]


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


def _known(cut: Cut, by: Actor) -> _Known:
    """What is asked of a cut, which never changes: opened, and the opening recorded, once in a process."""
    if (kept := _read.get(cut.id)) is not None:
        return kept
    closed.record_opening(
        cut, by=by, reason="names of events and sizes of arms, for the boundaries of the plan"
    )
    data = closed.load_joined(cut, only=("adverse_events", "arms"))
    arms = derive.arms_of(data)
    reference = "" if arms.reference is None else arms.names[arms.reference]
    while len(_read) >= MOST_KEPT:
        _read.pop(next(iter(_read)), None)
    _read[cut.id] = _Known(_names(data), _sizes(data), reference)
    return _read[cut.id]


def _names(data: CutData) -> Names:
    events = data.adverse_events
    told: dict[str, Iterable[str]] = {
        level: events[column].dropna().unique() for level, column in derive.LEVELS.items()
    }
    told[derive.QUERY] = [name for name, _ in derive.rules_of(data).queries]
    return {level: {folded(str(name)): str(name) for name in some if name} for level, some in told.items()}


def _sizes(data: CutData) -> Mapping[str, Mapping[str, int]]:
    names = {arm["code"]: arm["name"] for arm in data.manifest["protocol"]["arms"]}
    counted = {which: data.arms[f"{which}_code"].value_counts() for which in ARMS}
    return {
        which: {name: int(counts.get(code, 0)) for code, name in names.items()}
        for which, counts in counted.items()
    }
