"""The eight methods at the size of the CDISC pilot, against SciPy called once per table for what SciPy has."""

from __future__ import annotations

from pvtracker.ops.benchmarks import Measurement, best_of, frames, seconds_of
from pvtracker.ops.rooms import Installation

PEER_TABLES = 200


def run(installation: Installation) -> Measurement:
    from scipy import stats as scipy_stats
    from scipy.stats.contingency import odds_ratio, relative_risk

    from pvtracker.signals.screen import screen

    data = frames.trial(participants=254, arms=3, terms=242, events_per_participant=4.7)
    ours = best_of(3, lambda: screen(data, analysis_arm="actual"))
    rows = [row for row in screen(data, analysis_arm="actual").rows if row.method == "fisher"]

    def loop() -> None:
        for row in rows[:PEER_TABLES]:
            a, b = row.n_arm, row.n_ref
            table = [[a, row.N_arm - a], [b, row.N_ref - b]]
            scipy_stats.fisher_exact(table)
            odds_ratio(table).confidence_interval()
            relative_risk(a, row.N_arm, b, row.N_ref).confidence_interval()
            if row.events_arm + row.events_ref:
                scipy_stats.binomtest(row.events_arm, row.events_arm + row.events_ref).proportion_ci()

    return Measurement(
        what=f"{len(data.participants)} participants, {len(data.adverse_events)} events, {len(rows)} tables, "
        "eight methods",
        seconds=ours,
        peer=f"four SciPy calls per table ({PEER_TABLES} tables, scaled), counting not included",
        peer_seconds=seconds_of(loop) * len(rows) / min(PEER_TABLES, len(rows)),
        goal="1 s or less",
    )
