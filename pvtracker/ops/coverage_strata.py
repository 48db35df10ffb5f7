"""How often the limits of a common effect over strata hold it, and the tests err: simulated from a fixed seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import expit, logit

from pvtracker import stats
from pvtracker.ops.coverage_simulated import Family, Method, lines, simulated
from pvtracker.stats.results import FloatArray, IntArray

Kind = Literal["difference", "ratio", "odds ratio"]
RARE, FREQUENT = (0.02, 0.04, 0.08, 0.15), (0.1, 0.2, 0.3, 0.4)
NOTHING: dict[Kind, float] = {"difference": 0.0, "ratio": 1.0, "odds ratio": 1.0}


@dataclass(frozen=True, slots=True)
class Case:
    """Risks of the reference in the strata, and what the arm's are by them; kind None: the same."""

    words: str
    risks: tuple[float, ...]
    kind: Kind | None = None
    effect: float = 0.0

    def arm(self) -> FloatArray:
        ref = np.array(self.risks)
        if self.kind == "difference":
            return ref + self.effect
        if self.kind == "ratio":
            return ref * self.effect
        if self.kind == "odds ratio":
            return np.asarray(expit(logit(ref) + np.log(self.effect)))
        return ref


def sizes(N: int, strata: int) -> IntArray:
    """An arm in strata of nearly one size."""
    return np.full(strata, N // strata) + (np.arange(strata) < N % strata)


def draw(rng: np.random.Generator, case: Case, N_arm: int, N_ref: int) -> tuple[IntArray, ...]:
    """Events and participants of arm and reference, each of shape (strata,)."""
    a, b = sizes(N_arm, len(case.risks)), sizes(N_ref, len(case.risks))
    return rng.binomial(a, case.arm()), a, rng.binomial(b, case.risks), b


def _tables(trials: list[Any]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    x, a, y, b = (np.array([trial[place] for trial in trials]) for place in range(4))
    return x, a[0], y, b[0]


def _limits(kind: Kind, function: Callable[..., Any], **options: Any) -> Method:
    def found(trials: list[Any]) -> FloatArray:
        one = function(*_tables(trials), **options)
        return np.column_stack([one.low, one.high])

    def true(case: Case) -> float | None:
        return NOTHING[kind] if case.kind is None else case.effect if case.kind == kind else None

    return Method(true, found)


def _test(function: Callable[..., Any]) -> Method:
    return Method(
        lambda case: 1.0 if case.kind is None else None,
        lambda trials: np.asarray(function(*_tables(trials)).p),
    )


FAMILY = Family(
    seed=19590101,
    trials=(10_000, 10_000),
    cases=(
        Case("no difference, rare", RARE),
        Case("no difference, frequent", FREQUENT),
        Case("difference 0.15, frequent", FREQUENT, "difference", 0.15),
        Case("ratio 3, rare", RARE, "ratio", 3.0),
        Case("odds ratio 3, rare", RARE, "odds ratio", 3.0),
    ),
    draw=draw,
    methods={
        "risk_difference_mn_stratified": _limits("difference", stats.risk_difference_mn_stratified),
        "risk_difference_mh": _limits("difference", stats.risk_difference_mh),
        "risk_difference_mh, Greenland–Robins": _limits(
            "difference", stats.risk_difference_mh, variance="greenland-robins"
        ),
        "risk_ratio_mh": _limits("ratio", stats.risk_ratio_mh),
        "odds_ratio_mh": _limits("odds ratio", stats.odds_ratio_mh),
        "odds_ratio_stratified_exact": _limits("odds ratio", stats.odds_ratio_stratified_exact),
        "odds_ratio_stratified_exact, mid-p": _limits(
            "odds ratio", stats.odds_ratio_stratified_exact, mid_p=True
        ),
        "cmh": _test(stats.cmh),
        "cmh_exact": _test(stats.cmh_exact),
        "cmh_exact_midp": _test(stats.cmh_exact_midp),
        "breslow_day": Method(
            lambda case: 1.0 if case.kind in (None, "odds ratio") else None,  # the odds ratio is common there
            lambda trials: np.asarray(stats.breslow_day(*_tables(trials)).p),
        ),
    },
)


def strata_lines() -> list[str]:
    """The section of docs/reference/coverage.md."""
    return [
        "## Over strata",
        "",
        f"{simulated(FAMILY)}: four strata of nearly one size, risks of the "
        f"reference {', '.join(f'{risk:g}' for risk in RARE)} (rare) or {', '.join(f'{risk:g}' for risk in FREQUENT)} "
        "(frequent); difference, ratio or odds ratio the same in all strata.",
        "",
        *lines(FAMILY),
    ]
