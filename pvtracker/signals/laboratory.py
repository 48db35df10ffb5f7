"""Laboratory values and vital signs of a joined cut by arm: what the pages show, computed. No database, no page.

Counts are of participants, each once; the comparison of arms is the risk difference and Fisher's test of every other
page. Definitions: `cuts.laboratory.DEFINITIONS` and the methods pages named in `METHODS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.coding.scales.laboratory import grades_of, is_graded
from pvtracker.cuts import derive, laboratory
from pvtracker.cuts.data import CutData
from pvtracker.stats import (
    fisher,
    outliers,
    range_category,
    risk_difference_mn,
)
from pvtracker.stats.laboratory_results import Outliers
from pvtracker.stats.shift import BOTH, HIGH, LOW

DATASETS = (*derive.DATASETS, *laboratory.DATASETS, "arms")
NEW_HIGH, NEW_LOW, GRADE_3 = "above the limit", "below the limit", "grade 3 or more"
KINDS = (NEW_HIGH, NEW_LOW, GRADE_3)
COMPARED = {
    NEW_HIGH: "Of the participants who were measured after baseline and were not above the upper limit of normal at "
    "baseline, those with a value above it after baseline. Who has no baseline is not counted.",
    NEW_LOW: "Likewise below the lower limit of normal.",
    GRADE_3: "Of the participants with a value after baseline that can be graded, those whose worst grade is 3 or 4.",
    "flag": "The lower 95 % limit of the risk difference (Miettinen–Nurminen) lies above 0. Not adjusted for the "
    "number of analytes: a flag asks for a look, it is no verdict.",
}


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The values of a cut by arm. `grade` in `values` is nan where the value cannot be graded."""

    arms: derive.Arms
    people: pd.DataFrame  # as derive.analysis_set, with `sex` and `participant_id`
    values: pd.DataFrame  # as cuts.laboratory.values, with `category` and `grade`
    analytes: tuple[laboratory.Analyte, ...]
    scale: str  # by which values are graded; '' for none

    @property
    def totals(self) -> list[int]:
        """Treated participants of each arm."""
        arm = self.people["arm"].to_numpy()
        return [int((arm == index).sum()) for index in range(len(self.arms.names))]

    def of(self, code: str) -> Laboratory:
        """One analyte of it."""
        return Laboratory(
            self.arms,
            self.people,
            self.values[self.values["analyte"] == code].reset_index(drop=True),
            tuple(one for one in self.analytes if one.code == code),
            self.scale,
        )


@dataclass(frozen=True, slots=True)
class Contrast:
    """Participants of an arm and of the reference of whom something is so, and the difference of the risks."""

    kind: str
    arm: str
    n_arm: int
    N_arm: int
    n_ref: int
    N_ref: int
    estimate: float
    low: float
    high: float
    p: float

    @property
    def flag(self) -> bool:
        """More in the arm: the lower limit lies above 0."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one kind and analyte: participants of whom it is so, and the denominator, shape (arms,)."""

    kind: str
    n: NDArray[np.int64]
    N: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Summary:
    """One analyte in the list."""

    analyte: laboratory.Analyte
    values: int
    participants: int
    detected: tuple[int, ...]  # values that are not below a limit, and their participants
    without_baseline: int  # measured after baseline only
    counted: tuple[Counted, ...]
    contrasts: tuple[Contrast, ...]
    outlying: int

    @property
    def flagged(self) -> tuple[Contrast, ...]:
        return tuple(one for one in self.contrasts if one.flag)


def people_of(data: CutData, *, analysis_arm: str) -> pd.DataFrame:
    """Who is analysed, as from `derive.analysis_set`, with `sex` and `participant_id`."""
    people = derive.analysis_set(data, analysis_arm=analysis_arm)
    known = data.participants.set_index("subject")[["sex", "participant"]].reindex(people["subject"])
    return people.assign(
        sex=known["sex"].fillna("").to_numpy(), participant_id=known["participant"].fillna("").to_numpy()
    )


def without_values(data: CutData, *, analysis_arm: str) -> Laboratory:
    """The arms and participants of a cut; no measurement is read."""
    nothing = pd.DataFrame(columns=[*laboratory.COLUMNS, "category", "grade"])
    return Laboratory(derive.arms_of(data), people_of(data, analysis_arm=analysis_arm), nothing, (), "")


def read(data: CutData, *, analysis_arm: str, scale: str, analyte: str = "", subject: str = "") -> Laboratory:
    """The values of a cut with their categories and grades; of one analyte, of one participant, or of all."""
    people = people_of(data, analysis_arm=analysis_arm)
    unit_of = None
    if subject:
        unit_of = laboratory.units(data)
        data = laboratory.few_for(data, subject)
    values = laboratory.values(data, people, analyte=analyte, unit_of=unit_of)
    if subject:
        values = values[values["subject"] == subject].reset_index(drop=True)
    found = tuple(
        one
        for one in laboratory.analytes(data, unit_of=unit_of)
        if (not analyte or one.code == analyte) and (values["analyte"] == one.code).any()
    )
    values = values.assign(
        category=range_category(*(values[name].to_numpy(dtype=float) for name in ("value", "low", "high"))),
        grade=_grades(values, people, found, scale),
    )
    return Laboratory(derive.arms_of(data), people, values, found, scale)


def _grades(
    values: pd.DataFrame, people: pd.DataFrame, found: Sequence[laboratory.Analyte], scale: str
) -> NDArray[np.float64]:
    grade = np.full(len(values), np.nan)
    at_baseline = laboratory.baselines(values)["value"] if len(values) else None
    sex = people["sex"].to_numpy()
    for analyte in found:
        if at_baseline is None or not is_graded(scale, analyte.code, analyte.unit):
            continue
        rows = np.flatnonzero((values["analyte"] == analyte.code).to_numpy())
        own = values.iloc[rows]
        keys = pd.MultiIndex.from_arrays([own["participant"], own["analyte"]])
        grade[rows] = grades_of(
            scale,
            analyte.code,
            analyte.unit,
            value=own["value"].to_numpy(dtype=float),
            low=own["low"].to_numpy(dtype=float),
            high=own["high"].to_numpy(dtype=float),
            baseline=at_baseline.reindex(keys).to_numpy(dtype=float),
            sex=sex[own["participant"].to_numpy()].tolist(),
        )
    return grade


def by_participant(lab: Laboratory) -> pd.DataFrame:
    """One row for each participant and analyte with any value: `baseline` and `worst` category ('' where there is
    none), `baseline_grade` and `worst_grade` (nan), `measured_after`, `arm`; indexed by participant and analyte.
    """
    values = lab.values
    keys = ["participant", "analyte"]
    after = values["when"] == laboratory.AFTER
    marked = values.assign(
        after=after,
        low_after=after & (values["category"] == LOW),
        high_after=after & (values["category"] == HIGH),
        known_after=after & (values["category"] != ""),
        grade_after=values["grade"].where(after),
        grade_before=values["grade"].where(values["is_baseline"]),
    )
    found = marked.groupby(keys, sort=True).agg(
        arm=("arm", "first"),
        measured_after=("after", "any"),
        low_after=("low_after", "any"),
        high_after=("high_after", "any"),
        known_after=("known_after", "any"),
        worst_grade=("grade_after", "max"),
        baseline_grade=("grade_before", "max"),
    )
    start = laboratory.baselines(values).reindex(found.index)
    columns = [start[name].to_numpy(dtype=float) for name in ("value", "low", "high")]
    worst = np.full(len(found), "", dtype=object)
    for column, word in (("known_after", "normal"), ("low_after", LOW), ("high_after", HIGH)):
        worst[found[column].to_numpy()] = word
    worst[(found["low_after"] & found["high_after"]).to_numpy()] = BOTH
    return found.assign(
        baseline=range_category(*columns), worst=worst, has_baseline=start["value"].notna().to_numpy()
    )


def overview(lab: Laboratory) -> list[Summary]:
    """Every analyte: what is flagged first, then by domain, category and name."""
    people = by_participant(lab)
    counted = {one.code: _counted(lab, people, one.code) for one in lab.analytes}
    contrasts = _contrasts(lab, counted)
    per_analyte = people.groupby("analyte")
    measured = lab.values.groupby("analyte").size()
    detected = lab.values[~lab.values["below"]].groupby("analyte")["participant"].agg(["size", "nunique"])
    numbers = dict(zip(detected.index, detected.to_numpy().tolist(), strict=True))
    found = []
    for analyte in lab.analytes:
        own = per_analyte.get_group(analyte.code)
        found.append(
            Summary(
                analyte=analyte,
                values=int(measured[analyte.code]),
                participants=len(own),
                detected=tuple(numbers.get(analyte.code, (0, 0))),
                without_baseline=int((own["measured_after"] & ~own["has_baseline"]).sum()),
                counted=counted[analyte.code],
                contrasts=contrasts[analyte.code],
                outlying=int(outlying(lab, analyte.code)[0].flag.sum()),
            )
        )
    return sorted(found, key=lambda one: not one.flagged)


def own_of(people: pd.DataFrame, code: str) -> pd.DataFrame:
    """The rows of `by_participant` of one analyte, by participant."""
    return people[people.index.get_level_values("analyte") == code].droplevel("analyte")


def of_kinds(own: pd.DataFrame) -> dict[str, tuple[pd.Series[bool], pd.Series[bool]]]:
    """Of the rows of `by_participant` of one analyte: among whom each kind is counted, and of whom of them it is so."""
    compared = (own["worst"] != "") & (own["baseline"] != "")
    below_high, above_low = compared & (own["baseline"] != HIGH), compared & (own["baseline"] != LOW)
    graded = own["worst_grade"].notna()
    return {
        NEW_HIGH: (below_high, below_high & own["worst"].isin([HIGH, BOTH])),
        NEW_LOW: (above_low, above_low & own["worst"].isin([LOW, BOTH])),
        GRADE_3: (graded, graded & (own["worst_grade"] >= 3)),
    }


def _counted(lab: Laboratory, people: pd.DataFrame, code: str) -> tuple[Counted, ...]:
    """Of one analyte; a kind that cannot be (no limits, no grades) is left out."""
    own = own_of(people, code)
    arm = own["arm"].to_numpy()
    result = []
    for kind, (among, has) in of_kinds(own).items():
        N, n = (_per_arm(arm[chosen.to_numpy()], len(lab.arms.names)) for chosen in (among, has))
        limit = {NEW_HIGH: "high", NEW_LOW: "low"}.get(kind)
        if N.sum() and (limit is None or lab.values.loc[lab.values["analyte"] == code, limit].notna().any()):
            result.append(Counted(kind, n, N))
    return tuple(result)


def _per_arm(arm: NDArray[np.int64], arms: int) -> NDArray[np.int64]:
    return np.bincount(arm, minlength=arms).astype(np.int64)


def _contrasts(lab: Laboratory, counted: dict[str, tuple[Counted, ...]]) -> dict[str, tuple[Contrast, ...]]:
    """Every active arm against the reference, all analytes in one call; none without a reference arm."""
    reference = lab.arms.reference
    result: dict[str, list[Contrast]] = {code: [] for code in counted}
    if reference is None:
        return dict.fromkeys(counted, ())
    rows = [(code, one, arm) for code, kinds in counted.items() for one in kinds for arm in lab.arms.active]
    if rows:
        tables = [
            np.array([getattr(one, name)[arm if of_arm else reference] for _, one, arm in rows])
            for of_arm in (True, False)
            for name in ("n", "N")
        ]
        difference, test = risk_difference_mn(*tables), fisher(*tables)
        for row, (code, one, arm) in enumerate(rows):
            numbers = [int(column[row]) for column in tables]
            limits = [
                float(column[row])
                for column in (difference.estimate, difference.low, difference.high, test.p)
            ]
            result[code].append(Contrast(one.kind, lab.arms.names[arm], *numbers, *limits))
    return {code: tuple(found) for code, found in result.items()}


def outlying(lab: Laboratory, code: str) -> tuple[Outliers, pd.DataFrame]:
    """Tukey's outer fences of an analyte, all arms together, on logarithms where all values are above 0, and always
    for a viral load, of which the others are left out; and its values, with the result's `score`."""
    own = lab.values[lab.values["analyte"] == code]
    value = own["value"].to_numpy(dtype=float)
    if code in laboratory.VIRAL_LOAD:
        value = np.where(value > 0, value, np.nan)
    found = outliers(value, log_scale=not (value <= 0).any())
    return found, own.assign(score=found.score)
