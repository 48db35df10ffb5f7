"""Calibration of the hierarchical model: few replicates of what the page has many of, and slips that it must notice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pvtracker.ops import coverage_hierarchical as hierarchical
from tests.shared import ROOT

PAGE = ROOT / "docs" / "reference" / "coverage.md"
DRAWS = hierarchical.CHAINS * hierarchical.SWEEPS // hierarchical.BETWEEN


def test_ranks_of_a_few_replicates_are_nowhere_at_an_end() -> None:
    """Mean place of each quantity within four standard errors of the middle, all replicates within the draws."""
    found = hierarchical.ranks(replicates=10, seed=7)
    assert len(found) == 14
    for name, rank in found.items():
        assert rank.shape == (10,) and rank.min() >= 0 and rank.max() <= DRAWS
        assert abs(np.mean((rank + 0.5) / (DRAWS + 1)) - 0.5) < 4 * np.sqrt(1 / 12 / 10), name


def test_arms_that_are_taken_for_each_other_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Effects then have the wrong sign: true values lie beyond nearly all draws."""
    right = hierarchical.Arms
    monkeypatch.setattr(hierarchical, "Arms", lambda ref, arm, both: right(arm, ref, both))
    found = hierarchical.ranks(replicates=6, seed=8)
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
    found = hierarchical.discovery(True, trials=4)
    assert found.flagged == pytest.approx(1 / (4 * 34)) and found.any_flagged == 0.25
    assert found.found == pytest.approx(5 / 11) and found.refused == pytest.approx(1 / 45)
    assert len({seed for *_, seed in seen}) == 4
    none = hierarchical.discovery(False, trials=4)
    assert np.isnan(none.found) and none.any_flagged == 1
    harmed = np.repeat(range(8), hierarchical.SYSTEM_SIZES) == hierarchical.HARMED_SYSTEM
    arm, ref = (np.sum([each[side][harmed] for each in seen[:4]]) for side in (0, 1))
    assert arm > 2 * ref


def test_the_page_says_what_was_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are the code's; the shares that it tells are those of uniform ranks, within 3.5 standard errors."""
    page = PAGE.read_text()
    section = page[
        page.index("posterior calibrated?") : page.index("## How many findings of the hierarchical")
    ]
    rows = [
        [float(cell) for cell in line.split("|")[3:6]]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    assert len(rows) == 14
    expected = np.array([5 / 97, 49 / 97, 5 / 97])  # of 97 places: 0 to 4, 24 to 72, 92 to 96
    away = np.array(rows) / 100 - expected
    assert (np.abs(away) < 3.5 * np.sqrt(expected * (1 - expected) / hierarchical.REPLICATES)).all()
    monkeypatch.setattr(hierarchical, "ranks", dict)
    monkeypatch.setattr(hierarchical, "TRIALS", {})
    assert "\n".join(hierarchical.rank_lines()) in page and "\n".join(hierarchical.discovery_lines()) in page
