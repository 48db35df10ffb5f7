"""Limits in simulated trials: what is counted, and each table of the page against its first trials, at both sizes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pvtracker.ops import (
    coverage_blinded,
    coverage_measured,
    coverage_page,
    coverage_recurrent,
    coverage_simulated,
    coverage_strata,
    coverage_times,
)
from pvtracker.ops.coverage_simulated import SIZES, Family, Method
from tests.shared import ROOT

PAGE = ROOT / "docs" / "reference" / "coverage.md"
FAMILIES = {
    "strata": coverage_strata.FAMILY,
    "times": coverage_times.FAMILY,
    "events": coverage_recurrent.EVENTS,
    "negative binomial": coverage_recurrent.NEGATIVE_BINOMIAL,
    "sites": coverage_recurrent.REPORTING,
    "measured": coverage_measured.FAMILY,
    "blinded": coverage_blinded.FAMILY,
}
# Trials that are done again of the small and of the large size: as many as take half a second.
AGAIN = {
    "strata": (250, 250),
    "times": (50, 30),
    "events": (50, 10),
    "negative binomial": (3, 3),
    "sites": (40, 25),
    "measured": (50, 25),
    "blinded": (100, 15),
}


def made_up(found: np.ndarray, true: float | None = 1.0) -> Family:
    """Trials that are nothing but their number."""
    method = Method(lambda case: true, lambda trials: found[trials])
    numbers = iter(range(1000))
    return Family(
        1, (4, 4), (SimpleNamespace(words="x"),), lambda rng, case, a, b: next(numbers), {"one": method}
    )


def test_what_limits_hold_is_counted() -> None:
    limits = np.array([[0.0, 2.0], [1.5, 2.0], [0.0, 0.5], [0.0, 1.0], [np.nan, 3.0], [1.0, np.inf]])
    one = coverage_simulated.held(made_up(limits), 0, 38, 36, 6)["one"]
    assert (one.holds, one.below, one.above) == pytest.approx((3 / 5, 1 / 5, 1 / 5))
    assert one.without == pytest.approx(1 / 6) and list(one.first) == [0.0, 2.0]
    assert one.standard_error == pytest.approx(np.sqrt(0.6 * 0.4 / 5))
    line = coverage_simulated.line(38, 36, "a case", "mmrm, wide", one)
    assert line == "| 38 v 36 | a case | `mmrm`, wide | 60.0 ± 21.9 | 20.0 | 20.0 | 16.7 | 0 … 2 |"


def test_what_a_test_rejects_is_counted() -> None:
    one = coverage_simulated.held(made_up(np.array([0.5, 0.05, 0.051, np.nan])), 0, 38, 36, 4)["one"]
    assert one.holds == pytest.approx(2 / 3) and one.without == 0.25
    assert coverage_simulated.line(38, 36, "x", "one", one).endswith("| 66.7 ± 27.2 |  |  | 25.0 | p = 0.5 |")
    assert not coverage_simulated.held(made_up(np.array([0.5]), None), 0, 38, 36, 1)


def test_fewer_trials_are_the_first_of_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are held at once; and the arms and the case have trials of their own."""
    drawn: list[Any] = []

    def draw(rng: np.random.Generator, case: Any, N_arm: int, N_ref: int) -> Any:
        drawn.append(rng.random())
        return drawn[-1]

    method = Method(lambda case: 0.0, lambda trials: np.zeros((len(trials), 2)))
    family = Family(3, (5, 5), (SimpleNamespace(words="a"), SimpleNamespace(words="b")), draw, {"m": method})
    coverage_simulated.held(family, 0, 38, 36, 5)
    monkeypatch.setattr(coverage_simulated, "AT_ONCE", 2)
    coverage_simulated.held(family, 0, 38, 36, 3)
    assert drawn[5:] == drawn[:3] and len(set(drawn)) == 5
    coverage_simulated.held(family, 1, 38, 36, 1)
    coverage_simulated.held(family, 0, 36, 38, 1)
    assert len(set(drawn)) == 7


def row(size: tuple[int, int], words: str, name: str) -> list[str]:
    statistic, comma, option = name.partition(", ")
    begin = f"| {size[0]} v {size[1]} | {words} | `{statistic}`{comma}{option} |"
    found = [line for line in PAGE.read_text().splitlines() if line.startswith(begin)]
    assert len(found) == 1, begin
    return [cell.strip() for cell in found[0].split("|")[4:-1]]


@pytest.mark.parametrize("large", [False, True], ids=["38 v 36", "500 v 500"])
@pytest.mark.parametrize("kind", list(FAMILIES))
def test_the_page_has_what_the_code_simulates(kind: str, large: bool) -> None:
    """Of every case and method the first trial's numbers, all digits; and of the first trials the share that holds,
    within four standard errors of the page's."""
    family, size, trials = FAMILIES[kind], SIZES[large], AGAIN[kind][large]
    for position, case in enumerate(family.cases):
        if kind == "negative binomial" and position not in (1, 2):
            continue  # a fit takes a fifth of a second
        for name, one in coverage_simulated.held(family, position, *size, trials).items():
            holds, below, above, _, first = row(size, case.words, name)
            assert first == coverage_simulated.first_trial(one), (case.words, name)
            share, error = (float(word) / 100 for word in holds.split(" ± "))
            assert abs(one.holds - share) <= 4 * np.sqrt(share * (1 - share) / trials + error**2) + 0.001
            if below:
                assert share + (float(below) + float(above)) / 100 == pytest.approx(1, abs=0.0016)


def test_the_page_has_the_words_about_what_was_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections without their rows."""
    monkeypatch.setattr(coverage_simulated, "held", lambda *_: {})
    told = coverage_page.sections(PAGE.read_text())
    for name in ("strata", "times", "recurrent", "sites", "measured", "blinded"):
        rows = [line for line in told[name].splitlines() if not line.startswith("| ") or "| arms |" in line]
        assert rows == coverage_page.SECTIONS[name]()


def test_the_true_values_of_times_are_those_of_many_participants() -> None:
    """A large arm without censoring before a year: shares and areas counted."""
    rng = np.random.default_rng(5)
    case = coverage_times.Case("", 0.6, 2.0)
    event = rng.exponential(1 / case.arm, 200_000)
    dead = rng.exponential(1 / coverage_times.DEATH, 200_000)
    first = event < dead
    assert np.mean(first & (event <= 1)) == pytest.approx(coverage_times.incidence(case.arm), abs=0.005)
    lost = np.maximum(coverage_times.TAU - event, 0)[first].sum() / 200_000
    assert lost == pytest.approx(coverage_times.lost(case.arm), abs=0.005)
    drawn = coverage_times.draw(rng, case, 4000, 4000)
    assert np.mean(drawn.event[drawn.in_arm == 1] == 1) > np.mean(drawn.event[drawn.in_arm == 0] == 1) + 0.1


def test_strata_have_the_common_effect_that_is_named() -> None:
    for case in coverage_strata.FAMILY.cases:
        ref, arm = np.array(case.risks), case.arm()
        told = {
            "difference": arm - ref,
            "ratio": arm / ref,
            "odds ratio": arm / (1 - arm) / (ref / (1 - ref)),
        }
        assert ((arm > 0) & (arm < 1)).all()
        if case.kind is None:
            np.testing.assert_array_equal(arm, ref)
        else:
            np.testing.assert_allclose(told[case.kind], case.effect)
    assert coverage_strata.sizes(38, 4).tolist() == [10, 10, 9, 9]


def test_events_are_as_many_and_as_dispersed_as_named() -> None:
    rng = np.random.default_rng(6)
    one = coverage_recurrent.draw(rng, coverage_recurrent.TWICE, 20_000, 20_000)
    arm, ref = one.in_arm == 1, one.in_arm == 0
    rates = [one.events[side].sum() / one.years[side].sum() for side in (arm, ref)]
    np.testing.assert_allclose(rates, [2.0, 1.0], rtol=0.04)
    mean = one.years[ref].mean()
    spread = one.events[ref].var() - one.events[ref].mean() - one.years[ref].var()
    assert spread / (mean**2 + one.years[ref].var()) == pytest.approx(1.0, abs=0.1)  # dispersion
    assert (one.when <= one.years[one.who]).all() and (one.when > 0).all()
    half = coverage_recurrent.draw(rng, coverage_recurrent.REPORTING.cases[1], 20_000, 20_000)
    first = half.site == 0
    ratio = (
        half.events[first].sum()
        / half.years[first].sum()
        / (half.events[~first].sum() / half.years[~first].sum())
    )
    assert ratio == pytest.approx(0.5, abs=0.03)
