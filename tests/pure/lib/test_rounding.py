"""One rounding: half-up, away from zero, and percentages that never hide a rare event."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvtracker.lib.rounding import fixed, p_text, percent, round_half_up, share


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        (0.5, 0, 1.0),
        (1.5, 0, 2.0),
        (2.5, 0, 3.0),
        (-2.5, 0, -3.0),
        (2.4999, 0, 2.0),
        (1.005, 2, 1.01),
        (2.675, 2, 2.68),
        (-1.25, 1, -1.3),
        (1250.0, -2, 1300.0),
        (1e300, 2, 1e300),
        (0.0, 3, 0.0),
    ],
)
def test_a_half_goes_away_from_zero(value: float, digits: int, rounded: float) -> None:
    assert round_half_up(value, digits) == rounded


def test_what_is_not_finite_stays() -> None:
    assert math.isnan(round_half_up(math.nan, 1))
    assert round_half_up(-math.inf, 1) == -math.inf


@given(
    value=st.floats(min_value=-1e9, max_value=1e9, allow_subnormal=False),
    digits=st.integers(min_value=0, max_value=6),
)
def test_the_rounded_number_is_within_half_a_step_and_symmetric(value: float, digits: int) -> None:
    rounded = round_half_up(value, digits)
    distance = abs(Decimal(repr(rounded)) - Decimal(repr(value)))
    assert distance <= Decimal(5).scaleb(-digits - 1)
    assert round_half_up(-value, digits) == -rounded
    assert round_half_up(rounded, digits) == rounded


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1.25, 1, "1.3"),
        (3.0, 2, "3.00"),
        (-0.04, 1, "0.0"),
        (2.5, 0, "3"),
        (None, 1, "–"),
        (math.nan, 1, "–"),
        (math.inf, 1, "∞"),
        (-math.inf, 1, "-∞"),
        (1234.5, -2, "1200"),
    ],
)
def test_a_number_is_written_with_fixed_digits(value: float | None, digits: int, text: str) -> None:
    assert fixed(value, digits) == text


@pytest.mark.parametrize(
    ("n", "whole", "text"),
    [
        (12, 86, "14.0%"),
        (0, 86, "0.0%"),
        (86, 86, "100.0%"),
        (1, 8, "12.5%"),
        (1, 400, "0.3%"),  # 0.25 goes up
        (57, 200, "28.5%"),  # 0.285 × 100 is 28.499999999999996 in floats
        (1, 5000, "<0.1%"),
        (4999, 5000, ">99.9%"),
        (0, 0, "–"),
    ],
)
def test_a_percentage_is_exact_and_never_hides_a_rare_event(n: int, whole: int, text: str) -> None:
    assert percent(n, whole) == text


def test_a_percentage_of_whole_numbers_needs_no_decimals() -> None:
    assert percent(1, 200, 0) == "1%"
    assert percent(1, 201, 0) == "<1%"
    assert percent(200, 201, 0) == ">99%"


@pytest.mark.parametrize(("n", "whole"), [(87, 86), (-1, 86), (1, 0)])
def test_a_part_larger_than_its_whole_is_refused(n: int, whole: int) -> None:
    with pytest.raises(ValueError, match="0 ≤ n ≤ N"):
        percent(n, whole)
    with pytest.raises(ValueError, match="0 ≤ n ≤ N"):
        share(n, whole)


@given(data=st.data(), whole=st.integers(min_value=1, max_value=10**7))
def test_a_percentage_is_within_half_a_step_of_the_fraction(data: st.DataObject, whole: int) -> None:
    n = data.draw(st.integers(min_value=0, max_value=whole))
    text, exact = percent(n, whole), Fraction(100 * n, whole)
    if text == "<0.1%":
        assert 0 < exact < Fraction(5, 100)
    elif text == ">99.9%":
        assert Fraction(9995, 100) <= exact < 100
    else:
        assert abs(Fraction(text.rstrip("%")) - exact) <= Fraction(5, 100)


def test_a_share_shows_numerator_denominator_and_percentage() -> None:
    assert share(12, 86) == "12/86 (14.0%)"
    assert share(0, 0) == "0/0"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0464, "0.046"),
        (0.0465, "0.047"),
        (0.0009, "<0.001"),
        (0.0, "<0.001"),
        (0.001, "0.001"),
        (0.9996, ">0.999"),
        (1.0, "1.000"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_a_p_value_is_never_shown_as_zero(p: float | None, text: str) -> None:
    assert p_text(p) == text


def test_a_p_value_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        p_text(1.2)
