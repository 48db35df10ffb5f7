"""What stands beside a silence: how large a harm this data would have shown, and what agrees with no event at all.

Method and limits: docs/methods/detectable.md and proportion.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from pvtracker import stats
from pvtracker.lib.rounding import fixed
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

POWER, ALPHA = 0.8, 0.05
REFERENCE_RISKS = (0.0, 0.01, 0.05, 0.1, 0.25)  # of the table that is about no term
PAGE_WORK = 300_000  # what a page may take; beyond it the normal approximation, which is close at such sizes
NOTE = (
    "Smallest true risk in the arm for which Fisher’s two-sided p would have been below 0.05 with a probability of "
    "80 %, when the reference’s true risk is the one that stands there; the term looked at alone: among many terms, "
    "with adjusted p, only larger ones show. “None had it”: the largest risk that agrees with no event, one-sided "
    "exact, 95 %."
)

SHOWN = [
    column("Risk that would have shown", "Risk that would have shown, %", "Computed"),
    column("Difference, points", "Difference, percentage points"),
    column("Ratio", "Ratio, arm ÷ reference"),
    column("None had it: at most", "None had it, arm: at most, %", "None had it, reference: at most, %"),
]


class Counted(Protocol):
    """A term of a run: a row as it is stored or as it is computed."""

    @property
    def term(self) -> str: ...
    @property
    def n_arm(self) -> int: ...
    @property
    def N_arm(self) -> int: ...
    @property
    def n_ref(self) -> int: ...
    @property
    def N_ref(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest risk of the arm, as a fraction, that would have been shown; None where no risk would.

    `ratio` is None against a risk of nought, where every ratio is infinite.
    """

    reference_risk: float
    risk: float | None
    difference: float | None
    ratio: float | None
    method: str
    warning: str


@lru_cache(maxsize=4096)
def detectable(N_arm: int, N_ref: int, reference_risk: float) -> Detectable:
    """For two arms of this size and a risk in the reference."""
    found = stats.smallest_detectable(
        N_arm, N_ref, reference_risk, power=POWER, alpha=ALPHA, most_work=PAGE_WORK
    )
    known = [float(values[0]) for values in (found.risk, found.difference, found.ratio)]
    risk, difference, ratio = (value if np.isfinite(value) else None for value in known)
    return Detectable(reference_risk, risk, difference, ratio, found.method[0] or "", found.warning[0] or "")


def of_row(row: Counted) -> Detectable:
    """For a term: the reference's risk is the observed one."""
    return detectable(row.N_arm, row.N_ref, row.n_ref / row.N_ref if row.N_ref else 0.0)


def limit_for_none(N: int) -> float:
    """The largest risk that agrees with no event among N participants."""
    return float(stats.upper_limit_for_zero(N)[0])


def overview(arms: Iterable[Mapping[str, Any]], reference: str) -> list[dict[str, Any]]:
    """For each active arm, whatever the term: what would have been shown at several risks of the reference.

    arms: name and participants, as in a run's settings. Plain data, to stand in the settings of a run.
    """
    sizes = {arm["name"]: int(arm["participants"]) for arm in arms}
    return [
        {
            "arm": name,
            "reference": reference,
            "N_arm": size,
            "N_ref": sizes.get(reference, 0),
            "upper_limit_for_none_arm": limit_for_none(size),
            "upper_limit_for_none_ref": limit_for_none(sizes.get(reference, 0)),
            "power": POWER,
            "alpha": ALPHA,
            "detectable": [asdict(detectable(size, sizes.get(reference, 0), r)) for r in REFERENCE_RISKS],
        }
        for name, size in sizes.items()
        if name != reference
    ]


def table(rows: Sequence[Counted]) -> dict[str, Any]:
    """Beside each term that is shown."""
    columns = [text_column("Term"), share_column("Arm, n/N"), share_column("Reference, n/N"), *SHOWN]
    lines = []
    for row in rows:
        found = of_row(row)
        cells = [
            words(row.term),
            share_cell(row.n_arm, row.N_arm),
            share_cell(row.n_ref, row.N_ref),
            *_numbers(found),
            _none_had_it(
                limit_for_none(row.N_arm) if row.n_arm == 0 and row.N_arm else None,
                limit_for_none(row.N_ref) if row.n_ref == 0 and row.N_ref else None,
            ),
        ]
        lines.append({"cells": cells, "warning": found.warning})
    return _table("What this data would have shown of each term, with a power of 80 %", columns, lines)


def overview_table(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The same for no term in particular; `found` is from `overview`."""
    against = column("Arm against reference", "Arm", "Arm, N", "Reference", "Reference, N", numeric=False)
    columns = [against, column("Risk in the reference", "Risk in the reference, %"), *SHOWN]
    lines = []
    for one in found:
        sides = (one["arm"], one["N_arm"], one["reference"], one["N_ref"])
        for said in one["detectable"]:
            case = Detectable(**said)
            nobody = case.reference_risk == 0
            cells = [
                {**cell(f"{one['arm']}, {one['N_arm']} against {one['N_ref']}", *sides), "numeric": False},
                cell(_percent(case.reference_risk), 100 * case.reference_risk),
                *_numbers(case),
                _none_had_it(
                    one["upper_limit_for_none_arm"] if nobody else None,
                    one["upper_limit_for_none_ref"] if nobody else None,
                ),
            ]
            lines.append({"cells": cells, "warning": case.warning})
    return _table("What this run would have shown, with a power of 80 %", columns, lines)


def _table(caption: str, columns: list[dict[str, Any]], lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "caption": caption,
        "columns": columns,
        "rows": lines,
        "note": NOTE,
        "empty": "Nothing was counted, so nothing would have shown.",
    }


def _numbers(found: Detectable) -> tuple[Cell, Cell, Cell]:
    """Risk, difference and ratio; the normal approximation is marked by ≈."""
    about = "≈ " if found.method not in ("", "exact") else ""
    if found.risk is None or found.difference is None:
        return (cell("none", None, found.method), cell("–", None), cell("–", None))
    return (
        cell(f"{about}{_percent(found.risk)}", 100 * found.risk, found.method),
        fixed_cell(100 * found.difference, 1),
        cell("∞" if found.ratio is None else fixed(found.ratio, 1), found.ratio),
    )


def _none_had_it(arm: float | None, reference: float | None) -> Cell:
    """The largest risk that agrees with no event, of each side where nobody had it."""
    sides = {"arm": arm, "reference": reference}
    said = ", ".join(f"{side} {_percent(limit)}" for side, limit in sides.items() if limit is not None)
    return cell(said, times(100, arm), times(100, reference))


def _percent(value: float) -> str:
    return f"{fixed(100 * value, 1 if value >= 0.001 or value == 0 else 3)}%"
