"""The periods of a trial, each participant's own: which day of follow-up lies in which phase. Pure functions of a cut.

The phases are those that the study's definitions name (windows by phase). Each exposure that carries a phase opens it,
from its first day to as many days after its last as the phase's window has. A day in two phases belongs to the exposure
that began last (on the same day, to the phase whose name is first). What lies in none is `OUTSIDE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.cuts import derive, emergent
from pvtracker.cuts.data import CutData

OUTSIDE = "Outside these phases"


@dataclass(frozen=True, slots=True)
class Periods:
    """`period`: index into `names` of each day of follow-up, one participant after another; participant i has those
    from `start[i]` to `start[i + 1]`."""

    names: tuple[str, ...]
    start: NDArray[np.int64]
    period: NDArray[np.int8]

    def of(self, events: pd.DataFrame) -> NDArray[np.object_]:
        """The period that each event lies in, '' for one of unknown day."""
        days = events["day"].to_numpy(dtype=float)
        known = ~np.isnan(days)
        found = np.full(len(events), "", dtype=object)
        place = self.start[events["participant"].to_numpy(dtype=np.int64)[known]] + days[known].astype(
            np.int64
        )
        found[known] = np.array(self.names, dtype=object)[self.period[place]]
        return found

    def within(
        self, people: pd.DataFrame, events: pd.DataFrame
    ) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
        """Each period with its people and events, as `derive.count_terms` counts them: follow-up and days are those
        within the period. Who has no day of it is in no arm of it; an event of unknown day is in none."""
        dated = events[events["day"].notna()]
        whose = dated["participant"].to_numpy(dtype=np.int64)
        place = self.start[whose] + dated["day"].to_numpy(dtype=np.int64)
        lies_in = self.period[place]
        for number, name in enumerate(self.names):
            so_far = np.concatenate([[0], np.cumsum(self.period == number)])
            days = np.diff(so_far[self.start])
            inside = lies_in == number
            passed = so_far[place[inside] + 1] - so_far[self.start[whose[inside]]]
            arm = np.where(days > 0, people["arm"].to_numpy(), -1)
            yield (
                name,
                people.assign(follow_up_years=days / derive.DAYS_PER_YEAR, arm=arm),
                dated[inside].assign(day=(passed - 1).astype(float)),
            )


def periods_of(data: CutData, people: pd.DataFrame) -> Periods | None:
    """The periods of an analysis set; None when the study's definitions name no phase."""
    rules = derive.rules_of(data)
    if not rules.phase_windows:
        return None
    names = tuple(phase for phase, _ in rules.phase_windows)
    length = np.rint(people["follow_up_years"].to_numpy() * derive.DAYS_PER_YEAR).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(length)])
    period = np.full(start[-1], len(names), dtype=np.int8)
    given = derive.exposures(data, people, rules)
    window = {phase: emergent.AFTER if days is None else days for phase, days in rules.phase_windows}
    number = {phase: at for at, phase in enumerate(names)}
    first = given.first[given.participant]
    begin = np.maximum(given.start, first) - first
    opened = sorted(
        (int(begin[row]), -number[phase], row)
        for row, phase in enumerate(given.phase.tolist())
        if phase in number
    )
    for began, minus, row in opened:  # who began later is painted over who began before
        who = given.participant[row]
        end = min(int(given.end[row] - first[row]) + window[names[-minus]] + 1, int(length[who]))
        period[start[who] + began : max(start[who] + end, start[who] + began)] = -minus
    return Periods((*names, OUTSIDE), start, period)
