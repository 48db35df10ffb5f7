"""What a frozen cut holds of a watched term, all arms together: pure functions of the open cut.

The counting is `cuts.derive`'s, so that the numbers are those of the open report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.cuts.term_queries import matching
from pvtracker.monitoring.enums import Level

COLUMNS = {
    **{Level(level): column for level, column in derive.LEVELS.items()},
    Level.SET: derive.LEVELS["PT"],
}
NAMES = (
    "A term counts under its name, whatever its capitals. A set counts a participant once, at the first event of any "
    "of its terms, of whichever level. All arms together: nothing in this room knows who is in which."
)


@dataclass(frozen=True, slots=True)
class Pool:
    """The analysis set of one cut and its treatment-emergent events, arms unknown."""

    people: pd.DataFrame
    events: pd.DataFrame
    definitions: dict[str, str]

    @classmethod
    def of(cls, data: CutData) -> Pool:
        people = derive.analysis_set(data, analysis_arm="")
        known = derive.definitions(data)
        return cls(people, derive.emergent_events(data, people), {**known, "watched terms": NAMES})

    def definitions_for(self, selection: str) -> dict[str, str]:
        """The rules that a count of this selection rests on, in words."""
        others = set(derive.SELECTIONS) - {selection}
        return {name: text for name, text in self.definitions.items() if name not in others}


@dataclass(frozen=True, slots=True)
class Count:
    """Participants and events of one watched term, and the follow-up in which they could have come."""

    treated: int
    participants: int
    events: int
    not_coded: int
    person_years: float


def count(pool: Pool, *, level: Level, names: Sequence[str], selection: str) -> Count:
    """The pooled count of one term, or of several as one. A term without any event counts 0 in the whole follow-up."""
    column = COLUMNS[level]
    if level is Level.SET:
        hit = matching(pool.events, names)
    else:
        hit = pool.events[column].str.casefold().isin({name.casefold() for name in names}).to_numpy()
    chosen = pool.events[hit].assign(**{column: "watched"})
    found = derive.count_terms(
        pool.people, chosen, level="PT" if level is Level.SET else level.value, selections=[selection], arms=1
    )[0]
    treated, years = (totals[0] for totals in derive.arm_totals(pool.people, 1))
    selected = pool.events[pool.events[selection].to_numpy(dtype=bool)]
    not_coded = int((selected[derive.LEVELS["PT"]] == derive.NOT_CODED).sum())
    if not found.terms:
        return Count(int(treated), 0, 0, not_coded, float(years))
    return Count(
        int(treated),
        int(found.participants[0, 0]),
        int(found.events[0, 0]),
        not_coded,
        float(found.person_years[0, 0]),
    )
