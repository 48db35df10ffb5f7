"""Double false discovery rate: adverse events nested in body systems.

Methods, sources and the two readings of the 2012 procedure: docs/methods/double-fdr.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from pvtracker.stats.benjamini_hochberg import adjust, grouped
from pvtracker.stats.inputs import Labels, level, no_warning
from pvtracker.stats.results import DoubleFdr, FloatArray, IntArray, TextArray

ROUNDING = 1e-12

NO_P = "no p-value: the event is not counted in any family"
FLAGGED_BELOW = "flagged at its p_adjusted but no longer at alpha, where more body systems join the family"


def double_fdr_2004(
    p: ArrayLike, body_system: Labels, *, alpha_body_system: float = 0.05, alpha_event: float = 0.05
) -> DoubleFdr:
    """Mehrotra and Heyse's double false discovery rate.

    p: p-values of the events, shape (n,), in [0, 1]; a nan stays nan and counts nowhere, with a warning.
    body_system: label of each event's body system, shape (n,).
    An event is flagged when its body system's adjusted p ≤ alpha_body_system and its own adjusted p ≤
    alpha_event. First step: smallest p of each body system, adjusted (Benjamini-Hochberg) over the body
    systems. Second step: p of each event, adjusted within its body system. p_adjusted = the greater of the
    two: the smallest level at which the event is flagged when both levels are equal. The paper searches for
    the pair of levels by resampling; here they are arguments. ValueError for p outside [0, 1], differing
    shapes or levels outside (0, 1).

    alpha_body_system: level of the first step, over body systems, in (0, 1). alpha_event: level of the second step,
    over the events of a body system, in (0, 1).

    Source: Mehrotra & Heyse (2004) Stat Methods Med Res 13:227-238.
    """
    first, second = level("alpha_body_system", alpha_body_system), level("alpha_event", alpha_event)
    values, system = grouped(p, body_system, name="body_system")
    by_system = _smallest(values, system)
    p_system, p_event = _of_events(by_system, values, system), adjust(values, system)
    flag = (p_system <= first) & (p_event <= second)
    return DoubleFdr(np.maximum(p_system, p_event), p_system, p_event, flag, _warning(values))


def double_fdr_2012(p: ArrayLike, body_system: Labels, *, alpha: float = 0.05) -> DoubleFdr:
    """Mehrotra and Adewale's double false discovery rate, second step over all events of the selected body
    systems.

    Arguments and errors as for `double_fdr_2004`, with one level for both steps.
    First step: the representative of a body system is the smallest of its events' p adjusted within it;
    body systems whose representative, adjusted over the body systems, is ≤ alpha are selected. Second step:
    one Benjamini-Hochberg procedure at alpha over all events of the selected body systems together. p_event
    is the adjusted p of the second step, nan where the body system was not selected. The family grows with
    alpha, so the method has no adjusted p-value of its own: p_adjusted is the smallest alpha at which the
    event is flagged. Rarely an event flagged there is not flagged at a greater alpha; then `warning` says
    so.

    Source: Mehrotra & Adewale (2012) Stat Med 31:1918-1930, as carried out by the R package c212.
    """
    alpha = level("alpha", alpha)
    values, system = grouped(p, body_system, name="body_system")
    p_system = _of_events(_smallest(adjust(values, system), system), values, system)
    p_event = _second_step(values, p_system, alpha)
    flag = p_event <= alpha
    p_adjusted = _smallest_alpha(values, p_system)
    warning = _warning(values)
    warning[(p_adjusted <= alpha) & ~flag] = FLAGGED_BELOW
    return DoubleFdr(p_adjusted, p_system, p_event, flag, warning)


def double_fdr_2012_within(p: ArrayLike, body_system: Labels, *, alpha: float = 0.05) -> DoubleFdr:
    """As `double_fdr_2012`, but the second step stays within each body system.

    This is how the R package MHTmult and the Stata command aefdr read the same paper. An event is flagged
    when its body system's and its own adjusted p are both ≤ alpha; p_adjusted is the greater of the two.
    """
    alpha = level("alpha", alpha)
    values, system = grouped(p, body_system, name="body_system")
    p_event = adjust(values, system)
    p_system = _of_events(_smallest(p_event, system), values, system)
    p_adjusted = np.maximum(p_system, p_event)
    return DoubleFdr(p_adjusted, p_system, p_event, p_adjusted <= alpha, _warning(values))


def _smallest(values: FloatArray, system: IntArray) -> FloatArray:
    """Smallest known value of each body system, adjusted over the body systems; nan for one without any."""
    smallest = np.full(int(system.max(initial=-1)) + 1, np.nan)
    np.fmin.at(smallest, system, values)
    return adjust(smallest, np.zeros(len(smallest), dtype=np.int64))


def _of_events(by_system: FloatArray, values: FloatArray, system: IntArray) -> FloatArray:
    return np.where(np.isnan(values), np.nan, by_system[system])


def _second_step(values: FloatArray, p_system: FloatArray, alpha: float) -> FloatArray:
    """p of the events of the body systems selected at alpha, adjusted together; nan for the others."""
    family = np.where(p_system <= alpha, values, np.nan)
    return adjust(family, np.zeros(len(family), dtype=np.int64))


def _smallest_alpha(values: FloatArray, p_system: FloatArray) -> FloatArray:
    """Smallest alpha that flags each event: between two adjusted p of body systems the family stays the
    same."""
    smallest = np.full(len(values), np.nan)
    steps = np.unique(p_system[~np.isnan(p_system)])
    following = np.append(steps, np.inf)[1:]
    apart = following > steps * (1 + ROUNDING)  # two steps that only rounding parts are one step
    for start, end in zip(steps[apart], following[apart], strict=True):
        flagged_from = np.maximum(start, _second_step(values, p_system, start))
        smallest = np.where(np.isnan(smallest) & (flagged_from < end), flagged_from, smallest)
    return smallest


def _warning(values: FloatArray) -> TextArray:
    warning = no_warning(len(values))
    warning[np.isnan(values)] = NO_P
    return warning
