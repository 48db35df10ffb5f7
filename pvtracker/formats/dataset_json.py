"""Reads CDISC Dataset-JSON 1.1 (and 1.0), as one document or as lines (NDJSON).

Source: CDISC Dataset-JSON v1.1 and its schema; v1.0 differs in where the same parts stand. Python's parser
keeps the last of two equal keys and accepts NaN and 1e999; here all three are refused.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from pvtracker.formats.numbers import number_from
from pvtracker.formats.source import read_source
from pvtracker.formats.tables import (
    ALL_COLUMNS,
    Column,
    ColumnChoice,
    Kind,
    Refused,
    StructuralFault,
    Table,
    Values,
    check_names,
    quoted,
    table_from,
)

_NUMBER_TYPES = frozenset({"integer", "float", "double", "decimal"})
# In these no row is refused for one cell: what is of the wrong type is kept as text, for the domain to judge;
# not what says whose row it is.
_KEPT_DOMAINS = frozenset({"AE", "DM"})
_IDENTITY = frozenset({"DOMAIN", "USUBJID"})
_TEXT_TYPES = frozenset({"string", "boolean", "datetime", "date", "time", "URI"})


@dataclass(frozen=True, slots=True)
class _Dataset:
    name: str
    records: int
    columns: Sequence[dict[str, Any]]
    rows: Sequence[Any]


def read_table(path_or_bytes: Path | str | bytes, choice: ColumnChoice = ALL_COLUMNS) -> Table:
    """The rows of a Dataset-JSON document, gzip or not.

    A value of the wrong type refuses its row; in AE and DM it is kept as text. Raises StructuralFault: not
    JSON, a key twice, NaN or an infinite number, another version, a declared count of records or columns that
    differs, an itemOID that is not the column's.
    """
    source = read_source(path_or_bytes)
    document = parse_document(source.content)
    return _table(_dataset(document), source.name, source.sha256, choice)


def read_lines(path_or_bytes: Path | str | bytes, choice: ColumnChoice = ALL_COLUMNS) -> Table:
    """The same for NDJSON: the first line describes the dataset, every other line is one row."""
    source = read_source(path_or_bytes)
    head, *lines = _text(source.content).rstrip("\n").split("\n")
    document = _parsed(head)
    if isinstance(document, dict):
        if "rows" in document:
            raise StructuralFault("The first line of NDJSON holds no rows.", rule="json-structure")
        document = document | {"rows": [_parsed(line, number) for number, line in enumerate(lines, start=2)]}
    return _table(_dataset(document), source.name, source.sha256, choice)


def parse_document(content: bytes) -> Any:
    """Any JSON, read as strictly as Dataset-JSON: no key twice, no NaN. Raises StructuralFault."""
    return _parsed(_text(content))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"The byte at position {error.start + 1} is not UTF-8, which JSON must be."
        raise StructuralFault(message, rule="encoding") from error


def _parsed(text: str, line: int | None = None) -> Any:
    where = "" if line is None else f" in line {line}"
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        place = f"line {line or error.lineno}, column {error.colno}"
        raise StructuralFault(f"This is not JSON: {error.msg} at {place}.", rule="not-json") from error
    except RecursionError as error:
        raise StructuralFault(f"The brackets{where} are nested too deeply.", rule="not-json") from error
    except ValueError as error:  # an integer of thousands of digits
        raise StructuralFault(f"A number{where} is too long.", rule="json-number") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        place = next(n for n, key in enumerate(keys, start=1) if key in keys[: n - 1])
        raise StructuralFault(
            f"One object has a key twice, the second time in place {place}. Leave one out.",
            rule="json-key-twice",
        )
    return found


def _no_number(constant: str) -> NoReturn:
    raise StructuralFault(f"{constant} is not a number in JSON.", rule="json-number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise StructuralFault(
            "A number is too large: at most 1.8e308 is read. Correct it, or write it as text.",
            rule="json-number",
        )
    return number


def _dataset(document: Any) -> _Dataset:
    if not isinstance(document, dict):
        raise StructuralFault("The document is no Dataset-JSON object.", rule="json-structure")
    version = str(document.get("datasetJSONVersion", ""))
    if version == "1.0" or version.startswith("1.0."):
        return _version_1_0(document)
    if version != "1.1" and not version.startswith("1.1."):
        message = f"The Dataset-JSON version is {quoted(version)}; 1.1 and 1.0 are read."
        raise StructuralFault(message, rule="json-version")
    return _checked(document, columns=document.get("columns"), rows=document.get("rows"))


def _version_1_0(document: dict[str, Any]) -> _Dataset:
    """Version 1.0: one item group under clinicalData, columns are `items` with OID and type."""
    data = document.get("clinicalData") or document.get("referenceData")
    groups = data.get("itemGroupData") if isinstance(data, dict) else None
    if not isinstance(groups, dict) or len(groups) != 1:
        raise StructuralFault("One item group per document is expected.", rule="json-structure")
    group = next(iter(groups.values()))
    items = group.get("items") if isinstance(group, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise StructuralFault("The item group has no list of items.", rule="json-structure")
    columns = [
        {"itemOID": item.get("OID"), "name": item.get("name"), "label": item.get("label", "")}
        | {"dataType": item.get("type")}
        for item in items
    ]
    return _checked(group, columns=columns, rows=group.get("itemData"))


def _checked(document: dict[str, Any], *, columns: Any, rows: Any) -> _Dataset:
    name, records = document.get("name"), document.get("records")
    if not isinstance(name, str) or not name:
        raise StructuralFault("The dataset has no name.", rule="json-structure")
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        raise StructuralFault("The dataset has no list of columns.", rule="json-structure")
    if not isinstance(rows, list):
        raise StructuralFault("The dataset has no list of rows.", rule="json-structure")
    if type(records) is not int or records != len(rows):
        raise StructuralFault(
            f"The document declares {quoted(records)} records and holds {len(rows)} rows; it is damaged.",
            rule="json-record-count",
        )
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != len(columns):
            cells = len(row) if isinstance(row, list) else 0
            raise StructuralFault(
                f"Row {number} has {cells} cells, the document declares {len(columns)} columns.",
                rule="json-column-count",
            )
    return _Dataset(name.upper(), records, columns, rows)


def _table(dataset: _Dataset, source_file: str, sha256: str, choice: ColumnChoice) -> Table:
    columns = [_column(column, dataset.name, place) for place, column in enumerate(dataset.columns, start=1)]
    check_names([column.name for column in columns])
    oids = [column["itemOID"] for column in dataset.columns]
    for place, oid in enumerate(oids, start=1):
        if (first := oids.index(oid) + 1) < place:
            raise StructuralFault(f"Columns {first} and {place} have one itemOID.", rule="json-item-oid")
    wanted = [(index, column) for index, column in enumerate(columns) if choice.reads(column.name)]
    types = [str(column["dataType"]) for column in dataset.columns]
    keep = dataset.name[:2] in _KEPT_DOMAINS
    readers = [
        (index, column, _reader(types[index], keep=keep and column.name not in _IDENTITY))
        for index, column in wanted
    ]
    values: dict[str, list[Any]] = {column.name: [] for _, column in wanted}
    row_numbers: list[int] = []
    refused: list[Refused] = []
    for number, row in enumerate(dataset.rows, start=1):
        try:
            cells = [read(row[index]) for index, _, read in readers]
        except ValueError:
            refused.append(_wrong_type(number, row, readers, types))
            continue
        row_numbers.append(number)
        for (_, column, _), cell in zip(readers, cells, strict=True):
            values[column.name].append(cell)
    typed: dict[str, Values] = dict(values)
    return table_from(
        name=dataset.name,
        columns=[column for _, column in wanted],
        values=typed,
        row_numbers=row_numbers,
        sha256=sha256,
        source_file=source_file,
        choice=choice,
        refused=tuple(refused),
    )


def _column(column: dict[str, Any], dataset: str, place: int) -> Column:
    """A fault names the place: what is not read may be named after a treatment."""
    name, oid, data_type = column.get("name"), column.get("itemOID"), column.get("dataType")
    if not isinstance(name, str):
        raise StructuralFault(f"The name of column {place} is no text.", rule="column-name")
    if not isinstance(oid, str) or not oid or not _oid_fits(oid, name, dataset):
        raise StructuralFault(
            f"The itemOID of column {place} is none, or of another column; it must be its own, for example "
            f"IT.{dataset}.NAME with the name of the column.",
            rule="json-item-oid",
        )
    if data_type not in _NUMBER_TYPES | _TEXT_TYPES:
        known = ", ".join(sorted(_NUMBER_TYPES | _TEXT_TYPES))
        message = f"The dataType of column {place} is none of Dataset-JSON: {known}."
        raise StructuralFault(message, rule="json-structure")
    kind: Kind = "number" if data_type in _NUMBER_TYPES else "text"
    return Column(name.upper(), str(column.get("label", "")), kind)


def _oid_fits(oid: str, name: str, dataset: str) -> bool:
    """An OID in the usual form IT.<dataset>.<name> must be this column's; other forms tell nothing."""
    parts = oid.upper().split(".")
    if parts[0] != "IT" or len(parts) not in (2, 3):
        return True
    return parts[-1] == name.upper() and (len(parts) == 2 or dataset.startswith(parts[1]))


def _reader(data_type: str, *, keep: bool) -> Callable[[Any], Any]:
    if data_type in _NUMBER_TYPES:
        read: Callable[[Any], Any] = _number
    else:
        read = _yes_or_no if data_type == "boolean" else _string
    return partial(_or_text, read) if keep else read


def _or_text(read: Callable[[Any], Any], cell: Any) -> Any:
    """The cell as its type is read, else as text."""
    try:
        return read(cell)
    except ValueError:
        return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _string(cell: Any) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        raise ValueError
    return cell


def _yes_or_no(cell: Any) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, bool):
        raise ValueError
    return "Y" if cell else "N"


def _number(cell: Any) -> float | None:
    """A number; a decimal may be text by the standard, so that no digit is lost on the way."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return number_from(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise ValueError
    if abs(cell) > sys.float_info.max:  # a whole number of any length
        raise ValueError
    return float(cell)


def _wrong_type(
    number: int,
    row: list[Any],
    readers: Sequence[tuple[int, Column, Callable[[Any], Any]]],
    types: Sequence[str],
) -> Refused:
    for index, column, read in readers:
        try:
            read(row[index])
        except ValueError:
            message = f"{column.name} is {quoted(row[index])}, not of the declared type {types[index]}."
            return Refused(domain="", row=number, rule="json-type", message=message, column=column.name)
    raise AssertionError("a row that reads is not refused")
