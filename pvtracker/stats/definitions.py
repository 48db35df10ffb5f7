"""What each statistic of the catalogue is, in one exact sentence: printed with its numbers wherever they are.

The methods pages say the same at length, with symbols. An estimate comes first; what its sentence says from LIMITS on
is inferential, and hidden with the limits themselves.
"""

from __future__ import annotations

LIMITS = "; limits"
_NO_MORE_LIKELY = "no more likely than the observed (within a factor 1 + 10⁻⁷)"
_THREE_LEVELS = (
    "; limits are equal tails of the posterior of terms that borrow from their organ class, and classes from each "
    "other, θ having a point mass at 0; priors unless told: means N(0, 10), variances inverse gamma (3, 1), the "
    "share of zeros beta with both parameters exponential (1) above 1"
)

DEFINITIONS: dict[str, str] = {
    "risk_difference_mn": (
        "Risk in the arm − risk in the reference; limits are the differences d at which the square of estimate − "
        "d, divided by its variance at the most likely risks that differ by d, times N/(N − 1) with N all "
        "participants, is the χ² quantile on one degree of freedom (Miettinen–Nurminen)."
    ),
    "risk_difference_newcombe": (
        "Risk in the arm − risk in the reference; limits add the squared distances of both risks to their Wilson "
        "score limits (Newcombe’s method 10), without continuity correction."
    ),
    "risk_difference_agresti_caffo": (
        "Risk in the arm − risk in the reference; limits are Wald’s after one participant with and one without "
        "the event were added to each arm, cut at −1 and 1."
    ),
    "risk_difference_exact": (
        "Risk in the arm − risk in the reference; limits are the outermost differences d not rejected by the "
        "exact unconditional test, the largest probability over all risks that differ by d, tables ordered by the "
        "score statistic at d: each limit inverts a one-sided test at half of 1 − the confidence level (Chan & "
        "Zhang) unless told two-sided (Agresti & Min)."
    ),
    "risk_ratio_koopman": (
        "Risk in the arm ÷ risk in the reference; limits are the ratios at which Pearson’s χ² at the most likely "
        "risks with that ratio is the χ² quantile on one degree of freedom (Koopman), without the factor N/(N − "
        "1) of Miettinen–Nurminen."
    ),
    "risk_ratio_mn": (
        "Risk in the arm ÷ risk in the reference; limits are the ratios at which the score statistic at the most "
        "likely risks with that ratio, its variance times N/(N − 1) with N all participants, is the χ² quantile "
        "on one degree of freedom (Miettinen–Nurminen)."
    ),
    "odds_ratio_conditional": (
        "The odds ratio at which the mean number of events in the arm, given the margins, is the observed "
        "(conditional maximum likelihood, not the cross-product); limits each invert a one-sided test of its tail "
        "at half of 1 − the confidence level (Cornfield)."
    ),
    "odds_ratio_midp": (
        "The odds ratio at which the mean number of events in the arm, given the margins, is the observed; limits "
        "each invert a one-sided test of its tail at half of 1 − the confidence level, the observed count taken "
        "by half (mid-p)."
    ),
    "fisher": f"Two-sided p: given the margins, the probability of all tables {_NO_MORE_LIKELY}.",
    "fisher_midp": (
        "Two-sided p: given the margins, the probability of all tables less likely than the observed, and half "
        "that of all tables as likely (within a factor 1 ± 10⁻⁷)."
    ),
    "barnard": (
        "Two-sided p: the largest probability, over a risk common to both arms, of tables whose pooled score "
        "statistic is as large as the observed, or larger, in absolute value."
    ),
    "boschloo": (
        "Two-sided p: the largest probability, over a risk common to both arms, of tables whose Fisher p is no "
        "larger than the observed; Fisher’s two-sided p (“minlike”) unless told “central”, twice the smaller of "
        "two one-sided p."
    ),
    "risk_difference_mh": (
        "Mean of the strata’s risk differences, each weighted by the product of its arms’ sizes ÷ their sum "
        "(Mantel–Haenszel); limits are normal, with Sato’s variance unless told Greenland–Robins, cut at −1 and "
        "1."
    ),
    "risk_difference_mn_stratified": (
        "Mean of the strata’s risk differences, each weighted by the product of its arms’ sizes ÷ their sum "
        "(Mantel–Haenszel) unless told alike; limits are the differences d at which the square of estimate − d, "
        "divided by the weighted Miettinen–Nurminen variances at d, is the χ² quantile on one degree of freedom."
    ),
    "risk_ratio_mh": (
        "Mantel–Haenszel’s ratio of the risks over the strata; limits are normal on the log scale with Greenland "
        "and Robins’ variance."
    ),
    "odds_ratio_mh": (
        "Mantel–Haenszel’s ratio of the odds over the strata; limits are normal on the log scale with Robins, "
        "Breslow and Greenland’s variance."
    ),
    "odds_ratio_stratified_exact": (
        "The common odds ratio at which the mean number of events in the arm, given the margins of every stratum, "
        "is the observed; limits each invert a one-sided test of its tail at half of 1 − the confidence level, "
        "the observed number by half where mid_p is yes."
    ),
    "cmh": (
        "Two-sided p: the squared distance of the events in the arm from their mean given the margins of every "
        "stratum, divided by the hypergeometric variance, as χ² on one degree of freedom, without continuity "
        "correction unless told."
    ),
    "cmh_exact": (
        "Two-sided p: given the margins of every stratum, the probability of all numbers of events in the arm "
        f"{_NO_MORE_LIKELY}."
    ),
    "cmh_exact_midp": (
        "Two-sided p: given the margins of every stratum, the probability of all numbers of events in the arm "
        "less likely than the observed, and half that of all as likely (within a factor 1 ± 10⁻⁷)."
    ),
    "breslow_day": (
        "p of any differences between the strata’s odds ratios: squared distances of the events in the arm from "
        "those at the Mantel–Haenszel odds ratio, with Tarone’s correction unless told, as χ² on the informative "
        "strata less one."
    ),
    "proportion_clopper_pearson": (
        "Share of the participants; limits are the risks at which as many events or more, and as many or fewer, "
        "have probability half of 1 − the confidence level each (Clopper–Pearson)."
    ),
    "upper_limit_for_zero": (
        "One-sided upper limit: the risk at which no event among so many participants has probability 1 − the "
        "confidence level."
    ),
    "incidence_rate_exact": (
        "Events ÷ years; limits are the rates at which as many events or more, and as many or fewer, have Poisson "
        "probability half of 1 − the confidence level each (Garwood)."
    ),
    "rate_ratio_exact": (
        "Rate in the arm ÷ rate in the reference; limits are Clopper–Pearson’s for the arm’s share of all events, "
        f"given their number; two-sided p: the probability of all splits {_NO_MORE_LIKELY}."
    ),
    "rate_ratio_midp": (
        "Rate in the arm ÷ rate in the reference; limits are the ratios at which a binomial tail of the split of "
        "all events, the observed split by half, is half of 1 − the confidence level; two-sided p: twice the "
        "smaller of these tails at a ratio of one, at most 1."
    ),
    "rate_difference_mn": (
        "Rate in the arm − rate in the reference; limits are the differences d at which the square of estimate − "
        "d, divided by its Poisson variance at the most likely rates that differ by d, is the χ² quantile on one "
        "degree of freedom (Miettinen–Nurminen)."
    ),
    "rate_ratio_negative_binomial": (
        "Ratio of the rates by maximum likelihood with one dispersion for both arms; limits and two-sided p by "
        "the profile likelihood, χ² on one degree of freedom, unless told Wald’s."
    ),
    "mean_cumulative": (
        "Mean number of events of a participant up to each time (Nelson); limits are normal with Lawless and "
        "Nadeau’s robust variance, not below 0."
    ),
    "mean_cumulative_difference": (
        "Difference of the mean numbers of events of a participant, arm − reference; limits are normal with the "
        "robust variances added."
    ),
    "mean_by_week": (
        "Means in each week and arm and their difference, of those measured; limits are Student’s and Welch’s, "
        "two-sided p Welch’s."
    ),
    "time_weighted_area": (
        "Mean level of each participant in the window (trapezia ÷ time covered) and the difference of the arms’ "
        "means; limits are Welch’s; two-sided p: the share of splits into arms of these sizes whose rank sum "
        "(unless told, difference of means) is at least as far from its mean."
    ),
    "detected_by_week": (
        "Share above detection of those measured in each week and arm, and its difference; limits are "
        "Clopper–Pearson’s and Miettinen–Nurminen’s, two-sided p Fisher’s, the probability of all tables no more "
        "likely."
    ),
    "mmrm": (
        "Difference of the arms in each week by restricted maximum likelihood, arm × week and baseline × week, "
        "unstructured covariance unless told; limits and two-sided p are Student’s, Kenward–Roger’s error and "
        "degrees of freedom unless told."
    ),
    "benjamini_yekutieli": (
        "Adjusted p: Benjamini–Hochberg’s times 1 + 1/2 + … + 1/m, at most 1, m the tests with a p."
    ),
    "group_bh": (
        "Adjusted p: p × π/(1 − π), π the estimated share of true nulls of its group (two stages unless told), "
        "then Benjamini–Hochberg over all, times 1 − the mean of π."
    ),
    "benjamini_hochberg": (
        "Adjusted p of the i-th smallest of m: the least of m p(j)/j over j ≥ i, at most 1."
    ),
    "double_fdr_2004": (
        "Adjusted p: the larger of Benjamini–Hochberg’s within the body system and that of the system’s smallest "
        "p over the systems; the levels are not searched for by resampling as in the paper."
    ),
    "double_fdr_2012": (
        "Adjusted p: the smallest level at which Benjamini–Hochberg rejects the event in the one family of all "
        "events of those body systems whose smallest adjusted p, adjusted over the systems, is at most that "
        "level."
    ),
    "double_fdr_2012_within": (
        "Adjusted p: the larger of Benjamini–Hochberg’s within the body system and that of the system’s smallest "
        "adjusted p over the systems."
    ),
    "berry_berry": f"Posterior mean of the log odds ratio θ, counts binomial{_THREE_LEVELS}.",
    "berry_berry_poisson": (
        f"Posterior mean of the log rate ratio θ, counts Poisson in their follow-up{_THREE_LEVELS}; a mean log "
        "rate of 0 is one event per unit of time."
    ),
    "berry_berry_periods": (
        "Posterior mean of the log rate ratio θ of each term and period, counts Poisson in the follow-up within "
        f"the period, body systems sharing their parameters over all periods unless told{_THREE_LEVELS}."
    ),
    "prior_sensitivity": (
        "Posterior mean of the log odds ratio θ of the binomial hierarchical model under ten priors, those of the "
        "source first; limits and probabilities as for berry_berry."
    ),
    "fisher_power": (
        "Probability, at two true risks, of an excess in the arm with Fisher’s two-sided p (all tables no more "
        "likely) below alpha, by enumeration, or by the normal approximation where method says so."
    ),
    "smallest_detectable": (
        "The smallest true risk of the arm above the reference’s at which the power of Fisher’s two-sided test "
        "(all tables no more likely) to find an excess is the power asked for."
    ),
    "site_reporting": (
        "Rate of the site ÷ rate of all others; limits and p exact, given all events, two-sided by the splits no "
        "more likely; p_permuted: participants exchanged between sites, two-sided, twice the smaller tail."
    ),
    "tree_scan": (
        "p of each node: the share of replicates, arms permuted among participants unless told another null, "
        "whose largest log-likelihood ratio over all nodes is at least the node’s; of an excess in the arm unless "
        "told."
    ),
    "tree_scan_bernoulli": (
        "p of each node: the share of replicates, cases drawn among the observations, whose largest Bernoulli "
        "log-likelihood ratio over all nodes is at least the node’s; of an excess unless told."
    ),
    "tree_scan_poisson": (
        "p of each node: the share of replicates, cases drawn by their expectations, whose largest Poisson "
        "log-likelihood ratio over all nodes is at least the node’s; of an excess unless told."
    ),
    "spent_alpha": (
        "One-sided error that may be spent up to a share of the information, by the spending function "
        "(O’Brien–Fleming type unless told)."
    ),
    "group_sequential_boundary": (
        "z-values at which the probability to cross first at each look, without an effect, is the error newly "
        "spent (Lan–DeMets, O’Brien–Fleming type unless told), one-sided unless told."
    ),
    "haybittle_peto_boundary": (
        "One z-value (3 unless told) at all looks but the last, whose own makes the error of all looks together "
        "alpha, one-sided unless told."
    ),
    "group_sequential_crossing": (
        "Probability to cross the boundary first at each look, the score being a Brownian motion whose z-value "
        "has the mean drift at all the information, one-sided unless told."
    ),
    "group_sequential_drift": (
        "The mean z-value at all the information at which the boundary is crossed with the power asked for."
    ),
    "group_sequential_counts_crossing": (
        "Probability that an excess crosses first at each look, exact over all pairs of binomial counts, judged "
        "by Fisher’s one-sided p ≤ Φ(−z) unless told the score."
    ),
    "group_sequential_events_crossing": (
        "Probability that an excess crosses first at each look, looks by numbers of events, exact over the arm’s "
        "count at proportional rates, judged by Fisher’s one-sided p ≤ Φ(−z)."
    ),
    "maxsprt_poisson_ratio": (
        "Log-likelihood ratio of the best relative risk above 1 against 1, cases Poisson with the expected "
        "number; 0 where there is no excess."
    ),
    "maxsprt_poisson_boundary": (
        "The smallest critical value of the Poisson log-likelihood ratio that is crossed with probability alpha "
        "at most over the whole surveillance, without an effect, one-sided."
    ),
    "maxsprt_poisson_performance": (
        "Probability of a signal, mean time to it and mean length of the surveillance at a true relative risk, "
        "exact, cases Poisson."
    ),
    "maxsprt_binomial_ratio": (
        "Log-likelihood ratio of the best relative risk above 1 against 1, cases binomial among all events with "
        "the given probability; 0 where there is no excess."
    ),
    "maxsprt_binomial_boundary": (
        "The smallest critical value of the binomial log-likelihood ratio that is crossed with probability alpha "
        "at most over so many events, without an effect, one-sided."
    ),
    "maxsprt_binomial_performance": (
        "Probability of a signal, mean time to it and mean length of the surveillance, in events, at a true "
        "relative risk, exact, cases binomial."
    ),
    "cmaxsprt_ratio": (
        "Log-likelihood ratio of the best relative risk above 1 against 1 given historical cases and follow-up, "
        "both Poisson; 0 where there is no excess."
    ),
    "cmaxsprt_boundary": (
        "The smallest critical value of the conditional log-likelihood ratio that is crossed with probability "
        "alpha at most, averaged over the historical follow-up, without an effect, one-sided."
    ),
    "cmaxsprt_power": (
        "Probability that the conditional log-likelihood ratio reaches the critical value at a true relative "
        "risk, averaged over the historical follow-up."
    ),
    "toxicity_boundary": (
        "The fewest events with a one-sided binomial p at the acceptable risk of at most a level, the same at "
        "every look: the largest that keeps the probability to stop at all at alpha."
    ),
    "beta_binomial_posterior": (
        "Probability, by a beta prior (Jeffreys’ ½, ½ unless told) and the events so far, that the arm’s risk is "
        "above the risk, or above the reference’s distribution of it, with the margin added."
    ),
    "beta_binomial_boundary": (
        "The fewest events with which the posterior probability of too high a risk reaches the threshold, prior "
        "beta (Jeffreys’ ½, ½ unless told)."
    ),
    "stopping_characteristics": (
        "Probability to stop, mean participants and mean events of a stopping rule at a true risk, exact."
    ),
    "kaplan_meier": (
        "Product of 1 − events ÷ participants at risk over the times with events, death a censoring; limits are "
        "log-log unless told plain, with Greenwood’s variance."
    ),
    "participants_at_risk": (
        "Participants still followed just before each time, and events, deaths and censorings up to it."
    ),
    "aalen_johansen": (
        "Sum of events ÷ participants at risk, times the share without event and death just before, over the "
        "times with events; limits are log(−log(1 − incidence)) unless told, with the delta-method variance "
        "unless told Aalen’s."
    ),
    "incidence_difference": (
        "Difference of the Aalen–Johansen incidences, arm − reference; limits add the squared distances of both "
        "to their own limits (Zou & Donner)."
    ),
    "log_rank": (
        "Two-sided p, of any differences where there are more than two arms: events less those expected at equal "
        "hazards, death a censoring, χ² with the hypergeometric variance."
    ),
    "gray": (
        "Two-sided p, of any differences where there are more than two arms: events less those expected at equal "
        "cumulative incidences, the dead staying at risk, χ² with Gray’s variance (ρ = 0)."
    ),
    "cox": (
        "Hazard ratio at the peak of the partial likelihood, ties after Efron; limits and two-sided p_likelihood "
        "by the profile likelihood, χ² on one degree of freedom; the two-sided p_score and p_wald and Wald’s "
        "limits beside them."
    ),
    "restricted_mean_time_lost": (
        "Area under the Aalen–Johansen incidence up to the horizon, and its difference, arm − reference; limits "
        "and two-sided p are normal with the delta-method variance."
    ),
    "hazard_by_period": (
        "First events ÷ years within each period, and their ratio, arm ÷ reference; limits are Garwood’s and the "
        "conditional exact ones, two-sided p the probability of all splits no more likely."
    ),
    "blinded_rate": (
        "Posterior mean of the rate under treatment given pooled events, both rates with gamma priors at the "
        "background rate; limits are equal tails; p_exceeds, one-sided: so many events or more at the background "
        "alone."
    ),
    "shift_table": (
        "Participants by category at baseline and worst category after it, missing being a category of its own."
    ),
    "worst_grades": (
        "Participants by the highest grade after baseline, and those with at least it, of those measured."
    ),
    "edish": (
        "Each participant’s highest ALT or AST and highest bilirubin in multiples of the upper limit of normal, "
        "whenever each was: Hy’s law quadrant is a transaminase ≥ 3 and bilirubin > 2 unless told."
    ),
    "hys_law_cases": (
        "ALT or AST ≥ 3 and, on that day or within 30 days after, bilirubin > 2 times the upper limit of normal, "
        "without alkaline phosphatase ≥ 2 before, unless told."
    ),
    "outliers": (
        "Beyond 3 quartile distances from the nearer quartile (Tukey, type 7 quartiles) unless told; “mad”: a "
        "modified z-score, 0.6745 × (value − median) ÷ median absolute deviation, beyond 3.5."
    ),
    "participant_slopes": "Slope of the least-squares line through a participant’s values.",
    "slope_difference": (
        "Mean of the participants’ slopes in each arm and its difference to the reference’s; limits and two-sided "
        "p are Welch’s."
    ),
    "blinded_warning": (
        "The smallest pooled count at which blinded_rate’s posterior above the margin, or its one-sided "
        "p_exceeds, reaches the limit, and the chance of so many without an effect and at a ratio."
    ),
}


def estimate_only(definition: str) -> str:
    """What a definition says of the estimate, without what is inferential."""
    said, limits, _ = definition.partition(LIMITS)
    return f"{said}." if limits else definition
