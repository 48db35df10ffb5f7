"""Group-sequential boundaries over the looks of a term: bounds, the path as z-values, and what they do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from pvtracker import stats
from pvtracker.signals.boundary_design import (
    MOST_EXACT,
    RATE_RATIO,
    RATIO,
    RATIOS,
    Bounds,
    Design,
    Does,
    Look,
    Step,
    amount,
    check_looks,
    informative,
)
from pvtracker.stats.group_sequential import Spending
from pvtracker.stats.group_sequential_counts import most_events
from pvtracker.stats.normal_paths import CLOSEST
from pvtracker.stats.results import FloatArray

# Of p near 1, which no boundary of excess asks about; and of p smaller than any bound that exists asks for.
LOWEST_Z, HIGHEST_Z = -3.0, 12.0
EXHAUSTED = "The looks so far have spent all of the error: no later one can cross"
CLOSER = CLOSEST * 1.01  # nearer looks are one, clear of what the integration refuses


def z_of(look: Look) -> float:
    """The normal quantile of Fisher's one-sided p of an excess in the arm, between LOWEST_Z and HIGHEST_Z."""
    from scipy.stats import hypergeom  # not above: it takes a second, which each start of a process would pay

    p = hypergeom.sf(look.n_arm - 1, look.N_arm + look.N_ref, look.n_arm + look.n_ref, look.N_arm)
    return float(np.clip(-ndtri(p), LOWEST_Z, HIGHEST_Z))


def group_sequential(looks: Sequence[Look], design: Design) -> Bounds:
    """The boundary, and Fisher's one-sided p as z. Of one that was fixed beforehand the look that first reaches the
    planned end is the last: it spends what is left, and correlates with those before by what was really in."""
    kept, dropped = informative(looks, design, CLOSER)
    check_looks(kept, design)
    there = [amount(design, look) for look in kept]
    reached = [
        place for place, n in enumerate(there) if design.planned - n < max(1.0, CLOSER * design.planned)
    ]  # so close to the end is the end
    if reached:
        dropped += len(kept) - reached[0] - 1
        kept, there = kept[: reached[0] + 1], there[: reached[0] + 1]
        there[-1] = max(there[-1], design.planned)
    ends = [] if reached else [design.planned]
    information = np.array([*there, *ends], dtype=np.float64)
    times = np.minimum(information / design.planned, 1.0)
    sizes = _participants(kept, information)
    hang = without_replacement(information, [a + b for a, b in sizes]) if design.depletion else information
    z = z_bounds(times, hang, design)
    note = EXHAUSTED if design.kind == "haybittle_peto" and np.isinf(z[-1]) else ""
    found = tuple(
        Step(look, float(at), z_of(look) if look else None, float(bound) if np.isfinite(bound) else None)
        for look, at, bound in zip([*kept, *([None] if ends else [])], times, z, strict=True)
    )
    events = design.measure == "events"
    of_what = "participants with the event" if events else "participants"

    def does() -> tuple[Does, bool]:
        if events:
            return _by_events(sizes, information, hang, z)
        return _by_participants(kept, information, z)

    across, upwards = f"Share of the planned {of_what}", "z of Fisher’s one-sided p"
    return Bounds(across, upwards, found, RATE_RATIO if events else RATIO, does, dropped, said=note)


def without_replacement(events: FloatArray, participants: Sequence[int]) -> FloatArray:
    """Information of looks with so many events among so many participants, as which they hang together where nothing
    differs: √(I₁/I₂) is the correlation.

    With d of N the arm’s count is hypergeometric: each further event draws its excess back by 1/(N − d), and adds a
    variance of its own. Undrawn, the excess is a martingale of variance I = N d/(N − d) while N stands; where N grows,
    the steps from look to look are those of the participants of the later one. It grows by no less than the events.
    """
    found, before, drawn_back, total = [], 0.0, 1.0, 0.0
    for d, N in zip(events.tolist(), participants, strict=True):
        at_first, left = max(N - before, 1.0), max(N - d, 1.0)
        total += (d - before) * at_first / (left * drawn_back**2)
        drawn_back *= left / at_first
        found.append(total)
        before = d
    return np.array(found)


def _participants(kept: Sequence[Look], information: FloatArray) -> list[tuple[int, int]]:
    """Of each arm at each look. At a planned end those of the last look, or as many more as would have so many events
    at its risk, where there are fewer than those."""
    last, end = kept[-1], float(information[-1])
    there = [(look.N_arm, look.N_ref) for look in kept]
    if len(information) > len(kept):
        both, had = last.N_arm + last.N_ref, max(last.n_arm + last.n_ref, 1)
        grown = max(1.0, end / had) if end > both else 1.0
        there.append((round(last.N_arm * grown), round(last.N_ref * grown)))
    return there


def z_bounds(times: FloatArray, information: FloatArray, design: Design) -> FloatArray:
    """The bounds of looks with these shares of what is planned, and this information."""
    if design.kind == "haybittle_peto":
        return stats.haybittle_peto_boundary(
            information / information[-1],
            alpha=design.alpha,
            interim_z=design.interim_z,
            overspent="spend the rest",  # a look that was held keeps its bound, whatever follows
        ).z
    spending: Spending = "pocock" if design.kind == "pocock" else "obrien_fleming"
    return stats.group_sequential_boundary(
        times, alpha=design.alpha, spending=spending, information=information
    ).z


def _by_events(
    there: Sequence[tuple[int, int]], events: FloatArray, hang: FloatArray, z: FloatArray
) -> tuple[Does, bool]:
    """Of each true ratio of rates: exact, of the participants that are in by each look. Where more events are planned
    than are followed, or participants became fewer, normal: the logarithm of a ratio from so many events has a variance
    of 1 / (events part (1 - part)), part being the arm's share of the participants; too high where few events are
    planned."""
    n_arm, n_ref = (np.array(side) for side in zip(*there, strict=True))
    part, end = n_arm[-1] / (n_arm[-1] + n_ref[-1]), float(events[-1])
    rising = all(np.diff(n_arm) >= 0) and all(np.diff(n_ref) >= 0)
    exact = rising and end <= 2 * MOST_EXACT and all(events <= n_arm + n_ref)
    told = []
    for ratio in RATIOS:
        if exact:
            found = stats.group_sequential_events_crossing(n_arm, n_ref, events, z, ratio=ratio)
        else:
            drift = float(np.log(ratio) * np.sqrt(end * part * (1 - part)))
            found = stats.group_sequential_crossing(hang / hang[-1], z, drift=min(drift, 20.0))
        told.append((ratio, float(found.above.sum()), found.expected_fraction))
    return tuple(told), exact


def _by_participants(kept: Sequence[Look], information: FloatArray, z: FloatArray) -> tuple[Does, bool]:
    """Of each true risk ratio, the reference's risk being the one observed over both arms."""
    last = kept[-1]
    N, end = last.N_arm + last.N_ref, float(information[-1])
    risk = min(max((last.n_arm + last.n_ref) / N, 1 / N), 0.9)
    part = last.N_arm / N
    ends = [round(end * part), round(end * (1 - part))]
    n_arm = [look.N_arm for look in kept] + ([ends[0]] if len(z) > len(kept) else [])
    n_ref = [look.N_ref for look in kept] + ([ends[1]] if len(z) > len(kept) else [])
    rising = all(np.diff(n_arm) >= 0) and all(np.diff(n_ref) >= 0)
    ratios = [ratio for ratio in RATIOS if risk * ratio <= 1]  # beyond it there is no such risk
    highest = min(risk * ratios[-1], 0.99)
    exact = rising and max(most_events(n_arm[-1], highest), most_events(n_ref[-1], risk)) <= MOST_EXACT
    told = []
    for ratio in ratios:
        truth = min(risk * ratio, 0.99)
        if exact:
            found = stats.group_sequential_counts_crossing(n_arm, n_ref, z, risk_arm=truth, risk_ref=risk)
        else:
            error = np.sqrt(truth * (1 - truth) / (end * part) + risk * (1 - risk) / (end * (1 - part)))
            drift = min(float((truth - risk) / error), 20.0)
            found = stats.group_sequential_crossing(information / end, z, drift=drift)
        told.append((ratio, float(found.above.sum()), found.expected_fraction))
    return tuple(told), exact
