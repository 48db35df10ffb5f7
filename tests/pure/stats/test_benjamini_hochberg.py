import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pvtracker.stats import benjamini_hochberg, benjamini_hochberg_by_group
from tests.pure.stats.against import Against

# Benjamini & Hochberg (1995), section 4.1: the fifteen p-values of a thrombolysis trial; at q = 0.05 the
# procedure rejects the four smallest, Bonferroni three.
THROMBOLYSIS = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
    *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
]
some_p = st.lists(
    st.one_of(st.sampled_from([0.0, 1e-300, 0.01, 0.5, 1.0]), st.floats(0, 1)), min_size=1, max_size=30
)
# Thousandths, and levels that no multiple of a thousandth meets: no comparison hangs on a rounding.
thousandths = st.lists(
    st.one_of(st.integers(0, 40), st.integers(0, 1000)).map(lambda k: k / 1000), min_size=1, max_size=30
)


def step_up_rejections(p: list[float], alpha: float) -> list[bool]:
    """The procedure as the paper words it: the largest i with p(i) ≤ i alpha / m, and all below."""
    smallest_first = sorted(p)
    passing = [value for i, value in enumerate(smallest_first, start=1) if value <= i * alpha / len(p)]
    return [bool(passing) and value <= max(passing) for value in p]


def test_the_four_smallest_of_the_thrombolysis_trial_are_rejected(against: Against) -> None:
    rejected = benjamini_hochberg(THROMBOLYSIS) <= 0.05
    source = "Benjamini & Hochberg (1995), section 4.1: which of 15 are rejected"
    against("benjamini_hochberg", source, "published", rejected, np.arange(15) < 4, within=0)


def test_adjusted_p_equals_scipy(against: Against) -> None:
    rng = np.random.default_rng(19950101)
    for size in (1, 2, 7, 100, 1000):
        p = np.round(rng.random(size) ** 3, 3 if size > 7 else 12)  # with ties
        found, expected = benjamini_hochberg(p), scipy_stats.false_discovery_control(p)
        np.testing.assert_allclose(found, expected, rtol=1e-14)
        against(
            "benjamini_hochberg", "SciPy, false_discovery_control", "program", found, expected, within=1e-14
        )


@pytest.mark.parametrize("alpha", [0.0131, 0.0521, 0.1013, 0.3701])
@given(p=thousandths)
@settings(max_examples=30, deadline=None)
def test_adjusted_p_below_the_level_is_what_the_step_up_procedure_rejects(
    alpha: float, p: list[float]
) -> None:
    assert (benjamini_hochberg(p) <= alpha).tolist() == step_up_rejections(p, alpha)


@given(p=some_p)
@settings(max_examples=60, deadline=None)
def test_adjusted_p_equals_scipy_and_never_falls_below_p(p: list[float]) -> None:
    adjusted = benjamini_hochberg(p)
    np.testing.assert_allclose(adjusted, scipy_stats.false_discovery_control(p), rtol=1e-14)
    assert (adjusted >= np.asarray(p)).all()


def test_nan_stays_nan_and_is_not_counted(against: Against) -> None:
    # R: p.adjust(c(0.01, NA, 0.02, 0.5), "BH") keeps NA and divides by three
    found = benjamini_hochberg([0.01, np.nan, 0.02, 0.5])
    against("benjamini_hochberg", "R, p.adjust", "program", found, [0.03, np.nan, 0.03, 0.5], within=1e-7)
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()
    assert benjamini_hochberg([]).shape == (0,)


def test_each_group_is_a_family_of_its_own() -> None:
    rng = np.random.default_rng(5)
    p = rng.random(200) ** 3
    p[::17] = np.nan
    group = rng.choice(["PT all", "PT serious", "SOC all"], 200)
    adjusted = benjamini_hochberg_by_group(p, group)
    for name in np.unique(group):
        np.testing.assert_array_equal(adjusted[group == name], benjamini_hochberg(p[group == name]))


def test_order_of_the_tests_does_not_matter() -> None:
    rng = np.random.default_rng(6)
    p, group, order = rng.random(50), rng.integers(0, 4, 50), rng.permutation(50)
    np.testing.assert_array_equal(
        benjamini_hochberg_by_group(p[order], group[order]), benjamini_hochberg_by_group(p, group)[order]
    )


def test_what_is_no_p_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\] or be nan, got 1\.2"):
        benjamini_hochberg([0.1, 1.2])
    with pytest.raises(ValueError, match=r"p must have shape \(n,\)"):
        benjamini_hochberg(0.1)
    with pytest.raises(ValueError, match=r"p and group must both have shape \(n,\)"):
        benjamini_hochberg_by_group([0.1, 0.2], [1])
    with pytest.raises(ValueError, match="group must label every test, got nan"):
        benjamini_hochberg_by_group([0.1, 0.2], [1.0, np.nan])
    with pytest.raises(ValueError, match="p must hold numbers"):
        benjamini_hochberg(["a"])
