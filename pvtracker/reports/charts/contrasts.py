"""One term in an active arm against the reference, for dot plot and volcano. Closed reports only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contrast:
    """One term in an active arm against the reference: participants, and the difference of their shares.

    `difference`, `low`, `high` are fractions (active minus reference); None where a number does not exist.
    """

    term: str
    n_arm: int
    total_arm: int
    n_reference: int
    total_reference: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None


def by_evidence(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The strongest evidence of a difference first: by p, then by size of the difference, then by name."""
    return sorted(
        contrasts,
        key=lambda item: (
            1.0 if item.p is None else item.p,
            -abs(item.difference or 0.0),
            item.term,
        ),
    )


def sides(arm: str, reference: str) -> str:
    """The line under a difference axis that says which side is whose."""
    return f"← more with {reference} · more with {arm} →"


def points(fraction: float | None) -> float | None:
    """A fraction in percentage points."""
    return None if fraction is None else 100 * fraction
