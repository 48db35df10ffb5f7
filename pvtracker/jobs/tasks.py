"""A job that only takes time: the drill by which an installation shows that its workers survive being killed."""

from __future__ import annotations

import os
import time

from celery import shared_task

from pvtracker.jobs import actions


@shared_task(name="jobs.rehearse")
def rehearse(job_id: str) -> None:
    actions.run(job_id, rehearsal)


def rehearsal(claim: actions.Claim) -> None:
    """Take `steps` steps of `seconds` each, then name the process and the fence that finished."""
    steps, seconds = int(claim.job.parameters["steps"]), float(claim.job.parameters["seconds"])
    for step in range(steps):
        claim.progress(done=step, total=steps, text="rehearsing")
        time.sleep(seconds)
    claim.result.update(pid=os.getpid(), fence=claim.fence)
    with claim.completing():
        pass
