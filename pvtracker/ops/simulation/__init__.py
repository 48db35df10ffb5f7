"""Simulated OZ1-like trials: records for the real actions, columns for benchmarks. No Django."""

from pvtracker.ops.simulation.bulk import BulkClosed, BulkOpen, BulkTrial, date_texts, simulate_bulk
from pvtracker.ops.simulation.bulk_files import dump_bulk, load_bulk_closed, load_bulk_open
from pvtracker.ops.simulation.files import SimulatedTrialError, dump, load_closed, load_open
from pvtracker.ops.simulation.terms import DICTIONARY_NAME, DICTIONARY_VERSION, TermRow, local_dictionary
from pvtracker.ops.simulation.trial import simulate
from pvtracker.ops.simulation.types import ClosedTrial, OpenTrial, Protocol, SimulatedTrial

__all__ = [
    "DICTIONARY_NAME",
    "DICTIONARY_VERSION",
    "BulkClosed",
    "BulkOpen",
    "BulkTrial",
    "ClosedTrial",
    "OpenTrial",
    "Protocol",
    "SimulatedTrial",
    "SimulatedTrialError",
    "TermRow",
    "date_texts",
    "dump",
    "dump_bulk",
    "load_bulk_closed",
    "load_bulk_open",
    "load_closed",
    "load_open",
    "local_dictionary",
    "simulate",
    "simulate_bulk",
]
