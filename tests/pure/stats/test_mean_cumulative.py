"""Mean cumulative events against R survival and the sums written out."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.special import ndtri

from pvtracker.stats import mean_cumulative, mean_cumulative_difference
from tests.pure.stats.against import Against
from tests.pure.stats.cgd import ARM, END, WHEN, WHO

# R 4.2.2: f <- survfit(Surv(tstart, tstop, status) ~ 1, data = cgd, id = id, robust = TRUE), cumhaz and std.chaz at
# 50, 100, 200, 300, 350; then of treat == "placebo" and "rIFN-g" alone (before the first event there R has no row).
TIMES = [50.0, 100.0, 200.0, 300.0, 350.0]
ALL = (
    [0.078125, 0.140749007937, 0.285331751183, 0.581337885640, 0.774411711759],
    [0.0284043741645, 0.0362182230060, 0.0559292686530, 0.0954516620596, 0.1407294235512],
)
PLACEBO = (
    [0.153846153846, 0.246642246642, 0.407932569223, 0.892971559174, 1.262657793992],
    [0.0543090835767, 0.0654429729706, 0.0934632636140, 0.1681891789842, 0.2518384786836],
)
INTERFERON = (
    [0.0, 0.031746031746, 0.160283045000, 0.279480206623, 0.332111785571],
    [0.0, 0.0220886457992, 0.0563852022593, 0.0730211274391, 0.1029104766328],
)
R = "R survival, survfit(robust = TRUE) of cgd"


def some_participants(size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ends and events, with ties, nobody ending before the first day."""
    rng = np.random.default_rng(seed)
    end = rng.integers(1, 40, size).astype(float)
    who = np.sort(rng.choice(size, 2 * size))
    return end, who, np.ceil(rng.random(2 * size) * end[who])


def written_out(end: np.ndarray, who: np.ndarray, when: np.ndarray, time: float) -> tuple[float, float]:
    """Mean and standard error, participant by participant and time by time."""
    mean, added = 0.0, np.zeros(len(end))
    for moment in np.unique(when[when <= time]):
        followed = end >= moment
        own = np.bincount(who[when == moment], minlength=len(end))
        rate = own.sum() / followed.sum()
        mean += rate
        added += followed * (own - rate) / followed.sum()
    return mean, float(np.sqrt((added**2).sum()))


def test_mean_and_standard_error_of_r(against: Against) -> None:
    found = mean_cumulative(END, WHO, WHEN, confidence_level=0.9)
    at = np.searchsorted(found.time, TIMES, side="right") - 1
    against("mean_cumulative", R, "program", [found.mean[at], found.standard_error[at]], ALL, within=1e-11)
    reach = ndtri(0.95) * found.standard_error
    np.testing.assert_allclose(found.high, found.mean + reach)
    np.testing.assert_allclose(found.low, np.maximum(found.mean - reach, 0))
    assert found.confidence_level == 0.9 and found.events.sum() == 76
    assert found.at_risk[[0, -1]].tolist() == [128, np.sum(np.array(END) >= 373)]


def test_the_difference_of_r(against: Against) -> None:
    found = mean_cumulative_difference(END, ARM, WHO, WHEN, at=TIMES, confidence_level=0.9)
    means = [found.mean_arm, found.mean_ref]
    against("mean_cumulative_difference", R, "program", means, [INTERFERON[0], PLACEBO[0]], within=1e-11)
    error = np.hypot(INTERFERON[1], PLACEBO[1])
    source = f"{R}, variances added"
    against("mean_cumulative_difference", source, "program", found.standard_error, error, within=1e-11)
    np.testing.assert_allclose(found.difference, found.mean_arm - found.mean_ref)
    np.testing.assert_allclose(found.high - found.low, 2 * ndtri(0.95) * found.standard_error)
    np.testing.assert_allclose((found.high + found.low) / 2, found.difference)
    every = mean_cumulative_difference(END, ARM, WHO, WHEN)
    assert every.time.tolist() == sorted(set(WHEN))
    assert every.difference[every.time <= 350][-1] == found.difference[-1]


@pytest.mark.parametrize("size", [1, 3, 30])
def test_the_sums_written_out(size: int, against: Against) -> None:
    end, who, when = some_participants(size, seed=1995 + size)
    found = mean_cumulative(end, who, when)
    expected = np.array([written_out(end, who, when, time) for time in found.time]).T
    ours = [found.mean, found.standard_error]
    against("mean_cumulative", "the sums written out", "brute force", ours, expected, within=1e-12)


def test_blocks_of_participants_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    end, who, when = some_participants(50, seed=7)
    whole = mean_cumulative(end, who, when)
    monkeypatch.setattr(sys.modules["pvtracker.stats.mean_cumulative"], "MOST_CELLS", 100)
    np.testing.assert_allclose(mean_cumulative(end, who, when).standard_error, whole.standard_error)


def test_order_unit_and_arms() -> None:
    rng = np.random.default_rng(8)
    end, who, when = some_participants(40, seed=8)
    arm, order = rng.integers(0, 2, 40), rng.permutation(40)
    place, shuffled = np.argsort(order), rng.permutation(80)
    at = [3.0, 17.0, 2.0]
    found = mean_cumulative_difference(end, arm, who, when, at=at)
    other = mean_cumulative_difference(
        end[order] * 7, 1 - arm[order], place[who][shuffled], when[shuffled] * 7, at=np.multiply(at, 7)
    )
    np.testing.assert_allclose(other.difference, -found.difference)
    np.testing.assert_allclose(other.low, -found.high)


def test_limits_cover_with_events_that_come_together() -> None:
    """Participants differ in how often they have events (gamma), up to time 1; the true mean is 1.5 and 1."""
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(400):
        arm = np.repeat([1, 0], 100)
        number = rng.poisson(np.where(arm, 1.5, 1.0) * rng.gamma(1.0, 1.0, 200))
        who = np.repeat(np.arange(200), number)
        found = mean_cumulative_difference(np.ones(200), arm, who, 1 - rng.random(len(who)), at=1.0)
        covered += found.low[0] <= 0.5 <= found.high[0]
    assert 0.92 <= covered / 400 <= 0.975  # Poisson variances, 1 / 2.3 of the true, would cover 80 %


def test_what_is_not_there_is_told() -> None:
    nothing = mean_cumulative([3, 4], [], [])
    assert nothing.mean.shape == (0,)
    alike = mean_cumulative([5.0] * 5, [0, 1, 2, 3, 4], [1.0, 1.0, 1.0, 2.0, 2.0])
    assert alike.warning[0] is None and "the variance is 0" in alike.warning[1]
    others = mean_cumulative_difference([5.0] * 6, [1] * 3 + [0] * 3, [0, 1, 3], [1.0, 1.0, 1.0], at=[0.5, 1])
    assert "too narrow" in others.warning[0] and others.warning[1] is None
    early = mean_cumulative_difference([3, 9], [1, 0], [1], [2.0], at=[1, 3, 4])
    assert np.isnan(early.difference).tolist() == [False, False, True]
    assert early.difference[:2].tolist() == [0, -1]
    assert early.warning[0] == early.warning[1] and "too narrow" in early.warning[0]
    assert early.warning[2] == "nobody of one of the arms is followed so long"
    empty = mean_cumulative_difference([3, 9], [0, 0], [1], [2.0])
    assert np.isnan(empty.low).all() and empty.warning[0] == "empty arm: no participant in the arm"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([3.0], [0, 0], [1.0]), r"event_time shape \(n,\), got \(1,\), \(2,\) and \(1,\)"),
        (([3.0], [1], [1.0]), "event_participant must be a position in end, got 1"),
        (([3.0], [0], [0.0]), r"event_time must be > 0, got 0.0"),
        (([3.0], [0], [3.5]), "event_time must not be after the end of its participant, got 3.5"),
        (([-3.0], [0], [3.5]), "end must be ≥ 0, got -3.0"),
    ],
)
def test_events_that_cannot_be_are_refused(arguments: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_cumulative(*arguments)
    with pytest.raises(ValueError, match=r"in_arm must have the shape of end, \(2,\), got \(1,\)"):
        mean_cumulative_difference([1, 2], [1], [0], [1])
    with pytest.raises(ValueError, match="in_arm must be 0 or 1, got 2"):
        mean_cumulative_difference([1, 2], [1, 2], [0], [1])
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 95"):
        mean_cumulative([1, 2], [0], [1], confidence_level=95)
