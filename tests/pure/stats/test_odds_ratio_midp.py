import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats as scipy_stats

from pvtracker.stats import odds_ratio_conditional, odds_ratio_midp
from tests.pure.stats.against import Against
from tests.pure.stats.tables import every_table, one_table


def test_a_lady_tasting_tea(against: Against) -> None:
    found = odds_ratio_midp(3, 4, 1, 4)
    # R package contingencytables, tests/testthat/test-ch4.R, Cornfield_midP_CI_2x2(rbind(c(3,1), c(1,3)))
    against(
        "odds_ratio_midp",
        "tea tasting in Fagerland, Lydersen & Laake 2017, by R contingencytables",
        "published",
        [found.low[0], found.high[0]],
        [0.3101, 308.5568],
        within=5.1e-5,
    )


@pytest.mark.parametrize("confidence_level", [0.95, 0.8])
@pytest.mark.parametrize(("N_arm", "N_ref"), [(4, 6), (7, 3)])
def test_half_tails_at_the_limits_hold_the_error_probability(
    N_arm: int, N_ref: int, confidence_level: float, against: Against
) -> None:
    """SciPy's noncentral hypergeometric distribution, put to the limits of every table."""
    n_arm, n_ref = every_table(N_arm, N_ref)
    found = odds_ratio_midp(n_arm, N_arm, n_ref, N_ref, confidence_level=confidence_level)
    exact = odds_ratio_conditional(n_arm, N_arm, n_ref, N_ref, confidence_level=confidence_level)
    tails = []
    for i, (x, y) in enumerate(zip(n_arm.tolist(), n_ref.tolist(), strict=True)):
        margins = (N_arm + N_ref, x + y, N_arm)
        of = scipy_stats.nchypergeom_fisher
        if found.low[i] > 0:
            tails.append(
                of.sf(x, *margins, found.low[i]) + of.pmf(x, *margins, found.low[i]) / 2,
            )
        if found.high[i] < np.inf:
            tails.append(of.cdf(x, *margins, found.high[i]) - of.pmf(x, *margins, found.high[i]) / 2)
    source = "SciPy, nchypergeom_fisher: half tails at the limits"
    against("odds_ratio_midp", source, "program", tails, (1 - confidence_level) / 2, within=1e-9)
    np.testing.assert_array_equal(found.estimate, exact.estimate)
    inner = (found.low > 0) & (found.high < np.inf)
    assert (found.low[inner] > exact.low[inner]).all()
    assert (found.high[inner] < exact.high[inner]).all()


def test_fewest_and_most_possible_events_open_the_interval_to_one_side() -> None:
    found = odds_ratio_midp([0, 6, 0], 38, [6, 0, 0], 36)
    assert found.estimate[:2].tolist() == [0, np.inf]
    assert (found.low[0], found.high[1]) == (0, np.inf)
    assert 0 < found.high[0] < 1 < found.low[1]
    assert (found.low[2], found.high[2]) == (0, np.inf)
    assert found.warning[2] is not None and "one table only" in found.warning[2]


@given(table=one_table())
@settings(max_examples=25, deadline=None)
def test_swapping_arms_or_outcomes_inverts_the_interval(table: tuple[int, int, int, int]) -> None:
    x, a, y, b = table
    found = odds_ratio_midp(*table)
    for other in (odds_ratio_midp(y, b, x, a), odds_ratio_midp(a - x, a, b - y, b)):
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(other.low[0], 1 / found.high[0], rtol=1e-9)
            np.testing.assert_allclose(1 / other.high[0], found.low[0], rtol=1e-9)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="n_ref must be ≥ 0, got -1"):
        odds_ratio_midp(1, 10, -1, 10)
    with pytest.raises(ValueError, match="confidence_level must lie strictly between 0 and 1, got 0"):
        odds_ratio_midp(1, 10, 1, 10, confidence_level=0)
