"""What `serve` and `demo` keep running."""

from __future__ import annotations

import os
import signal

from pvtracker.ops import children
from pvtracker.ops.commands import serve
from pvtracker.ops.rooms import Installation
from tests.rooms import query, shell, wait_for


def test_a_killed_worker_is_started_again_and_its_job_is_done(rooms: Installation) -> None:
    code = (
        "from pvtracker.jobs.actions import enqueue; from pvtracker.audit.context import Actor\n"
        "print('job', enqueue(task='jobs.rehearse', study_id=None, parameters={'steps': 1, 'seconds': 0},"
        " by=Actor.process('drill')).id)\n"
    )
    with serve.background(rooms):
        for pid in children._remembered(rooms.home):
            os.killpg(pid, signal.SIGKILL)
        queued = shell(rooms, "open", code).stdout
        job = next(line.split()[1] for line in queued.splitlines() if line.startswith("job "))
        query(rooms, "open", "update jobs_job set rung_at = null where id = %s", job)
        state = "select state from jobs_job where id = %s"
        wait_for(
            lambda: query(rooms, "open", state, job) == [("done",)], seconds=40, saying="the job was not done"
        )
