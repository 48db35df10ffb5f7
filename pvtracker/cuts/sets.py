"""The analysis sets of a cut side by side: how many are in each, and who is left out of which, with the reason.

Pure functions of a cut. The members are those that `derive.analysis_set` counts, whichever set the definitions choose.
Pooled in the open room, where everybody is in one group; by arm in the closed one, where who is in no arm is counted in
no set, as by every count by arm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.cuts.wording import names_of
from pvtracker.studies.definitions import Definitions

DATASETS = ("participants", "exposures")  # what is read; with arms in the closed room
ENROLLED = "enrolled"
LABELS = {
    ENROLLED: "Enrolled (all of the cut)",
    "randomised": "Randomised (intention to treat)",
    "treated": "Treated (safety)",
    "per-protocol": "Per protocol",
}
RECEIVED = "Randomised (by arm received)"  # in place of intention to treat, which goes by the planned arm
SCREENED_OUT = "not randomised (screen failure, or assigned to no arm)"  # a cut does not tell the two apart
CROSSED_OVER = "actual arm differs from planned (excluded)"
NO_ARM = "in none of the arms of the cut"
NOT_TREATED = "no exposure to a study intervention other than background treatment"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One participant who is not in some of the sets, for one reason."""

    subject: str
    site: str
    group: int
    sets: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class AnalysisSets:
    """`subjects`: everybody, in order. `groups`: names of the arms and, last, of those in none of them; one group of
    all where there are no arms. `sizes`: participants of each set, shape (groups,). `chosen`: the set that the
    definitions count by. `arm`: planned or actual, by which the groups are; '' where all are one.
    """

    groups: tuple[str, ...]
    subjects: tuple[str, ...]
    sizes: Mapping[str, NDArray[np.int64]]
    left_out: tuple[LeftOut, ...]
    chosen: str
    arm: str = ""

    def label(self, name: str) -> str:
        return RECEIVED if (name, self.arm) == ("randomised", "actual") else LABELS[name]

    def reasons(self) -> dict[tuple[str, str], NDArray[np.int64]]:
        """How many are left out of a set for a reason, shape (groups,), in the order of the sets."""
        counted = Counter((name, one.reason, one.group) for one in self.left_out for name in one.sets)
        pairs = sorted(
            {(name, reason) for name, reason, _ in counted}, key=lambda p: (list(LABELS).index(p[0]), p[1])
        )
        width = range(len(self.groups))
        return {pair: np.array([counted[*pair, group] for group in width], dtype=np.int64) for pair in pairs}


def sets_of(data: CutData, *, analysis_arm: str = "", rules: Definitions | None = None) -> AnalysisSets:
    """The sets by the rules of the cut, or by others; `analysis_arm` as of `derive.analysis_set`."""
    rules = rules or derive.rules_of(data)
    people = data.participants.sort_values("subject", kind="stable")
    subjects = pd.Index(people["subject"])
    inside = {ENROLLED: np.ones(len(people), dtype=bool)}
    for name in list(LABELS)[1:]:
        counted = derive.analysis_set(data, rules=replace(rules, analysis_set=name))["subject"]
        inside[name] = subjects.isin(counted)
    groups: tuple[str, ...] = (derive.POOLED,)
    group = np.zeros(len(people), dtype=np.int64)
    without: dict[str, NDArray[np.bool_]] = {}
    if analysis_arm:
        arms = derive.arms_of(data, rules).names
        groups = (*arms, "No arm")
        numbers = derive.arm_numbers(data, subjects, analysis_arm, rules)
        group = np.where(numbers < 0, len(arms), numbers)
        kept = derive.arm_numbers(data, subjects, analysis_arm, replace(rules, crossover="kept"))
        without = {CROSSED_OVER: (kept >= 0) & (numbers < 0), NO_ARM: kept < 0}
    in_an_arm = np.ones(len(people), dtype=bool) if not analysis_arm else group < len(groups) - 1
    counted_in = {name: who if name == ENROLLED else who & in_an_arm for name, who in inside.items()}
    screened_out = people["screen_failure"].fillna(False).astype(bool).to_numpy()
    return AnalysisSets(
        groups=groups,
        subjects=tuple(people["subject"].tolist()),
        sizes={name: np.bincount(group[who], minlength=len(groups)) for name, who in counted_in.items()},
        left_out=tuple(_left_out(data, rules, people, group, inside, screened_out, without)),
        chosen=rules.analysis_set,
        arm=analysis_arm,
    )


def _left_out(
    data: CutData,
    rules: Definitions,
    people: pd.DataFrame,
    group: NDArray[np.int64],
    inside: Mapping[str, NDArray[np.bool_]],
    screened_out: NDArray[np.bool_],
    without: Mapping[str, NDArray[np.bool_]],
) -> list[LeftOut]:
    """In the order of subjects; of one subject a row for each reason. `without`: who is in no arm, by the reason."""
    excluded = dict(rules.not_per_protocol)
    not_treated = NOT_TREATED
    if rules.exposed_to:
        not_treated = f"no exposure to {names_of(rules.exposed_to, data.manifest['protocol'])}"
    sites = people["site"].fillna("").tolist()
    found = []
    for place, subject in enumerate(people["subject"].tolist()):
        why: dict[str, list[str]] = {}
        if not inside["randomised"][place]:
            why[SCREENED_OUT] = ["randomised", "per-protocol"]
        if not inside["treated"][place]:
            why.setdefault(SCREENED_OUT if screened_out[place] else not_treated, []).extend(
                ("treated", "per-protocol")
            )
        if subject in excluded:
            why[excluded[subject]] = [*why.get(excluded[subject], []), "per-protocol"]
        for reason, who in without.items():  # of sets that the participant is in otherwise
            if who[place] and (some := [name for name in list(LABELS)[1:] if inside[name][place]]):
                why[reason] = some
        for reason, names in why.items():
            ordered = tuple(name for name in LABELS if name in names)
            found.append(LeftOut(subject, sites[place], int(group[place]), ordered, reason))
    return found
