"""Miettinen–Nurminen limits of the risk difference of 2,000 tables, against one root at a time with SciPy."""

from __future__ import annotations

import math

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of, seconds_of
from pvtracker.ops.benchmarks.boschloo import of_size
from pvtracker.ops.rooms import Installation

TABLES, SIZE, PEER_TABLES = 2_000, 150, 200


def run(installation: Installation) -> Measurement:
    """R's ratesci is not to be had: 0.42 s for 2,000 tables, vectorised, on such a machine (design.md)."""
    tables = of_size(SIZE, TABLES)
    ours = best_of(3, lambda: stats.risk_difference_mn(*tables))
    many = of_size(SIZE, 10 * TABLES)
    long = best_of(2, lambda: stats.risk_difference_mn(*many))
    some = tuple(each[:PEER_TABLES] for each in tables)
    found: list[tuple[float, float]] = []
    peer = seconds_of(lambda: found.extend(map(_limits, *(each.tolist() for each in some))))
    mine = stats.risk_difference_mn(*some)
    apart = np.abs(np.array(found) - np.column_stack([mine.low, mine.high])).max()
    return Measurement(
        what=f"Miettinen–Nurminen limits of the risk difference, {TABLES} tables of {SIZE} v {SIZE}",
        seconds=ours,
        peer=f"stand-in, no R with ratesci: scipy.optimize.brentq, table by table ({PEER_TABLES} tables, scaled to "
        f"{TABLES})",
        peer_seconds=peer * TABLES / PEER_TABLES,
        goal="0.084 s or less: 5 times as fast as R ratesci, 0.42 s",
        more={
            f"seconds for {10 * TABLES} tables": round(long, 3),
            "growth exponent of tables": round(math.log10(long / ours), 2),
            "largest difference from the stand-in": float(apart),
        },
    )


def _limits(n_arm: int, N_arm: int, n_ref: int, N_ref: int) -> tuple[float, float]:
    """Of one table: the differences at which the score is that of the 95 % point, by bracketing."""
    from scipy.optimize import brentq
    from scipy.stats import chi2

    p_arm, p_ref, total = n_arm / N_arm, n_ref / N_ref, N_arm + N_ref

    def excess(difference: float) -> float:
        """The likelihood equation of the reference's risk, given the difference, is a cubic: its root in range."""
        cubic = (
            total,
            (N_arm + 2 * N_ref) * difference - total - n_arm - n_ref,
            (N_ref * difference - total - 2 * n_ref) * difference + n_arm + n_ref,
            n_ref * difference * (1 - difference),
        )
        lowest, highest = max(0.0, -difference), min(1.0, 1 - difference)
        roots = [root.real for root in np.roots(cubic) if abs(root.imag) < 1e-7]
        ref = min(max(min(roots, key=lambda r: max(lowest - r, r - highest, 0.0)), lowest), highest)
        arm = ref + difference
        variance = (arm * (1 - arm) / N_arm + ref * (1 - ref) / N_ref) * total / (total - 1)
        return float((p_arm - p_ref - difference) ** 2 / max(variance, 1e-300) - chi2.isf(0.05, 1))

    at = p_arm - p_ref
    return (
        brentq(excess, -1 + 1e-12, at, xtol=1e-12) if at > -1 else -1.0,
        brentq(excess, at, 1 - 1e-12, xtol=1e-12) if at < 1 else 1.0,
    )
