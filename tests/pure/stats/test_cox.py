import numpy as np
import pytest
from hypothesis import given, settings
from scipy import optimize
from scipy import stats as scipy_stats

from pvtracker.stats import cox
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


def efron(beta: float, time: np.ndarray, event: np.ndarray, arm: np.ndarray, strata: np.ndarray) -> float:
    """Efron's partial log-likelihood, written out: of d tied events the l-th divides by those at risk, of whom the
    tied ones count (d - l) / d each."""
    total = 0.0
    for label in set(strata.tolist()):
        own = strata == label
        t, came, weight, x = time[own], event[own] == 1, np.exp(beta * arm[own]), arm[own]
        for moment in set(t[came].tolist()):
            tied = came & (t == moment)
            d, at_risk, of_tied = int(tied.sum()), weight[t >= moment].sum(), weight[tied].sum()
            total += beta * x[tied].sum() - sum(np.log(at_risk - place / d * of_tied) for place in range(d))
    return float(total)


def test_the_data_that_therneau_and_grambsch_solved_by_hand(against: Against) -> None:
    """Test data 1 of the appendix of Modeling Survival Data (2000), as in survival 3.5-3, vignette "validate", section
    3.2: the root of a cubic, information at it, log-likelihoods by the formula. (At the root -3.358979 is printed for
    -3.358975.)"""
    found = cox([1, 1, 6, 6, 8, 9], [1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 0])
    source = "Therneau & Grambsch 2000, test data 1, vignette of R survival"
    root = 2 * np.sqrt(23 / 3) * np.cos(np.arccos(45 / 23 * np.sqrt(3 / 23)) / 3)
    against("cox", source, "published", np.log(found.estimate), 1.676857, within=5.1e-7)
    against("cox", source, "published", found.estimate, 5.348721, within=5.1e-7)
    against("cox", source, "published", found.estimate, root, within=1e-9)
    against("cox", source, "published", found.log_standard_error**-2, 0.612632, within=5.1e-7)

    def log_likelihood(r: float) -> float:
        return float(2 * np.log(r) - np.log(3 * r + 3) - np.log(r + 3) - np.log(r / 2 + 2.5))

    assert log_likelihood(1) == pytest.approx(-4.276666, abs=5.1e-7)
    likelihood = scipy_stats.chi2.sf(2 * (log_likelihood(root) - log_likelihood(1)), 1)
    against("cox", source, "published", found.p_likelihood, likelihood, within=1e-9)
    score = scipy_stats.chi2.sf((52 / 48) ** 2 / (83 / 144), 1)
    against("cox", source, "published", found.p_score, score, within=1e-12)


def test_the_leukaemia_trial_of_freireich(against: Against) -> None:
    """Placebo to 6-MP. Textbooks print 4.523 for it: that is Breslow's way with ties."""
    time, event, arm = FREIREICH
    found = cox(time, event, 1 - arm)
    # summary(coxph(Surv(t, e) ~ I(1 - a)))
    source = "R survival 3.5-3, coxph"
    against("cox", source, "program", found.estimate, 4.816873898, within=1e-9)
    against("cox", source, "program", found.log_standard_error, 0.412396717709, within=1e-9)
    against("cox", source, "program", found.wald_low, 2.146508213, within=1e-9)
    against("cox", source, "program", found.wald_high, 10.80931068, within=1e-9)
    p = [found.p_likelihood[0], found.p_score[0], found.p_wald[0]]
    expected = scipy_stats.chi2.sf([16.351690838952, 17.246536795717, 14.532617063374], 1)
    against("cox", source, "program", p, expected, within=1e-13)
    assert (found.events_arm[0], found.events_ref[0], found.warning[0]) == (21, 9, None)


def test_other_trials_as_r_survival_has_them(against: Against) -> None:
    source = "R survival 3.5-3, coxph"
    time, event, arm = AML
    two = (MADE_TIME[TWO], MADE_EVENT[TWO], MADE_ARM[TWO])
    cases = (
        # exp(coef), se, score, 2 * diff(loglik), wald.test of coxph(Surv(time, status) ~ x, aml)
        (cox(time, event, 1 - arm),
         [np.exp(0.915532575015), 0.511934275172, 3.416734395517, 3.384447332604, 3.198299922160]),
        # coxph(Surv(t, e == 1) ~ a, subset = a < 2), then with + strata(s)
        (cox(*two), [1.600305673326, 0.445581223518, 1.132053031608, 1.079375491413, 1.113529214991]),
        (cox(*two, stratum=MADE_STRATUM[TWO]),
         [1.623333535537, 0.450045127774, 1.179607655856, 1.126161952174, 1.158891445061]),
    )  # fmt: skip
    for found, expected in cases:
        tests = scipy_stats.chi2.isf([found.p_score[0], found.p_likelihood[0], found.p_wald[0]], 1)
        ours = [found.estimate[0], found.log_standard_error[0], *tests]
        against("cox", source, "program", ours, expected, within=1e-9)


@pytest.mark.parametrize("one", some_trials(40, largest=20))
def test_estimate_and_limits_of_the_written_out_likelihood(against: Against, one: Trial) -> None:
    time, event, arm = one
    stratum = np.arange(len(time)) % 2
    found = cox(time, event, arm, stratum=stratum, confidence_level=0.9)
    assert found.confidence_level == 0.9

    def value(beta: float) -> float:
        return efron(beta, time, event, arm, stratum)

    at_one = value(0.0)
    if arm.all() or not arm.any():
        assert np.isnan(found.estimate[0])
        return
    if np.isnan(found.estimate[0]):
        assert all(value(beta) == pytest.approx(at_one, abs=1e-9) for beta in (-5.0, 3.0))
        assert (found.low[0], found.high[0]) == (0, np.inf) and np.isnan(found.p_likelihood[0])
        return
    with np.errstate(divide="ignore"):
        estimate, low, high = np.log([found.estimate[0], found.low[0], found.high[0]])
    # A monotone likelihood is flat long before a ratio of exp(±25); the search is within these.
    peak = optimize.minimize_scalar(
        lambda b: -value(b), bounds=(-25, 25), method="bounded", options={"xatol": 1e-9}
    )
    if np.isfinite(estimate):
        against("cox", "Efron's likelihood by search", "brute force", estimate, peak.x, within=1e-5)
    else:
        assert np.sign(estimate) * peak.x > 10 and str(found.warning[0]).endswith(
            ("estimate 0", "estimate infinity")
        )
        assert np.isnan(found.wald_low[0]) and np.isnan(found.p_wald[0])
    highest = max(-float(peak.fun), value(float(np.clip(estimate, -25, 25))))
    for limit in (low, high):
        if np.isfinite(limit):
            loss, quantile = 2 * (highest - value(limit)), scipy_stats.chi2.isf(0.1, 1)
            against("cox", "Efron's likelihood by search", "brute force", loss, quantile, within=1e-7)
    p = scipy_stats.chi2.sf(2 * (highest - at_one), 1)
    against("cox", "Efron's likelihood by search", "brute force", found.p_likelihood, p, within=1e-6)


def test_no_event_in_one_arm_leaves_one_finite_limit() -> None:
    """Two of two in the arm, first; none of two in the reference: the likelihood is that of 2:2, then 1:2 at risk."""
    found = cox([1, 2, 3, 3], [1, 1, 0, 0], [1, 1, 0, 0])
    assert (found.estimate[0], found.high[0]) == (np.inf, np.inf)
    assert found.warning[0] == (
        "no event of the reference while both were at risk: the likelihood is monotone, the estimate infinity"
    )

    def loss(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        return -2 * np.log(2 * ratio / (2 * ratio + 2) * ratio / (ratio + 2)) - scipy_stats.chi2.isf(0.05, 1)

    assert found.low[0] == pytest.approx(np.exp(optimize.brentq(loss, -5, 5)), rel=1e-9)
    assert found.p_likelihood[0] == pytest.approx(
        scipy_stats.chi2.sf(-2 * np.log(2 / 4 * 1 / 3), 1), rel=1e-12
    )
    score = (2 - 1 / 2 - 1 / 3) ** 2 / (1 / 4 + 2 / 9)
    assert found.p_score[0] == pytest.approx(scipy_stats.chi2.sf(score, 1), rel=1e-12)
    assert np.isnan(
        [found.wald_low[0], found.wald_high[0], found.p_wald[0], found.log_standard_error[0]]
    ).all()
    mirrored = cox([1, 2, 3, 3], [1, 1, 0, 0], [0, 0, 1, 1])
    assert (mirrored.estimate[0], mirrored.low[0]) == (0, 0)
    assert mirrored.high[0] == pytest.approx(1 / found.low[0], rel=1e-9)
    # 6 of 38 v 0 of 36, all followed for a year: the lower limit excludes one
    some = cox([0.1, 0.2, 0.3, 0.5, 0.6, 0.9] + [1.0] * 68, [1] * 6 + [0] * 68, [1] * 38 + [0] * 36)
    assert 1 < some.low[0] < 3 and some.p_likelihood[0] < 0.01


@given(trial(largest=20))
@settings(max_examples=30, deadline=None)
def test_swapping_arms_inverts_and_units_and_order_do_not_matter(one: Trial) -> None:
    time, event, arm = one
    found, swapped = cox(time, event, arm), cox(time, event, 1 - arm)
    mixed = np.random.default_rng(3).permutation(len(time))
    other = cox(time[mixed] / 7, event[mixed], arm[mixed])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(np.log(swapped.estimate), -np.log(found.estimate), atol=1e-9)
        np.testing.assert_allclose(np.log(swapped.low), -np.log(found.high), atol=1e-9)
        np.testing.assert_allclose(np.log(swapped.wald_high), -np.log(found.wald_low), atol=1e-9)
    for name in ("estimate", "low", "high", "p_likelihood", "p_score", "p_wald"):
        np.testing.assert_allclose(getattr(other, name), getattr(found, name), rtol=1e-9)
    for name in ("p_likelihood", "p_score", "p_wald"):
        np.testing.assert_allclose(getattr(swapped, name), getattr(found, name), rtol=1e-8)


def test_many_terms_at_once_are_the_terms_one_by_one() -> None:
    """The same 40 participants, 30 terms of all kinds; the terms of one event and of none among them."""
    rng = np.random.default_rng(5)
    time, event = rng.integers(0, 9, (40, 30)), (rng.random((40, 30)) < np.linspace(0, 0.5, 30)).astype(int)
    event[:, 1] = [1] + [0] * 39
    arm, stratum = np.arange(40) % 2, np.arange(40) // 20
    found = cox(time, event, arm, stratum=stratum)
    shared = cox(time[:, 3], event, arm)  # one follow-up for all terms
    for term in range(30):
        alone = cox(time[:, term], event[:, term], arm, stratum=stratum)
        other = cox(time[:, 3], event[:, term], arm)
        for name in (
            "estimate",
            "low",
            "high",
            "p_likelihood",
            "p_score",
            "p_wald",
            "wald_low",
            "log_standard_error",
        ):
            np.testing.assert_allclose(getattr(found, name)[term], getattr(alone, name)[0], rtol=1e-9)
            np.testing.assert_allclose(getattr(shared, name)[term], getattr(other, name)[0], rtol=1e-9)
        assert (found.events_arm[term], found.warning[term]) == (alone.events_arm[0], alone.warning[0])
    assert found.warning[0] is not None and np.isnan(found.estimate[0])


def test_empty_arms_and_single_participants_are_said() -> None:
    assert cox([1, 2], [1, 0], [0, 0]).warning[0] == "empty arm: no participant in the arm"
    assert cox([1, 2], [1, 0], 1).warning[0] == "empty arm: no participant in the reference arm"
    for time, event, arm in (([4], [1], [1]), ([], [], []), ([0, 0], [0, 2], [0, 1])):
        found = cox(time, event, arm)
        assert np.isnan(found.estimate).all() and found.warning[0] is not None
    never = cox([1, 2, 3], [0, 0, 1], [1, 1, 0])  # the event comes when the reference is alone
    assert np.isnan(never.estimate[0]) and (never.low[0], never.high[0]) == (0, np.inf)
    at_once = cox([0, 0, 0], [True, True, False], [True, False, False])
    assert 0 < at_once.low[0] < at_once.estimate[0] < at_once.high[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [1, 0], [0, 2]), "in_arm must be 0 or 1, got 2"),
        (([1, 2], [1, 0], [0, 1, 1]), "in_arm must name the arm of every participant, got 3 for 2"),
        ((np.ones((2, 2, 2)), 1, 1), r"must have shape \(N,\) or \(N, terms\)"),
        (
            (np.ones((2, 3)), np.ones((2, 2)), [0, 1]),
            "time and event must be of the same participants and terms",
        ),
        ((np.full((2, 3), -1), np.ones((2, 3)), [0, 1]), "time must be ≥ 0"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cox(*arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 0"):
        cox([1], [1], [1], confidence_level=0)
