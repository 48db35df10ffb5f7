"""Closed room: everything that writes runs, signals and alerts."""

from __future__ import annotations

from pvtracker.signals.actions.orders import detect_job, piece_job, place_order
from pvtracker.signals.actions.runs import (
    STORED,
    Request,
    compute,
    data_of,
    emergent_of,
    events_behind,
    request_for,
    run_screening,
    save_run,
)

__all__ = [
    "STORED",
    "Request",
    "compute",
    "data_of",
    "detect_job",
    "emergent_of",
    "events_behind",
    "piece_job",
    "place_order",
    "request_for",
    "run_screening",
    "save_run",
]
