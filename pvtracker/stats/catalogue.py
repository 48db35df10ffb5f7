"""Every statistic by name, one line each: what the calculator computes and the page of validation lists.

A function takes arrays first and options by keyword, and returns a frozen result: the names of its arguments and of the
result's fields are what users type and read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pvtracker import stats
from pvtracker.stats.definitions import DEFINITIONS


@dataclass(frozen=True, slots=True)
class Statistic:
    key: str  # what is typed: calculate KEY …
    label: str
    function: Callable[..., Any]
    page: str  # in docs/methods

    @property
    def definition(self) -> str:
        """What it is, in one sentence."""
        return DEFINITIONS[self.key]


STATISTICS: dict[str, Statistic] = {
    statistic.key: statistic
    for statistic in (
        Statistic(
            "risk_difference_mn",
            "Risk difference, Miettinen–Nurminen",
            stats.risk_difference_mn,
            "risk-difference.md",
        ),
        Statistic(
            "risk_difference_newcombe",
            "Risk difference, Newcombe’s hybrid score",
            stats.risk_difference_newcombe,
            "risk-difference-newcombe.md",
        ),
        Statistic(
            "risk_difference_agresti_caffo",
            "Risk difference, Agresti–Caffo",
            stats.risk_difference_agresti_caffo,
            "risk-difference-newcombe.md",
        ),
        Statistic(
            "risk_difference_exact",
            "Risk difference, exact unconditional",
            stats.risk_difference_exact,
            "risk-difference-exact.md",
        ),
        Statistic("risk_ratio_koopman", "Risk ratio, Koopman", stats.risk_ratio_koopman, "risk-ratio.md"),
        Statistic("risk_ratio_mn", "Risk ratio, Miettinen–Nurminen", stats.risk_ratio_mn, "risk-ratio.md"),
        Statistic(
            "odds_ratio_conditional", "Odds ratio, conditional", stats.odds_ratio_conditional, "odds-ratio.md"
        ),
        Statistic("odds_ratio_midp", "Odds ratio, conditional mid-p", stats.odds_ratio_midp, "odds-ratio.md"),
        Statistic("fisher", "Fisher’s exact test", stats.fisher, "fisher.md"),
        Statistic("fisher_midp", "Fisher’s mid-p test", stats.fisher_midp, "fisher-midp.md"),
        Statistic("barnard", "Barnard’s test", stats.barnard, "barnard.md"),
        Statistic("boschloo", "Boschloo’s test", stats.boschloo, "boschloo.md"),
        Statistic(
            "risk_difference_mh",
            "Stratified risk difference, Mantel–Haenszel",
            stats.risk_difference_mh,
            "stratified.md",
        ),
        Statistic(
            "risk_difference_mn_stratified",
            "Stratified risk difference, Miettinen–Nurminen",
            stats.risk_difference_mn_stratified,
            "stratified.md",
        ),
        Statistic(
            "risk_ratio_mh", "Stratified risk ratio, Mantel–Haenszel", stats.risk_ratio_mh, "stratified.md"
        ),
        Statistic(
            "odds_ratio_mh", "Stratified odds ratio, Mantel–Haenszel", stats.odds_ratio_mh, "stratified.md"
        ),
        Statistic(
            "odds_ratio_stratified_exact",
            "Stratified odds ratio, conditional exact",
            stats.odds_ratio_stratified_exact,
            "cmh.md",
        ),
        Statistic("cmh", "Cochran–Mantel–Haenszel test", stats.cmh, "cmh.md"),
        Statistic("cmh_exact", "Cochran–Mantel–Haenszel test, exact", stats.cmh_exact, "cmh.md"),
        Statistic(
            "cmh_exact_midp", "Cochran–Mantel–Haenszel test, exact mid-p", stats.cmh_exact_midp, "cmh.md"
        ),
        Statistic(
            "breslow_day", "Breslow–Day test with Tarone’s correction", stats.breslow_day, "breslow-day.md"
        ),
        Statistic(
            "proportion_clopper_pearson",
            "Share of participants, exact limits",
            stats.proportion_clopper_pearson,
            "proportion.md",
        ),
        Statistic(
            "upper_limit_for_zero",
            "Upper limit when none had the event",
            stats.upper_limit_for_zero,
            "proportion.md",
        ),
        Statistic(
            "incidence_rate_exact",
            "Incidence rate, exact limits",
            stats.incidence_rate_exact,
            "incidence-rate.md",
        ),
        Statistic(
            "rate_ratio_exact", "Rate ratio, conditional exact", stats.rate_ratio_exact, "rate-ratio.md"
        ),
        Statistic(
            "rate_ratio_midp", "Rate ratio, conditional mid-p", stats.rate_ratio_midp, "rate-ratio-midp.md"
        ),
        Statistic(
            "rate_difference_mn",
            "Rate difference, Miettinen–Nurminen",
            stats.rate_difference_mn,
            "rate-difference.md",
        ),
        Statistic(
            "rate_ratio_negative_binomial",
            "Rate ratio, negative binomial",
            stats.rate_ratio_negative_binomial,
            "negative-binomial.md",
        ),
        Statistic(
            "mean_cumulative",
            "Mean cumulative events of a participant",
            stats.mean_cumulative,
            "mean-cumulative.md",
        ),
        Statistic(
            "mean_cumulative_difference",
            "Mean cumulative events, difference of two arms",
            stats.mean_cumulative_difference,
            "mean-cumulative.md",
        ),
        Statistic("mean_by_week", "Mean in each week, by arm", stats.mean_by_week, "mean-by-week.md"),
        Statistic(
            "time_weighted_area",
            "Time-weighted area, difference of two arms",
            stats.time_weighted_area,
            "time-weighted-area.md",
        ),
        Statistic(
            "detected_by_week",
            "Share above detection in each week",
            stats.detected_by_week,
            "detected-by-week.md",
        ),
        Statistic("mmrm", "Mixed model for repeated measures", stats.mmrm, "mmrm.md"),
        Statistic(
            "benjamini_yekutieli", "Benjamini–Yekutieli", stats.benjamini_yekutieli, "benjamini-yekutieli.md"
        ),
        Statistic("group_bh", "Group Benjamini–Hochberg, Hu, Zhao & Zhou", stats.group_bh, "group-bh.md"),
        Statistic(
            "benjamini_hochberg", "Benjamini–Hochberg", stats.benjamini_hochberg, "benjamini-hochberg.md"
        ),
        Statistic(
            "double_fdr_2004", "Double FDR, Mehrotra & Heyse 2004", stats.double_fdr_2004, "double-fdr.md"
        ),
        Statistic(
            "double_fdr_2012", "Double FDR, Mehrotra & Adewale 2012", stats.double_fdr_2012, "double-fdr.md"
        ),
        Statistic(
            "double_fdr_2012_within",
            "Double FDR 2012, second step within each class",
            stats.double_fdr_2012_within,
            "double-fdr.md",
        ),
        Statistic(
            "berry_berry", "Bayesian hierarchical model, Berry & Berry", stats.berry_berry, "berry-berry.md"
        ),
        Statistic(
            "berry_berry_poisson",
            "Bayesian hierarchical model of rates, Xia, Ma & Carlin",
            stats.berry_berry_poisson,
            "berry-berry.md",
        ),
        Statistic(
            "berry_berry_periods",
            "Bayesian hierarchical model of rates over periods",
            stats.berry_berry_periods,
            "berry-berry-periods.md",
        ),
        Statistic(
            "prior_sensitivity",
            "Bayesian hierarchical model under other priors",
            stats.prior_sensitivity,
            "berry-berry.md",
        ),
        Statistic("fisher_power", "Power of Fisher’s test", stats.fisher_power, "detectable.md"),
        Statistic(
            "smallest_detectable",
            "Smallest risk that would be detected",
            stats.smallest_detectable,
            "detectable.md",
        ),
        Statistic("site_reporting", "Reporting by site", stats.site_reporting, "site-reporting.md"),
        Statistic("tree_scan", "Tree scan of a trial’s participants", stats.tree_scan, "tree-scan.md"),
        Statistic("tree_scan_bernoulli", "Tree scan, Bernoulli", stats.tree_scan_bernoulli, "tree-scan.md"),
        Statistic("tree_scan_poisson", "Tree scan, Poisson", stats.tree_scan_poisson, "tree-scan.md"),
        Statistic("spent_alpha", "Error spent up to a look", stats.spent_alpha, "group-sequential.md"),
        Statistic(
            "group_sequential_boundary",
            "Group-sequential boundary, alpha spending",
            stats.group_sequential_boundary,
            "group-sequential.md",
        ),
        Statistic(
            "haybittle_peto_boundary",
            "Haybittle–Peto boundary",
            stats.haybittle_peto_boundary,
            "group-sequential.md",
        ),
        Statistic(
            "group_sequential_crossing",
            "Probability to cross a group-sequential boundary",
            stats.group_sequential_crossing,
            "group-sequential.md",
        ),
        Statistic(
            "group_sequential_drift",
            "Effect that a group-sequential boundary detects",
            stats.group_sequential_drift,
            "group-sequential.md",
        ),
        Statistic(
            "group_sequential_counts_crossing",
            "Probability to cross a boundary, counts of two arms",
            stats.group_sequential_counts_crossing,
            "group-sequential.md",
        ),
        Statistic(
            "group_sequential_events_crossing",
            "Probability to cross a boundary, looks by number of events",
            stats.group_sequential_events_crossing,
            "group-sequential.md",
        ),
        Statistic(
            "maxsprt_poisson_ratio",
            "MaxSPRT, Poisson: the ratio so far",
            stats.maxsprt_poisson_ratio,
            "maxsprt.md",
        ),
        Statistic(
            "maxsprt_poisson_boundary",
            "MaxSPRT, Poisson: critical value",
            stats.maxsprt_poisson_boundary,
            "maxsprt.md",
        ),
        Statistic(
            "maxsprt_poisson_performance",
            "MaxSPRT, Poisson: power and time to a signal",
            stats.maxsprt_poisson_performance,
            "maxsprt.md",
        ),
        Statistic(
            "maxsprt_binomial_ratio",
            "MaxSPRT, binomial: the ratio so far",
            stats.maxsprt_binomial_ratio,
            "maxsprt.md",
        ),
        Statistic(
            "maxsprt_binomial_boundary",
            "MaxSPRT, binomial: critical value",
            stats.maxsprt_binomial_boundary,
            "maxsprt.md",
        ),
        Statistic(
            "maxsprt_binomial_performance",
            "MaxSPRT, binomial: power and time to a signal",
            stats.maxsprt_binomial_performance,
            "maxsprt.md",
        ),
        Statistic(
            "cmaxsprt_ratio", "Conditional MaxSPRT: the ratio so far", stats.cmaxsprt_ratio, "maxsprt.md"
        ),
        Statistic(
            "cmaxsprt_boundary", "Conditional MaxSPRT: critical value", stats.cmaxsprt_boundary, "maxsprt.md"
        ),
        Statistic("cmaxsprt_power", "Conditional MaxSPRT: power", stats.cmaxsprt_power, "maxsprt.md"),
        Statistic(
            "toxicity_boundary",
            "Toxicity boundary, Pocock type",
            stats.toxicity_boundary,
            "toxicity-boundary.md",
        ),
        Statistic(
            "beta_binomial_posterior",
            "Posterior probability of too high a risk",
            stats.beta_binomial_posterior,
            "toxicity-boundary.md",
        ),
        Statistic(
            "beta_binomial_boundary",
            "Bayesian stopping rule, beta-binomial",
            stats.beta_binomial_boundary,
            "toxicity-boundary.md",
        ),
        Statistic(
            "stopping_characteristics",
            "What a stopping rule does at a true risk",
            stats.stopping_characteristics,
            "toxicity-boundary.md",
        ),
        Statistic(
            "kaplan_meier", "Share without the event, Kaplan–Meier", stats.kaplan_meier, "kaplan-meier.md"
        ),
        Statistic(
            "participants_at_risk",
            "Participants at risk over time",
            stats.participants_at_risk,
            "kaplan-meier.md",
        ),
        Statistic(
            "aalen_johansen",
            "Cumulative incidence, Aalen–Johansen",
            stats.aalen_johansen,
            "aalen-johansen.md",
        ),
        Statistic(
            "incidence_difference",
            "Difference of cumulative incidences",
            stats.incidence_difference,
            "incidence-difference.md",
        ),
        Statistic("log_rank", "Log-rank test", stats.log_rank, "log-rank.md"),
        Statistic("gray", "Gray’s test", stats.gray, "gray.md"),
        Statistic("cox", "Hazard ratio, Cox with Efron’s ties", stats.cox, "cox.md"),
        Statistic(
            "restricted_mean_time_lost",
            "Mean time lost to the event",
            stats.restricted_mean_time_lost,
            "restricted-mean-time-lost.md",
        ),
        Statistic(
            "hazard_by_period",
            "Events per year within each period",
            stats.hazard_by_period,
            "hazard-by-period.md",
        ),
        Statistic(
            "blinded_rate",
            "Rate under treatment from pooled counts",
            stats.blinded_rate,
            "blinded-rate.md",
        ),
        Statistic("shift_table", "Shift from baseline to worst value", stats.shift_table, "shift-table.md"),
        Statistic("worst_grades", "Participants by worst grade", stats.worst_grades, "shift-table.md"),
        Statistic("edish", "Peaks of liver tests, eDISH", stats.edish, "edish.md"),
        Statistic("hys_law_cases", "Possible cases of Hy’s law", stats.hys_law_cases, "edish.md"),
        Statistic("outliers", "Values far from the others", stats.outliers, "outliers.md"),
        Statistic("participant_slopes", "Slope of each participant", stats.participant_slopes, "slopes.md"),
        Statistic(
            "slope_difference", "Difference of mean slopes, Welch", stats.slope_difference, "slopes.md"
        ),
        Statistic(
            "blinded_warning",
            "Pooled count that gives an early warning",
            stats.blinded_warning,
            "blinded-rate.md",
        ),
    )
}
