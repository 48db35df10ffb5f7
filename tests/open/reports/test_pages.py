"""The pages of open reports, and that no address of the open room leads to a closed one."""

from __future__ import annotations

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from pvtracker.audit.models import AccessRecord
from pvtracker.cuts.models import Cut
from pvtracker.jobs.models import Job
from pvtracker.reports import actions
from pvtracker.reports import storage as report_storage
from pvtracker.reports.models import ReportRecord
from tests.open.world import SOMEONE, World


@pytest.fixture
def record(world: World, cut: Cut) -> ReportRecord:
    request = actions.request_for(study=world.study, audience="open")
    return actions.make_report(request=request, by=SOMEONE)


def test_a_study_without_reports_says_so(world: World) -> None:
    page = world.client("ada").get(world.url("reports/"))
    assert page.status_code == 200 and "No report yet" in page.text and "this study has none yet" in page.text


def test_reports_are_listed_with_their_cut_and_hashes(world: World, record: ReportRecord) -> None:
    text = world.client("mona").get(world.url("reports/")).text
    assert "2026-03-31" in text and record.pdf_sha256[:16] in text and record.cut.sha256[:16] in text
    assert "Make the report" not in text, "a reader makes none"


def test_the_button_queues_one_job(world: World, cut: Cut) -> None:
    client = world.client("ada")
    first = client.post(world.url("reports/"), {"cut": str(cut.id)})
    second = client.post(world.url("reports/"), {"cut": str(cut.id)})
    job = Job.objects.get(task="reports.make", study_id=world.study.id)
    assert first["Location"] == second["Location"] == f"/jobs/{job.id}/"
    assert job.parameters == {"cut": str(cut.id), "analysis_arm": ""}


@pytest.mark.parametrize("wrong", ["", "x", str(uuid.UUID(int=1))])
def test_a_cut_that_is_none_is_refused_with_the_remedy(world: World, cut: Cut, wrong: str) -> None:
    page = world.client("ada").post(world.url("reports/"), {"cut": wrong})
    assert page.status_code == 422 and "Choose one of the cuts listed" in page.text
    assert not Job.objects.filter(task="reports.make", study_id=world.study.id).exists()


def test_who_may_read_may_not_make(world: World, cut: Cut) -> None:
    assert world.client("mona").post(world.url("reports/"), {"cut": str(cut.id)}).status_code == 404
    assert not Job.objects.filter(task="reports.make", study_id=world.study.id).exists()


def test_a_clinician_finds_no_report(world: World, record: ReportRecord) -> None:
    for tail in ("reports/", f"reports/{record.id}/", f"reports/{record.id}/pdf/"):
        assert world.client("alice").get(world.url(tail)).status_code == 404
        assert world.client("mona").get(world.url(tail)).status_code == 200


def test_the_page_shows_what_the_pdf_prints(world: World, record: ReportRecord) -> None:
    text = world.client("mona").get(world.url(f"reports/{record.id}/")).text
    for told in (
        "What this report says",
        "Adverse events by organ class and term",
        "Problems in the data",
        "OPEN",
    ):
        assert told in text
    assert "data-pv-chart" in text and record.cut.sha256 in text.replace("\u200b", "").replace("<wbr>", "")


def test_the_name_of_the_pdf_says_study_audience_and_day_only(world: World, record: ReportRecord) -> None:
    answer = world.client("mona").get(world.url(f"reports/{record.id}/pdf/"))
    assert answer["Content-Disposition"] == 'attachment; filename="REP_open_2026-03-31.pdf"'
    assert answer["Content-Type"] == "application/pdf" and answer["Cache-Control"] == "no-store"
    assert answer.content.startswith(b"%PDF-")


def test_a_report_whose_file_is_gone_is_not_found(world: World, record: ReportRecord) -> None:
    report_storage.remove(record.id)
    for tail in (f"reports/{record.id}/", f"reports/{record.id}/pdf/"):
        assert world.client("mona").get(world.url(tail)).status_code == 404


def test_no_address_of_the_open_room_leads_to_a_closed_report(world: World, record: ReportRecord) -> None:
    """Every address that takes an id is asked for the id of a report that stands in the closed room."""
    closed_id = uuid.uuid4()
    asked = []
    for pattern in _addresses(get_resolver()):
        if "<uuid:" not in pattern:
            continue
        address = "/" + _filled(pattern, {"code": world.study.code}, closed_id)
        for person in ("ada", "mona", "alice"):
            assert world.client(person).get(address).status_code in (404, 405), address
        asked.append(address)
    assert [address for address in asked if address.endswith(f"/reports/{closed_id}/pdf/")]


def _addresses(resolver: URLResolver, before: str = "") -> list[str]:
    found = []
    for entry in resolver.url_patterns:
        here = before + str(entry.pattern)
        found += _addresses(entry, here) if isinstance(entry, URLResolver) else []
        found += [here] if isinstance(entry, URLPattern) else []
    return found


def _filled(pattern: str, known: dict[str, str], one: uuid.UUID) -> str:
    parts = []
    for part in pattern.split("/"):
        name = part.strip("<>").partition(":")[2]
        if part.startswith("<uuid:"):
            parts.append(str(one))
        elif part.startswith("<"):
            parts.append(known.get(name, "1"))
        else:
            parts.append(part)
    return "/".join(parts)


def test_taking_an_open_report_out_is_recorded_and_reading_it_is_not(
    world: World, record: ReportRecord
) -> None:
    """Nothing in this room is by arm, so nobody is asked why they look."""
    mona = world.client("mona")
    for tail in ("", "pdf/", "signatures/"):
        assert mona.get(world.url(f"reports/{record.id}/{tail}")).status_code == 200
    kept = AccessRecord.objects.filter(object_id=str(record.id)).order_by("id")
    assert [(each.kind, each.detail) for each in kept] == [
        ("export", "PDF, open report of 2026-03-31"),
        ("export", "signature sheet, open report of 2026-03-31"),
    ]
    assert kept[0].study_id == world.study.id and kept[0].actor == str(world.people["mona"].id)
