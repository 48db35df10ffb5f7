"""A rectangle cut into smaller ones whose areas are given: the squarified tree map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle: upper left corner, width and height."""

    x: float
    y: float
    width: float
    height: float


def squarify(areas: Sequence[float], *, width: float, height: float) -> list[Tile]:
    """Tiles that fill the rectangle, as many and in the order as `areas`, each with its share of the whole.

    Each tile is as square as rows of tiles along the shorter side of what is left allow. ValueError unless every area,
    the width and the height are finite and above 0.

    Source: Bruls, Huizing & van Wijk (2000) Squarified treemaps, Data Visualization 2000:33-42.
    """
    if not all(math.isfinite(number) and number > 0 for number in (*areas, width, height)):
        raise ValueError(f"areas, width and height must be above 0, got {list(areas)}, {width} by {height}")
    scale = width * height / math.fsum(areas) if areas else 0.0
    order = sorted(range(len(areas)), key=lambda index: -areas[index])
    tiles: dict[int, Tile] = {}
    left = Tile(0.0, 0.0, float(width), float(height))
    row: list[int] = []
    for index in order:
        side = min(left.width, left.height)
        if row and _worst([*row, index], areas, scale, side) > _worst(row, areas, scale, side):
            left = _lay(row, areas, scale, left, tiles)
            row = []
        row.append(index)
    _lay(row, areas, scale, left, tiles)
    return [tiles[index] for index in range(len(areas))]


def _worst(row: Sequence[int], areas: Sequence[float], scale: float, side: float) -> float:
    """The largest ratio of sides among the tiles of a row along this side."""
    depth = math.fsum(areas[index] for index in row) * scale / side
    lengths = [areas[index] * scale / depth for index in row]
    return max(max(length / depth, depth / length) for length in lengths)


def _lay(
    row: Sequence[int], areas: Sequence[float], scale: float, left: Tile, tiles: dict[int, Tile]
) -> Tile:
    """Puts the row along the shorter side of what is left; returns what is left then."""
    if not row:
        return left
    along_height = left.height <= left.width
    side = left.height if along_height else left.width
    depth = math.fsum(areas[index] for index in row) * scale / side
    at = left.y if along_height else left.x
    for index in row:
        length = areas[index] * scale / depth
        tiles[index] = Tile(left.x, at, depth, length) if along_height else Tile(at, left.y, length, depth)
        at += length
    if along_height:
        return Tile(left.x + depth, left.y, left.width - depth, left.height)
    return Tile(left.x, left.y + depth, left.width, left.height - depth)
