"""The content of a report: sections made of blocks, with raw values and no layout.

A web page and a PDF are two renderings of the same blocks, so they cannot disagree. Everything here is plain
data that goes to JSON and back (`to_json`, `from_json` in `reports/frozen.py`); text is shown as text, never
parsed as markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Audience = Literal["open", "closed"]
Align = Literal["left", "right"]
# Raw cell value; `n_of` cells are [n, N] and print as "n/N (p%)"; `interval` cells are [estimate, low, high].
Cell = str | int | float | None | list[float | None] | list[float] | list[int]
CellKind = Literal["text", "count", "n_of", "number", "interval", "p"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    kind: CellKind = "text"
    digits: int = 1  # decimals for number and interval cells
    weight: float = 1.0  # relative width on paper


@dataclass(frozen=True, slots=True)
class Row:
    """One table row; `level` indents (0 = organ class, 1 = term); `warning` is printed under the row."""

    cells: tuple[Cell, ...]
    level: int = 0
    strong: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    empty: str = "Nothing to list."  # said instead of an empty table: silence is never left unexplained


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: a Vega-Lite specification without its own style; `description` is the alternative text.

    `table` is the key of the table of this section that holds the same numbers.
    """

    key: str
    title: str
    description: str
    spec: dict[str, Any]
    table: str
    height_mm: float = 80.0


Block = Paragraph | Bullets | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    audience: Audience  # a closed section holds comparative data and is refused in an open report
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report, frozen: what was cut when, by which code, for whom."""

    study: str
    title: str
    audience: Audience
    simulated: bool
    cut_id: str
    cut_date: str
    cut_sha256: str
    analysis_arm: str  # planned, actual; '' in an open report
    code_version: str
    sections: tuple[Section, ...]
    settings: dict[str, str] = field(default_factory=dict)  # definitions printed with the report
