"""How often the limits of the rate under treatment, found from pooled counts, hold it: rates drawn from the priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pvtracker import stats
from pvtracker.ops.coverage import YEARS_EACH
from pvtracker.ops.coverage_simulated import Family, Method, lines, simulated
from pvtracker.stats.results import FloatArray

BACKGROUND_YEARS, TREATED_YEARS = 100.0, 1.0  # what the priors are worth: the function's defaults

LEAST = 1e-300  # what is smaller is nought to float64


@dataclass(frozen=True, slots=True)
class Case:
    words: str
    rate: float  # expected without treatment, a year


def draw(rng: np.random.Generator, case: Case, N_arm: int, N_ref: int) -> tuple[float, ...]:
    """Pooled events and years, share of the arm, expected rate, and the rate under treatment that was drawn."""
    treated = rng.gamma(case.rate * TREATED_YEARS) / TREATED_YEARS
    background = rng.gamma(case.rate * BACKGROUND_YEARS) / BACKGROUND_YEARS
    events = rng.poisson(YEARS_EACH * (N_arm * treated + N_ref * background))
    return events, YEARS_EACH * (N_arm + N_ref), N_arm / (N_arm + N_ref), case.rate, treated


def _found(trials: list[Any]) -> FloatArray:
    """Logarithms of the limits ÷ what they should hold: each trial has a true value of its own, which may be tiny."""
    one = stats.blinded_rate(
        np.array([trial[0] for trial in trials]),
        trials[0][1],
        trials[0][3],
        background_years=BACKGROUND_YEARS,
        treated_share=trials[0][2],
        treated_years=TREATED_YEARS,
    )
    low, high, true = (
        np.log(np.maximum(each, LEAST)) for each in (one.low, one.high, [trial[4] for trial in trials])
    )
    return np.column_stack([low - true, high - true])


FAMILY = Family(
    seed=20160833,
    trials=(2000, 500),
    cases=(Case("0.05 a year expected", 0.05), Case("0.5 a year expected", 0.5)),
    draw=draw,
    methods={"blinded_rate": Method(lambda case: 0.0, _found)},
)


def blinded_lines() -> list[str]:
    """A section of docs/reference/coverage.md."""
    return [
        "## The rate under treatment from pooled counts",
        "",
        f"{simulated(FAMILY)}: both rates are drawn from their priors (worth {BACKGROUND_YEARS:g} years, "
        f"and {TREATED_YEARS:g} year under treatment), each participant is followed "
        f"{YEARS_EACH:g} years, and the arms are known as a ratio only. Posterior limits must hold the drawn rate in "
        "95 %. The last column has the logarithms of the first trial’s limits ÷ the rate drawn.",
        "",
        *lines(FAMILY),
    ]
