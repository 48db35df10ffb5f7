"""Open room: the pooled report of a cut."""

from __future__ import annotations

from collections.abc import Callable

from pvtracker.cuts.models import Cut
from pvtracker.cuts.open import load_cut
from pvtracker.reports.blocks import Report
from pvtracker.reports.build import report_of
from pvtracker.reports.snapshot import OPEN_INPUT, take


def open_report(cut: Cut, progress: Callable[[int, int, str], None]) -> Report:
    """CutError when a file of the cut is missing or altered."""
    return report_of(take(load_cut(cut, only=OPEN_INPUT), audience="open"), progress)
