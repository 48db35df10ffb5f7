"""A report as bytes and back, as flat rows, and the checks that hold before either.

The bytes are canonical: the same report gives the same bytes, so their sha256 names it. `rows` is what
`dsmb_report --json` writes: the raw values behind every table, and so behind every figure, which shows one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from pvtracker.reports.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Paragraph,
    Report,
    Row,
    Section,
    Table,
)

ROW_KEYS = ("section", "table", "title", "figures", "level", "warning")
BLOCK_KINDS: dict[str, type[Paragraph] | type[Bullets] | type[Table] | type[Figure]] = {
    "paragraph": Paragraph,
    "bullets": Bullets,
    "table": Table,
    "figure": Figure,
}


class ReportError(ValueError):
    """A report that must not be frozen or shown; the sentence says where and why."""


class AudienceError(ReportError):
    """Comparative content in an open report."""


def to_json(report: Report) -> bytes:
    """The canonical bytes (UTF-8, keys sorted, no spaces) of a checked report.

    Raises AudienceError or ReportError (see `check`), also for a number that JSON does not know (nan).
    """
    check(report)
    plain = asdict(report)
    for section, made in zip(report.sections, plain["sections"], strict=True):
        made["blocks"] = [_tagged(block) for block in section.blocks]
    return canonical(plain)


def from_json(data: bytes) -> Report:
    """The report that `to_json` wrote; raises ReportError when the bytes are no such report."""
    try:
        plain = json.loads(data)
        sections = tuple(_section(section) for section in plain.pop("sections"))
        report = Report(sections=sections, **plain)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReportError(f"These bytes are not a frozen report: {error}") from error
    check(report)
    return report


def canonical(plain: object) -> bytes:
    """Plain data as JSON bytes that depend on the content only; raises ReportError for nan and infinity."""
    try:
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (ValueError, TypeError) as error:
        raise ReportError(
            f"A report holds text and finite numbers only: {error}. Where a number does not exist use None "
            "and say why in the row's warning."
        ) from error


def rows(report: Report) -> list[dict[str, Any]]:
    """One flat dictionary per table row: `section`, `table`, `title`, `figures` (keys of those that show this
    table), `level`, `warning`, and the raw cells by column key. A table without rows gives none.
    """
    check(report)
    return [
        {
            "section": section.key,
            "table": table.key,
            "title": table.title,
            "figures": [figure.key for figure in _figures(section) if figure.table == table.key],
            "level": row.level,
            "warning": row.warning,
            **{column.key: cell for column, cell in zip(table.columns, row.cells, strict=True)},
        }
        for section in report.sections
        for table in _tables(section)
        for row in table.rows
    ]


def check(report: Report) -> None:
    """Raises AudienceError or ReportError unless the report may be frozen and every figure has its table."""
    check_audience(report)
    check_shape(report)


def check_audience(report: Report) -> None:
    """Raises AudienceError when an open report holds a closed section or names an analysis arm."""
    if report.audience not in ("open", "closed"):
        raise AudienceError(f"A report is open or closed, not “{report.audience}”.")
    if report.audience == "closed":
        return
    closed = [section.key for section in report.sections if section.audience != "open"]
    if closed:
        raise AudienceError(
            f"An open report may not hold closed sections, and this one holds: {', '.join(closed)}. "
            "Build them in the closed room, for the closed report."
        )
    if report.analysis_arm:
        raise AudienceError("An open report is pooled: it has no analysis arm, and this one names one.")


def check_shape(report: Report) -> None:
    """Raises ReportError for rows that do not fit their columns, keys used twice, figures without a table."""
    seen: set[str] = set()
    for section in report.sections:
        tables = _tables(section)
        for table in tables:
            _check_table(section, table)
        known = {table.key for table in tables}
        for figure in _figures(section):
            if figure.table not in known:
                raise ReportError(
                    f"Figure {figure.key} of section {section.key} points to table “{figure.table}”, which "
                    "is not in the section: a figure without its numbers is not shown."
                )
            if not figure.description.strip():
                raise ReportError(f"Figure {figure.key} of section {section.key} has no description.")
        names = [f"section {section.key}"]
        names += [f"table {section.key}/{table.key}" for table in tables]
        names += [f"figure {section.key}/{figure.key}" for figure in _figures(section)]
        for name in names:
            if name in seen:
                raise ReportError(f"The key of {name} is used twice.")
            seen.add(name)


def _check_table(section: Section, table: Table) -> None:
    keys = [column.key for column in table.columns]
    if not keys or len(set(keys)) != len(keys):
        raise ReportError(f"Table {table.key} of section {section.key} needs columns, each with its own key.")
    taken = [key for key in keys if key in ROW_KEYS]
    if taken:
        raise ReportError(f"Table {table.key} of section {section.key}: column key “{taken[0]}” is reserved.")
    for number, row in enumerate(table.rows, start=1):
        if len(row.cells) != len(keys):
            raise ReportError(
                f"Row {number} of table {table.key} in section {section.key} has {len(row.cells)} cells for "
                f"{len(keys)} columns."
            )


def _tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def _figures(section: Section) -> list[Figure]:
    return [block for block in section.blocks if isinstance(block, Figure)]


def _tagged(block: Block) -> dict[str, Any]:
    kind = next(name for name, made in BLOCK_KINDS.items() if isinstance(block, made))
    return {"block": kind, **asdict(block)}


def _section(plain: Mapping[str, Any]) -> Section:
    blocks = tuple(_block(block) for block in plain["blocks"])
    return Section(**{**plain, "blocks": blocks})


def _block(plain: Mapping[str, Any]) -> Block:
    fields = dict(plain)
    kind = BLOCK_KINDS[fields.pop("block")]
    if kind is Bullets:
        fields["items"] = tuple(fields["items"])
    if kind is Table:
        fields["columns"] = tuple(Column(**column) for column in fields["columns"])
        fields["rows"] = tuple(_row(row) for row in fields["rows"])
    return kind(**fields)


def _row(plain: Mapping[str, Any]) -> Row:
    cells = cast("tuple[Cell, ...]", tuple(plain["cells"]))
    return Row(**{**plain, "cells": cells})
