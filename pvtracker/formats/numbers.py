"""Numbers in delivered text: digits with a decimal point, nothing that depends on a country."""

from __future__ import annotations

import math
import re

# [0-9], not \d; no “1,5”, no “1.234,5”, no “1_000”, no “nan”: float() alone takes some of them.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def number_from(text: str) -> float:
    """The finite number that `text` says. Raises ValueError."""
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number with a decimal point")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number
