"""What stands on upright pages and what on turned ones: runs of sections, so that no page is left half empty.

A wide table turns the page. What comes before it in its section stays upright, unless that would be a heading alone
or the page is turned already; what follows it in its section stays with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pvtracker.reports.shown import ShownBlock, ShownSection, ShownTable, ShownText


@dataclass(frozen=True, slots=True)
class Piece:
    """A section, or a part of one: the first part opens it with the heading."""

    section: ShownSection
    opens: bool
    blocks: tuple[ShownBlock, ...]


@dataclass(frozen=True, slots=True)
class Run:
    landscape: bool
    pieces: tuple[Piece, ...]


def runs(sections: Sequence[ShownSection]) -> tuple[Run, ...]:
    """The sections in order, on pages of one orientation after the other."""
    made: list[tuple[bool, list[Piece]]] = []
    for section in sections:
        for landscape, piece in _pieces(section, turned=bool(made) and made[-1][0]):
            if not made or made[-1][0] != landscape:
                made.append((landscape, []))
            made[-1][1].append(piece)
    return tuple(Run(landscape=landscape, pieces=tuple(pieces)) for landscape, pieces in made)


def _pieces(section: ShownSection, *, turned: bool) -> list[tuple[bool, Piece]]:
    """`turned`: the page before is landscape."""
    wide = next((place for place, block in enumerate(section.blocks) if _is_wide(block)), None)
    if wide is None:
        return [(False, Piece(section, opens=True, blocks=section.blocks))]
    before, after = section.blocks[:wide], section.blocks[wide:]
    if turned or all(isinstance(block, ShownText) for block in before):
        return [(True, Piece(section, opens=True, blocks=section.blocks))]
    return [
        (False, Piece(section, opens=True, blocks=before)),
        (True, Piece(section, opens=False, blocks=after)),
    ]


def _is_wide(block: ShownBlock) -> bool:
    return isinstance(block, ShownTable) and block.landscape
