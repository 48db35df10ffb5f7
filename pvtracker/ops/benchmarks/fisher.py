"""Fisher and mid-p on 5,000 tables of 150 v 150, against a loop over SciPy."""

from __future__ import annotations

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of, seconds_of
from pvtracker.ops.rooms import Installation

TABLES, SIZE, PEER_TABLES = 5_000, 150, 500


def run(installation: Installation) -> Measurement:
    from scipy.stats import fisher_exact

    chance = np.random.default_rng(1)
    rate = chance.uniform(0.01, 0.5, TABLES)
    totals = np.full(TABLES, SIZE)
    n_arm, n_ref = chance.binomial(SIZE, rate), chance.binomial(SIZE, rate)
    tables = (n_arm, totals, n_ref, totals)
    ours = best_of(3, lambda: (stats.fisher(*tables), stats.fisher_midp(*tables)))
    some = list(zip(n_arm[:PEER_TABLES], n_ref[:PEER_TABLES], strict=True))

    def loop() -> list[float]:
        return [float(fisher_exact([[a, SIZE - a], [b, SIZE - b]]).pvalue) for a, b in some]

    peer = seconds_of(loop) * TABLES / PEER_TABLES
    difference = np.max(np.abs(np.asarray(loop()) - stats.fisher(*tables).p[:PEER_TABLES]))
    return Measurement(
        what=f"Fisher and mid-p, {TABLES} tables of {SIZE} v {SIZE}",
        seconds=ours,
        peer=f"scipy.stats.fisher_exact in a loop, Fisher only ({PEER_TABLES} tables, scaled to {TABLES})",
        peer_seconds=peer,
        goal="at least 50 times as fast",
        more={"largest difference from SciPy": float(difference)},
    )
