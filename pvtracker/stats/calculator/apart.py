"""A calculation in a process of its own, which may take so much time and memory and no more.

For a page: some methods take hours for numbers that are quickly typed, and a web server has few hands. The child knows
nothing but what was typed: no setting, no secret, no connection.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress

from pvtracker.lib.code_version import ROOT
from pvtracker.stats.calculator.arguments import Refused
from pvtracker.stats.calculator.cases import typed
from pvtracker.stats.calculator.computed import Computed, compute
from pvtracker.stats.catalogue import STATISTICS, Statistic

SECONDS = 20  # of processor time, and by the clock half as many again
MEMORY = 2 * 2**30  # bytes of address space, of which libraries take a part before they begin
PATIENCE = 10.0  # seconds that a reader waits for another reader's calculation
BUSY = "Another calculation is being made on this server. Send yours again in a moment."
TOO_MUCH = (
    f"This takes more than the {SECONDS} seconds or the memory that a page has. Give less, or use the command "
    "`manage.py calculate`, which has no such limit."
)
_one_at_a_time = threading.BoundedSemaphore(1)


def compute_apart(
    statistic: Statistic, texts: Mapping[str, str], *, seconds: int = SECONDS
) -> list[Computed]:
    """What `compute` gives for the typed texts; Refused with its sentence, or when it takes too much."""
    if not _one_at_a_time.acquire(timeout=PATIENCE):
        raise Refused(BUSY)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pvtracker.stats.calculator.apart"],
            input=json.dumps({"key": statistic.key, "texts": dict(texts), "seconds": seconds}).encode(),
            capture_output=True,
            cwd=ROOT,
            env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=seconds * 1.5,
        )
    except subprocess.TimeoutExpired as fault:
        raise Refused(TOO_MUCH) from fault
    finally:
        _one_at_a_time.release()
    if done.returncode:
        raise Refused(TOO_MUCH)
    found = pickle.loads(done.stdout)  # noqa: S301 - what our own child wrote
    if isinstance(found, str):
        raise Refused(found)
    computed: list[Computed] = found
    return computed


def _child() -> None:
    given = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (given["seconds"], given["seconds"]))
    with suppress(ValueError, OSError):  # macOS does not limit address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    statistic = STATISTICS[given["key"]]
    try:
        answer: list[Computed] | str = compute(statistic, typed(statistic, given["texts"]))
    except Refused as refusal:
        answer = str(refusal)
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    _child()
