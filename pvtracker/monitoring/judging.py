"""What a pooled count says beside what is expected: pure, the same count and expectation give the same numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pvtracker.monitoring.models import Expectation
from pvtracker.monitoring.pooled import Count
from pvtracker.stats import blinded_rate, blinded_warning, incidence_rate_exact

TREATED_YEARS = 1.0  # what the belief about the rate under treatment is worth before the data speak
CONFIDENCE = 0.95
NO_TIME = "No follow-up yet: nothing can be said."


@dataclass(frozen=True, slots=True)
class Judged:
    """The computed columns of a `Look`, by their names."""

    rate: float | None
    rate_low: float | None
    rate_high: float | None
    expected: float
    p_exceeds: float | None
    treated_rate: float | None
    treated_low: float | None
    treated_high: float | None
    ratio: float | None
    p_margin: float | None
    needed: int | None
    false_warning: float | None
    chance: float | None
    warns: bool
    problem: str


def _nothing(expected: float) -> Judged:
    return Judged(
        rate=None,
        rate_low=None,
        rate_high=None,
        expected=expected,
        p_exceeds=None,
        treated_rate=None,
        treated_low=None,
        treated_high=None,
        ratio=None,
        p_margin=None,
        needed=None,
        false_warning=None,
        chance=None,
        warns=False,
        problem=NO_TIME,
    )


def judge(count: Count, expectation: Expectation) -> Judged:
    """Pooled rate, what remains for the rate under treatment, and whether that is an early warning."""
    years = count.person_years
    expected = expectation.rate * years
    if years <= 0:
        return _nothing(expected)
    pooled = incidence_rate_exact(count.participants, years, confidence_level=CONFIDENCE)
    told = blinded_rate(
        count.participants,
        years,
        expectation.rate,
        **background_of(expectation),
        confidence_level=CONFIDENCE,
    )
    needed, false_warning, chance = what_it_takes(years, expectation)
    p_exceeds, p_margin = float(told.p_exceeds[0]), float(told.p_margin[0])
    return Judged(
        rate=_number(pooled.estimate[0]),
        rate_low=_number(pooled.low[0]),
        rate_high=_number(pooled.high[0]),
        expected=expected,
        p_exceeds=p_exceeds,
        treated_rate=_number(told.rate[0]),
        treated_low=_number(told.low[0]),
        treated_high=_number(told.high[0]),
        ratio=_number(told.ratio[0]),
        p_margin=p_margin,
        needed=needed,
        false_warning=false_warning,
        chance=chance,
        warns=warns(p_exceeds, p_margin, expectation),
        problem="",
    )


def background_of(expectation: Expectation) -> dict[str, float]:
    """The options of `blinded_rate` that an expectation gives."""
    return {
        "background_years": expectation.years,
        "treated_share": expectation.treated_share,
        "treated_years": TREATED_YEARS,
        "margin": expectation.margin,
    }


def warns(p_exceeds: float, p_margin: float, expectation: Expectation) -> bool:
    """Is one of the thresholds reached that the expectation names? Without any, nothing warns."""
    posterior, predictive = expectation.warn_posterior, expectation.warn_predictive
    return (posterior is not None and p_margin >= posterior) or (
        predictive is not None and p_exceeds <= predictive
    )


def what_it_takes(years: float, expectation: Expectation) -> tuple[int | None, float | None, float | None]:
    """From how many participants on there is an early warning at this follow-up, the chance of so many if treatment
    adds nothing, and if it multiplies the rate by the margin; nothing without a threshold, or where no count does.
    """
    if expectation.warn_posterior is None and expectation.warn_predictive is None:
        return None, None, None
    found = blinded_warning(
        years,
        expectation.rate,
        **background_of(expectation),
        warn_posterior=expectation.warn_posterior,
        warn_predictive=expectation.warn_predictive,
        ratio=expectation.margin,
    )
    if math.isnan(found.needed[0]):
        return None, None, None
    return int(found.needed[0]), float(found.false_warning[0]), float(found.chance[0])


def _number(value: float) -> float | None:
    """A finite number, or none: infinity is no value of a column."""
    return float(value) if math.isfinite(value) else None
