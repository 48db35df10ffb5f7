"""L14: do answers take longer for one arm? Measured so that what was entered does not get in the way.

Inside a process of the open room, which knows no arm, the pages of all participants are fetched again and again in an
order drawn at random. How long a page takes depends first of all on what it shows, and that may differ between arms.
The twins show the same of the same participant, who has another arm in the other one: so for each participant the
median time in the one twin is divided by that in the other. If an arm costs time, this ratio differs between those who
left that arm and those who came into it. The two are compared by Kolmogorov and Smirnov; an arm tells by p of 0.01 or
less, adjusted by Holm over the arms, which is once in a hundred runs by chance.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import ks_2samp

REQUESTS = 1_000  # for each arm, in each twin
LEVEL = 0.01
FEWEST = 10  # participants on either side
Seconds = Mapping[str, Sequence[float]]  # of each request, by participant
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timing:
    """How the times of those who came into an arm moved against those of the ones who left it."""

    arm: str
    participants: int
    requests: int  # in both twins
    slower: float  # by which share the arm is slower, by the medians; below 0: faster
    p: float
    p_adjusted: float
    found_from: float  # an arm that were slower by this share would have been found by the same rule

    @property
    def fails(self) -> bool:
        return self.p_adjusted <= LEVEL


def rounds(arms: Mapping[str, str]) -> int:
    """How often each participant is asked for, so that the smallest arm comes to its number of requests."""
    sizes = [list(arms.values()).count(arm) for arm in set(arms.values()) if arm]
    return -(-REQUESTS // min(sizes)) if sizes else 0


def measure(
    addresses: Mapping[str, str], ask: Callable[[str], object], *, times: int
) -> dict[str, list[float]]:
    """Seconds of every request for a participant's page, asked for `times` times in an order drawn at random."""
    for address in addresses.values():
        ask(address)  # the first look at a page may fill what later ones find filled
    order = list(addresses) * times
    random.SystemRandom().shuffle(order)
    taken: dict[str, list[float]] = {participant: [] for participant in addresses}
    for participant in order:
        began = time.perf_counter()
        ask(addresses[participant])
        taken[participant].append(time.perf_counter() - began)
    return taken


def compare_times(
    one: Seconds, other: Seconds, arms: tuple[Mapping[str, str], Mapping[str, str]]
) -> tuple[Timing, ...]:
    """For each arm: those who came into it between the twins against those who left it."""
    people = sorted(one.keys() & other.keys() & arms[0].keys() & arms[1].keys())
    ratio = {
        who: float(np.log(statistics.median(other[who]) / statistics.median(one[who]))) for who in people
    }
    found = []
    codes = sorted({arm for arm in arms[0].values() if arm})
    for arm in codes[:1] if len(codes) == 2 else codes:
        moved = [who for who in people if arms[0][who] != arms[1][who]]
        came = [who for who in moved if arms[1][who] == arm]
        left = [who for who in moved if arms[0][who] == arm]
        if min(len(came), len(left)) < FEWEST:
            continue
        slow, fast = (np.array([ratio[who] for who in group]) for group in (came, left))
        asked = sum(len(twin[who]) for twin in (one, other) for who in (*came, *left))
        # who came is slower by the arm's cost, who left is faster by it
        shift = float(np.median(slow) - np.median(fast)) / 2
        found.append(
            Timing(arm, len(came) + len(left), asked, float(np.expm1(shift)), _p(slow, fast), 1.0, 0.0)
        )
        found[-1] = replace(found[-1], found_from=_found_from(slow - 2 * shift, fast, LEVEL / len(codes)))
    return _adjusted(found)


def _p(slow: Numbers, fast: Numbers) -> float:
    return float(ks_2samp(slow, fast).pvalue)


def _found_from(slow: Numbers, fast: Numbers, level: float) -> float:
    """The least cost of an arm, as a share of a page's time, at which these very measurements would fail."""
    for percent in np.arange(0.1, 100.05, 0.1):
        if _p(slow + 2 * np.log1p(percent / 100), fast) <= level:
            return float(percent) / 100
    return float("inf")


def _adjusted(found: list[Timing]) -> tuple[Timing, ...]:
    """Holm's adjustment over the arms."""
    worst, adjusted = 0.0, dict[int, float]()
    for place, index in enumerate(sorted(range(len(found)), key=lambda i: found[i].p)):
        worst = max(worst, min(1.0, found[index].p * (len(found) - place)))
        adjusted[index] = worst
    return tuple(replace(one, p_adjusted=adjusted[index]) for index, one in enumerate(found))
