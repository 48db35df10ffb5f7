"""The one place where the cells of a report become text.

A cell is drawn as parts, each padded on its left (in digits), so that paper can set slashes, decimal points
and brackets of a column under one another. `cell_text` is the same without the padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pvtracker.lib.rounding import fixed, p_text, percent, with_infinite
from pvtracker.reports.blocks import Cell, CellKind, Column

NOTHING = "—"
# Below this many participants a percentage says more than the data do: one in four is "1/4", not "25.0%".
FEWEST_FOR_PERCENT = 10
# Sums of probabilities end a rounding error below 1: such a p is 1.000, not >0.999.
ALMOST_ONE = 1 - 1e-9
ALIGNED_RIGHT: frozenset[CellKind] = frozenset({"count", "n_of", "number", "interval", "p"})


class CellError(ValueError):
    """A raw value that does not fit its column's kind; the sentence names both."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a cell's text; `pad` digits of empty space stand before it."""

    text: str
    pad: int = 0


def cell_text(column: Column, value: Cell) -> str:
    """One raw value as text: ``12/38 (31.6%)``, ``5.3 [−2.1, 12.9]``, ``0.046``, ``1,191``, ``—`` for none.

    Raises CellError when the value is not of the column's kind.
    """
    return "".join(_parts(column, value))


def column_parts(column: Column, values: Sequence[Cell]) -> list[tuple[Part, ...]]:
    """The cells of one column, padded so that their parts align when the whole is set flush right."""
    cells = [_parts(column, value) for value in values]
    if column.kind not in ("n_of", "interval"):
        return [tuple(Part(text) for text in cell) for cell in cells]
    size = max((len(cell) for cell in cells), default=0)
    widths = [max((len(cell[i]) for cell in cells if len(cell) == size), default=0) for i in range(size)]
    return [_aligned(cell, widths) for cell in cells]


def is_right_aligned(column: Column) -> bool:
    """Whether the column holds numbers, which are set flush right."""
    return column.kind in ALIGNED_RIGHT


def _aligned(cell: list[str], widths: list[int]) -> tuple[Part, ...]:
    if len(cell) != len(widths):  # "—", or a count without percentage: flush right or left of the empty rest
        return tuple(Part(text) for text in cell)
    return tuple(Part(text, max(width - len(text), 0)) for text, width in zip(cell, widths, strict=True))


def _parts(column: Column, value: Cell) -> list[str]:
    if value is None or value == "":
        return [NOTHING]
    if column.kind == "text":
        return [_plain_text(column, value)]
    if column.kind == "n_of":
        return _n_of(column, value)
    if column.kind == "interval":
        return _interval(column, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _misfit(column, value)
    if column.kind == "count":
        if value != int(value):
            raise _misfit(column, value)
        return [_signed(f"{int(value):,}")]
    if column.kind == "number":
        return [_signed(fixed(value, column.digits))]
    return [p_text(1.0 if ALMOST_ONE < value <= 1 else value)]


def _plain_text(column: Column, value: Cell) -> str:
    if isinstance(value, list):
        raise _misfit(column, value)
    return value if isinstance(value, str) else _signed(str(value))


def _n_of(column: Column, value: Cell) -> list[str]:
    if not isinstance(value, list) or len(value) != 2:
        raise _misfit(column, value)
    part, whole = value
    if part is None or whole is None:
        return [NOTHING]
    if part != int(part) or whole != int(whole) or not 0 <= part <= whole:
        raise _misfit(column, value)
    part, whole = int(part), int(whole)
    share = f" ({percent(part, whole)})" if whole >= FEWEST_FOR_PERCENT else ""
    return [f"{part:,}/{whole:,}", share]


def _interval(column: Column, value: Cell) -> list[str]:
    if not isinstance(value, list) or len(value) != 3:
        raise _misfit(column, value)
    if all(number is None for number in value):
        return [NOTHING]
    estimate, low, high = [
        NOTHING if n is None else _signed(fixed(n, column.digits)) for n in with_infinite(*value)
    ]
    return [f"{estimate} [", f"{low}, ", f"{high}]"]


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _misfit(column: Column, value: Cell) -> CellError:
    return CellError(f"Column “{column.label}” holds cells of kind {column.kind}; {value!r} is none.")
