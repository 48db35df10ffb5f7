"""Jobs with a real worker: killed, stopped and continued, and with its broker emptied."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import psycopg

from pvtracker.ops.blind import scratch
from pvtracker.ops.rooms import Installation
from tests.rooms import query, shell, wait_for

Starter = Callable[..., subprocess.Popen[bytes]]


def rehearsals(rooms: Installation, *, count: int, steps: int, seconds: float) -> list[str]:
    """Queue drill jobs through the real action; returns their ids."""
    code = (
        "from pvtracker.jobs.actions import enqueue; from pvtracker.audit.context import Actor\n"
        f"for _ in range({count}):\n"
        "    job = enqueue(task='jobs.rehearse', study_id=None, "
        f"parameters={{'steps': {steps}, 'seconds': {seconds}}}, by=Actor.process('drill'))\n"
        "    print('job', job.id)\n"
    )
    done = shell(rooms, "open", code)
    ids = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("job ")]
    assert len(ids) == count, done.stdout
    return ids


def states(rooms: Installation, ids: list[str]) -> set[object]:
    return {row[0] for row in query(rooms, "open", "select state from jobs_job where id = any(%s)", ids)}


def result(rooms: Installation, job: str) -> dict[str, int]:
    found = query(rooms, "open", "select result from jobs_job where id = %s", job)[0][0]
    assert isinstance(found, dict)
    return found


def expire_leases(rooms: Installation) -> None:
    """What two quiet minutes do, without waiting for them."""
    query(
        rooms,
        "open",
        "update jobs_job set lease_until = now() - interval '1 second', rung_at = now() - interval '1 minute'"
        " where state = 'running'",
    )


def test_a_killed_worker_loses_no_job(rooms: Installation, start: Starter) -> None:
    worker = start("open", "worker", "worker")
    [job] = rehearsals(rooms, count=1, steps=100, seconds=0.1)
    wait_for(lambda: states(rooms, [job]) == {"running"}, seconds=30, saying="the job did not start")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    query(rooms, "open", 'update jobs_job set parameters = \'{"steps": 1, "seconds": 0}\' where id = %s', job)
    expire_leases(rooms)
    start("open", "worker-again", "worker")
    start("open", "scheduler", "scheduler")
    wait_for(lambda: states(rooms, [job]) == {"done"}, seconds=40, saying="the job was not taken up again")
    assert result(rooms, job)["fence"] == 2


def test_a_zombie_writes_nothing(rooms: Installation, start: Starter) -> None:
    zombie = start("open", "zombie", "worker")
    [job] = rehearsals(rooms, count=1, steps=30, seconds=0.1)
    wait_for(lambda: states(rooms, [job]) == {"running"}, seconds=30, saying="the job did not start")
    os.killpg(zombie.pid, signal.SIGSTOP)
    expire_leases(rooms)
    start("open", "living", "worker")
    start("open", "scheduler", "scheduler")
    wait_for(lambda: states(rooms, [job]) == {"done"}, seconds=60, saying="the job was not taken over")
    finished = result(rooms, job)
    os.killpg(zombie.pid, signal.SIGCONT)
    log = rooms.home.path / "logs" / "open-zombie.log"
    wait_for(lambda: "lost its lease" in log.read_text(), seconds=30, saying="the zombie did not notice")
    assert result(rooms, job) == finished and finished["fence"] == 2


def test_an_emptied_broker_loses_no_job(rooms: Installation, start: Starter) -> None:
    ids = rehearsals(rooms, count=200, steps=1, seconds=0)
    broker = scratch.client(rooms.broker_urls["open"])
    waiting = "".join(item.decode() for item in broker.lrange("open:open", 0, -1))
    assert all(job in waiting for job in ids), "the bells should be waiting in the broker"
    assert "steps" not in waiting, "a message carries the id only"
    broker.flushdb()  # of this installation; other tests run beside it
    query(rooms, "open", "update jobs_job set rung_at = now() - interval '1 minute' where state = 'queued'")
    start("open", "worker", "worker")
    start("open", "scheduler", "scheduler")
    wait_for(lambda: states(rooms, ids) == {"done"}, seconds=60, saying="not every job ran")
    attempts = query(rooms, "open", "select distinct attempt from jobs_job where id = any(%s)", ids)
    assert attempts == [(1,)], "each ran once"


def test_forms_do_not_wait_for_a_dead_broker(rooms: Installation) -> None:
    code = (
        "from django.conf import settings; settings.BROKER_URL = 'redis://127.0.0.1:1/0'\n"
        "import time; from pvtracker.jobs.actions import enqueue; from pvtracker.audit.context import Actor\n"
        "begun = time.monotonic()\n"
        "job = enqueue(task='jobs.rehearse', study_id=None, parameters={}, by=Actor.process('drill'))\n"
        "print('took', time.monotonic() - begun, job.id)\n"
    )
    done = shell(rooms, "open", code)
    took = next(line.split() for line in done.stdout.splitlines() if line.startswith("took"))
    assert float(took[1]) < 5, done.stdout
    with psycopg.connect(rooms.database_url("open")) as connection:
        assert connection.execute(
            "select state, rung_at from jobs_job where id = %s", [took[2]]
        ).fetchone() == (
            "queued",
            None,
        )
