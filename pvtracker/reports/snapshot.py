"""What the sections of a report may see: one cut, counted once, for one audience.

A snapshot of the open report is pooled by construction: it refuses arms, comparisons and an analysis arm. So a section
cannot put into an open report what its snapshot does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pvtracker.cuts import derive
from pvtracker.cuts.columns import OPEN_DATASETS
from pvtracker.cuts.data import CutData
from pvtracker.cuts.wording import set_name
from pvtracker.reports.blocks import Audience
from pvtracker.reports.frozen import AudienceError

# What a report is made from; history and medications are not in it.
OPEN_INPUT = (
    "participants",
    "exposures",
    "visits",
    "dispositions",
    "adverse_events",
    "assessments",
    "measurements",
)
CLOSED_INPUT = (*OPEN_INPUT, "arms")


@dataclass(frozen=True, slots=True)
class Group:
    """A column of the report: an arm, or everybody in the pooled report."""

    index: int  # in the `arm` columns of the frames
    key: str
    name: str
    is_reference: bool
    enrolled: int  # participants, screen failures left out
    treated: int  # participants of the analysis set: the denominator of adverse events
    follow_up_years: float


@dataclass(frozen=True, slots=True)
class Screened:
    """One term in an active arm against the reference, as the screening says it. Closed reports only.

    `difference` and its limits are fractions (arm minus reference), `rate_ratio` is arm ÷ reference; None where a
    number does not exist, and then `warning` says why.
    """

    level: str
    term: str
    selection: str
    arm: str
    n_arm: int
    N_arm: int
    n_ref: int
    N_ref: int
    person_years_arm: float  # to the first event of the term, or to the end of follow-up
    person_years_ref: float
    difference: float | None
    low: float | None
    high: float | None
    rate_ratio: float | None
    rate_low: float | None
    rate_high: float | None
    p: float | None
    p_adjusted: float | None
    warning: str  # of the difference
    rate_warning: str


@dataclass(frozen=True, slots=True)
class Bounded:
    """An arm at the boundary of an event that the plan names, in words. Closed reports only."""

    event: str
    arm: str
    kind: str
    counted_in: str  # path and bound: z, or participants
    path: str
    bound: str
    said: str


@dataclass(frozen=True, slots=True)
class Monitored:
    """By which plan the arms were compared at the look of this cut, and how it went. Closed reports only."""

    facts: tuple[tuple[str, str], ...]
    departures: tuple[str, ...]
    boundaries: tuple[Bounded, ...]
    warnings: tuple[str, ...] = ()  # what the boundaries take otherwise than it is
    keeps: str = ""  # said where nothing departs
    none: str = ""  # said where no boundary was judged


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The frozen input of every section.

    `enrolled`: the participants' rows without screen failures; `people`: the analysis set of `cuts.derive`; `events`:
    the treatment-emergent events with every column of the cut. Each has `arm`, the index of its group (0 for everybody
    in the pooled report, -1 for a participant without an arm).
    """

    audience: Audience
    data: CutData
    analysis_arm: str
    groups: tuple[Group, ...]
    enrolled: pd.DataFrame
    people: pd.DataFrame
    events: pd.DataFrame
    screening: tuple[Screened, ...] = ()
    method_notes: tuple[tuple[str, str], ...] = ()  # what the screening says of its methods
    pools: tuple[Group, ...] = ()  # arms that are compared together; their index is that of no arm
    monitored: Monitored | None = None  # None: no run was made of the cut

    def __post_init__(self) -> None:
        if self.audience == "closed":
            if not self.data.has_arms or not self.analysis_arm:
                raise AudienceError("A closed report needs the cut with its arms and an analysis arm.")
            return
        unblinded = [
            ("the arms of participants", set(self.data.frames) - set(OPEN_DATASETS)),
            ("an analysis arm", self.analysis_arm),
            ("comparisons", self.screening or self.method_notes),
            ("pools of arms", self.pools),
            ("what a run said", self.monitored),
            ("more than one group", len(self.groups) != 1 or self.groups[0].is_reference),
            ("rows by arm", any((frame["arm"] != 0).any() for frame in self._frames())),
        ]
        for what, found in unblinded:
            if found:
                raise AudienceError(f"An open report is pooled, and this one was given {what}.")

    def _frames(self) -> Iterable[pd.DataFrame]:
        return self.enrolled, self.people, self.events

    @property
    def is_closed(self) -> bool:
        return self.audience == "closed"

    @property
    def reference(self) -> Group | None:
        return next((group for group in self.groups if group.is_reference), None)

    @property
    def reference_name(self) -> str:
        return self.reference.name if self.reference else ""

    @property
    def active(self) -> tuple[Group, ...]:
        """The arms that are compared with the reference; none in the pooled report."""
        return tuple(group for group in self.groups if not group.is_reference) if self.reference else ()

    @property
    def compared(self) -> tuple[Group, ...]:
        """What stands against the reference: the active arms, then the pools of them."""
        return (*self.active, *self.pools) if self.reference else ()

    @property
    def analysed(self) -> str:
        """Who is in the analysis set, in words."""
        return set_name(derive.rules_of(self.data))

    @property
    def treated(self) -> pd.Series[str]:
        """Who was exposed, which the analysis set need not be."""
        return derive.treated_subjects(self.data)

    @property
    def subjects(self) -> pd.Series[str]:
        return self.people["subject"]

    def require_closed(self) -> None:
        """AudienceError in an open report: for the sections that compare arms."""
        if not self.is_closed:
            raise AudienceError("This section compares arms and belongs to the closed report only.")


def take(
    data: CutData,
    *,
    audience: Audience,
    analysis_arm: str = "",
    screening: tuple[Screened, ...] = (),
    method_notes: tuple[tuple[str, str], ...] = (),
    monitored: Monitored | None = None,
) -> Snapshot:
    """The snapshot of a cut for an audience. AudienceError for an open one with anything that tells an arm; CutError as
    `derive.analysis_set`.
    """
    if audience == "open" and (data.has_arms or analysis_arm):
        raise AudienceError("An open report is made from a cut without arms.")
    people = derive.analysis_set(data, analysis_arm=analysis_arm)
    participants = data.participants
    enrolled = participants[~participants["screen_failure"].fillna(False).astype(bool)]
    enrolled = enrolled.assign(arm=_arm_of(data, enrolled["subject"], analysis_arm)).reset_index(drop=True)
    emergent = derive.emergent_events(data, people)
    added = [name for name in data.adverse_events.columns if name not in emergent.columns]
    events = emergent.merge(
        data.adverse_events[["subject", "number", *added]],
        on=["subject", "number"],
        how="left",
        validate="one_to_one",
    )
    events = events.assign(arm=people["arm"].to_numpy()[events["participant"].to_numpy(dtype=np.int64)])
    groups = _groups(data, enrolled, people, pooled=not analysis_arm)
    return Snapshot(
        audience=audience,
        data=data,
        analysis_arm=analysis_arm,
        groups=groups,
        enrolled=enrolled,
        people=people,
        events=events,
        screening=screening,
        method_notes=method_notes,
        pools=_pools(data, groups) if analysis_arm else (),
        monitored=monitored,
    )


def _pools(data: CutData, groups: tuple[Group, ...]) -> tuple[Group, ...]:
    return tuple(
        Group(
            index=len(groups) + place,
            key=f"pool_{place + 1}",
            name=name,
            is_reference=False,
            enrolled=sum(groups[member].enrolled for member in members),
            treated=sum(groups[member].treated for member in members),
            follow_up_years=sum(groups[member].follow_up_years for member in members),
        )
        for place, (name, members) in enumerate(derive.arms_of(data).pools)
    )


def _arm_of(data: CutData, subjects: pd.Series[str], analysis_arm: str) -> np.ndarray:
    if not analysis_arm:
        return np.zeros(len(subjects), dtype=np.int64)
    numbers = {arm["code"]: index for index, arm in enumerate(data.manifest["protocol"]["arms"])}
    codes = data.arms.set_index("subject")[f"{analysis_arm}_code"].reindex(subjects)
    return codes.map(numbers).fillna(-1).to_numpy(dtype=np.int64)


def _groups(
    data: CutData, enrolled: pd.DataFrame, people: pd.DataFrame, *, pooled: bool
) -> tuple[Group, ...]:
    printed = [("all", derive.POOLED, False)]
    if not pooled:
        printed = [
            (arm["code"], arm["name"], arm["is_reference"]) for arm in data.manifest["protocol"]["arms"]
        ]
    treated, years = derive.arm_totals(people, len(printed))
    return tuple(
        Group(
            index=index,
            key=code,
            name=name,
            is_reference=is_reference,
            enrolled=int((enrolled["arm"] == index).sum()),
            treated=int(treated[index]),
            follow_up_years=float(years[index]),
        )
        for index, (code, name, is_reference) in enumerate(printed)
    )
