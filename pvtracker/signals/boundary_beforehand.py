"""What a boundary of a plan does, told before the first look from what the plan says alone. Pure.

Nothing of it comes from data: where a kind needs what no plan says, that is told in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from pvtracker import stats
from pvtracker.lib.rounding import fixed
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
from pvtracker.signals.boundary_reach import never_crossed, pools_without
from pvtracker.signals.boundary_sequential import z_bounds

DRIFTS = (0.0, 1.0, 2.0, 3.0, 4.0)
AFTER_EACH_EVENT = "Exact, looked at after every event"
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
    """Of a boundary of a plan; `arms` besides the reference, of which an allocation says each one's share. Where there
    is nothing to tell the note says why, also of what was signed when plans were not refused for it."""
    pools = pools_without(design, arms, reference)
    if not design.allocation:
        told = _what_it_does(design)
        return replace(told, note=f"{told.note}. {pools}") if pools and told.lines else told
    lines, missing, notes = [], [], [AFTER_EACH_EVENT]
    for arm in arms:
        own = against_reference(design, [arm], reference)
        if own.part is None:
            missing.append(arm)
            continue
        told = _what_it_does(own)
        lines += [(f"{arm}, {fixed(100 * own.part, 1)} %", does) for _, does in told.lines]
        if not told.lines:
            notes.append(f"{arm}: {told.note}")
    if missing or not arms:
        notes.append(
            "Of arms that the study does not name yet, or the allocation does not, nothing can be told"
        )
    if pools and not missing:
        notes.append(pools)
    return Beforehand(RATIO, "Mean events until the end", tuple(lines), ". ".join(notes))


def _what_it_does(design: Design) -> Beforehand:
    """What is told of a design with one share; without lines where nothing can cross, or it cannot be computed."""
    for said in never_crossed(design).values():
        return Beforehand(RATIO, "", (), said.removesuffix("."))
    try:
        return _told(design)
    except ValueError as fault:
        return Beforehand(RATIO, "", (), f"Nothing can be told: {fault}")


@lru_cache(maxsize=128)
def _told(design: Design) -> Beforehand:
    if design.kind in GROUP_SEQUENTIAL:
        return _group_sequential(design)
    if design.kind == "maxsprt":
        does = sprt_does(design.planned, design.part or 0.5, design.alpha)
        return Beforehand(RATIO, "Mean events until the end", (("", does),), AFTER_EACH_EVENT)
    if design.kind == "cmaxsprt":
        does = conditional_does(design)
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
