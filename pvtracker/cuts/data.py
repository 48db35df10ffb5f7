"""A data cut in memory, and how its files become frames. Both rooms use it; only the closed room has arms."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pvtracker.cuts.columns import ADDED, OPEN_DATASETS, TEXT, schema

# Nulls stay nulls: a missing truth or whole number becomes neither False nor a float.
PANDAS_TYPES = {pa.bool_(): pd.BooleanDtype(), pa.int32(): pd.Int32Dtype()}


class CutError(ValueError):
    """A cut that cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class CutData:
    """The frames of one cut by dataset name, columns as in `columns.py`; days are datetime64, nullable.

    `sha256` is the cut's. In the closed room three more frames tell the arms: `arms`, `treatments`,
    `revealing_measurements`; in the open room `has_arms` is False.
    """

    cut_id: str
    sha256: str
    manifest: Mapping[str, Any]
    frames: Mapping[str, pd.DataFrame]

    def frame(self, dataset: str) -> pd.DataFrame:
        """One dataset; CutError when it was not loaded or the room has none."""
        if dataset not in self.frames:
            raise CutError(f"The dataset {dataset} of cut {self.cut_id} was not loaded here.")
        return self.frames[dataset]

    @property
    def date(self) -> date:
        """The cut-off date."""
        return date.fromisoformat(self.manifest["date"])

    @property
    def has_arms(self) -> bool:
        return "arms" in self.frames

    def has_column(self, dataset: str, column: str) -> bool:
        """Whether the column was frozen, rather than added when the cut was read; a manifest that lists no columns
        has all of them."""
        columns = self.manifest.get("datasets", {}).get(dataset, {}).get("columns")
        return columns is None or column in columns

    @property
    def participants(self) -> pd.DataFrame:
        return self.frame("participants")

    @property
    def exposures(self) -> pd.DataFrame:
        return self.frame("exposures")

    @property
    def visits(self) -> pd.DataFrame:
        return self.frame("visits")

    @property
    def dispositions(self) -> pd.DataFrame:
        return self.frame("dispositions")

    @property
    def adverse_events(self) -> pd.DataFrame:
        return self.frame("adverse_events")

    @property
    def assessments(self) -> pd.DataFrame:
        return self.frame("assessments")

    @property
    def measurements(self) -> pd.DataFrame:
        return self.frame("measurements")

    @property
    def history(self) -> pd.DataFrame:
        return self.frame("history")

    @property
    def medications(self) -> pd.DataFrame:
        return self.frame("medications")

    @property
    def arms(self) -> pd.DataFrame:
        return self.frame("arms")


def read_frame(
    parquet: bytes,
    *,
    dataset: str,
    columns: Iterable[str] | None = None,
    analytes: Collection[str] | None = None,
) -> pd.DataFrame:
    """The frame of one Parquet file; CutError unless its columns are those of the dataset. With `analytes` only their
    rows are made into one.

    A cut that was frozen before a column of `ADDED` was thought of reads as if the column were empty.
    """
    expected = schema(dataset)
    try:
        file = pq.ParquetFile(io.BytesIO(parquet))
        if file.schema_arrow.equals(expected):
            return frame_from(_of(file.read(columns=None if columns is None else list(columns)), analytes))
        held = set(file.schema_arrow.names)
        earlier = pa.schema([field for field in expected if field.name in held or field.name not in ADDED])
        if not file.schema_arrow.equals(earlier):
            raise CutError(f"The file of {dataset} has other columns than this version of pvtracker knows.")
        table = file.read()
        for place, field in enumerate(expected):
            if field.name not in held:
                table = table.add_column(place, field, _absent(field.type, len(table)))
        return frame_from(_of(table if columns is None else table.select(list(columns)), analytes))
    except (pa.ArrowInvalid, OSError) as fault:
        raise CutError(f"The file of {dataset} is not readable as Parquet.") from fault


def _of(table: pa.Table, analytes: Collection[str] | None) -> pa.Table:
    if analytes is None:
        return table
    return table.filter(pc.is_in(table["analyte"], value_set=pa.array(sorted(analytes), pa.string())))


def _absent(kind: pa.DataType, rows: int) -> pa.Array:
    return pa.array([""] * rows, TEXT) if kind == TEXT else pa.nulls(rows, kind)


def to_parquet(table: pa.Table) -> bytes:
    """Deterministic Parquet bytes of a table."""
    stream = io.BytesIO()
    pq.write_table(table, stream, **WRITING)
    return stream.getvalue()


def frame_of(dataset: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A frame of a dataset from plain rows (used by tests and by imports without a database); a missing key is null."""
    return frame_from(pa.Table.from_pylist(list(rows), schema=schema(dataset)))


def frame_from(table: pa.Table) -> pd.DataFrame:
    """The frame of a table in the schema of its dataset."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=PANDAS_TYPES.get, date_as_object=False)
    return frame


# The same rows give the same bytes: fixed codec, level, row groups; no time of writing in the file.
ROW_GROUP = 131_072
WRITING: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "version": "2.6",
    "row_group_size": ROW_GROUP,
}
ALL_OPEN = tuple(OPEN_DATASETS)
