import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import risk_difference_agresti_caffo, risk_difference_newcombe
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table, one_table


def test_limits_of_newcombe_s_table(against: Against) -> None:
    # Newcombe RG (1998) Stat Med 17:873-890, Table II, method 10. Each figure was found again from Wilson's limits by
    # the definition, so a misprint of ours would show.
    published = {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (6, 7, 2, 7): (0.0582, 0.8062),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (0, 10, 0, 20): (-0.1611, 0.2775),
        (0, 10, 0, 10): (-0.2775, 0.2775),
        (10, 10, 0, 20): (0.6791, 1.0),
        (10, 10, 0, 10): (0.6075, 1.0),
    }
    found = risk_difference_newcombe(*np.array(list(published)).T)
    limits = np.stack([found.low, found.high], axis=1)
    source = "Newcombe 1998, Table II, method 10"
    against("risk_difference_newcombe", source, "published", limits, list(published.values()), within=5.1e-5)


def test_limits_of_perondi_s_trial(against: Against) -> None:
    # R package contingencytables, tests/testthat/test-ch4.R: Newcombe_hybrid_score_CI_2x2, AgrestiCaffo_CI_2x2
    source = "Perondi 2004 in Fagerland, Lydersen & Laake 2017, by R contingencytables"
    newcombe, caffo = risk_difference_newcombe(7, 34, 1, 34), risk_difference_agresti_caffo(7, 34, 1, 34)
    against(
        "risk_difference_newcombe",
        source,
        "published",
        [newcombe.estimate[0], newcombe.low[0], newcombe.high[0]],
        [0.1765, 0.0189, 0.3404],
        within=5.1e-5,
    )
    against(
        "risk_difference_agresti_caffo",
        source,
        "published",
        [caffo.estimate[0], caffo.low[0], caffo.high[0]],
        [0.1765, 0.0116, 0.3217],
        within=5.1e-5,
    )


# R 4.2.2: Wilson's limits by prop.test(k, n, conf.level, correct = FALSE)$conf.int, put together by the definition:
# table, limits at 95 % and at 90 %
NEWCOMBE_R = [
    ((7, 34, 1, 34), [0.018921443885773, 0.340368687032707], [0.047476371664812, 0.311983199066347]),
    ((0, 10, 0, 20), [-0.16112515805282, 0.27753279986289], [-0.11915783736096, 0.21294197008341]),
    ((3, 38, 0, 36), [-0.030473067208748, 0.207993714577715], [-0.0052605411249907, 0.1818749434986788]),
    ((5, 56, 0, 29), [-0.038137147903537, 0.192560013855112], [-0.0072550691825138, 0.1722904400472435]),
    ((30, 60, 12, 44), [0.036775048202068, 0.391533087553018], [0.067689662347094, 0.367912431632658]),
    ((9, 10, 3, 10), [0.1705227239345, 0.80901797353549], [0.24211240088494, 0.78962350737213]),
]
# R 4.2.2, metafor 3.8-1: summary(escalc("RD", ai + 1, n1i + 2, ci + 1, n2i + 2, add = 0), level)[c("ci.lb", "ci.ub")]
CAFFO_METAFOR = [
    ((7, 34, 1, 34), [0.011611670142614, 0.321721663190719], [0.036540411581736, 0.296792921751597]),
    ((0, 10, 0, 20), [-0.14109009545014, 0.21684767120772], [-0.11231663365807, 0.18807420941564]),
    ((3, 38, 0, 36), [-0.032304301850775, 0.179672722903406], [-0.01526415300168, 0.16263257405431]),
    ((5, 56, 0, 29), [-0.028865846303126, 0.171246268995006], [-0.012779479230366, 0.155159901922246]),
    ((30, 60, 12, 44), [0.037333950268453, 0.397448658427199], [0.066282409361552, 0.3685001993341]),
    ((9, 10, 3, 10), [0.1600008011004, 0.8399991988996], [0.21466367755638, 0.78533632244362]),
]


def test_limits_of_r(against: Against) -> None:
    for key, method, source, figures in (
        ("risk_difference_newcombe", risk_difference_newcombe, "R prop.test, Wilson's limits", NEWCOMBE_R),
        ("risk_difference_agresti_caffo", risk_difference_agresti_caffo, "R metafor, escalc", CAFFO_METAFOR),
    ):
        for table, at_95, at_90 in figures:
            found, narrow = method(*table), method(*table, confidence_level=0.9)
            told = [found.low[0], found.high[0], narrow.low[0], narrow.high[0]]
            against(key, source, "program", told, at_95 + at_90, within=1e-11)


def test_limits_of_drawn_tables_from_scipy_s_wilson_and_from_wald_s_with_four_more(against: Against) -> None:
    rng = np.random.default_rng(2000)
    sizes = rng.integers(1, 90, (60, 2))
    tables = [(int(rng.integers(0, a + 1)), int(a), int(rng.integers(0, b + 1)), int(b)) for a, b in sizes]
    newcombe, caffo = [], []
    for x, a, y, b in tables:
        (l1, u1), (l0, u0) = (
            scipy_stats.binomtest(k, n).proportion_ci(0.8, method="wilson") for k, n in ((x, a), (y, b))
        )
        d = x / a - y / b
        newcombe.append([d - np.hypot(x / a - l1, u0 - y / b), d + np.hypot(u1 - x / a, y / b - l0)])
        p, q, n, m = (x + 1) / (a + 2), (y + 1) / (b + 2), a + 2, b + 2
        low, high = scipy_stats.norm.interval(0.8, p - q, np.sqrt(p * (1 - p) / n + q * (1 - q) / m))
        caffo.append([max(-1.0, low), min(1.0, high)])
    columns = np.array(tables).T
    for key, method, source, expected in (
        (
            "risk_difference_newcombe",
            risk_difference_newcombe,
            "SciPy proportion_ci, Wilson's limits",
            newcombe,
        ),
        ("risk_difference_agresti_caffo", risk_difference_agresti_caffo, "SciPy norm.interval", caffo),
    ):
        found = method(*columns, confidence_level=0.8)
        against(key, source, "program", np.stack([found.low, found.high], axis=1), expected, within=1e-12)


def test_the_limits_are_built_from_wilson_s_by_the_definition() -> None:
    """Wilson's limits solve |p̂ − p| = z √(p (1 − p) / n): here by the roots of that quadratic."""
    z = 1.6448536269514722  # two-sided 90 %
    for x, a, y, b in [(3, 17, 9, 41), (0, 5, 2, 9), (12, 12, 4, 30)]:
        (l1, u1), (l0, u0) = (
            sorted(np.roots([1 + z**2 / n, -2 * k / n - z**2 / n, (k / n) ** 2]).real)
            for k, n in ((x, a), (y, b))
        )
        found = risk_difference_newcombe(x, a, y, b, confidence_level=0.9)
        d = x / a - y / b
        assert found.low[0] == pytest.approx(d - np.sqrt((x / a - l1) ** 2 + (u0 - y / b) ** 2), abs=1e-7)
        assert found.high[0] == pytest.approx(d + np.sqrt((u1 - x / a) ** 2 + (y / b - l0) ** 2), abs=1e-7)
        assert found.confidence_level == 0.9


def test_more_confidence_widens_agresti_and_caffo_s_limits_by_the_quantile() -> None:
    wide, narrow = (risk_difference_agresti_caffo(9, 40, 3, 38, confidence_level=c) for c in (0.99, 0.9))
    ratio = (wide.high[0] - wide.low[0]) / (narrow.high[0] - narrow.low[0])
    assert ratio == pytest.approx(2.5758293035489 / 1.6448536269515, rel=1e-9)


@pytest.mark.parametrize("method", [risk_difference_newcombe, risk_difference_agresti_caffo])
def test_every_small_table_has_ordered_limits_within_minus_one_and_one(method) -> None:  # type: ignore[no-untyped-def]
    for N_arm, N_ref in [(1, 1), (2, 7), (9, 9)]:
        found = method(*_with_totals(N_arm, N_ref))
        assert ((found.low >= -1) & (found.high <= 1) & (found.low < found.high)).all()


def _with_totals(N_arm: int, N_ref: int) -> tuple[object, ...]:
    n_arm, n_ref = every_table(N_arm, N_ref)
    return n_arm, N_arm, n_ref, N_ref


@pytest.mark.parametrize("method", [risk_difference_newcombe, risk_difference_agresti_caffo])
@given(table=one_table(), wide=one_table(500))
@settings(max_examples=30, deadline=None)
def test_swapping_arms_or_outcomes_turns_the_interval_round(  # type: ignore[no-untyped-def]
    method, table: tuple[int, int, int, int], wide: tuple[int, int, int, int]
) -> None:
    x, a, y, b = table
    found = method([x, wide[0]], [a, wide[1]], [y, wide[2]], [b, wide[3]])
    for other in (method(y, b, x, a), method(a - x, a, b - y, b)):
        assert other.low[0] == pytest.approx(-found.high[0], abs=1e-12)
        assert other.high[0] == pytest.approx(-found.low[0], abs=1e-12)


@pytest.mark.parametrize("method", [risk_difference_newcombe, risk_difference_agresti_caffo])
def test_an_empty_arm_has_no_difference_and_says_so_beside_the_others(method) -> None:  # type: ignore[no-untyped-def]
    found = method([0, 3, 2], [0, 10, 10], [1, 0, 2], [10, 0, 10])
    for values in (found.estimate, found.low, found.high):
        assert np.isnan(values).tolist() == [True, True, False]
    assert found.warning.tolist() == [
        "empty arm: no participant in the arm",
        "empty arm: no participant in the reference arm",
        None,
    ]
    with pytest.raises(ValueError, match="n_arm must be ≤ N_arm, got 5"):
        method(5, 4, 0, 4)
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 95"):
        method(1, 4, 0, 4, confidence_level=95)
