"""Making an open report: pooled, kept once, refused for the other room's audience."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from pvtracker.cuts.models import Cut
from pvtracker.jobs import actions as jobs
from pvtracker.jobs.models import JobState
from pvtracker.lib.canonical import sha256_hex
from pvtracker.reports import actions, queries
from pvtracker.reports import storage as report_storage
from pvtracker.reports.models import ReportRecord
from pvtracker.studies.actions import StudyEntry, create_study
from tests.open.reports.conftest import freeze_now
from tests.open.world import SOMEONE, World


def make(world: World) -> ReportRecord:
    request = actions.request_for(study=world.study, audience="open")
    return actions.make_report(request=request, by=SOMEONE)


def test_a_report_is_pooled_and_rests_on_the_latest_cut(world: World, cut: Cut) -> None:
    later = freeze_now(world)
    record = make(world)
    report = queries.content_of(record)
    assert (record.audience, record.analysis_arm, record.cut_id) == ("open", "", later.id)
    assert (report.audience, report.cut_sha256, report.study) == ("open", later.sha256, "REP")
    assert queries.pdf_of(record).startswith(b"%PDF-")
    assert sha256_hex(queries.pdf_of(record)) == record.pdf_sha256


def test_the_same_report_is_not_made_twice(world: World, cut: Cut) -> None:
    assert make(world) == make(world)
    assert ReportRecord.objects.filter(study=world.study).count() == 1


def test_made_again_from_the_start_it_has_the_same_bytes(world: World, cut: Cut) -> None:
    request = actions.request_for(study=world.study, audience="open", cut_id=cut.id)
    assert actions.compute(request, by=SOMEONE, progress=actions.no_progress) == actions.compute(
        request, by=SOMEONE, progress=actions.no_progress
    )


def test_of_two_that_make_the_same_report_at_once_the_first_is_kept(
    world: World, cut: Cut, storage: Path
) -> None:
    request = actions.request_for(study=world.study, audience="open")
    made = actions.compute(request, by=SOMEONE, progress=actions.no_progress)
    first = actions.keep_report(request=request, made=made, by=SOMEONE)
    assert actions.keep_report(request=request, made=made, by=SOMEONE) == first
    assert [folder.name for folder in (storage.parent / "reports").iterdir()] == [str(first.id)]


def test_a_cut_of_another_code_version_gives_another_report(
    world: World, cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(world)
    for module in ("actions", "build"):
        monkeypatch.setattr(f"pvtracker.reports.{module}.code_version", lambda: "9.9.9+other")
    assert make(world) != first


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"audience": "closed"}, "is made in the closed room; this is the open room"),
        ({"audience": "open", "analysis_arm": "actual"}, "pooled"),
    ],
)
def test_what_belongs_to_the_other_room_is_refused(
    world: World, cut: Cut, said: dict[str, str], why: str
) -> None:
    with pytest.raises(jobs.Refused, match=why):
        actions.request_for(study=world.study, **said)  # type: ignore[arg-type]


def test_a_study_without_a_cut_is_told_to_freeze_one(world: World) -> None:
    with pytest.raises(jobs.Refused, match="Freeze one first"):
        actions.request_for(study=world.study, audience="open")


def test_a_cut_of_another_study_is_refused(world: World, cut: Cut) -> None:
    other = create_study(entry=StudyEntry(code="OTHER", title="Another"), by=SOMEONE)
    with pytest.raises(jobs.Refused, match="has no cut"):
        actions.request_for(study=other, audience="open", cut_id=cut.id)


def test_a_damaged_cut_makes_no_report(world: World, cut: Cut, storage: Path) -> None:
    file = storage / str(cut.id) / "adverse_events.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(jobs.Refused, match="altered since it was frozen"):
        make(world)
    assert not ReportRecord.objects.filter(study=world.study).exists()


def test_an_altered_file_of_a_report_is_not_given_out(world: World, cut: Cut, storage: Path) -> None:
    record = make(world)
    file = report_storage.folder_of(record.id) / "report.pdf"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(report_storage.StorageError, match="does not have its sha256"):
        queries.pdf_of(record)


def test_the_open_database_takes_no_row_of_a_closed_report(world: World, cut: Cut) -> None:
    values = {
        "study": world.study,
        "cut": cut,
        "content_sha256": "0" * 64,
        "pdf_sha256": "0" * 64,
        "code_version": "x",
    }
    with pytest.raises(IntegrityError, match="report_audience_is_the_room"), transaction.atomic():
        ReportRecord.objects.create(audience="closed", **values)
    record = ReportRecord.objects.create(audience="open", **values)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ReportRecord.objects.filter(id=record.id).update(audience="closed")


def test_the_rule_of_the_database_cannot_be_lifted_by_the_room(world: World) -> None:
    with connection.cursor() as cursor, pytest.raises(Exception, match="must be owner"), transaction.atomic():
        cursor.execute("alter table reports_reportrecord drop constraint report_audience_is_the_room")


def test_a_job_makes_one_report_however_often_it_runs(world: World, cut: Cut) -> None:
    job = jobs.enqueue(task="reports.make", study_id=world.study.id, parameters={}, by=SOMEONE)
    jobs.run(str(job.id), actions.make_job)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    record = ReportRecord.objects.get(study=world.study)
    assert job.result == {
        "report": str(record.id),
        "content_sha256": record.content_sha256,
        "pdf_sha256": record.pdf_sha256,
    }
    again = jobs.enqueue(
        task="reports.make", study_id=world.study.id, parameters={"cut": str(cut.id)}, by=SOMEONE
    )
    jobs.run(str(again.id), actions.make_job)
    again.refresh_from_db()
    assert (
        again.result["report"] == str(record.id)
        and ReportRecord.objects.filter(study=world.study).count() == 1
    )


def test_the_command_writes_a_private_pdf_and_the_rows(world: World, cut: Cut, tmp_path: Path) -> None:
    pdf, plain = tmp_path / "out.pdf", tmp_path / "out.json"
    told = io.StringIO()
    call_command("dsmb_report", "REP", audience="open", output=pdf, json=str(plain), stdout=told)
    record = ReportRecord.objects.get(study=world.study)
    assert pdf.read_bytes() == queries.pdf_of(record)
    assert stat.S_IMODE(pdf.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode) == 0o600
    rows = json.loads(plain.read_text())
    assert {row["section"] for row in rows} >= {"overview", "events", "severity"}
    assert record.pdf_sha256 in told.getvalue()
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_the_rows_go_to_standard_output(world: World, cut: Cut, tmp_path: Path) -> None:
    told = io.StringIO()
    call_command("dsmb_report", "REP", audience="open", output=tmp_path / "x.pdf", json="-", stdout=told)
    assert json.loads(told.getvalue())[0]["section"]


@pytest.mark.parametrize(
    ("study", "said", "why"),
    [
        ("REP", {"audience": "closed"}, "made in the closed room"),
        ("NONE", {"audience": "open"}, "no study NONE in the open room"),
        ("REP", {"audience": "open", "cut": "3f0e6f0a-5a0e-4c58-9f0e-2b8f3f1c9d77"}, "has no cut"),
    ],
)
def test_the_command_says_why_not(
    world: World, cut: Cut, tmp_path: Path, study: str, said: dict[str, str], why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("dsmb_report", study, output=tmp_path / "x.pdf", **said)
    assert not (tmp_path / "x.pdf").exists()


def test_a_report_that_cannot_be_written_is_told(world: World, cut: Cut, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="could not be written"):
        call_command(
            "dsmb_report", "REP", audience="open", output=tmp_path / "no" / "x.pdf", stdout=io.StringIO()
        )


def test_the_command_needs_a_place_to_write_to(world: World, cut: Cut) -> None:
    with pytest.raises(CommandError, match="--output"):
        call_command("dsmb_report", "REP", audience="open")
    told = io.StringIO()
    call_command("dsmb_report", "REP", audience="open", queue=True, stdout=told)
    assert told.getvalue().startswith("job ")
