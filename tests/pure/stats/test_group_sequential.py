"""Group-sequential boundaries against rpact, published constants, the multivariate normal and simulated paths."""

from __future__ import annotations

import re
from itertools import product
from math import comb, e, log

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pvtracker.stats import (
    group_sequential_boundary,
    group_sequential_counts,
    group_sequential_counts_crossing,
    group_sequential_crossing,
    group_sequential_drift,
    spent_alpha,
)
from tests.pure.stats.against import Against

FIFTHS = [0.2, 0.4, 0.6, 0.8, 1.0]
RPACT = "R rpact 3.3.4 getDesignGroupSequential"
# getDesignGroupSequential(typeOfDesign, informationRates, alpha, sided, gammaA, tolerance = 1e-10)$criticalValues
DESIGNS = [
    ("asOF", FIFTHS, 0.025, 1, None, [4.876884949, 3.357011923, 2.680280061, 2.28981677, 2.03103206]),
    ("asP", FIFTHS, 0.025, 1, None, [2.437976688, 2.426813859, 2.410194146, 2.396649284, 2.385999707]),
    ("asOF", FIFTHS, 0.05, 2, None, [4.876884949, 3.357011922, 2.680280064, 2.289816768, 2.031032043]),
    ("asP", [0.2, 0.5, 1], 0.05, 2, None, [2.437976688, 2.332825137, 2.224700879]),
    ("asOF", [0.15, 0.4, 0.55, 1], 0.05, 1, None, [4.92680397, 2.887472244, 2.426882451, 1.670976002]),
    ("asKD", [0.3, 0.6, 1], 0.025, 1, 3, [3.20513318, 2.57458013, 1.997263733]),
    ("asHSD", [0.25, 0.5, 0.75, 1], 0.025, 1, -4, [3.155373033, 2.818347152, 2.439131798, 2.013647327]),
    ("asHSD", [0.25, 0.5, 0.75, 1], 0.025, 1, 1, [2.376102527, 2.357132273, 2.349901202, 2.357468537]),
]
SPENDING = {"asOF": "obrien_fleming", "asP": "pocock", "asKD": "power", "asHSD": "hwang_shih_decani"}


@pytest.mark.parametrize(("kind", "t", "alpha", "sides", "parameter", "z"), DESIGNS)
def test_spending_boundaries_of_rpact(
    kind: str,
    t: list[float],
    alpha: float,
    sides: int,
    parameter: float | None,
    z: list[float],
    against: Against,
) -> None:
    found = group_sequential_boundary(
        t, alpha=alpha, spending=SPENDING[kind], parameter=parameter, sides=sides
    )
    against("group_sequential_boundary", RPACT, "program", found.z, z, within=3e-8)
    spent = sides * spent_alpha(t, alpha=alpha / sides, spending=SPENDING[kind], parameter=parameter)
    first = sides * scipy_stats.norm.sf(z[0])
    against("spent_alpha", f"{RPACT}: error of the first look", "program", spent[0], first, within=3e-9)
    np.testing.assert_allclose(found.spent, spent, atol=1e-12)
    np.testing.assert_allclose(found.p_nominal, sides * scipy_stats.norm.sf(found.z), rtol=1e-10)
    assert found.spent[-1] == pytest.approx(alpha) and found.sides == sides


def test_published_constants_keep_the_error(against: Against) -> None:
    """Jennison & Turnbull (2000), tables 2.1 and 2.3, two-sided 0.05: Pocock's C_P, O'Brien and Fleming's C_B."""
    source = "Jennison & Turnbull 2000, tables 2.1 and 2.3"
    pocock, obrien_fleming = (
        {2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413},
        {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040},
    )
    for constants, power in ((pocock, 0.0), (obrien_fleming, -0.5)):
        for looks, constant in constants.items():
            t = np.arange(1, looks + 1) / looks
            found = group_sequential_crossing(t, constant * t**power, sides=2).total
            against("group_sequential_crossing", source, "published", found, 0.05, within=1e-4)


def test_operating_characteristics_of_rpact(against: Against) -> None:
    """getPowerAndAverageSampleNumber(design, 0.3, nMax = 100) has power 0.8424420802 and average sample number
    78.08645545. 0.3 √100 is the drift."""
    bound = group_sequential_boundary(FIFTHS)
    found = group_sequential_crossing(bound.fraction, bound.z, drift=3.0)
    source = "R rpact 3.3.4 getPowerAndAverageSampleNumber"
    against("group_sequential_crossing", source, "program", found.total, 0.8424420802, within=1e-8)
    against(
        "group_sequential_crossing", source, "program", found.expected_fraction, 0.7808645545, within=1e-8
    )


@pytest.mark.parametrize(
    ("design", "power", "shift"),
    [
        (0, 0.8, 8.0429031708),
        (0, 0.9, 10.749916894),
        (1, 0.95, 15.310633345),
        (3, 0.9, 11.893537618),
        (6, 0.85, 9.1653086479),
    ],
)
def test_the_drift_that_is_detected_is_rpacts_shift(
    design: int, power: float, shift: float, against: Against
) -> None:
    """The square of the drift: getDesignCharacteristics(design)$shift with beta = 1 - power, twoSidedPower = FALSE."""
    _, t, _, sides, _, z = DESIGNS[design]
    drift = group_sequential_drift(t, z, power=power, sides=sides)
    source = "R rpact 3.3.4 getDesignCharacteristics"
    against("group_sequential_drift", source, "program", drift**2, shift, within=1e-7)


def test_with_two_sides_a_path_below_is_lost_to_the_bound_above() -> None:
    """Bounds so low that many paths leave below: the drift is the greater for it. One look: in closed form."""
    one, two = (group_sequential_drift([0.2, 1.0], [0.5, 2.0], power=0.9, sides=sides) for sides in (1, 2))
    assert two > one + 0.1
    alone = group_sequential_drift([1.0], [1.96], power=0.9, sides=2)
    assert alone == pytest.approx(1.96 + scipy_stats.norm.ppf(0.9))


def inside(t: np.ndarray, z: np.ndarray) -> float:
    """Probability that no bound is exceeded: a multivariate normal."""
    correlation = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    chance = np.random.default_rng(1)
    return float(
        scipy_stats.multivariate_normal.cdf(z, cov=correlation, maxpts=1_000_000, abseps=1e-8, rng=chance)
    )


@pytest.mark.parametrize("t", [[0.3, 0.7, 1.0], [0.2, 0.5, 0.6, 1.0], [0.5, 0.501, 0.52, 1.0]])
def test_the_multivariate_normal_gives_the_same_error(t: list[float], against: Against) -> None:
    """Also where looks follow closely; there rpact 3.3.4 gives 3.0136 and 1.0380 for the second and third bound."""
    bound = group_sequential_boundary(t)
    for looks in range(2, len(t) + 1):
        error = 1 - inside(bound.fraction[:looks], bound.z[:looks])
        source = "SciPy multivariate_normal.cdf"
        against("group_sequential_boundary", source, "program", bound.spent[looks - 1], error, within=3e-6)


def test_more_information_than_was_planned_spends_what_is_left(against: Against) -> None:
    """40 and 74 of 74 planned, but 90 were in at the last look: the error by a multivariate normal, and the unit of the
    information does not matter."""
    whole = group_sequential_boundary([40 / 74, 1.0])
    over = group_sequential_boundary([40 / 74, 1.0], information=[40, 90])
    assert over.z[0] == whole.z[0] and over.z[1] > whole.z[1] + 0.001
    np.testing.assert_allclose(over.spent, whole.spent)
    error = 1 - inside(np.array([40 / 90, 1.0]), over.z)
    against(
        "group_sequential_boundary", "SciPy multivariate_normal.cdf", "program", 0.025, error, within=3e-6
    )
    np.testing.assert_allclose(
        group_sequential_boundary([0.3, 0.7, 1.0], information=[3, 7, 10]).z,
        group_sequential_boundary([0.3, 0.7, 1.0]).z,
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    ("planned", "information"),
    [([5e-5, 0.5, 1.0], [5e-5, 0.5, 1.0]), ([0.8, 0.81, 1.0], [80, 81, 800_000]), ([0.01, 1.0], [1, 1e9])],
)
def test_a_tiny_first_look_stands_and_the_error_is_kept(
    planned: list[float], information: list[float], against: Against
) -> None:
    """By a multivariate normal; and the bounds of looks that were held do not change with what came after."""
    found = group_sequential_boundary(planned, spending="pocock", information=information)
    told = np.array(information) / information[-1]
    error = 1 - inside(told, found.z)
    source = "SciPy multivariate_normal.cdf"
    against("group_sequential_boundary", source, "program", 0.025, error, within=3e-6)
    for looks in range(1, len(planned)):
        np.testing.assert_allclose(
            group_sequential_boundary(planned[:looks], spending="pocock").z, found.z[:looks], rtol=1e-9
        )
    first = scipy_stats.norm.isf(0.025 * log(1 + (e - 1) * planned[0]))
    assert found.z[0] == pytest.approx(first, rel=1e-9)
    assert group_sequential_boundary([1e-4, 0.5, 1.0]).z[0] == np.inf, "O’Brien–Fleming: next to nothing"


def test_simulated_paths_cross_as_often() -> None:
    t, z, drift = np.array([0.25, 0.6, 1.0]), np.array([2.2, 2.1, 1.9]), 1.3
    steps = np.random.default_rng(4).normal(
        drift * np.diff(t, prepend=0), np.sqrt(np.diff(t, prepend=0)), (200_000, 3)
    )
    value = np.cumsum(steps, axis=1) / np.sqrt(t)
    found = group_sequential_crossing(t, z, drift=drift, sides=2)
    beyond = np.abs(value) >= z
    first = beyond & (np.cumsum(beyond, axis=1) == 1)
    for side, chance in ((value > 0, found.above), (value < 0, found.below)):
        seen = (first & side).mean(axis=0)
        assert (np.abs(seen - chance) <= 4.5 * np.sqrt(chance * (1 - chance) / 200_000) + 1e-5).all()
    stopped = np.where(beyond.any(axis=1), t[beyond.argmax(axis=1)], 1.0)
    assert found.expected_fraction == pytest.approx(stopped.mean(), abs=4.5 * stopped.std() / 200_000**0.5)


def test_spending_functions_are_their_formulas() -> None:
    t = [0.1, 0.5, 1.0]
    found = {
        "obrien_fleming": spent_alpha(t, alpha=0.05),
        "pocock": spent_alpha(t, alpha=0.05, spending="pocock"),
        "power": spent_alpha(t, alpha=0.05, spending="power", parameter=1.5),
        "hwang_shih_decani": spent_alpha(t, alpha=0.05, spending="hwang_shih_decani", parameter=-2.0),
    }
    z = scipy_stats.norm.isf(0.025)
    for i, share in enumerate(t):
        assert found["obrien_fleming"][i] == pytest.approx(2 * scipy_stats.norm.sf(z / share**0.5))
        assert found["pocock"][i] == pytest.approx(0.05 * log(1 + (e - 1) * share))
        assert found["power"][i] == pytest.approx(0.05 * share**1.5)
        assert found["hwang_shih_decani"][i] == pytest.approx(0.05 * (1 - e ** (2 * share)) / (1 - e**2))
    assert spent_alpha(t, spending="hwang_shih_decani", parameter=0.0).tolist() == pytest.approx(
        [0.0025, 0.0125, 0.025]
    )
    assert spent_alpha(1.0).tolist() == pytest.approx([0.025])


def test_a_bound_hangs_on_earlier_looks_only_and_sides_mirror() -> None:
    whole = group_sequential_boundary(FIFTHS, spending="pocock")
    np.testing.assert_allclose(group_sequential_boundary(FIFTHS[:3], spending="pocock").z, whole.z[:3])
    assert group_sequential_boundary([0.01]).z[0] > 15
    assert group_sequential_boundary([0.005, 1.0]).z.tolist() == pytest.approx([np.inf, 1.959964], abs=1e-6)
    up = group_sequential_crossing(FIFTHS, whole.z, drift=0.7, sides=2)
    down = group_sequential_crossing(FIFTHS, whole.z, drift=-0.7, sides=2)
    np.testing.assert_allclose(up.above, down.below, atol=1e-14)
    only_last = group_sequential_crossing(FIFTHS, [np.inf] * 4 + [1.959964], drift=0.5)
    assert only_last.total == pytest.approx(scipy_stats.norm.sf(1.959964 - 0.5))
    assert only_last.expected_fraction == pytest.approx(1.0)
    np.testing.assert_allclose(
        group_sequential_crossing([0.5, 1.0], [-50.0, 1.0]).above, [1.0, 0.0], atol=1e-12
    )


def test_close_looks_cost_no_accuracy() -> None:
    t = [0.5, 0.5005, 0.7, 1.0]
    bound = group_sequential_boundary(t)
    np.testing.assert_allclose(group_sequential_crossing(t, bound.z).above.cumsum(), bound.spent, atol=1e-12)
    np.testing.assert_allclose(bound.spent, spent_alpha(t), atol=1e-12)


def one_sided_fisher(x: int, a: int, y: int, b: int) -> float:
    return sum(
        comb(a, k) * comb(b, x + y - k) / comb(a + b, x + y)
        for k in range(x, min(a, x + y) + 1)
        if x + y - k <= b
    )


def score(x: int, a: int, y: int, b: int) -> float:
    pooled = (x + y) / (a + b)
    error = (pooled * (1 - pooled) * (1 / a + 1 / b)) ** 0.5
    return (x / a - y / b) / error if error else -np.inf


@pytest.mark.parametrize("test", ["fisher", "score"])
def test_counts_against_all_outcomes_of_a_small_trial(test: str, against: Against) -> None:
    """Looks after 2 + 3 and 4 + 5 participants: all 2^9 outcomes."""
    z, risk_arm, risk_ref = [1.2, 1.0], 0.6, 0.3
    first = second = used = 0.0
    for arm in product([0, 1], repeat=4):
        for ref in product([0, 1], repeat=5):
            x, y = sum(arm), sum(ref)
            chance = risk_arm**x * (1 - risk_arm) ** (4 - x) * risk_ref**y * (1 - risk_ref) ** (5 - y)
            tables = [(sum(arm[:2]), 2, sum(ref[:3]), 3), (x, 4, y, 5)]
            crosses = [
                one_sided_fisher(*table) <= scipy_stats.norm.sf(bound)
                if test == "fisher"
                else score(*table) >= bound
                for table, bound in zip(tables, z, strict=True)
            ]
            first += chance * crosses[0]
            second += chance * (not crosses[0] and crosses[1])
            used += chance * (5 if crosses[0] else 9) / 9
    found = group_sequential_counts_crossing(
        [2, 4], [3, 5], z, risk_arm=risk_arm, risk_ref=risk_ref, test=test
    )
    assert 0.01 < first < 0.9 and 0.01 < second < 0.9
    against(
        "group_sequential_counts_crossing",
        "all outcomes",
        "brute force",
        found.above,
        [first, second],
        within=1e-12,
    )
    assert found.expected_fraction == pytest.approx(used) and found.below.tolist() == [0, 0]


def test_counts_against_simulated_trials_and_the_normal_approximation() -> None:
    bound = group_sequential_boundary([0.25, 0.5, 0.75, 1.0])
    sizes = np.array([125, 250, 375, 500])
    found = group_sequential_counts_crossing(sizes, sizes, bound.z, risk_arm=0.2, risk_ref=0.2, test="score")
    assert found.total == pytest.approx(0.025, abs=0.002)
    chance, steps = np.random.default_rng(8), np.diff(sizes, prepend=0)
    x, y = (np.cumsum(chance.binomial(steps, 0.25, (40_000, 4)), axis=1) for _ in range(2))
    y = np.cumsum(chance.binomial(steps, 0.18, (40_000, 4)), axis=1)
    pooled = (x + y) / (2 * sizes)
    z = (x - y) / sizes / np.sqrt(pooled * (1 - pooled) * 2 / sizes)
    seen = (z >= bound.z).any(axis=1).mean()
    power = group_sequential_counts_crossing(
        sizes, sizes, bound.z, risk_arm=0.25, risk_ref=0.18, test="score"
    )
    assert power.total == pytest.approx(seen, abs=4.5 * (seen * (1 - seen) / 40_000) ** 0.5)


@pytest.mark.parametrize("test", ["fisher", "score"])
def test_counts_that_hardly_come_about_need_not_be_followed(
    test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ([60, 130, 130, 200], [70, 110, 190, 240], [2.2, 2.1, 2.1, 2.0])
    few = group_sequential_counts_crossing(*given, risk_arm=0.06, risk_ref=0.02, test=test)
    monkeypatch.setattr(group_sequential_counts, "most_events", lambda N, risk: N)
    every = group_sequential_counts_crossing(*given, risk_arm=0.06, risk_ref=0.02, test=test)
    np.testing.assert_allclose(few.above, every.above, rtol=0, atol=1e-12)
    assert few.expected_fraction == pytest.approx(every.expected_fraction, abs=1e-12) and few.total > 0.3


def test_rare_events_of_a_small_trial_spend_little_of_the_error() -> None:
    """38 against 36 participants: the figures on the methods page."""
    bound = group_sequential_boundary([0.25, 0.5, 0.75, 1.0], spending="pocock")
    spent = [
        group_sequential_counts_crossing(
            [9, 19, 28, 38], [9, 18, 27, 36], bound.z, risk_arm=risk, risk_ref=risk, test=test
        ).total
        for test in ("fisher", "score")
        for risk in (0.05, 0.3)
    ]
    assert spent == pytest.approx([0.000455, 0.010534, 0.002097, 0.024833], abs=1e-6)


def test_without_bound_or_arm_nothing_is_crossed() -> None:
    none = group_sequential_counts_crossing([0, 3], [2, 4], [1.0, np.inf], risk_arm=1.0, risk_ref=0.0)
    assert none.above.tolist() == [0.0, 0.0] and none.expected_fraction == 1.0
    sure = group_sequential_counts_crossing([4], [4], [2.0], risk_arm=1.0, risk_ref=0.0)
    assert sure.total == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: group_sequential_boundary([0.5, 0.4]),
            "each look must bring at least 0.0001 of the information that is in by then, got [0.5, 0.4]",
        ),
        (
            lambda: group_sequential_boundary([0.5, 0.50004]),
            "each look must bring at least 0.0001 of the information that is in by then",
        ),
        (
            lambda: group_sequential_boundary([0.5, 1.2]),
            "fraction must hold shares of the information in (0, 1]",
        ),
        (
            lambda: group_sequential_boundary([0.5, 1.0], information=[5, 5]),
            "information must be > 0 and increase, one for each of 2 looks",
        ),
        (lambda: group_sequential_boundary([]), "fraction must hold shares of the information in (0, 1]"),
        (lambda: group_sequential_boundary([1.0], alpha=0.0), "alpha must lie strictly between 0 and 1"),
        (lambda: group_sequential_boundary([1.0], sides=3), "sides must be 1 or 2, got 3"),
        (
            lambda: group_sequential_boundary([1.0], spending="x"),
            "spending must be one of obrien_fleming, pocock",
        ),
        (lambda: spent_alpha([1.0], spending="power"), "power spending needs a parameter, got None"),
        (lambda: spent_alpha([1.0], parameter=1.0), "obrien_fleming spending has no parameter, got 1.0"),
        (
            lambda: spent_alpha([1.0], spending="power", parameter=0.0),
            "parameter of power spending must be > 0",
        ),
        (
            lambda: spent_alpha([1.0], spending="hwang_shih_decani", parameter=101.0),
            "parameter of Hwang-Shih-DeCani spending must lie in [-100, 100], got 101.0",
        ),
        (lambda: group_sequential_crossing([0.5, 1], [2.0]), "z must hold a bound for each of 2 looks"),
        (
            lambda: group_sequential_crossing([1.0], [2.0], drift=21.0),
            "drift must lie in [-20, 20], got 21.0",
        ),
        (lambda: group_sequential_drift([1.0], [np.inf]), "no drift in (0, 20) is detected with power 0.8"),
        (
            lambda: group_sequential_counts_crossing([1], [1, 2], [1.0], risk_arm=0.1, risk_ref=0.1),
            "n_arm, n_ref and z must have the same length",
        ),
        (
            lambda: group_sequential_counts_crossing([2, 1], [1, 2], [1.0, 1.0], risk_arm=0.1, risk_ref=0.1),
            "n_arm must not fall from look to look",
        ),
        (
            lambda: group_sequential_counts_crossing([1], [9000], [1.0], risk_arm=0.1, risk_ref=0.3),
            "n_ref must make more than 2000 events unlikely, got 9000",
        ),
        (
            lambda: group_sequential_counts_crossing([0], [0], [1.0], risk_arm=0.1, risk_ref=0.1),
            "n_arm and n_ref must hold at least one participant at the last look",
        ),
        (
            lambda: group_sequential_counts_crossing([1], [1], [1.0], risk_arm=1.1, risk_ref=0.1),
            "risk_arm must lie in [0, 1], got 1.1",
        ),
        (
            lambda: group_sequential_counts_crossing([1], [1], [1.0], risk_arm=0.1, risk_ref=0.1, test="t"),
            "test must be one of fisher, score, got 't'",
        ),
    ],
)
def test_what_cannot_be_is_refused(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        call()  # type: ignore[operator]
