"""Area over time: by hand and by quadrature, edges and coverage, the exact tests by brute force and against R."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import time_weighted_area
from pvtracker.stats.time_weighted_area import NO_SPREAD, NONE_COMPARED, ONE
from pvtracker.stats.two_samples import permutation_p, rank_p
from tests.pure.stats.against import Against


def areas(rows: list[tuple[str, float, float, int]], **options: object) -> object:
    participant, day, value, arm = zip(*rows, strict=True)
    return time_weighted_area(participant, day, value, arm, **options)  # type: ignore[arg-type]


# window 10 to 20: a is measured beyond both edges, b beyond none, c once inside, d around it only, e before it only
ROWS = [
    ("a", 5, 1.0, 1), ("a", 15, 3.0, 1), ("a", 25, 1.0, 1),
    ("b", 12, 2.0, 0), ("b", 16, 4.0, 0), ("b", 18, 4.0, 0),
    ("c", 14, 7.0, 1),
    ("d", 0, 0.0, 0), ("d", 40, 8.0, 0),
    ("e", 2, 5.0, 1), ("e", 9, 5.0, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edges", "covered", "area"),
    [
        # a: 2 to 3 to 2 over ten days; b: 2 to 4 over four, 4 over two; d: 2 to 4 over ten
        ("interpolate", [10, 6, 0, 10, 0], [25, 20, 0, 30, 0]),
        ("inside", [0, 6, 0, 0, 0], [0, 20, 0, 0, 0]),
        # b: 2 held for two days before, 4 for two after; c: 7 for all ten
        ("hold", [10, 10, 10, 10, 0], [25, 32, 70, 30, 0]),
    ],
)
def test_the_edges_of_the_window_by_hand(edges: str, covered: list[float], area: list[float]) -> None:
    found = areas(ROWS, start=10, end=20, edges=edges, least_coverage=0)
    np.testing.assert_array_equal(found.participant, ["a", "b", "c", "d", "e"])
    np.testing.assert_allclose(found.covered, covered)
    np.testing.assert_allclose(found.area, area)
    np.testing.assert_array_equal(found.compared, np.array(covered) > 0)
    np.testing.assert_allclose(
        found.level, [each / one if one else np.nan for each, one in zip(area, covered, strict=True)]
    )
    between = [1, 0.6, 0, 1, 0] if edges != "inside" else [0, 0.6, 0, 0, 0]
    np.testing.assert_allclose(found.measured, between)


def test_who_covers_too_little_is_left_out_and_counted() -> None:
    found = areas(ROWS, start=10, end=20, least_coverage=0.7)
    np.testing.assert_array_equal(found.compared, [True, False, False, True, False])
    np.testing.assert_array_equal(found.by.n, [1, 1, 2])
    np.testing.assert_array_equal(found.by.left_out, [2, 1, 3])
    np.testing.assert_allclose(found.by.mean, [2.5, 3.0, -0.5])
    assert found.warning == ONE and found.p == 1 and np.isnan(found.by.low).all()
    held = areas(ROWS, start=10, end=20, least_coverage=0.7, edges="hold")  # what is held is not measured
    np.testing.assert_array_equal(held.compared, found.compared)
    nobody = areas(ROWS, start=30, end=50, least_coverage=0.6)
    assert nobody.warning == NONE_COMPARED and np.isnan(nobody.p) and nobody.p_method == "none"
    alone = areas([row for row in ROWS if row[3]], start=10, end=20)
    assert alone.warning.startswith("empty arm")
    level = areas([("a", 0, 2, 1), ("a", 9, 2, 1), ("b", 0, 2, 1), ("b", 9, 2, 1), ("c", 0, 1, 0), ("c", 9, 3, 0),
                   ("d", 0, 4, 0), ("d", 9, 4, 0)], start=0, end=9)  # fmt: skip
    assert level.warning == NO_SPREAD and level.by.sd[0] == 0


def test_areas_are_those_of_a_fine_sum(against: Against) -> None:
    """Weeks 40 to 48 of 40 participants with ten measurements each: np.interp on 100,001 points."""
    rng = np.random.default_rng(8)
    days = np.sort(rng.uniform(200, 400, (40, 10)))
    value = rng.lognormal(7, 2, days.shape)
    order = rng.permutation(400)
    found = time_weighted_area(
        np.repeat(np.arange(40) + 100, 10)[order], days.ravel()[order], value.ravel()[order],
        np.repeat(np.arange(40) % 2, 10)[order], start=280, end=336, scale="log10", least_coverage=0,
    )  # fmt: skip
    x = np.linspace(280, 336, 100_001)
    fine = [np.interp(x, day, np.log10(one)).mean() for day, one in zip(days, value, strict=True)]
    whole = (days[:, 0] < 280) & (days[:, -1] > 336)
    assert whole.sum() > 30
    against("time_weighted_area", "fine sum of np.interp", "brute force", found.level[whole], np.array(fine)[whole],
            within=1e-5)  # fmt: skip
    expected = scipy_stats.ttest_ind(
        found.level[found.in_arm == 1], found.level[found.in_arm == 0], equal_var=False
    )
    against(
        "time_weighted_area", "SciPy ttest_ind", "program",
        [found.p_welch, found.degrees, found.by.low[2], found.by.high[2]],
        [expected.pvalue, expected.df, *expected.confidence_interval()], within=1e-11,
    )  # fmt: skip


def test_limits_of_another_level_and_splits_of_another_seed(against: Against) -> None:
    rng = np.random.default_rng(9)
    who = np.repeat(np.arange(70), 3)
    rows = (who, np.tile([0, 5, 10], 70), rng.normal(0.2 * (who % 2), 1), who % 2)
    found = time_weighted_area(
        *rows, start=0, end=10, confidence_level=0.8, test="permutation", replicates=999, seed=7
    )
    arm, reference = (found.level[found.in_arm == side] for side in (1, 0))
    expected = scipy_stats.ttest_ind(arm, reference, equal_var=False).confidence_interval(0.8)
    own = [scipy_stats.ttest_1samp(side, 0).confidence_interval(0.8) for side in (arm, reference)]
    limits = [*own, expected]
    source = "SciPy ttest_ind and ttest_1samp, 80 %"
    against("time_weighted_area", source, "program", found.by.low, [one.low for one in limits], within=1e-11)
    against(
        "time_weighted_area", source, "program", found.by.high, [one.high for one in limits], within=1e-11
    )
    assert found.confidence_level == 0.8 and found.p_method == "999 random splits"
    drawn = [permutation_p(found.level, found.in_arm, replicates=999, seed=seed)[0] for seed in (7, 1)]
    assert found.p == drawn[0] != drawn[1]


def test_values_of_a_day_are_averaged_and_missing_ones_are_not_there() -> None:
    rows = [
        ("a", 0, 1.0, 1),
        ("a", 0, 3.0, 1),
        ("a", 5, np.nan, 1),
        ("a", 10, 4.0, 1),
        ("b", 0, 1.0, 0),
        ("b", 10, 1.0, 0),
    ]
    np.testing.assert_allclose(areas(rows, start=0, end=10).level, [3, 1])
    below = areas(rows, start=0, end=10, below=[0, 0, 0, 0, 1, 1], below_as="half")
    np.testing.assert_allclose(below.level, [3, 0.5])


def brute(score: np.ndarray, arm: np.ndarray) -> float:
    """Every split."""
    sums = [abs(score[list(one)].mean() - np.delete(score, one).mean())
            for one in combinations(range(len(score)), int(arm.sum()))]  # fmt: skip
    observed = abs(score[arm == 1].mean() - score[arm == 0].mean())
    return float(np.mean(np.array(sums) >= observed - 1e-9))


@pytest.mark.parametrize("sizes", [(3, 4), (5, 5), (6, 3), (1, 6), (7, 6)])
@pytest.mark.parametrize("ties", [False, True])
def test_the_exact_tests_are_those_over_every_split(
    sizes: tuple[int, int], ties: bool, against: Against
) -> None:
    rng = np.random.default_rng([*sizes, ties])
    arm = rng.permutation(np.repeat([1, 0], sizes))
    value = rng.normal(arm, 1)
    value = np.round(value) if ties else value
    for test, score in ((rank_p, scipy_stats.rankdata(value)), (permutation_p, value)):
        p, how = test(value, arm, replicates=1, seed=1)
        assert how == "exact"
        against(
            "time_weighted_area",
            "every split into two arms",
            "brute force",
            p,
            brute(score, arm),
            within=1e-12,
        )


def test_the_rank_test_is_rs(against: Against) -> None:
    """R: x=3*sin(1:38); y=2*cos(1:36)+1; wilcox.test(x,y,exact=TRUE)$p.value"""
    x, y = 3 * np.sin(np.arange(1, 39)), 2 * np.cos(np.arange(1, 37)) + 1
    p, how = rank_p(np.r_[x, y], np.repeat([1, 0], [38, 36]), replicates=1, seed=1)
    assert how == "exact"
    against(
        "time_weighted_area", "R wilcox.test(exact=TRUE)", "program", p, 0.06990298894610097, within=1e-12
    )


def test_many_splits_are_drawn_from_a_seed() -> None:
    rng = np.random.default_rng(5)
    arm = np.repeat([1, 0], [38, 36])
    value = rng.normal(0.5 * arm, 1)
    exact = rank_p(value, arm, replicates=1, seed=1)[0]
    first, how = permutation_p(scipy_stats.rankdata(value), arm, replicates=20_000, seed=3)
    assert how == "20000 random splits" and first == pytest.approx(exact, abs=4 * np.sqrt(exact / 20_000))
    assert permutation_p(value, arm, replicates=999, seed=3) == permutation_p(
        value, arm, replicates=999, seed=3
    )
    assert permutation_p(value, arm, replicates=999, seed=3) != permutation_p(
        value, arm, replicates=999, seed=4
    )
    large = np.tile(value, 3)
    assert rank_p(large, np.tile(arm, 3), replicates=99, seed=1)[1] == "99 random splits"


def test_swapping_the_arms_turns_the_difference_and_leaves_p() -> None:
    rng = np.random.default_rng(6)
    who = np.repeat(np.arange(12), 4)
    day, value, arm = np.tile([0, 7, 14, 28], 12), rng.normal(size=48), who % 2
    for test in ("wilcoxon", "permutation"):
        one, other = (
            time_weighted_area(who, day, value, side, start=0, end=28, test=test) for side in (arm, 1 - arm)
        )  # type: ignore[arg-type]
        assert one.p == other.p and one.by.low[2] == pytest.approx(-other.by.high[2])
        weeks = time_weighted_area(who, day / 7, 10 * value, arm, start=0, end=4, test=test)  # type: ignore[arg-type]
        np.testing.assert_allclose(weeks.level, 10 * one.level)
        assert weeks.p == one.p and weeks.test == test


@pytest.mark.parametrize("test", ["wilcoxon", "permutation"])
@pytest.mark.parametrize(("level", "scale"), [(0.1, "as measured"), (50.0, "log10")])
@pytest.mark.parametrize("unit", [1.0, 7.0, 365.25])
@pytest.mark.parametrize("each", [6, 20, 120])
def test_levels_that_differ_by_rounding_only_are_ties(
    test: str, level: float, scale: str, unit: float, each: int
) -> None:
    """Everybody has the same level; the arm is measured every 7 days, the reference every 4."""
    days = (np.arange(0, 29, 7) / unit, np.arange(0, 29, 4) / unit)
    rows = [
        (f"{side}{n}", day, level, 1 - side) for side in (0, 1) for n in range(each) for day in days[side]
    ]
    found = areas(rows, start=0, end=28 / unit, test=test, scale=scale, replicates=99)
    assert found.p == 1
    assert np.isnan(found.p_welch) and found.warning == NO_SPREAD


def test_values_that_cancel_have_a_level_of_zero() -> None:
    """Changes from -0.2 to 0.2 in a straight line, in the arm at visits every 7 days, in the reference every 4."""
    rows = [
        (f"{n:02}", day, 0.1 * (day - 14) / 7, n % 2)
        for n in range(40)
        for day in range(0, 29, 7 if n % 2 else 4)
    ]
    for test in ("wilcoxon", "permutation"):
        found = areas(rows, start=0, end=28, test=test)
        assert found.p == 1 and (found.level == 0).all() and found.warning == NO_SPREAD


def test_the_unit_of_time_does_not_break_ties() -> None:
    """Visits at different days, and half of the levels the same: as the ranks of the levels in whole numbers."""
    rng = np.random.default_rng(11)
    level, every = rng.integers(1, 4, 30), rng.choice([4, 7, 14], 30)
    rows = [(f"{n:02}", day, level[n] / 10, n % 2) for n in range(30) for day in range(0, 29, every[n])]
    expected = rank_p(level.astype(float), np.arange(30) % 2, replicates=1, seed=1)[0]
    for unit in (1.0, 7.0, 30.4375, 365.25):
        scaled = [(who, day / unit, value, arm) for who, day, value, arm in rows]
        assert areas(scaled, start=0, end=28 / unit).p == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": 5, "end": 5}, "start must lie before end"),
        ({"start": np.nan, "end": 5}, "start must lie before end"),
        ({"start": 0, "end": 5, "edges": "cut"}, "edges must be interpolate or inside or hold"),
        ({"start": 0, "end": 5, "test": "t"}, "test must be wilcoxon or permutation"),
        ({"start": 0, "end": 5, "least_coverage": 1.1}, "least_coverage"),
        ({"start": 0, "end": 5, "replicates": 0}, "replicates"),
        ({"start": 0, "end": 5, "confidence_level": 0}, "confidence_level"),
        ({"start": 0, "end": 5, "scale": "log"}, "scale"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        areas(ROWS, **options)
