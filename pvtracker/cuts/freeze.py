"""Open room: the files of a cut, read in one snapshot and written so that the same data give the same bytes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from pvtracker.audit.context import enter_study
from pvtracker.coding.models import Release
from pvtracker.cuts import manifest as manifests
from pvtracker.cuts.columns import OPEN_DATASETS, schema
from pvtracker.cuts.data import ROW_GROUP, WRITING, CutData, frame_from
from pvtracker.cuts.datasets import RULE, select
from pvtracker.events.models import AdverseEvent
from pvtracker.lib.canonical import file_sha256
from pvtracker.lib.code_version import code_version
from pvtracker.studies.models import Study
from pvtracker.studies.protocol import protocol_of

Progress = Callable[[int, int, str], None]
PIECE = 1 << 22  # bytes of CSV parsed at a time


def folder_of(cut_id: uuid.UUID) -> Path:
    """Where a whole cut lies."""
    return Path(settings.STORAGE) / "cuts" / str(cut_id)


class NothingToFreeze(ValueError):
    """No participant was entered up to the cut-off date: such a cut would only be taken for the latest one."""


@contextlib.contextmanager
def snapshot(study_id: uuid.UUID) -> Iterator[None]:
    """One REPEATABLE READ, READ ONLY transaction in a study: everything read is as it stood at its first query.

    RuntimeError inside another transaction, which would have another snapshot.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A cut is read in a transaction of its own.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            # A cut reads whole tables, perhaps just filled, before the server has counted them: it would take them for
            # small and look up every row by the study's index.
            cursor.execute("set local enable_nestloop = off")
            cursor.execute("set local work_mem = '256MB'")  # the order of rows is made in memory, not on disk
        enter_study(study_id)  # a query, so not before the isolation level
        yield


def write_cut(*, study: Study, cut_id: uuid.UUID, cut_date: date, progress: Progress) -> dict[str, Any]:
    """Write the files and, last, the manifest of a cut; the folder appears under its name when it is whole.

    Call it inside `snapshot(study.id)`. Returns the manifest. A whole folder of this id that is there already (an
    earlier run of the same job) is taken as it is.
    """
    target = folder_of(cut_id)
    if target.exists():
        return manifests.read(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    working = target.parent / f".{cut_id}.{uuid.uuid4().hex}"
    working.mkdir()
    try:
        datasets = {}
        for done, name in enumerate(OPEN_DATASETS):
            progress(done, len(OPEN_DATASETS), f"Writing {name.replace('_', ' ')}")
            datasets[name] = _write_dataset(name, study_id=study.id, cut_date=cut_date, folder=working)
            if name == "participants" and not datasets[name]["rows"]:
                raise NothingToFreeze(
                    f"Study {study.code} has no participant up to {cut_date}. Choose a later cut-off date, or import "
                    "the study first."
                )
        manifest = _manifest(study=study, cut_id=cut_id, cut_date=cut_date, datasets=datasets)
        _write_durably(working / manifests.NAME, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        _sync_folder(working)
        with contextlib.suppress(FileExistsError, OSError):
            working.rename(target)
            _sync_folder(target.parent)
            return manifest
        return manifests.read(target)  # another run of the same job was first
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _write_dataset(name: str, *, study_id: uuid.UUID, cut_date: date, folder: Path) -> dict[str, Any]:
    path = folder / f"{name}.parquet"
    rows = 0
    with connection.cursor() as cursor, path.open("wb") as stream:
        statement = select(name, study_id=study_id, cut_date=cut_date).as_string(cursor.connection)
        with (
            cursor.copy(f"copy ({statement}) to stdout (format csv)") as copy,
            pq.ParquetWriter(stream, schema(name), **_writer_options()) as writer,
        ):
            for group in _row_groups(_batches(copy, name)):
                writer.write_table(group)
                rows += group.num_rows
        stream.flush()
        os.fsync(stream.fileno())
    return {
        "rows": rows,
        "sha256": file_sha256(path),
        "columns": [column for column, _ in OPEN_DATASETS[name]],
    }


def _writer_options() -> dict[str, Any]:
    return {key: value for key, value in WRITING.items() if key != "row_group_size"}


def _batches(copy: Iterable[bytes | memoryview], name: str) -> Iterator[pa.RecordBatch]:
    """COPY's CSV as typed batches; an unquoted empty field is null, a quoted one the empty text."""
    kinds = dict(OPEN_DATASETS[name])
    stream = io.BufferedReader(_CopyStream(iter(copy)), buffer_size=PIECE)
    if not stream.peek(1):
        return
    yield from pcsv.open_csv(
        stream,
        read_options=pcsv.ReadOptions(column_names=list(kinds), block_size=PIECE),
        parse_options=pcsv.ParseOptions(newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(
            column_types=kinds,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Tables of exactly ROW_GROUP rows (the last one shorter), whatever pieces the rows came in."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        while rows + batch.num_rows >= ROW_GROUP:
            part = ROW_GROUP - rows
            yield pa.Table.from_batches([*waiting, batch.slice(0, part)]).combine_chunks()
            batch, waiting, rows = batch.slice(part), [], 0
        waiting.append(batch)
        rows += batch.num_rows
    if rows:
        yield pa.Table.from_batches(waiting).combine_chunks()


class _CopyStream(io.RawIOBase):
    """The pieces of a COPY as a readable stream."""

    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is something; 0 at the end."""
        filled, size = 0, len(buffer)
        while filled < size:
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
            part = self._rest[: size - filled]
            buffer[filled : filled + len(part)] = part
            self._rest = self._rest[len(part) :]
            filled += len(part)
        return filled


def as_of(study: Study, cut_date: date, *, only: Iterable[str]) -> CutData:
    """Some datasets as a cut of this day would have them now, in memory; call it in a transaction of the study."""
    frames = {}
    for name in only:
        with connection.cursor() as cursor:
            statement = select(name, study_id=study.id, cut_date=cut_date).as_string(cursor.connection)
            with cursor.copy(f"copy ({statement}) to stdout (format csv)") as copy:
                rows = pa.Table.from_batches(_batches(copy, name), schema=schema(name))
        frames[name] = frame_from(rows)
    manifest = {"date": cut_date.isoformat(), "settings": _settings(study), "protocol": _protocol(study)}
    return CutData(cut_id="none", sha256="", manifest=manifest, frames=frames)


def _manifest(
    *, study: Study, cut_id: uuid.UUID, cut_date: date, datasets: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "format": manifests.FORMAT,
        "id": str(cut_id),
        "made_at": timezone.now().isoformat(),
        "date": cut_date.isoformat(),
        "rule": RULE,
        "code_version": code_version(),
        "study": {
            "id": str(study.id),
            "code": study.code,
            "title": study.title,
            "sponsor": study.sponsor,
            "simulated": study.simulated,
            "planned_participants": study.planned_participants,
        },
        "settings": _settings(study),
        "protocol": _protocol(study),
        "dictionaries": list(
            Release.objects.filter(
                id__in=AdverseEvent.objects.filter(study=study, term__isnull=False).values("term__release")
            )
            .order_by("dictionary", "number")
            .values("dictionary", "number", "origin", "made_from_data")
        ),
        "datasets": datasets,
    }
    manifest["sha256"] = manifests.hash_of(manifest)
    return manifest


def _settings(study: Study) -> dict[str, Any]:
    return {
        "analysis_arm": study.analysis_arm,
        "emergent_window_days": study.emergent_window_days,
        "severity_scale": study.severity_scale,
        "revealing_analytes": study.revealing_analytes,
        # what differs from the defaults: a cut without any is what it was before there were definitions
        **({"definitions": study.definitions} if study.definitions else {}),
    }


def _protocol(study: Study) -> dict[str, Any]:
    """What the protocol prints; the names of the arms, not who is in them."""
    printed = protocol_of(study)
    return {part: printed[part] for part in ("versions", "arms", "interventions", "sites")}


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
