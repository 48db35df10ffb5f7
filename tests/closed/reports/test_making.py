"""What makes a closed report, what is refused and what must wait; no report is there yet."""

from __future__ import annotations

import json
import stat
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import JobState
from pvtracker.reports import actions
from pvtracker.reports.models import ReportRecord
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.signals.conftest import closed_storage, silent_broker, study

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db


def test_the_closed_database_takes_no_row_of_an_open_report(joined_cut: Cut) -> None:
    values: dict[str, Any] = {"content_sha256": "0" * 64, "pdf_sha256": "0" * 64, "code_version": "x"}
    with pytest.raises(IntegrityError, match="report_audience_is_the_room"), transaction.atomic():
        ReportRecord.objects.create(study=joined_cut.study, cut=joined_cut, audience="open", **values)


def test_an_open_report_is_not_made_here(study: Study) -> None:
    with pytest.raises(jobs.Refused, match="made in the open room; this is the closed room"):
        actions.request_for(study=study, audience="open")


def test_a_cut_without_arms_waits(open_storage: Path) -> None:
    folder = put_cut(open_storage)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    with pytest.raises(jobs.Refused, match="no data cut that a report can be made of"):
        actions.request_for(study=study, audience="closed")
    with pytest.raises(jobs.Refused, match="waits for the allocation"):
        actions.request_for(study=study, audience="closed", cut_id=uuid.UUID(folder.name))


def test_the_command_receives_the_cut_first(open_storage: Path, tmp_path: Path) -> None:
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    allocate(Study.objects.get(id=STUDY_ID))
    later = put_cut(open_storage, made_at="2026-08-01T08:00:00+00:00")
    pdf, plain = tmp_path / "closed.pdf", tmp_path / "closed.json"
    call_command("dsmb_report", "JOIN", audience="closed", analysis_arm="actual", output=pdf, json=str(plain))
    record = ReportRecord.objects.get(study__code="JOIN")
    assert str(record.cut_id) == later.name and record.analysis_arm == "actual"
    assert stat.S_IMODE(pdf.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode) == 0o600
    assert "n_LOW" in json.dumps(json.loads(plain.read_text()))


def test_the_command_refuses_the_open_audience(study: Study, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="made in the open room"):
        call_command("dsmb_report", "JOIN", audience="open", output=tmp_path / "x.pdf")


def test_a_job_makes_the_report(study: Study, joined_cut: Cut) -> None:
    parameters = {"cut": str(joined_cut.id), "analysis_arm": "actual"}
    job = jobs.enqueue(task="reports.make", study_id=study.id, parameters=parameters, by=BY)
    jobs.run(str(job.id), actions.make_job)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    assert job.result["report"] == str(ReportRecord.objects.get(study__code="JOIN").id)
