"""Boundaries over looks, and the path of one term against them: pure functions of the counts at each look.

The looks are those that were held: the runs of the study. What a boundary does is computed exactly from counts where it
is defined on counts, by the normal approximation where it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from pvtracker import stats
from pvtracker.signals.boundary_design import (
    GROUP_SEQUENTIAL,
    RATE_RATIO,
    RATIO,
    RATIOS,
    RISK,
    Bounds,
    Design,
    Does,
    Drawn,
    Look,
    Step,
    amount,
    check_looks,
    informative,
)
from pvtracker.signals.boundary_sequential import group_sequential
from pvtracker.stats.cmaxsprt import History
from pvtracker.stats.results import MaxSprt, StoppingRule

MOST_ODDS = 1000.0  # beyond it every event is one of the arm


def steps(looks: Sequence[Look], design: Design) -> tuple[Step, ...]:
    """The looks, and the planned end, on the boundary of a design; ValueError where there is none."""
    return _bounds(looks, design).steps


def drawn(looks: Sequence[Look], design: Design) -> Drawn:
    """The boundary of a design over these looks and the end, with the path; ValueError where there is none."""
    found = _bounds(looks, design)
    does, exact = found.does()
    return Drawn(
        found.across,
        found.upwards,
        found.steps,
        found.truth,
        does,
        exact,
        found.dropped,
        found.note,
        found.said,
    )


def _bounds(looks: Sequence[Look], design: Design) -> Bounds:
    if design.kind in GROUP_SEQUENTIAL:
        return group_sequential(looks, design)
    if design.kind == "maxsprt":
        return _maxsprt(looks, design)
    if design.kind == "cmaxsprt":
        return _conditional(looks, design)
    return _stopping(looks, design)


def _counts(
    kept: Sequence[Look], design: Design, needed: Mapping[int, int], across: str, truth: str, dropped: int,
    does: Callable[[list[int], list[int]], Does],
) -> Bounds:  # fmt: skip
    """A boundary on counts of the arm: of so many, so many (`needed`) cross, whatever other looks say.

    A look beyond the planned end knows what had come by then only within what came after: it crosses where, whatever
    came after, the end must have crossed.
    """
    end = design.planned
    at = [amount(design, look) for look in kept]
    shown: list[Look | None] = [*kept]
    if max(at) < end:
        shown, at = [*kept, None], [*at, end]
    bounds = [needed[min(n, end)] for n in at]
    found = tuple(
        Step(look, float(n), float(look.n_arm) if look else None, _reached(bound, n, end))
        for look, n, bound in zip(shown, at, bounds, strict=True)
    )
    until = sorted({min(n, end) for n in at})
    upwards = "of them in the arm" if truth == RATIO else "of them with the event"
    return Bounds(
        across, upwards, found, truth, lambda: (does(until, [needed[n] for n in until]), True), dropped
    )


def _reached(bound: int, n: int, end: int) -> float | None:
    """The count that crosses among n; None where none can."""
    return None if bound > min(n, end) else float(bound + max(n - end, 0))


def _maxsprt(looks: Sequence[Look], design: Design) -> Bounds:
    kept, dropped = informative(looks, design)
    check_looks(kept, design)
    if design.fixed:  # one with nobody on a side compares nothing
        kept = [look for look in kept if look.N_arm and look.N_ref]
        dropped = len(looks) - len(kept)
    last = kept[-1]
    if design.fixed and design.part is None:
        raise ValueError(
            "the plan’s allocation does not name this arm, or the reference, so its share is not known"
        )
    part = design.part or last.N_arm / (last.N_arm + last.N_ref)
    held = sorted({min(amount(design, look), design.planned) for look in kept} | {design.planned})
    critical, needed = _sprt_bounds(design.planned, part, design.alpha, None if design.fixed else tuple(held))

    def does(at: list[int], bounds: list[int]) -> Does:
        return _sprt_performance(critical, design.planned, part, tuple(at))

    return _counts(kept, design, needed, "Participants with the event, both arms", RATIO, dropped, does)


def _sprt_performance(critical: float, planned: int, part: float, looks: tuple[int, ...] | None) -> Does:
    told = []
    for ratio in RATIOS:
        done = stats.maxsprt_binomial_performance(
            critical, planned, probability=part, relative_risk=ratio, looks=looks
        )
        told.append((ratio, done.power, done.length))
    return tuple(told)


def sprt_does(planned: int, part: float, alpha: float) -> Does:
    """Of each true risk ratio the probability to cross and the mean events until then, looked at after each."""
    return _sprt_performance(_sprt_bounds(planned, part, alpha, None)[0], planned, part, None)


@lru_cache(maxsize=64)
def sprt_error(planned: int, part: float, alpha: float, actual: float) -> float:
    """Probability to cross where nothing differs, of a boundary that takes the share `part` of the participants in the
    arm, looked at after each event, where `actual` of them are."""
    if not 0 < actual < 1:
        return float(actual)
    odds = min(actual / (1 - actual) / (part / (1 - part)), MOST_ODDS)
    critical = _sprt_bounds(planned, part, alpha, None)[0]
    return stats.maxsprt_binomial_performance(critical, planned, probability=part, relative_risk=odds).power


@lru_cache(maxsize=64)
def _sprt_bounds(
    planned: int, part: float, alpha: float, looks: tuple[int, ...] | None
) -> tuple[float, dict[int, int]]:
    """Critical value, and by number of events how many of the arm's cross; without looks, looked at after each."""
    found = stats.maxsprt_binomial_boundary(planned, probability=part, alpha=alpha, looks=looks)
    limits = [int(limit) for limit in found.limit]
    return found.critical, dict(zip(limits, found.cases.tolist(), strict=True))


def _conditional(looks: Sequence[Look], design: Design) -> Bounds:
    """The arm's rate against that of a history. Looked at whenever an event comes, so fewer looks cross less often."""
    kept = [look for look in looks if look.years_arm > 0]
    if not kept:
        raise ValueError("no look has any person-years of the arm yet")
    found = _conditional_bounds(design.history_events, design.planned, design.alpha, design.history_law)

    def bound(look: Look) -> float | None:
        """So many cases cross at the look; more than planned came after the last that could."""
        place = int(np.searchsorted(found.limit, look.years_arm / design.history_years * (1 - 1e-12)))
        return float(found.cases[place]) if place < len(found.cases) else None

    shown = tuple(Step(look, look.years_arm, float(look.n_arm), bound(look)) for look in kept)

    def does() -> tuple[Does, bool]:
        return conditional_does(design), True

    return Bounds(
        "Person-years of the arm", "participants of the arm with the event", shown, RATE_RATIO, does,
        len(looks) - len(kept),
        "Exact, looked at whenever an event comes; at the cuts alone it crosses less often",
    )  # fmt: skip


@lru_cache(maxsize=64)
def _conditional_bounds(history: int, cases: int, alpha: float, law: History) -> MaxSprt:
    return stats.cmaxsprt_boundary(history, cases=cases, alpha=alpha, history=law)


@lru_cache(maxsize=64)
def conditional_does(design: Design) -> Does:
    """Of each true rate ratio the probability to cross, looked at whenever an event comes."""
    history, cases, law = design.history_events, design.planned, design.history_law
    critical = _conditional_bounds(history, cases, design.alpha, law).critical
    told = []
    for ratio in RATIOS:
        power = stats.cmaxsprt_power(critical, history, relative_risk=ratio, cases=cases, history=law)
        told.append((ratio, power, None))
    return tuple(told)


def _stopping(looks: Sequence[Look], design: Design) -> Bounds:
    kept, dropped = informative(looks, design)
    check_looks(kept, design)
    held = sorted({min(look.N_arm, design.planned) for look in kept} | {design.planned})
    continuous = design.fixed and design.kind == "toxicity"
    rule = stopping_rule(replace(design, fixed=True), None if continuous else tuple(held))
    needed = dict(zip(rule.participants.tolist(), rule.events.tolist(), strict=True))

    def does(at: list[int], bounds: list[int]) -> Does:
        return counted_out(design, at, bounds)

    return _counts(kept, design, needed, "Participants of the arm", RISK, dropped, does)


@lru_cache(maxsize=64)
def stopping_rule(design: Design, looks: tuple[int, ...] | None) -> StoppingRule:
    """The rule for one arm, at these looks; None: after every participant."""
    if design.kind == "toxicity":
        return stats.toxicity_boundary(design.planned, risk=design.risk, alpha=design.alpha, looks=looks)
    return stats.beta_binomial_boundary(
        design.planned,
        threshold=design.threshold,
        risk=design.risk,
        prior=(design.prior_events, design.prior_free),
        looks=looks,
    )


def counted_out(design: Design, participants: list[int], events: list[int]) -> Does:
    """Of each true risk, in per cent, the probability to stop and the mean participants until then."""
    risks = sorted({min(design.risk * ratio, 1.0) for ratio in RATIOS})
    found = stats.stopping_characteristics(participants, events, risk=risks)
    columns = zip(risks, found.stop_probability, found.participants, strict=True)
    return tuple((100 * risk, float(stop), float(size)) for risk, stop, size in columns)
