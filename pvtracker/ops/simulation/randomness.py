"""Independent random streams, one per topic and person, so that no draw can move another.

The blind rests on this: what a participant's arm changes is computed from numbers that were drawn without
knowing the arm. Exchanging two arms therefore leaves every draw of everybody where it was.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Topic(IntEnum):
    """What a stream is for. The numbers are part of every seeded result: add at the end, never renumber."""

    SCREENING = 1
    ALLOCATION = 2
    PERSON = 3
    COURSE = 4
    VISITS = 5
    HIV_LABS = 6
    SAFETY_LABS = 7
    PERSISTENCE = 8
    EVENTS = 9
    DEATH = 10
    HISTORY = 11
    MEDICATION = 12
    TREATMENT = 13
    BULK_OPEN = 14
    BULK_EVENTS = 15
    BULK_DICTIONARY = 16
    LIVER = 17


def stream(seed: int, topic: Topic, *indices: int) -> np.random.Generator:
    """The stream of this topic (and person, term …) under this seed; same arguments, same draws."""
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(int(topic), *indices)))


def choose(options: tuple[tuple[T, float], ...], uniform: float) -> T:
    """The option that a uniform number in [0, 1) falls on; weights need not add up to one."""
    target = uniform * sum(weight for _, weight in options)
    for option, weight in options:
        target -= weight
        if target < 0:
            return option
    return options[-1][0]
