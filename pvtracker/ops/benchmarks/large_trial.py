"""A large simulated trial in databases of its own, beside those of the installation and gone afterwards."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator

from pvtracker.ops.benchmarks.scratch import scratch
from pvtracker.ops.commands import simulate_trial
from pvtracker.ops.rooms import Installation

STUDY = "BENCH"


@contextlib.contextmanager
def large_trial(
    installation: Installation, *, participants: int, bulk: bool = True
) -> Iterator[tuple[Installation, str]]:
    """Yields an installation on the same server with a simulated trial in it, and the study's code."""
    with scratch(installation) as place:
        print(f"simulating {participants:,} participants …", file=sys.stderr, flush=True)
        chosen = argparse.Namespace(
            study=STUDY, participants=participants, arms=2, seed=1, effect=[], bulk=bulk
        )
        if simulate_trial.run(chosen, place):
            raise RuntimeError("the trial of the benchmark could not be simulated")
        yield place, STUDY
