"""What a study screens for, by which methods, and which of their flags raise signals: a plan. Pure, without tables.

A study without a signed plan is screened by `BUILT_IN`, and every run says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pvtracker.cuts import derive
from pvtracker.lib.canonical import canonical_json, sha256_hex
from pvtracker.signals import allocation_ratio, boundary_settings
from pvtracker.signals.boundary_reach import never_by_arm
from pvtracker.signals.boundary_settings import MOST_BOUNDARIES, PlannedBoundary
from pvtracker.signals.labels import ARM_LABELS, COLUMN_LABELS, LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.method import FLAGS_NOTHING, MARGIN
from pvtracker.signals.methods import DEFAULT_METHODS, METHODS, Threshold, may_flag
from pvtracker.signals.pieces import ALL_LEVELS, LEVELS
from pvtracker.stats.tree_scan import SEED

# Pages, reports and the command's summary begin with these, so every plan has them.
ALWAYS_LEVEL, ALWAYS_SELECTION, ALWAYS_METHODS = "PT", "all", ("rd_mn", "fisher")
BY_HAND, EACH_CUT, EVERY_DAYS = "hand", "cut", "days"
WHEN = {
    BY_HAND: "Only when somebody starts it",
    EACH_CUT: "At each new data cut",
    EVERY_DAYS: "Every so many days, on the latest cut",
}
MOST_DAYS, MOST_SEED, MOST_MARGIN = 366, 2**31 - 1, 100
NO_PLAN = "Built-in plan: no plan was signed"
ARMS = ("actual", "planned")


class PlanRefused(ValueError):
    """The plan cannot hold: sentences by the name of the field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class Planned:
    """One method of a plan: the limit beyond which it flags, and whether a flag of it raises a signal."""

    key: str
    limit: float
    raises: bool

    @property
    def threshold(self) -> Threshold:
        """The method's own threshold with the limit of the plan."""
        return replace(METHODS[self.key].threshold, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Plan:
    """`analysis_arm` '' is the study's own setting (of the built-in plan only); `days` belongs to EVERY_DAYS."""

    levels: tuple[str, ...]
    selections: tuple[str, ...]
    methods: tuple[Planned, ...]
    analysis_arm: str
    seed: int
    when: str
    days: int | None = None
    boundaries: tuple[PlannedBoundary, ...] = ()
    margin: float = MARGIN  # ratio of the hierarchical models' probability

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(one.key for one in self.methods)

    @property
    def limits(self) -> dict[str, float]:
        return {one.key: one.limit for one in self.methods}

    @property
    def raising(self) -> tuple[str, ...]:
        """The methods whose flags raise signals; one that flags nothing is none of them, whatever was signed."""
        return tuple(one.key for one in self.methods if one.raises and may_flag(one.key))

    @property
    def sha256(self) -> str:
        return sha256_hex(canonical_json(to_plain(self)))

    def boundary_of(self, level: str, selection: str, term: str) -> PlannedBoundary | None:
        """The boundary of an event that the plan names; None of any other."""
        return next((one for one in self.boundaries if one.names(level, selection, term)), None)


def planned(key: str) -> Planned:
    """A method with its own limit, whose flags raise signals."""
    return Planned(key, METHODS[key].threshold.limit, METHODS[key].flags)


BUILT_IN = Plan(
    levels=LEVELS,
    selections=derive.SELECTIONS,
    methods=tuple(planned(key) for key in DEFAULT_METHODS),
    analysis_arm="",
    seed=SEED,
    when=BY_HAND,
)


def to_plain(plan: Plan) -> dict[str, Any]:
    """The plan as plain data: what is stored, hashed and signed. Without boundaries it says nothing of them, and
    nothing of the usual margin, so that a plan of before there were any keeps its bytes."""
    bounded = {"boundaries": [boundary_settings.to_plain(one) for one in plan.boundaries]}
    return {
        "levels": list(plan.levels),
        "selections": list(plan.selections),
        "methods": [{"key": m.key, "limit": m.limit, "raises": m.raises} for m in plan.methods],
        "analysis_arm": plan.analysis_arm,
        "seed": plan.seed,
        "when": plan.when,
        "days": plan.days,
        **(bounded if plan.boundaries else {}),
        **({} if plan.margin == MARGIN else {"margin": plan.margin}),
    }


def from_plain(plain: Mapping[str, Any]) -> Plan:
    """The plan that was stored. A method that this version of the program no longer has is refused when it is run."""
    return Plan(
        levels=tuple(plain["levels"]),
        selections=tuple(plain["selections"]),
        methods=tuple(Planned(m["key"], float(m["limit"]), bool(m["raises"])) for m in plain["methods"]),
        analysis_arm=plain["analysis_arm"],
        seed=plain["seed"],
        when=plain["when"],
        days=plain["days"],
        boundaries=tuple(boundary_settings.from_plain(one) for one in plain.get("boundaries", ())),
        margin=float(plain.get("margin", MARGIN)),
    )


def check(plan: Plan) -> Plan:
    """The plan in the order of the tables; PlanRefused with a sentence for each field that cannot hold."""
    faults: dict[str, str] = {}
    known: dict[str, tuple[Iterable[str], str, str]] = {
        "levels": (plan.levels, ALWAYS_LEVEL, "level"),
        "selections": (plan.selections, ALWAYS_SELECTION, "selection of events"),
    }
    tables: dict[str, Iterable[str]] = {"levels": ALL_LEVELS, "selections": derive.SELECTIONS}
    words = LEVEL_LABELS | SELECTION_LABELS
    for name, (chosen, always, word) in known.items():
        if strange := sorted(set(chosen) - set(tables[name])):
            faults[name] = f"There is no {word} {', '.join(strange)}. Choose from those shown."
        elif always not in chosen:
            faults[name] = (
                f"The {word} “{words[always]}” is always screened: every page begins with it. Choose it too."
            )
    if strange := sorted(set(plan.keys) - set(METHODS)):
        faults["methods"] = f"There is no method {', '.join(strange)}. Choose from those shown."
    elif missing := [METHODS[key].label for key in ALWAYS_METHODS if key not in plan.keys]:
        faults["methods"] = (
            f"Every plan has {' and '.join(missing)}: pages and reports show it. Choose it too."
        )
    for one in plan.methods:
        if one.key in METHODS and (fault := _limit_fault(one)):
            faults[f"limit_{one.key}"] = fault
    if plan.analysis_arm not in ARMS:
        faults["analysis_arm"] = "The analysis arm is actual or planned. Choose one."
    if not 0 <= plan.seed <= MOST_SEED:
        faults["seed"] = f"The seed is a whole number from 0 to {MOST_SEED}."
    if not 1 <= plan.margin <= MOST_MARGIN:
        faults["margin"] = f"The margin is a ratio from 1 to {MOST_MARGIN}."
    if plan.when not in WHEN:
        faults["when"] = "Choose when it is run."
    if plan.when == EVERY_DAYS and (plan.days is None or not 1 <= plan.days <= MOST_DAYS):
        faults["days"] = f"Say after how many days it is run again, from 1 to {MOST_DAYS}."
    boundaries, wrong = _boundaries(plan)
    faults |= wrong
    if faults:
        raise PlanRefused(faults)
    chosen_methods = {one.key: one for one in plan.methods}
    return replace(
        plan,
        levels=tuple(level for level in ALL_LEVELS if level in plan.levels),
        selections=tuple(one for one in derive.SELECTIONS if one in plan.selections),
        methods=tuple(chosen_methods[key] for key in METHODS if key in chosen_methods),
        days=plan.days if plan.when == EVERY_DAYS else None,
        boundaries=boundaries,
    )


def boundary_field(place: int, name: str) -> str:
    """What the field of a boundary of the plan is called."""
    return f"boundaries-{place}-{name}"


def _boundaries(plan: Plan) -> tuple[tuple[PlannedBoundary, ...], dict[str, str]]:
    """The boundaries in the order of their events, and what is wrong with them by field."""
    kept: list[PlannedBoundary] = []
    faults: dict[str, str] = {}
    for place, given in enumerate(plan.boundaries):
        one, wrong = boundary_settings.check_planned(given)
        wrong |= event_faults(plan, one.level, one.selection)
        if any(other.names(one.level, one.selection, one.term) for other in kept):
            wrong.setdefault("spelled", "This event has a boundary above. Keep one of the two.")
        kept.append(one)
        faults |= {boundary_field(place, name): sentence for name, sentence in wrong.items()}
    if len(kept) > MOST_BOUNDARIES:
        faults[""] = (
            f"A plan has at most {MOST_BOUNDARIES} boundaries, for each is computed in every run. Remove some."
        )
    return tuple(sorted(kept, key=lambda one: (one.level, one.term.casefold(), one.selection))), faults


def check_arms(plan: Plan, arms: Sequence[str], reference: str) -> None:
    """PlanRefused where an allocation does not name exactly the arms of the study, or leaves one nothing to cross."""
    for one in plan.boundaries:
        if said := allocation_ratio.strangers(one.design.allocation, arms):
            raise PlanRefused({"": f"Allocation of the boundary of {one.term}: {said}"})
        for said in never_by_arm(one.design, arms, reference).values():
            raise PlanRefused({"": f"Boundary of {one.term}: {said}"})


def event_faults(plan: Plan, level: str, selection: str) -> dict[str, str]:
    """Why the plan cannot have a boundary for an event of this level and selection."""
    faults = {}
    if level not in (*plan.levels, derive.QUERY):
        faults["level"] = "The plan does not screen this level. Choose it above too, or another one here."
    if selection not in plan.selections:
        faults["selection"] = "The plan does not screen these events. Choose them above too, or others here."
    return faults


def _limit_fault(one: Planned) -> str:
    """Why this limit is none for the method's column; '' when it is one."""
    column, label = METHODS[one.key].threshold.column, METHODS[one.key].label
    if column == "low":
        least = METHODS[one.key].null_value
        if not math.isfinite(one.limit) or (least is not None and one.limit < least):
            return f"{label} flags where its lower limit lies above a value from {least:g} on; give such a value."
        return ""
    if not 0 < one.limit < 1:
        return f"{label} flags by a probability; give a limit above 0 and below 1."
    return ""


def in_words(plan: Plan) -> list[tuple[str, str]]:
    """The plan as facts: label and text, one method a line."""
    levels = ", ".join(LEVEL_LABELS.get(level, level) for level in plan.levels)
    known = [one for one in plan.methods if one.key in METHODS]
    flags = "\n".join(f"{METHODS[one.key].label}: {_flags(one)}" for one in known)
    when = WHEN[plan.when] if plan.days is None else f"Every {plan.days} days, on the latest cut"
    raising = "\n".join(METHODS[one.key].label for one in known if one.key in plan.raising)
    return [
        ("Levels", f"{levels}; and the study’s queries, where its definitions name any"),
        ("Events", ", ".join(SELECTION_LABELS.get(one, one) for one in plan.selections)),
        ("A method flags", flags),
        ("Flags that raise a signal", raising or "none: signals are raised by hand"),
        ("Boundaries", _bounded(plan)),
        ("Analysis arm", ARM_LABELS.get(plan.analysis_arm) or "as the study’s settings say"),
        ("Margin", f"Bayesian methods tell the probability of a ratio above {plan.margin:g}"),
        ("Seed", str(plan.seed)),
        ("When", when),
    ]


def _flags(one: Planned) -> str:
    """When a method flags, in words."""
    if not METHODS[one.key].flags:
        return FLAGS_NOTHING
    column = one.threshold.column
    sign = "at most" if column in ("p", "p_adjusted") else "above"
    return f"more in the arm, and {COLUMN_LABELS[column]} {sign} {one.limit:g}"


def _bounded(plan: Plan) -> str:
    if not plan.boundaries:
        return "none: no event is named beforehand"
    told = "\n".join(boundary_settings.sentence(one) for one in plan.boundaries)
    return f"{told}\nEach arm and pool against the reference by a boundary of its own; to cross one raises a signal."


def departures(
    plan: Plan, *, analysis_arm: str, usual_arm: str, also: Iterable[str], older: str = ""
) -> list[str]:
    """In what a run by hand departs from the plan, in sentences; [] when it keeps to it.

    `usual_arm`: the arm by which the plan, or the study where the plan leaves it open, has the run made. `older`: the
    version in use when another signed one was named.
    """
    found = [older] if older else []
    if analysis_arm != usual_arm:
        found.append(f"By the {analysis_arm} arm, which is not that of the plan ({usual_arm}).")
    if added := [METHODS[key].label for key in METHODS if key in set(also) and key not in plan.keys]:
        found.append(f"With methods that the plan does not have: {'; '.join(added)}.")
    return found


def time_order(signed_at: datetime | None, first_run: datetime | None) -> str:
    """Whether the plan was signed before or after the arms were compared by a run for the first time."""
    if signed_at is None:
        return "No plan was signed."
    signed = f"Signed on {signed_at:%Y-%m-%d at %H:%M} UTC"
    if first_run is None:
        return f"{signed}, before any run of this study."
    if signed_at <= first_run:
        return (
            f"{signed}, before the first run of this study, which was on {first_run:%Y-%m-%d at %H:%M} UTC."
        )
    return (
        f"{signed}, AFTER the first run of this study, which was on {first_run:%Y-%m-%d at %H:%M} UTC: a comparison of "
        "the arms was there to be seen when the plan was signed."
    )


def occasion(plan: Plan, *, signed_at: datetime, now: datetime) -> datetime | None:
    """The last moment at which a plan of EVERY_DAYS was due: when it was signed, and every so many days from then on.
    None of another plan."""
    if plan.when != EVERY_DAYS or plan.days is None or now < signed_at:
        return None
    step = timedelta(days=plan.days)
    return signed_at + ((now - signed_at) // step) * step
