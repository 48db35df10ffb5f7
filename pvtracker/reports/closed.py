"""Closed room: the report by arm. Imported in the closed room only, as are the modules that it imports."""

from __future__ import annotations

from collections.abc import Callable

from pvtracker.audit.context import Actor
from pvtracker.cuts.closed import load_joined, record_opening
from pvtracker.cuts.models import Cut
from pvtracker.reports.blocks import Report
from pvtracker.reports.build import report_of
from pvtracker.reports.monitored import monitored
from pvtracker.reports.screening import closed_snapshot
from pvtracker.reports.snapshot import CLOSED_INPUT


def closed_report(
    cut: Cut,
    *,
    analysis_arm: str,
    look: str,
    progress: Callable[[int, int, str], None],
    by: Actor,
    reason: str = "report",
) -> Report:
    """CutError when the cut is not joined, a file cannot be opened, or the protocol names no reference arm.

    Opening the joined cut is recorded.
    """
    record_opening(cut, by=by, reason=reason)
    data = load_joined(cut, only=CLOSED_INPUT)
    snapshot = closed_snapshot(data, analysis_arm=analysis_arm, monitored=monitored(cut, look))
    return report_of(snapshot, progress)
