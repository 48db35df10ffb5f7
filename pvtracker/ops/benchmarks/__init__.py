"""Benchmarks: one file each with `run(installation) -> Measurement`, one line each in BENCHMARKS.

A figure alone says little on a shared machine, so each names a peer that does the same work in the same run where one
can be had, and quotes the ratio.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured: seconds of ours and of the peer (None where no peer installs), and what both did."""

    what: str
    seconds: float
    peer: str = ""
    peer_seconds: float | None = None
    goal: str = ""
    more: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times as long the peer takes; above 1 we are faster."""
        return None if self.peer_seconds is None else self.peer_seconds / self.seconds


def best_of(times: int, work: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs: what the machine can do when nobody disturbs it."""
    return min(seconds_of(work) for _ in range(times))


def seconds_of(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak_megabytes() -> int:
    """The largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))
