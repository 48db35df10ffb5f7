"""Closed reports: by arm, sealed, for the unblinded only."""

from __future__ import annotations

import json
import stat
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from pvtracker.accounts.models import Account
from pvtracker.cuts import closed
from pvtracker.cuts.models import Cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import Job, JobState
from pvtracker.lib.sealed import SealError, unseal
from pvtracker.reports import actions, queries, storage
from pvtracker.reports.frozen import rows
from pvtracker.reports.models import ReportRecord
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut
from tests.closed.people import client_of
from tests.closed.signals.conftest import closed_storage, joined_cut, open_storage, silent_broker, study

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def record(study: Study) -> ReportRecord:
    request = actions.request_for(study=study, audience="closed")
    return actions.make_report(request=request, by=BY)


def test_a_report_is_by_arm_by_the_studys_own_setting(record: ReportRecord) -> None:
    report = queries.content_of(record)
    assert (record.audience, record.analysis_arm, report.analysis_arm) == ("closed", "planned", "planned")
    overview = next(r for r in rows(report) if r["section"] == "overview" and r["table"] == "overview")
    assert overview["n_LOW"] == [2, 2] and overview["n_PBO"] == [1, 2]
    assert overview["difference_LOW"][0] == pytest.approx(50.0)


def test_the_other_analysis_arm_is_another_report(study: Study, record: ReportRecord) -> None:
    request = actions.request_for(study=study, audience="closed", analysis_arm="actual")
    assert actions.make_report(request=request, by=BY) != record
    again = actions.request_for(study=study, audience="closed", analysis_arm="planned")
    assert actions.make_report(request=again, by=BY) == record


def test_the_files_of_a_report_are_sealed(record: ReportRecord, closed_storage: Path) -> None:
    folder = closed_storage / "reports" / str(record.id)
    assert sorted(file.name for file in folder.iterdir()) == ["content.json.sealed", "report.pdf.sealed"]
    for file in folder.iterdir():
        stored = file.read_bytes()
        # long words only: three letters turn up in random bytes by chance
        assert b"%PDF-1.7" not in stored and b'"sections"' not in stored
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        name = f"reports/{record.id}/{file.name.removesuffix('.sealed')}"
        with pytest.raises(SealError):
            unseal(stored, key=bytes(32), name=name)
        assert unseal(stored, key=live.STORAGE_KEY, name=name)


def test_a_file_of_one_report_does_not_pass_for_anothers(study: Study, record: ReportRecord) -> None:
    request = actions.request_for(study=study, audience="closed", analysis_arm="actual")
    other = actions.make_report(request=request, by=BY)
    here, there = (storage.folder_of(r.id) / "report.pdf.sealed" for r in (record, other))
    here.write_bytes(there.read_bytes())
    with pytest.raises(storage.StorageError, match="cannot be opened"):
        queries.pdf_of(record)


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


def test_the_board_reads_and_the_statistician_makes(study: Study, record: ReportRecord) -> None:
    chosen = {"cut": str(record.cut_id), "analysis_arm": "actual"}
    board, statistician = client_of(study, "dsmb_member"), client_of(study, "statistician")
    for tail in ("", f"{record.id}/", f"{record.id}/pdf/"):
        assert board.get(f"/studies/JOIN/reports/{tail}").status_code == 200
    assert board.post("/studies/JOIN/reports/", chosen).status_code == 404
    answer = statistician.post("/studies/JOIN/reports/", chosen)
    job = Job.objects.get(task="reports.make", study_id=study.id)
    assert answer["Location"] == f"/jobs/{job.id}/" and job.parameters == chosen


def test_a_stranger_finds_no_report(record: ReportRecord) -> None:
    stranger = Client()
    stranger.force_login(Account.objects.create(username="stranger", full_name="Stranger"))
    for tail in ("", f"{record.id}/", f"{record.id}/pdf/"):
        assert stranger.get(f"/studies/JOIN/reports/{tail}").status_code == 404


def test_the_page_says_closed_and_compares(study: Study, record: ReportRecord) -> None:
    text = client_of(study, "dsmb_member").get(f"/studies/JOIN/reports/{record.id}/").text
    assert "CLOSED" in text and "Comparison of the arms" in text and "volcano" in text
    name = client_of(study, "dsmb_member").get(f"/studies/JOIN/reports/{record.id}/pdf/")[
        "Content-Disposition"
    ]
    assert name == 'attachment; filename="JOIN_closed_2026-06-30.pdf"'
