"""The arms of a joined cut compared, in the form that the sections read. Closed room only; a pure function."""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.cuts.data import CutData
from pvtracker.reports.snapshot import Monitored, Screened, Snapshot, take
from pvtracker.signals.methods import METHODS
from pvtracker.signals.rows import ResultRow
from pvtracker.signals.screen import screen

DIFFERENCE, RATE, TEST = "rd_mn", "eair_ratio", "fisher"
SHOWN = (DIFFERENCE, RATE, TEST)


def closed_snapshot(data: CutData, *, analysis_arm: str, monitored: Monitored | None = None) -> Snapshot:
    """The snapshot with its screening; CutError when the protocol names no reference arm."""
    found = screen(data, analysis_arm=analysis_arm, selections=("all",), methods=SHOWN)
    versions = tuple(
        (METHODS[key].label, f"{key}, version {version}") for key, version in found.methods.items()
    )
    return take(
        data,
        audience="closed",
        analysis_arm=analysis_arm,
        screening=tuple(_together(found.rows)),
        method_notes=versions,
        monitored=monitored,
    )


def _together(rows: Iterable[ResultRow]) -> Iterable[Screened]:
    """One row per term and arm from the rows of its methods."""
    by_term: dict[tuple[str, str, str, str], dict[str, ResultRow]] = {}
    for row in rows:
        by_term.setdefault((row.level, row.term, row.selection, row.arm), {})[row.method] = row
    for (level, term, selection, arm), said in by_term.items():
        difference, rate, test = (said[key] for key in SHOWN)
        yield Screened(
            level=level,
            term=term,
            selection=selection,
            arm=arm,
            n_arm=difference.n_arm,
            N_arm=difference.N_arm,
            n_ref=difference.n_ref,
            N_ref=difference.N_ref,
            person_years_arm=difference.person_years_arm,
            person_years_ref=difference.person_years_ref,
            difference=difference.estimate,
            low=difference.low,
            high=difference.high,
            rate_ratio=rate.estimate,
            rate_low=rate.low,
            rate_high=rate.high,
            p=test.p,
            p_adjusted=test.p_adjusted,
            warning=difference.warning,
            rate_warning=rate.warning,
        )
