"""Who is analysed, for how long they were followed, which events count, and how many: pure functions of a cut.

Both rooms use these functions: pooled in the open room, by arm in the closed one. The rules are the sentences of
`DEFINITIONS`, which are printed with every result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.cuts.data import CutData, CutError

DAYS_PER_YEAR = 365.25
POOLED = "All participants"
NOT_CODED = "Not coded"
BACKGROUND = "background"  # interventions of this kind begin before the study and start no follow-up
RELATED = ("possible", "probable", "definite")
LEVELS = {
    "SOC": "system_organ_class",
    "HLGT": "high_level_group_term",
    "HLT": "high_level_term",
    "PT": "preferred_term",
}
Selection = Literal["all", "serious", "criterion", "grade3plus", "related"]
SELECTIONS: tuple[Selection, ...] = ("all", "serious", "criterion", "grade3plus", "related")
DATASETS = ("participants", "exposures", "adverse_events", "assessments")  # what this module reads

DEFINITIONS = {
    "analysis set": "Treated participants: at least one exposure to a study intervention other than background "
    "treatment.",
    "first exposure": "The earliest possible day of the first exposure; where no exposure has a date, the "
    "participant's reference start day.",
    "follow-up": "From first exposure to death, else to the latest of end of participation, last exposure and last "
    "recorded contact, else to the cut-off date; never beyond the cut-off date. A partial date counts as its first "
    "possible day. Both ends are included; a year has 365.25 days.",
    "treatment-emergent": "Onset on or after first exposure. A partial onset counts unless its last possible day "
    "lies before first exposure; an unknown onset counts.",
    "counting": "A participant counts once per term and level. Person-years run to the first event of the term, or "
    "to the end of follow-up where there is none; an event of unknown day counts with the whole follow-up.",
    "all": "Every treatment-emergent event.",
    "serious": "Reported serious; where seriousness was not stated, with a seriousness criterion.",
    "criterion": "With a seriousness criterion, whatever was reported: contradictions are queries.",
    "grade3plus": "Grade 3 or more; on the scale mild, moderate, severe: severe.",
    "related": "Judged at least possibly related to any study intervention by the investigator.",
}


def definitions(data: CutData) -> dict[str, str]:
    """The rules in words, with what this study's settings add."""
    window = data.manifest["settings"]["emergent_window_days"]
    added = "" if window is None else f" Onset no later than {window} days after last exposure."
    return {**DEFINITIONS, "treatment-emergent": DEFINITIONS["treatment-emergent"] + added}


@dataclass(frozen=True, slots=True)
class Arms:
    """The groups of an analysis in the protocol's order, and which of them is the reference (None: not named)."""

    names: tuple[str, ...]
    reference: int | None

    @property
    def active(self) -> tuple[int, ...]:
        """Every arm but the reference."""
        return tuple(index for index in range(len(self.names)) if index != self.reference)


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Counts of one level and selection; every array has shape (terms, arms). Terms are in alphabetical order."""

    level: str
    selection: str
    terms: tuple[str, ...]
    participants: NDArray[np.int64]  # with at least one event of the term
    events: NDArray[np.int64]
    person_years: NDArray[np.float64]  # to first event or end of follow-up


def arms_of(data: CutData) -> Arms:
    """The arms that the protocol prints."""
    printed = data.manifest["protocol"]["arms"]
    reference = [index for index, arm in enumerate(printed) if arm["is_reference"]]
    return Arms(names=tuple(arm["name"] for arm in printed), reference=reference[0] if reference else None)


def analysis_set(data: CutData, *, analysis_arm: str = "") -> pd.DataFrame:
    """One row per treated participant, ordered by subject.

    Columns: `subject`, `arm` (index into `arms_of(data).names`; -1 for a participant without one of these arms; 0 for
    everybody when `analysis_arm` is '', the pooled analysis), `first_exposure`, `last_exposure`, `follow_up_end`
    (datetime64, the first missing when no day is known at all), `follow_up_years`.
    `analysis_arm` is '', 'planned' or 'actual'; CutError for anything else, or when the room has no arms.
    """
    people = data.participants.set_index("subject")
    background = {i["code"] for i in data.manifest["protocol"]["interventions"] if i["kind"] == BACKGROUND}
    given = data.exposures[~data.exposures["intervention"].isin(background)]
    days = given.assign(last=given["end_earliest"].fillna(given["start_earliest"])).groupby(
        "subject", sort=True
    )
    frame = pd.DataFrame({"first": days["start_earliest"].min(), "last": days["last"].max()})
    frame = frame.join(
        people[["started_on_earliest", "ended_on_earliest", "died_on_earliest", "last_contact"]]
    )
    cut = pd.Timestamp(data.date)
    first = frame["first"].fillna(frame["started_on_earliest"])
    alive = frame[["ended_on_earliest", "last", "last_contact"]].max(axis=1).fillna(cut)
    end = frame["died_on_earliest"].fillna(alive)
    end = end.where(end <= cut, cut)
    end = end.where(first.isna() | (end >= first), first)
    years = ((end - first).dt.days + 1) / DAYS_PER_YEAR
    return pd.DataFrame(
        {
            "subject": frame.index.to_numpy(),
            "arm": _arm_numbers(data, pd.Index(frame.index), analysis_arm),
            "first_exposure": first.to_numpy(),
            "last_exposure": frame["last"].to_numpy(),
            "follow_up_end": end.to_numpy(),
            "follow_up_years": years.fillna(0.0).to_numpy(dtype=float),
        }
    )


def _arm_numbers(data: CutData, subjects: pd.Index[str], analysis_arm: str) -> NDArray[np.int64]:
    if analysis_arm == "":
        return np.zeros(len(subjects), dtype=np.int64)
    if analysis_arm not in ("planned", "actual"):
        raise CutError(f"The analysis arm is planned or actual, not {analysis_arm!r}.")
    numbers = {arm["code"]: index for index, arm in enumerate(data.manifest["protocol"]["arms"])}
    codes = data.arms.set_index("subject")[f"{analysis_arm}_code"].reindex(subjects)
    return codes.map(numbers).fillna(-1).to_numpy(dtype=np.int64)


def emergent_events(data: CutData, people: pd.DataFrame) -> pd.DataFrame:
    """The treatment-emergent events of an analysis set, in the cut's order.

    Columns of `adverse_events` that are needed for counting, with `participant` (row number in `people`), `day` (days
    from first exposure to onset, 0 on that day; missing when unknown; never after the end of follow-up) and one truth
    column per selection. Terms that are not coded are called "Not coded".
    """
    position = pd.Series(np.arange(len(people)), index=people["subject"])
    events = data.adverse_events
    events = events.assign(participant=events["subject"].map(position))
    events = events[events["participant"].notna()]
    number = events["participant"].to_numpy(dtype=np.int64)
    first = pd.Series(people["first_exposure"].to_numpy()[number], index=events.index)
    last = pd.Series(people["last_exposure"].to_numpy()[number], index=events.index)
    end = pd.Series(people["follow_up_end"].to_numpy()[number], index=events.index)
    before = events["onset_latest"] < first
    window = data.manifest["settings"]["emergent_window_days"]
    late = events["onset_earliest"] > last + pd.Timedelta(days=window or 0) if window is not None else False
    onset = events["onset_earliest"].clip(lower=first).clip(upper=end)
    chosen = {
        "all": pd.Series(True, index=events.index),
        "serious": is_serious(events),
        "criterion": has_criterion(events),
        "grade3plus": (events["grade"] >= 3).fillna(False).astype(bool),
        "related": _related(data, events),
    }
    terms = {name: events[name].replace("", NOT_CODED) for name in LEVELS.values()}
    found = events[["subject", "number"]].assign(
        participant=number, day=(onset - first).dt.days.astype("float64"), **terms, **chosen
    )
    return found[~(before | late)].reset_index(drop=True)


def is_serious(events: pd.DataFrame) -> pd.Series[bool]:
    """Rows of `adverse_events` that count as serious: as reported, else (not stated) by their criteria."""
    stated = events["serious"]
    serious: pd.Series[bool] = stated.fillna(False).astype(bool)
    return serious | (stated.isna() & has_criterion(events))


def has_criterion(events: pd.DataFrame) -> pd.Series[bool]:
    """Rows of `adverse_events` with at least one seriousness criterion."""
    return events["criteria"] != ""


def _related(data: CutData, events: pd.DataFrame) -> pd.Series[bool]:
    judged = data.assessments
    judged = judged[(judged["assessor"] == "investigator") & judged["causality"].isin(RELATED)]
    if judged.empty:
        return pd.Series(False, index=events.index)
    pairs = judged[["subject", "number"]].drop_duplicates().assign(related=True)
    merged = events[["subject", "number"]].merge(pairs, on=["subject", "number"], how="left")
    return pd.Series(merged["related"].notna().to_numpy(), index=events.index)


def arm_totals(people: pd.DataFrame, arms: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Participants and years of follow-up of each arm, shape (arms,)."""
    known = people[people["arm"] >= 0]
    arm = known["arm"].to_numpy()
    years = np.bincount(arm, weights=known["follow_up_years"].to_numpy(), minlength=arms)
    return np.bincount(arm, minlength=arms).astype(np.int64), years.astype(np.float64)


def count_terms(
    people: pd.DataFrame, events: pd.DataFrame, *, level: str, selections: Sequence[str], arms: int
) -> list[TermCounts]:
    """Participants, events and person-years of every term that occurs in the selection in one of the arms.

    `people` and `events` come from `analysis_set` and `emergent_events`, `level` is a key of LEVELS. One TermCounts per
    selection; time grows with the number of events.
    """
    term_of, names = pd.factorize(events[LEVELS[level]], sort=True)
    arm_of = people["arm"].to_numpy()
    follow_up = people["follow_up_years"].to_numpy()
    totals = arm_totals(people, arms)[1]
    person = events["participant"].to_numpy()
    in_arm = arm_of[person] >= 0
    # years to the event; the whole follow-up where its day is not known
    years = np.where(events["day"].isna(), follow_up[person], (events["day"].to_numpy() + 1) / DAYS_PER_YEAR)
    result = []
    for selection in selections:
        chosen = np.flatnonzero(events[selection].to_numpy(dtype=bool) & in_arm)
        cell = term_of[chosen] * arms + arm_of[person[chosen]]
        size = len(names) * arms
        counted = np.bincount(cell, minlength=size)
        # the first event of each participant and term: sorted by pair, then by time
        pair = term_of[chosen] * len(people) + person[chosen]
        order = np.lexsort((years[chosen], pair))
        firsts = chosen[order[np.flatnonzero(np.diff(pair[order], prepend=-1))]]
        first_cell = term_of[firsts] * arms + arm_of[person[firsts]]
        with_event = np.bincount(first_cell, minlength=size)
        not_followed = np.bincount(
            first_cell, weights=follow_up[person[firsts]] - years[firsts], minlength=size
        )
        occurring = counted.reshape(-1, arms).sum(axis=1) > 0
        result.append(
            TermCounts(
                level=level,
                selection=selection,
                terms=tuple(names[occurring]),
                participants=with_event.reshape(-1, arms)[occurring].astype(np.int64),
                events=counted.reshape(-1, arms)[occurring].astype(np.int64),
                person_years=np.maximum(totals - not_followed.reshape(-1, arms)[occurring], 0.0),
            )
        )
    return result


def body_systems(events: pd.DataFrame) -> dict[str, str]:
    """The organ class of each preferred term: where most of its events are, the first in the alphabet among equals."""
    pairs = (
        events.groupby(["preferred_term", "system_organ_class"], sort=True).size().reset_index(name="events")
    )
    pairs = pairs.sort_values(
        ["preferred_term", "events", "system_organ_class"], ascending=[True, False, True]
    )
    first = pairs.drop_duplicates("preferred_term")
    return dict(zip(first["preferred_term"], first["system_organ_class"], strict=True))
