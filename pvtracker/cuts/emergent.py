"""Which events are treatment-emergent under a study's definitions: intervals of days against spans of days.

An onset is an interval of possible days. What counts is a set of days of each participant, kept as spans that neither
overlap nor touch: the onset counts when any of its days lies in the set (partial onset: possible) or all of them do
(certain). Days are whole numbers, `BEFORE` and `AFTER` any day that a cut can hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pvtracker.studies.definitions import Days, Definitions

Ints = NDArray[np.int64]
Truths = NDArray[np.bool_]
BEFORE, AFTER = -(1 << 30), 1 << 30
WIDTH = 1 << 32  # of one participant in a number that holds participant and day


def day_numbers(days: pd.Series[pd.Timestamp], *, unknown: int) -> Ints:
    """Days since 1970, `unknown` where there is none."""
    values = days.to_numpy()
    numbers: Ints = values.astype("datetime64[D]").astype(np.int64)
    numbers[np.isnat(values)] = unknown
    return numbers


@dataclass(frozen=True, slots=True)
class Onsets:
    """When something began: `participant` is a row of the analysis set, `earliest` and `latest` its possible days,
    both BEFORE and AFTER when nothing is known. Every array has shape (n,)."""

    participant: Ints
    phase: NDArray[np.object_]
    earliest: Ints
    latest: Ints

    def take(self, rows: Truths) -> Onsets:
        return Onsets(self.participant[rows], self.phase[rows], self.earliest[rows], self.latest[rows])


@dataclass(frozen=True, slots=True)
class Given:
    """The exposures that count and have a day, by participant (row of the analysis set); `start` is BEFORE where not
    known. `first` and `last` are those of each participant, BEFORE and AFTER where not known."""

    participant: Ints
    intervention: NDArray[np.object_]
    phase: NDArray[np.object_]
    start: Ints
    end: Ints
    first: Ints
    last: Ints

    def take(self, rows: Truths) -> Given:
        return replace(
            self,
            participant=self.participant[rows],
            intervention=self.intervention[rows],
            phase=self.phase[rows],
            start=self.start[rows],
            end=self.end[rows],
        )


def counts(rules: Definitions, given: Given, onsets: Onsets) -> Truths:
    """Whether each onset counts, shape (n,)."""
    found = np.zeros(len(onsets.participant), dtype=bool)
    general = np.ones(len(found), dtype=bool)
    for phase, days in rules.phase_windows:
        of_phase = onsets.phase == phase
        general &= ~of_phase
        within = given.phase == phase
        exposed = np.isin(onsets.participant, given.participant[within])
        for rows, exposures in ((of_phase & exposed, given.take(within)), (of_phase & ~exposed, given)):
            found[rows] = _counts(rules, exposures, onsets.take(rows), days)
    others = onsets.take(general) if rules.phase_windows else onsets
    found[general] = _counts(
        rules, given, others, rules.emergent_window_days, own=dict(rules.intervention_windows)
    )
    found[onsets.earliest == BEFORE] = rules.unknown_onset == "counts"
    return found


def _counts(
    rules: Definitions, given: Given, onsets: Onsets, window: Days, own: Mapping[str, Days] | None = None
) -> Truths:
    """`own`: windows of interventions that have another one than `window`."""
    codes, which = np.unique(given.intervention.astype(str), return_inverse=True)
    lengths = [(own or {}).get(str(code), window) for code in codes]
    days = np.array([AFTER if length is None else length for length in lengths], dtype=np.int64)
    until = np.minimum(given.end + days[which.reshape(-1)], AFTER)
    if rules.re_exposure == "each":
        start, end, owner = _spans(given, until)
    else:
        chosen = _firsts(given) if rules.re_exposure == "first" else np.ones(len(until), dtype=bool)
        end = np.full(len(given.first), BEFORE)
        np.maximum.at(end, given.participant[chosen], until[chosen])
        end = np.where(end == BEFORE, AFTER, end)  # no exposure with a day: no end
        start, owner = given.first, np.arange(len(end))
    stop = AFTER if rules.follow_up_days is None else np.minimum(given.last + rules.follow_up_days, AFTER)
    stop = np.broadcast_to(stop, given.first.shape)
    end = np.minimum(end, stop[owner])
    whole = rules.partial_onset == "certain"
    if rules.re_exposure != "each":  # one span for each participant
        begin, finish = start[onsets.participant], end[onsets.participant]
        if whole:
            return (onsets.earliest >= begin) & (onsets.latest <= finish)
        return (onsets.latest >= begin) & (onsets.earliest <= finish)
    # The last span that begins no later than the onset's last day (first day) is the one that may hold it.
    deciding = onsets.earliest if whole else onsets.latest
    place = np.searchsorted(owner * WIDTH + start, onsets.participant * WIDTH + deciding, side="right") - 1
    there: Truths = (place >= 0) & (owner[np.maximum(place, 0)] == onsets.participant)
    there &= (onsets.latest if whole else onsets.earliest) <= end[np.maximum(place, 0)]
    return there


def _firsts(given: Given) -> Truths:
    """The first exposure of each participant to each intervention; of several on one day the longest."""
    start = np.where(given.start == BEFORE, AFTER, given.start)  # an unknown day comes last
    codes = np.unique(given.intervention.astype(str), return_inverse=True)[1].reshape(-1)
    order = np.lexsort((-given.end, start, codes, given.participant))
    pair = given.participant[order] * (codes.max(initial=0) + 1) + codes[order]
    first = np.zeros(len(order), dtype=bool)
    first[order[np.flatnonzero(np.diff(pair, prepend=-1))]] = True
    return first


def _spans(given: Given, until: Ints) -> tuple[Ints, Ints, Ints]:
    """First day, last day and participant of the spans that the windows of exposures make together, in order.

    An exposure of unknown start begins with the participant's first exposure. A participant without an exposure that
    has a day has one span without an end.
    """
    bare = np.setdiff1d(np.arange(len(given.first)), given.participant)
    owner = np.concatenate([given.participant, bare])
    begin = np.where(given.start == BEFORE, given.first[given.participant], given.start)
    begin = np.concatenate([begin, given.first[bare]])
    finish = np.maximum(np.concatenate([until, np.full(len(bare), AFTER)]), begin)
    order = np.lexsort((finish, begin, owner))
    owner, begin, finish = owner[order], begin[order], finish[order]
    # the latest end so far of the same participant: numbers of later participants are larger by WIDTH
    reach = np.maximum.accumulate(owner * WIDTH + finish)
    key = owner * WIDTH + begin
    new = np.ones(len(owner), dtype=bool)
    new[1:] = key[1:] > reach[:-1] + 1
    heads = np.flatnonzero(new)
    last = np.append(heads[1:], len(owner)) - 1
    return begin[heads], reach[last] - owner[last] * WIDTH, owner[heads]


def rises(course: str) -> list[tuple[int, int]]:
    """Between which days the recorded grade rose above every earlier one, from `day grade|day grade|…`."""
    found: list[tuple[int, int]] = []
    worst, before = 0, 0
    for place, record in enumerate(filter(None, course.split("|"))):
        day, _, grade = record.partition(" ")
        number = int(np.datetime64(day, "D").astype(np.int64))
        if place and int(grade) > worst:
            found.append((before, number))
        worst, before = max(worst, int(grade)), number
    return found


def worsened(
    rules: Definitions, given: Given, onsets: Onsets, *, courses: NDArray[np.object_], counted: Truths
) -> dict[int, int]:
    """Row → first possible day of the worsening, for conditions that began before first exposure, are not `counted`,
    and have a rise of the recorded grade that counts as an onset would."""
    began_before = onsets.latest < given.first[onsets.participant]
    rows, spans = [], []
    for row in np.flatnonzero(began_before & ~counted & (courses != "")):
        for span in rises(courses[row]):
            rows.append(row)
            spans.append(span)
    if not rows:
        return {}
    which = np.array(rows, dtype=np.int64)
    earliest, latest = np.array(spans, dtype=np.int64).T
    rose = Onsets(onsets.participant[which], onsets.phase[which], earliest, latest)
    kept = counts(rules, given, rose)
    found: dict[int, int] = {}
    for row, day in zip(which[kept].tolist(), earliest[kept].tolist(), strict=True):
        found.setdefault(row, day)
    return found
