"""The looks of a term, what its boundary does, and what the boundaries of a plan said of a run, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from pvtracker.lib.rounding import fixed, share
from pvtracker.signals import tables
from pvtracker.signals.boundary_beforehand import beforehand
from pvtracker.signals.boundary_design import GROUP_SEQUENTIAL, RATIO, RATIOS, RISK, Drawn, Step, digits_of_z
from pvtracker.signals.boundary_settings import KINDS, PlannedBoundary
from pvtracker.signals.cells import (
    Cell,
    cell,
    column,
    fixed_cell,
    share_cell,
    share_column,
    text_column,
    times,
    words,
)
from pvtracker.signals.labels import LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.looks import Held
from pvtracker.signals.models import Result, Run
from pvtracker.signals.tables import Table

NONE_CAN = "none can cross"
COUNTED = "participants of the arm with the event"
SMALLEST_SHARE = 0.005  # shown as a number of two digits


def looks_table(held: Sequence[Held], drawn: Drawn | None, row: Result) -> Table:
    """What each run counted, and where it stands on the boundary."""
    steps = {step.look: step for step in drawn.steps if step.look} if drawn else {}
    z = drawn is not None and by_z(drawn)
    columns = [text_column("Cut-off date"), share_column("Arm, n/N"), share_column("Reference, n/N")]
    if drawn:
        unit = "z" if z else COUNTED
        fields = (drawn.across, f"Path: {unit}", f"Boundary: {unit}")
        columns += [
            column(*pair) for pair in zip((drawn.across, drawn.upwards, "Boundary"), fields, strict=True)
        ]
        columns += [text_column("What it says")]
    rows = []
    for one in held:
        at, look = one.row and tables.participants_url(one.row), one.look
        run = reverse("signal_run", args=[row.run.study.code, one.run.id])
        cells = [
            words(str(one.run.cut.date), run),
            share_cell(look.n_arm, look.N_arm, at or ""),
            share_cell(look.n_ref, look.N_ref, at or ""),
        ]
        if drawn:
            step = steps.get(look)
            said = ("crosses" if step.crosses else "does not cross") if step else "no look of this boundary"
            cells += [*(_numbers(step, z) if step else _nothing(3)), words(said)]
        rows.append({"cells": cells})
    for step in drawn.steps if drawn else ():
        if step.look is None:
            shares = [{**one, "values": (None, None, None)} for one in _nothing(2)]
            rows.append(
                {"cells": [words("planned end"), *shares, *_numbers(step, z), words("still to come")]}
            )
    return {
        "caption": "The looks: what each run counted",
        "columns": columns,
        "rows": rows,
        "note": "One look for each cut, in the order of looking: the first run on it that screened the term, by the "
        "same analysis arm; the last is the run of this page.",
        "empty": "",
    }


def _nothing(count: int) -> list[Cell]:
    return [cell("", None) for _ in range(count)]


def _reached(path: float | None, bound: float | None, z: bool) -> tuple[Cell, Cell]:
    """A path and its bound: z-values, or counts."""
    digits = digits_of_z(path, bound)
    at, crosses = (
        cell("", None)
        if value is None
        else fixed_cell(value, digits)
        if z
        else cell(fixed(value, 0), int(value))
        for value in (path, bound)
    )
    return at, crosses


def by_z(drawn: Drawn) -> bool:
    """Are path and bound z-values, and how far it is a share? Else both are counts."""
    return drawn.upwards.startswith("z ")


def _numbers(step: Step, z: bool) -> list[Cell]:
    """How far, the path and the bound: shares with two digits, z-values with as many as they need, counts with none."""
    path, bound = _reached(step.path, step.bound, z)
    if step.bound is None:
        bound = cell(NONE_CAN, None)
    if z and step.at < SMALLEST_SHARE:
        return [cell(f"<{SMALLEST_SHARE:g}", step.at), path, bound]
    if not z and step.at == round(step.at):
        return [cell(fixed(step.at, 0), int(step.at)), path, bound]
    return [fixed_cell(step.at, 2 if z else 1), path, bound]


def does_table(drawn: Drawn) -> Table:
    """The operating characteristics."""
    by_share = by_z(drawn)
    mean = "Mean share of the information used" if by_share else f"Mean, {drawn.across.lower()}"
    how = drawn.how if drawn.note else f"{drawn.how}; the looks to come are the planned end alone"
    if drawn.truth == RATIO and len(drawn.does) < len(RATIOS):
        how += ". Ratios by which the arm’s risk would be above 100 % are left out"
    how += _at_which_risk(drawn)
    return {
        "caption": "What this boundary does",
        "columns": [column(one, one) for one in (drawn.truth, "Probability to cross", mean)],
        "rows": [
            {
                "cells": [
                    truth_cell(truth, drawn.truth),
                    fixed_cell(crosses, 3),
                    fixed_cell(used, 2 if by_share else 1),
                ]
            }
            for truth, crosses, used in drawn.does
        ],
        "note": f"{how}.",
        "empty": "",
    }


def _at_which_risk(drawn: Drawn) -> str:
    """The reference's risk that the ratios are of, where what the boundary does depends on it."""
    last = next((step.look for step in reversed(drawn.steps) if step.look), None)
    if drawn.truth != RATIO or not by_z(drawn) or last is None:
        return ""
    had, of = last.n_arm + last.n_ref, last.N_arm + last.N_ref
    least = "" if had else ", taken as one participant of all"
    return f". The reference’s risk is taken as that of both arms at the last look, {share(had, of)}{least}"


def truth_cell(truth: float, what: str) -> Cell:
    """A risk with one digit, a ratio or z as it is."""
    return fixed_cell(truth, 1) if what == RISK else cell(f"{truth:g}", truth)


def beforehand_table(boundary: PlannedBoundary, arms: Sequence[str], reference: str) -> Table:
    """What a boundary of a plan does, before anything is counted."""
    told = beforehand(boundary.design, arms, reference)
    by_arm = any(arm for arm, _ in told.lines)
    digits = 2 if boundary.design.kind in GROUP_SEQUENTIAL else 1
    columns = [text_column("Arm, its share")] if by_arm else []
    columns += [column(one, one) for one in (told.truth, "Probability to cross", told.mean) if one]
    rows = [
        [
            *([words(arm)] if by_arm else []),
            truth_cell(truth, told.truth),
            fixed_cell(crosses, 3),
            *([fixed_cell(mean, digits)] if told.mean else []),
        ]
        for arm, does in told.lines
        for truth, crosses, mean in does
    ]
    return {
        "caption": f"{boundary.event}: {KINDS[boundary.design.kind]}",
        "columns": columns,
        "rows": [{"cells": cells} for cells in rows],
        "note": f"{told.note}.",
        "empty": f"{told.note}.",
    }


def _with_share(share: float | None) -> str:
    return "" if share is None else f"; arm’s share {fixed(100 * share, 1)} %"


def judged_table(run: Run) -> Table:
    """What each boundary of the plan said of a run; without rows where the plan has none."""
    rows = []
    for one in run.settings.get("boundaries", ()):
        level = LEVEL_LABELS.get(one["level"], one["level"]).lower()
        selection = SELECTION_LABELS.get(one["selection"], one["selection"]).lower()
        z = one["kind"] in GROUP_SEQUENTIAL
        path, bound = _reached(one["path"], one["bound"], z)
        kind, share = KINDS.get(one["kind"], one["kind"]), one.get("share")
        if one["path"] is not None and one["bound"] is None:
            bound = cell(NONE_CAN, None)
        cells = [
            words(f"{one['term']} ({level}, {selection} events)"),
            words(one["arm"]),
            {**words(kind + _with_share(share)), "values": (kind, times(100, share), "z" if z else COUNTED)},
            path,
            bound,
            words(
                ". ".join(filter(None, ("crosses" if one["crosses"] else "", one["said"])))
                or "does not cross"
            ),
        ]
        rows.append({"cells": cells})
    return {
        "caption": "Boundaries of the plan",
        "columns": [
            *(text_column(label) for label in ("Event", "Arm")),
            column("Boundary", "Boundary", "Arm’s share, %", "Path and bound are", numeric=False),
            *(column(label, label) for label in ("Path", "Crosses at")),
            text_column("What it says"),
        ],
        "rows": rows,
        "note": "Path, and where it crosses: z-values for group-sequential boundaries; for the others, participants of "
        "the arm with the event. Earlier looks were read from the runs. Crossing a boundary raises a signal, once.",
        "empty": "",
    }
