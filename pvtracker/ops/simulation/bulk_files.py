"""A bulk trial on disk: `open.npz` and `closed.npz`, NumPy archives without pickles.

The same trial gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from pvtracker.ops.simulation.bulk import BulkClosed, BulkEvents, BulkOpen, BulkParticipants, BulkTrial
from pvtracker.ops.simulation.bulk_dictionary import BulkDictionary
from pvtracker.ops.simulation.files import SimulatedTrialError, write_private

OPEN_BULK_FILE = "open.npz"
CLOSED_BULK_FILE = "closed.npz"
Columns = dict[str, Any]  # NumPy arrays; the tables they make up name their types


def dump_bulk(trial: BulkTrial, folder: Path) -> tuple[Path, Path]:
    """Write both halves into the folder (made if missing), mode 0600; returns the open and closed path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = trial.open
    columns: Columns = {"study": np.array(half.study), "arm_codes": np.array(half.arm_codes)}
    for prefix, table in (
        ("participants", half.participants),
        ("events", half.events),
        ("terms", half.dictionary),
    ):
        columns |= {f"{prefix}.{f.name}": getattr(table, f.name) for f in fields(table)}
    closed = trial.closed
    secret: Columns = {
        "study": np.array(closed.study),
        "seed": np.array(closed.seed),
        "arm_codes": np.array(closed.arm_codes),
        "effect_terms": np.array([term for term, _ in closed.effects], dtype=np.str_),
        "effect_ratios": np.array([ratio for _, ratio in closed.effects], dtype=np.float64),
        "reference": np.array(closed.reference),
        "participant": closed.participant,
        "arm": closed.arm,
    }
    return _write(folder / OPEN_BULK_FILE, columns), _write(folder / CLOSED_BULK_FILE, secret)


def load_bulk_open(folder: Path) -> BulkOpen:
    """Read the open half; looks at no other file. Raises SimulatedTrialError or OSError."""
    columns = _read(folder / OPEN_BULK_FILE, holds="events.onset")
    return BulkOpen(
        study=str(columns["study"]),
        arm_codes=tuple(columns["arm_codes"].tolist()),
        participants=BulkParticipants(**_table(columns, "participants")),
        events=BulkEvents(**_table(columns, "events")),
        dictionary=BulkDictionary(**_table(columns, "terms")),
    )


def load_bulk_closed(folder: Path) -> BulkClosed:
    """Read the closed half; looks at no other file. Raises SimulatedTrialError or OSError."""
    columns = _read(folder / CLOSED_BULK_FILE, holds="arm")
    effects = zip(columns["effect_terms"].tolist(), columns["effect_ratios"].tolist(), strict=True)
    return BulkClosed(
        study=str(columns["study"]),
        seed=int(columns["seed"]),
        effects=tuple(effects),
        arm_codes=tuple(columns["arm_codes"].tolist()),
        reference=int(columns["reference"]),
        participant=columns["participant"],
        arm=columns["arm"],
    )


def _table(columns: Columns, prefix: str) -> Columns:
    start = f"{prefix}."
    return {name.removeprefix(start): column for name, column in columns.items() if name.startswith(start)}


def _write(path: Path, columns: Columns) -> Path:
    packed = io.BytesIO()
    np.savez_compressed(
        packed, allow_pickle=False, **columns
    )  # members carry the fixed date of 1980, so bytes repeat
    return write_private(path, packed.getvalue())


def _read(path: Path, *, holds: str) -> Columns:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            columns: Columns = dict(archive)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise SimulatedTrialError(
            f"{path.name} is cut or damaged: write it again with dump_bulk()."
        ) from error
    if holds not in columns:
        raise SimulatedTrialError(f"{path.name} is not this half of a simulated bulk trial.")
    return columns
