"""The screening of one arm in the form that the charts draw. Closed reports only."""

from __future__ import annotations

from pvtracker.reports import charts
from pvtracker.reports.snapshot import Group, Screened, Snapshot


def screened(snapshot: Snapshot, arm: Group, *, level: str = "PT", selection: str = "all") -> list[Screened]:
    """The rows of one arm, the strongest evidence of a difference first; AudienceError in an open report."""
    snapshot.require_closed()
    rows = {
        row.term: row
        for row in snapshot.screening
        if (row.level, row.selection, row.arm) == (level, selection, arm.name) and row.n_arm + row.n_ref > 0
    }
    return [rows[item.term] for item in charts.by_evidence([_contrast(row) for row in rows.values()])]


def contrasts_of(snapshot: Snapshot, arm: Group) -> list[charts.Contrast]:
    """The preferred terms of one arm for dot plot and volcano, the strongest evidence first."""
    return [_contrast(row) for row in screened(snapshot, arm)]


def _contrast(row: Screened) -> charts.Contrast:
    return charts.Contrast(
        term=row.term,
        n_arm=row.n_arm,
        total_arm=row.N_arm,
        n_reference=row.n_ref,
        total_reference=row.N_ref,
        difference=row.difference,
        low=row.low,
        high=row.high,
        p=row.p,
    )
