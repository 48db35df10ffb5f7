"""What is printed: a table of texts with what it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

NUMBER = re.compile(r"-?\d+(\.\d+)?")
MOST_DIGITS = 15  # a spreadsheet keeps no more


@dataclass(frozen=True, slots=True)
class Printed:
    """`numeric`: which columns hold numbers or what is made of numbers. `notes` stand under the table; `facts`, label
    and value, say what it rests on. ValueError where a row has another length than the columns."""

    title: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if len(self.numeric) != len(self.columns) or any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"each row of “{self.title}” must have {len(self.columns)} cells")


def cell_of(text: str, *, numeric: bool) -> Decimal | str:
    """A cell as number where it is one; a minus before other figures is the sign that starts no formula."""
    if not numeric:
        return text
    if NUMBER.fullmatch(text) and len(text) <= MOST_DIGITS:
        return Decimal(text)
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", text)
