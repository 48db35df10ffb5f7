"""Who is behind a number of the laboratory pages: participants, each once, by the very rules of the number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pvtracker.cuts.laboratory import AFTER
from pvtracker.signals.laboratory import (
    GRADE_3,
    KINDS,
    NEW_HIGH,
    NEW_LOW,
    Laboratory,
    by_participant,
    of_kinds,
    own_of,
)
from pvtracker.signals.laboratory_detail import HIGHEST_GRADE, grade_texts
from pvtracker.stats.liver import QUADRANTS
from pvtracker.stats.shift import BOTH, HIGH, LOW, MISSING, RANGE

# What is counted, besides `laboratory.KINDS`.
MEASURED, SHIFT, GRADE_SHIFT, GRADE, NUMBER, QUADRANT = (
    *("measured", "shift", "grade shift", "worst grade", "number"),
    "quadrant",
)
COUNTS = (MEASURED, *KINDS, SHIFT, GRADE_SHIFT, GRADE, NUMBER, QUADRANT)
RANGES = (MEASURED, NEW_HIGH, NEW_LOW, SHIFT)  # the others of a value are by grade
GRADES = tuple(str(grade) for grade in range(HIGHEST_GRADE + 1))
# Of a shift and a grade: what may be asked for at baseline and as worst value after it.
CATEGORIES = {SHIFT: (*RANGE, MISSING), GRADE_SHIFT: (*GRADES, MISSING), GRADE: GRADES}


@dataclass(frozen=True, slots=True)
class Count:
    """What a number counts: `kind` of COUNTS, in an arm ('' for all), and where it is of some only, the category at
    baseline and the worst after it, the planned week, or the quadrant."""

    kind: str
    arm: str = ""
    before: str = ""
    after: str = ""
    week: int | None = None
    quadrant: str = ""

    @property
    def words(self) -> str:
        """What is counted."""
        week = "" if self.week is None else f" in week {self.week}"
        return {
            MEASURED: "with a value",
            SHIFT: _shifted("", self.before, self.after),
            GRADE_SHIFT: _shifted("grade ", self.before, self.after),
            GRADE: f"worst grade {self.after}" if self.after else "with a grade",
            NUMBER: f"with a number{week}",
            QUADRANT: self.quadrant,
        }.get(self.kind, f"{self.kind}, after baseline")


def _shifted(what: str, before: str, after: str) -> str:
    start = "missing at baseline" if before == MISSING else f"{what}{before} at baseline"
    if not after:
        return start
    return f"{start}, {'nothing' if after == MISSING else f'{what}{after}'} after it"


def asked_in(given: Mapping[str, str]) -> Count | None:
    """What the parameters of an address ask for, the measured where they name nothing; None for what cannot be."""
    count = Count(
        kind=given.get("count", MEASURED),
        arm=given.get("arm", ""),
        before=given.get("before", ""),
        after=given.get("after", ""),
        quadrant=given.get("quadrant", ""),
    )
    known = CATEGORIES.get(count.kind, ())
    if count.kind not in COUNTS or {count.before, count.after} - {"", *known}:
        return None
    if (count.kind == QUADRANT) != (count.quadrant in QUADRANTS.values()):
        return None
    if count.kind in (SHIFT, GRADE_SHIFT) and not count.before:
        return None
    week = given.get("week", "")
    if not week:
        return count
    if count.kind != NUMBER or not week.removeprefix("-").isdecimal() or len(week) > 6:
        return None
    return Count(count.kind, count.arm, week=int(week))


@dataclass(frozen=True, slots=True)
class Counted:
    """Who is counted, in the order of arms, then by participant (row numbers of `lab.people`), and of how many.

    `rows`: the first of the values that put each there, by category where they are low and high; `such` says how many
    there are like it. No row of values where none put them there: nothing was measured after baseline.
    """

    participants: list[int]
    of: int
    rows: pd.DataFrame  # as `Laboratory.values`, with `such`
    start: pd.DataFrame  # as `by_participant`, by participant


def counted(lab: Laboratory, count: Count, results: pd.DataFrame | None = None) -> Counted:
    """Of a laboratory with one analyte. `results`: for a NUMBER, the values with texts, as from `cuts.laboratory`.
    KeyError for an arm that is not the protocol's."""
    code = lab.analytes[0].code
    own = own_of(by_participant(lab), code)
    if count.kind == NUMBER:
        return _numbers(lab, own, count, lab.values if results is None else results)
    among, so = _so(own, count)
    if count.arm:
        in_arm = own["arm"] == _arm(lab, count)
        among, so = among & in_arm, so & in_arm
    found = own[so]
    values = lab.values[lab.values["participant"].isin(found.index)]
    deciding = values[_deciding(values, found, count)]
    by = ["participant", *(["category"] if count.kind == SHIFT else [])]
    return Counted(_in_order(lab, found.index), int(among.sum()), _first(deciding, by), own)


def _arm(lab: Laboratory, count: Count) -> int:
    if count.arm not in lab.arms.names:
        raise KeyError(count.arm)
    return lab.arms.names.index(count.arm)


def _so(own: pd.DataFrame, count: Count) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Among whom it is counted, and of whom of them it is so."""
    everybody = pd.Series(True, index=own.index)
    if count.kind == MEASURED:
        return everybody, everybody
    if count.kind in KINDS:
        return of_kinds(own)[count.kind]
    if count.kind == GRADE:
        graded = own["worst_grade"].notna()
        return (
            (graded, graded & (own["worst_grade"] == float(count.after)))
            if count.after
            else (everybody, graded)
        )
    before, after = own["baseline"], own["worst"]
    if count.kind == GRADE_SHIFT:
        before, after = (
            pd.Series(grade_texts(own[name]), index=own.index) for name in ("baseline_grade", "worst_grade")
        )
    started = before == count.before.replace(MISSING, "")
    if not count.after:
        return everybody, started
    so = started & (after == count.after.replace(MISSING, ""))
    return (started if count.after == MISSING else started & (after != "")), so


def _deciding(values: pd.DataFrame, found: pd.DataFrame, count: Count) -> pd.Series[bool]:
    """The values that put their participants there."""
    after = values["when"] == AFTER
    category = values["category"]
    if count.kind == NEW_HIGH:
        return after & (category == HIGH)
    if count.kind == NEW_LOW:
        return after & (category == LOW)
    if count.kind == GRADE_3:
        return after & (values["grade"] >= 3)
    if count.kind == MEASURED:
        return after
    if count.kind != SHIFT:
        return after & (values["grade"] == values["participant"].map(found["worst_grade"]))
    worst = values["participant"].map(found["worst"])
    return after & np.where(worst == BOTH, category.isin([LOW, HIGH]), (category == worst) & (worst != ""))


def _first(deciding: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The first by day; one of unknown day only where there is no other."""
    such = deciding.groupby(by)["value"].transform("size")
    ordered = deciding.assign(such=such).sort_values(
        ["participant", "day"], kind="stable", na_position="last"
    )
    return ordered.drop_duplicates(by)


def _numbers(lab: Laboratory, own: pd.DataFrame, count: Count, results: pd.DataFrame) -> Counted:
    """With a number that is not below a limit, of those with a result."""
    if count.week is not None:
        results = results[results["week"] == count.week]
    if count.arm:
        results = results[results["arm"] == _arm(lab, count)]
    found = results[results["value"].notna() & ~results["below"]]
    rows = _first(found, ["participant"])
    return Counted(_in_order(lab, rows["participant"]), results["participant"].nunique(), rows, own)


def _in_order(lab: Laboratory, participants: pd.Series[int] | pd.Index[int]) -> list[int]:
    arm, subject = lab.people["arm"].to_numpy(), lab.people["subject"].to_numpy()
    return sorted((int(row) for row in participants), key=lambda row: (arm[row], subject[row]))
