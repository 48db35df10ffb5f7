"""`verify_audit` over a million entries: the chain link by link, and apart from it every row against what is told.

The entries are made as any other, by triggers on rows that the open room's login inserts and changes, many at a time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

import psycopg

from pvtracker.audit.sealing import seal
from pvtracker.ops import children
from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.benchmarks.scratch import STUDY_OF_ONE, scratch
from pvtracker.ops.rooms import Installation

ROWS, CHANGED, AT_ONCE = 800_000, 200_000, 100_000
# Runs inside the open room, with its own login.
FILL = """
from django.db import connection, transaction

def done(statement, values):
    with transaction.atomic():
        acting(by=by, reason="", source="bench")
        enter_study(study.id)
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

for first in range(0, {rows}, {at_once}):
    done(
        "insert into participants_measurement (study_id, participant_id, source_id, source_hash, domain, category,"
        " analyte, name, value_text, unit_text, value, unit, visit, not_done, taken_on, taken_on_earliest,"
        " taken_on_latest) select %s, %s, 'L' || n, '', 'LB', '', 'CD4', 'CD4 cells', n::text, '', n, 'cells/uL',"
        " 'Week 1', false, '2026-03-05', '2026-03-05', '2026-03-05' from generate_series(%s::int, %s) n",
        [study.id, one.id, first, first + {at_once} - 1],
    )
for first in range(0, {changed}, {at_once}):
    done(
        "update participants_measurement set value = value + 1 where value >= %s and value < %s and source_id = 'L' ||"
        " value::int",
        [first, first + {at_once}],
    )
"""
# Runs inside the open room, with the sealer's login.
VERIFY = """
import json, time
import psycopg
from django.conf import settings
from pvtracker.audit import verify
from pvtracker.ops.benchmarks import peak_megabytes
with psycopg.connect(settings.SEALER_URL) as connection, connection.cursor() as cursor:
    begun = time.perf_counter()
    with cursor.copy(f"copy ({verify.STREAM}) to stdout") as copy:
        for block in copy:
            pass
    peer = time.perf_counter() - begun
before = peak_megabytes()
verdict = verify.verify(settings.SEALER_URL, anchors=[])
print(json.dumps(dict(links=verdict.links, faults=verdict.faults, chain=verdict.chain_seconds,
    rows=verdict.rows_seconds, counted=verdict.rows, before=before, peak=peak_megabytes(), peer=peer)))
"""


def run(installation: Installation) -> Measurement:
    with scratch(installation) as place:
        print(f"recording {ROWS + CHANGED:,} entries …", file=sys.stderr, flush=True)
        fill = STUDY_OF_ONE + FILL.format(rows=ROWS, changed=CHANGED, at_once=AT_ONCE)
        if children.run(place, "open", "shell", "--no-imports", "-c", fill).returncode:
            raise RuntimeError("the entries of the benchmark could not be made")
        begun = time.perf_counter()
        with psycopg.connect(place.sealer_url("open"), autocommit=True) as connection:
            while seal(connection)[1]:
                pass
        sealing = time.perf_counter() - begun
        done = children.run(
            place, "open", "shell", "--no-imports", "-c", VERIFY, stdout=subprocess.PIPE, sealer=True
        )
    told = json.loads(done.stdout.strip().splitlines()[-1])
    if told["faults"] or told["links"] < ROWS + CHANGED:
        raise RuntimeError(
            f"the trail of the benchmark is not whole: {told['links']} links, {told['faults'][:3]}"
        )
    return Measurement(
        what=f"verify_audit, the chain of {told['links']} entries",
        seconds=told["chain"],
        peer="COPY of the same SELECT to nowhere, nothing hashed",
        peer_seconds=told["peer"],
        goal="60 s or less for 1,000,000 entries, bounded memory",
        more={
            f"seconds to compare {told['counted']} rows with the trail, besides": f"{told['rows']:.1f}",
            "seconds to seal, before": f"{sealing:.1f}",
            "peak of the process, MB": told["peak"],
            "of which before it began, MB": told["before"],
        },
    )
