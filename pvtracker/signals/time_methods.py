"""Statistics of a screening run that compare when the first events came: only in runs that name them.

Day 1 is the day of first exposure. A participant has the event, dies before it, or is censored at the end of follow-up;
an event of unknown day counts at the end of follow-up, as in the person-years of the row. Whoever has no first exposure
with a date is in none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pvtracker import stats
from pvtracker.cuts.data import CutData
from pvtracker.cuts.derive import DAYS_PER_YEAR, LEVELS, QUERY
from pvtracker.cuts.term_queries import Queries, matching
from pvtracker.signals.method import DAYS, POINTS, RATIO, Columns, Comparison, Method, Source, Threshold
from pvtracker.signals.run_definitions import DEFINITIONS
from pvtracker.stats.event_times import CENSORED, DEATH, EVENT
from pvtracker.stats.restricted_mean_time_lost import ONE_WITHOUT
from pvtracker.stats.results import BoolArray, FloatArray, IntArray
from pvtracker.stats.survival_results import CurveTest

EMPTY = "empty arm: nobody is followed in the arm or in the reference"
FOLLOWED = 10  # of each arm on the day of the difference of cumulative incidences
FEW = f"no number: fewer than {FOLLOWED} participants of the arm or of the reference are followed"
RULE = "Days from first exposure to the first event; an event of unknown day counts at the end of follow-up."


def with_deaths(data: CutData, people: pd.DataFrame) -> pd.DataFrame:
    """The analysis set with `died`: death ended the follow-up."""
    died = data.participants.set_index("subject")["died_on_earliest"].reindex(people["subject"])
    ended = pd.Series(people["follow_up_end"].to_numpy(), index=died.index)
    return people.assign(died=(died.notna() & (died <= ended)).to_numpy())


@dataclass(frozen=True, slots=True)
class FirstTimes:
    """Of one row: arrays of shape (participants of both arms,). `what`: 1 event, 2 death before it, 0 censored. `end`:
    of follow-up, whether they had the event or not."""

    time: FloatArray
    what: IntArray
    in_arm: BoolArray
    end: FloatArray


def first_times(source: Source) -> Iterator[FirstTimes]:
    """For each row of the comparison; time grows with participants times terms."""
    people, events = source.people, source.events
    arm = people["arm"].to_numpy()
    known = people["first_exposure"].notna().to_numpy()
    end = np.rint(people["follow_up_years"].to_numpy() * DAYS_PER_YEAR)
    died = people["died"].to_numpy(dtype=bool)
    whose = events["participant"].to_numpy(dtype=np.int64)
    day = events["day"].to_numpy(dtype=float) + 1
    day = np.where(np.isnan(day), end[whose], np.minimum(day, end[whose]))
    places = {
        (level, selection): _by_term(events, source.queries, level, selection)
        for level, selection in dict.fromkeys((level, selection) for level, _, selection, _ in source.labels)
    }
    for level, term, selection, name in source.labels:
        rows = places[level, selection][term]
        first = np.full(len(people), np.inf)
        np.minimum.at(first, whose[rows], day[rows])
        in_arm = np.isin(arm, source.arms.members(name))
        both = known & (in_arm | (arm == source.arms.reference))
        had = np.isfinite(first[both])
        what = np.where(had, EVENT, np.where(died[both], DEATH, CENSORED))
        yield FirstTimes(np.where(had, first[both], end[both]), what, in_arm[both], end[both])


def _by_term(events: pd.DataFrame, queries: Queries, level: str, selection: str) -> dict[str, IntArray]:
    """Positions of the chosen events of each term."""
    selected = events[selection].to_numpy(dtype=bool)
    if level == QUERY:
        return {name: np.flatnonzero(selected & matching(events, terms)) for name, terms in queries}
    chosen = np.flatnonzero(selected)
    terms = events[LEVELS[level]].to_numpy()[chosen]
    order = np.argsort(terms.astype(str), kind="stable")
    names, starts = np.unique(terms[order].astype(str), return_index=True)
    return dict(zip(names.tolist(), np.split(chosen[order], starts[1:]), strict=True))


Said = tuple[float, float, float, float, bool, str | None]  # estimate, low, high, p, more in the arm, warning


def _row_by_row(of: Callable[[FirstTimes], Said]) -> Callable[[Comparison], Columns]:
    def compute(c: Comparison) -> Columns:
        nothing = (np.nan, np.nan, np.nan, np.nan, False, EMPTY)
        said = [
            of(times) if times.in_arm.any() and not times.in_arm.all() else nothing
            for times in first_times(c.source)
        ]
        numbers = np.array([row[:4] for row in said], dtype=np.float64).reshape(-1, 4)
        more = np.array([row[4] for row in said], dtype=bool)
        warning = np.array([row[5] for row in said], dtype=object)
        adjusted = np.full(len(said), np.nan)
        return Columns(
            numbers[:, 0], numbers[:, 1], numbers[:, 2], numbers[:, 3], adjusted, warning, more=more
        )

    return compute


def _tested(found: CurveTest) -> Said:
    """More in the arm where it had more events than the test expected of it."""
    [arm] = np.flatnonzero(found.arm.astype(str) == "1")
    more = bool(found.observed[arm] > found.expected[arm])
    return np.nan, np.nan, np.nan, found.p, more, found.warning


def _log_rank(t: FirstTimes) -> Said:
    return _tested(stats.log_rank(t.time, t.what, t.in_arm.astype(int)))


def _gray(t: FirstTimes) -> Said:
    return _tested(stats.gray(t.time, t.what, t.in_arm.astype(int)))


def _cox(t: FirstTimes) -> Said:
    found = stats.cox(t.time, t.what, t.in_arm)
    numbers = (found.estimate[0], found.low[0], found.high[0], found.p_likelihood[0])
    estimate, low, high, p = (float(number) for number in numbers)
    return estimate, low, high, p, estimate > 1, found.warning[0]


def _time_lost(t: FirstTimes) -> Said:
    found = stats.restricted_mean_time_lost(t.time, t.what, t.in_arm)
    estimate, warning = float(found.estimate[2]), found.warning[2]
    too_narrow = warning == ONE_WITHOUT
    more = estimate > 0 and not too_narrow
    said = f"{warning}; never flagged" if too_narrow else warning
    return estimate, float(found.low[2]), float(found.high[2]), found.p, more, said


def _incidence(t: FirstTimes) -> Said:
    """On the last day on which so many of each arm are followed, which no event can move."""
    sides = t.end[t.in_arm], t.end[~t.in_arm]
    if min(map(len, sides)) < FOLLOWED:
        return np.nan, np.nan, np.nan, np.nan, False, FEW
    last = min(float(np.sort(end)[-FOLLOWED]) for end in sides)
    found = stats.incidence_difference(t.time, t.what, t.in_arm, [last])
    estimate = float(found.estimate[0])
    told = [f"on day {last:.0f}, the last on which {FOLLOWED} of each arm are followed", found.warning[0]]
    warning = "; ".join(text for text in told if text)
    return estimate, float(found.low[0]), float(found.high[0]), np.nan, estimate > 0, warning


METHODS = (
    Method(
        "log_rank",
        "Log-rank test",
        _row_by_row(_log_rank),
        "1",
        Threshold("p", 0.05),
        "log-rank.md",
        definition=f"{RULE} {DEFINITIONS['log_rank']}",
        default=False,
    ),
    Method(
        "gray",
        "Gray’s test, death competing",
        _row_by_row(_gray),
        "1",
        Threshold("p", 0.05),
        "gray.md",
        definition=f"{RULE} {DEFINITIONS['gray']}",
        default=False,
    ),
    Method(
        "cox",
        "Hazard ratio, Cox",
        _row_by_row(_cox),
        "1",
        Threshold("low", 1.0),
        "cox.md",
        1.0,
        RATIO,
        definition=f"{RULE} Death before the event censors. {DEFINITIONS['cox']}",
        default=False,
    ),
    Method(
        "time_lost",
        "Mean time lost to the event, difference",
        _row_by_row(_time_lost),
        "2",
        Threshold("low", 0.0),
        "restricted-mean-time-lost.md",
        0.0,
        DAYS,
        definition=f"{RULE} Death before the event competes with it; the horizon is the last day on which both arms "
        f"are observed. {DEFINITIONS['restricted_mean_time_lost']} Not flagged where the variance of an arm is 0.",
        default=False,
    ),
    Method(
        "incidence_difference",
        "Cumulative incidence, difference",
        _row_by_row(_incidence),
        "2",
        Threshold("low", 0.0),
        "incidence-difference.md",
        0.0,
        POINTS,
        definition=f"{RULE} Death before the event competes with it; on the last day on which {FOLLOWED} of "
        f"each arm are followed, whether they had the event or not. {DEFINITIONS['incidence_difference']}",
        default=False,
    ),
)
