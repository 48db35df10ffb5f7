"""The looks of a term, what its boundary does, and what the boundaries of a plan said of a run, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from pvtracker.lib.rounding import fixed
from pvtracker.signals import tables
from pvtracker.signals.boundary_design import GROUP_SEQUENTIAL, RATIO, RATIOS, Drawn, Step
from pvtracker.signals.boundary_settings import KINDS
from pvtracker.signals.cells import (
    Cell,
    cell,
    column,
    fixed_cell,
    share_cell,
    share_column,
    text_column,
    words,
)
from pvtracker.signals.labels import LEVEL_LABELS, SELECTION_LABELS
from pvtracker.signals.looks import Held
from pvtracker.signals.models import Result, Run
from pvtracker.signals.tables import Table

NONE_CAN = "none can cross"


def looks_table(held: Sequence[Held], drawn: Drawn | None, row: Result) -> Table:
    """What each run counted, and where it stands on the boundary."""
    steps = {step.look: step for step in drawn.steps if step.look} if drawn else {}
    columns = [text_column("Cut-off date"), share_column("Arm, n/N"), share_column("Reference, n/N")]
    if drawn:
        columns += [column(label, label) for label in (drawn.across, drawn.upwards, "Boundary")]
        columns += [text_column("")]
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
            said = ("crosses" if step.crosses else "") if step else "no look of this boundary"
            cells += [*(_numbers(step) if step else _nothing(3)), words(said)]
        rows.append({"cells": cells})
    for step in drawn.steps if drawn else ():
        if step.look is None:
            shares = [{**one, "values": (None, None, None)} for one in _nothing(2)]
            rows.append({"cells": [words("planned end"), *shares, *_numbers(step), words("")]})
    return {
        "caption": "The looks: what each run counted",
        "columns": columns,
        "rows": rows,
        "note": "One look for each cut, in the order of looking: the first run on it that screened the term, by the "
        "same analysis arm.",
        "empty": "",
    }


def _nothing(count: int) -> list[Cell]:
    return [cell("", None) for _ in range(count)]


def _numbers(step: Step) -> list[Cell]:
    """How far, the path and the bound: shares and z-values with two digits, counts with none."""
    digits = 2 if step.at <= 1 else 0
    bound = cell(NONE_CAN, None) if step.bound is None else fixed_cell(step.bound, digits)
    path = cell("", None) if step.path is None else fixed_cell(step.path, digits)
    return [fixed_cell(step.at, digits if step.at == round(step.at) else max(digits, 1)), path, bound]


def does_table(drawn: Drawn) -> Table:
    """The operating characteristics."""
    share = drawn.steps[-1].at <= 1
    mean = "Mean share of the information used" if share else f"Mean, {drawn.across.lower()}"
    how = drawn.how if drawn.note else f"{drawn.how}; the looks to come are the planned end alone"
    if drawn.truth == RATIO and len(drawn.does) < len(RATIOS):
        how += ". Ratios by which the arm’s risk would be above 100 % are left out"
    return {
        "caption": "What this boundary does",
        "columns": [column(drawn.truth), *(column(one, one) for one in ("Probability to cross", mean))],
        "rows": [
            {
                "cells": [
                    {"text": truth, "numeric": True},
                    fixed_cell(crosses, 3),
                    fixed_cell(used, 2 if share else 1),
                ]
            }
            for truth, crosses, used in drawn.does
        ],
        "note": f"{how}.",
        "empty": "",
    }


def _with_share(share: float | None) -> str:
    return "" if share is None else f"; arm’s share {fixed(100 * share, 1)} %"


def judged_table(run: Run) -> Table:
    """What each boundary of the plan said of a run; without rows where the plan has none."""
    rows = []
    for one in run.settings.get("boundaries", ()):
        level = LEVEL_LABELS.get(one["level"], one["level"]).lower()
        selection = SELECTION_LABELS.get(one["selection"], one["selection"]).lower()
        digits = 2 if one["kind"] in GROUP_SEQUENTIAL else 0
        path, bound = (
            cell("" if value is None else fixed(value, digits), value)
            for value in (one["path"], one["bound"])
        )
        if one["path"] is not None and one["bound"] is None:
            bound = cell(NONE_CAN, None)
        cells = [
            words(f"{one['term']} ({level}, {selection} events)"),
            words(one["arm"]),
            words(KINDS.get(one["kind"], one["kind"]) + _with_share(one.get("share"))),
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
            *(text_column(label) for label in ("Event", "Arm", "Boundary")),
            *(column(label, label) for label in ("Path", "Crosses at")),
            text_column("What it says"),
        ],
        "rows": rows,
        "note": "Path and bound are z-values of group-sequential boundaries, participants of the arm with the event of "
        "the others. Earlier looks were read from the runs. To cross one raises a signal, once.",
        "empty": "",
    }
