"""Miettinen–Nurminen limits of the risk difference of 2,000 tables, against R ratesci, which takes all at once, or
where R has it not against one root at a time with SciPy."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of, r, seconds_of
from pvtracker.ops.benchmarks.boschloo import of_size
from pvtracker.ops.rooms import Installation

TABLES, SIZE, PEER_TABLES = 2_000, 150, 200
R_SCRIPT = """
suppressMessages(library(ratesci))
g <- as.matrix(read.table("given.txt"))
limits <- function() scoreci(g[, 1], g[, 2], g[, 3], g[, 4], skew = FALSE)$estimates[, c("lower", "upper")]
taken <- sapply(1:3, function(one) system.time(found <<- limits())[["elapsed"]])
cat(min(taken), file = "told.txt")
write.table(found, "limits.txt", row.names = FALSE, col.names = FALSE)
"""


def run(installation: Installation) -> Measurement:
    tables = of_size(SIZE, TABLES)
    ours = best_of(3, lambda: stats.risk_difference_mn(*tables))
    many = of_size(SIZE, 10 * TABLES)
    long = best_of(2, lambda: stats.risk_difference_mn(*many))
    peer, peer_seconds, limits = _ratesci(tables) or _loop(tables)
    mine = stats.risk_difference_mn(*(each[: len(limits)] for each in tables))
    apart = np.abs(limits - np.column_stack([mine.low, mine.high])).max()
    return Measurement(
        what=f"Miettinen–Nurminen limits of the risk difference, {TABLES} tables of {SIZE} v {SIZE}",
        seconds=ours,
        peer=peer,
        peer_seconds=peer_seconds,
        goal="0.084 s or less: 5 times as fast as R ratesci, 0.42 s",
        more={
            f"seconds for {10 * TABLES} tables": round(long, 3),
            "growth exponent of tables": round(math.log10(long / ours), 2),
            "largest difference from the peer": float(apart),
        },
    )


def _ratesci(tables: tuple[np.ndarray, ...]) -> tuple[str, float, np.ndarray] | None:
    """scoreci of all tables at once, if an R has it: what it is, seconds, limits to six decimals (tables, 2)."""
    version = r.version("ratesci")
    if version is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        np.savetxt(place / "given.txt", np.column_stack(tables), fmt="%d")
        r.run(R_SCRIPT, place)
        limits = np.loadtxt(place / "limits.txt")
        seconds = float((place / "told.txt").read_text())
    return f"R package ratesci {version}, scoreci of all tables at once, with tests", seconds, limits


def _loop(tables: tuple[np.ndarray, ...]) -> tuple[str, float, np.ndarray]:
    """What it is, seconds of all tables as scaled from some, and their limits (some, 2)."""
    some = [each[:PEER_TABLES].tolist() for each in tables]
    found: list[tuple[float, float]] = []
    seconds = seconds_of(lambda: found.extend(map(_limits, *some))) * TABLES / PEER_TABLES
    name = f"stand-in, no R with ratesci: SciPy’s brentq, table by table ({PEER_TABLES} tables, scaled to {TABLES})"
    return name, seconds, np.array(found)


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
