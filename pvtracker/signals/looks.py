"""The looks at a term that a study's runs were, and what the boundaries of its signed plan say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pvtracker.signals import arm_shares, boundaries, look_queries, planning
from pvtracker.signals.boundary_design import Design, Look, against_reference, amount
from pvtracker.signals.boundary_sequential import CLOSER
from pvtracker.signals.boundary_settings import KINDS, PlannedBoundary
from pvtracker.signals.evidence import (
    KEY,
    Key,
    arms_within,
    as_queried,
    one_term,
    sizes_of,
    was_screened,
    years_of,
)
from pvtracker.signals.models import Result, Run
from pvtracker.signals.plan import Plan, from_plain
from pvtracker.signals.planning import InUse
from pvtracker.signals.rows import ResultRow


@dataclass(frozen=True, slots=True)
class Held:
    """A look with the run that it is read from, and the term's row there (None: nobody had the event)."""

    look: Look
    run: Run
    row: Result | None


def look_at(run: Run, row: Result | ResultRow | None, arm: str, reference: str) -> Look:
    """A run as a look. Where nobody had the event, the run says how many participants each arm has."""
    if row is not None:
        return Look(run.cut.date, row.n_arm, row.N_arm, row.n_ref, row.N_ref, row.person_years_arm)
    sizes = sizes_of(run)
    return Look(run.cut.date, 0, sizes[arm], 0, sizes[reference], years_of(run).get(arm, 0.0))


def held_of(row: Result) -> list[Held]:
    """The looks at a row's term in the order of looking; the last is the row's own run."""
    return [Held(look_at(run, at, row.arm, row.reference), run, at) for run, at in look_queries.looks_at(row)]


def judged(plan: Plan, run: Run, rows: Sequence[ResultRow]) -> list[dict[str, Any]]:
    """What each boundary of the plan says of a run that is not stored yet: a line for each arm and pool. The looks
    before it are read from the runs by the same analysis arm, which is that of the plan."""
    if not plan.boundaries or run.analysis_arm != plan.analysis_arm:
        return []
    reference, told = run.settings["reference"], []
    found: dict[Key, dict[str, ResultRow]] = defaultdict(dict)  # of each spelling one row
    for row in (one for one in rows if not one.part):
        key = one_term((row.level, row.term, row.selection, row.arm, row.reference))
        found[key].setdefault(row.term, row)
    for one in plan.boundaries:
        for arm in (name for name in sizes_of(run) if name != reference):
            spelled = found.get(one_term((one.level, one.term, one.selection, arm, reference)), {})
            told.append(_judged(one, run, list(spelled.values()), arm, reference))
    return told


def _judged(
    one: PlannedBoundary, run: Run, spelled: Sequence[ResultRow], arm: str, reference: str
) -> dict[str, Any]:
    """Of several spellings in one run, each counted by itself, that of most participants is judged."""
    row = max(spelled, key=lambda each: each.n_arm + each.n_ref, default=None)
    key = as_queried(run, (one.level, row.term if row else one.term, one.selection, arm, reference))
    line = {
        **dict(zip(KEY, key, strict=True)),
        "kind": one.design.kind,
        **dict.fromkeys(("at", "path", "bound")),
        "crosses": False,
        "said": "",
    }
    if row is None and not was_screened(run, key):
        return line | {"said": "This run did not screen it"}
    spelling = _of_spelling(row, spelled)
    now = look_at(run, row, arm, reference)
    before = look_queries.looks_before(key, run)
    looks = [*(look_at(of, at, arm, reference) for of, at in before), now]
    try:
        design = against_reference(one.design, arms_within(run, arm), reference)
        steps = boundaries.steps(looks, design)
    except ValueError as fault:
        return line | {"said": _joined(f"{str(fault)[:1].upper()}{str(fault)[1:]}", spelling)}
    step = next((step for step in steps if step.look is now), None)
    if step is None:
        return line | {"said": _joined(why_no_look(now, looks[:-1], design), spelling)}
    return line | {
        **({} if design.part is None else {"share": design.part}),
        "at": step.at,
        "path": step.path,
        "bound": step.bound,
        "crosses": step.crosses and row is not None,
        "said": spelling,
    }


def _of_spelling(row: ResultRow | None, spelled: Sequence[ResultRow]) -> str:
    """What is to be known of the name of the event in this run."""
    if row is None:
        return "Nobody had it; if its name is not the dictionary’s, nobody ever will"
    if len(spelled) < 2:
        return ""
    others = ", ".join(each.term for each in spelled if each is not row)
    return f"This run spells it {others}, too, and counts each spelling by itself; {row.term} was judged"


def _joined(*said: str) -> str:
    """Sentences in one, the last without its full stop."""
    return ". ".join(filter(None, said))


def why_no_look(now: Look, before: Sequence[Look], design: Design) -> str:
    """Why a run is no look of a boundary that other looks have, without a full stop."""
    there, most = amount(design, now), max((amount(design, look) for look in before), default=0)
    one_side = design.kind == "maxsprt" and not (now.N_arm and now.N_ref)
    if there == 0 or one_side or (design.kind == "cmaxsprt" and not now.years_arm):
        return "No information for this boundary yet"
    if there > most > design.planned - max(1.0, CLOSER * design.planned):
        return "After the planned end of this boundary"
    return "No more information than at an earlier look"


def crossed_in(run: Run) -> dict[Key, str]:
    """The findings that crossed a boundary of the plan in a run, each with a sentence."""
    plan = planning.plan_of_run(run.settings)
    return {
        (one["level"], one["term"], one["selection"], one["arm"], one["reference"]): (
            f"Beyond the boundary that {plan['name'].lower()} set for it ({KINDS.get(one['kind'], one['kind'])})"
        )
        for one in run.settings.get("boundaries", ())
        if one["crosses"]
    }


def shares_off(run: Run) -> list[str]:
    """Where the arms of a run do not stand to each other as the boundaries of its plan take it, in sentences."""
    plan = planning.plan_of_run(run.settings).get("content", {})
    if not plan.get("boundaries") or run.analysis_arm != plan["analysis_arm"]:
        return []
    reference = run.settings["reference"]
    sides = {name: arms_within(run, name) for name in sizes_of(run) if name != reference}
    return arm_shares.against(from_plain(plan).boundaries, sides, reference, sizes_of(run))


def shares_off_of(row: Result, signed: Signed) -> list[str]:
    """The same of the boundary that is signed for a row's event, and its arm or pool."""
    used = signed.used.plan.boundary_of(row.level, row.selection, row.term)
    sides = {row.arm: arms_within(row.run, row.arm)}
    return arm_shares.against([used] if used else [], sides, row.reference, sizes_of(row.run))


@dataclass(frozen=True, slots=True)
class Signed:
    """The boundary that a signed plan has for an event."""

    used: InUse
    boundary: PlannedBoundary
    said: tuple[str, ...]  # when it was signed, and what weakens it


def planned_for(row: Result) -> tuple[InUse, PlannedBoundary] | None:
    """The boundary of a row's event: of the plan that its run was made by, else of the one in use now; None where the
    study has signed none, or the run went by another arm than the plan."""
    by = planning.as_used(row.run.plan) if row.run.plan else None
    for used in (by, planning.in_use(row.run.study)):
        one = used.plan.boundary_of(row.level, row.selection, row.term) if used else None
        if used is not None and one is not None and row.run.analysis_arm == used.plan.analysis_arm:
            return used, one
    return None


def signed_for(row: Result, held: Iterable[Held]) -> Signed | None:
    """The same with when it was signed, and as it is for the row's arm or pool."""
    found = planned_for(row)
    if found is None:
        return None
    used, one = found
    begun = [look_queries.began_with(row), *(each.run for each in held)]
    said = tuple(_of_signing(used, one, row, first=min(run.made_at for run in begun)))
    design = against_reference(one.design, arms_within(row.run, row.arm), row.reference)
    return Signed(used, replace(one, design=design), said)


def _of_signing(used: InUse, one: PlannedBoundary, row: Result, *, first: datetime) -> list[str]:
    """`first`: when the first of the looks was made; of a cut that was run twice, with its first run."""
    signed_at, row_of_plan = used.signed_at, used.row
    assert signed_at is not None and row_of_plan is not None  # noqa: S101  # only a signed plan has boundaries
    first_run = planning.first_run_at(row.run.study)
    when = f"Set by version {row_of_plan.version} of the plan, signed by {used.signed_by} on {signed_at:%Y-%m-%d} at "
    when += f"{signed_at:%H:%M} UTC"
    if signed_at <= first and (first_run is None or signed_at <= first_run):
        told = [f"{when}, before the first of these looks."]
    elif signed_at <= first:  # a run that is no look, such as one by the other arm, had compared the arms
        told = [
            f"{when}, AFTER the first run of this study (made on {first_run:%Y-%m-%d at %H:%M} UTC), though before the "
            "runs that these looks are read from: what had been seen by then may have chosen it."
        ]
    else:
        told = [
            f"{when}, AFTER the first of these looks (made on {first:%Y-%m-%d}): what had been seen by then may have "
            "chosen it, and its error is not that of all looks."
        ]
    for earlier in planning.versions_of(row.run.study):
        if earlier.version >= row_of_plan.version or (was := planning.as_used(earlier)) is None:
            continue
        other = was.plan.boundary_of(row.level, row.selection, row.term)
        if other is not None and other.design != one.design:
            told.append(f"Version {earlier.version}, signed before it, had another boundary for this event.")
    return told
