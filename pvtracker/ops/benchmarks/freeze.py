"""A cut of a 400,000-event trial against a bare COPY of the same rows, both read from the same database."""

from __future__ import annotations

import json
import subprocess

from pvtracker.ops import children
from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.benchmarks.large_trial import large_trial
from pvtracker.ops.rooms import Installation

# Runs inside the open room: its own settings, its own login.
CODE = """
import io, json, time, uuid
from datetime import date
from django.db import connection, transaction
from pvtracker.cuts import freeze
from pvtracker.cuts.columns import OPEN_DATASETS
from pvtracker.cuts.datasets import select
from pvtracker.ops.management.studies import study_named
study, day = study_named({study!r}), date(2100, 1, 1)

def bare():
    with freeze.snapshot(study.id), connection.cursor() as cursor, open("/dev/null", "wb") as nowhere:
        for name in OPEN_DATASETS:
            statement = select(name, study_id=study.id, cut_date=day).as_string(cursor.connection)
            with cursor.copy(f"copy ({{statement}}) to stdout") as copy:
                for block in copy:
                    nowhere.write(block)

def cut():
    identity = uuid.uuid4()
    with freeze.snapshot(study.id):
        return identity, freeze.write_cut(
            study=study, cut_id=identity, cut_date=day, progress=lambda *told: None
        )

bare()  # both find the pages in memory
begun = time.perf_counter(); bare(); peer = time.perf_counter() - begun
begun = time.perf_counter(); identity, manifest = cut(); ours = time.perf_counter() - begun
import shutil; shutil.rmtree(freeze.folder_of(identity))
print(json.dumps(dict(ours=ours, peer=peer, rows=dict((n, d["rows"]) for n, d in manifest["datasets"].items()))))
"""


def run(installation: Installation) -> Measurement:
    with large_trial(installation, participants=40_000) as (place, study):
        code = CODE.format(study=study)
        done = children.run(place, "open", "shell", "--no-imports", "-c", code, stdout=subprocess.PIPE)
    measured = json.loads(done.stdout.strip().splitlines()[-1])
    return Measurement(
        what=f"freeze of {measured['rows']['adverse_events']} events, {measured['rows']['participants']} participants",
        seconds=measured["ours"],
        peer="COPY of the same SELECTs to nowhere",
        peer_seconds=measured["peer"],
        goal="at most 2 × the COPY, a ratio of 0.5 or more",
    )
