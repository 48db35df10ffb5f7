"""The tree map: every area exact, the rectangle filled, nothing over anything."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvtracker.lib.squarify import Tile, squarify

AREAS = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=40)
SIDES = st.floats(1.0, 2000.0)


def overlap(one: Tile, other: Tile) -> float:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(across, 0.0) * max(down, 0.0)


@given(AREAS, SIDES, SIDES)
def test_areas_are_exact_fill_the_whole_and_lie_nowhere_over_another(
    areas: list[float], width: float, height: float
) -> None:
    tiles = squarify(areas, width=width, height=height)
    whole = width * height
    for area, tile in zip(areas, tiles, strict=True):
        assert tile.width * tile.height == pytest.approx(area / math.fsum(areas) * whole, rel=1e-6)
        assert tile.x >= 0 and tile.x + tile.width <= width * (1 + 1e-9)
        assert tile.y >= 0 and tile.y + tile.height <= height * (1 + 1e-9)
    assert math.fsum(tile.width * tile.height for tile in tiles) == pytest.approx(whole, rel=1e-9)
    pairs = [(a, b) for i, a in enumerate(tiles) for b in tiles[:i]]
    assert sum(overlap(a, b) for a, b in pairs) <= whole * 1e-9


def test_the_example_of_the_paper() -> None:
    """Areas 6, 6, 4, 3, 2, 2, 1 in 6 by 4: at the left the two of 6, each 3 wide and 2 high, beside them 4 and 3 in one
    row (Bruls, Huizing & van Wijk 2000, figure 4)."""
    tiles = squarify([6, 6, 4, 3, 2, 2, 1], width=6, height=4)
    sizes = [(round(tile.width, 4), round(tile.height, 4)) for tile in tiles]
    assert sizes[:4] == [(3, 2), (3, 2), (1.7143, 2.3333), (1.2857, 2.3333)]


def test_larger_tiles_come_first_and_the_order_given_is_kept() -> None:
    assert squarify([1, 6, 2], width=9, height=1) == [Tile(8, 0, 1, 1), Tile(0, 0, 6, 1), Tile(6, 0, 2, 1)]
    assert squarify([], width=1, height=1) == []


@pytest.mark.parametrize("areas", [[0.0], [-1.0, 2.0], [math.nan], [math.inf]])
def test_what_is_no_area_is_refused(areas: list[float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        squarify(areas, width=1, height=1)
