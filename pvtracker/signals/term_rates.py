"""Rates of one term on its page: the hazard within each period of the trial, and how often the event repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pvtracker import stats
from pvtracker.cuts import derive
from pvtracker.cuts.derive import DAYS_PER_YEAR
from pvtracker.cuts.periods import periods_of
from pvtracker.lib.rounding import MISSING
from pvtracker.signals.cells import (
    Cell,
    cell,
    column,
    estimate_cell,
    estimate_column,
    fixed_cell,
    p_cell,
    text_column,
    words,
)
from pvtracker.signals.labels import period_label
from pvtracker.signals.numerators import Emergent

if TYPE_CHECKING:
    from pvtracker.signals.models import Result

PERIODS, REPEATED = "period-rates", "repeated-events"
PER_100 = "per 100 person-years"
BY_PERIOD = (
    "First events within each period, the participant’s own, per 100 person-years until the first event. The periods "
    "are the phases that the definitions name."
)
BY_EVENTS = (
    "Every event counted, per 100 person-years of follow-up; events of one participant may come together."
)


@dataclass(frozen=True, slots=True)
class Hazards:
    """First events and person-years until them within each period, in the arm and in the reference; `undated`:
    participants whose events are all of unknown day, who count as without one."""

    names: tuple[str, ...]
    entered: tuple[NDArray[np.int64], NDArray[np.int64]]
    events: tuple[NDArray[np.int64], NDArray[np.int64]]
    years: tuple[NDArray[np.float64], NDArray[np.float64]]
    undated: int
    rule: str = ""  # which day is in which period


def in_words(windows: Sequence[tuple[str, int | None]]) -> str:
    """Which day is in which period, as `cuts.periods` has it."""
    each = (
        f"{period_label(phase)}, to the end of follow-up"
        if days is None
        else f"{period_label(phase)}, to {days} days after its end"
        for phase, days in windows
    )
    return (
        f"A period runs from the first day of each exposure in its phase: {'; '.join(each)}. A day in two belongs to "
        "the exposure that began last."
    )


def hazards(
    of: Emergent, *, level: str, selection: str, term: str, arm: str, reference: str
) -> Hazards | None:
    """None where the study's definitions name no phase."""
    periods = periods_of(of.data, of.people)
    if periods is None:
        return None
    events = of.chosen(level=level, selection=selection, term=term)
    whose, day = events["participant"].to_numpy(dtype=np.int64), events["day"].to_numpy(dtype=float)
    length = np.diff(periods.start)
    never = np.iinfo(np.int64).max
    first = np.full(len(length), never)
    dated = ~np.isnan(day)
    np.minimum.at(first, whose[dated], day[dated].astype(np.int64))
    had = first < length
    observed = np.where(had, first + 1, length)  # days, that of the event with them
    within = np.arange(len(periods.period)) - np.repeat(periods.start[:-1], length)
    person = np.repeat(np.arange(len(length)), length)
    counted = within < observed[person]
    event_in = np.zeros(len(length), dtype=np.int64)
    event_in[had] = periods.period[periods.start[:-1][had] + first[had]]
    of_arm = of.people["arm"].to_numpy()
    sides = [np.isin(of_arm, of.arms.members(side)) for side in (arm, reference)]
    size = len(periods.names)

    def by_period(places: Any) -> NDArray[np.int64]:
        return np.bincount(places, minlength=size).astype(np.int64)

    days, entered, came = [], [], []
    for side in sides:
        mine = counted & side[person]
        days.append(by_period(periods.period[mine]))
        each = np.unique(person[mine] * size + periods.period[mine].astype(np.int64)) % size
        entered.append(by_period(each))
        came.append(by_period(event_in[had & side]))
    unknown = np.setdiff1d(whose[~dated], whose[dated])
    return Hazards(
        periods.names,
        (entered[0], entered[1]),
        (came[0], came[1]),
        (days[0] / DAYS_PER_YEAR, days[1] / DAYS_PER_YEAR),
        int((sides[0] | sides[1])[unknown].sum()),
        in_words(derive.rules_of(of.data).phase_windows),
    )


def repeated(
    of: Emergent, *, level: str, selection: str, term: str, arm: str, reference: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]] | None:
    """Events and years of follow-up of each participant of both arms who was followed, and 1 for those of the arm; None
    where nobody has more than one."""
    events = of.chosen(level=level, selection=selection, term=term)
    each = np.bincount(events["participant"].to_numpy(dtype=np.int64), minlength=len(of.people))
    years = of.people["follow_up_years"].to_numpy(dtype=float)
    own, other = (np.isin(of.people["arm"].to_numpy(), of.arms.members(side)) for side in (arm, reference))
    kept = (own | other) & (years > 0)
    if not (each[kept] > 1).any():
        return None
    return each[kept].astype(np.int64), years[kept], own[kept].astype(np.int64)


def rates_of(of: Emergent, row: Result, *, inference: bool) -> list[dict[str, Any]]:
    """What the page shows of a row's term: each {key, title, lead, table, page}."""
    asked = {name: getattr(row, name) for name in ("level", "selection", "term", "arm", "reference")}
    parts = []
    found = hazards(of, **asked)
    if found is not None:
        parts.append(
            {
                "key": PERIODS,
                "title": "Hazard by period",
                "lead": BY_PERIOD,
                "table": periods_table(found, row.arm, row.reference, inference=inference),
                "page": "hazard-by-period.md",
            }
        )
    numbers = repeated(of, **asked)
    if numbers is not None:
        parts.append(
            {
                "key": REPEATED,
                "title": "Repeated events",
                "lead": BY_EVENTS,
                "table": repeated_table(*numbers, row.arm, row.reference, inference=inference),
                "page": "negative-binomial.md",
            }
        )
    return parts


def _columns(
    *own: dict[str, Any], limits: bool, inference: bool, dispersion: bool = False
) -> list[dict[str, Any]]:
    """A row for each arm; that of the active one has the ratio. `limits`: of the rates."""
    return [
        *own,
        column("Events in years", "Events", "Person-years"),
        estimate_column("Per 100 years", PER_100, limits=limits),
        estimate_column("Rate ratio", "rate ratio", limits=inference),
        *([column("p", "p")] if inference else []),
        *([column("Dispersion", "Dispersion")] if inference and dispersion else []),
    ]


def _counted(events: Any, years: Any) -> Cell:
    return cell(f"{int(events)} in {float(years):.2f}", int(events), float(years))


def _blank(columns: Sequence[dict[str, Any]], cells: Sequence[Cell]) -> list[Cell]:
    """The cells of the reference, without a ratio."""
    return [*cells, *(cell("", *([None] * len(one["fields"]))) for one in columns[len(cells) :])]


def periods_table(found: Hazards, arm: str, reference: str, *, inference: bool) -> dict[str, Any]:
    """Two rows for each period."""
    rates = [stats.incidence_rate_exact(x, t) for x, t in zip(found.events, found.years, strict=True)]
    (x1, x0), (t1, t0) = found.events, found.years
    ratio = stats.rate_ratio_exact(x1, t1, x0, t0)
    columns = _columns(
        *map(text_column, ("Period", "Arm")),
        column("In the period", "Participants in the period"),
        limits=inference,
        inference=inference,
    )
    rows: list[dict[str, Any]] = []
    for at, name in enumerate(found.names):
        for side, label in enumerate((arm, reference)):
            entered = int(found.entered[side][at])
            cells: list[Cell] = [
                *map(words, (period_label(name), label)),
                cell(str(entered), entered),
                _counted(found.events[side][at], found.years[side][at]),
                _estimate(_of(rates[side], at, 100), 1, inference=inference),
            ]
            if side == 0:
                cells.append(_estimate(_of(ratio, at), 2, inference=inference))
                cells += [p_cell(_known(ratio.p[at]))] if inference else []
            rows.append({"cells": _blank(columns, cells)})
        rows[-1]["warning"] = ratio.warning[at] if inference else None
    undated = (
        f" Participants whose events are all of unknown day, counted here as without one: {found.undated}."
        if found.undated
        else ""
    )
    limits = " Exact limits; not adjusted for the number of periods." if inference else ""
    return {
        "caption": "First events by period",
        "columns": columns,
        "rows": rows,
        "note": f"{found.rule} In a later period are those who had no event before: its ratio compares survivors, not "
        f"the randomised arms.{limits}{undated}",
        "empty": "",
    }


def repeated_table(
    events: NDArray[np.int64],
    years: NDArray[np.float64],
    in_arm: NDArray[np.int64],
    arm: str,
    reference: str,
    *,
    inference: bool,
) -> dict[str, Any]:
    """Both rates and their ratio under one dispersion."""
    found = stats.rate_ratio_negative_binomial(events, years, in_arm)
    columns = _columns(
        text_column("Arm"),
        column("More than one, of those with it", "With more than one", "With it"),
        limits=False,
        inference=inference,
        dispersion=True,
    )
    rows: list[dict[str, Any]] = []
    for side, label, rate in ((1, arm, found.rate_arm), (0, reference, found.rate_ref)):
        own, time = events[in_arm == side], years[in_arm == side]
        more, had = int((own > 1).sum()), int((own > 0).sum())
        cells: list[Cell] = [
            words(label),
            cell(f"{more} of {had}", more, had),
            _counted(own.sum(), time.sum()),
            fixed_cell(_known(100 * rate), 1),
        ]
        if side:
            cells.append(_estimate((found.ratio, found.low, found.high), 2, inference=inference))
            cells += [p_cell(_known(found.p)), fixed_cell(_known(found.dispersion), 2)] if inference else []
        rows.append({"cells": _blank(columns, cells)})
    rows[-1]["warning"] = found.warning if inference else None
    return {
        "caption": "All events, repeated ones counted",
        "columns": columns,
        "rows": rows,
        "note": "Rates and ratio by a negative binomial model, which holds one participant’s many events against the "
        "weight of the others’ few." + (" Profile-likelihood limits." if inference else ""),
        "empty": "",
    }


def _known(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _estimate(ends: Sequence[Any], digits: int, *, inference: bool) -> Cell:
    """An estimate with its limits where they are shown; what is without limit is no number of a file."""
    made = estimate_cell(*map(_known, ends), digits=digits, limits=inference)
    if np.isnan(ends[0]) and np.isnan(ends[1]):
        made["text"] = MISSING
    return {**made, "values": tuple(None if one is None or np.isinf(one) else one for one in made["values"])}


def _of(found: Any, at: int, factor: float = 1.0) -> list[float]:
    return [factor * float(getattr(found, name)[at]) for name in ("estimate", "low", "high")]
