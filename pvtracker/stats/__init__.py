"""Statistics of two arms and of many terms: counts in, frozen arrays out; docs/methods has a page for
each."""

from pvtracker.stats.aalen_johansen import aalen_johansen
from pvtracker.stats.benjamini_hochberg import (
    benjamini_hochberg,
    benjamini_hochberg_by_group,
    benjamini_yekutieli,
)
from pvtracker.stats.berry_berry import berry_berry, berry_berry_poisson, prior_sensitivity
from pvtracker.stats.berry_berry_periods import berry_berry_periods
from pvtracker.stats.blinded_rate import blinded_rate
from pvtracker.stats.blinded_warning import blinded_warning
from pvtracker.stats.cmaxsprt import cmaxsprt_boundary, cmaxsprt_power, cmaxsprt_ratio
from pvtracker.stats.cmh import breslow_day, cmh, cmh_exact, cmh_exact_midp, odds_ratio_stratified_exact
from pvtracker.stats.course_results import MixedRepeated
from pvtracker.stats.cox import cox
from pvtracker.stats.detectable import fisher_power, smallest_detectable, smallest_significant_count
from pvtracker.stats.detected_by_week import detected_by_week
from pvtracker.stats.double_fdr import double_fdr_2004, double_fdr_2012, double_fdr_2012_within
from pvtracker.stats.fisher import fisher, fisher_midp
from pvtracker.stats.gray import gray
from pvtracker.stats.group_fdr import group_bh
from pvtracker.stats.group_sequential import (
    group_sequential_boundary,
    group_sequential_crossing,
    group_sequential_drift,
    haybittle_peto_boundary,
    spent_alpha,
)
from pvtracker.stats.group_sequential_counts import group_sequential_counts_crossing
from pvtracker.stats.group_sequential_events import group_sequential_events_crossing
from pvtracker.stats.hazard_by_period import hazard_by_period
from pvtracker.stats.incidence_difference import incidence_difference
from pvtracker.stats.kaplan_meier import kaplan_meier, participants_at_risk
from pvtracker.stats.liver import edish, hys_law_cases
from pvtracker.stats.log_rank import log_rank
from pvtracker.stats.maxsprt import (
    maxsprt_poisson_boundary,
    maxsprt_poisson_performance,
    maxsprt_poisson_ratio,
)
from pvtracker.stats.maxsprt_binomial import (
    maxsprt_binomial_boundary,
    maxsprt_binomial_performance,
    maxsprt_binomial_ratio,
)
from pvtracker.stats.mean_by_week import mean_by_week
from pvtracker.stats.mean_cumulative import mean_cumulative, mean_cumulative_difference
from pvtracker.stats.mmrm import mmrm
from pvtracker.stats.negative_binomial import rate_ratio_negative_binomial
from pvtracker.stats.newcombe import risk_difference_agresti_caffo, risk_difference_newcombe
from pvtracker.stats.odds_ratio import odds_ratio_conditional, odds_ratio_midp
from pvtracker.stats.outliers import outliers
from pvtracker.stats.proportions import proportion_clopper_pearson, upper_limit_for_zero
from pvtracker.stats.rates import (
    incidence_rate_exact,
    rate_difference_mn,
    rate_ratio_exact,
    rate_ratio_midp,
)
from pvtracker.stats.restricted_mean_time_lost import restricted_mean_time_lost
from pvtracker.stats.results import (
    BlindedRate,
    ChiSquared,
    Detectable,
    DoubleFdr,
    GroupFdr,
    Hierarchical,
    Interval,
    MeanCumulative,
    MeanCumulativeDifference,
    NegativeBinomial,
    Parameters,
    PriorSensitivity,
    PValues,
    RateRatio,
    TreeScan,
)
from pvtracker.stats.risk_difference import risk_difference_mn
from pvtracker.stats.risk_difference_exact import risk_difference_exact
from pvtracker.stats.risk_ratio import risk_ratio_koopman, risk_ratio_mn
from pvtracker.stats.shift import range_category, shift_table, worst_category, worst_grades
from pvtracker.stats.site_reporting import SiteReporting, site_reporting
from pvtracker.stats.slopes import participant_slopes, slope_difference
from pvtracker.stats.stopping_rules import (
    beta_binomial_boundary,
    beta_binomial_posterior,
    stopping_characteristics,
    toxicity_boundary,
)
from pvtracker.stats.stratified import (
    odds_ratio_mh,
    risk_difference_mh,
    risk_difference_mn_stratified,
    risk_ratio_mh,
)
from pvtracker.stats.time_weighted_area import time_weighted_area
from pvtracker.stats.tree_scan import tree_scan, tree_scan_bernoulli, tree_scan_poisson
from pvtracker.stats.unconditional import barnard, boschloo

__all__ = [
    "BlindedRate",
    "ChiSquared",
    "Detectable",
    "DoubleFdr",
    "GroupFdr",
    "Hierarchical",
    "Interval",
    "MeanCumulative",
    "MeanCumulativeDifference",
    "MixedRepeated",
    "NegativeBinomial",
    "PValues",
    "Parameters",
    "PriorSensitivity",
    "RateRatio",
    "SiteReporting",
    "TreeScan",
    "aalen_johansen",
    "barnard",
    "benjamini_hochberg",
    "benjamini_hochberg_by_group",
    "benjamini_yekutieli",
    "berry_berry",
    "berry_berry_periods",
    "berry_berry_poisson",
    "beta_binomial_boundary",
    "beta_binomial_posterior",
    "blinded_rate",
    "blinded_warning",
    "boschloo",
    "breslow_day",
    "cmaxsprt_boundary",
    "cmaxsprt_power",
    "cmaxsprt_ratio",
    "cmh",
    "cmh_exact",
    "cmh_exact_midp",
    "cox",
    "detected_by_week",
    "double_fdr_2004",
    "double_fdr_2012",
    "double_fdr_2012_within",
    "edish",
    "fisher",
    "fisher_midp",
    "fisher_power",
    "gray",
    "group_bh",
    "group_sequential_boundary",
    "group_sequential_counts_crossing",
    "group_sequential_crossing",
    "group_sequential_drift",
    "group_sequential_events_crossing",
    "haybittle_peto_boundary",
    "hazard_by_period",
    "hys_law_cases",
    "incidence_difference",
    "incidence_rate_exact",
    "kaplan_meier",
    "log_rank",
    "maxsprt_binomial_boundary",
    "maxsprt_binomial_performance",
    "maxsprt_binomial_ratio",
    "maxsprt_poisson_boundary",
    "maxsprt_poisson_performance",
    "maxsprt_poisson_ratio",
    "mean_by_week",
    "mean_cumulative",
    "mean_cumulative_difference",
    "mmrm",
    "odds_ratio_conditional",
    "odds_ratio_mh",
    "odds_ratio_midp",
    "odds_ratio_stratified_exact",
    "outliers",
    "participant_slopes",
    "participants_at_risk",
    "prior_sensitivity",
    "proportion_clopper_pearson",
    "range_category",
    "rate_difference_mn",
    "rate_ratio_exact",
    "rate_ratio_midp",
    "rate_ratio_negative_binomial",
    "restricted_mean_time_lost",
    "risk_difference_agresti_caffo",
    "risk_difference_exact",
    "risk_difference_mh",
    "risk_difference_mn",
    "risk_difference_mn_stratified",
    "risk_difference_newcombe",
    "risk_ratio_koopman",
    "risk_ratio_mh",
    "risk_ratio_mn",
    "shift_table",
    "site_reporting",
    "slope_difference",
    "smallest_detectable",
    "smallest_significant_count",
    "spent_alpha",
    "stopping_characteristics",
    "time_weighted_area",
    "toxicity_boundary",
    "tree_scan",
    "tree_scan_bernoulli",
    "tree_scan_poisson",
    "upper_limit_for_zero",
    "worst_category",
    "worst_grades",
]
