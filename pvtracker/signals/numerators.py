"""Who stands behind a number of a run: the participants with an event of a term, counted by the run's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.cuts.periods import periods_of
from pvtracker.cuts.term_queries import matching


@dataclass(frozen=True, slots=True)
class Counted:
    """One treatment-emergent event that was counted.

    `day` is the day since first exposure, 1 on that day, None when the onset's day is not known; `onset` is as written.
    """

    subject: str
    arm: str
    number: int
    term: str
    verbatim: str
    onset: str
    day: int | None
    grade: int | None
    serious: bool
    outcome: str
    event: str  # the open room's random id


@dataclass(frozen=True, slots=True)
class Emergent:
    """Who is analysed and which events count, as `derive` makes them: made once for all that a page tells of a cut."""

    data: CutData
    arms: derive.Arms
    people: pd.DataFrame
    events: pd.DataFrame

    @classmethod
    def of(cls, data: CutData, *, analysis_arm: str) -> Emergent:
        people = derive.analysis_set(data, analysis_arm=analysis_arm)
        return cls(data, derive.arms_of(data), people, derive.emergent_events(data, people))

    def chosen(self, *, level: str, selection: str, term: str, period: str = "") -> pd.DataFrame:
        """The events of a term, level and selection, within a period where one is named; KeyError for a level or
        selection that `derive` does not know."""
        if level == derive.QUERY:
            of_term = matching(self.events, dict(derive.rules_of(self.data).queries)[term])
        else:
            of_term = (self.events[derive.LEVELS[level]] == term).to_numpy()
        chosen: pd.DataFrame = self.events[of_term & self.events[selection].to_numpy(dtype=bool)]
        if period:
            periods = periods_of(self.data, self.people)
            chosen = chosen[[] if periods is None else periods.of(chosen) == period]
        return chosen


def counted(of: Emergent, *, level: str, selection: str, term: str, period: str = "") -> list[Counted]:
    """The events behind a term, level, selection and period, by arm (protocol’s order), then participant, then number.

    `level` is a key of derive.LEVELS, `selection` one of derive.SELECTIONS; KeyError for another. Participants without
    one of the protocol's arms are counted in none and are not listed.
    """
    chosen = of.chosen(level=level, selection=selection, term=term, period=period)
    arm_of = of.people["arm"].to_numpy()
    chosen = chosen.assign(arm=arm_of[chosen["participant"].to_numpy()])
    chosen = chosen[chosen["arm"] >= 0].merge(
        of.data.adverse_events[["subject", "number", "verbatim", "onset", "grade", "outcome", "event"]],
        on=["subject", "number"],
        validate="one_to_one",
    )
    chosen = chosen.sort_values(["arm", "subject", "number"], kind="stable")
    texts = ("subject", "preferred_term", "verbatim", "onset", "outcome", "event")
    plain = {name: [str(text) for text in chosen[name].fillna("")] for name in texts}
    return [
        Counted(
            subject=plain["subject"][row],
            arm=of.arms.names[arm],
            number=number,
            term=plain["preferred_term"][row],
            verbatim=plain["verbatim"][row],
            onset=plain["onset"][row],
            day=None if day is None else day + 1,
            grade=grade,
            serious=serious,
            outcome=plain["outcome"][row],
            event=plain["event"][row],
        )
        for row, (arm, number, day, grade, serious) in enumerate(
            zip(
                chosen["arm"].astype(int).tolist(),
                chosen["number"].astype(int).tolist(),
                _whole(chosen["day"]),
                _whole(chosen["grade"]),
                chosen["serious"].astype(bool).tolist(),
                strict=True,
            )
        )
    ]


def _whole(values: pd.Series[Any]) -> list[int | None]:
    """Whole numbers, None where there is none."""
    known = values.notna().tolist()
    return [int(value) if there else None for value, there in zip(values.tolist(), known, strict=True)]
