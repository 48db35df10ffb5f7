"""The mixed model for repeated measures against R nlme `gls` on one trial of 38 against 36, and at the largest size."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from pvtracker import stats
from pvtracker.ops.benchmarks import Measurement, best_of, peak_megabytes, r, seconds_of
from pvtracker.ops.coverage_courses import WEEKS, trial
from pvtracker.ops.rooms import Installation
from pvtracker.stats.results import FloatArray, IntArray

SEED = 1
LARGEST = 5000, 30  # participants, weeks
GAPS = 0.1
Long = tuple[IntArray, IntArray, FloatArray, IntArray, FloatArray]
R_SCRIPT = """
suppressMessages(library(nlme))
d <- read.csv("given.csv"); d$w <- factor(d$week)
taken <- system.time(fit <- gls(
  value ~ arm * w + baseline * w, d, correlation = corSymm(form = ~ week | id), weights = varIdent(form = ~ 1 | week),
  method = "REML", control = glsControl(maxIter = 500, msMaxIter = 500)))
cat(taken[["elapsed"]], format(-2 * as.numeric(logLik(fit)), digits = 15), sep = "\\n", file = "told.txt")
"""


def run(installation: Installation) -> Measurement:
    y, arm, baseline = trial(np.random.default_rng(SEED), 0.9)
    given = long(y, arm, baseline)
    ours = best_of(3, lambda: fitted(given))
    peer = _nlme(given)
    more: dict[str, float | int | str] = {}
    if peer is not None:
        more["difference of −2 log L from the peer’s"] = float(peer[1] + 2 * fitted(given).log_likelihood)
    large = _large()
    people, weeks = LARGEST
    more[f"{people} participants, {weeks} weeks, gaps everywhere, s"] = round(
        seconds_of(lambda: fitted(large)), 1
    )
    more["peak of the process, MB"] = peak_megabytes()
    return Measurement(
        what=f"mixed model, unstructured, {len(y)} participants, {len(WEEKS)} weeks, Kenward–Roger",
        seconds=ours,
        peer="R nlme gls, without such degrees of freedom" if peer else "",
        peer_seconds=peer[0] if peer else None,
        goal="at least 5 times as fast; the largest size in 60 s",
        more=more,
    )


def fitted(given: Long) -> stats.MixedRepeated:
    participant, week, value, arm, baseline = given
    return stats.mmrm(participant, week, value, arm, baseline=baseline)


def long(y: FloatArray, arm: IntArray, baseline: FloatArray) -> Long:
    """One row for each participant and week."""
    people, weeks = y.shape
    week = np.arange(1, weeks + 1)
    return (
        np.repeat(np.arange(people), weeks),
        np.tile(week, people),
        y.ravel(),
        np.repeat(arm, weeks),
        np.repeat(baseline, weeks),
    )


def _large() -> Long:
    people, weeks = LARGEST
    rng = np.random.default_rng(SEED)
    lag = np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    y = rng.multivariate_normal(np.zeros(weeks), 0.9**lag, people)
    y[rng.random(y.shape) < GAPS] = np.nan
    return long(y, np.arange(people) % 2, rng.normal(size=people))


def _nlme(given: Long) -> tuple[float, float] | None:
    """Seconds and −2 log L, if an R with nlme is there."""
    if r.version("nlme") is None:
        return None
    rows = np.column_stack([*given])[~np.isnan(given[2])]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        np.savetxt(
            place / "given.csv",
            rows,
            delimiter=",",
            header="id,week,value,arm,baseline",
            comments="",
            fmt="%.17g",
        )
        r.run(R_SCRIPT, place)
        seconds, minus_two = (place / "told.txt").read_text().split()
    return float(seconds), float(minus_two)
