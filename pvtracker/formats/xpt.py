"""Reads SAS transport files of version 5: our check of the structure, pyreadstat for the values."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyreadstat

from pvtracker.formats.source import Source, read_source
from pvtracker.formats.tables import (
    ALL_COLUMNS,
    Column,
    ColumnChoice,
    StructuralFault,
    Table,
    Values,
    table_from,
)
from pvtracker.formats.xpt_layout import Layout, layout_of


def read_table(path_or_bytes: Path | str | bytes, choice: ColumnChoice = ALL_COLUMNS) -> Table:
    """The one dataset of a transport file, gzip or not; only the columns of `choice` become values.

    Raises StructuralFault for anything that the file can show to be wrong: headers, variable descriptions, a
    partial record, bytes after the last one, several datasets, version 8, or a count of rows that differs
    between our arithmetic and pyreadstat. A file cut exactly between two records shows nothing: compare
    counts from outside.
    """
    source = read_source(path_or_bytes)
    layout = layout_of(source.content)
    wanted = [variable for variable in layout.variables if choice.reads(variable.name)]
    raw = _values(source, layout, [variable.name for variable in wanted]) if wanted else {}
    values: dict[str, Values] = {
        variable.name: _numbers(raw[variable.name]) if variable.kind == "number" else raw[variable.name]
        for variable in wanted
    }
    return table_from(
        name=layout.name or source.stem,
        columns=[Column(variable.name, variable.label, variable.kind) for variable in wanted],
        values=values,
        row_numbers=range(1, layout.row_count + 1),
        sha256=source.sha256,
        source_file=source.name,
        choice=choice,
    )


def _values(source: Source, layout: Layout, names: list[str]) -> dict[str, list[Any]]:
    if layout.row_count == 0:
        return {name: [] for name in names}
    try:
        raw, _ = pyreadstat.read_xport(
            io.BytesIO(source.content),
            encoding=layout.encoding,
            usecols=names,
            disable_datetime_conversion=True,
            output_format="dict",
        )
    except Exception as error:  # its errors share no class; whatever it cannot read is refused
        raise StructuralFault(f"The values cannot be read ({error}).", rule="xpt-values") from error
    counts = {len(raw[name]) for name in names if name in raw}
    if sorted(raw) != sorted(names) or counts != {layout.row_count}:
        raise StructuralFault(
            f"The length of the file gives {layout.row_count:,} rows, reading gives "
            f"{max(counts, default=0):,}; the file is damaged.",
            rule="xpt-row-count",
        )
    return dict(raw)


def _numbers(column: list[Any]) -> list[float | None]:
    return [None if value is None or value != value else float(value) for value in column]
