"""Boundaries that nothing could ever cross, told from the plan alone. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy.special import bdtrc, betaincc

from pvtracker.lib.rounding import fixed
from pvtracker.signals.boundary_design import Design, against_reference, most_of

ROUNDING = 1e-12


def never_crossed(design: Design) -> dict[str, str]:
    """By field why no result can cross, with the fewest that must be planned; {} where one can, and of a MaxSPRT whose
    arm's share is not told. The most extreme result is the event in all that are planned: nothing is rarer."""
    if design.kind == "maxsprt" and design.part is not None:
        share = fixed(100 * design.part, 1)
        return _too_few(design, design.part, f"all of them are of an arm with {share} % of the participants")
    if design.kind == "toxicity":
        return _too_few(
            design, design.risk, f"at a risk of {100 * design.risk:g} % all of them have the event"
        )
    if design.kind == "beta_binomial" and _posterior(design, design.planned) < design.threshold - ROUNDING:
        reach = next((n for n in range(1, most_of(design.kind) + 1) if _reaches(design, n)), None)
        told = f"{_posterior(design, design.planned):.4f}, below the threshold of {design.threshold:g}"
        said = f"With the event in all {design.planned:,} planned the posterior probability is {told}: "
        said += "nothing can cross."
        remedy = "Write" if reach is None else f"Plan at least {reach:,}, or write"
        return {"planned": f"{said} {remedy} a lower threshold, or a weaker prior."}
    return {}


def never_by_arm(design: Design, arms: Sequence[str], reference: str) -> dict[str, str]:
    """The same of each arm by its share of an allocation; {} where the reference is not known, or another kind."""
    if not (design.allocation and reference):
        return {}
    for arm in (one for one in arms if one != reference):
        if found := never_crossed(against_reference(design, [arm], reference)):
            return {name: f"{arm}: {said}" for name, said in found.items()}
    return {}


def pools_without(design: Design, arms: Sequence[str], reference: str) -> str:
    """Which pools of several arms have no critical value where each arm has one; '' where all have."""
    others = [arm for arm in arms if arm != reference]
    if design.kind != "maxsprt" or len(others) < 2:
        return ""
    if not never_crossed(replace(against_reference(design, others, reference), allocation=())):
        return ""
    most = design.alpha ** (1 / design.planned)
    return (
        f"A pool of arms with more than {math.floor(1000 * most) / 10:.1f} % of the participants has no critical value "
        "over so few events, so it is not judged"
    )


def _too_few(design: Design, chance: float, who: str) -> dict[str, str]:
    rarest = _all(chance, design.planned)
    if rarest <= design.alpha:
        return {}
    fewest = next(
        n for n in range(1, most_of(design.kind) + 1) if _all(chance, n) <= design.alpha
    )  # 135 at most
    return {
        "planned": f"With {design.planned:,} planned nothing can cross: {who} with a probability of {rarest:.3f}, "
        f"above the error of {design.alpha:g}. Plan at least {fewest}, or allow more error."
    }


def _all(chance: float, n: int) -> float:
    """As the boundary of counts has it, for an error that is just this."""
    return float(max(chance**n, bdtrc(n - 1.0, n, chance)))


def _reaches(design: Design, planned: int) -> bool:
    return _posterior(design, planned) >= design.threshold - ROUNDING


def _posterior(design: Design, planned: int) -> float:
    """That the risk is above the acceptable one after the event in each."""
    return float(betaincc(design.prior_events + planned, design.prior_free, design.risk))
