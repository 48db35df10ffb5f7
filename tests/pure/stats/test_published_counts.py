"""Figures that are printed elsewhere, for counts in two arms: risks, odds, strata, rates, repeated events, power.

Beside each stands where it is printed and, where that is not the document itself, through which document it was read.
`within` is half of the last printed digit; where it is more, the comment says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats
from scipy.optimize import brentq

from pvtracker.stats import (
    boschloo,
    cmh,
    cmh_exact,
    cmh_exact_midp,
    fisher_power,
    mean_cumulative,
    mean_cumulative_difference,
    odds_ratio_conditional,
    odds_ratio_mh,
    odds_ratio_midp,
    odds_ratio_stratified_exact,
    proportion_clopper_pearson,
    rate_difference_mn,
    rate_ratio_exact,
    rate_ratio_midp,
    rate_ratio_negative_binomial,
    risk_difference_exact,
    risk_difference_mn_stratified,
    site_reporting,
    smallest_detectable,
    upper_limit_for_zero,
)
from pvtracker.stats.rates import constrained_rates
from tests.pure.stats.against import Against
from tests.pure.stats.strata import DOLL_HILL, RABBITS, Strata

LRSTAT = "R lrstat (K. Lu), reference pages"  # with their output, in the pkgdown site of the package
BASICS = "Stata basics (stata.com)"
# OpenEpi, saved results of Two by Two Tables in SessionI.zip of epiinformatics.com: two strata
OPENEPI: Strata = ([66, 139], [94, 200], [36, 93], [68, 147])


def both(found: Any) -> list[float]:
    """The limits of the first table."""
    return [found.low[0], found.high[0]]


def error_at(null: float, low: Callable[[float], ArrayLike], around: float) -> float:
    """The one-sided error at which the lower limit is the null value: what a one-sided test of it gives as p."""
    return float(
        brentq(lambda p: float(np.asarray(low(1 - 2 * p))[0]) - null, around / 2, around * 2, xtol=1e-12)
    )


def test_exact_limits_of_a_risk_difference(against: Against) -> None:
    # lrstat, riskDiffExactCI ("based on the standardized score statistic"): 2 of 30 v 1 of 30
    ours = both(risk_difference_exact(2, 30, 1, 30))
    against("risk_difference_exact", LRSTAT, "published", ours, [-0.111153, 0.200071], within=5.1e-7)


def test_exact_limits_of_an_odds_ratio(against: Against) -> None:
    # documentation of SciPy 1.17, scipy.stats.contingency.odds_ratio, Examples: 7 of 65 v 15 of 487
    ours, key = both(odds_ratio_conditional(7, 65, 15, 487)), "odds_ratio_conditional"
    printed = [1.2514829132266785, 10.363493716701269]
    against(key, "SciPy documentation, odds_ratio", "published", ours, printed, within=1e-9)
    # Stata basics, odds-ratio calculator, in the sentence below the output of cci 12 16 55 125: "(0.68 - 4.13)". The
    # output itself has 0.6848212 and 4.125435, where the tails are 2.503 % and not 2.5 %: Stata's search stops early.
    ours = both(odds_ratio_conditional(12, 67, 16, 141))
    against(key, f"{BASICS}, odds-ratio calculator", "published", ours, [0.68, 4.13], within=5.1e-3)


def test_mid_p_limits_that_a_package_prints_as_exact_ones(against: Against) -> None:
    """R contingencytables, test-ch4.R, Cornfield_exact_conditional_CI_2x2(Lampasona 2013): the figures are those of
    Cornfield's mid-p interval; the exact limits are wider (0.847 to 40.4 by R's fisher.test and by us)."""
    ours = both(odds_ratio_midp(9, 13, 4, 14))
    source = "Lampasona 2013, by R contingencytables (there named exact)"
    against("odds_ratio_midp", source, "published", ours, [1.0226, 31.5025], within=5.1e-5)
    low, high = both(odds_ratio_conditional(9, 13, 4, 14))
    assert low < 0.85 and high > 40.4


@pytest.mark.parametrize("two_sided", ["minlike", "central"])
def test_boschloo_s_own_table_of_power(two_sided: Literal["minlike", "central"], against: Against) -> None:
    """Boschloo (1970), 15 against 15: probability to reject at one-sided 1 and 5 %, as quoted in the tests of the R
    package of the Fisher-Boschloo test by S. Kilian ("test results from literature"). With equal arms p is twice the
    one-sided one by either definition."""
    x, y = np.divmod(np.arange(256), 16)
    p = boschloo(x, 15, y, 15, two_sided=two_sided).p
    printed = {0.01: [0.1493, 0.7394, 0.6796, 0.8723], 0.05: [0.3531, 0.9189, 0.8962, 0.9744]}
    for alpha, powers in printed.items():
        rejected = (p <= 2 * alpha) & (x > y)
        for risk, other, power in zip((0.3, 0.6, 0.7, 0.8), (0.1, 0.1, 0.2, 0.2), powers, strict=True):
            chance = scipy_stats.binom.pmf(x, 15, risk) * scipy_stats.binom.pmf(y, 15, other)
            source = "Boschloo (1970), power in 15 against 15"
            against("boschloo", source, "published", chance[rejected].sum(), power, within=5.1e-5)


def test_score_limits_over_strata(against: Against) -> None:
    # lrstat, mnRiskDiffCI (Mantel-Haenszel weights); its root finder stops at 1e-6, so not all eight digits count
    found = risk_difference_mn_stratified([4, 3], [10, 10], [2, 0], [20, 10])
    ours = [*found.estimate, *both(found)]
    printed = [0.3, 0.08253629, 0.5320603]
    against("risk_difference_mn_stratified", LRSTAT, "published", ours, printed, within=1e-6)
    # README of R cicalc (GSK), ci_prop_diff_mn_strata: 7 and 5 of 10 v 5 and 4 of 10
    found = risk_difference_mn_stratified([7, 5], [10, 10], [5, 4], [10, 10])
    ours = [*found.estimate, *both(found)]
    printed = [0.15, -0.1606, 0.4338]
    against("risk_difference_mn_stratified", "R cicalc, README", "published", ours, printed, within=5.1e-5)


def test_a_common_odds_ratio(against: Against) -> None:
    # R contingencytables, test-ch10.R, MantelHaenszel_estimate_stratified_2x2
    source = "Doll & Hill 1950 in Fagerland, Lydersen & Laake 2017, by R contingencytables"
    against("odds_ratio_mh", source, "published", odds_ratio_mh(*DOLL_HILL).estimate, 4.5239, within=5.1e-5)


def test_exact_tests_over_strata(against: Against) -> None:
    """OpenEpi prints the upper tails "Fisher exact" and "Mid-P exact" of the adjusted table: the errors at which the
    lower limits are 1. Half the probability of the observed sum is what lies between them, and between our p-values."""
    source = "OpenEpi, example of two strata"
    for mid_p, tail in ((False, 0.01438), (True, 0.01158)):

        def low(level: float, mid_p: bool = mid_p) -> ArrayLike:
            return odds_ratio_stratified_exact(*OPENEPI, confidence_level=level, mid_p=mid_p).low

        ours = error_at(1.0, low, tail)
        against("odds_ratio_stratified_exact", source, "published", ours, tail, within=5.1e-6)
    half = cmh_exact(*OPENEPI).p - cmh_exact_midp(*OPENEPI).p
    for key in ("cmh_exact", "cmh_exact_midp"):  # two printed tails, each rounded
        against(key, source, "published", half, 0.01438 - 0.01158, within=1e-5)
    chi_squared = cmh(*OPENEPI)
    ours = [chi_squared.statistic[0], chi_squared.p[0]]
    against("cmh", source, "published", ours[:1], 5.211, within=5.1e-4)
    against("cmh", source, "published", ours[1:], 0.02245, within=5.1e-6)
    # R's page of help of mantelhaen.test, penicillin for rabbits after Agresti (1990) pages 231-237: "p - 0.040"
    rabbits = cmh_exact(*RABBITS).p
    against(
        "cmh_exact",
        "Agresti (1990), rabbits, in R's ?mantelhaen.test",
        "published",
        rabbits,
        0.040,
        within=5e-4,
    )


def test_the_share_of_participants(against: Against) -> None:
    # Newcombe (1998) Stat Med 17:857-872: the exact limits of 15/148, 0/20 and 1/29, as in R ratesci, test3.R
    found = proportion_clopper_pearson([15, 0, 1], [148, 20, 29])
    printed = [[0.0578, 0.1617], [0, 0.1684], [0.0009, 0.1776]]
    source = "Newcombe (1998) 17:857-872, by R ratesci"
    ours = np.column_stack((found.low, found.high))
    against("proportion_clopper_pearson", source, "published", ours, printed, within=5.1e-5)
    # the two-sided 95 % limit of no event is the one-sided of 97.5 %
    zero = upper_limit_for_zero(20, confidence_level=0.975)
    against("upper_limit_for_zero", source, "published", zero, 0.1684, within=5.1e-5)
    # Fagerland, Lydersen & Laake (2017) chapter 2, 13 of 16, as in R contingencytables, test-ch2.R
    ours = both(proportion_clopper_pearson(13, 16))
    source = "Fagerland, Lydersen & Laake (2017), chapter 2"
    against("proportion_clopper_pearson", source, "published", ours, [0.5435, 0.9595], within=5.1e-5)


# Stata basics, incidence-rate ratio calculator: iri 41 15 28010 19017, limits marked (exact), mid-p p-values
FLUOROSCOPY = (41, 28010, 15, 19017)
# Fay (2010) in the vignette of R exactci: 2 in 17877 v 10 in 20000, p = 0.042, limits (0.024, 1.05) of poisson.test
FAY = (2, 17877, 10, 20000)
# Gu, Ng, Tang & Schucany (2008), example 1, as in statsmodels, test_rates_poisson.py, which says that the paper prints
# the mid-p value where it announces the exact one
GU = (60, 51477.5, 30, 54308.7)


def test_the_ratio_of_two_rates(against: Against) -> None:
    source = f"{BASICS}, incidence-rate ratio"
    found = rate_ratio_exact(*FLUOROSCOPY)
    ours = [found.estimate[0], *both(found)]
    against("rate_ratio_exact", source, "published", ours, [1.855759, 1.005684, 3.6093], within=5.1e-7)
    mid = rate_ratio_midp(*FLUOROSCOPY).p
    against("rate_ratio_midp", source, "published", [*mid, *mid / 2], [0.0355, 0.0177], within=5.1e-5)
    found = rate_ratio_exact(*FAY)
    source = "Fay (2010), vignette of R exactci"
    against("rate_ratio_exact", source, "published", [*found.p, found.low[0]], [0.042, 0.024], within=5.1e-4)
    against("rate_ratio_exact", source, "published", found.high, 1.05, within=5.1e-3)
    mid = rate_ratio_midp(*GU).p / 2
    source = "Gu et al. (2008), example 1, by statsmodels"
    against("rate_ratio_midp", source, "published", mid, 0.000310, within=5.1e-7)


# OpenEpi, saved results of Comparing 2 Person-Time Rates in SessionI.zip of epiinformatics.com: two strata and both
# together: mid-p limits, one-sided mid-p, exact limits, each with four digits
OPENEPI_RATES = [
    ((17, 100025, 3, 122268), [2.21, 29.63], 0.0001564, [2.004, 36.89]),
    ((8, 78531, 1, 77932), [1.27, 177.6], 0.01105, [1.064, 352.3]),
    ((25, 178556, 4, 200200), [2.616, 23.57], 8.270e-6, [2.42, 27.71]),
]


def half_of_the_fourth_digit(printed: float) -> float:
    """As `against` counts: relative beyond one."""
    half = 0.51 * 10.0 ** (np.floor(np.log10(printed)) - 3)
    return float(half / max(1.0, printed))


@pytest.mark.parametrize(("rates", "mid_limits", "mid_p", "limits"), OPENEPI_RATES)
def test_limits_of_the_ratio_of_two_rates(
    rates: tuple[int, int, int, int],
    mid_limits: list[float],
    mid_p: float,
    limits: list[float],
    against: Against,
) -> None:
    mid, exact = rate_ratio_midp(*rates), rate_ratio_exact(*rates)
    for key, ours, printed in (
        ("rate_ratio_midp", [*both(mid), mid.p[0] / 2], [*mid_limits, mid_p]),
        ("rate_ratio_exact", both(exact), limits),
    ):
        for one, theirs in zip(ours, printed, strict=True):
            within = half_of_the_fourth_digit(theirs)
            against(key, "OpenEpi, example of two rates", "published", one, theirs, within=within)


def test_the_difference_of_two_rates(against: Against) -> None:
    # the score test of equal rates, one-sided p = 0.000316: the error at which the lower limit is 0
    source = "Gu et al. (2008), example 1, by statsmodels"
    ours = error_at(0.0, lambda level: rate_difference_mn(*GU, confidence_level=level).low, 0.000316)
    against("rate_difference_mn", source, "published", ours, 0.000316, within=5.1e-7)
    # lrstat, remlRateDiff: the most likely rates that differ by 0.1
    arm, ref = constrained_rates(*(np.array([value]) for value in (4.0, 10.0, 2.0, 20.0, 0.1)))
    against(
        "rate_difference_mn", LRSTAT, "published", [arm[0], ref[0]], [0.2457427, 0.1457427], within=5.1e-8
    )


def test_over_dispersed_counts(against: Against) -> None:
    """Victims of homicide that 159 black and 1,149 white persons knew: Agresti (2002) Categorical Data Analysis, table
    13.6 (page 561). The fit is printed in a worked answer by E. Bensadoun (2024), R's glm.nb."""
    seen = np.tile(np.arange(7), 2).repeat([119, 16, 12, 7, 3, 2, 0, 1070, 60, 14, 4, 0, 0, 1])
    black = np.repeat([1, 0], [159, 1149])
    found = rate_ratio_negative_binomial(seen, np.ones(1308), black, limits="wald")
    error = np.log(found.high / found.low) / (2 * scipy_stats.norm.ppf(0.975))
    ours = [np.log(found.rate_ref), np.log(found.ratio), error, 1 / found.dispersion]
    source = "Agresti (2002), table 13.6, fit printed by Bensadoun (2024)"
    key = "rate_ratio_negative_binomial"
    against(key, source, "published", ours, [-2.3832, 1.7331, 0.2385, 0.2023], within=5.1e-5)
    against(key, source, "published", np.log(found.ratio) / error, 7.268, within=5.1e-4)


def test_mean_cumulative_repairs(against: Against) -> None:
    """ReliaWiki's five systems, as in the documentation of Python reliability ("Mean cumulative function"). From the
    second event on its variances leave out that a system's events go together: ours are greater or smaller."""
    systems = [[5, 10, 15, 17], [6, 13, 17, 19], [12, 20, 25, 26], [13, 15, 24], [16, 22, 25, 28]]
    when = [time for system in systems for time in system[:-1]]
    who = [i for i, system in enumerate(systems) for _ in system[:-1]]
    found = mean_cumulative([system[-1] for system in systems], who, when)
    assert found.time.tolist() == [5, 6, 10, 12, 13, 15, 16, 17, 20, 22, 25]
    printed = [0.2, 0.4, 0.6, 0.8, 1.2, 1.6, 1.8, 2, 2.33333, 2.66667, 3.66667]
    source = "ReliaWiki, by Python reliability"
    against("mean_cumulative", source, "published", found.mean, printed, within=5.1e-6)
    against("mean_cumulative", source, "published", found.standard_error[0] ** 2, 0.032, within=5e-4)


# Minitab 18, Nonparametric Growth Curve, table of mean cumulative difference function: 14 locomotives of type 1 against
# 15 of type 2, braking grids (the times are those of SAS/QC, PROC RELIABILITY, "Comparison of two samples of repair
# data"): time, difference; one event at each time but one of either type at 250.
TYPE_1 = [33, 88, 250, 272, 287]
MINITAB = {
    19: -0.06667, 22: -0.13333, 33: -0.06190, 39: -0.12857, 54: -0.19524, 61: -0.26190, 88: -0.19048, 91: -0.25714,
    93: -0.32381, 119: -0.39048, 148: -0.45714, 173: -0.52381, 185: -0.59048, 187: -0.65714, 192: -0.72381,
    194: -0.79048, 203: -0.85714, 205: -0.92381, 211: -0.99048, 242: -1.05714, 250: -1.05238, 264: -1.11905,
    272: -1.04762, 277: -1.11429, 287: -1.04286,
}  # fmt: skip
# standard error and limits up to day 54: until then no locomotive has two events (SAS lists each). Later events may be
# of the same one, which the listing does not settle for all, so their standard errors are not compared.
UNTIL_54 = [
    (0.064406, -0.19290, 0.05957), (0.087771, -0.30536, 0.03869), (0.111541, -0.28052, 0.15671),
    (0.124114, -0.37183, 0.11469), (0.133322, -0.45654, 0.06607),
]  # fmt: skip


def test_the_difference_of_mean_cumulative_repairs(against: Against) -> None:
    type_2 = [time for time in MINITAB if time not in TYPE_1 or time == 250]
    who = [
        *range(5),
        *(14 + i % 15 for i in range(len(type_2))),
    ]  # whose they are does not matter to the mean
    found = mean_cumulative_difference([300.0] * 29, [1] * 14 + [0] * 15, who, [*TYPE_1, *type_2])
    assert found.time.tolist() == list(MINITAB)
    source = "Minitab 18, mean cumulative difference function"
    key, printed = "mean_cumulative_difference", list(MINITAB.values())
    against(key, source, "published", found.difference, printed, within=5.1e-6)
    against(key, source, "published", found.standard_error[:5], [row[0] for row in UNTIL_54], within=5.1e-7)
    limits = np.column_stack((found.low, found.high))[:5]
    against(key, source, "published", limits, [row[1:] for row in UNTIL_54], within=5.1e-6)


def test_power_of_fisher_s_test(against: Against) -> None:
    """lrstat, powerFisherExact and getDesignFisherExact, counts significant deficits too: ours with the arms
    exchanged. Mathews' is one-sided at 5 %: with equal arms two-sided at 10 %."""
    # P. Mathews, Minitab macro fisherspower, heading ("%fisherspower 0.01 0.05 80 80" should return 0.211135)
    source, ours = "Mathews, macro fisherspower", fisher_power(0.05, 80, 0.01, 80, alpha=0.1)
    against("fisher_power", source, "published", ours, 0.211135, within=5.1e-7)
    for arm, N_arm, ref, N_ref, printed in ((0.5, 44, 0.2, 43, 0.8168484), (0.25, 68, 0.05, 68, 0.8979826)):
        ours = fisher_power(arm, N_arm, ref, N_ref) + fisher_power(ref, N_ref, arm, N_arm)
        against("fisher_power", LRSTAT, "published", ours, printed, within=5.1e-8)


@pytest.mark.parametrize(
    ("source", "sizes", "ref", "power", "alpha", "printed"),
    [
        ("Mathews, macro fisherspower", (80, 80), 0.01, 0.211135, 0.1, 0.05),
        (LRSTAT, (44, 43), 0.2, 0.8168484, 0.05, 0.5),
        (LRSTAT, (68, 68), 0.05, 0.8979826, 0.05, 0.25),
    ],
)
def test_the_risk_that_has_the_printed_power(
    source: str,
    sizes: tuple[int, int],
    ref: float,
    power: float,
    alpha: float,
    printed: float,
    against: Against,
) -> None:
    """The risk at which the power was printed, to what the digits of that power leave open."""
    found = smallest_detectable(*sizes, ref, power=power, alpha=alpha).risk
    against("smallest_detectable", source, "published", found, printed, within=1e-6)


def test_two_sites_are_two_rates(against: Against) -> None:
    for (x, t, y, u), source, printed, within in (
        (FLUOROSCOPY, f"{BASICS}, incidence-rate ratio", [1.855759, 1.005684, 3.6093], 5.1e-7),
        (FAY, "Fay (2010), vignette of R exactci", [2 / 17877 / (10 / 20000), 0.024, 1.05], 5.1e-3),
    ):
        found = site_reporting([x, y], [t, u], ["A", "B"], replicates=99)
        ours = [found.ratio[0], found.low[0], found.high[0]]
        against("site_reporting", source, "published", ours, printed, within=within)
    against(
        "site_reporting", "Fay (2010), vignette of R exactci", "published", found.p[0], 0.042, within=5.1e-4
    )
