"""What is printed: a table of texts and numbers with what it rests on."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

NUMBER = re.compile(r"-?\d+(\.\d+)?")
MOST_DIGITS = 15  # a spreadsheet keeps no more
Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Printed:
    """`numeric`: which columns hold numbers or what is made of numbers. A row holds texts, and numbers at full
    precision. `notes` stand under the table; `facts`, label and value, say what it rests on. ValueError where a row has
    another length than the columns."""

    title: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if len(self.numeric) != len(self.columns) or any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"each row of “{self.title}” must have {len(self.columns)} cells")


def cell_of(value: Value, *, numeric: bool) -> Decimal | str:
    """A cell as number where it is one, as empty where there is none, as the text Infinity where it has no end (no
    spreadsheet has that number; Python, pandas and R read the text as one); a minus before other figures is the sign
    that starts no formula."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return "" if math.isnan(value) else Decimal(repr(value))
    if not numeric:
        return value
    if NUMBER.fullmatch(value) and len(value) <= MOST_DIGITS:
        return Decimal(value)
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", value)
