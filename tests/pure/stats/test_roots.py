import numpy as np
import pytest
from scipy import optimize

from pvtracker.stats.results import FloatArray
from pvtracker.stats.roots import bracketed_roots, outside_of

POWER = np.array([1.0, 3.0, 9.0, 0.1, 1.0])
SHIFT = np.array([0.3, 0.125, 0.9, 0.5, 1e3])
SCALE = np.array([1.0, 1e9, 1e-9, 1.0, 1e200])


def bent(at: FloatArray, i: slice | int = slice(None)) -> FloatArray:
    """Steep, flat, nearly discontinuous and huge functions, each with its root at SHIFT."""
    return np.asarray(SCALE[i] * np.sign(at - SHIFT[i]) * np.abs(at - SHIFT[i]) ** POWER[i])


def test_roots_of_many_functions_side_by_side_equal_brents_one_by_one() -> None:
    roots = bracketed_roots(bent, SHIFT - 1.7, SHIFT + 5.1)
    np.testing.assert_allclose(roots, SHIFT, rtol=1e-11)
    for i in (0, 3, 4):
        alone = optimize.brentq(
            lambda at, i=i: float(bent(at, i)), SHIFT[i] - 1.7, SHIFT[i] + 5.1, xtol=1e-13
        )
        assert roots[i] == pytest.approx(alone, rel=1e-10)


def test_a_bracket_may_run_downwards() -> None:
    roots = bracketed_roots(lambda at: 2.0 - at**2, np.array([9.0, -9.0]), np.array([0.0, 0.0]))
    np.testing.assert_allclose(roots, [np.sqrt(2), -np.sqrt(2)], rtol=1e-12)


def test_a_zero_at_the_inside_end_is_not_taken_for_the_limit() -> None:
    """With no event in either arm the estimate itself solves the equation; the limit is the other root."""
    roots = bracketed_roots(lambda at: at * (at - 0.25), np.array([0.0]), np.array([1.0]))
    np.testing.assert_allclose(roots, [0.25], rtol=1e-12)


def test_the_outside_is_found_by_longer_and_longer_steps() -> None:
    reached = np.array([0.5, 100.0, np.inf])
    found = outside_of(
        lambda at: np.abs(at) - reached,
        np.zeros(3),
        np.array([1.0, -1.0, 1.0]),
        np.array([True, True, False]),
    )
    assert found[:2].tolist() == [1.0, -128.0]


def test_a_function_that_never_changes_sign_is_reported() -> None:
    with pytest.raises(ArithmeticError, match=r"no sign change within 256\.0 of 3\.0"):
        outside_of(lambda at: -np.ones(1), np.array([3.0]), np.ones(1), np.array([True]))
