"""The curves of one term by arm: pure functions from its times to points and to the table beside the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pvtracker import stats
from pvtracker.signals.times import ARM, REFERENCE, Times

DAYS_PER_WEEK = 7
SIDES = (REFERENCE, ARM)  # in the order of the colours
MOST_STEPS = 240  # of a curve: more are no picture
MOST_TICKS = 7
STEPS = (1, 2, 4, 8, 13, 26, 52, 104, 208, 416, 832)  # weeks between two times of the table


@dataclass(frozen=True, slots=True)
class Point:
    """A curve from this week on, with its limits; None where a number does not exist."""

    week: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A side at one time of the table: still followed (and without the event, where the curve is of the first), events
    and deaths up to and with it, and the curve; side '' is the difference of both."""

    side: str
    week: int
    at_risk: int
    events: int
    deaths: int | None  # where they are not told apart from other ends of follow-up
    point: Point | None


@dataclass(frozen=True, slots=True)
class Curves:
    """By side the points of the curve, and the table under it."""

    points: dict[str, list[Point]]
    marks: list[Mark]
    remarks: tuple[str, ...] = ()


def ticks(days: NDArray[np.int64]) -> list[int]:
    """Weeks at which the table stands: from 0 in equal steps to the longest of these times."""
    last = int(days.max(initial=0)) / DAYS_PER_WEEK
    step = next((step for step in STEPS if last / step <= MOST_TICKS), STEPS[-1])
    return list(range(0, int(last) + 1, step))


def first_events(times: Times) -> Curves:
    """Share with the event, death competing (Aalen–Johansen), with 95 % limits."""
    weeks = ticks(times.time)
    points: dict[str, list[Point]] = {}
    marks: list[Mark] = []
    remarks: list[str] = []
    for side in SIDES:
        mine = times.in_arm == (side == ARM)
        if not mine.any():
            points[side] = []
            continue
        time, what = times.time[mine], times.what[mine]
        days = np.array(weeks) * DAYS_PER_WEEK
        # limits widen while the curve is level, so they are read at the times of the table, too
        steps = np.union1d(_grid(time[what == 1], time), days[days <= time.max()])
        found = stats.aalen_johansen(time, what, at=steps)
        points[side] = _from_zero(_each(found.time, found.estimate, found.low, found.high))
        counted = stats.participants_at_risk(time, what, days)
        at = stats.aalen_johansen(time, what, at=days)
        shown = _each(at.time, at.estimate, at.low, at.high)
        marks += _marks(side, weeks, counted.at_risk, counted.events, counted.deaths, shown)
        if found.dead[-1] > 0:
            remarks.append(f"{100 * found.one_minus_km[-1]:.1f} % by one minus Kaplan–Meier {_at(side)}")
    return Curves(points, marks, tuple(remarks))


def mean_events(times: Times) -> Curves:
    """Mean number of events of a participant, repeated ones counted, with 95 % limits."""
    weeks = ticks(times.end)
    days = np.array(weeks) * DAYS_PER_WEEK
    points: dict[str, list[Point]] = {}
    marks: list[Mark] = []
    for side in SIDES:
        end, who, when = times.of(side)
        if not len(end):
            points[side] = []
            continue
        steps: list[Point | None] = []
        if len(when):
            found = stats.mean_cumulative(end, who, when)
            steps = _each(found.time, found.mean, found.low, found.high)
        curve = _from_zero(steps)
        last = curve[-1]
        whole = [*curve, Point(float(end.max()) / DAYS_PER_WEEK, last.value, last.low, last.high)]
        shown = [
            _read(whole, week) for week in weeks
        ]  # the table reads every step, the picture has some of them
        kept = {id(point) for point in shown} | {id(whole[place]) for place in _thinned(len(whole))}
        points[side] = [point for point in whole if id(point) in kept]
        at_risk = [int((end >= day).sum()) for day in days]
        events = [int((when <= day).sum()) for day in days]
        marks += _marks(side, weeks, at_risk, events, [None] * len(weeks), shown)
    return Curves(points, marks)


def difference(times: Times) -> Curves:
    """Mean events of a participant in the arm minus those in the reference, with 95 % limits, while both are
    followed."""
    weeks = ticks(times.end)
    if not (len(times.when) and times.in_arm.any() and not times.in_arm.all()):
        return Curves({ARM: []}, [])
    both = min(int(times.end[times.in_arm].max()), int(times.end[~times.in_arm].max()))
    days = [week * DAYS_PER_WEEK for week in weeks if week * DAYS_PER_WEEK <= both]
    # every time of the table is a point: between two points of a thinned curve it would be read too early
    at = np.union1d(_grid(times.when[times.when <= both], np.array([both])), days[1:]).astype(np.int64)
    found = stats.mean_cumulative_difference(
        times.end, times.in_arm.astype(int), times.who, times.when, at=at
    )
    points = _from_zero(_each(found.time, found.difference, found.low, found.high))
    marks = [
        Mark(side, day // DAYS_PER_WEEK, int((end >= day).sum()), int((when <= day).sum()), None, None)
        for side in SIDES
        for end, _, when in [times.of(side)]
        for day in days
    ]
    marks += [Mark("", day // DAYS_PER_WEEK, 0, 0, None, _read(points, day / DAYS_PER_WEEK)) for day in days]
    return Curves({ARM: points}, marks)


def _grid(steps: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct times at which a curve steps, at most MOST_STEPS of them, and its end."""
    distinct = np.unique(steps)
    return np.union1d(distinct[_thinned(len(distinct))], [ends.max()])


def _thinned(count: int) -> NDArray[np.int64]:
    """Positions of at most MOST_STEPS of so many steps, first and last among them."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, MOST_STEPS)).round().astype(np.int64))


def _each(time: Any, value: Any, low: Any, high: Any) -> list[Point | None]:
    made: list[Point | None] = []
    for day, *numbers in zip(np.asarray(time).tolist(), value, low, high, strict=True):
        estimate, *limits = (float(number) if np.isfinite(number) else None for number in numbers)
        made.append(None if estimate is None else Point(day / DAYS_PER_WEEK, estimate, *limits))
    return made


def _from_zero(points: list[Point | None]) -> list[Point]:
    known = [point for point in points if point is not None]
    return known if known and known[0].week == 0 else [Point(0.0, 0.0, None, None), *known]


def _read(points: list[Point], week: float) -> Point | None:
    """The curve at a week; None beyond its end."""
    if not points or week > points[-1].week:
        return None
    return next(point for point in reversed(points) if point.week <= week)


def _marks(
    side: str, weeks: list[int], at_risk: Any, events: Any, deaths: Any, shown: list[Point | None]
) -> list[Mark]:
    return [
        Mark(side, week, int(n), int(had), None if dead is None else int(dead), point)
        for week, n, had, dead, point in zip(weeks, at_risk, events, deaths, shown, strict=True)
    ]


def _at(side: str) -> str:
    return "in the arm" if side == ARM else "in the reference"
