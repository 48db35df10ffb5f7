"""Who is analysed, for how long they were followed, which events count, and how many: pure functions of a cut.

Both rooms use these functions: pooled in the open room, by arm in the closed one. Which rules hold, the study says
(`studies.definitions`); the words of the rules (`cuts.wording`) are printed with every result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.cuts import emergent
from pvtracker.cuts.data import CutData, CutError
from pvtracker.cuts.wording import age_labels, words
from pvtracker.studies.definitions import AGE, OF_THE_STUDY, DefinitionError, Definitions, of_settings

DAYS_PER_YEAR = 365.25
POOLED = "All participants"
NOT_CODED = "Not coded"
NOT_RECORDED = "not recorded"
BACKGROUND = "background"  # interventions of this kind begin before the study and start no follow-up
RELATED = ("possible", "probable", "definite")
LEVELS = {
    "SOC": "system_organ_class",
    "HLGT": "high_level_group_term",
    "HLT": "high_level_term",
    "PT": "preferred_term",
}
QUERY = (
    "query"  # named sets of terms (`cuts.term_queries`): a level beside the hierarchy, in a column of its own
)
Selection = Literal["all", "serious", "criterion", "grade3plus", "related"]
SELECTIONS: tuple[Selection, ...] = ("all", "serious", "criterion", "grade3plus", "related")
DATASETS = ("participants", "exposures", "adverse_events", "assessments")  # what this module reads


def rules_of(data: CutData) -> Definitions:
    """The definitions that the cut was frozen with; CutError when its manifest holds none that can be read."""
    try:
        return of_settings(data.manifest["settings"])
    except DefinitionError as fault:
        raise CutError(f"The definitions of cut {data.cut_id} cannot be read. {fault}") from fault


def under(data: CutData, rules: Definitions) -> CutData:
    """The same cut, counted by other rules than it was frozen with."""
    stated = {name: getattr(rules, name) for name in OF_THE_STUDY}
    stated["definitions"] = {k: v for k, v in rules.differing().items() if k not in OF_THE_STUDY}
    return replace(data, manifest={**data.manifest, "settings": {**data.manifest["settings"], **stated}})


def definitions(data: CutData, rules: Definitions | None = None) -> dict[str, str]:
    """The rules in words, with what this study's settings change."""
    return words(rules or rules_of(data), data.manifest["protocol"])


@dataclass(frozen=True, slots=True)
class Arms:
    """The groups of an analysis in the protocol's order, and which of them is the reference (None: not named).

    `pools`: groups that are compared with the reference together, by name.
    """

    names: tuple[str, ...]
    reference: int | None
    pools: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def active(self) -> tuple[int, ...]:
        """Every arm but the reference."""
        return tuple(index for index in range(len(self.names)) if index != self.reference)

    def members(self, name: str) -> tuple[int, ...]:
        """The arms that a name stands for: an arm itself, or those of a pool; ValueError for another name."""
        return dict(self.pools).get(name) or (self.names.index(name),)

    @property
    def sides(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """What is compared with the reference: each active arm, then each pool; name and members."""
        return (*((self.names[index], (index,)) for index in self.active), *self.pools)


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Counts of one level and selection; every array has shape (terms, arms). Terms are in alphabetical order."""

    level: str
    selection: str
    terms: tuple[str, ...]
    participants: NDArray[np.int64]  # with at least one event of the term
    events: NDArray[np.int64]
    person_years: NDArray[np.float64]  # to first event or end of follow-up


def arms_of(data: CutData, rules: Definitions | None = None) -> Arms:
    """The arms that the protocol prints, and the pools of them that the study names.

    An arm that the cut's protocol does not print, or its reference, is left out of a pool, and a pool of fewer than two
    arms altogether.
    """
    printed = data.manifest["protocol"]["arms"]
    reference = [index for index, arm in enumerate(printed) if arm["is_reference"]]
    active = {arm["code"]: index for index, arm in enumerate(printed) if not arm["is_reference"]}
    pools = [
        (name, tuple(sorted(active[code] for code in codes if code in active)))
        for name, codes in (rules or rules_of(data)).pools
    ]
    return Arms(
        names=tuple(arm["name"] for arm in printed),
        reference=reference[0] if reference else None,
        pools=tuple((name, members) for name, members in pools if len(members) > 1),
    )


def analysis_set(data: CutData, *, analysis_arm: str = "", rules: Definitions | None = None) -> pd.DataFrame:
    """One row per participant of the analysis set, ordered by subject.

    Columns: `subject`, `arm` (index into `arms_of(data).names`; -1 for a participant without one of these arms; 0 for
    everybody when `analysis_arm` is '', the pooled analysis), `first_exposure`, `last_exposure`, `follow_up_end`
    (datetime64, the first missing when no day is known at all), `follow_up_years`; and `stratum` when the rules name
    strata. `analysis_arm` is '', 'planned' or 'actual'; CutError for anything else, or when the room has no arms.
    `rules`: those of the cut when not given.
    """
    rules = rules or rules_of(data)
    people = data.participants.set_index("subject")
    randomised = people.index[~people["screen_failure"].fillna(False).astype(bool)]
    given = _given(data, rules)
    days = given.groupby("subject", sort=True)
    frame = pd.DataFrame({"first": days["start_earliest"].min(), "last": days["last"].max()})
    if rules.analysis_set == "randomised":
        frame = frame.reindex(randomised.sort_values())
    elif rules.analysis_set == "per-protocol":
        excluded = [subject for subject, _ in rules.not_per_protocol]
        frame = frame[frame.index.isin(randomised) & ~frame.index.isin(excluded)]
    frame = frame.join(
        people[["started_on_earliest", "ended_on_earliest", "died_on_earliest", "last_contact"]]
    )
    cut = pd.Timestamp(data.date)
    first = frame["first"].fillna(frame["started_on_earliest"])
    if rules.analysis_set == "randomised":
        first = first.fillna(people["consented_on_earliest"].reindex(frame.index))
    alive = frame[["ended_on_earliest", "last", "last_contact"]].max(axis=1).fillna(cut)
    end = frame["died_on_earliest"].fillna(alive)
    end = end.where(end <= cut, cut)
    last = frame["last"]
    if rules.open_exposure == "continues":
        still = given.loc[given["end_earliest"].isna(), "subject"].unique()
        last = last.where(~frame.index.isin(still), end)
    if rules.follow_up_days is not None:
        stop = last + pd.Timedelta(days=rules.follow_up_days)
        end = end.where(~(end > stop), stop)
    end = end.where(first.isna() | (end >= first), first)
    years = ((end - first).dt.days + 1) / DAYS_PER_YEAR
    strata = {"stratum": _strata(people.loc[frame.index], rules)} if rules.strata else {}
    return pd.DataFrame(
        {
            "subject": frame.index.to_numpy(),
            "arm": arm_numbers(data, pd.Index(frame.index), analysis_arm, rules),
            "first_exposure": first.to_numpy(),
            "last_exposure": last.to_numpy(),
            "follow_up_end": end.to_numpy(),
            "follow_up_years": years.fillna(0.0).to_numpy(dtype=float),
            **strata,
        }
    )


def treated_subjects(data: CutData) -> pd.Series[str]:
    """Who had an exposure that counts, whatever the analysis set."""
    return _given(data, rules_of(data))["subject"].drop_duplicates()


def _given(data: CutData, rules: Definitions) -> pd.DataFrame:
    """The exposures that count, with `last`: the end, or the start where there is no end."""
    background = {i["code"] for i in data.manifest["protocol"]["interventions"] if i["kind"] == BACKGROUND}
    given = data.exposures[~data.exposures["intervention"].isin(background)]
    if rules.exposed_to:
        given = given[given["intervention"].isin(rules.exposed_to)]
    return given.assign(last=given["end_earliest"].fillna(given["start_earliest"]))


def _strata(people: pd.DataFrame, rules: Definitions) -> NDArray[np.object_]:
    """The stratum of each participant: the values of the named columns, one after another; of age its group."""
    named = [_age_group(people[name], rules) if name == AGE else people[name] for name in rules.strata]
    values = [column.astype("object").fillna("").replace("", NOT_RECORDED) for column in named]
    return np.array([" / ".join(map(str, row)) for row in zip(*values, strict=True)], dtype=object)


def _age_group(ages: pd.Series[int], rules: Definitions) -> pd.Series[str]:
    labels = age_labels(rules.age_groups)
    place = np.searchsorted(rules.age_groups, ages.fillna(0).astype(int).to_numpy(), side="right")
    named = pd.Series(np.array(labels, dtype=object)[place], index=ages.index)
    return named.where(ages.notna().to_numpy(), "")


def arm_numbers(
    data: CutData, subjects: pd.Index[str], analysis_arm: str, rules: Definitions
) -> NDArray[np.int64]:
    if analysis_arm == "":
        return np.zeros(len(subjects), dtype=np.int64)
    if analysis_arm not in ("planned", "actual"):
        raise CutError(f"The analysis arm is planned or actual, not {analysis_arm!r}.")
    numbers = {arm["code"]: index for index, arm in enumerate(data.manifest["protocol"]["arms"])}

    def numbered(which: str) -> NDArray[np.int64]:
        codes = data.arms.set_index("subject")[f"{which}_code"].reindex(subjects)
        return codes.map(numbers).fillna(-1).to_numpy(dtype=np.int64)

    found = numbered(analysis_arm)
    if rules.crossover == "excluded":
        planned, actual = numbered("planned"), numbered("actual")
        found = np.where((planned >= 0) & (actual >= 0) & (planned != actual), -1, found)
    return found


def emergent_events(data: CutData, people: pd.DataFrame, rules: Definitions | None = None) -> pd.DataFrame:
    """The treatment-emergent events of an analysis set, in the cut's order.

    Columns of `adverse_events` that are needed for counting, with `participant` (row number in `people`), `day` (days
    from first exposure to onset, or to the worsening that makes the event count, 0 on that day; missing when unknown;
    never after the end of follow-up) and one truth column per selection. Terms that are not coded are called "Not
    coded". `rules`: those of the cut when not given.
    """
    rules = rules or rules_of(data)
    position = pd.Series(np.arange(len(people)), index=people["subject"])
    events = data.adverse_events
    events = events.assign(participant=events["subject"].map(position))
    events = events[events["participant"].notna()]
    number = events["participant"].to_numpy(dtype=np.int64)
    first = pd.Series(people["first_exposure"].to_numpy()[number], index=events.index)
    end = pd.Series(people["follow_up_end"].to_numpy()[number], index=events.index)
    counted, began = _emergent(data, people, rules, events, number)
    # not `clip`: it fails where some participants have no first exposure
    onset = began.where(~(began < first), first)
    onset = onset.where(~(onset > end), end)
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
    return found[counted].reset_index(drop=True)


def _emergent(
    data: CutData,
    people: pd.DataFrame,
    rules: Definitions,
    events: pd.DataFrame,
    number: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], pd.Series[pd.Timestamp]]:
    """Which events count, and the earliest possible day of each: of its onset, or of the worsening that counts."""
    given = exposures(data, people, rules)
    onsets = emergent.Onsets(
        participant=number,
        phase=events["phase"].to_numpy(dtype=object),
        earliest=emergent.day_numbers(events["onset_earliest"], unknown=emergent.BEFORE),
        latest=emergent.day_numbers(events["onset_latest"], unknown=emergent.AFTER),
    )
    counted, began = emergent.counts(rules, given, onsets), events["onset_earliest"]
    if rules.baseline != "worsening":
        return counted, began
    grew_worse = emergent.worsened(
        rules, given, onsets, courses=events["grade_course"].to_numpy(dtype=object), counted=counted
    )
    if grew_worse:
        rows, days = list(grew_worse), list(grew_worse.values())
        counted[rows] = True
        began = began.copy()
        began.iloc[rows] = pd.to_datetime(np.array(days, dtype="datetime64[D]"))
    return counted, began


def exposures(data: CutData, people: pd.DataFrame, rules: Definitions) -> emergent.Given:
    """The exposures of an analysis set that count and have a day."""
    given = _given(data, rules)
    position = pd.Series(np.arange(len(people)), index=people["subject"])
    given = given.assign(participant=given["subject"].map(position))
    given = given[given["participant"].notna()]
    number = given["participant"].to_numpy(dtype=np.int64)
    end = given["last"]
    if rules.open_exposure == "continues":
        followed = pd.Series(people["last_exposure"].to_numpy()[number], index=given.index)
        end = given["end_earliest"].fillna(followed)
    known = end.notna().to_numpy()
    return emergent.Given(
        participant=number[known],
        intervention=given["intervention"].to_numpy(dtype=object)[known],
        phase=given["phase"].to_numpy(dtype=object)[known],
        start=emergent.day_numbers(given["start_earliest"], unknown=emergent.BEFORE)[known],
        end=emergent.day_numbers(end, unknown=emergent.AFTER)[known],
        first=emergent.day_numbers(people["first_exposure"], unknown=emergent.BEFORE),
        last=emergent.day_numbers(people["last_exposure"], unknown=emergent.AFTER),
    )


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

    `people` and `events` come from `analysis_set` and `emergent_events`, `level` is a key of LEVELS; or QUERY, and then
    `events` come from `term_queries.by_query`. One TermCounts per selection; time grows with the number of events.
    """
    term_of, names = pd.factorize(events[QUERY if level == QUERY else LEVELS[level]], sort=True)
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
