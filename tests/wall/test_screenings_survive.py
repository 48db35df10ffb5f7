"""Screenings with a real worker: killed in the middle, its broker emptied, cancelled and resumed; each ends as if
nothing had happened."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pvtracker.lib.canonical import sha256_hex
from pvtracker.lib.sealed import unseal
from pvtracker.ops import children
from pvtracker.ops.blind import scratch
from pvtracker.ops.rooms import Installation
from tests.rooms import query, shell, wait_for
from tests.wall.trail import act, connected

Starter = Callable[..., subprocess.Popen[bytes]]
Holding = AbstractContextManager[Callable[[], bool]]
PIECES = 6  # the methods of every run, and Boschloo's test for each of five selections


@pytest.fixture(scope="module")
def orders(rooms: Installation) -> dict[str, str]:
    """The screenings that were placed, by study; that of CALM is done, that of KILLED put aside."""
    done = shell(rooms, "closed", "from tests.wall.screenings import set_up; print(*set_up(), sep='\\n')")
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("order ")]
    assert len(told) == 3, done.stdout
    query(
        rooms,
        "closed",
        "update jobs_job set state = 'running', lease_until = now() + interval '1 hour' where id ="
        " (select job_id from signals_screeningorder where id = %s)",
        told[1][2],
    )
    return {code: order for _, code, order in told}


# --- what holds a worker up at a point -----------------------------------------------------------------------------
@contextmanager
def holding(rooms: Installation, statement: str) -> Iterator[Callable[[], bool]]:
    """An open transaction of the administrator that a worker runs into; yields whether one waits for it."""
    with connected(rooms, "closed", "superuser") as connection:
        act(connection)
        connection.execute(statement.encode())
        holder = connection.info.backend_pid
        waiting = "select pid from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
        yield lambda: bool(query(rooms, "closed", waiting, holder))
        connection.rollback()


def again(table: str, **changed: str) -> str:
    """A statement that inserts a row of the table once more, changed; who inserts the same key waits for it."""
    said = ", ".join(f"'{name}', {value}" for name, value in changed.items())
    row = f"(jsonb_populate_record(one, jsonb_build_object({said}))).*"
    return f"insert into {table} overriding system value select {row} from {table} as one limit 1"


def before_piece(rooms: Installation, order: str, place: int) -> Holding:
    """The pieces before this one are finished; its rows are computed, and it is not noted."""
    return holding(rooms, again("signals_screeningpiece", id="-1", order_id=f"'{order}'", place=str(place)))


def amid_rows(rooms: Installation) -> Holding:
    """Some of the result rows are written."""
    return holding(rooms, again("signals_result", id="(select last_value + 100 from signals_result_id_seq)"))


def before_alerts(rooms: Installation) -> Holding:
    """Rows, signals and their steps are written, and nobody is told yet."""
    return holding(rooms, "lock table signals_signalalert in share mode")


def silence(rooms: Installation, order: str) -> None:
    """What two quiet minutes do: leases run out, and no bell is fresh."""
    query(
        rooms,
        "closed",
        "update jobs_job set rung_at = now() - interval '1 minute', lease_until ="
        " case when state = 'running' then now() - interval '1 second' end"
        " where state in ('queued', 'running') and parameters ->> 'order' = %s",
        order,
    )


def kill_the_child(worker: subprocess.Popen[bytes]) -> None:
    """Kill the process of the pool and leave its parent, as the kernel does when memory runs out."""
    found = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    assert found
    for pid in found:
        os.kill(int(pid), signal.SIGKILL)


# --- how it stands -------------------------------------------------------------------------------------------------
def job(rooms: Installation, order: str) -> tuple[object, ...]:
    """State, attempt and progress of the newest job of a screening."""
    [found] = query(
        rooms,
        "closed",
        "select state, attempt, progress_done, progress_total from jobs_job"
        " where id = (select job_id from signals_screeningorder where id = %s)",
        order,
    )
    return found


def pieces(rooms: Installation, order: str) -> list[object]:
    found = query(
        rooms, "closed", "select place from signals_screeningpiece where order_id = %s order by id", order
    )
    return [place for (place,) in found]


def outcome(rooms: Installation, order: str) -> dict[str, object]:
    """Everything that a run left, without ids and times, and its Parquet file as it lies in storage."""
    study = "(select study_id from signals_screeningorder where id = %s)"
    of_signals = f"join signals_signal g on g.id = one.signal_id where g.study_id = {study}"
    which = "g.level, g.term, g.selection, g.arm, g.reference"
    statements = {
        "run": "select to_jsonb(one) - array['id', 'study_id', 'cut_id', 'made_at'] from signals_run one"
        f" where study_id = {study}",
        "rows": "select to_jsonb(one) - array['id', 'study_id', 'run_id'] from signals_result one"
        f" where study_id = {study} order by id",
        "signals": f"select {which}, g.state, g.version from signals_signal g where study_id = {study}"
        " order by 1, 2, 3, 4",
        "steps": f"select {which}, what, one.version, reason, numbers from signals_signalstep one {of_signals}"
        " order by 1, 2, 3, 4, 7",
        "alerts": f"select {which}, kind, split_part(username, '-', 1) from accounts_account a"
        f" join signals_signalalert one on a.id = one.account_id {of_signals} order by 1, 2, 3, 4, 6, 7",
    }
    environment = rooms.environment("closed")
    folder = Path(environment["PVTRACKER_STORAGE"]) / "signals" / order
    content = unseal(
        (folder / "results.parquet.sealed").read_bytes(),
        key=base64.b64decode(environment["PVTRACKER_STORAGE_KEY"]),
        name=f"signals/{order}/results.parquet",
    )
    return {
        **{name: query(rooms, "closed", statement, order) for name, statement in statements.items()},
        "files": sorted(one.name for one in folder.iterdir()),
        "parquet": sha256_hex(content),
    }


def as_undisturbed(rooms: Installation, orders: dict[str, str], code: str) -> None:
    calm, found = (outcome(rooms, orders[one]) for one in ("CALM", code))
    sizes = {name: len(what) for name, what in calm.items() if isinstance(what, list)}
    assert sizes["run"] == sizes["files"] == 1 and sizes["rows"] > 200, "there is something to lose"
    assert sizes["signals"] == sizes["steps"] > 3 and sizes["alerts"] == 2 * sizes["steps"]
    for name, what in calm.items():
        assert found[name] == what, name


# --- the tests -----------------------------------------------------------------------------------------------------
def test_cancelled_while_a_worker_is_at_it_and_resumed(
    rooms: Installation, orders: dict[str, str], start: Starter
) -> None:
    order = orders["STOPPED"]
    acting = (
        "from tests.wall.screenings import act; act('cancel', 'STOPPED'); input(); act('resume', 'STOPPED')"
    )
    with before_piece(rooms, order, 2) as waits:
        start("closed", "worker-that-stops", "worker")
        person = subprocess.Popen(
            children.command_line("shell", "--no-imports", "-c", "input();" + acting),
            env=rooms.environment("closed"),
            stdin=subprocess.PIPE,
            text=True,
        )
        assert person.stdin is not None
        wait_for(waits, seconds=30, saying="the worker did not come to the third piece")
        person.stdin.write("cancel\n")
        person.stdin.flush()
        held = (
            "select pid from pg_stat_activity where datname = current_database()"
            " and cardinality(pg_blocking_pids(pid)) > 0"
        )
        wait_for(lambda: len(query(rooms, "closed", held)) == 2, seconds=30, saying="nobody cancelled")
    ended = "select state, run_id from signals_screeningorder where id = %s"
    wait_for(
        lambda: query(rooms, "closed", ended, order) == [("cancelled", None)],
        seconds=30,
        saying="not cancelled",
    )
    log = rooms.home.path / "logs" / "closed-worker-that-stops.log"
    wait_for(lambda: "lost its lease" in log.read_text(), seconds=30, saying="the worker went on")
    assert job(rooms, order) == ("failed", 1, 2, PIECES) and pieces(rooms, order) == [0, 1, 2]
    at_work = "select id from jobs_job where state in ('queued', 'running') and parameters ->> 'order' = %s"
    assert query(rooms, "closed", at_work, order) == []
    scratch.client(rooms.broker_urls["closed"]).flushdb()  # of this installation; others run beside it
    person.communicate("resume\n", timeout=30)
    wait_for(lambda: job(rooms, order)[0] == "done", seconds=30, saying="the run did not end")
    as_undisturbed(rooms, orders, "STOPPED")
    assert "Traceback" not in log.read_text()


def test_killed_again_and_again_and_its_broker_emptied(
    rooms: Installation, orders: dict[str, str], start: Starter
) -> None:
    order = orders["KILLED"]
    silence(rooms, order)
    with before_piece(rooms, order, 2) as waits:
        start("closed", "scheduler", "scheduler")
        worker = start("closed", "worker", "worker")
        wait_for(waits, seconds=30, saying="the worker did not come to the third piece")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        scratch.client(rooms.broker_urls["closed"]).flushdb()
    half = (
        Path(rooms.environment("closed")["PVTRACKER_STORAGE"]) / "signals" / order / ".piece-2.half-written"
    )
    half.touch()
    assert job(rooms, order) == ("running", 1, 2, PIECES) and pieces(rooms, order) == [0, 1]
    silence(rooms, order)
    with amid_rows(rooms) as waits:
        worker = start("closed", "worker-again", "worker")
        wait_for(waits, seconds=30, saying="the job was not taken up again")
        assert job(rooms, order) == ("running", 2, PIECES, PIECES)
        kill_the_child(worker)
    assert pieces(rooms, order) == list(range(PIECES))
    none = query(rooms, "closed", "select id from signals_result where run_id = %s", order)
    assert none == [], "a part of the rows is left"
    with before_alerts(rooms) as waits:
        silence(rooms, order)
        wait_for(waits, seconds=30, saying="the job was not taken up a third time")
        kill_the_child(worker)
    silence(rooms, order)
    wait_for(lambda: job(rooms, order)[0] == "done", seconds=30, saying="the run did not end")
    assert job(rooms, order)[1] == 4
    as_undisturbed(rooms, orders, "KILLED")
