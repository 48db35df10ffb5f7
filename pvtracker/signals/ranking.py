"""In which order the terms of a run stand: by what the shown method itself says, the strongest evidence first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pvtracker.signals.methods import METHODS, may_flag

if TYPE_CHECKING:  # a row that was never stored has a place, too
    from pvtracker.signals.models import Result

# By the column that the method's threshold is about.
ORDERS = {
    "low": "the lower 95 % limit of the estimate, the highest first",
    "p": "p, the smallest first, whichever side has more",
    "p_adjusted": "adjusted p, then p, the smallest first, whichever side has more",
    "posterior": "the posterior probability of more in the arm, the highest first",
}
BY_DIFFERENCE = "By the difference of the shares, the largest excess in the arm first."
LAST = "terms of which it says nothing stand last"


def in_words(method: str, *, inference: bool) -> str:
    """By what the rows of a method are ordered; without inference by the counts alone."""
    if not inference:
        return BY_DIFFERENCE
    known = METHODS[method]
    if not known.flags:
        return (
            f"By p of “{known.label}”, the smallest first, which is no evidence of more in the arm; {LAST}."
        )
    return f"By what {known.label} says itself: {ORDERS[known.threshold.column]}; {LAST}."


def heading(method: str, *, inference: bool) -> str:
    """What stands above the terms: evidence only where the method can flag an excess."""
    if not inference:
        return "Terms, largest excess in the arm first"
    return "Terms, strongest evidence first" if may_flag(method) else "Terms, smallest p first"


def by_evidence(row: Result) -> tuple[float, float, int, str]:
    """Sorts the rows of one method; ties by p, then by participants, then by term."""
    column = METHODS[row.method].threshold.column if row.method in METHODS else "p"
    value: float | None = getattr(row, column)
    smallest_first = column in ("p", "p_adjusted")
    first = float("inf") if value is None else value if smallest_first else -value
    return (first, 2.0 if row.p is None else row.p, -row.n_arm - row.n_ref, row.term)
