"""Where the definitions changed that pooled counts rest on: a line over the cuts ends there, and another begins."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import pairwise

from pvtracker.cuts.queries import stated_of
from pvtracker.monitoring.models import Look
from pvtracker.studies.definition_text import value_text
from pvtracker.studies.definitions import HELP

# What says who is held against whom, and how, changes no count of all arms together; a set has its own terms.
NOT_POOLED = {
    *("analysis_arm", "crossover", "pools", "strata", "age_groups"),
    *("special_interest", "queries"),
}
COUNTED_BY = tuple(name for name in HELP if name not in NOT_POOLED)
UNREADABLE = "definitions that cannot be read, of which nobody can say that they are the same"


def lines(looks: Sequence[Look]) -> list[int]:
    """Of each look which line it is on: a new one wherever the look before was counted otherwise."""
    on = [0] if looks else []
    for before, after in pairwise(looks):
        on.append(on[-1] + bool(_differing(before, after)))
    return on


def said(looks: Sequence[Look]) -> dict[uuid.UUID, str]:
    """Of each look (its id) that begins another line, what changed, in words; {} where all were counted alike."""
    return {
        after.id: "; ".join(changed)
        for before, after in pairwise(looks)
        if (changed := _differing(before, after))
    }


def _differing(before: Look, after: Look) -> list[str]:
    was, now = stated_of(before.cut), stated_of(after.cut)
    if was is None or now is None:  # two that cannot be read need not be alike
        return [UNREADABLE]
    return [_changed(name, was[name], now[name]) for name in COUNTED_BY if was[name] != now[name]]


def _changed(name: str, was: object, now: object) -> str:
    label, then, since = HELP[name][0], value_text(name, was), value_text(name, now)
    return f"“{label}” was: {then}; is: {since}" if then != since else f"“{label}” names others"
