"""Boschloo's and Barnard's tests on 5,000 tables of 150 v 150, against a loop over SciPy, and how their time grows."""

from __future__ import annotations

import math

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of, seconds_of
from pvtracker.ops.rooms import Installation
from pvtracker.stats.results import IntArray

TABLES, SIZE, PEER_TABLES = 5_000, 150, 25


def run(installation: Installation) -> Measurement:
    from scipy.stats import boschloo_exact

    tables = of_size(SIZE, TABLES)
    ours = best_of(2, lambda: stats.boschloo(*tables))
    some = list(zip(tables[0][:PEER_TABLES], tables[2][:PEER_TABLES], strict=True))
    expected: list[float] = []

    def loop() -> None:
        expected.extend(
            float(boschloo_exact([[a, b], [SIZE - a, SIZE - b]]).pvalue) for a, b in some
        )  # two-sided: twice the smaller

    peer = seconds_of(loop) * TABLES / PEER_TABLES
    central = stats.boschloo(*(each[:PEER_TABLES] for each in tables), two_sided="central").p
    fewer, larger = of_size(SIZE, TABLES // 10), of_size(4 * SIZE, TABLES // 10)
    few = best_of(2, lambda: stats.boschloo(*fewer))
    large = seconds_of(lambda: stats.boschloo(*larger))
    return Measurement(
        what=f"Boschloo, {TABLES} tables of {SIZE} v {SIZE}",
        seconds=ours,
        peer=f"scipy.stats.boschloo_exact in a loop ({PEER_TABLES} tables, scaled to {TABLES})",
        peer_seconds=peer,
        goal="60 s or less",
        more={
            "seconds for Barnard": round(seconds_of(lambda: stats.barnard(*tables)), 2),
            f"seconds for {TABLES // 10} tables": round(few, 2),
            "growth exponent of tables": round(math.log(ours / few) / math.log(10), 2),
            f"seconds for {TABLES // 10} tables of {4 * SIZE} v {4 * SIZE}": round(large, 2),
            "growth exponent of participants": round(math.log(large / few) / math.log(4), 2),
            "largest difference from SciPy (central)": float(np.max(np.abs(np.asarray(expected) - central))),
        },
    )


def of_size(size: int, tables: int) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Tables of two arms of that size with equal risks between 1 and 50 percent."""
    chance = np.random.default_rng(1)
    rate, totals = chance.uniform(0.01, 0.5, tables), np.full(tables, size)
    return chance.binomial(size, rate), totals, chance.binomial(size, rate), totals
