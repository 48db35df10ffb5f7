"""What a boundary is made of: kinds, which settings each has, and which values can be. Pure, without tables.

One place for the plan, which signs them, and for the page of a term, where they are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from pvtracker.lib.rounding import fixed
from pvtracker.lib.term_names import folded
from pvtracker.signals import allocation_ratio
from pvtracker.signals.boundary_design import GROUP_SEQUENTIAL, MOST_HISTORY, STOPPING, Design, most_of
from pvtracker.signals.boundary_reach import never_crossed
from pvtracker.signals.labels import LEVEL_LABELS, SELECTION_LABELS
from pvtracker.stats import group_sequential_crossing

MOST_LOOKS = 50
BORNE = "the next gets what is left of the error, at a higher z, and after it no look can cross"
KINDS = {
    "obrien_fleming": "Group-sequential, Lan–DeMets with O’Brien–Fleming type spending",
    "pocock": "Group-sequential, Lan–DeMets with Pocock type spending",
    "haybittle_peto": "Group-sequential, Haybittle–Peto",
    "maxsprt": "MaxSPRT, binomial",
    "cmaxsprt": "Conditional MaxSPRT of the arm",
    "toxicity": "Continuous toxicity boundary of the arm",
    "beta_binomial": "Bayesian beta-binomial stopping of the arm",
}
USUAL = "obrien_fleming"
MEASURES = {"participants": "Participants", "events": "Participants with the event"}
LABELS = {
    "kind": "Boundary",
    "measure": "Information",
    "planned": "Planned at the end",
    "alpha": "One-sided error of all looks",
    "risk": "Acceptable risk in the arm, %",
    "threshold": "Threshold of the posterior probability",
    "prior_events": "Prior, with the event",
    "prior_free": "Prior, without the event",
    "interim_z": "z of every look but the last",
    "part": "Arm’s share of the participants, %",
    "history_events": "Events in the history",
    "history_years": "Person-years of the history",
    "looks": "Planned looks",
    "allocation": "Allocation of the arms",
}
SPENDING = ("measure", "planned", "alpha", "looks")
USES = {
    "obrien_fleming": SPENDING,
    "pocock": SPENDING,
    "haybittle_peto": (*SPENDING, "interim_z"),
    "maxsprt": ("planned", "alpha", "part", "allocation"),
    "cmaxsprt": ("planned", "alpha", "history_events", "history_years"),
    "toxicity": ("planned", "alpha", "risk"),
    "beta_binomial": ("planned", "threshold", "risk", "prior_events", "prior_free"),
}
USUALLY: dict[str, Any] = {
    "measure": "participants",
    "interim_z": 3.0,
    "prior_events": 0.5,
    "prior_free": 0.5,
}  # left empty
PLAN_ONLY = ("looks", "allocation")  # said beforehand or not at all; unsaid they are not in the plan’s bytes
MAY_MISS = ("part", *PLAN_ONLY)  # `part` where the allocation says it
PERCENT = ("risk", "part")  # typed as percentages, kept as shares
RANGES: dict[str, tuple[float, float, str]] = {  # lowest, highest, for example
    "alpha": (0.001, 0.25, "0.025"),
    "risk": (0.001, 0.9, "10"),
    "threshold": (0.5, 0.999, "0.95"),
    "prior_events": (0.01, 1000, "0.5"),
    "prior_free": (0.01, 1000, "0.5"),
    "interim_z": (2, 8, "3"),
    "part": (0.05, 0.95, "50"),
    "history_events": (1, MOST_HISTORY, "20"),
    "history_years": (0.01, 1_000_000, "150"),
    "looks": (1, MOST_LOOKS, "5"),
}
WHOLE = ("planned", "history_events", "looks")


# How a boundary is computed, asked by no form: of plans written now, and of those signed before that say nothing of it.
NOW: dict[str, Any] = {"depletion": True, "history_law": "next_event"}
BEFORE: dict[str, Any] = {"depletion": False, "history_law": "between"}
COMPUTED = {
    "depletion": ("Looks hang together", "as events drawn without replacement from the participants"),
    "history_law": (
        "The history ended",
        "just before its next event, so that the error holds however it ended",
    ),
}


@dataclass(frozen=True, slots=True)
class PlannedBoundary:
    """An event that was named beforehand, and its boundary: of each arm and pool against the reference by itself."""

    level: str
    selection: str
    term: str
    design: Design

    def names(self, level: str, selection: str, term: str) -> bool:
        """Is it this event? Capitals and spaces make no other term."""
        return (self.level, self.selection) == (level, selection) and folded(self.term) == folded(term)

    @property
    def event(self) -> str:
        level = LEVEL_LABELS.get(self.level, self.level).lower()
        return f"{self.term} ({level}, {SELECTION_LABELS.get(self.selection, self.selection).lower()} events)"


def design_of(kind: str, given: Mapping[str, Any], *, fixed_before: bool = False) -> Design:
    """The design of these settings; what is left empty is the usual, and what the kind does not use stays out."""
    told = {name: given.get(name) for name in USES[kind]}
    said: dict[str, Any] = {
        name: USUALLY.get(name) if value is None else value for name, value in told.items()
    }
    if said.get("allocation"):
        given_of = said["allocation"]
        said["allocation"] = allocation_ratio.ordered(
            given_of.items() if isinstance(given_of, Mapping) else given_of
        )
    known = {name: value for name, value in said.items() if value is not None}
    laws = {name: given.get(name, NOW[name]) for name in _laws(kind, known.get("measure"))}
    return Design(kind=kind, fixed=fixed_before, **known, **laws)


def _laws(kind: str, measure: str | None) -> tuple[str, ...]:
    """Which of the settings that no form has are of this boundary."""
    if kind == "cmaxsprt":
        return ("history_law",)
    return ("depletion",) if kind in GROUP_SEQUENTIAL and measure == "events" else ()


def _by_law(design: Design) -> dict[str, Any]:
    """Those of a design that are not as they were before there were any."""
    laws = {name: getattr(design, name) for name in _laws(design.kind, design.measure)}
    return {name: value for name, value in laws.items() if value != BEFORE[name]}


def faults_of(kind: str, given: Mapping[str, Any]) -> dict[str, str]:
    """By field what cannot be, each with its rule and what to do; percentages as shares."""
    if kind not in KINDS:
        return {"kind": "There is no such boundary. Choose one of those shown."}
    faults = {}
    for name in (one for one in LABELS if one != "kind"):
        value = given.get(name)
        if name not in USES[kind]:
            if name != "measure" and value not in (None, "", ()):
                faults[name] = f"“{KINDS[kind]}” does not use it. Empty it, or choose a boundary that does."
        elif value in (None, "", ()):
            if name not in (*USUALLY, *MAY_MISS):
                faults[name] = f"“{KINDS[kind]}” needs it. {_ask(name, kind)}"
        elif fault := _fault(name, kind, value):
            faults[name] = fault
    if kind == "haybittle_peto" and not faults:
        z = given.get("interim_z") or USUALLY["interim_z"]
        faults |= _spends_all(z, given["alpha"], given.get("looks") or 2)
    if kind == "maxsprt":
        faults = _of_share(given.get("part"), given.get("allocation")) | faults
    return faults


def _spends_all(z: float, alpha: float, looks: int) -> dict[str, str]:
    """Haybittle–Peto whose looks before the last leave nothing for it."""
    spent = spent_before_the_last(looks, z)
    if spent < alpha:
        return {}
    several = "One look" if looks <= 2 else f"{looks - 1} looks before the last, evenly spaced,"
    verb, fewer = ("spends", "") if looks <= 2 else ("spend", "plan fewer looks, ")
    return {
        "interim_z": f"{several} at z = {z:g} {verb} an error of {spent:.4f}, and all looks together have {alpha:g}. "
        f"Write a higher z, {fewer}or allow more error."
    }


def _of_share(part: Any, allocation: Any) -> dict[str, str]:
    """MaxSPRT is told the arm's share once."""
    if part in (None, "") and not allocation:
        said = f"“{KINDS['maxsprt']}” needs it. {_ask('part', 'maxsprt')}"
        return {"part": f"{said} Where the arms are not alike, write their allocation instead."}
    if part not in (None, "") and allocation:
        return {"allocation": "The arm’s share says it already. Empty one of the two."}
    return {}


def _ask(name: str, kind: str) -> str:
    if name == "planned":
        return f"Write a whole number from 1 to {most_of(kind):,}: {what_is_planned(kind)}."
    low, high, example = RANGES[name]
    factor, unit = (100, " %") if name in PERCENT else (1, "")
    number = "a whole number" if name in WHOLE else "a number"
    return f"Write {number} from {low * factor:g} to {high * factor:,g}{unit}, such as {example}."


def _fault(name: str, kind: str, value: Any) -> str:
    if name == "allocation":
        return allocation_ratio.fault_of(value)
    if name == "measure":
        return (
            ""
            if value in MEASURES
            else "Information is participants, or participants with the event. Choose one."
        )
    low, high = (1, most_of(kind)) if name == "planned" else RANGES[name][:2]
    if name in WHOLE and value != int(value):
        return f"It is a whole number. {_ask(name, kind)}"
    if low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
        return ""
    shown = f"{value * 100:g} %" if name in PERCENT else f"{value:,}" if name in WHOLE else f"{value:,g}"
    shown = shown if len(shown) <= 20 else "That"
    return f"{shown} is beyond what this boundary is computed for. {_ask(name, kind)}"


def what_is_planned(kind: str, measure: str = "") -> str:
    """What the planned end of a kind counts."""
    if kind in STOPPING:
        return "participants of the arm"
    if kind == "cmaxsprt":
        return "participants of the arm with the event, at which the surveillance ends"
    if kind == "maxsprt" or measure == "events":
        return "participants with the event, both arms"
    return "participants of both arms" if measure else "participants of both arms, or those with the event"


def typed(design: Design) -> dict[str, Any]:
    """The settings as a person types them."""
    values = {name: getattr(design, name) for name in USES[design.kind]}
    if "allocation" in values:
        values["allocation"] = allocation_ratio.text_of(design.allocation)
    return {n: round(100 * v, 6) if n in PERCENT and v is not None else v for n, v in values.items()}


def in_words(design: Design) -> list[tuple[str, str]]:
    """The settings of a design as facts."""
    told = [("Boundary", KINDS[design.kind])]
    for name in USES[design.kind]:
        value = getattr(design, name)
        if name == "measure" or value in (None, ()):
            continue
        if name == "allocation":
            told.append((LABELS[name], " : ".join(f"{arm} {number:g}" for arm, number in value)))
            continue
        if name == "planned":
            told.append((LABELS[name], f"{value:,} {what_is_planned(design.kind, design.measure)}"))
        elif name in PERCENT:
            told.append((LABELS[name].removesuffix(", %"), f"{fixed(100 * value, 1)} %"))
        else:
            told.append((LABELS[name], f"{value:g}"))
    told += [COMPUTED[name] for name in _by_law(design)]
    if design.kind == "haybittle_peto" and (most := looks_borne(design.alpha, design.interim_z)) is not None:
        told.append(("Looks that its error bears", f"{most} before the last, evenly spaced; {BORNE}"))
    return told


def sentence(boundary: PlannedBoundary) -> str:
    """A planned boundary in one line."""
    (_, kind), *rest = in_words(boundary.design)
    settings = "; ".join(f"{label[0].lower()}{label[1:]} {value}" for label, value in rest)
    return f"{boundary.event}: {kind}; {settings}"


def to_plain(boundary: PlannedBoundary) -> dict[str, Any]:
    """As it is stored, hashed and signed: no more settings than its kind uses."""
    design = boundary.design
    return {
        "level": boundary.level,
        "selection": boundary.selection,
        "term": boundary.term,
        "kind": design.kind,
        "settings": {
            name: dict(value) if name == "allocation" else value
            for name in USES[design.kind]
            if (value := getattr(design, name)) not in (None, ()) or name not in MAY_MISS
        }
        | _by_law(design),
    }


def from_plain(plain: Mapping[str, Any]) -> PlannedBoundary:
    """The boundary that was stored."""
    design = design_of(plain["kind"], {**BEFORE, **plain["settings"]}, fixed_before=True)
    return PlannedBoundary(plain["level"], plain["selection"], plain["term"], design)


def check_planned(boundary: PlannedBoundary) -> tuple[PlannedBoundary, dict[str, str]]:
    """A boundary of a plan as it is kept, and what is wrong with it by field."""
    design = boundary.design
    given = {name: getattr(design, name) for name in USES.get(design.kind, ())}
    faults = faults_of(design.kind, given)
    faults = faults or never_crossed(design)
    term = " ".join(boundary.term.split())
    if not term:
        faults["spelled"] = (
            "Its event is missing. Write the term as the study’s dictionary, or its query, spells it."
        )
    elif len(term) > MOST_TERM:
        faults["spelled"] = f"At most {MOST_TERM} characters are kept. Shorten it."
    return replace(boundary, term=term, design=replace(design, fixed=True)), faults


def spent_before_the_last(looks: int, z: float) -> float:
    """Error that evenly spaced looks at this z spend before the last one."""
    before = max(looks - 1, 1)
    return group_sequential_crossing(np.arange(1, before + 1) / looks, np.full(before, z)).total


@lru_cache(maxsize=64)
def looks_borne(alpha: float, z: float) -> int | None:
    """So many evenly spaced looks at this z may be held before the last without spending all error; None of 20 or
    more."""
    if spent_before_the_last(21, z) < alpha:
        return None
    return next(n for n in range(20) if spent_before_the_last(n + 2, z) >= alpha)


MOST_TERM = 200
MOST_BOUNDARIES = 20  # of a plan: each is computed in every run
