"""Exact unconditional limits of the risk difference on 5,000 tables of 150 v 150, and how their time grows."""

from __future__ import annotations

import math
import time

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, seconds_of
from pvtracker.ops.benchmarks.boschloo import of_size
from pvtracker.ops.rooms import Installation

TABLES, SIZE, FEW = 5_000, 150, 500


def run(installation: Installation) -> Measurement:
    """No peer: SciPy has none, and R exact2x2 (31 s for one interval of 148 v 132, design.md) is not to be had."""
    tables = of_size(SIZE, TABLES)
    begun = time.process_time()
    ours = seconds_of(lambda: stats.risk_difference_exact(*tables))
    processor = time.process_time() - begun
    fewer, larger = (tuple(each[:FEW] for each in of_size(size, TABLES)) for size in (SIZE, 2 * SIZE))
    few = seconds_of(lambda: stats.risk_difference_exact(*fewer))
    large = seconds_of(lambda: stats.risk_difference_exact(*larger))
    return Measurement(
        what=f"exact unconditional limits (Chan & Zhang), {TABLES} tables of {SIZE} v {SIZE}",
        seconds=ours,
        goal="60 s or less",
        more={
            "processor seconds": round(processor, 1),
            f"seconds for {FEW} tables": round(few, 2),
            "growth exponent of tables": round(math.log(ours / few) / math.log(TABLES / FEW), 2),
            f"seconds for {FEW} tables of {2 * SIZE} v {2 * SIZE}": round(large, 2),
            "growth exponent of participants": round(math.log2(large / few), 2),
        },
    )
