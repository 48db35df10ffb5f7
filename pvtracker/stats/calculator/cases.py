"""Calls of a statistic: one from what was typed, one or several from the rows of a file.

Columns are arguments, rows are tables or participants. A column `case` makes a call of each of its values; a statistic
that takes no list makes one of each row. Options may stand beside the file, for all calls.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pvtracker.stats.calculator.arguments import (
    Argument,
    Refused,
    arguments_of,
    check_complete,
    check_names,
    read,
    read_many,
    read_one,
)
from pvtracker.stats.catalogue import Statistic

CASE = "case"


@dataclass(frozen=True, slots=True)
class Call:
    """Values by name of argument; `case` where the file names it."""

    given: Mapping[str, Any]
    case: str | None = None
    short: str = ""  # which column of the file ends before the others: what is wrong where that may not be


@dataclass(frozen=True, slots=True)
class Sheet:
    """The texts of a file: names of columns, and rows with their numbers."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]

    def texts(self, column: str) -> list[str]:
        position = self.columns.index(column)
        return [cells[position] for _, cells in self.rows]


def typed(statistic: Statistic, texts: Mapping[str, str]) -> list[Call]:
    """The one call that `name=value` texts stand for. A single number goes with a list of any length."""
    check_names(statistic, texts)
    check_complete(statistic, texts)
    known = arguments_of(statistic)
    given = {name: read(known[name], text) for name, text in texts.items()}
    lists = any(known[name].many and np.ndim(value) for name, value in given.items())
    if not lists:  # all are single: a list of one each
        given = {name: np.asarray([value]) if known[name].many else value for name, value in given.items()}
    return [Call(given)]


def from_file(statistic: Statistic, content: bytes, texts: Mapping[str, str], *, name: str) -> list[Call]:
    """The calls of a CSV file; Refused with the row of what cannot be read."""
    sheet = sheet_of(content, name=name)
    columns = [column for column in sheet.columns if column != CASE]
    known = arguments_of(statistic)
    check_names(statistic, texts)
    try:
        check_names(statistic, dict.fromkeys(columns), what="argument for the column")
        check_complete(
            statistic, {**texts, **dict.fromkeys(columns)}, how=f"a column of {name} or as name=value"
        )
    except Refused as fault:
        raise Refused(str(fault)) from None  # the file is at fault, not what was typed
    if twice := [column for column in columns if column in texts]:
        raise Refused(f"{twice[0]} is a column of {name} and was typed too; take one of them away.")
    lists = any(known[column].many for column in columns)
    options = {name: read(known[name], text) for name, text in texts.items()}
    arguments = [known[column] for column in columns]
    return [
        Call({**options, **values}, case, short)
        for case, rows in _groups(sheet, by_row=not lists)
        for values, short in [_values(sheet, rows, arguments, name)]
    ]


def sheet_of(content: bytes, *, name: str) -> Sheet:
    """A CSV file with comma, semicolon or tab, in UTF-8, the names of its columns in the first row."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise Refused(
            f"{name} is not UTF-8 text (byte {fault.start + 1}); save it as CSV in UTF-8."
        ) from None
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as fault:
        raise Refused(f"{name}: the quotes go wrong ({fault}); a quote inside a cell is doubled.") from None
    rows = [(number, [cell.strip() for cell in line]) for number, line in enumerate(lines, 1) if any(line)]
    if not rows or rows[0][0] != 1:
        raise Refused(f"{name} has no names in its first row; the first row names the arguments.")
    columns = rows[0][1]
    if twice := [column for column in columns if columns.count(column) > 1]:
        raise Refused(f"{name} has two columns {twice[0]!r}; each argument has one.")
    for number, cells in rows[1:]:
        if len(cells) != len(columns):
            raise Refused(
                f"{name}, row {number}: {len(cells)} cells under {len(columns)} names; fill or remove cells."
            )
    if len(rows) == 1:
        raise Refused(f"{name} has no row under its names; each table or participant is a row.")
    return Sheet(columns, rows[1:])


def _groups(sheet: Sheet, *, by_row: bool) -> list[tuple[str | None, list[int]]]:
    """Positions of the rows of each call, in the order in which the calls begin."""
    names = sheet.texts(CASE) if CASE in sheet.columns else [None] * len(sheet.rows)
    if by_row:
        return [(name, [position]) for position, name in enumerate(names)]
    found: dict[str | None, list[int]] = {}
    for position, name in enumerate(names):
        found.setdefault(name, []).append(position)
    return list(found.items())


def _values(
    sheet: Sheet, rows: Sequence[int], arguments: Sequence[Argument], name: str
) -> tuple[dict[str, Any], str]:
    """Values by argument, and which column ends early. Lists may be of different lengths, as participants and the
    hierarchy of terms are: the cells left empty at the end of a column are none of it.
    """
    values: dict[str, Any] = {}
    short = ""
    for argument in arguments:
        column = sheet.texts(argument.name)
        texts = [column[row] for row in rows]
        places = [f"row {sheet.rows[row][0]} of {name}" for row in rows]
        if argument.many:
            length = max((n for n, text in enumerate(texts, 1) if text), default=len(texts))
            if length < len(texts):
                short = f"{argument.name}, {places[length]}: is empty; fill the cell, or leave the row out"
            values[argument.name] = read_many(argument, texts[:length], places)
            continue
        other = next((row for row, text in enumerate(texts) if text != texts[0]), None)
        if other is not None:
            raise Refused(
                f"{argument.name}, {places[other]}: {texts[other]!r} after {texts[0]!r}; it is one value for a whole "
                f"call, a column `{CASE}` parts the calls."
            )
        try:
            values[argument.name] = read_one(argument, texts[0])
        except Refused as fault:
            raise Refused(f"{places[0]}: {fault}") from None
    return values, short
