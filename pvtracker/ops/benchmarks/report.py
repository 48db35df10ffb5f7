"""A closed report of 1,000 participants and about 14,000 events, made twice: the second must be the same bytes."""

from __future__ import annotations

import json
import subprocess

from pvtracker.ops import children
from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.benchmarks.large_trial import large_trial
from pvtracker.ops.rooms import Installation

TIMED = """
import hashlib, json, time
from pvtracker.audit.context import Actor
from pvtracker.reports import actions, pdf
from pvtracker.audit.context import within
from pvtracker.ops.management.studies import study_named
study, by = study_named({study!r}), Actor.process("command:bench")
with within(study.id):
    request = actions.request_for(study=study, audience="closed")
begun = time.perf_counter()
made = actions.compute(request, by=by, progress=lambda *told: None)
ours = time.perf_counter() - begun
again = actions.compute(request, by=by, progress=lambda *told: None)
print(json.dumps(dict(ours=ours, same=made.pdf == again.pdf, kilobytes=len(made.pdf) // 1024)))
"""


def run(installation: Installation) -> Measurement:

    with large_trial(installation, participants=1_000, bulk=False) as (place, study):
        for room, command in (
            ("open", ["freeze_cut", study]),
            ("closed", ["detect_signals", study]),
        ):
            if children.run(place, room, *command, stdout=subprocess.DEVNULL).returncode:
                raise RuntimeError(f"{command[0]} failed")
        done = children.run(
            place, "closed", "shell", "--no-imports", "-c", TIMED.format(study=study), stdout=subprocess.PIPE
        )
        measured = json.loads(done.stdout.strip().splitlines()[-1])
    return Measurement(
        what="closed report as PDF, 1,000 participants with visits, laboratory and about 14,000 events",
        seconds=measured["ours"],
        goal="15 s or less, byte-equal on rerun",
        more={"byte-equal on rerun": str(measured["same"]), "PDF, kB": measured["kilobytes"]},
    )
