"""Counting for tables: participants and events per group, the columns for them, differences between arms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pvtracker import stats
from pvtracker.reports.blocks import Cell, Column
from pvtracker.reports.snapshot import Group, Snapshot

Shares = list[list[int]]  # [n, N] per group
QUARTILES_NOTE = "Quartiles by definition 2 of Hyndman and Fan (1996)."


def n_key(group: Group) -> str:
    """The column key of participants of a group."""
    return f"n_{group.key}"


def heading(group: Group, size: int) -> str:
    return f"{group.name} (N={size:,})"


def share_columns(snapshot: Snapshot, *, of: str = "treated") -> list[Column]:
    """One n/N column per group; `of` is the denominator, treated or enrolled."""
    return [
        Column(n_key(group), heading(group, getattr(group, of)), "n_of", weight=1.2)
        for group in snapshot.groups
    ]


def share_and_event_columns(snapshot: Snapshot, groups: Sequence[Group] | None = None) -> list[Column]:
    """Per group n/N and the number of events."""
    made = []
    for group in snapshot.groups if groups is None else groups:
        made.append(Column(n_key(group), heading(group, group.treated), "n_of", weight=1.2))
        made.append(Column(f"events_{group.key}", "Events", "count", weight=0.6))
    return made


def difference_columns(snapshot: Snapshot, active: Sequence[Group] | None = None) -> list[Column]:
    """Per active arm the difference from the reference in percentage points; none in a pooled report."""
    arms = snapshot.active if active is None else active
    return [
        Column(
            f"difference_{arm.key}",
            f"{arm.name} − {snapshot.reference_name}, points [95 %]" if len(snapshot.active) > 1
            else "Difference, points [95 %]",
            "interval",
            weight=1.5,
        )
        for arm in arms
    ]  # fmt: skip


def participants_with(snapshot: Snapshot, events: pd.DataFrame) -> Shares:
    """Per group how many treated participants have at least one of these events, of how many."""
    known = events.loc[events["arm"] >= 0, ["participant", "arm"]].drop_duplicates("participant")
    counted = np.bincount(known["arm"].to_numpy(dtype=np.int64), minlength=len(snapshot.groups))
    return [[int(counted[group.index]), group.treated] for group in snapshot.groups]


def events_in(snapshot: Snapshot, events: pd.DataFrame) -> list[int]:
    """Per group how many events."""
    arms = events.loc[events["arm"] >= 0, "arm"].to_numpy(dtype=np.int64)
    return [int(n) for n in np.bincount(arms, minlength=len(snapshot.groups))[: len(snapshot.groups)]]


def enrolled_with(snapshot: Snapshot, chosen: pd.Series[bool]) -> Shares:
    """Per group how many enrolled participants are chosen (a truth per row of `enrolled`), of how many."""
    arms = snapshot.enrolled.loc[chosen.to_numpy(dtype=bool), "arm"]
    return [[int((arms == group.index).sum()), group.enrolled] for group in snapshot.groups]


def treated_with(snapshot: Snapshot, subjects: Any) -> Shares:
    """Per group how many treated participants are among these subjects, of how many."""
    arms = snapshot.people.loc[snapshot.people["subject"].isin(subjects), "arm"]
    return [[int((arms == group.index).sum()), group.treated] for group in snapshot.groups]


def differences(snapshot: Snapshot, rows: Sequence[Shares]) -> list[list[Cell]]:
    """Per row the difference of each active arm from the reference with Miettinen–Nurminen limits, in points."""
    reference = snapshot.reference
    if reference is None or not rows:
        return [[] for _ in rows]
    counted = np.array(rows, dtype=np.int64)  # (rows, groups, 2)
    made: list[list[Cell]] = [[] for _ in rows]
    for arm in snapshot.active:
        n_arm, N_arm = counted[:, arm.index].T
        n_ref, N_ref = counted[:, reference.index].T
        found = stats.risk_difference_mn(n_arm, N_arm, n_ref, N_ref)
        for place, cells in enumerate(made):
            cells.append([points(found.estimate[place]), points(found.low[place]), points(found.high[place])])
    return made


def points(fraction: float | None) -> float | None:
    """A fraction in percentage points; None for a number that does not exist."""
    if fraction is None or not np.isfinite(fraction):
        return None
    return round(float(fraction) * 100, 6)


def with_events(shares: Shares, events: Sequence[int]) -> list[Cell]:
    """The cells of `share_and_event_columns`."""
    return [cell for share, count in zip(shares, events, strict=True) for cell in (share, count)]


def quartiles(values: Any) -> list[float | None]:
    """[median, lower quartile, upper quartile]; nothing of nothing."""
    numbers = np.asarray(pd.Series(values).dropna(), dtype=float)
    if not len(numbers):
        return [None, None, None]
    # definition 2 of Hyndman and Fan (1996), as SAS computes by default
    found = np.quantile(numbers, [0.5, 0.25, 0.75], method="averaged_inverted_cdf")
    return [round(float(value), 6) for value in found]


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a frame, their values under the names of the columns."""
    return list(frame.itertuples(index=False))


def capitals(text: str) -> str:
    """Words delivered in capitals as a reader writes them: “Black or African American”."""
    if not text.isupper() or len(text) <= 3:
        return text
    small = {"or", "of", "and", "the", "by", "to"}
    words = text.lower().split()
    return " ".join(
        word if place and word in small else word.capitalize() for place, word in enumerate(words)
    )


def spoken(shares: Shares, groups: Sequence[Group]) -> str:
    """“5 of 74 participants”, or “5 of 38 with OZ1 and 3 of 36 with Placebo”."""
    if len(groups) == 1:
        return f"{shares[0][0]:,} of {shares[0][1]:,} participants"
    return joined(
        f"{n:,} of {total:,} with {group.name}" for (n, total), group in zip(shares, groups, strict=True)
    )


def joined(items: Any) -> str:
    """“a”, “a and b”, “a, b and c”."""
    listed = list(items)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
