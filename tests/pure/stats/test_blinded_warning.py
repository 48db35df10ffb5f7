"""The count from which pooled counts warn: every count tried with `blinded_rate`, chances by simulation."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from pvtracker.stats import blinded_rate, blinded_warning
from pvtracker.stats.blinded_rate import Mixture, p_as_many
from tests.pure.stats.against import Against

CASES: list[tuple[float, float, dict[str, Any]]] = [
    (20.0, 0.1, {"warn_posterior": 0.8}),
    (20.0, 0.1, {"warn_predictive": 0.05}),
    (60.0, 0.05, {"warn_posterior": 0.9, "warn_predictive": 0.001, "background_years": 20.0, "margin": 1.5}),
    (9.0, 0.4, {"warn_posterior": 0.7, "treated_share": 0.75, "treated_years": 3.0, "margin": 3.0}),
]


@pytest.mark.parametrize(("years", "background", "options"), CASES)
def test_the_needed_count_is_the_first_that_warns(
    years: float, background: float, options: dict[str, Any]
) -> None:
    told = blinded_warning(years, background, **options)
    rates = {k: v for k, v in options.items() if not k.startswith("warn")}
    found = blinded_rate(np.arange(40), years, background, **rates)
    warns = found.p_margin >= options.get("warn_posterior", np.inf)
    warns |= found.p_exceeds <= options.get("warn_predictive", -np.inf)
    assert told.needed[0] == np.flatnonzero(warns)[0] > 1
    assert told.expected[0] == found.expected[0]


def test_halving_finds_what_trying_every_count_finds() -> None:
    """Random designs: the posterior of the margin rises with every count or falls with every count, as the sign says;
    the count that is needed is the first of all that were tried."""
    rng = np.random.default_rng(11)
    kinds = []
    for _ in range(80):
        share, worth, treated = (
            rng.uniform(0.03, 0.97),
            10 ** rng.uniform(-0.5, 3),
            10 ** rng.uniform(-1, 2.5),
        )
        background, years, margin = (
            10 ** rng.uniform(-2, 0.5),
            10 ** rng.uniform(0, 2),
            10 ** rng.uniform(0, 0.7),
        )
        split = {"background_years": worth, "treated_share": share, "treated_years": treated}
        at = [Mixture.of(x, years, background, **split).above_ratio(margin) for x in range(61)]
        p_margin = np.array(at)
        p_exceeds = np.array([p_as_many(x, background * worth, years, worth) for x in range(61)])
        rises = share * worth > (1 - share) * treated
        step = np.diff(p_margin) if rises else -np.diff(p_margin)
        assert (step > -1e-11).all() and (np.diff(p_exceeds) <= 1e-14).all()
        posterior = float(rng.choice([p_margin.max(), p_margin[20]])) * rng.uniform(0.8, 1.2)
        rules: dict[str, float] = {"warn_posterior": min(max(posterior, 1e-6), 1 - 1e-6)}
        if rng.random() < 0.7:
            rules["warn_predictive"] = 10 ** rng.uniform(-4, -0.01)
        warns = p_margin >= rules["warn_posterior"]
        warns |= p_exceeds <= rules.get("warn_predictive", -np.inf)
        tried = np.flatnonzero(warns)
        needed = blinded_warning(years, background, margin=margin, **split, **rules).needed[0]
        if len(tried):
            assert needed == tried[0]
        else:
            assert not needed <= 60
        kinds.append((bool(rises), len(tried) > 0, len(tried) > 0 and tried[0] > 0))
    assert {(True, True, True), (False, True, False), (False, True, True)} <= set(kinds)


def test_the_cost_hardly_grows_with_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    whole = Mixture.of.__func__  # type: ignore[attr-defined]

    def of(cls: type[Mixture], count: int, *args: Any, **options: Any) -> Mixture:
        tried.append(count)
        return cast(Mixture, whole(cls, count, *args, **options))

    monkeypatch.setattr(Mixture, "of", classmethod(of))
    told = blinded_warning(25_000, 0.1, background_years=1000.0, warn_posterior=0.8)
    assert told.needed[0] == max(c for c in tried if c <= told.needed[0])
    assert told.needed[0] > 2_500 and len(tried) < 25


def test_chances_are_those_of_simulated_trials(against: Against) -> None:
    rng = np.random.default_rng(7)
    for ratio, share, worth in ((3.0, 0.5, 30.0), (1.5, 2 / 3, 200.0)):
        told = blinded_warning(
            40, 0.1, background_years=worth, treated_share=share, warn_predictive=0.1, ratio=ratio
        )
        rate_0 = rng.gamma(0.1 * worth, 1 / worth, 400_000)
        calm = rng.poisson(40 * rate_0)
        harm = rng.poisson(40 * rate_0 * (share * ratio + 1 - share))
        simulated = [(counts >= told.needed[0]).mean() for counts in (calm, harm)]
        against(
            "blinded_warning",
            "simulation, 400,000 trials",
            "brute force",
            [told.false_warning[0], told.chance[0]],
            simulated,
            within=0.004,
        )
        assert told.ratio == ratio


def test_a_false_warning_by_the_predictive_rule_is_no_more_likely_than_its_threshold() -> None:
    told = blinded_warning([1, 5, 20, 100], 0.1, warn_predictive=0.05)
    assert (told.false_warning <= 0.05).all() and (told.chance > told.false_warning).all()
    assert (np.diff(told.needed) > 0).all()


def test_without_treatment_effect_both_chances_are_the_same() -> None:
    told = blinded_warning(20, 0.1, warn_posterior=0.6, ratio=1.0)
    assert told.false_warning[0] == told.chance[0]


def test_what_no_count_reaches_is_said() -> None:
    """A background that nobody believes, and a firm belief in the treatment: more events raise both rates alike."""
    told = blinded_warning(
        [0, 20],
        0.1,
        background_years=1.0,
        treated_years=500.0,
        treated_share=0.05,
        warn_posterior=0.99,
    )
    assert np.isnan(told.needed).all() and np.isnan(told.chance).all() and np.isnan(told.false_warning).all()
    assert told.warning.tolist() == ["no count up to 100000 gives an early warning"] * 2


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((1, 0.1), {}, "warn_posterior or warn_predictive must be given"),
        ((-1, 0.1), {"warn_posterior": 0.8}, "years must be ≥ 0"),
        ((1e-300, 0.1), {"warn_posterior": 0.8}, "years must be 0, or between"),
        ((1, 0.0), {"warn_posterior": 0.8}, "background_rate must lie between"),
        ((1, 0.1), {"warn_posterior": 1.0}, "warn_posterior must lie strictly"),
        ((1, 0.1), {"warn_predictive": 0.0}, "warn_predictive must lie strictly"),
        ((1, 0.1), {"warn_posterior": 0.8, "treated_share": 0.0}, "treated_share must lie strictly"),
        ((1, 0.1), {"warn_posterior": 0.8, "background_years": 0.0}, "background_years must lie between"),
        ((1, 0.1), {"warn_posterior": 0.8, "treated_years": -1.0}, "treated_years must lie between"),
        ((1, 0.1), {"warn_posterior": 0.8, "margin": 0.0}, "margin must lie between"),
        ((1, 0.1), {"warn_posterior": 0.8, "ratio": 0.0}, "ratio must lie between"),
        (([1, 2], [0.1, 0.2, 0.3]), {"warn_posterior": 0.8}, "same length"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[Any, ...], options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        blinded_warning(*arguments, **options)
