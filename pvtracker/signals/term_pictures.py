"""When the events of one term came: each picture with its words, its table and the key of its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pvtracker.signals import curve_charts, curves, term_tables
from pvtracker.signals.curves import Curves
from pvtracker.signals.models import Result
from pvtracker.signals.numerators import Emergent
from pvtracker.signals.times import ARM, REFERENCE, Times, times_of

NOTHING = "Nothing to draw: nobody of one of the arms was followed from a known day."


@dataclass(frozen=True, slots=True)
class _Picture:
    key: str
    title: str
    description: str
    found: Curves
    sides: dict[str, str]
    axis: list[str]
    note: str
    percent: bool = False


def pictures_of(of: Emergent, row: Result, *, inference: bool) -> list[dict[str, Any]]:
    """The pictures of the time course of a row's term, each as `signals/parts/curve.html` shows it; `spec` is None
    where there is nothing to draw. Without inference they have no limits."""
    times = times_of(
        of,
        level=row.level,
        selection=row.selection,
        term=row.term,
        arm=row.arm,
        reference=row.reference,
    )
    return [_shown(picture, row, times, inference=inference) for picture in _pictures(times, row, inference)]


def _pictures(times: Times, row: Result, inference: bool) -> list[_Picture]:
    both = {REFERENCE: row.reference, ARM: row.arm}
    first = curves.first_events(times)
    band = ", with 95 % limits at each time" if inference else ""
    too_large = f" Too large where people die: {'; '.join(first.remarks)}." if first.remarks else ""
    return [
        _Picture(
            "first-events",
            "Time to the first event",
            f"Share of participants with the event, death competing (Aalen–Johansen){band}.",
            first,
            both,
            ["% of participants", "with the event"],
            "Still followed: alive, under observation and without the event just before the time."
            + (" Limits on the scale log(−log)." if inference else "")
            + too_large,
            percent=True,
        ),
        _Picture(
            "mean-events",
            "Mean cumulative events",
            f"Events of a participant so far, repeated ones counted, on average{band}.",
            curves.mean_events(times),
            both,
            ["Events per participant"],
            "Limits by a variance that holds however events of one participant depend on each other."
            if inference
            else "",
        ),
        _Picture(
            "difference",
            "Difference of the mean cumulative events",
            f"Events per participant with {row.arm} minus those with {row.reference}, while both are followed{band}. "
            "Where the line rises the arm gains events, where it is level both gain alike. Nothing is tested here.",
            curves.difference(times),
            {ARM: row.arm},
            ["Difference,", "events per participant"],
            "Limits hold at one time each, not for the whole line." if inference else "",
        ),
    ]


def _shown(picture: _Picture, row: Result, times: Times, *, inference: bool) -> dict[str, Any]:
    drawn = any(picture.found.points.values())
    unknown = f" Of unknown day, counted at the end of follow-up: {times.unknown}." if times.unknown else ""
    spec = curve_charts.curves(
        picture.found,
        names=picture.sides,
        followed=None if len(picture.sides) > 1 else {REFERENCE: row.reference, ARM: row.arm},
        title=picture.axis,
        percent=picture.percent,
        limits=inference,
    )
    table = term_tables.curve_table(
        picture.found,
        caption=picture.title,
        names={REFERENCE: row.reference, ARM: row.arm, "": f"{row.arm} − {row.reference}"},
        note=picture.note + unknown,
        percent=picture.percent,
        inference=inference,
    )
    return {
        "key": picture.key,
        "title": picture.title,
        "description": picture.description if drawn else NOTHING,
        "spec": spec if drawn else None,
        "table": table,
        "left_out": times.left_out,
    }
