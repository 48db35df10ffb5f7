"""Calibration of the hierarchical model: few replicates of what the page has many of, and slips that it must notice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pvtracker.ops import coverage_hierarchical as hierarchical
from pvtracker.ops import coverage_page
from tests.shared import ROOT

PAGE = ROOT / "docs" / "reference" / "coverage.md"
DRAWS = hierarchical.CHAINS * hierarchical.SWEEPS // hierarchical.BETWEEN


@pytest.mark.parametrize(("name", "size"), [("berry_berry", 38), ("berry_berry_periods", 500)])
def test_ranks_of_a_few_replicates_are_nowhere_at_an_end(name: str, size: int) -> None:
    """Mean place of each quantity within four standard errors of the middle, all replicates within the draws."""
    found = hierarchical.ranks(name, size, size - size % 4, replicates=4, seed=7)
    assert len(found) == 14
    for quantity, rank in found.items():
        assert rank.shape == (4,) and rank.min() >= 0 and rank.max() <= DRAWS
        assert abs(np.mean((rank + 0.5) / (DRAWS + 1)) - 0.5) < 4 * np.sqrt(1 / 12 / 4), quantity


def test_arms_that_are_taken_for_each_other_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Effects then have the wrong sign: true values lie beyond nearly all draws."""
    right = hierarchical.Arms
    monkeypatch.setattr(hierarchical, "Arms", lambda ref, arm, both: right(arm, ref, both))
    found = hierarchical.ranks("berry_berry", 38, 36, replicates=6, seed=8)
    assert np.mean([abs((found[f"theta[{n}]"] + 0.5) / (DRAWS + 1) - 0.5) for n in range(3)]) > 0.38


def test_the_p_of_uniform_ranks() -> None:
    assert hierarchical.uniform_p(np.arange(DRAWS + 1)) == pytest.approx(1, abs=1e-4)
    assert hierarchical.uniform_p(np.arange(DRAWS + 1) // 2) < 1e-12
    rng = np.random.default_rng(4)
    p = [hierarchical.uniform_p(rng.integers(0, DRAWS + 1, 400)) for _ in range(400)]
    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=0.06)


def test_what_is_flagged_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Posteriors made up: trial 1 flags a term without harm, every trial five of the eleven harmed; one is refused."""
    seen: list[Any] = []

    def made_up(x: Any, N_arm: int, y: Any, N_ref: int, system: Any, *, seed: int) -> Any:
        p = np.zeros(45)
        p[np.flatnonzero(system == hierarchical.HARMED_SYSTEM)[:5]] = 0.96
        p[0], p[1] = (0.99 if not seen else 0.95), np.nan
        seen.append((x, y, seed))
        return SimpleNamespace(p_positive=p)

    monkeypatch.setattr(hierarchical.stats, "berry_berry", made_up)
    found = hierarchical.discovery("berry_berry", 38, 36, True, trials=4)
    assert found.flagged == pytest.approx(1 / (4 * 34)) and found.any_flagged == 0.25
    assert found.found == pytest.approx(5 / 11) and found.refused == pytest.approx(1 / 45)
    assert len({seed for *_, seed in seen}) == 4
    none = hierarchical.discovery("berry_berry", 38, 36, False, trials=4)
    assert np.isnan(none.found) and none.any_flagged == 1
    harmed = np.repeat(range(8), hierarchical.SYSTEM_SIZES) == hierarchical.HARMED_SYSTEM
    arm, ref = (np.sum([each[side][harmed] for each in seen[:4]]) for side in (0, 1))
    assert arm > 2 * ref


def test_rates_and_periods_are_given_to_the_models_of_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow-up of each size, each period its share, and the harm in all periods."""
    seen: dict[str, Any] = {}

    def made_up(name: str) -> Any:
        def fit(*given: Any, seed: int) -> Any:
            seen[name] = given
            return SimpleNamespace(p_positive=np.ones(len(given[0])))

        return fit

    for name in ("berry_berry_poisson", "berry_berry_periods"):
        monkeypatch.setattr(hierarchical.stats, name, made_up(name))
        found = hierarchical.discovery(name, 500, 400, True, trials=1)
        assert found.found == found.flagged == found.any_flagged == 1 and found.refused == 0
    assert len(seen["berry_berry_poisson"]) == 5 and len(seen["berry_berry_periods"]) == 6
    x, years_arm, y, years_ref, system, period = seen["berry_berry_periods"]
    harmed = system == hierarchical.HARMED_SYSTEM
    for one, share in enumerate(hierarchical.PERIODS):
        its = period == one
        assert its.sum() == 45
        np.testing.assert_allclose(years_arm[its], 500 * 1.92 * share)
        np.testing.assert_allclose(years_ref[its], 400 * 1.92 * share)
        assert 2 < x[its & harmed].sum() / y[its & harmed].sum() * 0.8 < 4
    np.testing.assert_allclose(seen["berry_berry_poisson"][1], 500 * 1.92)


def test_the_page_says_what_was_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are the code's; the shares that it tells are those of uniform ranks, within four standard errors."""
    page = coverage_page.sections(PAGE.read_text())
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in page["hierarchical-ranks"].splitlines()
        if " v " in line and line.startswith("| ")
    ]
    expected = np.array([5 / 97, 49 / 97, 5 / 97])  # of 97 places: 0 to 4, 24 to 72, 92 to 96
    for N_arm, N_ref in hierarchical.SIZES:
        for name in hierarchical.MODELS:
            its = [row for row in rows if row[:2] == [f"{N_arm} v {N_ref}", f"`{name}`"]]
            assert len(its) == 14
            away = np.array([[float(cell) for cell in row[4:]] for row in its]) / 100 - expected
            error = np.sqrt(expected * (1 - expected) / hierarchical.REPLICATES[name, N_arm])
            assert (np.abs(away) < 4 * error).all()
    assert len(page["hierarchical-findings"].splitlines()) == 6 + sum(
        len(one) for one in hierarchical.TRIALS.values()
    )
    monkeypatch.setattr(hierarchical, "SIZES", ())
    assert page["hierarchical-ranks"].startswith("\n".join(hierarchical.rank_lines()))
    assert page["hierarchical-findings"].startswith("\n".join(hierarchical.discovery_lines()))
