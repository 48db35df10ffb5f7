"""Result rows as Parquet and back. The same rows give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from pvtracker.cuts.data import to_parquet
from pvtracker.signals.rows import FIELDS, ResultRow

TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    float | None: pa.float64(),
    bool: pa.bool_(),
}
_HINTS = get_type_hints(ResultRow)
SCHEMA = pa.schema(
    [pa.field(name, TYPES[_HINTS[name]], nullable=_HINTS[name] == float | None) for name in FIELDS]
)


def to_bytes(rows: Sequence[ResultRow]) -> bytes:
    """The rows in their order, one column per field of the JSON contract."""
    columns = [pa.array([getattr(row, field.name) for row in rows], field.type) for field in SCHEMA]
    return to_parquet(pa.Table.from_arrays(columns, schema=SCHEMA))


def from_bytes(content: bytes) -> list[ResultRow]:
    """The rows as they were written; floating point numbers to the last bit."""
    table = pq.read_table(io.BytesIO(content), schema=SCHEMA)
    columns = [table.column(name).to_pylist() for name in FIELDS]
    return [ResultRow(*values) for values in zip(*columns, strict=True)]
