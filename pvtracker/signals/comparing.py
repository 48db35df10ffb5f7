"""What changed between two runs of a study: pure, rows of one method in, changes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pvtracker.signals.methods import METHODS

Kind = Literal["new", "stronger", "weaker", "as before", "gone"]
ORDER: tuple[Kind, ...] = ("new", "stronger", "weaker", "as before", "gone")

# A finding that is flagged in both runs moved when the number that the method's threshold is about moved.
DEFINITIONS = {
    "new": "Flagged now, not flagged in the run before.",
    "stronger": "Flagged in both, and further beyond the threshold than before.",
    "weaker": "Flagged in both, and nearer to the threshold than before.",
    "as before": "Flagged in both, at the same distance from the threshold.",
    "gone": "Flagged in the run before, not flagged now, or without any event now.",
}


Finding = tuple[str, str, str, str]  # level, selection, arm, term
AnyRow = TypeVar("AnyRow")  # a result row, stored (`signals/models.py`) or computed (`signals/rows.py`)


@dataclass(frozen=True, slots=True)
class Change(Generic[AnyRow]):
    """One finding in both runs; None where the run has no such row."""

    kind: Kind
    now: AnyRow | None
    before: AnyRow | None

    @property
    def row(self) -> AnyRow:
        """The row that names the finding."""
        found = self.now or self.before
        assert found is not None  # noqa: S101 - a change is made from at least one
        return found


def compare(*, now: Iterable[AnyRow], before: Iterable[AnyRow]) -> list[Change[AnyRow]]:
    """Every finding that is flagged in one of the two runs, new ones first, each kind by level, selection, arm, term.

    Rows of one method each; ValueError when the rows are of several, or tell the same finding twice.
    """
    now_by: dict[Finding, Any] = _by_finding(now)
    before_by: dict[Finding, Any] = _by_finding(before)
    if len({row.method for row in (*now_by.values(), *before_by.values())}) > 1:
        raise ValueError("the runs are compared method by method: give rows of one method")
    changes = []
    for key in now_by.keys() | before_by.keys():
        one, other = now_by.get(key), before_by.get(key)
        is_flagged, was_flagged = one is not None and one.flag, other is not None and other.flag
        if is_flagged and was_flagged:
            assert one is not None and other is not None  # noqa: S101 - both flagged
            changes.append(Change(_moved(one, other), one, other))
        elif is_flagged or was_flagged:
            changes.append(Change("new" if is_flagged else "gone", one, other))
    return sorted(changes, key=lambda change: (ORDER.index(change.kind), *_finding(change.row)))


def counted(changes: Iterable[Change[AnyRow]]) -> dict[Kind, int]:
    """How many there are of each kind, in the order of ORDER."""
    kinds = [change.kind for change in changes]
    return {kind: kinds.count(kind) for kind in ORDER}


def _moved(now: Any, before: Any) -> Kind:
    column = METHODS[now.method].threshold.column
    one, other = getattr(now, column), getattr(before, column)
    if one == other:
        return "as before"
    smaller_is_stronger = column in ("p", "p_adjusted")
    return "stronger" if (one < other) == smaller_is_stronger else "weaker"


def _by_finding(rows: Iterable[AnyRow]) -> dict[Finding, AnyRow]:
    found: dict[Finding, AnyRow] = {}
    for row in rows:
        if _finding(row) in found:
            raise ValueError(f"the finding {_finding(row)} is told twice")
        found[_finding(row)] = row
    return found


def _finding(row: Any) -> Finding:
    return row.level, row.selection, row.arm, row.term
