"""Results for people, as tables, and for programs, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from pvtracker.lib.code_version import code_version
from pvtracker.lib.rounding import MISSING
from pvtracker.stats.calculator.arguments import arguments_of, meaning, told
from pvtracker.stats.calculator.computed import Computed
from pvtracker.stats.calculator.helps import helps
from pvtracker.stats.catalogue import STATISTICS, Statistic

DIGITS = 8  # significant ones, and
MOST_ROWS = 500  # of a table, for people; JSON has them all
CASE = "case"


@dataclass(slots=True)
class Table:
    """Texts in columns of one length; `numeric` names the columns of numbers."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    numeric: set[str] = field(default_factory=set)

    def add(self, name: str, values: np.ndarray) -> None:
        self.columns[name] = [text(value) for value in values.flat]
        if values.dtype.kind in "iuf":
            self.numeric.add(name)

    def without_empty(self) -> Table:
        """Without the columns in which nothing is said: no warning at all."""
        return Table({name: texts for name, texts in self.columns.items() if any(texts)}, self.numeric)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        return list(islice(zip(*self.columns.values(), strict=True), MOST_ROWS))

    @property
    def more(self) -> str:
        """How many rows are not told, '' where all are."""
        left = len(next(iter(self.columns.values()), [])) - MOST_ROWS
        return f"{left} more rows are in the JSON." if left > 0 else ""


@dataclass(slots=True)
class Part:
    """The result of one call, or of calls alike: options in words, then tables."""

    title: str
    options: dict[str, str]
    tables: list[Table]


def parts(statistic: Statistic, computed: Sequence[Computed]) -> list[Part]:
    """One part for each call; calls whose tables have the same columns and options share one."""
    alone = [_part(statistic, one) for one in computed]
    together = len(alone) > 1 and all(
        len(part.tables) == 1
        and part.tables[0].columns.keys() == alone[0].tables[0].columns.keys()
        and part.options == alone[0].options
        for part in alone
    )
    if not together:
        for part in alone:
            part.tables = [table.without_empty() for table in part.tables]
        return alone
    names = [one.case for one in computed]
    joined = Table(numeric=alone[0].tables[0].numeric)
    if any(name is not None for name in names):
        joined.columns[CASE] = []
    for name, part in zip(names, alone, strict=True):
        for column, texts in part.tables[0].columns.items():
            joined.columns.setdefault(column, []).extend(texts)
        if CASE in joined.columns:
            length = len(next(iter(part.tables[0].columns.values())))
            joined.columns[CASE] += [name or MISSING] * length
    return [Part("", alone[0].options, [joined.without_empty()])]


def _part(statistic: Statistic, computed: Computed) -> Part:
    known = arguments_of(statistic)
    lists = {name: np.asarray(value) for name, value in computed.arguments.items() if known[name].many}
    options = {
        name: text(value)
        for name, value in computed.arguments.items()
        if not known[name].many and value is not None
    }
    result = {name: np.asarray(value) for name, value in computed.result.items()}
    tables = []
    for length in dict.fromkeys(value.shape[0] for value in result.values() if value.ndim):
        table = Table()
        if any(value.ndim and len(value) == length for value in lists.values()):
            for name, value in lists.items():  # a single number stands in each row
                if value.ndim == 0 or len(value) == length:
                    table.add(name, np.broadcast_to(value, length))
        for name, value in result.items():
            if value.ndim and value.shape[0] == length:
                _add(table, name, value)
        tables.append(table)
    single = Table()
    if not tables:  # one row: with what was given
        single.columns = {name: [value] for name, value in options.items()}
        single.numeric = {name for name in options if known[name].kind in ("number", "whole number")}
        options = {}
    for name, value in result.items():
        if value.ndim == 0 and text(value[()]) != options.get(name):
            single.add(name, value.reshape(1))
    if single.columns:
        tables.append(single)
    return Part(f"case {computed.case}" if computed.case is not None else "", options, tables)


def _add(table: Table, name: str, value: np.ndarray) -> None:
    if value.ndim == 1:
        table.add(name, value)
        return
    for position, column in enumerate(value.reshape(value.shape[0], -1).T):
        table.add(f"{name}[{position}]", column)


def text(value: Any) -> str:
    """A value for people: eight significant digits, – for what does not exist."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(text, value))
    if isinstance(value, bool | np.bool_):
        return told(bool(value))
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return MISSING
        return f"{value:.{DIGITS}g}".replace("inf", "∞")
    return str(value)


def as_text(statistic: Statistic, computed: Sequence[Computed]) -> str:
    """Aligned tables under the name of the method, its page and the version of the code."""
    lines = [
        f"{statistic.label} ({statistic.key})",
        statistic.definition,
        f"docs/methods/{statistic.page} · pvtracker {code_version()}",
    ]
    for part in parts(statistic, computed):
        options = ", ".join(f"{name} = {value}" for name, value in part.options.items())
        for line in (part.title, options):
            lines += ["", line] if line else []
        for table in part.tables:
            lines += ["", *_aligned(table), *([table.more] if table.more else [])]
    return "\n".join(lines) + "\n"


def _aligned(table: Table) -> list[str]:
    widths = {name: max(len(name), *map(len, texts), 0) for name, texts in table.columns.items()}
    heads = [tuple(table.columns), *table.rows]
    return [
        "  ".join(
            cell.rjust(widths[name]) if name in table.numeric else cell.ljust(widths[name])
            for name, cell in zip(table.columns, row, strict=True)
        ).rstrip()
        for row in heads
    ]


def as_json(statistic: Statistic, computed: Sequence[Computed]) -> str:
    """Every digit; what does not exist is null, an infinite number the text Infinity or -Infinity."""
    told_ = {
        "method": statistic.key,
        "label": statistic.label,
        "definition": statistic.definition,
        "methods_page": f"docs/methods/{statistic.page}",
        "code": {"name": "pvtracker", "version": code_version()},
        "cases": [
            {
                "case": one.case,
                "arguments": {name: plain(value) for name, value in one.arguments.items()},
                "result": {name: plain(value) for name, value in one.result.items()},
            }
            for one in computed
        ],
    }
    return json.dumps(told_, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def plain(value: Any) -> Any:
    """A value, or an array of values, as JSON has them."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def listed(key: str = "") -> str:
    """Every method, or one, with its meaning, its arguments and its page."""
    lines: list[str] = []
    for statistic in [STATISTICS[key]] if key else STATISTICS.values():
        arguments = arguments_of(statistic)
        needed = " ".join(f"{one.name}=…" for one in arguments.values() if one.needed)
        width = max(map(len, arguments))
        said = helps(statistic)
        lines += [
            f"{statistic.key}: {statistic.label}",
            f"  {meaning(statistic)}",
            f"  Definition: {statistic.definition}",
            f"  calculate {statistic.key} {needed}",
            *(
                line
                for one in arguments.values()
                for line in (
                    f"    {one.name.ljust(width)}  {one.takes}",
                    f"    {' ' * width}  {said[one.name]}",
                )
            ),
            f"  docs/methods/{statistic.page}",
            "",
        ]
    return "\n".join(lines)
