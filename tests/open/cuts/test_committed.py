"""Freezing with real commits: the snapshot, the job, the command."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from pvtracker.audit.context import within
from pvtracker.cuts import actions
from pvtracker.cuts.models import Cut
from pvtracker.cuts.open import load_cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import JobState
from tests.open.cuts.conftest import CUT_DATE, make_study
from tests.open.world import SOMEONE


@pytest.fixture(autouse=True)
def silent_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvtracker.celery.app.send_task", lambda name, args: None)


def test_what_is_committed_while_a_cut_is_read_is_not_in_it(committed_db: str, storage: Path) -> None:
    world = make_study()
    world.record()

    def meanwhile(done: int, total: int, text: str) -> None:
        """Another person saves an event after the snapshot was taken and before events are read."""
        if done == 1:
            writer = threading.Thread(target=record)
            writer.start()
            writer.join()

    def record() -> None:
        world.record("P3")
        connection.close()

    cut = actions.freeze_cut(study=world.study, date=CUT_DATE, by=SOMEONE, progress=meanwhile)
    after = actions.freeze_cut(study=world.study, date=CUT_DATE, by=SOMEONE)
    assert len(load_cut(cut).adverse_events) == 1
    assert len(load_cut(after).adverse_events) == 2


def test_a_freeze_job_makes_one_cut_however_often_it_runs(committed_db: str, storage: Path) -> None:
    world = make_study()
    job = jobs.enqueue(
        task="cuts.freeze", study_id=world.study.id, parameters={"date": CUT_DATE.isoformat()}, by=SOMEONE
    )

    def stop_before_the_row(claim: jobs.Claim) -> None:
        """The files are whole, and the worker dies before it can commit."""
        with within(world.study.id):
            actions.freeze.write_cut(
                study=world.study, cut_id=job.id, cut_date=CUT_DATE, progress=actions.no_progress
            )
        raise MemoryError

    jobs.run(str(job.id), stop_before_the_row)
    with within(world.study.id):
        assert not Cut.objects.exists()
    jobs.run(str(job.id), actions.freeze_job)
    jobs.run(str(job.id), actions.freeze_job)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    with within(world.study.id):
        cuts = [str(cut.id) for cut in Cut.objects.all()]
    assert cuts == [job.result["cut"]] == [str(job.id)]
    assert [folder.name for folder in storage.iterdir()] == [str(job.id)]


def test_a_freeze_job_tells_how_far_it_is_while_it_reads(committed_db: str, storage: Path) -> None:
    world = make_study()
    parameters = {"date": CUT_DATE.isoformat()}
    job = jobs.enqueue(task="cuts.freeze", study_id=world.study.id, parameters=parameters, by=SOMEONE)
    jobs.run(str(job.id), actions.freeze_job)
    job.refresh_from_db()
    assert (job.state, job.progress_done, job.progress_total) == (JobState.DONE, 8, 9)
    assert job.progress_text == "Writing medications"


def test_the_command_prints_id_and_hash_and_writes_the_manifest(
    committed_db: str, storage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_study()
    said, told = io.StringIO(), io.StringIO()
    call_command("freeze_cut", "CUT", "--date", "2026-03-31", "--json", "-", stdout=said, stderr=told)
    with within(world.study.id):
        cut = Cut.objects.get()
    assert json.loads(said.getvalue())["sha256"] == cut.sha256
    assert str(cut.id) in told.getvalue() and cut.sha256 in told.getvalue()
    assert "Writing adverse events" in capsys.readouterr().err
    with pytest.raises(CommandError, match="no study"):
        call_command("freeze_cut", "NONE")
