"""How wide the columns of a table are on A4 paper, and whether it needs a landscape page.

Widths are estimated from the text (8 pt IBM Plex Sans, whose digits are 0.6 em), once for the whole table, so
that rows on every page have the same columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pvtracker.reports.blocks import Column
from pvtracker.reports.cells import is_right_aligned
from pvtracker.reports.fonts import LONGEST_WORD

PORTRAIT, LANDSCAPE = 493.0, 740.0  # points between the margins
GUTTER = 11.0  # points between columns
SIZE = 8.0  # points, the text of tables
INDENT = 10.0  # points per level
NARROWEST_TEXT = 52.0  # points that a text column of weight 1 needs before it becomes a chimney
SHORT_HEADER = 54.0  # points
HEADER_BOLD = 1.04  # headers are semibold
STRETCH_FROM = 0.72  # a table that fills this share of the line is stretched to the whole line


@dataclass(frozen=True, slots=True)
class Paper:
    """Column widths in points, and the page they fit on."""

    widths: tuple[float, ...]
    landscape: bool


def fit(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], levels: Sequence[int], *, empty: str = ""
) -> Paper:
    """Column widths for these cell texts; landscape when text columns would become too narrow on portrait.

    A table without rows is made wide enough for `empty`, the sentence that it says instead.
    """
    natural = [_natural(column, place, rows, levels) for place, column in enumerate(columns)]
    needed = [
        want if is_right_aligned(column) else min(want, max(NARROWEST_TEXT * min(column.weight, 2), word))
        for column, want, word in zip(columns, natural, _words(columns, rows), strict=True)
    ]
    gutters = GUTTER * (len(columns) - 1)
    landscape = sum(needed) + gutters > PORTRAIT
    room = (LANDSCAPE if landscape else PORTRAIT) - gutters
    widths = _shared(columns, natural, room)
    if not rows:
        widths[-1] += max(min(text_width(empty), room + gutters) - sum(widths) - gutters, 0)
    return Paper(widths=tuple(widths), landscape=landscape)


def _shared(columns: Sequence[Column], natural: Sequence[float], room: float) -> list[float]:
    """Each column as wide as it wants if there is room; else text columns share what numbers leave."""
    texts = [place for place, column in enumerate(columns) if not is_right_aligned(column)]
    widths = list(natural)
    if sum(natural) <= room:
        if texts and sum(natural) >= STRETCH_FROM * room:
            last = len(columns) - 1
            widths[last if last in texts else texts[0]] += room - sum(natural)
        return widths
    left = room - sum(natural[place] for place in range(len(columns)) if place not in texts)
    if not texts or left <= 0:  # more numbers than the page has room for: all shrink alike, and wrap
        return [width * room / sum(natural) for width in natural]
    open_places = list(texts)
    while open_places:
        weights = sum(columns[place].weight for place in open_places)
        content = [p for p in open_places if natural[p] <= left * columns[p].weight / weights]
        if not content:
            for place in open_places:
                widths[place] = left * columns[place].weight / weights
            break
        left -= sum(natural[place] for place in content)
        open_places = [place for place in open_places if place not in content]
    return widths


def _natural(column: Column, place: int, rows: Sequence[Sequence[str]], levels: Sequence[int]) -> float:
    body = 0.0
    for row, level in zip(rows, levels, strict=True):
        longest = max((text_width(line) for line in row[place].split("\n")), default=0)
        body = max(body, longest + (INDENT * level if place == 0 else 0))
    words = max((text_width(word) for word in column.label.split()), default=0)
    # A header wraps at its spaces, but a short one such as “OZ1 (N=38)” stays on one line.
    header = max(words, min(text_width(column.label), SHORT_HEADER))
    return max(body, header * HEADER_BOLD) + 2


def text_width(text: str) -> float:
    """About how many points a line of table text takes, a little on the safe side."""
    return SIZE * sum(_advance(character) for character in text)


def _advance(character: str) -> float:
    if character in ".,:;'|!il []()":
        return 0.34
    if character in "mwMW%@—":
        return 0.92
    return 0.67 if character.isupper() or ord(character) > 0x2FF else 0.6


def _words(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[float]:
    longest = [0.0] * len(columns)
    for row in rows:
        for place, text in enumerate(row):
            words = (text_width(word[:LONGEST_WORD]) for word in text.split())
            longest[place] = max(longest[place], max(words, default=0.0))
    return longest
