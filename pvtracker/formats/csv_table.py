"""Reads a domain from a CSV file: comma, semicolon or tab, a header line, strict quotes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pvtracker.formats.source import read_source, text_of
from pvtracker.formats.tables import (
    ALL_COLUMNS,
    Column,
    ColumnChoice,
    Refused,
    StructuralFault,
    Table,
    check_names,
    table_from,
)

_DELIMITERS = ",;\t"


def read_table(path_or_bytes: Path | str | bytes, choice: ColumnChoice = ALL_COLUMNS) -> Table:
    """The rows of a CSV file, gzip or not; all columns are text. The dataset's name is the file's.

    Text is UTF-8, with or without a mark, else Windows-1252. The delimiter is the one found most often in the
    header. A row with more or fewer cells than the header is refused with its line number; nothing moves into
    the next column. Raises StructuralFault: an unclosed or misplaced quote, a cell that is too long, a zero byte, no
    header, a column twice.
    """
    source = read_source(path_or_bytes)
    text = text_of(source.content)
    longest = csv.field_size_limit()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        names = [name.strip().upper() for name in next(reader, [])]
        check_names(names)
        wanted = [(index, name) for index, name in enumerate(names) if choice.reads(name)]
        values: dict[str, list[str]] = {name: [] for _, name in wanted}
        row_numbers: list[int] = []
        refused: list[Refused] = []
        row, line = 0, reader.line_num
        for cells in reader:
            first_line, line = line + 1, reader.line_num
            if not cells:  # an empty line is no row
                continue
            row += 1
            if len(cells) != len(names):
                refused.append(_ragged(row=row, line=first_line, cells=len(cells), columns=len(names)))
                continue
            row_numbers.append(row)
            for index, name in wanted:
                values[name].append(cells[index])
    except csv.Error as error:
        if str(error).startswith("field larger than"):
            raise StructuralFault(
                f"A cell at or before line {reader.line_num} has more than {longest:,} characters, the most that "
                "is read. Shorten it; where no cell is so long, a quote before it was opened and not closed.",
                rule="csv-cell",
            ) from error
        raise StructuralFault(
            f"The quotes go wrong at or before line {reader.line_num} ({error}). A quote inside a cell "
            "is doubled and the cell is quoted.",
            rule="csv-quotes",
        ) from error
    return table_from(
        name=source.stem,
        columns=[Column(name, "", "text") for _, name in wanted],
        values=values,
        row_numbers=row_numbers,
        sha256=source.sha256,
        source_file=source.name,
        choice=choice,
        refused=tuple(refused),
    )


def _delimiter(text: str) -> str:
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    if header.count(delimiter) == 0:
        raise StructuralFault(
            "The first line has no comma, semicolon or tab; it must hold the names of the columns.",
            rule="csv-header",
        )
    return delimiter


def _ragged(*, row: int, line: int, cells: int, columns: int) -> Refused:
    message = f"Line {line} has {cells} cells, the header has {columns} columns."
    return Refused(domain="", row=row, rule="ragged-row", message=message)
