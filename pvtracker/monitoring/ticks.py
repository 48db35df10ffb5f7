"""Where a time axis has its labels: at months, each once; where the days hold fewer than two of those, at the days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

MONTH, DAY = "%b %Y", "%-d %b %Y"


def ticks(days: Iterable[date]) -> tuple[list[date], str]:
    """The days at which labels stand, and how a label is written; no two labels are alike."""
    known = sorted(set(days))
    months = [
        date(month // 12, month % 12 + 1, 1)
        for first, last in pairwise([known[0], known[-1]] if known else [])
        for month in range(first.year * 12 + first.month - (first.day == 1), last.year * 12 + last.month)
    ]
    return (months, MONTH) if len(months) > 1 else (known, DAY)
