"""Cells that stand for numbers: as text on the page and in print, as numbers in columns of their own in a file.

A column with `fields` is one column of the page and, in CSV and XLSX, a column for each field; its cells hold as many
`values`, None where there is none. Fields name their unit; values have it at full precision.
"""

from __future__ import annotations

from typing import Any

from pvtracker.lib.rounding import minus, p_text, share, shown, with_infinite

Cell = dict[str, Any]
Value = str | int | float | None


def column(label: str, *fields: str, numeric: bool = True) -> dict[str, Any]:
    """A column; without `fields` a file has its texts."""
    return {"label": label, "numeric": numeric, **({"fields": fields} if fields else {})}


def text_column(label: str) -> dict[str, Any]:
    """A column of words."""
    return column(label, numeric=False)


def share_column(label: str, side: str = "") -> dict[str, Any]:
    """Of `share_cell`; `side` is whose share it is, where the label says more."""
    side = side or label.removesuffix(", n/N")
    return column(label, f"{side}, n", f"{side}, N", f"{side}, %")


def estimate_column(label: str, unit: str, *, limits: bool) -> dict[str, Any]:
    """Of `estimate_cell`: an estimate, and its limits where they are shown."""
    estimate, *ends = (
        f"{name}: {unit}" if unit else name for name in ("Estimate", "Lower 95 %", "Upper 95 %")
    )
    return column(f"{label} [95 %]" if limits else label, estimate, *(ends if limits else []))


def cell(text: str, *values: Value, url: str = "") -> Cell:
    """A number as it is shown, and what it is."""
    return {"text": text, "numeric": True, "values": values, **({"url": url} if url else {})}


def words(text: str, url: str = "") -> Cell:
    """A cell of words."""
    return {"text": text, "numeric": False, **({"url": url} if url else {})}


def share_cell(n: int, N: int, url: str = "") -> Cell:
    """Numerator, denominator and percentage."""
    return cell(share(n, N), n, N, percentage(n, N), url=url)


def fixed_cell(value: float | None, digits: int) -> Cell:
    """A number of so many digits on the page."""
    return cell(shown(value, digits), value)


def whole_cell(value: int | None) -> Cell:
    """A whole number; nothing where there is none."""
    return cell("" if value is None else minus(str(value)), value)


def p_cell(p: float | None) -> Cell:
    """A p-value."""
    return cell(p_text(p), p)


def estimate_cell(
    estimate: float | None, low: float | None, high: float | None, *, digits: int, limits: bool
) -> Cell:
    """An estimate in its unit, with its limits where they are shown; what does not exist as a dash, what is infinite
    as ∞, which None beside a limit may stand for (`with_infinite`)."""
    estimate, low, high = with_infinite(estimate, low, high)
    if not limits:
        return fixed_cell(estimate, digits)
    said = f"{shown(estimate, digits)} [{shown(low, digits)}, {shown(high, digits)}]"
    return cell(said, estimate, low, high)


def percentage(n: int, N: int) -> float | None:
    """`n` of `N` in per cent, unrounded."""
    return 100 * n / N if N else None


def times(factor: float, value: float | None) -> float | None:
    """A number in its unit; None where there is none."""
    return None if value is None else factor * value
