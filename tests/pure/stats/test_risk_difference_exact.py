"""Exact unconditional limits of a difference of risks."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats
from scipy.special import comb, xlogy

from pvtracker.stats import risk_difference_exact, risk_difference_mn
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table, one_table


@cache
def scores(a: int, b: int, d: float) -> np.ndarray:
    """(x/a − y/b − d) / √V(d) of every x and y; the likelihood's peak among the roots of its equation, which are the
    eigenvalues of its companion matrix, and the ends of the range."""
    x, y = np.meshgrid(np.arange(a + 1.0), np.arange(b + 1.0), indexing="ij")
    apart = x / a - y / b - d
    n, m = a + b, x + y
    companion = np.zeros((*x.shape, 3, 3))
    companion[..., 1, 0] = companion[..., 2, 1] = 1
    for power, term in enumerate(((a + 2 * b) * d - n - m, (b * d - n - 2 * y) * d + m, y * d * (1 - d))):
        companion[..., 0, power] = -term / n
    roots = np.linalg.eigvals(companion)
    low, high = max(0.0, -d), min(1.0, 1 - d)
    inside = (np.abs(roots.imag) < 1e-7) & (low < roots.real) & (roots.real < high)
    ends = np.broadcast_to([low, high], (*x.shape, 2))
    risks = np.moveaxis(np.concatenate([ends, np.where(inside, roots.real, low)], axis=-1), -1, 0)
    arm, ref = np.clip(risks + d, 0, 1), np.clip(risks, 0, 1)
    likelihood = xlogy(x, arm) + xlogy(a - x, 1 - arm) + xlogy(y, ref) + xlogy(b - y, 1 - ref)
    peak = np.take_along_axis(risks, likelihood.argmax(0)[None], 0)[0]
    variance = (peak + d) * (1 - peak - d) / a + peak * (1 - peak) / b
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(variance > 1e-15, apart / np.sqrt(variance), np.copysign(np.inf, apart))
    return np.where(np.abs(apart) < 1e-12, 0.0, found)


def chances(size: int, risk: np.ndarray) -> np.ndarray:
    """Of 0 to `size` events, for every risk."""
    events = np.arange(size + 1)[:, None]
    return np.asarray(comb(size, events) * risk**events * (1 - risk) ** (size - events))


def p_value(x: int, a: int, y: int, b: int, d: float, *, upper: bool | None) -> float:
    """sup over 1,501 risks that differ by d; upper: of as great a score, False: as small, None: as far from nought."""
    others = scores(a, b, d)
    own = others[x, y]
    ref = max(0.0, -d) + (1 - abs(d)) * np.sin(np.linspace(0, np.pi / 2, 1_501)) ** 2
    with np.errstate(invalid="ignore"):
        apart = np.abs(others) - abs(own) if upper is None else (others - own) * (1 if upper else -1)
    extreme = (apart >= -1e-7) | (others == own)
    in_arm, in_ref = chances(a, np.clip(ref + d, 0, 1)), chances(b, ref)
    return float((in_arm * (extreme @ in_ref)).sum(0).max())


@pytest.mark.parametrize(
    ("N_arm", "N_ref", "inversion", "confidence_level"),
    [
        (3, 4, "one-sided", 0.95),
        (4, 4, "one-sided", 0.8),
        (4, 2, "two-sided", 0.95),
        (3, 3, "two-sided", 0.9),
    ],
)
def test_the_limits_are_the_outermost_differences_not_rejected(
    N_arm: int, N_ref: int, inversion: str, confidence_level: float, against: Against
) -> None:
    n_arm, n_ref = every_table(N_arm, N_ref)
    found = risk_difference_exact(
        n_arm, N_arm, n_ref, N_ref, inversion=inversion, confidence_level=confidence_level
    )
    two_sided = inversion == "two-sided"
    level = (1 - confidence_level) / (1 if two_sided else 2)
    expected = []
    for i, (x, y) in enumerate(zip(n_arm.tolist(), n_ref.tolist(), strict=True)):
        for limit, outwards in ((found.low[i], -1), (found.high[i], 1)):
            upper = None if two_sided else outwards < 0

            def rejected(d: float, x: int = x, y: int = y, upper: bool | None = upper) -> bool:
                return p_value(x, N_arm, y, N_ref, d, upper=upper) <= level + 2.1e-7

            if abs(limit) == 1:
                assert abs(x / N_arm - y / N_ref) == 1
                continue
            assert all(rejected(d) for d in np.linspace(outwards * 0.9999, limit + outwards * 1e-6, 7))
            # bisected by the oracle alone, from a bracket that it finds itself
            outer, inner = limit + outwards * 1e-3, limit - outwards * 1e-3
            if abs(outer) < 1 and rejected(outer) and not rejected(inner):
                for _ in range(12):
                    middle = (outer + inner) / 2
                    outer, inner = (middle, inner) if rejected(middle) else (outer, middle)
                expected.append((limit, outer))
    source = "all tables of small arms, likelihood by polynomial roots, 1,501 risks"
    pairs = np.array(expected)
    assert len(pairs) > len(n_arm)
    against("risk_difference_exact", source, "brute force", pairs[:, 0], pairs[:, 1], within=5e-6)


def test_limits_of_other_programs(against: Against) -> None:
    # R package exact2x2, inst/slowTests/test_SAS.R and test_StatXact.R: group 2 is our arm
    tables = {
        (24, 61, 10, 35): (-0.0992, 0.2949),
        (9, 11, 4, 12): (0.0616, 0.7968),
        (6, 13, 2, 7): (-0.3108, 0.5787),
        (13, 13, 0, 7): (0.5904, 1.0),
    }
    found = risk_difference_exact(*np.array(list(tables)).T)
    against(
        "risk_difference_exact",
        "SAS 9.4 and StatXact 11, two one-sided tests, by R exact2x2",
        "program",
        np.stack([found.low, found.high], axis=1),
        list(tables.values()),
        within=5.2e-5,
    )
    both = risk_difference_exact(6, 13, 2, 7, inversion="two-sided")
    against(
        "risk_difference_exact",
        "StatXact 11, one two-sided test, by R exact2x2",
        "program",
        [both.low[0], both.high[0]],
        [-0.3079, 0.5542],
        within=5.2e-5,
    )


@pytest.mark.parametrize("inversion", ["one-sided", "two-sided"])
@pytest.mark.parametrize(("N_arm", "N_ref"), [(7, 7), (9, 4)])
def test_coverage_is_at_least_the_confidence_level_at_every_pair_of_risks(
    inversion: str, N_arm: int, N_ref: int
) -> None:
    n_arm, n_ref = every_table(N_arm, N_ref)
    found = risk_difference_exact(n_arm, N_arm, n_ref, N_ref, inversion=inversion, confidence_level=0.9)
    for arm, ref in product(np.linspace(0.01, 0.99, 25), repeat=2):
        covered = (found.low <= arm - ref) & (arm - ref <= found.high)
        chance = scipy_stats.binom.pmf(n_arm, N_arm, arm) * scipy_stats.binom.pmf(n_ref, N_ref, ref)
        assert chance[covered].sum() >= 0.9 - 1e-6


def test_two_sided_inversion_is_shorter_and_both_are_wider_than_the_score_limits_on_average() -> None:
    n_arm, n_ref = every_table(12, 9)
    tables = (n_arm, 12, n_ref, 9)
    one, two = (risk_difference_exact(*tables, inversion=how) for how in ("one-sided", "two-sided"))
    score_limits = risk_difference_mn(*tables)
    widths = [(found.high - found.low).mean() for found in (score_limits, two, one)]
    assert widths == sorted(widths)
    assert ((one.low <= one.estimate) & (one.estimate <= one.high)).all()


@given(table=one_table(14), wide=one_table(9))
@settings(max_examples=10, deadline=None)
def test_swapping_arms_or_outcomes_turns_the_interval_round(
    table: tuple[int, int, int, int], wide: tuple[int, int, int, int]
) -> None:
    x, a, y, b = table
    for inversion in ("one-sided", "two-sided"):
        found = risk_difference_exact(
            [x, wide[0]], [a, wide[1]], [y, wide[2]], [b, wide[3]], inversion=inversion
        )
        for other in ((y, b, x, a), (a - x, a, b - y, b)):
            turned = risk_difference_exact(*other, inversion=inversion)
            assert turned.low[0] == pytest.approx(-found.high[0], abs=3e-6)
            assert turned.high[0] == pytest.approx(-found.low[0], abs=3e-6)


def test_a_difference_of_one_is_its_own_limit_and_no_event_leaves_both_sides_open() -> None:
    found = risk_difference_exact([10, 0, 0], 10, [0, 12, 0], 12)
    assert found.high[0] == 1 and found.low[1] == -1
    assert found.low[2] < 0 < found.high[2]


def test_an_empty_or_too_large_arm_has_no_limits_and_says_so_beside_the_others() -> None:
    found = risk_difference_exact([0, 3, 2, 2], [0, 10, 10, 1_001], [1, 0, 2, 1], [10, 0, 10, 8])
    assert np.isnan(found.low).tolist() == np.isnan(found.high).tolist() == [True, True, False, True]
    assert np.isnan(found.estimate).tolist() == [True, True, False, False]
    assert found.warning[0] == "empty arm: no participant in the arm"
    assert found.warning[2] is None
    assert found.warning[3] is not None and "more than 1,000 participants" in found.warning[3]
    assert risk_difference_exact([], [], [], []).low.shape == (0,)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="inversion must be one-sided or two-sided, got both"):
        risk_difference_exact(1, 10, 1, 10, inversion="both")
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 1"):
        risk_difference_exact(1, 10, 1, 10, confidence_level=1)
    with pytest.raises(ValueError, match="n_arm must be ≤ N_arm, got 5"):
        risk_difference_exact(5, 4, 0, 4)
