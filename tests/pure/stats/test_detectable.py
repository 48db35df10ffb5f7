import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import fisher, fisher_power, smallest_detectable, smallest_significant_count
from pvtracker.stats.detectable import _approximate_power
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table

ENUMERATED = "all tables of the two arms, probabilities by SciPy"


def enumerated_power(risk_arm: float, N_arm: int, risk_ref: float, N_ref: int, alpha: float) -> float:
    """Sum over every table of its probability, where Fisher's test is significant and the arm has the
    excess."""
    n_arm, n_ref = every_table(N_arm, N_ref)
    probability = scipy_stats.binom.pmf(n_arm, N_arm, risk_arm) * scipy_stats.binom.pmf(
        n_ref, N_ref, risk_ref
    )
    found = (fisher(n_arm, N_arm, n_ref, N_ref).p < alpha) & (n_arm / N_arm > n_ref / N_ref)
    return float(probability[found].sum())


def test_the_founding_trial_needs_six_eight_nine_or_fourteen() -> None:
    assert smallest_significant_count(38, 36, [0, 1, 2, 5]).tolist() == [6, 8, 9, 14]


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.01])
@pytest.mark.parametrize(("N_arm", "N_ref"), [(38, 36), (10, 30), (25, 6)])
def test_the_count_is_the_first_significant_one_and_all_above_are_too(
    N_arm: int, N_ref: int, alpha: float
) -> None:
    needed = smallest_significant_count(N_arm, N_ref, np.arange(N_ref + 1), alpha=alpha)
    for n_ref in range(N_ref + 1):
        n_arm = np.arange(N_arm + 1)
        significant = (fisher(n_arm, N_arm, n_ref, N_ref).p < alpha) & (n_arm * N_ref > n_ref * N_arm)
        np.testing.assert_array_equal(significant, n_arm >= needed[n_ref])


@pytest.mark.parametrize(
    ("risk_arm", "N_arm", "risk_ref", "N_ref", "alpha"),
    [(0.3, 38, 0.05, 36, 0.05), (0.6, 20, 0.2, 31, 0.01), (0.25, 12, 0.0, 15, 0.1), (1.0, 5, 0.4, 5, 0.05)],
)
def test_power_equals_enumeration(
    risk_arm: float, N_arm: int, risk_ref: float, N_ref: int, alpha: float, against: Against
) -> None:
    found = fisher_power(risk_arm, N_arm, risk_ref, N_ref, alpha=alpha)
    expected = enumerated_power(risk_arm, N_arm, risk_ref, N_ref, alpha)
    against("fisher_power", ENUMERATED, "brute force", found, expected, within=1e-8)


# R 4.2.2: sum of dbinom(x, N_arm, risk_arm) * dbinom(y, N_ref, risk_ref) over all tables with x / N_arm > y / N_ref and
# fisher.test(matrix(c(x, N_arm - x, y, N_ref - y), 2))$p.value < alpha
POWER_OF_R = [
    (0.3, 38, 0.05, 36, 0.05, 0.80600529213408),
    (0.2, 38, 0.05, 36, 0.05, 0.39523067032915),
    (0.05, 38, 0.05, 36, 0.05, 0.0018850622176285),
    (0.5, 20, 0.1, 40, 0.01, 0.76506631607196),
    (0.4, 15, 0.2, 15, 0.2, 0.30042392156113),
    (0.9, 6, 0.3, 9, 0.1, 0.66278634591191),
    (0.02, 60, 0, 20, 0.05, 2.3491435410272e-09),
    (0.15, 50, 0.01, 50, 0.001, 0.082143900398857),
]


def test_power_is_rs(against: Against) -> None:
    for *design, alpha, power in POWER_OF_R:
        found = fisher_power(*design, alpha=alpha)
        against("fisher_power", "R fisher.test and dbinom, all tables", "program", found, power, within=1e-9)


def test_the_smallest_detectable_risk_has_exactly_the_power_asked_for(against: Against) -> None:
    found = smallest_detectable([38, 86], [36, 84], [0.05, 0.1], power=0.9, alpha=0.1)
    for i, (N_arm, N_ref, risk_ref) in enumerate([(38, 36, 0.05), (86, 84, 0.1)]):
        power = enumerated_power(found.risk[i], N_arm, risk_ref, N_ref, 0.1)
        against(
            "smallest_detectable", f"{ENUMERATED}: power at the risk", "brute force", power, 0.9, within=1e-6
        )
        assert found.power[i] == pytest.approx(power, abs=1e-6)
        assert found.difference[i] == pytest.approx(found.risk[i] - risk_ref)
        assert found.ratio[i] == pytest.approx(found.risk[i] / risk_ref)
    assert found.method.tolist() == ["exact", "exact"]


def test_against_no_event_the_ratio_is_infinite_but_the_risk_is_not(against: Against) -> None:
    found = smallest_detectable(38, 36, 0.0)
    # 6 of 38 are needed: P(X ≥ 6) = 80 % at
    power = scipy_stats.binom.sf(5, 38, found.risk[0])
    against("smallest_detectable", "SciPy, binom.sf: power at the risk", "program", power, 0.8, within=1e-7)
    assert found.ratio[0] == np.inf


def test_what_cannot_be_detected_and_empty_arms_say_so() -> None:
    found = smallest_detectable([3, 0, 10, 20], [3, 10, 0, 20], [0.1, 0.1, 0.1, 1.0])
    assert np.isnan(found.risk).all()
    assert np.isnan(found.power).all()
    assert found.warning.tolist() == [
        "no risk, however high, would be detected with this power",
        "empty arm: no participant in the arm",
        "empty arm: no participant in the reference arm",
        "no risk, however high, would be detected with this power",
    ]


def test_many_participants_with_a_common_event_are_approximated_and_say_so() -> None:
    found = smallest_detectable([20_000, 20_000], [20_000, 20_000], [0.3, 0.0005])
    assert found.method.tolist() == ["normal approximation", "exact"]
    assert found.power == pytest.approx([0.8, 0.8], abs=1e-6)


def test_where_enumeration_begins_to_be_long_is_the_caller_s_choice() -> None:
    exact, soon, never = (
        smallest_detectable(500, 500, 0.05, most_work=work) for work in (3_000_000, 1_000, 0)
    )
    assert [found.method[0] for found in (exact, soon, never)] == ["exact", *["normal approximation"] * 2]
    assert soon.risk[0] == never.risk[0] == pytest.approx(exact.risk[0], abs=0.003)
    with pytest.raises(ValueError, match="most_work must be ≥ 0, got -1"):
        smallest_detectable(10, 10, 0.1, most_work=-1)


@pytest.mark.parametrize(("N_arm", "N_ref"), [(1000, 1000), (1600, 800)])
def test_the_approximation_follows_the_exact_power(N_arm: int, N_ref: int) -> None:
    for risk in (0.23, 0.25, 0.27):
        approximate = _approximate_power(np.array([risk]), N_arm, 0.2, N_ref, 0.05)[0]
        assert approximate == pytest.approx(fisher_power(risk, N_arm, 0.2, N_ref), abs=0.02)


def test_more_participants_detect_less() -> None:
    risk = smallest_detectable([20, 40, 80, 160], [20, 40, 80, 160], 0.1).risk
    assert (np.diff(risk) < 0).all()


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"risk_ref must lie in \[0, 1\], got 1.5"):
        smallest_detectable(10, 10, 1.5)
    with pytest.raises(ValueError, match=r"risk_ref must lie in \[0, 1\], got nan"):
        smallest_detectable(10, 10, float("nan"))
    with pytest.raises(ValueError, match="power must lie strictly between 0 and 1, got 80"):
        smallest_detectable(10, 10, 0.1, power=80)
    with pytest.raises(ValueError, match="n_ref must be ≤ N_ref, got 11"):
        smallest_significant_count(10, 10, 11)
    with pytest.raises(ValueError, match=r"risk_arm must lie in \[0, 1\], got 2"):
        fisher_power(2, 10, 0.1, 10)
