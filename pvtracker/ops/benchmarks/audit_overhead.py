"""What the audit trail costs: the same writes with its triggers off, on, and on while the sealer works.

In a scratch installation, whose owner takes the triggers off: nowhere else is there a trail that is off. As many
writers as there are cores work at once, so that no core does the sealing for nothing. Four loads in the open room:
adverse events recorded through the action, single rows inserted in transactions of their own, a COPY of many rows, and
a statement that updates many. Each round has every load in every condition, in another order each time; the figure is
the median over the rounds of what was left of the throughput in that round. Sealing waits for no writer and
no writer for it: with the sealer at work it is counted until the writers are done, which is what the goal is about,
and, beside it, until the last entry is a link of the chain. Not counted, because they are there without the triggers
too: telling the database who acts, and what rights refuse.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import psycopg

from pvtracker.audit.sealing import EVERY_SECONDS, Pace, seal
from pvtracker.ops import children
from pvtracker.ops.benchmarks import Measurement
from pvtracker.ops.benchmarks.scratch import STUDY_OF_ONE, scratch
from pvtracker.ops.rooms import Installation

ROUNDS = 5
WRITERS = max(2, min(os.cpu_count() or 2, 4))
LOADS = {
    "actions": 120,
    "rows": 1_200,
    "copied": 60_000,
    "updated": 60_000,
}  # by each writer: seconds of each
CONDITIONS = ("off", "on", "sealed")
FIGURES = {"on": "recorded", "sealed": "recorded beside the sealer", "last": "until the last entry is sealed"}
# Runs inside the open room: its own settings, its own login. It has a study of its own, and obeys line by line: a load
# is made ready, then done.
WRITER = (
    STUDY_OF_ONE
    + """
import sys
from django.db import transaction
from django.db.models import F
from pvtracker.audit.bulk import copy_objects
from pvtracker.events.actions.capture import record_event
from pvtracker.events.details import EventDetails

def actions(count):
    for n in range(count):
        said = EventDetails(verbatim=f"Headache {n}", onset="2026-03-05", end="2026-03-07", grade=1, serious=False,
            outcome="recovered")
        yield lambda said=said: record_event(
            participant=one, details=said, submission_key=uuid.uuid4(), separate=True, by=by
        )

def row():
    with transaction.atomic():
        acting(by=by, reason="", source="bench")
        enter_study(study.id)
        key = uuid.uuid4().hex
        Visit.objects.create(study=study, participant=one, source_id=key, name=f"Visit {key[:6]}")

def rows(count):
    return [row] * count

def copied(count, part=2_500):
    made = [Measurement(study=study, participant=one, source_id=uuid.uuid4().hex, domain="LB", analyte="CD4",
        name="CD4 cells", value_text=str(n), value=float(n), unit="cells/uL", visit="Week 1", taken_on="2026-03-05",
        taken_on_earliest="2026-03-05", taken_on_latest="2026-03-05") for n in range(count)]

    def some(objects):
        with transaction.atomic():
            acting(by=by, reason="", source="bench")
            enter_study(study.id)
            copy_objects(Measurement, objects)
    return [lambda n=n: some(made[n : n + part]) for n in range(0, count, part)]

def updated(count, part=2_500):
    with within(study.id):
        ids = list(Measurement.objects.order_by("-id").values_list("id", flat=True)[:count])

    def some(ids):
        with transaction.atomic():
            acting(by=by, reason="", source="bench")
            enter_study(study.id)
            Measurement.objects.filter(id__in=ids).update(value=F("value") + 1)
    return [lambda n=n: some(ids[n : n + part]) for n in range(0, len(ids), part)]

print("ready", flush=True)
for line in sys.stdin:
    if line.startswith("go"):
        for work in prepared:
            work()
    else:
        load, count = line.split()
        prepared = list(globals()[load](int(count)))
    print("done", flush=True)
"""
)

Writers = Sequence["subprocess.Popen[str]"]


def run(installation: Installation) -> Measurement:
    """The median of what is left of the throughput, by load and condition."""
    left: dict[tuple[str, str], list[float]] = {}
    spent: dict[tuple[str, str], list[float]] = {}
    with scratch(installation) as place, _writers(place) as writers:
        for number in range(ROUNDS):
            for load, count in LOADS.items():
                told: dict[str, float] = {}
                for condition in _turned(CONDITIONS, number):
                    told |= _measured(place, writers, condition, load, count)
                for figure in told:
                    spent.setdefault((load, figure), []).append(told[figure])
                    left.setdefault((load, figure), []).append(told["off"] / told[figure])
    shares: dict[str, float | int | str] = {
        f"{load}, {words}": _share(left[load, figure]) for load in LOADS for figure, words in FIGURES.items()
    }
    return Measurement(
        what=f"{WRITERS * LOADS['actions']} adverse events through the action by {WRITERS} writers, recorded "
        "beside the sealer, against the same without the triggers",
        seconds=median(spent["actions", "sealed"]),
        peer="the same writes with the triggers off",
        peer_seconds=median(spent["actions", "off"]),
        goal="at least 0.6 of the writers' throughput (at most 40 % lost); the shares below",
        more=shares,
    )


def _share(ratios: list[float]) -> str:
    """The median, and how far the rounds lie apart: on a busy machine more than what is measured."""
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _turned(conditions: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Each comes first, in the middle and last in turn; every second time backwards."""
    first = number % len(conditions)
    turned = conditions[first:] + conditions[:first]
    return turned[::-1] if number % 2 else turned


@contextlib.contextmanager
def _writers(place: Installation) -> Iterator[Writers]:
    command = children.command_line("shell", "--no-imports", "-c", WRITER)
    writers = [
        subprocess.Popen(
            command,
            env=place.environment("open"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WRITERS)
    ]
    try:
        _answered(writers, "ready")
        yield writers
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


def _measured(
    place: Installation, writers: Writers, condition: str, load: str, count: int
) -> dict[str, float]:
    """Seconds until every writer is done, by the name of the condition; beside a sealer `last`, until all is sealed."""
    _switch(place, on=condition != "off")
    _told(writers, f"{load} {max(1, count // 20)}")  # the statements are planned anew after the switch
    _told(writers, "go")
    _told(writers, f"{load} {count}")
    with psycopg.connect(place.sealer_url("open"), autocommit=True) as connection:
        while seal(connection)[1]:  # what was recorded before is not this load's to pay for
            pass
        before = _last(connection)
        written = threading.Event()
        sealer = threading.Thread(target=_seal, args=(connection, written))
        begun = time.perf_counter()
        if condition == "sealed":
            sealer.start()
        _told(writers, "go")
        spent = {condition: time.perf_counter() - begun}
        written.set()
        if condition == "sealed":
            sealer.join()
            spent["last"] = time.perf_counter() - begun
        if (_last(connection) > before) != (condition != "off"):
            raise RuntimeError(f"the trail was not {condition} while it was measured")
    return spent


def _last(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    """The latest entry; none is there before the writers begin but those of their studies."""
    found = connection.execute("select max(id) from audit.entry").fetchone()
    return int(found[0]) if found else 0


def _seal(connection: psycopg.Connection[tuple[Any, ...]], written: threading.Event) -> None:
    """What the scheduler does, as often and as long; when the writers are done at once, until nothing waits."""
    pace = Pace()
    while not written.is_set():
        begun = time.monotonic()
        pace.go(connection)
        written.wait(begun + EVERY_SECONDS - time.monotonic())
    while seal(connection)[1]:
        pass


def _told(writers: Writers, line: str) -> None:
    for writer in writers:
        print(line, file=writer.stdin, flush=True)
    _answered(writers, "done")


def _answered(writers: Writers, word: str) -> None:
    for writer in writers:
        said = writer.stdout.readline().strip() if writer.stdout else ""
        if said != word:
            raise RuntimeError(f"a writer of the benchmark ended: {said}")


def _switch(place: Installation, *, on: bool) -> None:
    with psycopg.connect(place.database_url("open", owner=True)) as connection:
        for table, trigger in connection.execute(
            "select tgrelid::regclass::text, tgname from pg_trigger where tgname like 'pv\\_recorded\\_%'"
        ).fetchall():
            word = "enable always" if on else "disable"
            connection.execute(f'alter table {table} {word} trigger "{trigger}"'.encode())
