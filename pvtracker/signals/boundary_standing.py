"""How a term stands at the boundary that the signed plan has for it, in words: for the page of the term."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from pvtracker.lib.rounding import fixed, minus
from pvtracker.signals import boundaries, looks
from pvtracker.signals.boundary_design import GROUP_SEQUENTIAL, Step, digits_of_z
from pvtracker.signals.boundary_settings import KINDS
from pvtracker.signals.models import Result

STANDS = "Later data lie below the boundary; what was crossed stays crossed."


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose boundary it is, how the term stands there, and its page."""

    title: str
    said: str
    crossed: bool
    url: str


def standing_of(row: Result) -> Standing | None:
    """The boundary of a row's event and the looks up to its run; None where no signed plan has one for it."""
    if looks.planned_for(row) is None:
        return None
    held = looks.held_of(row)
    signed = looks.signed_for(row, held)
    if signed is None:
        return None
    plan, design = signed.used.row, signed.boundary.design
    title = f"Boundary of version {plan.version if plan else ''} of the plan: {KINDS[design.kind]}"
    url = reverse("signal_boundary", args=[row.run.study.code, row.id])
    try:
        steps = boundaries.steps([one.look for one in held], design)
    except ValueError as fault:
        return Standing(title, f"It cannot be said how the term stands: {fault}.", False, url)
    at = [step for step in steps if step.look]
    said = [f"Last look, {_at(at[-1], design.kind)}."] if at else []
    if held[-1].look not in [step.look for step in at]:
        now, before = held[-1].look, [one.look for one in held[:-1]]
        said.append(f"This run is no look of it. {looks.why_no_look(now, before, design)}.")
    first = next((step for step in at if step.crosses), None)
    if first is None:
        said.append("Not crossed at any look.")
    elif at[-1].crosses:
        said.append(f"Crossed first on the cut of {first.look.on if first.look else ''}.")
    else:
        said.append(f"Crossed first at the look of the {_at(first, design.kind)}. {STANDS}")
    return Standing(title, " ".join(said), first is not None, url)


def _at(step: Step, kind: str) -> str:
    """A look: its cut, the path there and what crosses."""
    digits = digits_of_z(step.path, step.bound) if kind in GROUP_SEQUENTIAL else 0
    where = "nothing can cross there" if step.bound is None else f"crosses at {fixed(step.bound, digits)}"
    path = minus(fixed(step.path, digits))
    counted = f"z {path}" if digits else f"{path} participants of the arm with the event"
    return f"cut of {step.look.on if step.look else ''}: {counted}, {where}"
