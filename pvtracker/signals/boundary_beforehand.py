"""What a boundary of a plan does, told before the first look from what the plan says alone. Pure.

Nothing of it comes from data: where a kind needs what no plan says, that is told in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from pvtracker import stats
from pvtracker.signals.boundaries import conditional_does, counted_out, sprt_does, stopping_rule
from pvtracker.signals.boundary_design import (
    GROUP_SEQUENTIAL,
    RATE_RATIO,
    RATIO,
    RISK,
    Design,
    Does,
    against_reference,
)
from pvtracker.signals.boundary_sequential import z_bounds

DRIFTS = (0.0, 1.0, 2.0, 3.0, 4.0)
MOST_LOOKS_TOLD = 400  # of beta-binomial stopping: more take seconds
NO_RATIO = (
    "By the normal approximation. Which risk or rate ratio has such an expected z depends on the reference’s risk and "
    "the size of the arms, which the plan does not say; the page of the term tells it from the first look on"
)


@dataclass(frozen=True, slots=True)
class Beforehand:
    """A line per arm (or '' where all are alike) and truth; `mean` is what the last number of a line is a mean of, ''
    where there is none."""

    truth: str
    mean: str
    lines: tuple[tuple[str, Does], ...]
    note: str


def beforehand(design: Design, arms: Sequence[str], reference: str) -> Beforehand:
    """Of a boundary of a plan; `arms` besides the reference, of which an allocation says each one's share."""
    if not design.allocation:
        return _told(design)
    lines, missing = [], []
    for arm in arms:
        own = against_reference(design, [arm], reference)
        if own.part is None:
            missing.append(arm)
        else:
            lines += [(f"{arm}, {100 * own.part:.1f} %", does) for _, does in _told(own).lines]
    note = _told(replace(design, part=0.5)).note
    if missing or not arms:
        note += ". Of arms that the study does not name yet, or the allocation does not, nothing can be told"
    return Beforehand(RATIO, "Mean events until the end", tuple(lines), note)


@lru_cache(maxsize=128)
def _told(design: Design) -> Beforehand:
    if design.kind in GROUP_SEQUENTIAL:
        return _group_sequential(design)
    if design.kind == "maxsprt":
        does = sprt_does(design.planned, design.part or 0.5, design.alpha)
        return Beforehand(
            RATIO, "Mean events until the end", (("", does),), "Exact, looked at after every event"
        )
    if design.kind == "cmaxsprt":
        does = conditional_does(design.history_events, design.planned, design.alpha)
        return Beforehand(RATE_RATIO, "", (("", does),), "Exact, looked at whenever an event comes")
    often, looks = "every participant", None
    if design.kind == "beta_binomial" and design.planned > MOST_LOOKS_TOLD:
        every = -(-design.planned // MOST_LOOKS_TOLD)
        often, looks = f"every {every} participants", (*range(every, design.planned, every), design.planned)
    rule = stopping_rule(design, looks)
    does = counted_out(design, rule.participants.tolist(), rule.events.tolist())
    return Beforehand(
        RISK, "Mean participants until the end", (("", does),), f"Exact, looked at after {often}"
    )


def _group_sequential(design: Design) -> Beforehand:
    looks = design.looks or 1
    times = np.arange(1, looks + 1) / looks
    z = z_bounds(times, times, design)
    told = []
    for drift in DRIFTS:
        found = stats.group_sequential_crossing(times, z, drift=drift)
        told.append((drift, float(found.above.sum()), found.expected_fraction))
    bounds = ", ".join("none" if np.isinf(one) else f"{one:.2f}" for one in z)
    if design.looks:
        note = f"{looks} look{'s' if looks > 1 else ''}, evenly spaced, at z {bounds}. {NO_RATIO}"
    else:
        note = f"The plan does not say how many looks are planned: the planned end alone, at z {bounds}. {NO_RATIO}"
    return Beforehand(
        "Expected z at the planned end", "Mean share of the information", (("", tuple(told)),), note
    )
