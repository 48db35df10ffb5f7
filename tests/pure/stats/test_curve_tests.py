"""The log-rank test and Gray's test, which share their statistic."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import cox, gray, log_rank
from tests.pure.stats.against import Against
from tests.pure.stats.survival_data import (
    AML,
    FREIREICH,
    MADE_ARM,
    MADE_EVENT,
    MADE_STRATUM,
    MADE_TIME,
    TWO,
    some_trials,
    trial,
)

Trial = tuple[np.ndarray, np.ndarray, np.ndarray]


def test_the_leukaemia_trial_of_freireich(against: Against) -> None:
    found = log_rank(*FREIREICH)
    source = "Freireich's trial (Kleinbaum & Klein, Survival Analysis)"
    against("log_rank", source, "published", found.chi_square, 16.79, within=3e-4)
    against("log_rank", source, "published", found.expected, [10.75, 19.25], within=5e-4)
    assert found.arm.tolist() == ["0", "1"] and found.participants.tolist() == [21, 21]
    assert found.observed.tolist() == [21, 9] and found.degrees_of_freedom == 1 and found.warning is None


def test_the_log_rank_test_is_that_of_r_survival(against: Against) -> None:
    source = "R survival 3.5-3, survdiff"
    # survdiff(Surv(time, status) ~ x, aml): chisq, exp
    found = log_rank(*AML)
    against("log_rank", source, "program", found.chi_square, 3.39638869898, within=1e-11)
    against("log_rank", source, "program", found.expected, [7.3106640077, 10.6893359923], within=1e-10)
    # survdiff(Surv(t, e == 1) ~ a), with + strata(s), and with subset = a < 2
    cases = (
        (log_rank(MADE_TIME, MADE_EVENT, MADE_ARM),
         [0.8737490145656, 15.3039838940511, 7.2968914414024, 7.3991246645465], 2),
        (log_rank(MADE_TIME, MADE_EVENT, MADE_ARM, stratum=MADE_STRATUM),
         [0.88257240248247, 15.29878102195426, 7.23863425518609, 7.46258472285965], 2),
        (log_rank(MADE_TIME[TWO], MADE_EVENT[TWO], MADE_ARM[TWO]),
         [1.0436046731811, 15.1048739196051, 6.8951260803949], 1),
    )  # fmt: skip
    for made, expected, freedom in cases:
        against("log_rank", source, "program", [made.chi_square, *made.expected], expected, within=1e-12)
        assert made.degrees_of_freedom == freedom
        assert made.p == pytest.approx(scipy_stats.chi2.sf(made.chi_square, freedom), rel=1e-12)


def test_the_log_rank_test_is_that_of_scipy(against: Against) -> None:
    for time, event, arm in (FREIREICH, AML, (MADE_TIME[TWO], MADE_EVENT[TWO] % 2, MADE_ARM[TWO])):
        samples = [
            scipy_stats.CensoredData.right_censored(time[arm == k], event[arm == k] != 1) for k in (0, 1)
        ]
        theirs = scipy_stats.logrank(*samples)
        ours = log_rank(time, event, arm)
        pair = [theirs.statistic**2, theirs.pvalue]
        against("log_rank", "SciPy logrank", "program", [ours.chi_square, ours.p], pair, within=1e-11)


def test_grays_test_is_that_of_r_cmprsk(against: Against) -> None:
    source = "R cmprsk 2.2-11, cuminc"
    # cuminc(t, e, a)$Tests[1, ], with strata s, and of a < 2: stat, pv
    cases = (
        (gray(MADE_TIME, MADE_EVENT, MADE_ARM), [0.13824741380436, 0.93321122826713], 2),
        (gray(MADE_TIME, MADE_EVENT, MADE_ARM, stratum=MADE_STRATUM), [0.28245040411962, 0.86829374813724], 2),
        (gray(MADE_TIME[TWO], MADE_EVENT[TWO], MADE_ARM[TWO]), [0.085068542819316, 0.77054267960292], 1),
    )  # fmt: skip
    for made, expected, freedom in cases:
        against("gray", source, "program", [made.chi_square, made.p], expected, within=1e-13)
        assert made.degrees_of_freedom == freedom
    # the test of death, Tests[2, ]: the other event is the competing one
    other = (3 - MADE_EVENT) % 3
    for made, expected in (
        (gray(MADE_TIME, other, MADE_ARM), [0.69523001985016, 0.70637076960841]),
        (gray(MADE_TIME, other, MADE_ARM, stratum=MADE_STRATUM), [1.33964295616704, 0.51179993713711]),
        (gray(MADE_TIME[TWO], other[TWO], MADE_ARM[TWO]), [0.753871683321250, 0.38525319456229]),
    ):
        against("gray", source, "program", [made.chi_square, made.p], expected, within=1e-13)
    # t <- c(1,1,1,1,2,2,2,3,3,3,4:9,4:9 + .5); cuminc(t, rep(1, 22), rep(1:4, c(4,6,6,6)))$Tests[1, ]: all have it, and
    # arms are gone so soon that the pooled incidence exceeds one
    time = np.concatenate([[1, 1, 1, 1, 2, 2, 2, 3, 3, 3], np.arange(4, 10), np.arange(4, 10) + 0.5])
    gone = gray(time, 1, np.repeat([1, 2, 3, 4], [4, 6, 6, 6]))
    against(
        "gray", source, "program", [gone.chi_square, gone.p], [31.6303657645, 6.26147980798e-07], within=1e-11
    )
    # t <- c(1,1,1,1,1:12,1:12 + .5); e <- c(1,1,1,1,rep(c(1,1,1,2,0,1),4)); a <- rep(1:3,c(4,12,12))
    # cuminc(t, e, a)$Tests[1, ]: an arm that is soon gone
    time = np.concatenate([np.ones(4), np.arange(1, 13), np.arange(1, 13) + 0.5])
    event = np.concatenate([np.ones(4, dtype=int), np.tile([1, 1, 1, 2, 0, 1], 4)])
    gone = gray(time, event, np.repeat([1, 2, 3], [4, 12, 12]))
    against(
        "gray",
        source,
        "program",
        [gone.chi_square, gone.p],
        [20.77515705024, 3.081285684281e-05],
        within=1e-11,
    )


# What tests/test.R of cmprsk draws after set.seed(2) by the generator of R 1.2 (RNGversion("1.2.1") in R 4.2.2), in the
# order of its times, on which alone the test rests: arm, 1 or 2 for event and competing event, 0 censored; stratum
CMPRSK = """
    c02 a01 a01 c22 c11 b21 a02 b12 c21 a21 a12 a21 a21 a01 c22 c11 c02 b01 b02 c21
    c21 c11 b12 a01 b21 a12 b11 c12 b12 c12 b21 b21 a22 c02 a22 c12 a11 b21 a02 c01
    b11 c11 b12 c11 b21 a22 c12 a01 a12 c21 b21 b12 c02 a21 b22 b21 b22 c12 a12 b21
    c21 a22 a21 a01 b01 c12 a01 b01 b02 b01 c02 b11 b22 a12 a01 a01 c02 b01 b21 b21
    b22 a02 c11 a02 b22 a12 a02 b11 c01 c12 a12 a22 a22 b21 a01 b11 c22 c02 a02 a11
"""


def test_grays_test_as_its_author_printed_it(against: Against) -> None:
    """tests/test.Rout.save of R cmprsk (Gray, R 1.2.1): cuminc(ss,cc,gg,strt), and without arm b."""
    arm, event, stratum = np.array([list(row) for row in CMPRSK.split()]).T
    event, time = event.astype(int), np.arange(100)
    for rows, printed in (
        (arm != "", ([3.393977, 0.1832345], [1.989511, 0.3698139])),
        (arm != "b", ([3.5151549, 0.06080997], [0.1400145, 0.70826655])),
    ):
        for of, expected in zip((event, (3 - event) % 3), printed, strict=True):
            made = gray(time[rows], of[rows], arm[rows], stratum=stratum[rows])
            source = "R cmprsk, tests/test.Rout.save"
            against("gray", source, "published", [made.chi_square, made.p], expected, within=5.1e-7)


@pytest.mark.parametrize("one", [*some_trials(20, arms=3), *some_trials(20)])
def test_observed_and_expected_in_fractions(against: Against, one: Trial) -> None:
    """The hypergeometric mean of each time, exactly; of two arms, the variance as well."""
    time, event, arm = one
    found = log_rank(time, event, arm)
    labels = sorted(set(arm.tolist()))
    expected, variance = dict.fromkeys(labels, Fraction(0)), Fraction(0)
    for moment in sorted(set(time[event == 1].tolist())):
        n, d = int((time >= moment).sum()), int(((time == moment) & (event == 1)).sum())
        for label in labels:
            of_arm = int(((time >= moment) & (arm == label)).sum())
            expected[label] += Fraction(d * of_arm, n)
        if n > 1:
            variance += Fraction(d * of_arm * (n - of_arm) * (n - d), n * n * (n - 1))
    against(
        "log_rank",
        "fractions",
        "brute force",
        found.expected,
        [float(x) for x in expected.values()],
        within=1e-13,
    )
    assert found.observed.tolist() == [((arm == label) & (event == 1)).sum() for label in labels]
    if len(labels) == 2 and variance:
        score = int(found.observed[1]) - expected[labels[1]]
        against(
            "log_rank", "fractions", "brute force", found.chi_square, float(score**2 / variance), within=1e-12
        )


def test_the_chi_square_against_all_allocations_of_a_tiny_trial() -> None:
    """Eight participants, no censoring, no ties: over the 70 allocations the score has mean 0, and its mean square is
    the mean of the hypergeometric variances (a martingale); as many allocations as p says are as extreme, about."""
    time, event = np.array([1, 2, 4, 5, 7, 8, 11, 12]), np.ones(8, dtype=int)
    scores, variances, chi_squares = [], [], []
    for chosen in combinations(range(8), 4):
        arm = np.zeros(8, dtype=int)
        arm[list(chosen)] = 1
        found = log_rank(time, event, arm)
        score = found.observed[1] - found.expected[1]
        scores.append(score)
        chi_squares.append(found.chi_square)
        variances.append(score**2 / found.chi_square if found.chi_square > 1e-12 else np.nan)
    assert not np.isnan(variances).any()
    assert np.mean(scores) == pytest.approx(0, abs=1e-12)
    assert np.mean(np.square(scores)) == pytest.approx(np.mean(variances), rel=1e-9)
    observed = log_rank(time, event, [1, 1, 0, 1, 0, 1, 0, 0])
    exact = np.mean(np.array(chi_squares) >= observed.chi_square - 1e-9)
    assert observed.p == pytest.approx(exact, abs=0.08)


@given(trial(arms=3))
@settings(max_examples=40, deadline=None)
def test_neither_order_nor_names_nor_units_matter(one: Trial) -> None:
    time, event, arm = one
    mixed = np.random.default_rng(2).permutation(len(time))
    renamed = np.array(["z", "b", "k"])[arm]
    for test in (log_rank, gray):
        plain = test(time, event, arm)
        for other in (test(time[mixed], event[mixed], arm[mixed]), test(time * 0.1, event, renamed)):
            assert other.degrees_of_freedom == plain.degrees_of_freedom
            np.testing.assert_allclose(other.chi_square, plain.chi_square, atol=1e-9, rtol=1e-9)
            assert sorted(other.observed) == sorted(plain.observed)
        one_stratum = test(time, event, arm, stratum=np.zeros(len(time)))
        np.testing.assert_array_equal(one_stratum.chi_square, plain.chi_square)


@given(trial(deaths=False))
@settings(max_examples=30, deadline=None)
def test_without_deaths_grays_score_is_the_log_rank_score(one: Trial) -> None:
    time, event, arm = one
    np.testing.assert_allclose(
        gray(time, event, arm).expected, log_rank(time, event, arm).expected, atol=1e-12
    )


def test_two_strata_of_one_arm_each_say_nothing() -> None:
    for test in (log_rank, gray):
        found = test([1, 2, 3, 4], 1, [0, 0, 1, 1], stratum=["x", "x", "y", "y"])
        assert np.isnan(found.p) and found.degrees_of_freedom == 0
        assert found.warning is not None and found.warning.startswith("no event while two arms were at risk")
        # arms 0 and 1 meet in one stratum, 2 and 3 in the other: two comparisons, not three
        pairs = test([1, 2, 3, 4, 1, 2, 3, 4], 1, [0, 1, 0, 1, 2, 3, 2, 3], stratum=[0] * 4 + [1] * 4)
        assert pairs.degrees_of_freedom == 2 and "fewer degrees of freedom" in str(pairs.warning)
        half = test([1, 2, 3, 4], 1, [0, 1, 0, 1])
        assert pairs.chi_square == pytest.approx(2 * half.chi_square, rel=1e-12)


def test_where_nothing_can_be_compared_it_is_said() -> None:
    for test in (log_rank, gray):
        for time, event, arm, words in (
            ([1, 2], [1, 1], ["A", "A"], "only one arm"),
            ([], [], [], "only one arm"),
            ([1, 2, 3], [0, 2, 0], [0, 1, 1], "no event: there is nothing"),
            ([0, 0, 0], [1, 1, 1], [0, 1, 1], "or all had it at once"),
            ([5], [1], [0], "only one arm"),
        ):
            found = test(time, event, arm)
            assert np.isnan(found.p) and np.isnan(found.chi_square) and words in str(found.warning)


def test_without_ties_the_log_rank_test_is_coxs_score_test() -> None:
    time = np.random.default_rng(4).permutation(60) + 1
    event, arm = np.arange(60) % 3 % 2, np.arange(60) % 7 % 2
    stratum = np.arange(60) // 20
    ours = log_rank(time, event, arm, stratum=stratum)
    assert ours.p == pytest.approx(cox(time, event, arm, stratum=stratum).p_score[0], rel=1e-12)


def test_what_cannot_be_is_refused() -> None:
    for test in (log_rank, gray):
        with pytest.raises(ValueError, match=r"arm must label every participant, got shape \(3,\) for 2"):
            test([1, 2], [1, 0], [0, 1, 1])
        with pytest.raises(ValueError, match="stratum must label every participant, got nan"):
            test([1, 2], [1, 0], [0, 1], stratum=[0.0, np.nan])
        with pytest.raises(ValueError, match="event must be 0"):
            test([1, 2], [1, 4], [0, 1])
