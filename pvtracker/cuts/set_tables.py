"""The analysis sets as the tables that the pages of both rooms show (the shape of `components/table.html`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pvtracker.cuts.sets import ENROLLED, LABELS, AnalysisSets, LeftOut

Table = dict[str, Any]
MOST_SHOWN = 300  # rows of participants on a page; files have all
ORDER = (
    "Each set is counted from all who are enrolled; a participant may be left out for more than one reason."
)


BY_ARM = {
    "planned": "The columns are the planned arms, in each row. Who is in none of them is counted in no set.",
    "actual": "The columns are the arms received, in each row, as the run counts; intention to treat counts by the "
    "planned arm, and needs a run by it. Who is in no arm is counted in no set.",
}


def sizes_table(found: AnalysisSets) -> Table:
    """One row for each set, one column for each group."""
    everybody = found.sizes[ENROLLED].sum()
    rows = [
        _row(
            (
                found.label(name),
                _numbers(found, found.sizes[name]),
                everybody - found.sizes[name].sum(),
                _chosen(found, name),
            ),
            strong=name == found.chosen,
        )
        for name in LABELS
    ]
    columns = [("Analysis set", False), *_groups(found), ("Left out", True), ("Counted by", False)]
    note = BY_ARM.get(found.arm, "")
    return _table("Sizes of the analysis sets", columns, rows, note, "Nobody is in this cut.")


def reasons_table(found: AnalysisSets) -> Table:
    """How many are left out of each set, for which reason."""
    rows = [
        _row((found.label(name), reason, _numbers(found, numbers)))
        for (name, reason), numbers in found.reasons().items()
    ]
    columns = [("Analysis set", False), ("Reason", False), *_groups(found)]
    return _table("Left out, by reason", columns, rows, ORDER, "Nobody is left out of any set.")


def people_table(found: AnalysisSets, *, at: Collection[str] | None = None, most: int | None = None) -> Table:
    """Each participant who is left out; of some sites only where `at` is given, and no more rows than `most`."""
    visible = [one for one in found.left_out if at is None or one.site in at]
    shown = visible if most is None else visible[:most]
    by_arm = len(found.groups) > 1
    rows = [_row(_person(found, one, by_arm=by_arm)) for one in shown]
    columns = [("Participant", False), ("Site", False), *([("Arm", False)] if by_arm else [])]
    columns += [("Not in", False), ("Reason", False)]
    more = len(visible) - len(shown)
    note = f"The first {len(shown)} of {len(visible)} rows; the files have all." if more else ""
    return _table("Left out, by participant", columns, rows, note, "Nobody is left out of any set.")


def _person(found: AnalysisSets, one: LeftOut, *, by_arm: bool) -> tuple[Any, ...]:
    group = (found.groups[one.group],) if by_arm else ()
    return (one.subject, one.site, *group, "; ".join(map(found.label, one.sets)), one.reason)


def _chosen(found: AnalysisSets, name: str) -> str:
    return "this set" if name == found.chosen else ""


def _groups(found: AnalysisSets) -> list[tuple[str, bool]]:
    """The columns of numbers: each arm and all together, or all."""
    return [(name, True) for name in found.groups] + ([("All", True)] if len(found.groups) > 1 else [])


def _numbers(found: AnalysisSets, numbers: Any) -> list[str]:
    return [*map(str, numbers), *([str(numbers.sum())] if len(found.groups) > 1 else [])]


def _row(values: Sequence[Any], *, strong: bool = False) -> dict[str, Any]:
    """Lists of values are columns of their own; numbers stand to the right."""
    cells: list[dict[str, Any]] = []
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            numeric = isinstance(value, list) or not isinstance(value, str)
            cells.append({"text": str(one), "numeric": numeric})
    return {"cells": cells, "strong": strong}


def _table(
    caption: str, columns: Sequence[tuple[str, bool]], rows: list[Any], note: str, empty: str
) -> Table:
    return {
        "caption": caption,
        "columns": [{"label": label, "numeric": numeric} for label, numeric in columns],
        "rows": rows,
        "note": note,
        "empty": empty,
    }
