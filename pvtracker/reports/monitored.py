"""Closed room: the look that a report tells of its cut, and what the plan of the screening says there.

A look is a run. Of several on one cut it is the first by a signed plan, else the first: later ones take nothing back,
so a report of the same cut and look stays what it is.
"""

from __future__ import annotations

from typing import Any

from pvtracker.audit.context import within
from pvtracker.cuts.models import Cut
from pvtracker.lib.rounding import fixed, minus
from pvtracker.reports.snapshot import Bounded, Monitored
from pvtracker.signals.boundary_design import GROUP_SEQUENTIAL, digits_of_z
from pvtracker.signals.boundary_settings import KINDS
from pvtracker.signals.boundary_tables import COUNTED, NONE_CAN
from pvtracker.signals.labels import finding_label
from pvtracker.signals.looks import shares_off
from pvtracker.signals.models import Run
from pvtracker.signals.planning import plan_of_run
from pvtracker.signals.tables import plan_facts

KEPT = "The run keeps to its plan."
NOT_SIGNED = "No plan was signed before this run, so that there was nothing to keep to."
NO_BOUNDARY = "The plan names no event with a boundary."
NO_BOUNDARY_WITHOUT = "No plan was signed before this run, so that no event has a boundary."
OTHER_ARM = (
    "The plan names boundaries, which are judged in runs by the {} arm; this one went by the {} arm. A report by that "
    "arm tells of them."
)


def look_of(cut: Cut, *, analysis_arm: str) -> str:
    """The id of the look at a cut by an analysis arm; '' where no run was made of it."""
    runs = Run.objects.filter(cut=cut, analysis_arm=analysis_arm).order_by("made_at", "id")
    look = runs.filter(plan__isnull=False).first() or runs.first()
    return str(look.id) if look else ""


def monitored(cut: Cut, look: str) -> Monitored | None:
    """What the run keeps of its plan, of what departs from it or weakens it, and of each boundary; None of no run."""
    if not look:
        return None
    with within(cut.study_id):
        run = Run.objects.get(id=look)
        keeps, none = _keeps_and_none(run)
        return Monitored(
            facts=tuple((label, str(value)) for label, value in plan_facts(run)),
            departures=tuple(run.settings.get("departures", ())),
            warnings=tuple(shares_off(run)),
            boundaries=tuple(map(_bounded, run.settings.get("boundaries", ()))),
            keeps=keeps,
            none=none,
        )


def _keeps_and_none(run: Run) -> tuple[str, str]:
    """What is said of a run that departs in nothing, and of one in which no boundary was judged."""
    plan = plan_of_run(run.settings)
    if not plan.get("version"):
        return NOT_SIGNED, NO_BOUNDARY_WITHOUT
    content = plan["content"]
    if content.get("boundaries") and content["analysis_arm"] != run.analysis_arm:
        return KEPT, OTHER_ARM.format(content["analysis_arm"], run.analysis_arm)
    return KEPT, NO_BOUNDARY


def _bounded(one: dict[str, Any]) -> Bounded:
    kind, share = KINDS.get(one["kind"], one["kind"]), one.get("share")
    sequential = one["kind"] in GROUP_SEQUENTIAL
    digits = digits_of_z(one["path"], one["bound"]) if sequential else 0
    path, bound = (
        None if value is None else minus(fixed(value, digits)) for value in (one["path"], one["bound"])
    )
    said = ". ".join(filter(None, ("Crossed" if one["crosses"] else "", one["said"])))
    return Bounded(
        event=finding_label(one["term"], one["level"], one["selection"]),
        arm=one["arm"],
        kind=kind if share is None else f"{kind}; the arm’s share {fixed(100 * share, 1)} %",
        counted_in="z" if sequential else COUNTED,
        path=path or "",
        bound=bound or (NONE_CAN if path else ""),
        said=said or "Not crossed at this look",
    )
