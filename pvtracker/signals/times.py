"""When the events of one term came: what the curves of its page are made from, by the run's own rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.cuts.data import CutData
from pvtracker.cuts.derive import DAYS_PER_YEAR
from pvtracker.signals.numerators import Emergent
from pvtracker.stats.event_times import CENSORED, DEATH, EVENT

ARM, REFERENCE = "arm", "reference"
RULES = (
    "Day 1 is the day of first exposure; a week is seven days. Death before the event competes with it, all else that "
    "ends follow-up censors. An event of unknown day counts at the end of follow-up, as in the run."
)


@dataclass(frozen=True, slots=True)
class Times:
    """Participants of an arm and of the reference, arrays of shape (participants,); events, arrays of shape (events,).

    Times are days from 1, the day of first exposure. `what`: 1 had the event, 2 died before it, 0 was censored.
    `who`: position of the event's participant. `unknown`: events whose day is not known. `left_out`: participants whose
    first exposure has no day at all, who are in no curve.
    """

    in_arm: NDArray[np.bool_]
    end: NDArray[np.int64]  # of follow-up
    time: NDArray[np.int64]  # to the first of event, death and end
    what: NDArray[np.int64]
    who: NDArray[np.int64]
    when: NDArray[np.int64]
    unknown: int
    left_out: int

    @property
    def side(self) -> NDArray[np.object_]:
        """Label of each participant."""
        return np.where(self.in_arm, ARM, REFERENCE).astype(object)

    def of(self, side: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """End of follow-up of each participant of a side, and its events: position among them, and day."""
        mine = self.in_arm if side == ARM else ~self.in_arm
        position = np.cumsum(mine) - 1
        its = mine[self.who]
        return self.end[mine], position[self.who[its]], self.when[its]


def times_of(of: Emergent, *, level: str, selection: str, term: str, arm: str, reference: str) -> Times:
    """The times of one term in two arms, named as the protocol prints them; ValueError for another name."""
    arms, people = of.arms, of.people
    events = of.chosen(level=level, selection=selection, term=term)
    own, other = arms.members(arm), arms.members(reference)
    known = people["first_exposure"].notna().to_numpy()
    number = people["arm"].to_numpy()
    of_sides = np.isin(number, (*own, *other))
    kept = known & of_sides
    end = np.rint(people["follow_up_years"].to_numpy() * DAYS_PER_YEAR).astype(np.int64)
    position = np.cumsum(kept) - 1
    events = events[kept[events["participant"].to_numpy(dtype=np.int64)]]
    whose = events["participant"].to_numpy(dtype=np.int64)
    day = events["day"].to_numpy(dtype=float) + 1
    unknown = np.isnan(day)
    when = np.where(unknown, end[whose], day).astype(np.int64)
    first = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(first, whose, when)
    had = first <= end
    died = _died(of.data, people)
    what = np.where(had, EVENT, np.where(died, DEATH, CENSORED))
    return Times(
        in_arm=np.isin(number[kept], own),
        end=end[kept],
        time=np.where(had, first, end)[kept],
        what=what[kept],
        who=position[whose],
        when=when,
        unknown=int(unknown.sum()),
        left_out=int((of_sides & ~known).sum()),
    )


def _died(data: CutData, people: pd.DataFrame) -> NDArray[np.bool_]:
    """Whose follow-up ended with death, as `derive.analysis_set` ends it."""
    died = data.participants.set_index("subject")["died_on_earliest"].reindex(people["subject"]).to_numpy()
    return np.asarray(~np.isnat(died) & (died <= people["follow_up_end"].to_numpy()))
