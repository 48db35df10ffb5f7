"""A simulated trial on disk: two files, so that a process can be given one half and never see the other.

`open.json.gz` and `closed.json.gz` are gzip-compressed JSON with a short header, readable by their owner
only. The same trial gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pvtracker.formats import records as r
from pvtracker.ops.simulation import types as t

OPEN_FILE = "open.json.gz"
CLOSED_FILE = "closed.json.gz"
FORMAT = "pvtracker simulated trial"
VERSION = 1

Row = TypeVar("Row")


class SimulatedTrialError(ValueError):
    """The file is not the half of a simulated trial that was asked for; the message says what is wrong."""


def dump(trial: t.SimulatedTrial, folder: Path) -> tuple[Path, Path]:
    """Write both halves into the folder (made if missing), mode 0600; returns the open and the closed path.

    Each file is replaced whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return dump_open(trial.open, folder), dump_closed(trial.closed, folder)


def dump_open(half: t.OpenTrial, folder: Path) -> Path:
    """Write the open half alone."""
    return _write(folder / OPEN_FILE, half="open", content=asdict(half))


def dump_closed(half: t.ClosedTrial, folder: Path) -> Path:
    """Write the closed half alone."""
    return _write(folder / CLOSED_FILE, half="closed", content=asdict(half))


def load_open(folder: Path) -> t.OpenTrial:
    """Read the open half; looks at no other file. Raises SimulatedTrialError or OSError."""
    content = _read(folder / OPEN_FILE, half="open")
    protocol = content["protocol"]
    return t.OpenTrial(
        protocol=t.Protocol(
            **protocol
            | {
                "interventions": _rows(t.Intervention, protocol["interventions"]),
                "sites": _rows(t.Site, protocol["sites"]),
                "arms": _rows(t.ArmName, protocol["arms"]),
                "phases": _rows(t.Phase, protocol["phases"]),
                "visits": _rows(t.PlannedVisit, protocol["visits"]),
                "revealing_analytes": tuple(protocol["revealing_analytes"]),
            }
        ),
        participants=tuple(_participant(row) for row in content["participants"]),
        visits=_rows(r.VisitRecord, content["visits"]),
        exposures=_rows(r.ExposureRecord, content["exposures"]),
        dispositions=_rows(r.DispositionRecord, content["dispositions"]),
        measurements=_rows(r.MeasurementRecord, content["measurements"]),
        histories=_rows(r.HistoryRecord, content["histories"]),
        medications=_rows(r.MedicationRecord, content["medications"]),
        events=tuple(_event(row) for row in content["events"]),
    )


def load_closed(folder: Path) -> t.ClosedTrial:
    """Read the closed half; looks at no other file. Raises SimulatedTrialError or OSError."""
    content = _read(folder / CLOSED_FILE, half="closed")
    return t.ClosedTrial(
        study=content["study"],
        seed=content["seed"],
        effects=tuple((term, ratio) for term, ratio in content["effects"]),
        block_sizes=tuple(content["block_sizes"]),
        randomised=tuple(content["randomised"]),
        allocations=_rows(r.AllocationRecord, content["allocations"]),
        treatments=_rows(r.TreatmentRecord, content["treatments"]),
        revealing=tuple(
            r.RevealingMeasurementRecord(r.MeasurementRecord(**row["measurement"]))
            for row in content["revealing"]
        ),
    )


def _rows(kind: type[Row], rows: list[dict[str, Any]]) -> tuple[Row, ...]:
    return tuple(kind(**row) for row in rows)


def _participant(row: dict[str, Any]) -> r.ParticipantRecord:
    return r.ParticipantRecord(**row | {"problems": _rows(r.Problem, row.get("problems", []))})


def _event(row: dict[str, Any]) -> r.EventRecord:
    return r.EventRecord(
        **row
        | {
            "criteria": tuple(row["criteria"]),
            "assessments": _rows(r.AssessmentRecord, row["assessments"]),
            "problems": _rows(r.Problem, row.get("problems", [])),
        }
    )


def _write(path: Path, *, half: str, content: dict[str, Any]) -> Path:
    document = {"format": FORMAT, "version": VERSION, "half": half, "content": content}
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    packed = io.BytesIO()
    # No name and no time in the gzip header: the same trial is the same bytes.
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=6, mtime=0) as stream:
        stream.write(text.encode())
    return write_private(path, packed.getvalue())


def write_private(path: Path, content: bytes) -> Path:
    """Write a file that only its owner can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)  # a left-over might have another mode
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)
    return path


def _read(path: Path, *, half: str) -> dict[str, Any]:
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SimulatedTrialError(f"{path.name} is cut or damaged: write it again with dump().") from error
    if (
        not isinstance(document, dict)
        or document.get("format") != FORMAT
        or document.get("version") != VERSION
    ):
        raise SimulatedTrialError(f"{path.name} is not a simulated trial of version {VERSION}.")
    if document.get("half") != half:
        raise SimulatedTrialError(f"{path.name} holds the {document.get('half')} half, not the {half} one.")
    content: dict[str, Any] = document["content"]
    return content
