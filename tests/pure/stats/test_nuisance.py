"""The bound that the search for a supremum rests on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pvtracker.stats.nuisance import highest, supremum
from pvtracker.stats.results import FloatArray, IntArray
from pvtracker.stats.unconditional import _Common


def curve_of(given_m: FloatArray) -> _Common:
    return _Common(given_m[None, :], np.zeros(1), np.ones(1))


def along(curve: _Common, t: FloatArray) -> FloatArray:
    return curve.value(np.zeros(len(t), dtype=np.int64), t)


@given(
    st.lists(st.sampled_from([0.0, 0.03, 0.5, 1.0]), min_size=2, max_size=30),
    st.floats(0, 1.5),
    st.floats(1e-4, 0.4),
)
@settings(max_examples=150, deadline=None)
def test_no_value_within_a_cell_exceeds_its_bound(chances: list[float], left: float, width: float) -> None:
    curve = curve_of(np.array(chances))
    ends = np.array([left, min(left + width, np.pi / 2)])
    f_left, f_right = along(curve, ends)
    none: IntArray = np.zeros(1, dtype=np.int64)
    bound = highest(curve, none, ends[:1], ends[1:], np.array([f_left]), np.array([f_right]))[0]
    assert along(curve, np.linspace(*ends, 400)).max() <= bound + 1e-12


@given(st.lists(st.floats(0, 1), min_size=2, max_size=25))
@settings(max_examples=60, deadline=None)
def test_the_supremum_is_within_the_tolerance_even_from_a_coarse_grid(chances: list[float]) -> None:
    curve = curve_of(np.array(chances))
    coarse = np.linspace(0, np.pi / 2, 3)
    dense = along(curve, np.linspace(0, np.pi / 2, 20_001)).max()
    (found,), (where,) = supremum(curve, coarse, along(curve, coarse)[None, :])
    assert along(curve, np.array([where]))[0] == pytest.approx(found, rel=1e-12)
    assert found >= dense - 1e-8
    assert found <= max(chances) + 1e-12
    assert supremum(curve, coarse, along(curve, coarse)[None, :], tolerance=1e-4)[0][0] >= dense - 1e-4


def test_a_search_for_one_side_of_a_level_ends_on_the_right_side() -> None:
    chances = scipy_stats.binom.pmf(np.arange(31), 30, 0.41)  # a single peak between grid points
    curve, coarse = curve_of(chances), np.linspace(0, np.pi / 2, 5)
    values = along(curve, coarse)[None, :]
    top = supremum(curve, coarse, values)[0][0]
    assert supremum(curve, coarse, values, enough=top - 1e-6)[0][0] > top - 1e-6
    assert supremum(curve, coarse, values, enough=top + 1e-6)[0][0] <= top + 1e-6
