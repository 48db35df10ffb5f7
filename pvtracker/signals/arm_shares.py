"""Do the arms stand to each other as the boundaries of a plan take it? Pure.

A MaxSPRT holds the arm's share of the events against its share of the participants. Where the participants are shared
otherwise than the plan says, by a mistake or by chance, the boundary crosses too easily or too rarely, and nothing else
would tell: it is told where chance has less than one in a hundred of such a share, and where the error is half as much
again as was planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scipy.special import bdtr, bdtrc

from pvtracker.lib.rounding import fixed, p_said, share
from pvtracker.signals.boundaries import sprt_error
from pvtracker.signals.boundary_design import Design, against_reference
from pvtracker.signals.boundary_settings import PlannedBoundary

UNLIKELY = 0.01  # of a share so far off by chance: below it a warning stands
TOO_MUCH = 1.5  # times the planned error, at the shares that are


def chance_of(of_arm: int, both: int, part: float) -> float:
    """That a share at least so far off comes by chance: exact binomial, twice the smaller tail, at most 1."""
    fewer, more = bdtr(of_arm, both, part), bdtrc(of_arm - 1, both, part) if of_arm else 1.0
    return float(min(1.0, 2 * min(fewer, more)))


def against(
    boundaries: Iterable[PlannedBoundary],
    sides: Mapping[str, Sequence[str]],
    reference: str,
    sizes: Mapping[str, int],
    *,
    inference: bool = True,
) -> list[str]:
    """A sentence for each arm or pool (`sides`: its arms) of which the boundaries take another share than these
    participants are likely to be drawn by; [] where all are as planned, or no boundary takes a share. Without
    inference the shares and which way the boundary errs, but no probability."""
    found: dict[str, list[str]] = {}
    for one in boundaries:
        for name, arms in sides.items():
            if said := _said(one.design, name, arms, reference, sizes, inference):
                found.setdefault(said, []).append(one.event)
    return [f"{said} It is the boundary of {', and of '.join(events)}." for said, events in found.items()]


def _said(
    design: Design,
    name: str,
    arms: Sequence[str],
    reference: str,
    sizes: Mapping[str, int],
    inference: bool,
) -> str:
    part = against_reference(design, arms, reference).part
    of_arm = sum(sizes.get(arm, 0) for arm in arms)
    both = of_arm + sizes.get(reference, 0)
    if part is None or not both:
        return ""
    chance = chance_of(of_arm, both, part)
    try:
        error = sprt_error(design.planned, part, design.alpha, of_arm / both)
    except ValueError:  # no result can cross: signed before such a plan was refused
        return ""
    if chance >= UNLIKELY and error <= TOO_MUCH * design.alpha:
        return ""
    crosses = "too easily" if of_arm > part * both else "too rarely"
    tested = f" By chance a share so far off has {p_said(chance)} (exact binomial, two-sided)."
    how_often = f": with probability {fixed(error, 3)} where nothing differs, planned with {design.alpha:g}"
    return (
        f"{name} has {share(of_arm, both)} of the participants of it and {reference} together, where the plan takes "
        f"{fixed(100 * part, 1)} %.{tested if inference else ''} At the shares that are, its boundary crosses "
        f"{crosses}{how_often if inference else ''}. Find out what is wrong: the allocation in the plan, the list of "
        "the arms, or who is left out of the analysis set; where it is chance, a crossing is no more than a reason to "
        "look."
    )
