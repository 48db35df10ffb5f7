"""Sequential methods, stopping rules and pooled rates against figures that are printed somewhere.

Beside each: where it is printed, and through what it was read where that is another document.
"""

from __future__ import annotations

import numpy as np
from scipy import stats as scipy_stats

from pvtracker.stats import (
    beta_binomial_boundary,
    beta_binomial_posterior,
    blinded_rate,
    blinded_warning,
    cmaxsprt_boundary,
    cmaxsprt_power,
    cmaxsprt_ratio,
    group_sequential_boundary,
    group_sequential_counts_crossing,
    group_sequential_crossing,
    group_sequential_drift,
    group_sequential_events_crossing,
    haybittle_peto_boundary,
    maxsprt_binomial_boundary,
    maxsprt_binomial_performance,
    maxsprt_binomial_ratio,
    maxsprt_poisson_ratio,
    spent_alpha,
    stopping_characteristics,
    toxicity_boundary,
)
from tests.pure.stats.against import Against

LAKENS = "Lakens, Improving Your Statistical Inferences, chapter Sequential Analysis"
SAS = "SAS/STAT User's Guide, SEQDESIGN, example Haybittle-Peto Methods"
SEQUENTIAL = "manual of R Sequential (Silva & Kulldorff)"


def test_spending_as_in_a_textbook(against: Against) -> None:
    """Section "Updating boundaries during a study": three looks of a Pocock type at 0.05 two-sided, as planned and with
    the first at 76 of 198; section "Comparing spending functions": Haybittle and Peto's last bound of three."""
    planned = group_sequential_boundary([1 / 3, 2 / 3, 1.0], alpha=0.05, sides=2, spending="pocock")
    levels = [0.02264162, 0.02173822, 0.02167941]
    against("group_sequential_boundary", LAKENS, "published", planned.p_nominal, levels, within=5e-9)
    fraction = [76 / 198, 2 / 3, 1.0]
    moved = group_sequential_boundary(fraction, alpha=0.05, sides=2, spending="pocock")
    levels = [0.02532710, 0.02043978, 0.02164755]
    against("group_sequential_boundary", LAKENS, "published", moved.p_nominal, levels, within=5e-9)
    spent = 2 * spent_alpha(fraction, alpha=0.025, spending="pocock")
    against("spent_alpha", LAKENS, "published", spent, [0.02532710, 0.03816913, 0.05], within=5e-9)
    fixed = haybittle_peto_boundary([1 / 3, 2 / 3, 1.0], alpha=0.05, sides=2)
    against("haybittle_peto_boundary", LAKENS, "published", fixed.z[-1], 1.975, within=5.1e-4)


def test_the_spending_functions_of_lan_and_demets_in_another_program(against: Against) -> None:
    """README of SeqBounds.jl (PharmCat): bounds([0.25, 0.5, 0.75, 1], 0.05), one-sided, O'Brien-Fleming type."""
    t, source = [0.25, 0.5, 0.75, 1.0], "README of Julia SeqBounds, bounds([0.25, 0.5, 0.75, 1.0], 0.05)"
    found = spent_alpha(t, alpha=0.05)
    against("spent_alpha", source, "program", found, [8.85754e-5, 0.0055746, 0.0236251, 0.05], within=5.1e-8)


def test_haybittle_and_peto_in_sas_documentation(against: Against) -> None:
    """One-sided 0.05, power 0.9, three stages, interim z 3. The maximum information, drift², and the average sample
    numbers are told in percent of the fixed sample's; all rest on the last bound. (The maximum information itself is
    printed as 137.3592, for an effect of 0.25; the percentage printed beside it makes it 137.3594, as ours is.)"""
    bound = haybittle_peto_boundary([1 / 3, 2 / 3, 1.0], alpha=0.05)
    drift = group_sequential_drift(bound.fraction, bound.z, power=0.9)
    percent = 100 * (drift / (scipy_stats.norm.isf(0.05) + scipy_stats.norm.isf(0.1))) ** 2
    against("group_sequential_drift", SAS, "published", percent, 100.2466, within=5e-5 / 100)
    none, there = (
        percent * group_sequential_crossing(bound.fraction, bound.z, drift=d).expected_fraction
        for d in (0.0, drift)
    )
    against("haybittle_peto_boundary", SAS, "published", [none, there], [100.1192, 87.35], within=5e-5 / 100)


def test_one_look_at_counts_is_barnards_tail_at_its_risk(against: Against) -> None:
    """Cardillo (2009) mybarnard, help text: 7 of 15 against 12 of 15, statistic 1.8943, one-tailed p 0.034077 at the
    risk 0.6646. (The call printed there has 2 in the last cell; its demo, its statistic and its "16x16 tables" have 3.)
    The print leaves out the mirror image, 8 of 15 against 3 of 15, whose statistic is the same number but for rounding
    (so does SciPy 1.17 barnard_exact): its chance at that risk, 0.0000317, belongs to the tail and is added here."""
    pooled = 19 / 30
    z = (12 / 15 - 7 / 15) / (pooled * (1 - pooled) * 2 / 15) ** 0.5
    found = group_sequential_counts_crossing(
        [15], [15], [z - 1e-9], risk_arm=0.6646, risk_ref=0.6646, test="score"
    )
    mirror = scipy_stats.binom.pmf(8, 15, 0.6646) * scipy_stats.binom.pmf(3, 15, 0.6646)
    source = "Cardillo 2009, help of MATLAB mybarnard"
    against(
        "group_sequential_counts_crossing", source, "published", found.total, 0.034077 + mirror, within=5.1e-7
    )
    assert abs(z - 1.8943) < 5e-5 and abs(mirror - 0.0000317) < 5e-8


def test_one_look_at_events_is_the_distribution_of_wallenius(against: Against) -> None:
    """R BiasedUrn (Fog), dWNCHypergeo(0:3, 50, 50, 3, 10), as printed in the help of FSDA's subsets (MATLAB)."""
    none, one, two, three = 0.0007107089, 0.0225823308, 0.2296133830, 0.7470935773
    tails = []
    for count in (1, 2, 3):
        z = scipy_stats.norm.isf(scipy_stats.hypergeom.sf(count - 1, 100, 50, 3)) - 1e-9
        tails.append(group_sequential_events_crossing([50], [50], [3], [z], ratio=10.0).total)
    printed = [1 - none, two + three, three]
    source = "Wallenius' distribution in the help of MATLAB FSDA, subsets"
    against("group_sequential_events_crossing", source, "published", tails, printed, within=1.1e-10)
    assert abs(none + one + two + three - 1) < 1e-9


def test_ratios_of_a_surveillance_that_was_published(against: Against) -> None:
    """Perez-Vilar et al. (2021) J Infect Dis 223:416-425, table 2: five cases in the risk window and none in a control
    window as long; 6 of 3.89 and 8 of 4.99 expected. The expected are rounded: half their last digit moves the ratio by
    up to 0.0031 more."""
    source = "Perez-Vilar et al. 2021, table 2"
    found = maxsprt_binomial_ratio(5, 5, probability=0.5)
    against("maxsprt_binomial_ratio", source, "published", found, 3.47, within=5e-3 / 3.47)
    found = maxsprt_poisson_ratio([6, 8], [3.89, 4.99])
    against("maxsprt_poisson_ratio", source, "published", found, [0.49, 0.76], within=5e-3 + 3.1e-3)


def test_the_conditional_ratio_as_published(against: Against) -> None:
    """Stat Med (2016) 35:1441-1453, table II, both scenarios: 11 cases in a history of 5.3415. Follow-up is told to
    0.0005, which moves the ratio by up to 0.0013 more from eight cases on, and by 0.0096 at four."""
    source = "Stat Med 2016; 35:1441-1453, table II"
    k = np.array([8, 12, 16, 20])
    real = cmaxsprt_ratio(k, np.array([1.507, 2.638, 3.766, 5.942]) / 5.3415, historical_cases=11)
    other = cmaxsprt_ratio(k, np.array([1.935, 3.494, 4.486, 5.784]) / 5.3415, historical_cases=11)
    against("cmaxsprt_ratio", source, "published", real, [1.914, 1.776, 1.750, 0.890], within=1.8e-3)
    against("cmaxsprt_ratio", source, "published", other, [1.065, 0.748, 1.005, 0.992], within=1.8e-3)
    early = cmaxsprt_ratio(4, np.array([0.1825, 0.1835]) / 5.3415, historical_cases=11)
    assert early[1] < 5.297 < early[0]


def test_the_conditional_boundary_of_its_authors_manual(against: Against) -> None:
    """SampleSize.CondPoisson(cc = 50, D = 0, M = 1, alpha = 0.05, power = 0.9, RR = 2): K = 66 cases, or a time of
    0.7890625 with critical value 3.626436; its "liberal" is our "last_event"."""
    source = f"{SEQUENTIAL}, SampleSize.CondPoisson"
    found = cmaxsprt_boundary(50, time=0.7890625, history="last_event")
    against("cmaxsprt_boundary", source, "published", found.critical, 3.626436, within=5e-7)
    for cases in (65, 66):
        critical = cmaxsprt_boundary(50, cases=cases, history="last_event").critical
        power = cmaxsprt_power(critical, 50, relative_risk=2.0, cases=cases, history="last_event")
        against("cmaxsprt_power", source, "published", power >= 0.9, cases == 66, within=0)


def test_the_binomial_boundary_of_its_authors_manual(against: Against) -> None:
    """SampleSize.Binomial(RR = 5, alpha = 0.01, power = 0.88, M = 1, z = 2): 25 events, critical value 4.59581, error
    0.009755004, power 0.8855869. A signal is a ratio beyond that value there; here one that reaches 4.85203, the
    smallest of the ratios beyond it: the same signals."""
    source = f"{SEQUENTIAL}, SampleSize.Binomial"
    found = maxsprt_binomial_boundary(25, probability=1 / 3, alpha=0.01)
    against("maxsprt_binomial_boundary", source, "published", found.error, 0.009755004, within=5e-10)
    cases = np.concatenate([np.arange(n + 1) for n in range(1, 26)])
    events = np.repeat(np.arange(1, 26), np.arange(2, 27))
    ratios = maxsprt_binomial_ratio(cases, events, probability=1 / 3)
    signals = ratios >= found.critical
    against("maxsprt_binomial_boundary", source, "published", signals, ratios > 4.59581, within=0)
    seen = maxsprt_binomial_performance(4.59581, 25, probability=1 / 3, relative_risk=5.0)
    against("maxsprt_binomial_performance", source, "published", seen.power, 0.8855869, within=5.1e-8)
    for events_, needed in ((24, False), (25, True)):
        critical = maxsprt_binomial_boundary(events_, probability=1 / 3, alpha=0.01).critical
        power = maxsprt_binomial_performance(critical, events_, probability=1 / 3, relative_risk=5.0).power
        against("maxsprt_binomial_boundary", source, "published", power >= 0.88, needed, within=0)


# Qaqish (2003), Exact Boundary Crossing Probability 1.1, printed output of its example (University of North Carolina,
# bios.unc.edu/distrib/gee/crossing/cp3): n = 20, probability of an event 0.2. Ends at the boundary and their chance.
QAQISH = "Qaqish 2003, printed output of cp3"
ENDS = {
    (3, 3): 0.008, (4, 5): 0.00384, (4, 6): 0.009216, (5, 8): 0.00311296, (5, 9): 0.006946816,
    (6, 11): 0.00226492416, (6, 12): 0.005016387584, (7, 14): 0.00163477192704, (7, 15): 0.00363354233242,
    (8, 17): 0.0011915957266, (8, 18): 0.00266356691829, (9, 20): 0.000879917165477,
}  # fmt: skip


def test_the_boundary_of_ivanovas_co_author(against: Against) -> None:
    """His example is the Pocock boundary at 0.05 of Ivanova, Qaqish & Schell (2005)."""
    found = toxicity_boundary(20, risk=0.2, alpha=0.05)
    reached = dict(zip(found.participants.tolist(), found.events.tolist(), strict=True))
    printed = {size: events for events, size in ENDS}
    ours = [reached[size] for size in printed]
    against("toxicity_boundary", QAQISH, "published", ours, list(printed.values()), within=0)
    against("toxicity_boundary", QAQISH, "published", found.stop_probability, 0.0484005, within=5.1e-8)
    seen = stopping_characteristics(found.participants, found.events, risk=0.2)
    against("stopping_characteristics", QAQISH, "published", seen.stop_probability, 0.0484005, within=5.1e-8)
    against("stopping_characteristics", QAQISH, "published", seen.participants, 19.4662, within=5.1e-5 / 19)
    against("stopping_characteristics", QAQISH, "published", seen.events, 3.89324, within=5.1e-6 / 3.8)
    for size, events in printed.items():  # the rule cut off at each printed end: its chance is added there
        at = found.participants <= size
        upto = stopping_characteristics(found.participants[at], found.events[at], risk=0.2)
        chance = sum(chance for (_, end), chance in ENDS.items() if end <= size)
        against("stopping_characteristics", QAQISH, "published", upto.stop_probability, chance, within=1e-13)
        assert events <= size


def test_the_elimination_boundary_of_boin(against: Against) -> None:
    """A dose is eliminated where P(risk > 0.3) is above 0.95 with a uniform prior; table 1 of MD Anderson's protocol
    template for the design of Liu & Yuan (2015) J R Stat Soc C 64:507-523, cohorts of three up to thirty."""
    found = beta_binomial_boundary(30, threshold=0.95, prior=(1.0, 1.0), risk=0.3, looks=range(3, 31, 3))
    source = "Liu & Yuan's BOIN, protocol template, table 1"
    table = [3, 4, 5, 7, 8, 9, 10, 11, 12, 14]
    against("beta_binomial_boundary", source, "published", found.events, table, within=0)


def test_the_posterior_of_lee_and_lius_example(against: Against) -> None:
    """Lee & Liu (2008) Clin Trials 5:93-106: 16 of 23, prior Beta(0.6, 0.4), risk 0.6, as quoted with seven digits by
    the tests of R phase1b; and the posterior at four boundaries, uniform prior, risk 0.2, printed with four."""
    found = beta_binomial_posterior(16, 23, prior=(0.6, 0.4), risk=0.6)
    source = "Lee & Liu 2008, by the tests of R phase1b"
    against("beta_binomial_posterior", source, "published", found, 0.8359808, within=5.1e-8)
    found = beta_binomial_posterior([2, 5, 7, 9], [10, 20, 30, 40], prior=(1.0, 1.0), risk=0.2)
    theirs = [0.6174, 0.7693, 0.73, 0.704]
    against("beta_binomial_posterior", "R phase1b, boundsPostprob", "program", found, theirs, within=5.1e-5)


# Albert (2009) Bayesian Computation with R, second edition, section 3.3: deaths among 1767 exposed when the rate is
# gamma with shape 16 and rate 15174; the predictive probabilities of 0, 1, ... as printed in a notebook of that section
ALBERT = "Albert 2009, section 3.3, by a notebook of it"
PREDICTIVE = [0.172, 0.286, 0.254, 0.159, 0.079, 0.033, 0.012, 0.004, 0.001]


def test_the_predictive_distribution_of_a_pooled_count(against: Against) -> None:
    """`p_exceeds` of x less that of x + 1 is the chance of x. The count that warns is the first whose tail is at most
    0.03, with margin for nine rounded figures on either side."""
    background = {"background_rate": 16 / 15174, "background_years": 15174.0}
    tail = blinded_rate(np.arange(len(PREDICTIVE) + 1), 1767.0, **background).p_exceeds
    against("blinded_rate", ALBERT, "published", tail[:-1] - tail[1:], PREDICTIVE, within=5.1e-4)
    small = blinded_rate(np.arange(4), 66.0, **background).p_exceeds
    against("blinded_rate", ALBERT, "published", small[:-1] - small[1:], [0.933, 0.065, 0.002], within=5.1e-4)
    tails = 1 - np.cumsum([0.0, *PREDICTIVE])
    needed = int(np.argmax(tails <= 0.03))
    assert abs(tails[needed] - 0.03) > 4.5e-3 < abs(tails[needed - 1] - 0.03)
    found = blinded_warning(1767.0, warn_predictive=0.03, **background)
    against("blinded_warning", ALBERT, "published", found.needed, needed, within=0)
    printed = sum(PREDICTIVE[needed:])
    against("blinded_warning", ALBERT, "published", found.false_warning, printed, within=5e-4 * 5)


def test_the_rate_under_treatment_where_everybody_has_it(against: Against) -> None:
    """Gelman et al. (2013) Bayesian Data Analysis, section 2.6, equation 2.15, read in a text of the book: a rate with
    prior gamma(3, 5) after 3 deaths in 2 (100,000 persons, a year) and 30 in 20: mean, and chance to be above 1."""
    found = blinded_rate(
        [3, 30], [2.0, 20.0], background_rate=0.6, background_years=1e9, treated_years=5.0, treated_share=1 - 1e-9,
        margin=1 / 0.6,
    )  # fmt: skip
    source = "Gelman et al. 2013, section 2.6"
    against("blinded_rate", source, "published", found.rate, [0.86, 1.32], within=5.1e-3)
    against("blinded_rate", source, "published", found.p_margin, [0.30, 0.93], within=5.1e-3)
