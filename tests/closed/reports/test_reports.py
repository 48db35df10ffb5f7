"""Closed reports: by arm, sealed, for the unblinded only."""

from __future__ import annotations

import stat
import uuid
from pathlib import Path

import pytest
from django.conf import settings as live
from django.test import Client

from pvtracker.accounts.models import Account
from pvtracker.jobs.models import Job
from pvtracker.lib.sealed import SealError, unseal
from pvtracker.reports import actions, queries, storage
from pvtracker.reports.frozen import rows
from pvtracker.reports.models import ReportRecord
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY
from tests.closed.people import client_of
from tests.closed.signals.conftest import closed_storage, joined_cut, open_storage, silent_broker, study

__all__ = ["closed_storage", "joined_cut", "open_storage", "silent_broker", "study"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def record(report_once: uuid.UUID, study: Study) -> ReportRecord:
    return ReportRecord.objects.get(id=report_once)


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
