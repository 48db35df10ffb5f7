"""Difference of two arms' cumulative incidences at given times, while death competes.

Method, sources and differences between programs: docs/methods/incidence-difference.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.aalen_johansen import aalen_johansen
from pvtracker.stats.event_times import event_times, in_two_arms, rising
from pvtracker.stats.inputs import EMPTY_ARM, EMPTY_REFERENCE, level, no_warning
from pvtracker.stats.results import FloatArray, IntArray, TextArray
from pvtracker.stats.survival_results import IncidenceDifference

Side = tuple[IntArray, FloatArray, FloatArray, FloatArray, TextArray]


def incidence_difference(
    time: ArrayLike,
    event: ArrayLike,
    in_arm: ArrayLike,
    at: ArrayLike,
    *,
    confidence_level: float = 0.95,
) -> IncidenceDifference:
    """Cumulative incidence of the arm less that of the reference at given times, with limits from those of the arms.

    time: from the start to the first of event, death and end of observation, ≥ 0, shape (N,) or one number for all.
    event: 1 had the event, 2 died before it, 0 was censored. in_arm: 1 for participants of the arm, 0 for the
    reference. at: times, rising, shape (n,) or one number.

    Each arm has Aalen and Johansen's estimate F with limits l, u as `aalen_johansen` gives them; the limits of the
    difference d are d - √((F₁-l₁)² + (u₀-F₀)²) and d + √((u₁-F₁)² + (F₀-l₀)²). They stand where an arm has no event. An
    arm that is not observed so long, has no limits or is empty: nan and a warning. ValueError for what cannot be.

    Source: Zou & Donner (2008) Stat Med 27:1693-1702 (limits of a difference from those of its parts).
    """
    confidence_level = level("confidence_level", confidence_level)
    end, what = event_times(time, event)
    arm, moments = in_two_arms(in_arm, len(end)), rising("at", at)
    (n1, f1, low1, high1, said1), (n0, f0, low0, high0, said0) = (
        _side(end[arm == one], what[arm == one], moments, confidence_level, empty)
        for one, empty in ((1, EMPTY_ARM), (0, EMPTY_REFERENCE))
    )
    warning = no_warning(len(moments))
    for name, said in (("reference", said0), ("arm", said1)):
        some = np.array([text is not None for text in said], dtype=bool)
        warning[some] = [
            text if text in (EMPTY_ARM, EMPTY_REFERENCE) else f"{name}: {text}" for text in said[some]
        ]
    low = f1 - f0 - np.hypot(f1 - low1, high0 - f0)
    high = f1 - f0 + np.hypot(high1 - f1, f0 - low0)
    return IncidenceDifference(moments, n1, f1, n0, f0, f1 - f0, low, high, warning, confidence_level)


def _side(
    time: FloatArray, event: IntArray, moments: FloatArray, confidence_level: float, empty: str
) -> Side:
    """At risk, incidence, its limits and what is to be said of it, at each of the times."""
    if not len(time):
        nothing = np.full(len(moments), np.nan)
        return (
            np.zeros(len(moments), dtype=np.int64),
            nothing,
            nothing,
            nothing,
            np.full(len(moments), empty, object),
        )
    found = aalen_johansen(time, event, at=moments, confidence_level=confidence_level)
    return found.at_risk, found.estimate, found.low, found.high, found.warning
